"""Laws: whatever a network holds comes back, from every format, on random networks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphmodel as gm
from graphmodel.convert.csvtext import parse, render

NASTY = [
    *(
        "=cmd()",
        "@x",
        "<script>",
        "a\nb",
        "a\r\nb",
        "a\rb",
        "\n",
        "\r",
        '"',
        '""',
        ",",
        "'",
        "a,b",
        " lead",
        "trail ",
        "\t",
    ),
    *("中文", "العربية", "é", "🜚", "NA", "nan", "None", "inf", "1e5", "007", "1.0", "true", "\\N", "&amp;", "]]>", "#"),
    *('},{"', "\ufeff", "\u2028", "\x85", "\\u0041"),
]
SAFE = st.characters(exclude_categories=("Cs", "Cc", "Cn"))
TEXT = st.sampled_from(["", *NASTY]) | st.text(SAFE, max_size=6)
FILLED = st.sampled_from(NASTY) | st.text(SAFE, min_size=1, max_size=6)
QUANTITY = st.floats(0, allow_infinity=False, allow_nan=False) | st.sampled_from(
    [5e-324, 1.7e308, 0.1, 1e16, 1e22, -0.0]
)
NUMBER = st.none() | QUANTITY
FURTHER = st.sampled_from(
    ["label", "weight", "start", "type", "column:x", "a,b", 'q"', "注", "line\nbreak", "tag", "for", "value"]
)
CELLS = st.sampled_from(
    [
        TEXT,
        st.none() | TEXT,
        st.floats(allow_infinity=False) | st.none(),
        st.integers(-(2**70), 2**70),
        st.booleans(),
        st.none() | st.booleans(),
        st.none() | st.integers(-5, 5),
        st.none(),
        st.integers(0, 3) | st.just("x"),
    ]
)


@st.composite
def networks(draw: st.DrawFn) -> gm.Network:
    """A network with text, numbers and further columns of every sort; rows sorted by key, as a folder has them."""
    n_nodes, n_edges = draw(st.integers(1, 5)), draw(st.integers(1, 8))
    stage_names = sorted(draw(st.lists(FILLED, min_size=1, max_size=3, unique=True)))
    stages = pd.DataFrame({"stage": stage_names, "order": range(len(stage_names)), "role": "process"})
    ids = sorted(draw(st.lists(FILLED, min_size=n_nodes, max_size=n_nodes, unique=True)))

    def column(cells: st.SearchStrategy, n: int) -> pd.Series:
        return pd.Series(draw(st.lists(cells, min_size=n, max_size=n)), dtype=object)

    nodes = {
        "node_id": pd.Series(ids, dtype=object),
        "stage": column(st.sampled_from(stage_names), n_nodes),
        "country": column(st.sampled_from(["NAM", "COD", "CHN", "ROW"]), n_nodes),
        "name": column(TEXT, n_nodes),
        "capacity": column(NUMBER, n_nodes),
        "lat": column(st.none() | st.floats(-90, 90), n_nodes),
        "start_year": column(st.none() | st.integers(1900, 2050), n_nodes),
        "cluster": column(st.sampled_from(["", "yes", "no"]), n_nodes),
    }
    edge_ids = sorted(draw(st.lists(FILLED, min_size=n_edges, max_size=n_edges, unique=True)))
    edges = {
        "edge_id": pd.Series(edge_ids, dtype=object),
        "source": column(st.sampled_from(ids), n_edges),
        "target": column(st.sampled_from(ids), n_edges),
        "material": column(FILLED, n_edges),
        "quantity": column(QUANTITY, n_edges),
        "reference": column(TEXT, n_edges),
    }
    for table, n in ((nodes, n_nodes), (edges, n_edges)):
        for name in draw(st.lists(FURTHER, max_size=3, unique=True)):
            cells = column(draw(CELLS), n)
            table[name] = cells.infer_objects() if draw(st.booleans()) else cells
    owners = pd.DataFrame(
        {"node_id": ids, "owner": [draw(FILLED) for _ in ids], "share": [draw(st.floats(0, 1)) for _ in ids]}
    )
    return gm.Network(
        pd.DataFrame(nodes),
        pd.DataFrame(edges),
        stages,
        owners=owners,
        name=draw(FILLED),
        description={"title": draw(TEXT)},
    )


def same(one: gm.Network, other: gm.Network) -> bool:
    return one == other and one.name == other.name and one.description == other.description


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_graphs_give_back_what_they_were_given(network):
    assert same(gm.from_networkx(gm.to_networkx(network)), network)
    assert same(gm.from_igraph(gm.to_igraph(network)), network)


@pytest.mark.parametrize("name", ["x", "x.json", "x.graphml", "x.gexf", "x.parquet"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(network=networks())
def test_files_give_back_what_they_were_given(name, network):
    with tempfile.TemporaryDirectory() as folder:
        gm.write(network, Path(folder, name))
        assert same(gm.read(Path(folder, name)), network)


@pytest.mark.parametrize("name", ["x", "x.json", "x.graphml", "x.gexf", "x.parquet"])
def test_stocks_come_back_with_the_cells_left_empty(name, tmp_path):
    rows = [("firm", "", "cell", "", "lithium-salt", 30.0, None), ("public", "USA", "", "", "", None, 5.0)]
    columns = ["holder", "country", "stage", "node_id", "material", "days", "quantity"]
    held = gm.load("toy-battery").with_tables(stocks=pd.DataFrame(rows, columns=columns))
    gm.write(held, tmp_path / name)
    assert same(gm.read(tmp_path / name), held)
    assert gm.read(tmp_path / name).table("stocks")["days"].tolist()[0] == 30


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(TEXT, TEXT | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))), max_size=6
    )
)
def test_any_text_survives_csv_on_its_own_line(rows):
    columns = {"a": [row[0] for row in rows], "b": [row[1] for row in rows]}
    sheet = parse(render(columns), "x.csv")
    assert sheet.problems == ()
    assert sheet.frame["a"].tolist() == columns["a"]
    assert sheet.frame["b"].tolist() == columns["b"]


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXT, max_size=5))
def test_a_single_column_keeps_its_empty_cells(cells):
    assert parse(render({"only": cells}), "x.csv").frame["only"].tolist() == cells


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_reported(raw):
    sheet = parse(raw, "x.csv")
    assert sheet.readable or sheet.problems
