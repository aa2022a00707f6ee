from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.errors import MixedUnitsError, UnknownNameError
from tests.conftest import STAGES, network


def test_changing_a_table_handed_out_changes_nothing(toy):
    before = toy.fingerprint
    for name in toy.table_names:
        frame = toy.table(name)
        frame.iloc[:, 0] = "changed"
        frame["more"] = 1
    nodes = toy.nodes
    nodes.loc[0, "country"] = "XXX"
    assert toy.nodes["country"].tolist() == ["KOR", "CHN", "CHN", "USA", "CHL", "AUS", "CHN"]
    assert gm.Network(**{n: toy.table(n) for n in toy.table_names}).fingerprint == before


def test_changing_a_table_handed_in_changes_nothing():
    nodes = pd.DataFrame({"node_id": ["m", "u"], "stage": ["mining", "use"], "country": ["COD", "USA"]})
    edges = pd.DataFrame({"source": ["m"], "target": ["u"], "material": ["ore"], "quantity": [1.0]})
    nodes["bloc"] = "south"
    small = gm.Network(nodes, edges, STAGES)
    before = small.fingerprint
    nodes.loc[:, "country"] = "CHN"
    nodes.loc[:, "bloc"] = "north"
    edges.loc[:, "quantity"] = 7.0
    fresh = gm.Network(**{name: small.table(name) for name in small.table_names})
    assert small.nodes["country"].tolist() == ["COD", "USA"]
    assert small.nodes["bloc"].tolist() == ["south", "south"]
    assert small.edges["quantity"].tolist() == [1.0]
    assert fresh.fingerprint == before


def test_the_numbers_behind_a_frame_handed_in_are_not_shared():
    quantity = np.array([1.0])
    edges = pd.DataFrame({"source": ["m"], "target": ["u"], "material": ["ore"]})
    edges["quantity"] = pd.Series(quantity, copy=False)
    nodes = pd.DataFrame({"node_id": ["m", "u"], "stage": ["mining", "use"], "country": ["COD", "USA"]})
    small = gm.Network(nodes, edges, STAGES)
    quantity[0] = 99.0
    assert small.edges["quantity"].tolist() == [1.0]


def test_arrays_are_read_only(toy):
    for array in (toy.source, toy.target, toy.quantity("lithium")):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_tables_and_attributes_cannot_be_replaced(toy):
    with pytest.raises(AttributeError):
        toy.nodes = toy.nodes
    with pytest.raises(TypeError):
        toy.description["title"] = "other"


def test_equal_tables_make_equal_networks(toy):
    again = gm.Network(**{name: toy.table(name) for name in toy.table_names}, name="another name")
    assert again == toy
    assert hash(again) == hash(toy)
    assert again.fingerprint == toy.fingerprint
    assert {toy: 1}[again] == 1
    assert toy != "toy-battery"


def test_any_cell_counts_in_equality(toy):
    edges = toy.edges
    edges.loc[0, "quantity"] = np.nextafter(400.0, 401.0)
    assert toy.with_tables(edges=edges) != toy


def test_the_order_of_rows_does_not_count_in_equality(toy):
    assert toy.with_tables(edges=toy.edges.iloc[::-1], nodes=toy.nodes.iloc[::-1]) == toy


def test_the_fingerprint_is_the_same_everywhere(toy):
    assert len(toy.fingerprint) == 12
    assert toy.fingerprint == gm.load("toy-battery").fingerprint


def test_edges_point_at_rows_of_the_nodes_table(toy):
    ids = toy.nodes["node_id"].to_numpy()
    assert ids[toy.source].tolist() == toy.edges["source"].tolist()
    assert ids[toy.target].tolist() == toy.edges["target"].tolist()


def test_parallel_edges_are_rows_of_their_own(toy):
    pair = toy.edges.query("source == 'mine-b' and target == 'refine-a'")
    assert pair["quantity"].tolist() == [350, 250]
    assert (toy.n_nodes, toy.n_edges) == (7, 8)


def test_one_node_with_a_self_loop_is_a_network():
    alone = network([("m", "mining", "COD")], [("m", "m", "ore", 1.0)])
    assert (alone.n_nodes, alone.n_edges) == (1, 1)
    assert repr(alone) == "<Network 'network': 1 nodes, 1 edges, 4 stages, 1 materials>"


