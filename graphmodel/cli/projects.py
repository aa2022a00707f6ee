"""Commands on alliance-backed projects: what there is, what it is worth, which to back, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from graphmodel.cli import options as take
from graphmodel.cli.group import load, main, pool, progress, show
from graphmodel.cli.names import EFFECTS, Names, lenses
from graphmodel.cli.names import minerals as of_data
from graphmodel.errors import listed, nearest

if TYPE_CHECKING:
    import pandas as pd

    from graphmodel.network import Network
    from graphmodel.results import Result

programme = click.option(
    "--programme", help="Only projects backed by it: MSP, 'US DPA Title III' …, or by EU, US, JP, KR, AU, CA, UK."
)


by = click.option(
    "--by", default="industry", show_default=True, metavar="LENS", shell_complete=lenses,
    help="What stops in each disruption.",
)  # fmt: skip
table_of_own = click.option(
    "--projects", "own", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A table of your own (CSV) in place of the shipped one.",
)  # fmt: skip
cost = click.option(
    "--cost", "--costs", "cost", metavar="COLUMN|FILE",
    help="What projects cost: one of their columns, such as public_usd, or a table (CSV) of project_id and cost.",
)  # fmt: skip


def _projects(network: Network, programme: str | None, own: Path | None, cost: str | None = None) -> pd.DataFrame:
    """Read the projects a command is about, and what they cost."""
    from graphmodel import datasets, project_tables  # noqa: PLC0415 - pandas

    if own is None:
        projects = datasets.projects(programme)
    elif programme is not None:
        raise click.UsageError("--programme reads the shipped projects; leave it out with --projects")
    else:
        projects = project_tables.read_projects(own, network)
        for message, rows in project_tables.findings(projects).groupby("message", sort=False):
            click.echo(f"{own.name}: {listed(list(rows['row']))}: {message}", err=True)
    return projects if cost is None else projects.assign(cost=_costs(projects, cost))


def _costs(projects: pd.DataFrame, cost: str) -> pd.Series:
    """Return what projects cost: a column of theirs, or a table."""
    import pandas as pd  # noqa: PLC0415 - heavy

    if cost in projects:
        if pd.api.types.is_numeric_dtype(projects[cost]):
            return projects[cost]
        raise click.BadParameter(f"column {cost} holds no numbers", param_hint="--cost")
    if not Path(cost).is_file():
        numbers = [str(name) for name in projects.select_dtypes("number")]
        raise click.BadParameter(f"no column and no file {cost!r}; {nearest(cost, numbers)}", param_hint="--cost")
    table = pd.read_csv(cost, keep_default_na=False, na_values=[""])
    for column in ("project_id", "cost"):
        if column not in table:
            raise click.BadParameter(f"{cost} has no column {column}", param_hint="--cost")
    twice = table["project_id"][table["project_id"].duplicated()]
    if len(twice):
        raise click.BadParameter(f"{cost} has {twice.iloc[0]} twice", param_hint="--cost")
    return projects["project_id"].map(table.set_index("project_id")["cost"])


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
@table_of_own
@take.demand
@cost
@click.option("--response", type=click.Choice(["frozen", "reroute"]), default="frozen", show_default=True)
@by
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
    own: Path | None,
    demand: take.Demand,
    cost: str | None,
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
    final product counts the same. With --mineral and --cost: what each tonne a year kept served costs.

    \b
    graphmodel worth --programme MSP
    graphmodel worth --mineral cobalt --cost public_usd
    graphmodel worth --programme EU --mineral cobalt --again minerals-2024-sparse
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import worth as value  # noqa: PLC0415 - numpy, scipy

    if cost is not None and demand.mineral is None:
        raise click.UsageError("--cost is set against tonnes kept served; name their --mineral")
    networks = {name: load(name) for name in filter(None, (data, again))}
    chosen = _projects(networks[data], programme, own, cost)
    tables = []
    with pool(workers) as executor:
        for name, network in networks.items():
            with progress(f"valuing on {name}") as update:
                result = value(
                    network, chosen, response=response, by=by, top=disruptions, pairs=pairs, rng=seed,
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
        other = tables[-1].set_index("project_id")["worth"]
        table["worth_again"] = table["project_id"].map(other)
        alike = table["worth"].rank().corr(table["worth_again"].rank())
        click.echo(f"rank correlation with {again}: {alike:.2f}", err=True)
    if form == "table":
        for reason, rows in table[table["reason"] != ""].groupby("reason"):
            click.echo(f"left out, {reason}: {listed(list(rows['project_id']))}", err=True)
        table = table[table["reason"] == ""].drop(columns=["reason", "name"]).dropna(axis=1, how="all")
    show(table, form, top)


@main.command()
@take.data
@programme
@take.demand
@click.option("--response", type=click.Choice(["frozen", "reroute"]), default="frozen", show_default=True)
@by
@click.option("--disruptions", type=int, help="How many, the worst of today; 64 under frozen, 8 under reroute.")
@take.top(25)
@take.folder
@take.workers
@take.form
def interactions(
    data: str,
    programme: str | None,
    demand: take.Demand,
    response: str,
    by: str,
    disruptions: int | None,
    top: int,
    folder: Path | None,
    workers: int,
    form: str,
) -> None:
    """Say which projects complement and which replace one another.

    \b
    graphmodel interactions --programme MSP
    graphmodel interactions --programme EU --mineral lithium --format csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets  # noqa: PLC0415 - pandas
    from graphmodel.analysis import interactions as together  # noqa: PLC0415 - numpy, scipy

    with pool(workers) as executor, progress("valuing pairs") as update:
        result = together(
            load(data), datasets.projects(programme), response=response, by=by, top=disruptions, progress=update,
            executor=executor, folder=folder, mineral=demand.mineral, product=demand.product,
            consumer=demand.consumer,
        )  # fmt: skip
    table = result.table
    if form == "table":
        table = table[table["kind"] != "independent"].drop(columns=["first_name", "second_name"])
    show(table, form, top)


