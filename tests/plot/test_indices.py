"""What stands on the axes of indices, benchmarks and agreement."""

import pandas as pd
import pytest

import graphmodel as gm
from graphmodel.results import AgreementResult, ComplianceResult, IndexResult

SCORE = pd.Series({"AUS": 0.5, "CHL": 0.0, "CHN": -0.5, "KOR": 0.5, "USA": 1.0})


def row_names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def entries(ax):
    return [text.get_text() for legend in ax.figure.legends for text in legend.get_texts()]


def test_each_index_has_a_row_and_each_stage_a_mark(toy):
    ax = gm.indices(toy, "lithium", "CHN", governance=SCORE).plot()
    assert row_names(ax)[:3] == ["concentration (HHI)", "governance-weighted, sum", "governance-weighted, product"]
    assert entries(ax) == ["Mining", "Refining", "Cell making"]
    assert ax.get_xlabel().startswith("index of lithium")
    assert ax.get_xlim() == (0, 1)


def test_met_open_and_unmet_benchmarks_are_told_apart():
    table = pd.DataFrame(
        {"material": "Cobalt", "benchmark": ["extraction", "processing", "recycling", "third country"],
         "stage": ["mining", "refining", "recycling", "refining"], "sense": "at least",
         "target": [0.1, 0.4, 0.25, 0.65], "value": [0.2, 3.0, 0.2, None], "low": [0.2, 3, 0.2, None],
         "high": [0.2, 4, 0.3, None], "met": ["yes", "yes", "open", ""], "with_scenario": [0.2, 3.0, 0.5, None],
         "met_with": "", "basis": "", "note": ""}
    )  # fmt: skip
    ax = ComplianceResult(table, network="made up").plot()
    assert row_names(ax) == ["Cobalt · extraction", "Cobalt · processing", "Cobalt · recycling"]
    assert entries(ax) == ["target", "met", "open"]
    assert "300" in ax.texts[0].get_text()  # beyond the axis, written out
    assert len(ax.texts) == 2  # and one arrow
    assert "arrows" in ax.get_xlabel()


def test_dots_have_intervals_and_the_best_measure_is_on_top(toy):
    again = toy.with_tables(name="again")
    found = gm.agreement(toy, by="node", mineral="lithium", responses=["frozen", "reroute"], again=again, resamples=20)
    ax = found.plot()
    assert row_names(ax)[0] in ("market share", "out strength")
    assert entries(ax) == ["frozen, toy-battery", "frozen, again", "reroute, toy-battery", "reroute, again"]
    assert "eigenvector" not in row_names(ax)


@pytest.mark.parametrize("kind", [IndexResult, ComplianceResult, AgreementResult])
def test_an_empty_table_leaves_a_note(kind):
    table = pd.DataFrame({column: pd.Series(dtype=float) for column in kind.columns})
    assert len(kind(table, network="none").plot().texts) == 1
