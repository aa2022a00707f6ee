"""The economic systemic risk index: by hand, against the equations said in loops, and its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmodel.errors import ConvergenceError, ParameterError
from graphmodel.kernels.esri import esri
from graphmodel.kernels.esri_firms import Firms, closed, downstream, upstream
from tests.kernels.drawn import networks

METHODS = ("arrays", "compiled")
MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=40)


def firms_of(edges, sector, essential, **more):
    """Make firms from (source, target, weight) tuples; one class of need for all flows, or one each."""
    columns = [np.array(column) for column in zip(*edges, strict=True)] or [np.zeros(0, dtype=int)] * 3
    need = np.broadcast_to(essential, len(edges)).copy()
    return Firms(columns[0], columns[1], columns[2].astype(float), np.array(sector, dtype=int), need, **more)


def each(n, severity=1.0):
    return np.arange(n + 1), np.arange(n), np.full(n, severity)


def said_in_loops(firms, shock, *, node_weight=None, replaceable=True, eps=1e-6, guard=None):
    """Say the equations of the paper one firm after another, as METHODS write them."""
    n = firms.n_firms
    edges = list(zip(firms.source.tolist(), firms.target.tolist(), firms.weight.tolist(), firms.classes, strict=True))
    sector = firms.sector.tolist()
    kinds = [sector[i] for i, *_ in edges] if firms.kind is None else firms.kind.tolist()
    sold = [sum(w for i, _, w, _ in edges if i == a) for a in range(n)]
    bought = [sum(w for _, j, w, _ in edges if j == a) for a in range(n)]
    revenue = sold if firms.revenue is None else firms.revenue.tolist()
    down = []
    for (_, j, w, need), kind in zip(edges, kinds, strict=True):
        same = sum(v for (_, b, v, _), k in zip(edges, kinds, strict=True) if b == j and k == kind)
        share = {2: w / same if same else 0.0, 1: w / bought[j] if bought[j] else 0.0, 0: 0.0}[int(need)]
        if firms.cost is not None and bought[j] > 0 and firms.cost[j] > 0:
            share *= bought[j] / firms.cost[j]
        down.append(share)
    h = [1 - s for s in shock]
    u = list(h)
    turn, change = 0, 1.0
    while change > eps:
        turn += 1
        sigma = []
        for i in range(n):
            peers = [m for m in range(n) if sector[m] == sector[i]]
            left = sum(sold[m] * h[m] for m in peers)
            least = 1e-10 * sum(sold[m] for m in peers) if guard is None else guard
            sigma.append(min(1.0, sold[i] / left) if replaceable and left > least else 1.0)
        new_h, new_u = [], []
        for j in range(n):
            lost = {}
            for (i, b, _, need), kind, share in zip(edges, kinds, down, strict=True):
                if b == j and need:
                    lost[kind, need] = lost.get((kind, need), 0.0) + sigma[i] * share * (1 - h[i])
            least = min([1 - x for (_, need), x in lost.items() if need == 2], default=1.0)
            linear = 1 - sum(x for (_, need), x in lost.items() if need == 1)
            new_h.append(max(0.0, min(1 - shock[j], least, linear)))
            unsold = sum(w / revenue[j] * (1 - u[b]) for i, b, w, _ in edges if i == j and revenue[j] > 0)
            new_u.append(max(0.0, min(1 - shock[j], 1 - unsold)))
        change = max([a - b for a, b in zip(h, new_h, strict=True)] + [a - b for a, b in zip(u, new_u, strict=True)])
        h, u = new_h, new_u
    whole = sum(sold)
    weight = [s / whole if whole else 0.0 for s in sold] if node_weight is None else node_weight
    worst = [min(a, b) for a, b in zip(h, u, strict=True)]
    return [sum(w * (1 - x) for w, x in zip(weight, side, strict=True)) for side in (worst, h, u)] + [turn]


@st.composite
def leaking_firms(draw):
    """Draw firms with loops, self-loops, parallel flows, zero flows and several sectors."""
    n, source, target = draw(networks(max_nodes=7, min_nodes=1))
    seed = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weight = seed.integers(0, 5, len(source)).astype(float)
    sector = seed.integers(0, 3, n)
    essential = seed.integers(0, 3, (3, 3)) if draw(st.booleans()) else seed.integers(0, 3, len(source))
    firms = Firms(source, target, weight, sector, essential)
    if draw(st.booleans()):
        firms = firms._replace(kind=seed.integers(0, 2, len(source)))
        firms = firms._replace(essential=seed.integers(0, 3, (2, n))[firms.kind, target])  # one need for each class
    bought = np.bincount(target, weights=weight, minlength=n)
    firms = firms._replace(
        revenue=firms.output * seed.choice([1.1, 2.0], n) if draw(st.booleans()) else None,
        cost=bought * seed.choice([1.0, 1.5], n) if draw(st.booleans()) else None,
    )
    shock = np.where(seed.random((n, 3)) < 0.3, seed.choice([0.25, 1.0], (n, 3)), 0.0)
    return firms, shock


def leaky(firms):
    """Let every firm sell and buy a sixth elsewhere: without a leak a shock may die out as slowly as 1 / rounds."""
    bought = np.bincount(firms.target, weights=firms.weight, minlength=firms.n_firms)
    return firms._replace(revenue=firms.output * 1.2, cost=bought * 1.2)


def scores(firms, shock, **how):
    sets = np.arange(shock.shape[1] + 1) * len(shock), np.tile(np.arange(len(shock)), shock.shape[1]), shock.T.ravel()
    return esri(firms, *sets, **how)


@pytest.fixture
def market():
    """Two mines of one sector (0, 1) sell 3 and 1 to a refinery (2), which sells 4 to a maker (3) without sales."""
    return firms_of([(0, 2, 3.0), (1, 2, 1.0), (2, 3, 4.0)], [0, 0, 1, 2], 2)


@pytest.mark.parametrize("method", METHODS)
def test_the_loss_of_a_mine_travels_down_and_that_of_a_maker_up(market, method):
    found = esri(market, *each(4), replaceable=False, method=method)
    # weights 3/8, 1/8, 4/8, 0. Mine 0: itself 3/8, the refinery loses 3/4 of 4/8
    assert found.esri_down == pytest.approx([3 / 8 + 3 / 8, 1 / 8 + 1 / 8, 4 / 8, 0])
    # upstream: without the refinery both mines sell nothing; without the maker the refinery neither
    assert found.esri_up == pytest.approx([3 / 8, 1 / 8, 1, 1])
    assert found.esri == pytest.approx([6 / 8, 2 / 8, 1, 1])


@pytest.mark.parametrize("method", METHODS)
def test_what_is_left_of_a_sector_replaces_what_stops(market, method):
    # without mine 1 mine 0 still makes 3: sigma = 1/3, so the refinery loses 1/3 of 1/4; without mine 0 nobody does
    found = esri(market, *each(4), method=method)
    assert found.esri_down == pytest.approx([6 / 8, 1 / 8 + 4 / 8 / 12, 4 / 8, 0])


@pytest.mark.parametrize("method", METHODS)
def test_essential_inputs_limit_and_linear_ones_add(method):
    edges = [(0, 3, 1.0), (1, 3, 1.0), (2, 3, 2.0), (3, 4, 4.0)]
    weight = np.array([0, 0, 0, 1.0, 0])
    options = dict(node_weight=weight, replaceable=False, method=method)
    shock = np.array([[0.5, 1, 0, 0, 0], [1, 0, 1, 0, 0.0]]).T
    # essential: the scarcest of 0.5 and 0; linear: half of a quarter and a quarter
    found = scores(firms_of(edges, range(5), 2), shock, **options)
    assert found.esri_down == pytest.approx([1, 1])
    found = scores(firms_of(edges, range(5), 1), shock, **options)
    assert found.esri_down == pytest.approx([1 / 8 + 1 / 4, 1 / 4 + 2 / 4])
    # mixed: 0 essential, 1 linear, 2 negligible
    found = scores(firms_of(edges, range(5), [2, 1, 0, 2]), shock, **options)
    assert found.esri_down == pytest.approx([0.5, 1])


@pytest.mark.parametrize("method", METHODS)
def test_what_is_earned_elsewhere_and_bought_elsewhere_leaks(method):
    # 0 sells 1 of 4 it earns to 1, which spends 2, 1 of it here
    leaking = firms_of([(0, 1, 1.0)], [0, 1], 2, revenue=np.array([4.0, 0]), cost=np.array([0.0, 2.0]))
    found = esri(leaking, *each(2), node_weight=np.array([1.0, 1.0]), replaceable=False, method=method)
    assert found.esri_down == pytest.approx([1 + 1 / 2, 1])
    assert found.esri_up == pytest.approx([1, 1 + 1 / 4])


@pytest.mark.parametrize("method", METHODS)
def test_a_loop_with_leaks_settles_at_its_geometric_sum(method):
    # 0 sells 1 of 2 to 1, 1 sells 1 of 2 to 0: half of 0 lost, u_1 = 1/4 and u_0 stays at its own half
    loop = firms_of([(0, 1, 1.0), (1, 0, 1.0)], [0, 1], 1, revenue=np.array([2.0, 2.0]))
    found = scores(loop, np.array([[0.5], [0.0]]), replaceable=False, method=method, eps=1e-9)
    assert found.esri_up == pytest.approx([(1 / 2 + 1 / 4) / 2])
    # downstream nothing leaks: both lose half
    assert found.esri_down == pytest.approx([1 / 2])


@pytest.mark.parametrize("method", METHODS)
def test_the_rounds_are_those_of_the_rule(market, method):
    # maker stops: refinery in round 1, mines in round 2, nothing in round 3; no shock: one round
    found = scores(market, np.array([[0, 0, 0, 1.0], [0, 0, 0, 0]]).T, method=method)
    assert found.iterations.tolist() == [3, 1]
    assert found.esri.tolist() == [1, 0]


@pytest.mark.parametrize("method", METHODS)
def test_nothing_in_gives_nothing_out(method):
    empty = firms_of([], [], 2)
    assert esri(empty, *each(0), method=method).esri.shape == (0,)
    alone = firms_of([], [0], 2)
    assert esri(alone, *each(1), method=method).esri.tolist() == [0]
    assert esri(alone, *each(1), node_weight=np.ones(1), method=method).esri.tolist() == [1]
    selfish = firms_of([(0, 0, 1.0)], [0], 2)
    assert esri(selfish, *each(1, 0.5), method=method).esri_up.tolist() == [0.5]


@MANY
@given(leaking_firms(), st.booleans(), st.sampled_from([1e-2, 1e-6]))
def test_both_paths_equal_the_equations_said_in_loops(drawn, replaceable, eps):
    firms, shock = drawn
    expected = np.array([said_in_loops(firms, lost, replaceable=replaceable, eps=eps) for lost in shock.T]).T
    for method in METHODS:
        found = scores(firms, shock, replaceable=replaceable, eps=eps, method=method)
        for name, values in zip(("esri", "esri_down", "esri_up"), expected[:3], strict=True):
            # a change that rounds to eps from one side or the other ends a round earlier or later
            near = np.where(found.iterations == expected[3], 1e-9, eps)
            assert (np.abs(getattr(found, name) - values) <= near).all(), (method, name)


@SOME
@given(leaking_firms(), st.sampled_from([1e-9, 1e-3, 1e6]))
def test_a_change_of_unit_changes_no_score(drawn, factor):
    firms, shock = drawn
    scaled = firms._replace(
        weight=firms.weight * factor,
        revenue=None if firms.revenue is None else firms.revenue * factor,
        cost=None if firms.cost is None else firms.cost * factor,
    )
    for method in METHODS:
        assert scores(scaled, shock, method=method).esri == pytest.approx(
            scores(firms, shock, method=method).esri, abs=1e-9
        )


def test_the_absolute_guard_makes_scores_depend_on_the_unit(market):
    # the kept counter-example: in a unit so large that 1e-10 of it is more than the sector makes, mine 0 replaces nobody
    tiny = market._replace(weight=market.weight * 1e-11)
    for method in METHODS:
        absolute = [esri(firms, *each(4), guard="absolute", method=method).esri[1] for firms in (market, tiny)]
        assert absolute == pytest.approx([1 / 8 + 4 / 8 / 12, 1 / 8 + 1 / 8])
        assert said_in_loops(tiny, [0, 1, 0, 0], guard=1e-10)[0] == pytest.approx(absolute[1])
        assert esri(tiny, *each(4), method=method).esri[1] == pytest.approx(1 / 8 + 4 / 8 / 12)


@SOME
@given(leaking_firms(), st.randoms(use_true_random=False))
def test_relabelling_firms_relabels_the_scores(drawn, random):
    firms, shock = drawn
    new = np.array(random.sample(range(firms.n_firms), firms.n_firms), dtype=int)
    old = np.argsort(new)
    moved = firms._replace(
        source=new[firms.source],
        target=new[firms.target],
        sector=firms.sector[old],
        essential=firms.classes,
        kind=firms.sector[firms.source] if firms.kind is None else firms.kind,
        revenue=None if firms.revenue is None else firms.revenue[old],
        cost=None if firms.cost is None else firms.cost[old],
    )
    for method in METHODS:
        assert scores(moved, shock[old], method=method).esri == pytest.approx(
            scores(firms, shock, method=method).esri, abs=1e-9
        )


@SOME
@given(leaking_firms(), st.sampled_from([0.3, 0.9]))
def test_a_harder_blow_costs_no_less(drawn, part):
    firms, shock = leaky(drawn[0]), drawn[1]
    soft, hard = (scores(firms, hit, eps=1e-9).esri for hit in (shock * part, shock))
    assert (soft <= hard + 1e-6).all()


@SOME
@given(leaking_firms())
def test_replacement_never_makes_it_worse_and_the_parts_bound_the_whole(drawn):
    firms, shock = leaky(drawn[0]), drawn[1]
    alone, helped = (scores(firms, shock, replaceable=replaceable, eps=1e-9) for replaceable in (False, True))
    assert (helped.esri <= alone.esri + 1e-6).all()
    assert (np.maximum(helped.esri_down, helped.esri_up) <= helped.esri + 1e-12).all()
    assert (helped.esri <= helped.esri_down + helped.esri_up + 1e-12).all()


def test_many_shocks_at_once_and_two_threads_change_nothing():
    seed = np.random.default_rng(3)
    n = 150
    source, target = seed.integers(0, n, 900), seed.integers(0, n, 900)
    firms = Firms(source, target, seed.pareto(1.3, 900), seed.integers(0, 9, n), seed.integers(0, 3, (9, 9)))
    firms = firms._replace(revenue=firms.output * 1.3)
    expected = esri(firms, *each(n), method="arrays")
    for n_threads in (1, 2):
        found = esri(firms, *each(n), method="compiled", n_threads=n_threads)
        assert found.esri == pytest.approx(expected.esri, abs=1e-12)
        assert found.iterations.tolist() == expected.iterations.tolist()
    one = esri(firms, np.array([0, 1]), np.array([7]), np.ones(1), method="compiled")
    assert one.esri == pytest.approx(expected.esri[[7]], abs=1e-12)


def test_a_set_that_reads_only_from_itself_is_closed():
    # 0 and 1 sell to one another; 2 sells to 0 and to 3, which sells nothing
    firms = firms_of([(0, 1, 1.0), (1, 0, 1.0), (2, 0, 1.0), (2, 3, 1.0)], [0, 1, 2, 3], 1)
    assert closed(upstream(firms)).tolist() == [True, True, False, False]
    assert closed(downstream(firms)).tolist() == [False] * 4  # 0 also buys from 2, which needs nobody
    both_needed = firms._replace(essential=np.full(4, 2))
    assert closed(downstream(both_needed)).tolist() == [True, True, False, False]


@pytest.mark.parametrize("method", METHODS)
def test_too_few_rounds_raise_rather_than_return_almost(market, method):
    with pytest.raises(ConvergenceError, match="after 2 rounds"):
        esri(market, *each(4), max_rounds=2, method=method)


def test_numbers_that_cannot_be_are_refused_by_name(market):
    with pytest.raises(ParameterError, match="weight holds nan"):
        esri(market._replace(weight=np.array([1, np.nan, 1])), *each(4))
    with pytest.raises(ParameterError, match=r"cost holds -1.0, but must be a number of at least 0"):
        esri(market._replace(cost=np.array([1.0, -1, 1, 1])), *each(4))
    with pytest.raises(ParameterError, match=r"severity holds 1.5, but must lie between 0 and 1"):
        esri(market, *each(4, 1.5))
    with pytest.raises(ParameterError, match="eps is 0"):
        esri(market, *each(4), eps=0)
