from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.convert import (
    read_gexf,
    read_graphml,
    read_json,
    read_parquet,
    write_gexf,
    write_graphml,
    write_json,
    write_parquet,
)
from graphmodel.errors import DataPackageError, ParameterError, SchemaError, UnknownNameError, UntrustedFileError

FORMATS = ["toy", "toy.json", "toy.graphml", "toy.gexf", "toy.parquet"]
MARKUP = [("toy.graphml", read_graphml), ("toy.gexf", read_gexf)]
STRANGE = ["=cmd()", "<script>alert(1)</script>", "a\nb\r\nc\rd\te", "中文 العربية 🜚", " padded ", "]]>&amp;", '},{"']


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_back_what_it_was_given(toy, tmp_path, name):
    network = toy.with_tables(
        nodes=toy.nodes.assign(name=STRANGE, label=STRANGE[::-1], weight=range(7)), name="Toy 电池"
    )
    gm.write(network, tmp_path / name)
    again = gm.read(tmp_path / name)
    assert again == network
    assert again.nodes["name"].tolist() == STRANGE
    assert again.nodes["weight"].dtype.kind == "i"
    assert again.name == "Toy 电池"
    assert dict(again.description) == dict(toy.description)
    assert gm.load(tmp_path / name) == network


@pytest.mark.parametrize("name", FORMATS[1:])
def test_files_keep_the_order_of_rows(toy, tmp_path, name):
    shuffled = toy.with_tables(nodes=toy.nodes[::-1], edges=toy.edges.sample(frac=1, random_state=1))
    gm.write(shuffled, tmp_path / name)
    assert gm.read(tmp_path / name) == shuffled


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_network_gives_the_same_file(toy, tmp_path, name):
    for place in "ab":
        (tmp_path / place).mkdir()
        gm.write(toy, tmp_path / place / name)
    for file in [path for path in (tmp_path / "a").rglob("*") if path.is_file()]:
        assert file.read_bytes() == (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes()


@pytest.mark.parametrize("name", FORMATS)
def test_writing_again_replaces_the_file(toy, tmp_path, name):
    gm.write(toy, tmp_path / name)
    fewer = toy.with_tables(edges=toy.edges[:4])
    gm.write(fewer, tmp_path / name)
    assert gm.read(tmp_path / name) == fewer
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", FORMATS[1:4])
def test_a_write_that_fails_leaves_the_old_file(toy, tmp_path, name, monkeypatch):
    gm.write(toy, tmp_path / name)
    before = (tmp_path / name).read_bytes()

    def failing(*_):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="disk full"):
        gm.write(toy.with_tables(edges=toy.edges[:4]), tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_extension_or_the_word_tells_the_format(toy, tmp_path):
    gm.write(toy, tmp_path / "toy.dat", format="json")
    assert gm.read(tmp_path / "toy.dat", format="json") == toy
    gm.write(toy, tmp_path / "toy.v2", format="folder")
    assert gm.read(tmp_path / "toy.v2") == toy
    with pytest.raises(UnknownNameError, match=r"extension '\.grphml'; did you mean '\.graphml'"):
        gm.write(toy, tmp_path / "toy.grphml")
    with pytest.raises(UnknownNameError, match="no format 'jsn'; did you mean 'json'"):
        gm.write(toy, tmp_path / "toy", format="jsn")
    with pytest.raises(DataPackageError, match="no such file or folder"):
        gm.read(tmp_path / "absent.json")


def test_a_folder_in_the_way_of_a_file_stays(toy, tmp_path):
    (tmp_path / "toy.json").mkdir()
    with pytest.raises(DataPackageError, match="is a folder, not a file"):
        write_json(toy, tmp_path / "toy.json")


# ------------------------------------------------------------------ JSON


def test_networkx_reads_our_json(toy, tmp_path):
    write_json(toy, tmp_path / "toy.json")
    graph = nx.node_link_graph(json.loads((tmp_path / "toy.json").read_text()), edges="edges")
    assert graph.number_of_edges("mine-b", "refine-a") == 2
    assert graph.nodes["ev-usa"]["capacity"] is None  # unknown, not zero


def test_json_of_others_is_read(tmp_path):
    graph = nx.DiGraph()
    graph.add_node("m", stage="mining", country="CHL")
    graph.add_node("u", stage="use", country="USA")
    graph.add_edge("m", "u", material="lithium", quantity=1)
    whole = nx.node_link_data(graph, edges="links")
    whole["graph"]["tables"] = {
        "stages": [{"stage": "mining", "order": 1, "role": "origin"}, {"stage": "use", "order": 2, "role": "sink"}]
    }
    (tmp_path / "x.json").write_text(json.dumps(whole))
    assert read_json(tmp_path / "x.json").n_edges == 1


def test_a_column_json_uses_itself_is_refused(toy, tmp_path):
    with pytest.raises(SchemaError, match="nodes:id: JSON uses this name itself"):
        write_json(toy.with_tables(nodes=toy.nodes.assign(id=1)), tmp_path / "toy.json")
    with pytest.raises(SchemaError, match="nodes:2:x: is not finite"):
        write_json(toy.with_tables(nodes=toy.nodes.assign(x=[1, float("inf"), *range(5)])), tmp_path / "toy.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ('{"nodes": [\n{"id": }]}', SchemaError, r"x\.json:2: is not JSON at character 8"),
        ("[" * 200_000, UntrustedFileError, "is nested too deep"),
        ("[1, 2]", SchemaError, "is no graph"),
        ('{"nodes": {}, "edges": [5]}', SchemaError, r"x\.json:nodes: is not a list of records"),
        ('{"nodes": [], "edges": [], "x": NaN}', SchemaError, "NaN is not a JSON value"),
        ('{"nodes": [], "edges": [], "x": 1' + "0" * 5000 + "}", SchemaError, r"x\.json: "),
        ('{"graph": {"version": 9}, "nodes": [], "edges": []}', DataPackageError, "is of version 9"),
        (
            '{"graph": {"tables": {"stages": 5}}, "nodes": [], "edges": []}',
            SchemaError,
            "stages: is not a list of records",
        ),
        (
            '{"graph": {"columns": {"nodes": {"a": "code"}}}, "nodes": [], "edges": []}',
            SchemaError,
            "does not give a type",
        ),
        ('{"graph": {"tables": {"nods": []}}, "nodes": [], "edges": []}', SchemaError, "did you mean 'nodes'"),
        ('{"directed": false, "nodes": [], "edges": []}', ParameterError, "undirected"),
        ("", SchemaError, r"x\.json:1: is not JSON"),
    ],
)
def test_bad_json_is_refused(tmp_path, text, error, said):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(error, match=said):
        read_json(tmp_path / "x.json")