@main.command()
@take.data
@take.demand
@click.option(
    "--programme", "names", multiple=True, help="Repeat for several; MSP, EU, US, JP, KR, AU, CA when absent."
)
@click.option("--response", type=click.Choice(["frozen", "reroute"]), default="frozen", show_default=True)
@by
@click.option("--disruptions", type=int, help="How many, the worst of today; 64 under frozen, 8 under reroute.")
@click.option("--draws", default=0, show_default=True, help="How often flows and capacities are drawn for intervals.")
@click.option("--seed", default=0, show_default=True, help="Chance of the draws.")
@click.option("--until", type=int, help="Year by year from 2025, by start dates and chances, instead of all at once.")
@take.form
def programmes(
    data: str,
    demand: take.Demand,
    names: tuple[str, ...],
    response: str,
    by: str,
    disruptions: int | None,
    draws: int,
    seed: int,
    until: int | None,
    form: str,
) -> None:
    """Compare programmes by what all their projects together keep served.

    \b
    graphmodel programmes --draws 100
    graphmodel programmes --mineral gallium --response reroute
    graphmodel programmes --mineral lithium --until 2035
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets  # noqa: PLC0415 - pandas
    from graphmodel.analysis import outlook, programme_worth  # noqa: PLC0415 - numpy, scipy

    chosen = {name: datasets.projects(name) for name in names or datasets.PROGRAMMES}
    network = load(data)
    with progress("valuing") as update:
        asked: dict[str, Any] = {"response": response, "by": by, "top": disruptions, "progress": update}
        asked |= {"mineral": demand.mineral, "product": demand.product, "consumer": demand.consumer}
        if until is not None and draws:
            raise click.UsageError("--draws gives intervals of all projects at once; leave out --until")
        if until is not None:
            show(outlook(network, chosen, years=range(2025, until + 1), **asked).table, form)
            return
        result = programme_worth(network, chosen, draws=draws, rng=seed, **asked)
    lost = [float(str(result.parameters[key])) for key in ("loss_without", "loss_with_all")]
    click.echo(
        f"{result.parameters['disruptions']} disruptions by {by}: "
        f"mean loss {lost[0]:.2%} without and {lost[1]:.2%} with all projects of these, "
        f"{_averted(result)} of it averted",
        err=True,
    )
    show(result.table if draws else result.table.drop(columns=["low", "high"]), form)


def _averted(result: Result) -> str:
    """Write the share averted, with its interval where there is one."""
    share, low, high = (float(str(result.parameters[key])) for key in ("averted", "averted_low", "averted_high"))
    return f"{share:.1%}" if low != low else f"{share:.1%} ({low:.1%} to {high:.1%} in 90 % of draws)"


@main.command()
@take.data
@programme
@table_of_own
@take.demand
@click.option("--response", type=click.Choice(["frozen", "reroute"]), default="frozen", show_default=True)
@click.option(
    "--by", "lenses", multiple=True, type=click.Choice(["country", "control"]), help="Repeat for both, as when absent."
)
@click.option(
    "--measure", "measures", multiple=True, type=Names(EFFECTS),
    help="Such as hhi or worst_loss; repeat for several, all when absent.",
)  # fmt: skip
@click.option("--together", is_flag=True, help="Only all projects together, none alone.")
@take.top(40)
@take.folder
@take.workers
@take.form
def effects(
    data: str,
    programme: str | None,
    own: Path | None,
    demand: take.Demand,
    response: str,
    lenses: tuple[str, ...],
    measures: tuple[str, ...],
    together: bool,
    top: int,
    folder: Path | None,
    workers: int,
    form: str,
) -> None:
    """Say what each project changes when it enters alone, and what all change together.

    \b
    graphmodel effects --programme MSP --measure hhi --by country
    graphmodel effects --programme EU --mineral cobalt --format csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import effects as find  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    chosen = _projects(network, programme, own)
    with pool(workers) as executor, progress("entering") as update:
        result = find(
            network, chosen, response=response, by=lenses or ("country", "control"),
            measures=measures or None, each=not together, progress=update, executor=executor, folder=folder,
            mineral=demand.mineral, product=demand.product, consumer=demand.consumer,
        )  # fmt: skip
    said = result.parameters
    click.echo(f"{said['projects']} sites can enter, {said['left_out']} projects cannot", err=True)
    if isinstance(said["place"], dict):
        for lens, place in said["place"].items():
            click.echo(f"dependence by {lens} is on {place}", err=True)
    table = result.table
    show(table.drop(columns=["name", "stage", "unit"]) if form == "table" else table, form, top)


