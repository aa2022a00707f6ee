"""Commands about one scenario: who loses what, who makes and buys what instead, and how soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from graphmodel.cli import options as take
from graphmodel.cli.group import load, main, show
from graphmodel.errors import UnknownNameError, nearest

if TYPE_CHECKING:
    import pandas as pd


@main.command()
@take.data
@take.event
@take.mineral
@take.product
@take.consumer
@take.responses
@take.growth
@take.links
@take.stocks
@click.option("--long", "is_long", is_flag=True, help="A row for each response too, with the quantity lost.")
@take.form
def remove(
    data: str,
    event: take.Event,
    mineral: str | None,
    product: str | None,
    consumer: str | None,
    responses: tuple[take.Response, ...],
    growth: float,
    links: take.Links,
    stocks: bool,
    is_long: bool,
    form: str,
) -> None:
    """Shut a selection, ban its exports or close a corridor, all at once if told, and show who loses which product.

    The share of demand lost under each response: any path left is enough, whatever the amounts (reachability),
    everyone buys from whoever can make more (reroute), flows grow a little (adapt), nobody replaces a supplier
    (frozen). Reroute and adapt save as many tonnes of --mineral as can be, or of the mineral of --where; with neither,
    every product counts the same. Users who lose nothing are left out; CSV and JSON have them all.

    \b
    graphmodel remove -w country=CHN -w stage=refining
    graphmodel remove -w alliance=G7 --severity 0.5 --long --format json
    graphmodel remove --ban all -w country=COD --to outside=COD
    graphmodel remove --corridor malacca --corridor suez --consumer DEU
    graphmodel remove --shock SH030
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import losses  # noqa: PLC0415 - numpy, scipy

    scenario, network = event.scenario(), load(data)
    take.tell(scenario, network)
    counted = mineral or event.mineral
    table = losses(network, scenario, mineral=counted, growth=growth, links=links, stocks=stocks).table
    table = _only(_only(table, "product", product), "consumer", consumer)
    shown = responses or take.RESPONSES
    table = table[table["response"].isin(shown)]
    if form == "table":
        table = _that_lose(table)
    if is_long:
        order = ["response", "loss_share"]
        show(table.sort_values(order, ascending=[True, False], kind="stable"), form)
        return
    keys = ["product", "consumer", "unit", "demand"]
    wide = table.pivot(index=keys, columns="response", values="loss_share").reset_index()
    wide = wide[[*keys, *(response for response in take.RESPONSES if response in shown)]]
    show(wide.sort_values(list(wide.columns[:3:-1]), ascending=False, kind="stable"), form)


def _that_lose(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out products and consumers that lose nothing under any response, and say how many."""
    users = table.groupby(["product", "consumer"])
    some = users["loss"].transform("max") > 0
    safe = users.ngroups - table[some].groupby(["product", "consumer"]).ngroups
    if safe:
        click.echo(f"left out {safe} of {users.ngroups} users, who lose nothing; csv and json have them", err=True)
    return table[some]


def _only(table: pd.DataFrame, column: str, value: str | None) -> pd.DataFrame:
    """Keep the rows of one value, if one is asked for."""
    if value is not None and value not in set(table[column]):
        raise UnknownNameError(f"no {column} {value!r}; {nearest(value, set(table[column]))}")
    return table if value is None else table[table[column] == value]


@main.command()
@take.data
@take.event
@take.mineral
@take.rerouted
@take.growth
@take.links
@take.stocks
@click.option(
    "--table",
    "which",
    type=click.Choice(["changes", "values"]),
    default="changes",
    show_default=True,
    help="Who sells, buys and gets what instead; what one more unit of each capacity, material or link would be worth.",
)
@take.top(30)
@take.form
def rerouting(
    data: str,
    event: take.Event,
    mineral: str | None,
    response: str,
    growth: float,
    links: take.Links,
    stocks: bool,
    which: str,
    top: int,
    form: str,
) -> None:
    """Show who would make and buy what instead once a scenario happens, or what more capacity would be worth.

    As many tonnes of --mineral as can be are saved, or of the mineral of --where; with neither, every product counts
    the same. Changes come stage by stage, values from the largest.

    \b
    graphmodel rerouting -w country=CHN -w stage=refining -w mineral=cobalt
    graphmodel rerouting -w country=CHN -w stage=refining -w mineral=cobalt --response adapt --table values
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import analysis  # noqa: PLC0415 - numpy, scipy

    run = analysis.rerouting if which == "changes" else analysis.marginal_values
    scenario = event.scenario()
    network, counted = load(data), mineral or event.mineral
    take.tell(scenario, network)
    result = run(network, scenario, response=response, mineral=counted, growth=growth, links=links, stocks=stocks)
    show(result.table, form, top)


@main.command()
@take.data
@take.event
@click.option("--weeks", default=104, show_default=True, help="Weeks to follow.")
@click.option("--duration", type=int, help="Weeks the shock lasts; all the time when absent.")
@click.option("--default-days", default=0.0, show_default=True, help="Days of input held where no data say so.")
@click.option(
    "--table",
    "which",
    type=click.Choice(["failures", "weeks", "durations"]),
    default="failures",
    show_default=True,
    help="Day each product first fails; loss of every week; loss by how long the shock lasts.",
)
@take.mineral
@take.form
def timeline(
    data: str,
    event: take.Event,
    weeks: int,
    duration: int | None,
    default_days: float,
    which: str,
    mineral: str | None,
    form: str,
) -> None:
    """Let a scenario happen and show how soon each product fails, with stocks, spare capacity and restart.

    \b
    graphmodel timeline -w country=CHN -w stage=refining --weeks 52
    graphmodel timeline -w country=CHN -w stage=refining --default-days 30 --table weeks --format csv > weeks.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import analysis  # noqa: PLC0415 - numpy, scipy

    scenario, network = event.scenario(), load(data)
    take.tell(scenario, network)
    if which == "durations":
        if duration is not None:
            raise click.UsageError("--table durations goes through durations of its own; leave --duration out")
        shut = [length for length in analysis.DURATIONS if length <= weeks]
        curve = analysis.duration_curve(
            network, scenario, durations=shut, weeks=weeks, default_days=default_days, mineral=mineral
        )
        click.echo(f"stocks: {curve.parameters['stock_data']}", err=True)
        show(curve.table, form)
        return
    path = analysis.timeline(
        network, scenario, weeks=weeks, duration=duration, default_days=default_days, mineral=mineral
    )
    click.echo(f"stocks: {path.parameters['stock_data']}", err=True)
    show(path.table if which == "weeks" else analysis.first_failure(path).table, form)
