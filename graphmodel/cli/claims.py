"""The command that tests published statements."""

from __future__ import annotations

from pathlib import Path

import click

from graphmodel.cli import options as take
from graphmodel.cli.group import load, main, show

VERDICTS = ("holds", "held in that vintage", "does not hold", "cannot be tested")
"""As in `graphmodel.analysis.claims`, which is too heavy for a help text."""


@main.command()
@take.data
@click.option(
    "--claims", "file", type=click.Path(path_type=Path),
    help="Your own table of claims (CSV); the shipped one when absent.",
)  # fmt: skip
@click.option("--verdict", type=click.Choice(VERDICTS), multiple=True, help="Only these; repeat for several.")
@take.top(0)
@take.form
def claims(data: str, file: Path | None, verdict: tuple[str, ...], top: int, form: str) -> None:
    """Test published statements against the network, alliances, projects and published figures.

    A table of your own has the columns of the shipped one, datasets/claims/claims.csv. How many hold goes to standard
    error.

    \b
    graphmodel claims
    graphmodel claims --verdict "does not hold" --verdict "held in that vintage"
    graphmodel claims --claims my-claims.csv --format csv > tested.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import claims as test  # noqa: PLC0415 - numpy, scipy

    result = test(load(data), file)
    table = result.table
    click.echo("; ".join(f"{name}: {result.parameters[name]}" for name in VERDICTS), err=True)
    if verdict:
        table = table[table["verdict"].isin(verdict)]
    if form == "table":
        table = table[["claim_id", "statement", "claimed", "unit", "figure", "figure_year", "verdict", "reference"]]
    show(table, form, top)
