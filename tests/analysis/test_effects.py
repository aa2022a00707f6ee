"""What projects change: by hand, against shares written down in plain dicts, laws, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.analysis.effects import LOSSES, MARKET, MEASURES
from graphmodel.analysis.entry import MOST
from graphmodel.errors import ConvergenceError, EmptySelectionError, ParameterError, UnknownNameError
from graphmodel.kernels.cuts import routes
from graphmodel.kernels.label_cuts import label_routes
from graphmodel.kernels.label_sets import fewest_labels, members
from graphmodel.processes import processes
from tests.analysis.drawn import MATERIALS, STAGES, networks
from tests.analysis.test_worth import plan

MANY = settings(
    max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
HALF = ("refine-b", "USA", "refining", "lithium-salt", 500.0)


def changes(result, project="refine-b", lens="country"):
    """Before and after of each measure."""
    table = result.table
    some = table[(table["project_id"] == project) & (table["lens"] == lens)]
    return {row.measure: (row.before, row.after) for row in some.itertuples()}


def near(pair):
    return pytest.approx(pair, abs=1e-12)


def test_a_second_refinery_elsewhere_halves_the_market_and_is_one_more_stop(toy):
    found = changes(gm.effects(toy, plan(HALF, control="USA"), mineral="lithium"))
    # both refineries make 500 t of salt
    assert found["hhi"] == near((1.0, 0.5))
    assert found["effective_suppliers"] == near((1.0, 2.0))
    assert found["largest_share"] == near((1.0, 0.5))
    # China: refinery A and cells B; vehicles there lose 4 of 5 GWh and half of the other, those in the USA half: 0.7.
    # AUS 0.6, CHL 0.4, KOR 0.6; the USA lose nothing before, and with them half of all salt after
    assert found["worst_loss"] == near((1.0, 0.7))
    assert found["expected_loss"] == near(((0.6 + 0.4 + 1.0 + 0.6 + 0.0) / 5, (0.6 + 0.4 + 0.7 + 0.6 + 0.5) / 5))
    assert found["cvar95"] == near((1.0, 0.7))  # the worst one of five
    # vehicles in China can avoid China by way of the USA and Korea; those in the USA have Korean cells alone
    assert found["group_cut"] == near((1.0, (1 * 2 + 1 * 1) / 2))
    # around China: half of the salt, of which 0.6 goes to Korean cells
    assert found["dependence"] == near((1.0, 1 - 0.5 * 0.6))


def test_by_control_a_project_counts_for_its_owner(toy):
    found = gm.effects(toy, plan(HALF, control="CHN"), mineral="lithium")
    # Chinese owners have mine B, refinery A and cells B, and now refinery B too
    assert found.parameters["place"] == {"country": "CHN", "control": "CHN"}
    by_control = changes(found, lens="control")
    assert all(before == near(after) for before, after in by_control.values())
    assert changes(found)["hhi"] == near((1.0, 0.5))


def test_a_mine_takes_its_part_from_both_that_are_there(toy):
    found = changes(gm.effects(toy, plan(("mine-c", "USA", "mining", "lithium-ore", 200.0))), "mine-c")
    # 400 and 600 of 1000 t; 200 for mine C leave 320 and 480
    assert found["hhi"] == near((0.16 + 0.36, 0.32**2 + 0.48**2 + 0.2**2))
    assert found["largest_share"] == near((0.6, 0.48))
    assert found["dependence"] == near((1.0, 1.0))  # all ore still passes the one refinery


def test_rows_of_one_site_enter_together_and_all_come_last_by_material(toy):
    rows = [HALF, ("mine-c", "USA", "mining", "lithium-ore", 200.0), ("mine-d", "CAN", "mining", "lithium-ore", 50.0)]
    table = gm.effects(toy, plan(*rows, site=["new", "new", ""]), by="country", measures=["hhi", "worst_loss"]).table
    assert table["project_id"].tolist() == ["refine-b"] * 2 + ["mine-d"] * 2 + ["all"] * 3
    assert table["material"].tolist()[-3:] == ["lithium-salt", "lithium-ore", ""]
    # mines C and D take a fifth and a twentieth: 0.75 of 0.4 and 0.6 are left
    assert table["after"].tolist()[-2] == near(0.3**2 + 0.45**2 + 0.2**2 + 0.05**2)
    together = gm.effects(toy, plan(*rows), by="country", measures=["hhi", "worst_loss"], each=False).table
    pd.testing.assert_frame_equal(together, table.tail(3).reset_index(drop=True))


def test_rerouted_a_project_is_capacity_in_the_losses(toy):
    found = changes(gm.effects(toy, plan(HALF), response="reroute", by="country", measures="worst_loss"))
    # without China refinery B gives 500 t for 5 of 10 GWh; without Korea cells B make 4 at most: 0.6 is the worst now
    assert found["worst_loss"] == near((1.0, 0.6))


def test_what_nobody_is_known_to_control_counts_in_the_whole_alone(toy):
    # the only refinery has an owner; the new one none: it takes half of the whole and makes no share
    found = changes(gm.effects(toy, plan(HALF), measures=MARKET), lens="control")
    assert found["hhi"] == near((1.0, 0.25))
    assert found["largest_share"] == near((1.0, 0.5))


def test_a_peer_that_feeds_nobody_but_itself_may_feed_a_project():
    nodes = pd.DataFrame(
        {"node_id": ["mine", "loop", "user"], "stage": ["mining", "making", "use"], "country": ["COD", "CHN", "USA"]}
    )
    rows = [("mine", "user", "ore", 5.0), ("loop", "loop", "salt", 4.0)]
    edges = pd.DataFrame(rows, columns=["source", "target", "material", "quantity"])
    loop = gm.Network(nodes, edges, STAGES, materials=MATERIALS)
    found = gm.effects(loop, plan(("new", "CAN", "making", "salt", 1.0)), by="country", mineral="cobalt")
    # it takes a quarter of a market that no user hangs on
    assert changes(found, "new")["hhi"] == near((1.0, 0.75**2 + 0.25**2))
    assert changes(found, "new")["dependence"] == near((1.0, 1.0))


class Written:
    """A drawn network with one project, as plain dicts: who fills which part of what each node needs."""

    def __init__(self, network, project):
        nodes = network.nodes.set_index("node_id")
        stage, self.role = nodes["stage"].to_dict(), network.stages.set_index("stage")["role"].to_dict()
        self.edges = [(e.source, e.target, e.material, e.quantity) for e in network.edges.itertuples()]
        self.stage = dict(stage)
        self.group = {lens: nodes[lens].to_dict() for lens in ("country", "control")}
        self.taken = 0.0
        self.project = project
        self.arrives = {}
        bought = {}
        for source, target, material, quantity in self.edges:
            slot = bought.setdefault((target, material), {})
            slot[source] = slot.get(source, 0.0) + quantity
        self.share = {
            slot: {who: quantity / sum(some.values()) for who, quantity in some.items()}
            for slot, some in bought.items()
        }
        if project is not None:
            self.enter(bought)

    def enter(self, bought):
        new, made = self.project["project_id"], self.project["material"]
        self.stage[new] = self.project["stage"]
        for lens in self.group:
            self.group[lens][new] = self.project[lens]
        market = sum(quantity for _, _, material, quantity in self.edges if material == made)
        self.taken = min(self.project["capacity"] / market, MOST)
        sold = {}
        for source, _, material, quantity in self.edges:
            sold[source, material] = sold.get((source, material), 0.0) + quantity
        peers = [who for who, material in sold if material == made and self.stage[who] == self.project["stage"]]
        total = sum(sold[who, made] for who in peers)
        for needed in sorted({material for who, material in bought if who in peers}):
            draw = {}
            for who in peers:
                if (who, needed) in bought:
                    part = sold[who, made] / sum(q for (seller, _), q in sold.items() if seller == who)
                    draw[who] = part * sum(bought[who, needed].values())
            mine = {}
            for who, weight in draw.items():
                for seller, share in self.share[who, needed].items():
                    mine[seller] = mine.get(seller, 0.0) + share * weight / sum(draw.values())
            self.share[new, needed] = mine
            self.arrives[needed] = sum(draw.values()) / total * self.project["capacity"]
        for (_, material), some in self.share.items():
            if material == made:
                for seller in some:
                    some[seller] *= 1.0 - self.taken
                some[new] = self.taken

    def is_user(self, node):
        return self.role[self.stage[node]] == "sink"

    def wishes(self):
        """Demand by user and product."""
        wanted = {}
        for _, target, material, quantity in self.edges:
            if self.is_user(target):
                wanted[target, material] = wanted.get((target, material), 0.0) + quantity
        return wanted

    def groups(self, lens):
        return sorted({name for node, name in self.group[lens].items() if not self.is_user(node)})

    def market(self, lens, material):
        made = {}
        for source, _, carried, quantity in self.edges:
            if carried == material:
                name = self.group[lens][source]
                made[name] = made.get(name, 0.0) + quantity * (1.0 - self.taken)
                if self.taken:
                    own = self.project[lens]
                    made[own] = made.get(own, 0.0) + quantity * self.taken
        share = [quantity / sum(made.values()) for quantity in made.values()]
        hhi = sum(one**2 for one in share)
        return {"hhi": hhi, "effective_suppliers": 1.0 / hhi, "largest_share": max(share)}

    def loss(self, lens, group):
        """Go round until nothing changes: everyone makes as much as the need that is filled least allows."""
        stops = {node for node, name in self.group[lens].items() if name == group and not self.is_user(node)}
        left = {node: 0.0 if node in stops else 1.0 for node in self.stage}
        for _ in range(20_000):
            before = dict(left)
            for node in left:
                filled = [self.filled(slot, left) for slot in self.share if slot[0] == node]
                if node not in stops and not self.is_user(node):
                    left[node] = min([1.0, *filled])
            if max(abs(left[node] - before[node]) for node in left) < 1e-14:
                break
        wanted = self.wishes()
        lost = sum(quantity * (1.0 - min(1.0, self.filled(slot, left))) for slot, quantity in wanted.items())
        return lost / sum(wanted.values())

    def filled(self, slot, left):
        return sum(share * left[who] for who, share in self.share[slot].items())

    def mixing(self):
        """Part of what each place handles that comes from each other node; users are places by product."""
        flow, total = {}, {}
        for source, target, material, quantity in self.edges:
            if source != target:
                place = (target, material) if self.is_user(target) else target
                flow.setdefault(place, {}).setdefault(material, {})
                some = flow[place][material]
                some[source] = some.get(source, 0.0) + quantity
        for place, by_material in flow.items():
            leaving = sum(q for source, target, _, q in self.edges if source == place != target)
            total[place] = max(sum(sum(some.values()) for some in by_material.values()), leaving)
        part = {}
        for place, by_material in flow.items():
            part[place] = {}
            for material, some in by_material.items():
                taken = self.taken if self.project and material == self.project["material"] else 0.0
                for source, quantity in some.items():
                    part[place][source] = part[place].get(source, 0.0) + quantity * (1.0 - taken) / total[place]
                if taken:
                    new = self.project["project_id"]
                    whole = sum(some.values()) / total[place]
                    part[place][new] = part[place].get(new, 0.0) + taken * whole
        if self.project:
            new, mine = self.project["project_id"], {}
            for material, quantity in self.arrives.items():
                for source, share in self.share[new, material].items():
                    if source != new:
                        mine[source] = mine.get(source, 0.0) + quantity * share
            whole = max(sum(mine.values()), self.project["capacity"])
            part[new] = {source: quantity / whole for source, quantity in mine.items()}
        return part

    def dependence(self, lens, group):
        part = self.mixing()
        met = dict.fromkeys([*self.stage, *part], 0.0)
        for _ in range(20_000):
            before = dict(met)
            for place in met:
                inside = self.group[lens].get(place) == group and not self.is_user(place)
                mixed = sum(share * met[source] for source, share in part.get(place, {}).items())
                met[place] = 1.0 if inside else mixed
            if max(abs(met[place] - before[place]) for place in met) < 1e-14:
                break
        wanted = self.wishes()
        return sum(quantity * met[place] for place, quantity in wanted.items()) / sum(wanted.values())

    def group_cut(self, lens):
        part, bought = self.mixing(), {target for _, target, _, _ in self.edges}
        sells = {source for source, target, _, _ in self.edges if source != target}
        begins = {node for node in self.stage if self.role[self.stage[node]] == "origin"}
        begins |= {node for node in sells if node not in bought}
        if self.project and not part[self.project["project_id"]]:
            begins.add(self.project["project_id"])
        wanted, total = self.wishes(), {}
        for (user, product), quantity in wanted.items():
            wish = total.setdefault((self.group["country"][user], product), [0.0, []])
            wish[0] += quantity
            wish[1].append((user, product))
        return sum(q * self.fewest(lens, part, begins, ends) for q, ends in total.values()) / sum(wanted.values())

    def fewest(self, lens, part, begins, ends):
        for size in range(9):
            for cut in combinations(self.groups(lens), size):
                reached = {node for node in begins if self.group[lens][node] not in cut}
                for _ in self.stage:
                    reached |= {
                        place for place, some in part.items()
                        if self.group[lens].get(place) not in cut or place in ends
                        if any(share > 0 and source in reached for source, share in some.items())
                    }  # fmt: skip
                if not reached & set(ends):
                    return size
        raise AssertionError


def owned(network):
    """A drawn network with owners: each node's is the country of the next."""
    nodes = network.nodes
    return network.with_tables(nodes=nodes.assign(control=np.roll(nodes["country"].to_numpy(), 1)))


