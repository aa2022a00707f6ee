"""The command line: the same few nouns, the same options everywhere.

Tables go to standard output, everything else to standard error. Exit codes: 0 done, 1 refused or problems found,
2 wrong usage. Heavy modules are imported inside commands, so that help is instant.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from graphmodel import __version__
from graphmodel.errors import DataPackageError, GraphModelError, ParameterError, SchemaError, UnknownNameError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from graphmodel.network import Network

DEFAULT = "minerals-2024"


class _Commands(click.Group):
    """Turn every error of ours into one message and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SchemaError as error:
            lines = "\n".join(f"  {problem}" for problem in error.problems)
            raise click.ClickException(f"{len(error.problems)} problem(s):\n{lines}") from None
        except (GraphModelError, OSError) as error:
            raise click.ClickException("\n".join([str(error), *getattr(error, "__notes__", ())])) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="graphmodel %(version)s")
def main() -> None:
    """Mineral value chains as a directed multigraph: chokepoints, losses, and what alliance projects change.

    DATA is the name of a shipped data set (see `graphmodel datasets`) or the path of your own: a folder of CSV
    files, .json, .graphml or .gexf.
    """


_data = click.argument("data", default=DEFAULT, metavar="[DATA]")
_mineral = click.option("--mineral", "-m", help="Weigh products by the tonnes of this mineral they hold.")
_product = click.option("--product", "-p", help="Count only the final demand for this product.")
_consumer = click.option("--consumer", "-c", help="Count only the final demand of this country, as ISO alpha-3 code.")
_format = click.option(
    "--format", "-f", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
_where = click.option(
    "--where", "-w", "where", multiple=True, metavar="KEY=VALUE",
    help="Which nodes: any column, owner, equity, alliance, outside, material, mineral or role. Repeat to narrow.",
)  # fmt: skip
_LENSES = (
    "plant (each single facility), node, industry (country, stage and mineral), country, control, owner, alliance, "
    "stage, corridor, country,stage …"
)
_by = click.option("--by", default="plant", show_default=True, metavar="LENS", help=_LENSES)
_by_industry = click.option("--by", default="industry", show_default=True, metavar="LENS", help=_LENSES)
_equity = click.option(
    "--equity", default=0.5, show_default=True, help="Least share an owner must hold, with --by owner."
)
_force = click.option("--force", is_flag=True, help="Replace the data set in a folder that is not empty.")
_severity = click.option("--severity", default=1.0, show_default=True, help="Share that stops, 0 to 1.")


def _keep(folder: Path, force: bool) -> None:
    """Refuse a folder that holds anything, unless told to replace it."""
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise DataPackageError(f"{folder}: is not empty; choose another folder, or replace the data set with --force")


def _load(data: str) -> Network:
    from graphmodel import datasets  # noqa: PLC0415 - pandas

    return datasets.load(data)


def _mineral_of(network: Network, mineral: str | None, product: str | None = None) -> str | None:
    """The mineral asked for; where products come in several units the network's own, or the largest in the product."""
    if mineral is not None or len(network.units()) < 2:
        return mineral
    held = {name: network.content(name).get(product, 0.0) if product else 1.0 for name in network.minerals}
    chosen = str(network.description.get("mineral", ""))
    if not held.get(chosen):
        chosen = max(held, key=lambda name: held[name], default="")
    if not held.get(chosen):
        return None  # a product without a mineral counts in its own unit
    others = ", ".join(name for name, amount in held.items() if amount)
    click.echo(f"weighed by {chosen}; choose another with --mineral: {others}", err=True)
    return chosen


def _show(frame: pd.DataFrame, form: str) -> None:
    """Print a table in the format asked for."""
    if form == "csv":
        click.echo(frame.to_csv(index=False, lineterminator="\n"), nl=False)
    elif form == "json":
        click.echo(frame.to_json(orient="records", indent=1, force_ascii=False))
    elif frame.empty:
        click.echo("(no rows)")
    else:
        click.echo(frame.to_string(index=False, float_format=lambda value: f"{value:.4g}", na_rep=""))


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error, only on a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:
        shown = 0

        def update(done: int, total: int) -> None:
            nonlocal shown
            now = int(1000 * done / max(total, 1))
            bar.update(now - shown)
            shown = now

        yield update


def _selection(where: tuple[str, ...], option: str = "--where") -> dict[str, Any]:
    from graphmodel.scenario import read_where  # noqa: PLC0415 - pandas

    try:
        return read_where(where)
    except ParameterError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


@main.command()
@_format
def datasets(form: str) -> None:
    """List the data sets that ship with the package."""
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas

    _show(shipped.available().drop(columns="path"), form)


@main.command()
@_data
@_format
def summary(data: str, form: str) -> None:
    """Count nodes, countries and edges by stage."""
    _show(_load(data).summary(), form)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--update", is_flag=True, help="Rewrite the descriptor after your own edits, if nothing is wrong.")
@_format
def check(folder: Path, update: bool, form: str) -> None:
    """Tell everything that is wrong in a folder of tables: file, line, column, value, hint.

    The folder holds a data set, or the source tables one is built from (datasets/minerals-2024/sources). Exits with
    1 when there is a problem. Plausibility findings are listed after, and do not change the exit code.
    """
    import pandas as pd  # noqa: PLC0415 - pandas

    from graphmodel.checks import check as find  # noqa: PLC0415 - pandas
    from graphmodel.convert import folder_problems, read_folder, update_descriptor  # noqa: PLC0415 - pandas

    of_sources = not (folder / "nodes.csv").exists() and any(folder.rglob("plants.csv"))
    if of_sources and update:
        raise click.UsageError("--update is for a data set; source tables have no descriptor")
    if of_sources:
        from graphmodel.build import source_problems  # noqa: PLC0415 - scipy

        problems = tuple(source_problems(folder))
    else:
        if update:
            update_descriptor(folder)
        problems = folder_problems(folder)
    if problems:
        _show(pd.DataFrame([vars(problem) for problem in problems]), form)
        click.echo(f"{len(problems)} problem(s)", err=True)
        sys.exit(1)
    if of_sources:
        click.echo(f"{folder}: source tables without problems; build them with graphmodel build", err=True)
        return
    network = read_folder(folder)
    findings = find(network)
    click.echo(f"{network!r}: no problems, {len(findings)} finding(s)", err=True)
    if len(findings) or form != "table":
        _show(findings, form)


@main.command()
@_data
@_mineral
@_product
@_consumer
@_by
@_equity
@click.option("--top", default=15, show_default=True, help="Rows to show; 0 for all.")
@_format
def chokepoints(
    data: str,
    mineral: str | None,
    product: str | None,
    consumer: str | None,
    by: str,
    equity: float,
    top: int,
    form: str,
) -> None:
    """Rank what would be missed most: loss under both responses, centralities beside it.

    \b
    graphmodel chokepoints --mineral cobalt --by industry
    graphmodel chokepoints --mineral gallium --consumer KOR --by country
    graphmodel chokepoints my-data/ --by control --format csv > chokepoints.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import chokepoints as rank  # noqa: PLC0415 - numpy, scipy

    network = _load(data)
    with _progress("removing") as update:
        result = rank(
            network,
            by=by,
            mineral=_mineral_of(network, mineral, product),
            product=product,
            consumer=consumer,
            members=_members([by]),
            equity=equity,
            progress=update,
        )
    _show(result.table.head(top) if top > 0 else result.table, form)


@main.command()
@_data
@_mineral
@_product
@_consumer
@click.option("--by", default="country", show_default=True, metavar="LENS", help=_LENSES)
@_equity
@click.option("--response", type=click.Choice(["frozen", "reachability"]), default="frozen", show_default=True)
@click.option("--top", default=15, show_default=True, help="Pairs of the largest losses; 0 for all.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep finished parts here and go on from them.")
@_format
def pairs(
    data: str,
    mineral: str | None,
    product: str | None,
    consumer: str | None,
    by: str,
    equity: float,
    response: Literal["frozen", "reachability"],
    top: int,
    folder: Path | None,
    form: str,
) -> None:
    """Rank what would be missed most if two stopped together.

    \b
    graphmodel pairs --mineral cobalt
    graphmodel pairs --mineral gallium --by plant --top 50 --format csv > pairs.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import pairs as pair  # noqa: PLC0415 - numpy, scipy

    network = _load(data)
    with _progress("removing pairs") as update:
        result = pair(
            network,
            by=by,
            response=response,
            mineral=_mineral_of(network, mineral, product),
            product=product,
            consumer=consumer,
            members=_members([by]),
            equity=equity,
            top=top if top > 0 else None,
            progress=update,
            folder=folder,
        )
    _show(result.table, form)


@main.command()
@_data
@_product
@_consumer
@_by_industry
@_equity
@_format
def overview(data: str, product: str | None, consumer: str | None, by: str, equity: float, form: str) -> None:
    """Show the worst chokepoint of every mineral.

    \b
    graphmodel overview
    graphmodel overview --consumer KOR --by country
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import overview as compare  # noqa: PLC0415 - numpy, scipy

    counted = {"product": product, "consumer": consumer}
    _show(compare(_load(data), by=by, members=_members([by]), equity=equity, **counted).table, form)


@main.command()
@_data
@_mineral
@_by
@_equity
@_severity
@click.option("--replaceable/--irreplaceable", default=True, help="Whether what is left of a market replaces others.")
@click.option("--tol", default=1e-6, show_default=True, help="Change at which the rounds end.")
@click.option("--top", default=15, show_default=True, help="Rows to show; 0 for all.")
@_format
def esri(
    data: str,
    mineral: str | None,
    by: str,
    equity: float,
    severity: float,
    replaceable: bool,
    tol: float,
    top: int,
    form: str,
) -> None:
    """Score what share of all sales falls away, downstream and upstream, when something stops.

    \b
    graphmodel esri --mineral cobalt --by industry
    graphmodel esri my-data/ --irreplaceable --format csv > esri.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import esri as score  # noqa: PLC0415 - numpy, scipy

    network = _load(data)
    table = score(
        network,
        by=by,
        mineral=_mineral_of(network, mineral),
        replaceable=replaceable,
        severity=severity,
        tol=tol,
        members=_members([by]),
        equity=equity,
    ).table
    _show(table.head(top) if top > 0 else table, form)


@main.command()
@_data
@_where
@click.option("--ban", metavar="MATERIAL", help="Leave --where running, but stop what it sells of this, or of 'all'.")
@click.option("--to", multiple=True, metavar="KEY=VALUE", help="With --ban: only to these buyers, as in --where.")
@click.option("--corridor", multiple=True, help="Close a corridor of the network; repeat for several.")
@click.option("--shock", help="Let a past disruption come again, such as SH030.")
@_severity
@_product
@_consumer
@_format
def remove(
    data: str,
    where: tuple[str, ...],
    ban: str | None,
    to: tuple[str, ...],
    corridor: tuple[str, ...],
    shock: str | None,
    severity: float,
    product: str | None,
    consumer: str | None,
    form: str,
) -> None:
    """Shut a selection, ban its exports or close a corridor, all at once if told, and show who loses which product.

    \b
    graphmodel remove -w country=CHN -w stage=refining
    graphmodel remove -w alliance=G7 --severity 0.5 --format json
    graphmodel remove --ban all -w country=COD --to outside=COD
    graphmodel remove --corridor malacca --corridor suez --consumer DEU
    graphmodel remove --shock SH030
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas
    from graphmodel.analysis import losses  # noqa: PLC0415 - numpy, scipy
    from graphmodel.scenario import Scenario  # noqa: PLC0415 - pandas

    if to and ban is None:
        raise click.UsageError("--to says who may not be sold to; it needs --ban")
    if not (where or ban or corridor or shock):
        raise click.UsageError("nothing stops; name --where, --ban, --corridor or --shock")
    chosen, buyers = _selection(where), _selection(to, "--to")
    past = shipped.shock(shock) if shock else Scenario()
    name = " ".join(filter(None, (past.name if shock else "", *where, ban, *to, *corridor)))
    scenario = Scenario(name, past.changes, _members([*chosen, *buyers]))
    if ban is not None:
        material = () if ban == "all" else ban
        scenario = scenario.cap(1.0 - severity, material=material, sellers=chosen, buyers=buyers)
    elif chosen:
        scenario = scenario.shut(severity, **chosen)
    if corridor:
        scenario = scenario.close(corridor, severity)
    table = losses(_load(data), scenario).table
    table = _only(_only(table, "product", product), "consumer", consumer)
    _show(table.sort_values(["response", "loss_share"], ascending=[True, False], kind="stable"), form)


def _only(table: pd.DataFrame, column: str, value: str | None) -> pd.DataFrame:
    """Keep the rows of one value, if one is asked for."""
    if value is not None and value not in set(table[column]):
        raise UnknownNameError(f"no {column} {value!r}; {nearest(value, set(table[column]))}")
    return table if value is None else table[table[column] == value]


@main.command()
@_data
@_where
@_severity
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
@_mineral
@_format
def timeline(
    data: str,
    where: tuple[str, ...],
    severity: float,
    weeks: int,
    duration: int | None,
    default_days: float,
    which: str,
    mineral: str | None,
    form: str,
) -> None:
    """Shut a selection and show how soon each product fails, with stocks, spare capacity and restart.

    \b
    graphmodel timeline -w country=CHN -w stage=refining --weeks 52
    graphmodel timeline -w country=CHN -w stage=refining --default-days 30 --table weeks --format csv > weeks.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import analysis  # noqa: PLC0415 - numpy, scipy
    from graphmodel.scenario import Scenario  # noqa: PLC0415 - pandas

    chosen = _selection(where)
    scenario = Scenario(" ".join(where), members=_members(chosen)).shut(severity, **chosen)
    network = _load(data)
    if which == "durations":
        if duration is not None:
            raise click.UsageError("--table durations goes through durations of its own; leave --duration out")
        shut = [length for length in analysis.DURATIONS if length <= weeks]
        curve = analysis.duration_curve(
            network, scenario, durations=shut, weeks=weeks, default_days=default_days, mineral=mineral
        )
        click.echo(f"stocks: {curve.parameters['stock_data']}", err=True)
        _show(curve.table, form)
        return
    path = analysis.timeline(
        network, scenario, weeks=weeks, duration=duration, default_days=default_days, mineral=mineral
    )
    click.echo(f"stocks: {path.parameters['stock_data']}", err=True)
    _show(path.table if which == "weeks" else analysis.first_failure(path).table, form)


@main.command()
@_data
@_by
@_format
def breakdown(data: str, by: str, form: str) -> None:
    """Shut every plant, or every group, in turn and show who loses which product.

    \b
    graphmodel breakdown --format csv > losses_by_plant.csv
    graphmodel breakdown --by industry --format json
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import breakdown as split  # noqa: PLC0415 - numpy, scipy

    _show(split(_load(data), by=by, members=_members([by])).table, form)


@main.command()
@_data
@_mineral
@_by
@_equity
@click.option(
    "--order", "orders", multiple=True, help="flow, degree, loss, random or a centrality; repeat for several."
)
@click.option("--measure", "measures", multiple=True, help="component, pairs, reachability, frozen; all when absent.")
@click.option("--seeds", default=20, show_default=True, help="Number of random orders.")
@click.option("--steps", default=20, show_default=True, help="Points of each curve; 0 for every removal.")
@click.option("--reranked", is_flag=True, help="Rank what is left anew after every removal.")
@_format
def percolation(
    data: str,
    mineral: str | None,
    by: str,
    equity: float,
    orders: tuple[str, ...],
    measures: tuple[str, ...],
    seeds: int,
    steps: int,
    reranked: bool,
    form: str,
) -> None:
    """Remove plants, or groups, one after another and show what is left.

    \b
    graphmodel percolation --mineral cobalt --by country
    graphmodel percolation --order flow --order random --measure frozen --format csv > curves.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import percolation as follow  # noqa: PLC0415 - numpy, scipy

    network = _load(data)
    chosen: dict[str, Any] = {"order": orders} if orders else {}
    chosen |= {"measure": measures} if measures else {}
    with _progress("removing") as update:
        result = follow(
            network,
            by=by,
            mineral=_mineral_of(network, mineral),
            seeds=seeds,
            steps=steps or None,
            reranked=reranked,
            members=_members([by]),
            equity=equity,
            progress=update,
            **chosen,
        )
    _show(result.table, form)


def _members(keys: Iterable[str]) -> pd.DataFrame | None:
    """Membership of alliances, where a selection or a lens asks for one."""
    if not {"alliance", "outside"} & set(keys):
        return None
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas

    return shipped.table("alliances", "members")


@main.command()
@_data
@_format
@click.option("--table", "which", type=click.Choice(["closure", "basis", "large_estimates", "controls"]), multiple=True)
def closure(data: str, form: str, which: tuple[str, ...]) -> None:
    """Say how well a built data set closes: supply and need, basis of flows, large flows only estimated."""
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas

    usual = ("closure", "basis", "large_estimates")
    present = shipped.extras(data)
    for name in which or [name for name in usual if name in present] or usual:
        frame = present[name] if name in present else shipped.table(data, name)
        if form == "table":
            click.echo(f"\n{name}")
        _show(frame, form)


@main.command()
@_data
@click.option("--table", "which", type=click.Choice(["quality", "weakest"]), multiple=True, help="Both when absent.")
@click.option("--top", default=10, show_default=True, help="How many of the weakest data to list; 0 for all.")
@_format
def quality(data: str, which: tuple[str, ...], top: int, form: str) -> None:
    """Say what each total and flow of a built data set rests on, and what would be most worth knowing better.

    \b
    graphmodel quality
    graphmodel quality --table weakest --top 0 --format csv > weakest.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.evidence import quality as grade  # noqa: PLC0415 - pandas
    from graphmodel.evidence import weakest_data  # noqa: PLC0415 - numpy, scipy

    for name in which or ("quality", "weakest"):
        result = grade(data) if name == "quality" else weakest_data(data, top=top if top > 0 else None)
        if form == "table":
            click.echo(f"\n{name}")
        _show(result.table, form)


@main.command()
@_data
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help=".json, .graphml, .gexf or a folder."
)
@click.option("--format", "-f", "form", help="json, graphml, gexf, csv or parquet; by the ending when absent.")
@_force
def export(data: str, output: Path, form: str | None, force: bool) -> None:
    """Write a network to another format; nothing of it is lost, parallel edges stay.

    Further tables of a data set, such as references and closure, are not part of the network: a folder of CSV
    files carries them over, .json, .graphml, .gexf and Parquet leave them behind.
    """
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas
    from graphmodel.convert import format_of, write, write_folder  # noqa: PLC0415 - networkx

    kind = format_of(output, "folder" if form == "csv" else form)
    _keep(output, force)
    if kind == "folder":
        write_folder(_load(data), output, extra=shipped.extras(data))
    else:
        write(_load(data), output, kind)  # type: ignore[arg-type]
    click.echo(f"wrote {output}", err=True)


@main.command()
@click.argument("name", default=DEFAULT, metavar="[DATA]")
def cite(name: str) -> None:
    """Print the citations of a data set and of its sources."""
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas

    click.echo(shipped.cite(name))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_force
def init(folder: Path, force: bool) -> None:
    """Start a data set of your own from the seven-node toy, ready to edit and check."""
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas
    from graphmodel.convert import write_folder  # noqa: PLC0415 - pandas
    from graphmodel.network import Network  # noqa: PLC0415 - pandas

    _keep(folder, force)
    toy, name = shipped.load("toy-battery"), folder.resolve().name or "my-data"
    tables = {table: toy.table(table) for table in toy.table_names}
    network = Network(**tables, name=name, description={**toy.description, "title": name})
    write_folder(network, folder, extra=shipped.extras("toy-battery"))
    click.echo(f"wrote {folder}; edit the CSV files, then: graphmodel check {folder} --update", err=True)


@main.command()
@click.argument("name", default=DEFAULT)
@click.option(
    "--sources", type=click.Path(path_type=Path), help="Folder of source tables; the shipped ones when absent."
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="Folder to write into; the data folder when absent."
)
def build(name: str, sources: Path | None, output: Path | None) -> None:
    """Make a data package from its source tables: totals, plants, flows, closure."""
    from graphmodel.build import build as make  # noqa: PLC0415 - scipy

    package = make(name, sources=sources, out=output, progress=lambda step: click.echo(step, err=True))
    click.echo(f"{len(package.dense['nodes'])} nodes, {len(package.dense['edges'])} edges", err=True)


@main.command()
@_data
@_mineral
@_product
@_consumer
@click.option("--output", "-o", type=click.Path(path_type=Path), default=Path("report"), show_default=True)
def report(data: str, mineral: str | None, product: str | None, consumer: str | None, output: Path) -> None:
    """Write one self-contained HTML page with its figures and tables.

    \b
    graphmodel report -o report
    graphmodel report --mineral gallium --consumer KOR
    graphmodel report my-data/ -o my-report
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.report import write_report  # noqa: PLC0415 - matplotlib

    network = _load(data)
    with _progress("report") as update:
        counted = {"mineral": _mineral_of(network, mineral, product), "product": product, "consumer": consumer}
        page = write_report(network, output, **counted, data=data, progress=update)
    click.echo(f"wrote {page}", err=True)
