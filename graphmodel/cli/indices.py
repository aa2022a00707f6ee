"""Commands on what the literature and the law measure: indices, benchmarks, and how well measures rank losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from graphmodel.cli import options as take
from graphmodel.cli.group import load, main, mineral_of, pool, progress, show
from graphmodel.cli.names import MISSING
from graphmodel.errors import nearest

if TYPE_CHECKING:
    from graphmodel.network import Network
    from graphmodel.scenario import Scenario

lens = click.option(
    "--by", type=click.Choice(["country", "control"]), default="country", show_default=True,
    help="Suppliers by location, or by the home of their controlling owner.",
)  # fmt: skip


@main.command()
@take.data
@take.mineral
@take.consumer
@click.option("--stage", help="Only this stage.")
@lens
@click.option(
    "--missing", default="refuse", show_default=True,
    help="What a country without a governance score gets: refuse, mean, worst, or a risk from 0 to 1.",
)  # fmt: skip
@click.option("--recycling", default=0.0, show_default=True, help="End-of-life recycling input rate, 0 to 1.")
@click.option("--substitution", default=1.0, show_default=True, help="Substitution index of the EU supply risk.")
@click.option("--price", type=float, help="US dollars per kilogram; the shipped price of 2024 when absent.")
@take.top(0)
@take.form
def indices(
    data: str, mineral: str | None, consumer: str | None, missing: str, top: int, form: str, **chosen: Any
) -> None:
    """Show concentration, governance-weighted concentration, N-1, GeoPolRisk and EU supply risk of a mineral.

    The consumer may be a group such as EU27; without one the indices of the world's supply are shown.

    \b
    graphmodel indices --mineral cobalt --consumer EU27 --missing mean
    graphmodel indices --mineral gallium --consumer KOR --stage refining
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import indices as work_out  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    named = mineral_of(network, mineral)
    if named is None:
        raise click.UsageError(f"name a --mineral: {', '.join(network.minerals)}")
    show(work_out(network, named, consumer, missing=_policy(missing), **chosen).table, form, top)


def _policy(word: str) -> Any:
    """Read a risk, or the word of a policy."""
    try:
        return float(word)
    except ValueError:
        if word not in MISSING:
            raise click.BadParameter(f"{word!r}; {nearest(word, MISSING)}", param_hint="--missing") from None
        return word


@main.command()
@take.data
@click.option("--programme", type=click.Choice(["CRMA", "KOR"]), default="CRMA", show_default=True)
@take.consumer
@click.option("--projects", "backers", help="Also with these projects added: MSP, EU, US, JP, KR …, or 'all'.")
@click.option("--counted", type=click.Choice(["output", "capacity"]), default="output", show_default=True)
@click.option(
    "--consumption", type=click.Choice(["processed", "final"]), default="processed", show_default=True,
    help="What shares are of: processed forms taken in, or the mineral in the final products wanted.",
)  # fmt: skip
@lens
@take.top(0)
@take.form
def compliance(data: str, programme: str, backers: str | None, top: int, form: str, **chosen: Any) -> None:
    """Hold an economy's supply against the EU's 10, 40, 25 and 65 %, or Korea's targets for 2030.

    \b
    graphmodel compliance
    graphmodel compliance --programme KOR --consumption final
    graphmodel compliance --projects EU --format csv > crma.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import compliance as hold  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    result = hold(network, programme, scenario=_added(network, backers), **chosen)
    table = result.table
    if form == "table":
        table = table[table["value"].notna()].drop(columns=["sense", "basis"])
        table = table if backers else table.drop(columns=["with_scenario", "met_with"])
    show(table, form, top)


def _added(network: Network, backers: str | None) -> Scenario | None:
    """Return the scenario of the projects of a programme, or of all, that can enter the network."""
    if backers is None:
        return None
    from graphmodel import datasets  # noqa: PLC0415 - pandas
    from graphmodel.analysis.entry import enter  # noqa: PLC0415 - numpy, scipy
    from graphmodel.scenario import Scenario  # noqa: PLC0415 - pandas

    listed = datasets.projects(None if backers == "all" else backers)
    entry = enter(network, listed)
    click.echo(f"{len(entry.projects)} of {len(listed)} projects can enter {network.name}", err=True)
    return Scenario(f"projects of {backers}").add(entry.projects.rename(columns={"project_id": "node_id"}))


@main.command()
@take.data
@take.demand
@take.grouped("industry")
@take.responses
@click.option("--again", metavar="DATA", help="Compare on this network too, such as minerals-2024-sparse.")
@click.option("--among", type=click.Choice(["chain", "all"]), default="chain", show_default=True,
              help="Rows: those that carry the mineral, or all whose stop loses any.")  # fmt: skip
@click.option("--resamples", default=1000, show_default=True, help="Bootstrap samples.")
@click.option("--within", default=10, show_default=True, help="How many of the worst removals top_found is about.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same samples.")
@take.growth
@take.links
@take.top(0)
@take.folder
@take.workers
@take.form
def agreement(
    data: str,
    demand: take.Demand,
    grouping: take.Grouping,
    responses: tuple[take.Response, ...],
    again: str | None,
    within: int,
    seed: int,
    top: int,
    workers: int,
    form: str,
    **chosen: Any,
) -> None:
    """Tell which measures of position and concentration rank what would be missed, and which mislead.

    \b
    graphmodel agreement --mineral cobalt --again minerals-2024-sparse
    graphmodel agreement --mineral gallium --by country --response frozen
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import agreement as compare  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    counted = demand.weighed(network)
    counted.pop("evenly")
    with progress("removing") as update, pool(workers) as executor:
        result = compare(
            network,
            responses=responses or ("frozen", "reroute", "adapt"),
            again=None if again is None else load(again),
            top=within,
            rng=seed,
            progress=update,
            executor=executor,
            **chosen,
            **grouping.named(),
            **counted,
        )
    for (name, response), rows in result.table.groupby(["network", "response"], sort=False):
        misleading = rows.loc[rows["misleads"] == "yes", "measure"]
        words = ", ".join(misleading) or "none"
        click.echo(f"{name}, {response}: these mislead (interval at or below 0): {words}", err=True)
    show(result.table, form, top)
