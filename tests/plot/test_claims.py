"""Claims as ticks and marks."""

import pandas as pd

import graphmodel as gm
from graphmodel import plot
from graphmodel.results import ClaimsResult


def claims(*rows):
    columns = {"relation": "about", "unit": "%", "stage": "mining", "mineral": "lithium", "claimed_high": None}
    table = pd.DataFrame([{**columns, **row} for row in rows])
    table = table.assign(claim_id=[f"c{row}" for row in range(len(table))], kind="share", reference="me")
    return gm.claims(gm.load("toy-battery"), table.assign(measure="share_of_stage"))


def test_what_does_not_hold_stands_on_top_and_every_verdict_is_counted():
    result = claims(
        {"statement": "Chile digs 40 %", "country": "CHL", "claimed": 40},
        {"statement": "Chile digs 45 %", "country": "CHL", "claimed": 45},
        {"statement": "Australia digs 90 %", "country": "AUS", "claimed": 90},
        {"statement": "Australia digs between", "country": "AUS", "claimed": 50, "claimed_high": 70, "relation": "between"},
    )  # fmt: skip
    ax = plot.claim_dumbbells(result)
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert names == ["Australia digs 90 %", "Chile digs 45 %", "Chile digs 40 %", "Australia digs between"]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[0] == "does not hold (2 of 4)"
    assert "holds (2 of 4)" in legend
    assert [line.get_xdata()[1] for line in ax.lines] == [90, 45, 40, 70]


def test_claims_without_a_share_leave_the_axes_empty():
    ax = ClaimsResult(pd.DataFrame(columns=list(ClaimsResult.columns)), network="nothing").plot()
    assert [text.get_text() for text in ax.texts] == ["no claim is a share with a figure"]


def test_only_the_top_rows_are_drawn():
    result = claims(*({"statement": f"{k} %", "country": "CHL", "claimed": k} for k in (10, 20, 30)))
    assert len(plot.claim_dumbbells(result, top=2).get_yticklabels()) == 2
