"""Commands on alliance-backed projects: what there is, and what it is worth."""

from __future__ import annotations

from pathlib import Path

import click

from graphmodel.cli import options as take
from graphmodel.cli.group import load, main, pool, progress, show

programme = click.option(
    "--programme", help="Only projects backed by it: MSP, 'US DPA Title III' …, or by EU, US, JP, KR, AU, CA, UK."
)


@main.command()
@programme
@click.option("--totals", is_flag=True, help="How many each programme says it has, and how many are listed here.")
@take.top(0)
@take.form
def projects(programme: str | None, totals: bool, top: int, form: str) -> None:
    """List alliance-backed projects with their backers.

    \b
    graphmodel projects --programme MSP
    graphmodel projects --format csv > projects.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets  # noqa: PLC0415 - pandas

    if totals:
        show(datasets.project_totals(), form, top)
        return
    table = datasets.projects(programme)
    if form == "table":
        shown = ["project_id", "name", "country", "material", "stage", "capacity", "capacity_unit", "start_year"]
        table = table[[*shown, "status", "programmes", "evidence"]]
    show(table, form, top)


@main.command()
@take.data
@programme
@take.demand
@click.option("--response", type=click.Choice(["frozen", "reroute"]), default="frozen", show_default=True)
@click.option("--by", default="industry", show_default=True, metavar="LENS", help="What stops in each disruption.")
@click.option("--disruptions", type=int, help="How many, the worst of today; 64 under frozen, 8 under reroute.")
@click.option("--pairs", default=25, show_default=True, help="Orders drawn, each with its reverse.")
@click.option("--seed", default=0, show_default=True, help="Chance of the orders.")
@click.option("--again", metavar="DATA", help="Rank on this network too, such as minerals-2024-sparse.")
@take.top(25)
@take.folder
@take.workers
@take.form
def worth(
    data: str,
    programme: str | None,
    demand: take.Demand,
    response: str,
    by: str,
    disruptions: int | None,
    pairs: int,
    seed: int,
    again: str | None,
    top: int,
    folder: Path | None,
    workers: int,
    form: str,
) -> None:
    """Rank projects by how much demand they keep served over many disruptions.

    Worth is the average of what a project adds over all orders in which projects could enter. Without --mineral every
    final product counts the same.

    \b
    graphmodel worth --programme MSP
    graphmodel worth --programme EU --mineral cobalt --again minerals-2024-sparse
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets  # noqa: PLC0415 - pandas
    from graphmodel.analysis import worth as value  # noqa: PLC0415 - numpy, scipy

    chosen = datasets.projects(programme)
    tables = []
    with pool(workers) as executor:
        for name in filter(None, (data, again)):
            with progress(f"valuing on {name}") as update:
                result = value(
                    load(name), chosen, response=response, by=by, top=disruptions, pairs=pairs, rng=seed,
                    progress=update, executor=executor, folder=folder / name if folder else None,
                    mineral=demand.mineral, product=demand.product, consumer=demand.consumer,
                )  # fmt: skip
            tables.append(result.table)
            lost = [float(str(result.parameters[key])) for key in ("loss_without", "loss_with_all")]
            click.echo(
                f"{name}: {result.parameters['disruptions']} disruptions by {by}, {result.parameters['method']}, "
                f"{result.parameters['coalitions']} coalitions; "
                f"mean loss {lost[0]:.2%} without and {lost[1]:.2%} with all",
                err=True,
            )
    table = tables[0]
    if again is not None:
        other = tables[1].set_index("project_id")["worth"]
        table["worth_again"] = table["project_id"].map(other)
        alike = table["worth"].rank().corr(table["worth_again"].rank())
        click.echo(f"rank correlation with {again}: {alike:.2f}", err=True)
    if form == "table":
        table = table[table["reason"] == ""].drop(columns=["reason", "name"])
    show(table, form, top)


@main.command()
@take.data
@take.demand
@click.option(
    "--programme", "names", multiple=True, help="Repeat for several; MSP, EU, US, JP, KR, AU, CA when absent."
)
@click.option("--response", type=click.Choice(["frozen", "reroute"]), default="frozen", show_default=True)
@click.option("--by", default="industry", show_default=True, metavar="LENS", help="What stops in each disruption.")
@click.option("--disruptions", type=int, help="How many, the worst of today; 64 under frozen, 8 under reroute.")
@take.form
def programmes(
    data: str,
    demand: take.Demand,
    names: tuple[str, ...],
    response: str,
    by: str,
    disruptions: int | None,
    form: str,
) -> None:
    """Compare programmes by what all their projects together keep served.

    \b
    graphmodel programmes
    graphmodel programmes --mineral gallium --response reroute
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets  # noqa: PLC0415 - pandas
    from graphmodel.analysis import programme_worth  # noqa: PLC0415 - numpy, scipy

    chosen = {name: datasets.projects(name) for name in names or datasets.PROGRAMMES}
    with progress("valuing") as update:
        result = programme_worth(
            load(data),
            chosen,
            response=response,
            by=by,
            top=disruptions,
            progress=update,
            mineral=demand.mineral,
            product=demand.product,
            consumer=demand.consumer,
        )
    lost = [float(str(result.parameters[key])) for key in ("loss_without", "loss_with_all")]
    click.echo(
        f"{result.parameters['disruptions']} disruptions by {by}: "
        f"mean loss {lost[0]:.2%} without and {lost[1]:.2%} with all projects of these",
        err=True,
    )
    show(result.table, form)
