"""Laws every build of the real network must obey, whatever its single flows are."""

from __future__ import annotations

import io
from importlib.metadata import version

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.build import BUILDS, build
from graphmodel.datasets import root
from tests.conservation import largest_error

NAME = "minerals-2024"
PINNED = dict(line.split("==") for line in (root().parent / "constraints.txt").read_text().splitlines() if "==" in line)
OTHER_VERSIONS = [name for name in ("numpy", "scipy") if PINNED[name] != version(name)]


@pytest.fixture(scope="session", params=["dense", "sparse"])
def either(request, real, sparse):
    return {"dense": real, "sparse": sparse}[request.param]


@pytest.fixture(scope="session")
def source_tables():
    def read(name):
        files = sorted((root() / NAME / "sources").rglob(f"{name}.csv"))
        return pd.concat([pd.read_csv(f, keep_default_na=False, na_values=[""]) for f in files], ignore_index=True)

    return read


def test_mass_is_kept_at_every_node(either):
    error, place = largest_error(either)
    assert error <= 1e-9, place


def test_nothing_comes_from_nowhere_and_nothing_is_odd(either):
    findings = gm.check(either)
    assert findings.empty, findings.head().to_string()


def test_every_form_traces_to_an_origin(either):
    recipes = either.table("recipes")
    stages = either.stages.set_index("stage")["role"]
    nodes = either.nodes.set_index("node_id")["stage"]
    edges = either.edges
    companions = either.table("coproducts")
    known = set(edges.loc[edges["source"].map(nodes).map(stages) == "origin", "material"])
    more = known
    while more:
        ridden = set(companions.loc[companions["host"].isin(known), "companion"])
        more = (set(recipes.loc[recipes["input"].isin(known), "output"]) | ridden) - known
        known = known | more
    assert set(edges["material"]) <= known


def test_what_leaves_a_countrys_stage_and_what_stays_is_its_control(either):
    controls = gm.table(NAME, "controls")
    nodes = either.nodes.set_index("node_id")
    made = either.table("balances").query("side != 'input'")
    sent = either.edges.groupby(["source", "material"])["quantity"].sum()
    key = pd.MultiIndex.from_frame(made[["node_id", "item"]])
    carried = sent.reindex(key).fillna(0.0).to_numpy()
    carried = carried.copy()
    final = (made["side"] == "demand").to_numpy()
    carried[final] = made["quantity"].to_numpy()[final]
    total = pd.DataFrame(
        {
            "stage": made["node_id"].map(nodes["stage"]).to_numpy(),
            "material": made["item"].to_numpy(),
            "country": made["node_id"].map(nodes["country"]).to_numpy(),
            "total": carried + made["residual"].to_numpy(),
        }
    )
    places = pd.read_csv(root() / "reference" / "countries.csv", keep_default_na=False).set_index("country")["regions"]
    known = controls.groupby(["stage", "material"])["country"].agg(set).to_dict()

    def cell(row):  # plants of a country without a total of its own stand under its region's
        choices = (row.country, *str(places.get(row.country, "")).split(), "ROW")
        return next((c for c in choices if c in known.get((row.stage, row.material), ())), None)

    total["country"] = [cell(row) for row in total.itertuples()]
    summed = total.groupby(["stage", "material", "country"])["total"].sum()
    wanted = controls.set_index(["stage", "material", "country"])["total"]
    assert not wanted.index.duplicated().any()
    error = (summed.reindex(wanted.index) - wanted).abs() / wanted
    assert error.max() <= 1e-9, error.nlargest(5).to_string()


PUBLISHED = {
    # USGS Mineral Commodity Summaries 2026 for 2024
    "China, crude gallium": ("CHN", "refining", ["gallium-crude"], 0.989),
    "Indonesia, nickel mining": ("IDN", "mining", "nickel", 0.623),
    "China, rare-earth mining": ("CHN", "mining", "rare-earths", 0.703),
    "China, tungsten mining": ("CHN", "mining", "tungsten", 0.821),
    "China, natural graphite": ("CHN", "mining", "natural-graphite", 0.819),
    "Australia, lithium mining": ("AUS", "mining", "lithium", 0.371),
    "DR Congo, cobalt mining": ("COD", "mining", "cobalt", 0.749),
    # IEA 2025 for 2024
    "China, refined lithium": ("CHN", "refining", ["lithium-carbonate", "lithium-hydroxide"], 0.70),
    "China, magnet rare earths": ("CHN", "refining", ["ndpr-oxide", "dytb-oxide"], 0.91),
    "China, battery graphite": ("CHN", "refining", ["spherical-graphite", "synthetic-graphite"], 0.96),
    "China, refined cobalt": ("CHN", "refining", ["cobalt-metal", "cobalt-sulphate"], 0.784),
}


