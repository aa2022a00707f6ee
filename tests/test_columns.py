from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.columns import Columns, Ids, Numbered, Text, read_numbers, read_text
from graphmodel.schema import TABLES, checked, clean
from tests.conftest import STAGES

CELLS = st.one_of(
    st.sampled_from(["a", "b", "", "1", "yes", "\x1f", "ü"]), st.sampled_from([None, np.nan, 1, 1.0, True, 2.5])
)


def slow_text(cells):
    """Say what each cell reads as, one by one."""
    said = []
    for cell in cells:
        if cell is None or (isinstance(cell, float) and np.isnan(cell)):
            said.append("")
        elif isinstance(cell, bool):
            said.append("yes" if cell else "no")
        elif isinstance(cell, float) and cell.is_integer():
            said.append(str(int(cell)))
        else:
            said.append(str(cell))
    return said


@settings(max_examples=300, deadline=None)
@given(st.lists(CELLS, max_size=12))
def test_text_reads_as_cell_by_cell(cells):
    text = read_text(pd.Series(cells, dtype=object))
    assert text.cells().tolist() == slow_text(cells)
    assert len(set(text.words)) == len(text.words)  # a word stands once ...
    assert set(text.codes.tolist()) == set(range(len(text.words)))  # ... and is used


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "", None]), max_size=12), st.sampled_from(["category", "string"]))
def test_every_dtype_of_text_reads_alike(cells, dtype):
    expected = read_text(pd.Series(cells, dtype=object))
    found = read_text(pd.Series(cells, dtype=object).astype(dtype))
    assert found.cells().tolist() == expected.cells().tolist()
    assert len(set(found.words)) == len(found.words)


def test_what_looks_equal_to_a_computer_is_not_one_word():
    # 1, 1.0 and True are equal and have one hash; as text they are 1, 1 and yes
    assert read_text(pd.Series([1, True, 1.0, "1"], dtype=object)).cells().tolist() == ["1", "yes", "1", "1"]


def test_a_word_that_no_row_holds_is_dropped():
    text = read_text(pd.Series(pd.Categorical(["b", None, "b"], categories=["a", "b", "c"])))
    assert sorted(text.words) == ["", "b"]
    assert text.cells().tolist() == ["b", "", "b"]


def test_dates_and_whole_floats_become_text():
    assert read_text(pd.Series([2020.0, np.nan, 2020.5])).cells().tolist() == ["2020", "", "2020.5"]
    assert read_text(pd.to_datetime(pd.Series(["2024-01-02"]))).cells().tolist() == ["2024-01-02 00:00:00"]


def test_a_number_that_is_no_number_is_neither_empty_nor_known():
    value, empty = read_numbers(pd.Series(["1.5", "", "x", None], dtype=object))
    np.testing.assert_array_equal(value, [1.5, np.nan, np.nan, np.nan])
    assert empty.tolist() == [False, True, False, True]


def many(n_edges, **columns):
    """Two nodes and many parallel edges between them."""
    nodes = pd.DataFrame({"node_id": ["m", "u"], "stage": ["mining", "use"], "country": ["COD", "USA"]})
    edges = pd.DataFrame({"source": "m", "target": "u", "material": "ore", "quantity": np.arange(n_edges) + 1.0})
    return gm.Network(nodes, edges.assign(**columns), STAGES)


def test_columns_nobody_gave_take_no_memory():
    edges = many(5_000).columns("edges")
    for name in ("basis", "evidence", "reference"):
        assert edges.text(name).codes.strides == (0,)
        assert set(edges.text(name).cells()) == {""}
    for name in ("low", "high", "available"):
        assert edges.number(name).strides == (0,)
        assert np.isnan(edges.number(name)).all()


def test_ids_come_back_as_they_were_given():
    names = [f"flow {number}" for number in range(5_000)]
    held = many(5_000, edge_id=names)
    assert isinstance(held.columns("edges").text("edge_id"), Ids)
    assert held.edges["edge_id"].tolist() == names
    apart = [*names[1:], "a\x1fb"]  # what joins ids may stand in one of them
    assert many(5_000, edge_id=apart).edges["edge_id"].tolist() == apart
    assert isinstance(many(5_000).columns("edges").text("edge_id"), Numbered)
    assert many(3, edge_id=["x", "", None]).edges["edge_id"].tolist() == ["x", "e2", "e3"]
    with pytest.raises(gm.SchemaError, match="stands twice"):
        many(5_000, edge_id=[*names[1:], "flow 7"])


def test_edges_hold_the_positions_of_their_ends(toy):
    edges, nodes = toy.columns("edges"), toy.columns("nodes")
    assert edges.text("source").words is nodes.text("node_id").words  # one string a node, however many edges
    assert toy.nodes["node_id"].to_numpy()[toy.source].tolist() == toy.edges["source"].tolist()
    assert toy.nodes["node_id"].to_numpy()[toy.target].tolist() == toy.edges["target"].tolist()


def test_nothing_handed_out_as_an_array_can_be_changed(toy):
    for name in toy.table_names:
        for column in TABLES[name].columns:
            cells = toy.columns(name).get(column.name)
            array = cells.codes if isinstance(cells, Text) else cells
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0


def test_a_column_is_asked_for_as_what_it_is(toy):
    edges = toy.columns("edges")
    with pytest.raises(TypeError, match="quantity is no column of text"):
        edges.text("quantity")
    with pytest.raises(TypeError, match="material is no column of numbers"):
        edges.number("material")
    assert len(toy.columns("stocks")) == 0


def test_a_table_kept_and_a_table_written_anew_are_equal(toy, monkeypatch):
    kept = {name: toy.table(name) for name in TABLES}
    monkeypatch.setattr("graphmodel.network._KEPT_CELLS", 0)
    fresh = gm.load("toy-battery")
    for name in TABLES:
        pd.testing.assert_frame_equal(fresh.table(name), kept[name])
        changed = fresh.table(name)
        changed.iloc[:, 0] = "changed"
        pd.testing.assert_frame_equal(fresh.table(name), kept[name])


def test_a_table_checked_before_is_looked_up_again_in_what_is_new(toy):
    nodes = toy.nodes
    with pytest.raises(gm.SchemaError, match="is not in nodes 'mine-b'"):
        toy.with_tables(nodes=nodes[nodes["node_id"] != "mine-b"])
    turned = toy.with_tables(nodes=nodes.iloc[::-1])
    assert turned == toy
    assert turned.nodes["node_id"].to_numpy()[turned.source].tolist() == toy.edges["source"].tolist()
    tables = checked({name: toy.columns(name) for name in toy.table_names})
    assert all(isinstance(table, Columns) for table in tables.values())


def test_clean_and_network_hand_out_the_same_tables(toy):
    tables = {name: toy.table(name) for name in toy.table_names}
    for name, frame in clean(tables).items():
        pd.testing.assert_frame_equal(frame, tables[name])


def test_a_key_of_several_columns_names_the_row_it_repeats(toy):
    composition = toy.table("composition")
    again = pd.concat([composition, composition.iloc[:1]], ignore_index=True)
    with pytest.raises(gm.SchemaError) as caught:
        toy.with_tables(composition=again)
    (problem,) = caught.value.problems
    first = composition.iloc[0]
    assert (problem.column, problem.value) == ("material, mineral", f"{first['material']} / {first['mineral']}")
    assert (problem.line, problem.hint) == (len(again), "first on line 1")