@main.command()
@take.data
@programme
@table_of_own
@take.demand
@click.option("--budget", type=float, help="Most that the set may cost; needs --cost, or a column cost.")
@click.option("--count", type=int, help="Most projects in the set.")
@click.option(
    "--aim", type=click.Choice(["expected", "worst"]), default="expected", show_default=True,
    help="Make the mean loss over the disruptions least, or the largest.",
)  # fmt: skip
@click.option("--response", type=click.Choice(["frozen", "reroute"]), default="frozen", show_default=True)
@by
@click.option("--disruptions", type=int, help="How many, the worst of today; 64 under frozen, 8 under reroute.")
@click.option("--require", "required", multiple=True, metavar="ID", help="In every set; repeat for several.")
@click.option("--exclude", "excluded", multiple=True, metavar="ID", help="In no set; repeat for several.")
@click.option(
    "--limit", "limits", multiple=True, metavar="COLUMN=VALUE:MOST",
    help="At most so many with that value, such as stage=mining:2 or alliance=MSP:3; repeat for several.",
)  # fmt: skip
@click.option(
    "--compare", multiple=True, metavar="PROGRAMME", help="Hold what this programme backs against the best set."
)
@cost
@click.option(
    "--method", type=click.Choice(["auto", "milp", "greedy", "all"]), default="auto", show_default=True,
    help="All sets, a mixed-integer programme (reroute), or one project after another.",
)  # fmt: skip
@click.option("--seconds", default=600.0, show_default=True, help="Time for each mixed-integer programme.")
@take.workers
@take.form
def portfolio(
    data: str,
    programme: str | None,
    own: Path | None,
    demand: take.Demand,
    budget: float | None,
    count: int | None,
    aim: Literal["expected", "worst"],
    response: str,
    by: str,
    disruptions: int | None,
    required: tuple[str, ...],
    excluded: tuple[str, ...],
    limits: tuple[str, ...],
    compare: tuple[str, ...],
    cost: str | None,
    method: Literal["auto", "milp", "greedy", "all"],
    seconds: float,
    workers: int,
    form: str,
) -> None:
    """Choose the set of projects that keeps most demand served over many disruptions.

    Without --mineral every final product counts the same.

    \b
    graphmodel portfolio --mineral cobalt --response reroute --count 5 --compare MSP
    graphmodel portfolio --mineral cobalt --cost public_usd --budget 1e9
    graphmodel portfolio --projects mine.csv --budget 500 --limit stage=mining:2
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets  # noqa: PLC0415 - pandas
    from graphmodel.analysis import portfolio as choose  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    chosen = _projects(network, programme, own, cost)
    most = _limits(limits)
    sets = {name: list(datasets.projects(name)["project_id"]) for name in compare}
    known = set(chosen["project_id"])
    with pool(workers) as executor, progress("choosing") as update:
        result = choose(
            network, chosen, budget=budget, count=count, aim=aim, response=response, by=by, top=disruptions,
            required=required, excluded=excluded, limits=most, members=take.members(most),
            compare={name: [one for one in ids if one in known] for name, ids in sets.items()},
            method=method, seconds=seconds, progress=update, executor=executor,
            mineral=demand.mineral, product=demand.product, consumer=demand.consumer,
        )  # fmt: skip
    said = result.parameters
    click.echo(
        f"{said['projects']} projects can enter, {said['left_out']} cannot; {said['disruptions']} disruptions by {by}; "
        f"{said['sets']} sets worked out, {said['method']}",
        err=True,
    )
    table = result.table
    show(table.drop(columns=["worst" if aim == "worst" else "expected"]) if form == "table" else table, form)


def _limits(words: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Read limits as COLUMN=VALUE:MOST."""
    limits: dict[str, dict[str, int]] = {}
    for word in words:
        column, equals, rest = word.partition("=")
        value, colon, most = rest.rpartition(":")
        if not (equals and colon and value and most.isdigit()):
            raise click.BadParameter(f"{word!r}; write COLUMN=VALUE:MOST, such as stage=mining:2", param_hint="--limit")
        limits.setdefault(column, {})[value] = int(most)
    return limits


