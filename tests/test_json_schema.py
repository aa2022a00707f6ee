"""The JSON Schemas of tables, held against every shipped table by the jsonschema package."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.schema import TABLES, clean, json_schema

jsonschema = pytest.importorskip("jsonschema", reason="schemas are checked with the dev extra")

GOOD = {
    "nodes": {"node_id": "mine-a", "stage": "mining", "country": "COD"},
    "edges": {"source": "mine-a", "target": "use-a", "material": "ore", "quantity": 1.0},
    "stages": {"stage": "mining", "order": 1, "role": "origin"},
    "recipes": {"output": "salt", "input": "ore", "amount": 1.0},
    "restrictions": {"restriction": "ban", "side": "seller", "node_id": "mine-a", "share": 0.5},
}


def rows(frame):
    """A table as JSON: unknown text is "", an unknown number null."""
    return json.loads(frame.to_json(orient="records"))


def validator(schema):
    kind = jsonschema.validators.validator_for(schema)
    assert kind is jsonschema.Draft202012Validator
    kind.check_schema(schema)
    return kind(schema)


@pytest.mark.parametrize("data", ["toy-battery", "minerals-2024", "minerals-2024-sparse"])
def test_every_shipped_table_is_valid(data):
    network = gm.load(data)
    for name in network.table_names:
        validator(json_schema(name)).validate(rows(network.table(name)))


def test_a_whole_network_is_valid(toy):
    validator(json_schema()).validate({name: rows(toy.table(name)) for name in toy.table_names})


def test_a_network_without_edges_is_not(toy):
    whole = {name: rows(toy.table(name)) for name in toy.table_names if name != "edges"}
    with pytest.raises(jsonschema.ValidationError, match="'edges' is a required property"):
        validator(json_schema()).validate(whole)


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("edges", {"quantity": -1}, "-1 is less than the minimum of 0"),
        ("edges", {"quantity": None}, "None is not of type 'number'"),
        ("edges", {"quantity": "many"}, "'many' is not of type 'number'"),
        ("edges", {"evidence": "hearsay"}, "'hearsay' is not one of"),
        ("edges", {"target": ""}, "''"),
        ("nodes", {"country": "Congo"}, "'Congo' is not one of"),
        ("nodes", {"country": ""}, "'' is not one of"),
        ("nodes", {"control": "Congo"}, "'Congo' is not valid under any of the given schemas"),
        ("nodes", {"lat": 91}, "91 is greater than the maximum of 90"),
        ("nodes", {"cluster": "perhaps"}, "'perhaps' is not one of"),
        ("nodes", {"start_year": 2020.5}, "2020.5 is not of type 'integer', 'null'"),
        ("stages", {"role": ""}, "'' is not one of"),
        ("stages", {"order": 1.5}, "1.5 is not of type 'integer'"),
        ("recipes", {"amount": 0}, "0 is less than or equal to the minimum of 0"),
        ("restrictions", {"side": "both"}, "'both' is not one of"),
    ],
)
def test_a_broken_row_fails_here_as_in_the_checks(table, change, words):
    good = GOOD[table]
    check = validator(json_schema(table))
    check.validate([good])
    with pytest.raises(jsonschema.ValidationError) as error:
        check.validate([good, good | change])
    assert words in str(error.value.message)
    assert list(error.value.absolute_path)[:1] == [1]
    alone = {table: TABLES[table]}
    clean({table: pd.DataFrame([good])}, schema=alone)
    with pytest.raises(gm.SchemaError):
        clean({table: pd.DataFrame([good | {name: math.nan if v is None else v for name, v in change.items()}])},
              schema=alone)  # fmt: skip


def test_a_missing_column_fails():
    with pytest.raises(jsonschema.ValidationError, match="'quantity' is a required property"):
        validator(json_schema("edges")).validate([{"source": "a", "target": "b", "material": "ore"}])


def test_further_columns_and_unknown_cells_pass():
    row = GOOD["nodes"] | {"capacity": None, "control": "", "cluster": "", "evidence": "", "colour": "red"}
    validator(json_schema("nodes")).validate([row])


def test_every_column_has_its_description_and_its_unit():
    for name, table in TABLES.items():
        columns = json_schema(name)["items"]["properties"]
        assert list(columns) == [column.name for column in table.columns]
        for column in table.columns:
            assert columns[column.name]["description"].startswith(column.description)
            assert columns[column.name].get("unit", "") == column.unit


def test_an_unknown_table_names_the_nearest():
    with pytest.raises(gm.errors.UnknownNameError, match="no table 'edge'; did you mean 'edges'"):
        json_schema("edge")
