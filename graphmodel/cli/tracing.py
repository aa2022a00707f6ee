"""Commands that trace what users take to those it passed: dependence, import reliance, cuts."""

from __future__ import annotations

import click

from graphmodel.cli import options as take
from graphmodel.cli.group import load, main, mineral_of, show
from graphmodel.cli.names import minerals


@main.command()
@take.data
@take.demand
@take.grouped("country")
@click.option("--stage", "stages", multiple=True, help="any, or a stage; repeat for several; all when absent.")
@click.option("--bounds", is_flag=True, help="Add the least and the largest share; takes seconds for each product.")
@take.top(25)
@take.form
def dependence(
    data: str,
    demand: take.Demand,
    grouping: take.Grouping,
    stages: tuple[str, ...],
    bounds: bool,
    top: int,
    form: str,
) -> None:
    """Show what share of each user's mineral passed each country, owner …, at any stage and stage by stage.

    \b
    graphmodel dependence --mineral cobalt --consumer KOR --product ev-use
    graphmodel dependence --mineral gallium --by control --stage refining --format csv > refiners.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import dependence as look_through  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    result = look_through(
        network,
        mineral=mineral_of(network, demand.mineral, demand.product),
        product=demand.product,
        consumer=demand.consumer,
        stage=stages or None,
        bounds=bounds,
        **grouping.named(),
    )
    show(result.table, form, top)


@main.command()
@take.data
@click.option("--mineral", "-m", shell_complete=minerals, help="Whose tonnes count.")
@click.option("--by", type=click.Choice(["country", "alliance"]), default="country", show_default=True)
@click.option("--level", type=click.Choice(["stage", "material"]), default="stage", show_default=True)
@click.option("--group", "-g", "groups", multiple=True, help="Only this country or alliance; repeat for several.")
@take.top(25)
@take.form
def reliance(data: str, mineral: str | None, by: str, level: str, groups: tuple[str, ...], top: int, form: str) -> None:
    """Show how far each country relies on imports, by the formulas of the USGS and of the EU.

    \b
    graphmodel reliance --mineral cobalt --group USA --group KOR
    graphmodel reliance --mineral gallium --by alliance --level material --format csv > reliance.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import import_reliance  # noqa: PLC0415 - numpy, scipy
    from graphmodel.errors import ParameterError, UnknownNameError, nearest  # noqa: PLC0415 - with the analysis

    network = load(data)
    chosen = mineral_of(network, mineral) or next(iter(network.minerals), None)
    if chosen is None:
        raise ParameterError("no material of this network holds a mineral; import reliance counts tonnes of one")
    members = take.members([by])
    table = import_reliance(network, chosen, by=by, level=level, members=members).table  # type: ignore[arg-type]
    for group in groups:
        if group not in set(table["group"]):
            raise UnknownNameError(f"no {by} {group!r} makes or trades {chosen}; {nearest(group, set(table['group']))}")
    show(table[table["group"].isin(groups)] if groups else table, form, top)


@main.command()
@take.data
@take.demand
@take.grouped("country")
@click.option("--seconds", default=10.0, show_default=True, help="Time for each user; then the gap is told.")
@take.top(28)
@take.form
def cuts(data: str, demand: take.Demand, grouping: take.Grouping, seconds: float, top: int, form: str) -> None:
    """Show what no route to a user avoids, what cuts all of them, and how many routes share no plant or country.

    \b
    graphmodel cuts --mineral cobalt --consumer KOR
    graphmodel cuts --mineral gallium --by control --format csv > cuts.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import cuts as cut  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    result = cut(
        network,
        mineral=mineral_of(network, demand.mineral, demand.product),
        product=demand.product,
        consumer=demand.consumer,
        seconds=seconds,
        **grouping.named(),
    )
    table = result.table
    if form == "table":  # csv and json name all of them
        names = table["members"]
        table["members"] = names.where(names.str.len() <= 60, names.str.slice(0, 59) + "…")
    show(table, form, top)