def drawn_project(network, capacity, which, control):
    sells = network.edges.merge(network.nodes[["node_id", "stage"]], left_on="source", right_on="node_id")
    kinds = sells[["stage", "material"]].drop_duplicates().sort_values(["stage", "material"], ignore_index=True)
    kind = kinds.iloc[which % len(kinds)]
    return {
        "project_id": "new", "country": "CAN", "stage": kind["stage"], "material": kind["material"],
        "capacity": capacity, "control": control,
    }  # fmt: skip


@MANY
@given(
    networks(scenario=False, recipes=False, balances=False),
    st.sampled_from([1.0, 5.0, 40.0]),
    st.integers(0, 3),
    st.sampled_from(["CAN", "CHN"]),
)
def test_effects_are_what_shares_written_down_by_hand_say(drawn, capacity, which, control):
    drawn = owned(drawn)
    project = drawn_project(drawn, capacity, which, control)
    try:
        found = gm.effects(drawn, pd.DataFrame([{**project, "name": "new"}]), mineral="cobalt")
    except (ConvergenceError, EmptySelectionError):
        assume(False)
    without, within = Written(drawn, None), Written(drawn, project)
    for lens in ("country", "control"):
        mine = changes(found, "new", lens)
        for measure in MARKET:
            pair = [written.market(lens, project["material"])[measure] for written in (without, within)]
            assert mine[measure] == pytest.approx(pair, abs=1e-9), measure
        lost = np.array([[written.loss(lens, group) for group in within.groups(lens)] for written in (without, within)])
        assert mine["worst_loss"] == pytest.approx(lost.max(axis=1), abs=1e-8)
        assert mine["expected_loss"] == pytest.approx(lost.mean(axis=1), abs=1e-8)
        assert mine["cvar95"] == pytest.approx(lost.max(axis=1), abs=1e-8)  # fewer than twenty groups
        place = found.parameters["place"][lens]
        pair = [written.dependence(lens, place) for written in (without, within)]
        assert mine["dependence"] == pytest.approx(pair, abs=1e-8)
        assert pair[0] >= max(without.dependence(lens, group) for group in without.groups(lens)) - 1e-8
        assert mine["group_cut"] == near([written.group_cut(lens) for written in (without, within)])
        assert 0 <= mine["group_cut"][1] - mine["group_cut"][0] <= 1