@pytest.mark.parametrize("what", PUBLISHED)
def test_published_shares_are_met(what):
    country, stage, forms, share = PUBLISHED[what]
    controls = gm.table(NAME, "controls")
    whole = controls["mineral"] == forms if isinstance(forms, str) else controls["material"].isin(forms)
    here = controls[(controls["stage"] == stage) & whole]
    assert here.loc[here["country"] == country, "total"].sum() / here["total"].sum() == pytest.approx(share, abs=0.006)


def test_what_has_a_capacity_could_make_what_it_makes_and_says_how_that_is_known(real):
    nodes = real.nodes
    known = nodes["capacity"].notna()
    assert known.sum() >= 600
    by_stage = known & ~nodes["node_id"].isin(PASSED)
    assert (nodes.loc[by_stage, "capacity"] >= nodes.loc[by_stage, "output"] * (1 - 1e-9)).all()
    assert (nodes.loc[known, "capacity_evidence"] != "").all()
    assert set(nodes.loc[known, "capacity_reference"]) <= set(gm.table(NAME, "references")["reference"])
    assert (nodes.loc[~known, "capacity_evidence"] == "").all()


PASSED = ("hunan-yuneng-cathode", "salar-de-atacama-sqm")
"""Plants that made more than their nameplate."""

CAPACITY = {
    # USGS Mineral Commodity Summaries 2026: aluminium at the end of 2024, gallium and indium in 2025
    "aluminium of the world, t": (["aluminium-metal"], None, 78.8e6),
    "aluminium of China, t": (["aluminium-metal"], "CHN", 44.6e6),
    "crude gallium of China, t": (["gallium-crude"], "CHN", 1600),
    "refined indium of Korea, t": (["indium-refined"], "KOR", 310),
}


@pytest.mark.parametrize("what", CAPACITY)
def test_published_capacities_are_met(real, what):
    forms, country, capacity = CAPACITY[what]
    made = real.table("balances").query("side == 'output'")
    nodes = real.nodes.set_index("node_id").loc[made.loc[made["item"].isin(forms), "node_id"]]
    here = nodes if country is None else nodes[nodes["country"] == country]
    assert here["capacity"].sum() == pytest.approx(capacity, rel=0.01)


def test_every_utilisation_is_that_of_somebody_without_a_nameplate(real, source_tables):
    plates = source_tables("plant_outputs").dropna(subset="capacity")
    made = real.table("balances").query("side == 'output'")[["node_id", "item"]]
    left = made[~pd.MultiIndex.from_frame(made).isin(pd.MultiIndex.from_frame(plates[["node_id", "material"]]))]
    nodes = real.nodes.set_index("node_id").loc[left["node_id"]]
    there = set(zip(nodes["stage"], left["item"], nodes["country"], strict=True))
    for row in source_tables("utilisation").fillna("").itertuples():
        fits = [cell for cell in there if cell[0] == row.stage and row.material in ("", cell[1])]
        assert any(row.country in ("", cell[2]) for cell in fits), row


@pytest.mark.parametrize("name", ["utilisation", "stocks"])
def test_what_is_assumed_states_its_rule(source_tables, name):
    rows = source_tables(name)
    assert rows["reference"].notna().all()
    assert rows.loc[rows["evidence"] == "assumed", "note"].notna().all()


def test_public_stocks_hold_what_their_country_uses(real):
    stocks, nodes = real.table("stocks").query("holder == 'public'"), real.nodes.set_index("node_id")["country"]
    bought = set(zip(real.edges["target"].map(nodes), real.edges["material"], strict=True))
    assert set(zip(stocks["country"], stocks["material"], strict=True)) <= bought


def test_the_network_spans_all_chains(either):
    nodes = either.nodes
    single = nodes[(nodes["kind"] == "facility") & (nodes["cluster"] != "yes")]
    assert len(either.minerals) >= 17
    assert len(single) >= 250
    assert len(nodes) >= 600
    assert set(nodes["node_id"]) <= {*either.edges["source"], *either.edges["target"]}


def test_kept_edges_carry_99_percent_of_each_materials_flow():
    closure = gm.table(NAME, "closure")
    assert closure["cut"].max() <= 0.01


def test_many_materials_close_from_two_sides():
    closure = gm.table(NAME, "closure")
    two = closure[closure["sided"] == "two-sided"]
    close = two[(two["residual_share"] < 0.15) & (two["need_residual_share"] < 0.15)]
    assert len(close) >= 8
    materials = gm.load(NAME).table("materials").set_index("material")["mineral"]
    assert close["material"].map(materials).nunique() >= 8
    assert set(closure["sided"]) == {"one-sided", "two-sided"}


