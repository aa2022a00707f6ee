from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.schema import REGIONS, TABLES, as_numbers, clean, country_codes


@pytest.fixture
def good():
    """Tables of the smallest network that says something, free to be damaged."""
    return {
        "nodes": pd.DataFrame({"node_id": ["m", "u"], "stage": ["mining", "use"], "country": ["COD", "USA"]}),
        "edges": pd.DataFrame({"source": ["m"], "target": ["u"], "material": ["ore"], "quantity": [1.0]}),
        "stages": pd.DataFrame({"stage": ["mining", "use"], "order": [1, 2], "role": ["origin", "sink"]}),
    }


def problems_of(tables):
    with pytest.raises(gm.SchemaError) as caught:
        gm.Network(**tables)
    return list(caught.value.problems)


def only_problem(tables):
    (problem,) = problems_of(tables)
    return problem


def test_every_column_that_must_be_there_is_described_once():
    for table in TABLES.values():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert set(table.key) <= set(names)
        assert all(column.description for column in table.columns)
        for column in table.columns:
            other, _, target = column.refers.partition(".")
            assert not column.refers or target in TABLES[other].by_name


def test_namibia_is_a_country_and_so_are_the_regions():
    assert {"NAM", "COD", "TWN", "XKX"} | set(REGIONS) <= country_codes()
    assert sum(len(code) == 3 and code not in REGIONS for code in country_codes()) == 250  # 249 of ISO 3166, Kosovo


def test_an_unknown_country_gets_the_nearest_code(good):
    good["nodes"]["country"] = ["COD", "ÜSA"]
    problem = only_problem(good)
    assert (problem.table, problem.line, problem.column, problem.value) == ("nodes", 2, "country", "ÜSA")
    assert "USA" in problem.hint


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("AUX", ("AUS", "AUT")),  # the first letters before others
        ("KRO", ("KOR",)),  # letters swapped before others
        ("CNH", ("CHN",)),
        ("CHIN", ("CHN",)),
        ("South Korea", ("KOR",)),
        ("Chnia", ("CHN",)),
    ],
)
def test_a_country_misspelt_or_spelt_out_gets_its_code(good, said, meant):
    good["nodes"]["country"] = ["COD", said]
    assert only_problem(good).hint in [f"did you mean {code!r}?" for code in meant]


def test_an_unknown_stage_gets_the_nearest(good):
    good["nodes"]["stage"] = ["minning", "use"]
    problem = only_problem(good)
    assert (problem.table, problem.line, problem.column, problem.value) == ("nodes", 1, "stage", "minning")
    assert problem.hint == "did you mean 'mining'?"


def test_an_unknown_role_lists_those_that_are(good):
    good["stages"]["role"] = ["origin", "end"]
    problem = only_problem(good)
    assert (problem.line, problem.column, problem.value) == (2, "role", "end")
    assert problem.hint == "there are: origin, process, recycle, sink, stock"


def test_an_unknown_material_is_found_where_materials_are_listed(good):
    good["materials"] = pd.DataFrame({"material": ["cobalt-ore"], "unit": ["t Co"]})
    good["edges"]["material"] = "cobalt-or"
    problem = only_problem(good)
    assert (problem.table, problem.column, problem.value) == ("edges", "material", "cobalt-or")
    assert problem.hint == "did you mean 'cobalt-ore'?"


def test_a_material_must_have_a_unit(good):
    good["materials"] = pd.DataFrame({"material": ["ore"], "unit": [""]})
    problem = only_problem(good)
    assert (problem.table, problem.line, problem.column, problem.message) == ("materials", 1, "unit", "is empty")


def test_a_repeated_id_names_both_rows(good):
    good["nodes"] = pd.concat([good["nodes"], good["nodes"].iloc[:1]], ignore_index=True)
    problem = only_problem(good)
    assert (problem.line, problem.column, problem.value, problem.message) == (3, "node_id", "m", "stands twice")
    assert problem.hint == "first on line 1"


def test_an_edge_must_lead_from_a_node_to_a_node(good):
    good["edges"].loc[0, ["source", "target"]] = ["mm", "nobody"]
    first, second = problems_of(good)
    assert (first.table, first.line, first.column, first.value) == ("edges", 1, "source", "mm")
    assert first.hint == "did you mean 'm'?"
    assert (second.column, second.value, second.hint) == ("target", "nobody", "there are: m, u")


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        (-1.0, "is below 0"),
        (np.inf, "is not finite"),
        (-np.inf, "is not finite"),
        (np.nan, "is empty"),
        (None, "is empty"),
        ("", "is empty"),
        ("12 t", "is not a number"),
        ("1,5", "is not a number"),
        ("nan", "is not a number"),
        ("1_000", "is not a number"),
        ("inf", "is not finite"),
    ],
)
def test_a_quantity_is_a_finite_number_not_below_zero(good, quantity, message):
    good["edges"]["quantity"] = pd.Series([quantity], dtype=object)
    found = problems_of(good)
    assert [(p.table, p.line, p.column) for p in found] == [("edges", 1, "quantity")] * len(found)
    assert message in [p.message for p in found]


def test_numbers_have_the_bounds_of_their_column(good):
    good["nodes"] = good["nodes"].assign(lat=[91.0, 0.0], lon=[0.0, -181.0], available=[0.5, 1.5])
    assert [(p.line, p.column, p.message) for p in problems_of(good)] == [
        (1, "lat", "is above 90"),
        (2, "available", "is above 1"),
        (2, "lon", "is below -180"),
    ]