@MANY
@given(networks(scenario=False), st.integers(0, 3))
def test_before_is_what_the_other_analyses_say(drawn, which):
    drawn = owned(drawn)
    # removal lets outputs fall with inputs that are not essential too; the games of projects leave those out
    drawn = drawn.with_tables(recipes=drawn.table("recipes").assign(essential="yes"))
    project = pd.DataFrame([{**drawn_project(drawn, 2.0, which, "CHN"), "name": "new", "country": "CHN"}])
    try:
        found = gm.effects(drawn, project, mineral="cobalt")
    except (ConvergenceError, EmptySelectionError):
        assume(False)
    for lens in ("country", "control"):
        mine = changes(found, "new", lens)
        lost = gm.removal(drawn, by=lens, mineral="cobalt").table["loss_share"]
        assert mine["worst_loss"][0] == pytest.approx(lost.max(), abs=1e-9)
        shares = gm.dependence(drawn, mineral="cobalt", by=lens, stage="any").table
        most = shares["quantity"].groupby(shares["group"]).sum().max() if len(shares) else 0.0
        assert mine["dependence"][0] == pytest.approx(most / wanted(drawn, "cobalt"), abs=1e-9)
        cut = gm.cuts(drawn, mineral="cobalt", by=lens).table.query("measure == 'group_cut'")
        assert mine["group_cut"][0] == near((cut["value"] * cut["demand"]).sum() / cut["demand"].sum())