def test_bad_values_in_json_are_placed(toy, tmp_path):
    write_json(toy, tmp_path / "toy.json")
    whole = json.loads((tmp_path / "toy.json").read_text())
    whole["nodes"][2]["country"] = {"code": "CHN"}
    whole["edges"][4]["quantity"] = "__import__('os').system('true')"
    whole["edges"][5]["material"] = None
    (tmp_path / "toy.json").write_text(json.dumps(whole))
    with pytest.raises(SchemaError) as caught:
        read_json(tmp_path / "toy.json")
    places = [(p.table, p.line, p.column, p.message) for p in caught.value.problems]
    assert places == [
        ("toy.json[edges]", 5, "quantity", "is not a number"),
        ("toy.json[edges]", 6, "material", "is empty"),
        ("toy.json[nodes]", 3, "country", "is not a single value"),
    ]


def test_json_in_another_encoding_is_named(tmp_path):
    (tmp_path / "x.json").write_bytes(b'{"nodes":\n"\xe9"}')
    with pytest.raises(SchemaError, match=r"x\.json:2: byte at offset 11 is not UTF-8 '0xe9'"):
        read_json(tmp_path / "x.json")


# ------------------------------------------------------------------ GraphML and GEXF


@pytest.mark.parametrize(("name", "read"), MARKUP)
def test_networkx_reads_our_markup(toy, tmp_path, name, read):
    gm.write(toy, tmp_path / name)
    graph = (nx.read_graphml if name.endswith("graphml") else nx.read_gexf)(tmp_path / name)
    assert graph.number_of_nodes() == 7
    assert graph.number_of_edges("mine-b", "refine-a") == 2
    assert graph.nodes["mine-a"]["capacity"] == 500
    assert "capacity" not in graph.nodes["ev-usa"]  # unknown, not zero