@main.command()
@take.data
@programme
@table_of_own
@take.demand
@by
@click.option("--disruptions", type=int, help="How many, the worst of today; 8 unless told otherwise.")
@click.option("--alliance", "alliances", multiple=True, help="Look for buyers in this alliance; repeat for several.")
@click.option("--country", "countries", multiple=True, help="Look for buyers in this country; repeat for several.")
@take.top(25, "Rows of each kind to show")
@take.form
def bottleneck(
    data: str,
    programme: str | None,
    own: Path | None,
    demand: take.Demand,
    by: str,
    disruptions: int | None,
    alliances: tuple[str, ...],
    countries: tuple[str, ...],
    top: int,
    form: str,
) -> None:
    """Find projects whose output no next stage takes, and where one more unit of capacity would help most.

    \b
    graphmodel bottleneck --mineral cobalt --country USA
    graphmodel bottleneck --programme MSP --mineral nickel --alliance MSP
    """  # noqa: D301 - click wants the backspace itself
    import pandas as pd  # noqa: PLC0415 - heavy

    from graphmodel.analysis import bottleneck as find  # noqa: PLC0415 - numpy, scipy

    members, network = _buyers(alliances, countries), load(data)
    chosen = _projects(network, programme, own)
    with progress("solving") as update:
        result = find(
            network, chosen, by=by, top=disruptions, members=members, progress=update,
            mineral=demand.mineral, product=demand.product, consumer=demand.consumer,
        )  # fmt: skip
    table = result.table
    if form != "table":
        show(table, form)
        return
    kinds = {"project": ["value", "value_share", "n_disruptions", "label"], "capacity": ["label", "reason"]}
    for kind, left_out in kinds.items():
        some = table[table["kind"] == kind].drop(columns=["kind", *left_out])
        show(some.loc[:, [name for name in some if kind == "project" or pd.notna(some[name]).any()]], form, top)


def _buyers(alliances: tuple[str, ...], countries: tuple[str, ...]) -> pd.DataFrame | None:
    """Return group and country of the alliances and countries named, none where none is."""
    if not (alliances or countries):
        return None
    import pandas as pd  # noqa: PLC0415 - heavy

    from graphmodel.errors import UnknownNameError, nearest  # noqa: PLC0415 - beside the above

    members = take.members(["alliance"])
    assert members is not None  # the lens asks for them
    for name in alliances:
        if name not in set(members["group"]):
            raise UnknownNameError(f"no alliance {name!r}; {nearest(name, sorted(set(members['group'])))}")
    alone = pd.DataFrame({"group": list(countries), "country": list(countries)})
    return pd.concat([members.loc[members["group"].isin(alliances), ["group", "country"]], alone], ignore_index=True)


@main.command()
@take.data
@programme
@table_of_own
@click.option(
    "--mineral", "-m", "minerals", multiple=True, shell_complete=of_data, help="Only this mineral; repeat for several."
)
@click.option("--stage", "stages", multiple=True, help="Only this stage; repeat for several.")
@click.option(
    "--status", type=click.Choice(["covered", "left out", "nobody"]), help="Only cells that are covered, or empty."
)
@take.top(0)
@take.form
def coverage(
    data: str,
    programme: str | None,
    own: Path | None,
    minerals: tuple[str, ...],
    stages: tuple[str, ...],
    status: str | None,
    top: int,
    form: str,
) -> None:
    """Show which minerals, stages and regions projects cover, and which they leave out.

    \b
    graphmodel coverage --mineral gallium --mineral germanium
    graphmodel coverage --programme MSP --stage recycling --status "left out"
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import coverage as cover  # noqa: PLC0415 - pandas

    network = load(data)
    table = cover(network, _projects(network, programme, own), minerals=minerals or None, stages=stages or None).table
    if status is not None:
        table = table[table["status"] == status]
    show(table, form, top)