def wanted(network, mineral):
    """Final demand in tonnes of a mineral."""
    demand = processes(network).demand
    return float((demand["quantity"] * demand["product"].map(network.content(mineral)).fillna(0.0)).sum())


@MANY
@given(networks(scenario=False, recipes=False, balances=False), st.integers(0, 3))
def test_what_takes_no_part_of_its_market_changes_nothing_but_links(drawn, which):
    drawn = owned(drawn)
    project = pd.DataFrame([{**drawn_project(drawn, 1e-12, which, "CAN"), "name": "new"}])
    try:
        table = gm.effects(drawn, project, mineral="cobalt").table
    except (ConvergenceError, EmptySelectionError):
        assume(False)
    assert table.loc[table["measure"] != "group_cut", "change"].abs().max() < 1e-9


def test_countries_by_other_names_change_nothing(toy):
    other = {"CHN": "AUT", "USA": "ZWE", "AUS": "MEX", "CHL": "BEL", "KOR": "FRA"}
    nodes = toy.nodes.assign(country=toy.nodes["country"].map(other), control=toy.nodes["control"].replace(other))
    plans = [plan(HALF, control="USA"), plan(HALF, control="ZWE").assign(country="ZWE")]
    tables = [
        gm.effects(net, some, mineral="lithium").table[["before", "after"]]
        for net, some in zip([toy, toy.with_tables(nodes=nodes)], plans, strict=True)
    ]
    pd.testing.assert_frame_equal(*tables)