def test_gexf_has_labels_and_no_date(toy, tmp_path):
    write_gexf(toy, tmp_path / "toy.gexf")
    text = (tmp_path / "toy.gexf").read_text()
    assert 'label="Refinery A"' in text
    assert "lastmodified" not in text
    assert "NetworkX" not in text


def test_a_graph_without_parallel_edges_keeps_its_edge_ids(toy, tmp_path):
    single = toy.with_tables(edges=toy.edges.query("edge_id != 'e3'"))
    for name, _ in MARKUP:
        gm.write(single, tmp_path / name)
        assert gm.read(tmp_path / name) == single


@pytest.mark.parametrize(("name", "read"), MARKUP)
def test_a_control_character_is_named(toy, tmp_path, name, read):
    nodes = toy.nodes.assign(name=["a", "b\x01", *"cdefg"])
    with pytest.raises(SchemaError, match=r"nodes:2:name: holds a control character"):
        gm.write(toy.with_tables(nodes=nodes), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "read"), MARKUP)
def test_control_characters_in_other_tables_survive(toy, tmp_path, name, read):
    network = toy.with_tables(stages=toy.stages.assign(label=["\x01", "￾", "]]>", "<&"]))
    gm.write(network, tmp_path / name)
    assert gm.read(tmp_path / name) == network


BOMB = """<?xml version="1.0"?>
<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<graphml>&b;</graphml>"""
OUTSIDE = '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]><graphml>&secret;</graphml>'