def test_a_year_is_a_whole_number(good):
    good["nodes"]["start_year"] = [2020.5, np.nan]
    problem = only_problem(good)
    assert (problem.line, problem.column, problem.message) == (1, "start_year", "is not a whole number")


def test_a_missing_column_lists_those_there_are(good):
    good["edges"] = good["edges"].rename(columns={"quantity": "amount"})
    problem = only_problem(good)
    assert (problem.table, problem.line, problem.column) == ("edges", 0, "quantity")
    assert problem.hint == "has: source, target, material, amount"


def test_a_column_cannot_stand_twice(good):
    good["edges"] = pd.concat([good["edges"], good["edges"]["quantity"]], axis=1)
    assert "column stands twice" in [p.message for p in problems_of(good)]


@pytest.mark.parametrize("name", ["nodes", "edges", "stages"])
def test_an_empty_table_says_what_it_needs(good, name):
    good[name] = good[name].iloc[:0]
    found = [p for p in problems_of(good) if p.message == "table is empty"]
    assert [p.table for p in found] == [name]
    assert found[0].hint.startswith("needs columns ")


def test_an_unknown_table_gets_the_nearest(good):
    good["recipe"] = pd.DataFrame({"a": [1]})
    problem = only_problem(good)
    assert (problem.value, problem.message, problem.hint) == ("recipe", "unknown table", "did you mean 'recipes'?")


def test_everything_wrong_is_told_at_once(good):
    good["nodes"]["country"] = ["COX", "USA"]
    good["edges"] = pd.concat([good["edges"]] * 2, ignore_index=True).assign(
        edge_id=["e", "e"], target=["u", "v"], quantity=[-1.0, 2.0]
    )
    good["stages"]["role"] = ["origin", "snk"]
    with pytest.raises(gm.SchemaError) as caught:
        gm.Network(**good)
    found = [(p.table, p.line, p.column, p.value) for p in caught.value.problems]
    assert found == [
        ("edges", 1, "quantity", "-1.0"),
        ("edges", 2, "edge_id", "e"),
        ("edges", 2, "target", "v"),
        ("nodes", 1, "country", "COX"),
        ("stages", 2, "role", "snk"),
    ]
    assert str(caught.value).startswith("5 problems:\n  edges:1:quantity: is below 0 '-1.0'")
    assert isinstance(caught.value, ValueError)


def test_a_message_shows_five_problems_and_keeps_them_all(good):
    good["edges"] = pd.DataFrame({"source": "m", "target": "u", "material": "ore", "quantity": [-1.0] * 8})
    with pytest.raises(gm.SchemaError, match="and 3 more") as caught:
        gm.Network(**good)
    assert len(caught.value.problems) == 8


def test_optional_tables_are_checked_like_the_others(good):
    good["owners"] = pd.DataFrame({"node_id": ["x"], "owner": ["Someone"], "share": [1.2]})
    assert {(p.table, p.column) for p in problems_of(good)} == {("owners", "node_id"), ("owners", "share")}


def test_a_stock_is_held_by_somebody_and_not_below_zero(good):
    good["stocks"] = pd.DataFrame(
        {"holder": ["firm", "public", "state"], "country": ["", "USA", ""], "days": [-1.0, 30.0, 1.0], "release": 1.5}
    )
    found = [(p.table, p.line, p.column, p.value) for p in problems_of(good)]
    assert found[:2] == [("stocks", 1, "days", "-1.0"), ("stocks", 1, "release", "1.5")]
    assert ("stocks", 3, "holder", "state") in found


def test_a_missing_cell_stays_missing(good):
    good["nodes"] = good["nodes"].assign(capacity=[None, 5.0], control=[None, "USA"], cluster=[True, None])
    nodes = gm.Network(**good).nodes
    assert np.isnan(nodes["capacity"][0])
    assert nodes["capacity"][1] == 5
    assert nodes["control"].tolist() == ["", "USA"]
    assert nodes["cluster"].tolist() == ["yes", ""]


def test_edges_without_an_id_are_numbered(good):
    good["edges"] = pd.concat([good["edges"]] * 3, ignore_index=True)
    assert gm.Network(**good).edges["edge_id"].tolist() == ["e1", "e2", "e3"]


def test_columns_of_ones_own_are_kept(good):
    good["nodes"]["bloc"] = ["south", "north"]
    network = gm.Network(**good)
    assert network.nodes["bloc"].tolist() == ["south", "north"]
    assert list(network.nodes.columns)[-1] == "bloc"


def test_text_dtypes_of_pandas_two_and_three_read_alike(good):
    plain = gm.Network(**good)
    for dtype in (object, "string", "category"):
        turned = {name: frame.copy() for name, frame in good.items()}
        turned["nodes"] = turned["nodes"].astype(dtype)
        turned["edges"]["material"] = turned["edges"]["material"].astype(dtype)
        assert gm.Network(**turned) == plain


def test_whole_numbers_and_floats_read_alike(good):
    plain = gm.Network(**good)
    for dtype in ("int64", "Int64", "float32", object):
        assert gm.Network(**{**good, "edges": good["edges"].astype({"quantity": dtype})}) == plain


def test_numbers_written_by_repr_come_back_exactly():
    values = [0.1, 1e-300, 2 / 3, 123456789.123456789]
    assert as_numbers(pd.Series([repr(v) for v in values], dtype=object)).tolist() == values


def test_the_line_of_a_file_is_told_instead_of_the_row(good):
    good["edges"]["quantity"] = -1.0
    with pytest.raises(gm.SchemaError, match=r"flows\.csv:7:quantity"):
        clean(good, files={"edges": "flows.csv"}, lines={"edges": np.array([7])})