@MANY
@given(st.data())
def test_fewest_labels_are_those_of_the_integer_programme(data):
    n = data.draw(st.integers(4, 12))
    arc = st.tuples(st.integers(0, n - 2), st.integers(1, n - 1))
    arcs = np.array(data.draw(st.lists(arc, min_size=3, max_size=30)))
    label = np.array([*data.draw(st.lists(st.integers(0, 4), min_size=n - 1, max_size=n - 1)), -1])
    paths = routes(n, arcs[:, 0], arcs[:, 1], np.arange(2), np.array([n - 1]), label >= 0)
    mine = label[paths.node]
    found, sets = fewest_labels(paths, mine)
    indptr = np.concatenate([[0], np.cumsum(mine >= 0)])
    assert len(members(found)) == len(label_routes(paths, indptr, mine[mine >= 0]).cut)
    assert fewest_labels(paths, mine, sets)[0].bit_count() == found.bit_count()
    if found:
        assert fewest_labels(paths, mine, sets, most=found.bit_count())[0] is None
        assert fewest_labels(paths, mine, most=found.bit_count() + 1)[0].bit_count() == found.bit_count()


@pytest.fixture(scope="module")
def real():
    projects = gm.projects()
    held = projects["mineral"].str.contains("cobalt") & projects["capacity"].notna()
    return gm.load("minerals-2024-sparse"), projects[held].reset_index(drop=True)


def test_threads_folders_and_asking_for_less_do_not_change_the_numbers(real, tmp_path):
    network, projects = real
    told = []
    once = gm.effects(network, projects, mineral="cobalt", progress=lambda *step: told.append(step)).table
    assert told[-1][0] == told[-1][1] == 3 * (once["project_id"].nunique() + 1)  # losses by two lenses, one mineral
    assert told == sorted(told)
    with ThreadPoolExecutor(2) as pool:
        some = gm.effects(
            network, projects, mineral="cobalt", measures=LOSSES, executor=pool, folder=tmp_path / "parts"
        ).table
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["control", "country"]
    pd.testing.assert_frame_equal(some, once[once["measure"].isin(LOSSES)].reset_index(drop=True))
    assert list(once["measure"].unique()) == list(MEASURES)


def test_without_a_mineral_all_that_users_want_count_the_same(real):
    network, projects = real
    found = gm.effects(network, projects.head(4), by="country", measures="dependence", each=False)
    before = found.table["before"].iloc[0]
    shares = []
    for mineral in network.minerals:
        try:
            table = gm.dependence(network, mineral=mineral, stage="any").table
        except EmptySelectionError:
            continue
        of = table[table["group"] == found.parameters["place"]["country"]]
        shares.append(of["quantity"].sum() / wanted(network, mineral))
    assert before == pytest.approx(np.mean(shares), abs=1e-9)


def test_what_cannot_be_asked_is_refused(toy):
    some = plan(HALF)
    with pytest.raises(UnknownNameError, match=r"^no lens of projects 'owner'; there are: control, country$"):
        gm.effects(toy, some, by="owner")
    with pytest.raises(UnknownNameError, match=r"^no measure of projects 'hh'; did you mean 'hhi'"):
        gm.effects(toy, some, measures=["hh"])
    with pytest.raises(ParameterError, match=r"^no measure of projects is named; there are: hhi, effective_suppliers"):
        gm.effects(toy, some, measures=[])
    with pytest.raises(UnknownNameError, match="no response 'adapt' for projects"):
        gm.effects(toy, some, response="adapt")
    with pytest.raises(UnknownNameError, match="no final product 'lithium-sell'; did you mean 'lithium-cell'"):
        gm.effects(toy, some, product="lithium-sell", measures="dependence")
    with pytest.raises(EmptySelectionError, match="no project can enter toy-battery"):
        gm.effects(toy, plan(("x", "USA", "refining", "lithium-salt", np.nan)))
    bare = toy.with_tables(nodes=toy.nodes.assign(control=""))
    with pytest.raises(EmptySelectionError, match="no node can be grouped by control; the column or table is empty"):
        gm.effects(bare, some, measures="worst_loss")