def test_roles_come_from_the_stages_table(toy):
    ids = toy.nodes["node_id"]
    assert set(ids[toy.has_role("origin")]) == {"mine-a", "mine-b"}
    assert set(ids[toy.has_role("sink")]) == {"ev-usa", "ev-chn"}
    assert not toy.has_role("recycle").any()
    with pytest.raises(UnknownNameError, match="did you mean 'origin'"):
        toy.has_role("origins")


def test_an_optional_table_that_is_absent_comes_back_empty(chain):
    for name in ("materials", "composition", "recipes", "coproducts", "owners", "balances", "stocks"):
        frame = chain.table(name)
        assert len(frame) == 0
        assert list(frame) == [column.name for column in gm.schema.TABLES[name].columns]
    with pytest.raises(UnknownNameError, match="did you mean 'recipes'"):
        chain.table("recipe")


def test_quantities_in_different_units_are_never_added(toy):
    with pytest.raises(MixedUnitsError, match=r"GWh, t Li, which cannot be added; name a mineral: lithium"):
        toy.quantity()
    assert isinstance(MixedUnitsError(), ValueError)


def test_a_mineral_joins_units_by_content(toy):
    # ore and salt are tonnes of lithium; a GWh of cells holds 100 t
    assert toy.quantity("lithium").tolist() == [400, 350, 250, 600, 400, 500, 100, 400]
    assert toy.minerals == ("lithium",)
    with pytest.raises(UnknownNameError, match="did you mean 'lithium'"):
        toy.quantity("litium")


def test_a_material_that_does_not_hold_the_mineral_carries_none_of_it(real):
    content = real.content("cobalt")
    assert content["cobalt-hydroxide"] == 1
    assert content["nickel-matte"] == 0
    assert 0 < content["cathode-nca"] < 0.12  # LiNi0.8Co0.15Al0.05O2 holds 9.2 % cobalt by mass


def test_without_materials_quantities_have_no_unit_and_add(chain):
    assert chain.quantity().tolist() == [10, 10]
    assert chain.units() == []


def test_replaced_tables_leave_the_old_network_alone(toy):
    fewer = toy.with_tables(edges=toy.edges.query("quantity > 4"), name="fewer")
    assert (fewer.n_edges, fewer.name, toy.n_edges, toy.name) == (6, "fewer", 8, "toy-battery")
    assert fewer.description == toy.description


def test_the_summary_counts_by_stage(toy):
    table = toy.summary().set_index("stage")
    assert table.index.tolist() == ["mining", "refining", "cell", "use"]
    assert table["n_nodes"].tolist() == [2, 1, 2, 2]
    assert table["n_facilities"].tolist() == [2, 1, 2, 0]
    assert table["n_edges_out"].tolist() == [3, 2, 3, 0]
    assert table["n_countries"].tolist() == [2, 1, 2, 2]


def test_markup_in_names_is_shown_and_not_run():
    evil = "<script>alert(1)</script>"
    stages = pd.concat([STAGES, pd.DataFrame({"stage": [evil], "order": [9], "role": ["sink"]})])
    hurt = gm.Network(
        pd.DataFrame({"node_id": ["m", evil], "stage": ["mining", evil], "country": ["COD", "USA"], "name": evil}),
        pd.DataFrame({"source": ["m"], "target": [evil], "material": [evil], "quantity": [1.0]}),
        stages,
        materials=pd.DataFrame({"material": [evil], "unit": [evil], "mineral": [evil]}),
        composition=pd.DataFrame({"material": [evil], "mineral": [evil], "amount": [1.0]}),
        name=evil,
        description={"title": evil, "year": evil, "warnings": [evil]},
    )
    shown = [hurt._repr_html_()]
    shown += [gm.removal(hurt)._repr_html_(), gm.losses(hurt, gm.Scenario().shut(node_id="m"))._repr_html_()]
    shown += [gm.concentration(hurt)._repr_html_(), gm.chokepoints(hurt)._repr_html_()]
    for text in shown:
        assert "<script" not in text
    assert all("&lt;script&gt;" in text for text in shown[:3])


def test_the_notebook_view_states_year_and_evidence(toy):
    text = toy._repr_html_()
    assert "Toy battery chain" in text
    assert "<td>2024</td>" in text
    assert "assumed 100%" in text


def test_missing_country_codes_survive_namibia():
    network([("m", "mining", "NAM")], [("m", "m", "ore", 1.0)])
    assert network([("m", "mining", "NAM")], [("m", "m", "ore", 1.0)]).nodes["country"].tolist() == ["NAM"]
