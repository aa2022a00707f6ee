"""What tables of projects must be: every way to be wrong, said in full, with file and line."""

import numpy as np
import pandas as pd
import pytest

import graphmodel as gm
from graphmodel import datasets
from graphmodel.errors import SchemaError
from graphmodel.project_tables import INSTRUMENTS, STATUSES, folder_findings, folder_problems

COLUMNS = ["project_id", "name", "country", "stage", "material", "capacity"]
GOOD = ("refine-b", "Refinery B", "USA", "refining", "lithium-salt", 250.0)


def plan(*rows, **more):
    table = pd.DataFrame(rows or [GOOD], columns=COLUMNS)
    return table.assign(**more)


def said(projects, network):
    """What is wrong, problem by problem."""
    with pytest.raises(SchemaError) as caught:
        gm.check_projects(projects, network)
    return [str(problem) for problem in caught.value.problems]


CASES = {
    "an unknown stage": (
        plan(("a", "A", "USA", "refinning", "lithium-salt", 1.0)),
        "projects:1:stage: is not in stages 'refinning' (did you mean 'refining'?)",
    ),
    "no stage": (
        plan(("a", "A", "USA", "", "lithium-salt", 1.0)),
        "projects:1:stage: is empty (name the stage at which the material is made)",
    ),
    "an unknown material": (
        plan(("a", "A", "USA", "refining", "lithium-slat", 1.0)),
        "projects:1:material: is not in materials 'lithium-slat' (did you mean 'lithium-salt'?)",
    ),
    "a negative capacity": (
        plan(("a", "A", "USA", "refining", "lithium-salt", -1.0)),
        "projects:1:capacity: is not above 0 '-1.0'",
    ),
    "a capacity that is no number": (
        plan(("a", "A", "USA", "refining", "lithium-salt", "much")),
        "projects:1:capacity: is not a number 'much'",
    ),
    "a negative cost": (plan(cost=[-5.0]), "projects:1:cost: is below 0 '-5.0'"),
    "an unknown status": (
        plan(status=["constructing"]),
        "projects:1:status: is not allowed 'constructing' (did you mean 'construction'?)",
    ),
    "an unknown country": (
        plan(("a", "A", "USB", "refining", "lithium-salt", 1.0)),
        "projects:1:country: is not a country or region code 'USB' (did you mean 'USA'?)",
    ),
    "an unknown buyer": (
        plan(sells_to=["USA; DEUT"]),
        "projects:1:sells_to: is not a country or region code 'DEUT' (did you mean 'DEU'?)",
    ),
    "one id twice": (plan(GOOD, GOOD), "projects:2:project_id: stands twice 'refine-b' (first on line 1)"),
    "one node twice": (
        plan(GOOD, ("refine-c", *GOOD[1:]), node_id=["n", "n"]),
        "projects:2:node_id: has a second row for lithium-salt 'n' "
        "(first on line 1; join the two, or give each its own node_id)",
    ),
    "one site twice": (
        plan(GOOD, ("refine-c", *GOOD[1:]), site=["s", "s"]),
        "projects:2:site: has a second row for lithium-salt 's' "
        "(first on line 1; join the two, or give each its own site)",
    ),
    "a column that is missing": (
        plan().drop(columns="capacity"),
        "projects:capacity: column is missing (has: project_id, name, country, stage, material)",
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_each_mistake_has_one_message(toy, name):
    projects, message = CASES[name]
    assert said(projects, toy) == [message]


@pytest.mark.parametrize("analysis", ["worth", "portfolio", "bottleneck", "coverage", "interactions"])
def test_every_analysis_refuses_the_same(toy, analysis):
    projects, message = CASES["an unknown stage"]
    with pytest.raises(SchemaError) as caught:
        getattr(gm, analysis)(toy, projects)
    assert [str(problem) for problem in caught.value.problems] == [message]


@pytest.mark.parametrize("analysis", ["programme_worth", "outlook"])
def test_programmes_say_whose_projects_are_wrong(toy, analysis):
    projects, message = CASES["an unknown stage"]
    with pytest.raises(SchemaError) as caught:
        getattr(gm, analysis)(toy, {"good": plan(), "MSP": projects})
    assert [str(problem) for problem in caught.value.problems] == [f"projects of MSP{message.removeprefix('projects')}"]


def test_all_that_is_wrong_is_said_at_once_with_file_and_line(toy, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text(
        "project_id,name,country,stage,material,capacity,status,site\n"
        '\na,"Plant\nA",USA,refinning,lithium-salt,5,construction,s\n'
        "b,B,USA,refining,lithium-salt,-5,planned,s\n"
        "b,C,USB,mining,lithium-or,x,,\n"
    )
    with pytest.raises(SchemaError) as caught:
        gm.read_projects(file, toy)
    assert [str(problem) for problem in caught.value.problems] == [
        "mine.csv:3:stage: is not in stages 'refinning' (did you mean 'refining'?)",
        "mine.csv:5:capacity: is not above 0 '-5'",
        "mine.csv:5:site: has a second row for lithium-salt 's' "
        "(first on line 3; join the two, or give each its own site)",
        "mine.csv:5:status: is not allowed 'planned' (did you mean 'announced'?)",
        "mine.csv:6:capacity: is not a number 'x'",
        "mine.csv:6:country: is not a country or region code 'USB' (did you mean 'USA'?)",
        "mine.csv:6:material: is not in materials 'lithium-or' (did you mean 'lithium-ore'?)",
        "mine.csv:6:project_id: stands twice 'b' (first on line 5)",
    ]


def test_a_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(SchemaError, match=r"empty\.csv: is empty"):
        gm.read_projects(tmp_path / "empty.csv")


def test_a_table_read_is_typed_and_keeps_its_own_columns(toy, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text(",".join([*COLUMNS, "sponsor", "money"]) + "\nNA,Plant,NAM,refining,lithium-salt,,MSP,12\n")
    read = gm.read_projects(file, toy)
    assert read.columns.tolist() == [*COLUMNS, "sponsor", "money"]
    assert read.loc[0, ["project_id", "sponsor"]].tolist() == ["NA", "MSP"]
    assert np.isnan(read.loc[0, "capacity"])
    assert read["money"].dtype.kind in "if"


def test_what_the_shipped_network_knows_is_no_mistake_in_a_smaller_one(toy):
    far = plan(("a", "A", "USA", "recycling", "black-mass", 1.0), GOOD)
    assert gm.check_projects(far, toy).empty
    assert gm.worth(toy, far, by="node").table["reason"].tolist() == ["", "stands at a stage the network does not have"]


def test_no_capacity_and_an_early_start_are_findings(toy):
    # MSP began in June 2022; a plant of 2021 runs without it, one of 2022 may not
    rows = [("a", "A", "USA", "refining", "lithium-salt", np.nan), GOOD, ("c", "C", *GOOD[2:])]
    found = gm.check_projects(
        plan(*rows, start_year=[2021, 2022, np.nan], programmes=["MSP; nobody", "MSP", "MSP"]), toy
    )
    assert found.to_dict("list") == {
        "check": ["no_capacity", "early_start"],
        "table": ["projects", "projects"],
        "row": ["a", "a"],
        "value": ["", "2021"],
        "message": [
            "states no capacity, and is left out where capacity counts",
            "started before its programmes began: MSP 2022-06-14",
        ],
    }


@pytest.fixture
def folder(tmp_path):
    """Two projects and their backers, nothing wrong."""
    files = {
        "projects": "project_id,site,stage,material,capacity,start_year\na,,mining,cobalt-ore,1,2020\nb,,,,,\n",
        "backing": "project_id,programme,sponsor,instrument,amount,currency,announced,status\n"
        "a,MSP,MSP,designation,,,2022,announced\nb,MSP,MSP,grant,5,EUR,2022-06,committed\n",
        "programmes": "programme,sponsor,start_date\nMSP,MSP,2022-06-14\n",
    }
    material = datasets.table("minerals-2024", "materials")["material"][0]
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text.replace("cobalt-ore", material))
    return tmp_path


def test_a_folder_is_checked_with_its_backers(folder):
    assert folder_problems(folder) == ()
    assert folder_findings(folder)["check"].tolist() == ["no_capacity", "early_start"]


def test_money_before_its_programme_began_is_refused(folder):
    with (folder / "backing.csv").open("a") as file:
        file.write("c,MSP,MSP,grant,0,EUR,2022-05,committed\n")
        file.write("a,MPS,MSP,gift,1,EUR,2021,promised\n")
        file.write("b,MSP,MSP,grant,5,EUR,2022-06-13,committed\n")
        file.write("b,MSP,MSP,loan,5,EUR,June 2022,committed\n")
    assert [str(problem) for problem in folder_problems(folder)] == [
        "backing.csv:4:amount: is not above 0 '0'",
        "backing.csv:4:announced: is before MSP began '2022-05' (on 2022-06-14)",
        "backing.csv:4:project_id: is not in projects 'c' (there are: a, b)",
        "backing.csv:5:instrument: is not allowed 'gift' (there are: designation, equity, grant, letter of interest, "
        "loan … (12 in all))",
        "backing.csv:5:programme: is not in programmes 'MPS' (did you mean 'MSP'?)",
        "backing.csv:5:status: is not allowed 'promised' (there are: announced, committed, disbursed, unknown, withdrawn)",
        "backing.csv:6:announced: is before MSP began '2022-06-13' (on 2022-06-14)",
        "backing.csv:7:announced: is not a date 'June 2022' (write 2025, 2025-03 or 2025-03-25)",
    ]


def test_the_shipped_tables_have_no_problem():
    assert folder_problems(datasets.root() / "projects") == ()
    found = gm.check_projects(gm.projects(), gm.load("minerals-2024"))
    assert set(found["check"]) == {"no_capacity", "early_start"}
    assert set(gm.table("projects", "projects")["status"]) <= {*STATUSES}
    assert set(gm.table("projects", "backing")["instrument"]) <= {*INSTRUMENTS}