@pytest.mark.parametrize(("name", "read"), MARKUP)
@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (BOMB, UntrustedFileError, "2: has a DOCTYPE or entities"),
        (OUTSIDE, UntrustedFileError, "1: has a DOCTYPE or entities"),
        ("<a>" * 500 + "</a>" * 500, UntrustedFileError, "is nested deeper than 100 elements"),
        ("<graphml>\n<graph>\n</graphml>", SchemaError, "3: is not well-formed XML at character 3: mismatched tag"),
        ("", SchemaError, "no element found"),
        ('<?xml version="1.0" encoding="martian"?><a/>', SchemaError, "unknown encoding|is not XML"),
        ("<graphml>&undefined;</graphml>", SchemaError, "undefined entity"),
        ("<other/>", SchemaError, "cannot be read as a graph"),
    ],
)
def test_bad_markup_is_refused(tmp_path, name, read, text, error, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(error, match=said) as caught:
        read(tmp_path / name)
    assert name in str(caught.value)


@pytest.mark.parametrize(("name", "read"), [*MARKUP, ("toy.json", read_json)])
def test_a_huge_file_is_refused_unread(tmp_path, name, read, monkeypatch):
    with (tmp_path / name).open("wb") as file:
        file.truncate(2 * 1024**3)

    def unread(self):
        raise AssertionError("was read")

    monkeypatch.setattr(Path, "read_bytes", unread)
    with pytest.raises(UntrustedFileError, match=r"2147\.5 MB is above the limit of 256 MB"):
        read(tmp_path / name)
    with pytest.raises(UntrustedFileError, match="is not an ordinary file"):
        read("/dev/zero")


@pytest.mark.parametrize(("name", "read"), [*MARKUP, ("toy.json", read_json)])
def test_the_limit_can_be_set(toy, tmp_path, name, read):
    gm.write(toy, tmp_path / name)
    with pytest.raises(UntrustedFileError, match=r"above the limit of 0\.001 MB \(raise limit_mb"):
        read(tmp_path / name, limit_mb=0.001)


def test_ids_that_stand_twice_are_not_merged_in_silence(toy, tmp_path):
    for name, old, new in (
        ("toy.graphml", 'id="e3"', 'id="e2"'),
        ("toy.graphml", '<node id="mine-a"', '<node id="mine-b"'),
        ("toy.gexf", '<node id="mine-a"', '<node id="mine-b"'),
        ("toy.gexf", 'id="e3"', 'id="e2"'),
    ):
        gm.write(toy, tmp_path / name)
        text = (tmp_path / name).read_text()
        assert text.count(old) == 1
        (tmp_path / name).write_text(text.replace(old, new))
        with pytest.raises(SchemaError, match=rf"{name}:\d+:(node|edge) id: stands twice '(mine-b|e2)'"):
            gm.read(tmp_path / name)


def test_undirected_markup_is_refused(tmp_path):
    graph = nx.Graph([("a", "b")])
    nx.write_graphml(graph, tmp_path / "x.graphml")
    with pytest.raises(ParameterError, match="undirected"):
        read_graphml(tmp_path / "x.graphml")


def test_bad_values_in_markup_are_placed(toy, tmp_path):
    write_graphml(toy, tmp_path / "toy.graphml")
    text = (tmp_path / "toy.graphml").read_text()
    (tmp_path / "toy.graphml").write_text(text.replace(">AUS<", ">Australia<").replace(">500.0<", ">-5<"))
    with pytest.raises(SchemaError) as caught:
        read_graphml(tmp_path / "toy.graphml")
    assert [(p.table, p.line, p.column) for p in caught.value.problems] == [
        ("toy.graphml[nodes]", 5, "capacity"),
        ("toy.graphml[nodes]", 6, "country"),
    ]
    (tmp_path / "toy.graphml").write_text(text.replace(">500.0<", ">lots<"))
    with pytest.raises(SchemaError, match=r"toy\.graphml: cannot be read as a graph.*lots"):
        read_graphml(tmp_path / "toy.graphml")


def test_a_stored_table_of_another_shape_is_refused(toy, tmp_path):
    graph = nx.MultiDiGraph(graphmodel='{"tables": {"stages": [1]}}')
    nx.write_graphml(graph, tmp_path / "x.graphml")
    with pytest.raises(SchemaError, match=r"x\.graphml:stages: is not a list of records"):
        read_graphml(tmp_path / "x.graphml")


# ------------------------------------------------------------------ Parquet


def test_without_pyarrow_the_extra_is_named(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for call in (lambda: write_parquet(toy, tmp_path / "x"), lambda: read_parquet(tmp_path / "x")):
        with pytest.raises(ImportError, match=r'pip install "graphmodel\[parquet\]"'):
            call()


def test_parquet_leaves_other_folders_alone(toy, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(DataPackageError, match=r"holds thesis\.tex"):
        write_parquet(toy, tmp_path)
    with pytest.raises(DataPackageError, match=r"holds no tables; needs nodes\.parquet"):
        read_parquet(tmp_path)


def test_damaged_and_huge_parquet_is_refused(toy, tmp_path):
    write_parquet(toy, tmp_path / "toy.parquet")
    edges = tmp_path / "toy.parquet" / "edges.parquet"
    whole = edges.read_bytes()
    pd.DataFrame({"quantity": np.zeros(1_000_000)}).to_parquet(edges)
    assert edges.stat().st_size < 20_000
    with pytest.raises(UntrustedFileError, match=r"edges\.parquet: 8 MB unpacked is above the limit of 1 MB"):
        read_parquet(tmp_path / "toy.parquet", limit_mb=1)
    edges.write_bytes(whole)
    edges.write_bytes(edges.read_bytes()[:-20])
    with pytest.raises(SchemaError, match=r"edges\.parquet: is damaged or no Parquet"):
        read_parquet(tmp_path / "toy.parquet")


def test_whole_numbers_of_any_size_survive(toy, tmp_path):
    network = toy.with_tables(nodes=toy.nodes.assign(big=[2**63 + n for n in range(7)]))
    for name in FORMATS:
        gm.write(network, tmp_path / name)
        assert gm.read(tmp_path / name) == network