@pytest.mark.parametrize(
    "minerals",
    [["cobalt"], ["rare-earths"], ["gallium"], ["germanium"], ["natural-graphite", "synthetic-graphite"], ["lithium"]],
)
def test_without_chinas_refining_of_a_mineral_its_users_lose_it(either, minerals):
    stop = gm.Scenario("stop").shut(country="CHN", stage="refining", mineral=minerals)
    table = gm.losses(either, stop).table
    assert {"product", "consumer", "demand", "loss", "loss_share"} <= set(table.columns)
    held = sum(table["product"].map(either.content(mineral)).fillna(0.0) for mineral in minerals)
    frozen = (table["response"] == "frozen") & (held > 0)
    lost = (table["loss"] * held)[frozen].sum() / (table["demand"] * held)[frozen].sum()
    assert 0.3 < lost < 1
    assert table[frozen & (table["loss"] > 0)]["consumer"].nunique() >= 3


def test_joint_sites_are_flagged(either, source_tables):
    nodes = either.nodes.set_index("node_id")
    plants = source_tables("plants").set_index("node_id")
    joint = plants.index[plants["cluster"] == "yes"].intersection(nodes.index)
    assert len(joint) > 0
    assert (nodes.loc[joint, "cluster"] == "yes").all()
    assert (nodes.loc[nodes["kind"] == "remainder", "cluster"] == "yes").all()


def test_every_plant_that_makes_something_is_a_node_with_an_edge(either, source_tables):
    outputs = source_tables("plant_outputs")
    runs = outputs.loc[outputs["output"].fillna(outputs["capacity"]).fillna(1) > 0, "node_id"].unique()
    linked = set(either.edges["source"]) | set(either.edges["target"])
    assert sorted(set(runs) - linked) == []


def test_every_row_points_at_a_reference(either):
    keys = set(gm.table(NAME, "references")["reference"])
    for name in either.table_names:
        frame = either.table(name)
        if "reference" in frame:
            assert set(frame["reference"]) <= keys, name
            assert (frame["evidence"] != "").all(), name


def test_flows_lie_between_their_bounds(either):
    edges = either.edges
    assert edges[["low", "high"]].notna().all(axis=None)
    assert (edges["low"] <= edges["quantity"] * (1 + 1e-12)).all()
    assert (edges["quantity"] <= edges["high"] * (1 + 1e-12)).all()


def test_both_reconstructions_have_the_same_nodes_and_margins(real, sparse):
    pd.testing.assert_frame_equal(real.nodes, sparse.nodes)
    keys = ["node_id", "side", "item"]
    dense, thin = (n.table("balances").set_index(keys).sort_index() for n in (real, sparse))
    pd.testing.assert_series_equal(dense["quantity"], thin["quantity"])
    assert ((dense["residual"] - thin["residual"]).abs() <= 1e-8 * dense["quantity"]).all()
    for end in ("source", "target"):
        dense, thin = (n.edges.groupby([end, "material"])["quantity"].sum() for n in (real, sparse))
        if end == "source":
            pd.testing.assert_series_equal(dense, thin, rtol=1e-9)
    assert sparse.n_edges < real.n_edges / 2


def test_reachability_loses_no_more_than_frozen_on_the_real_network(either):
    frozen, reach = (
        gm.removal(either, mineral="cobalt", by="country", response=r).table.set_index("removed")["loss"]
        for r in ("frozen", "reachability")
    )
    worse = reach - frozen.reindex(reach.index)
    assert (worse <= 1e-6 * frozen.max()).all(), worse.nlargest(5).to_string()


@pytest.fixture(scope="session")
def two_builds(tmp_path_factory):
    folders = [tmp_path_factory.mktemp("build") for _ in range(2)]
    for folder in folders:
        build(NAME, out=folder)
    return folders


@pytest.fixture(scope="session", params=[NAME, f"{NAME}-sparse"])
def files(request, two_builds):
    """What each of two builds wrote, and what ships."""
    kept = [folder / request.param for folder in (*two_builds, root())]
    return [{f.name: f.read_bytes() for f in sorted(folder.iterdir()) if f.is_file()} for folder in kept]


def test_a_build_repeats_to_the_same_bytes(files):
    first, second, _ = files
    assert first == second


def test_what_ships_is_what_the_sources_give(files):
    first, _, shipped = files
    assert sorted(first) == sorted(shipped)
    for name in sorted(first):
        if name.endswith(".csv"):
            new, old = (
                pd.read_csv(io.BytesIO(f[name]), keep_default_na=False, na_values=[""]) for f in (first, shipped)
            )
            pd.testing.assert_frame_equal(new, old, rtol=1e-9, atol=1e-9, obj=name)


@pytest.mark.skipif(bool(OTHER_VERSIONS), reason=f"last digits differ between versions of {OTHER_VERSIONS}")
def test_what_ships_is_what_the_sources_give_to_the_byte(files):
    first, _, shipped = files
    assert [name for name in first if first[name] != shipped.get(name)] == []


def test_every_build_ships():
    assert set(BUILDS) <= set(gm.available()["name"])
