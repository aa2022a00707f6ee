"""Commands that stop every plant, country or owner in turn, and rank what would be missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from graphmodel.cli import options as take
from graphmodel.cli.group import load, main, mineral_of, pool, progress, show
from graphmodel.cli.names import CURVES, ORDERS, Names


@main.command()
@take.data
@take.weighed_demand
@take.grouped("plant")
@take.responses
@take.growth
@take.links
@take.top(15)
@take.folder
@take.workers
@take.form
def chokepoints(
    data: str,
    demand: take.Demand,
    grouping: take.Grouping,
    responses: tuple[take.Response, ...],
    growth: float,
    links: take.Links,
    top: int,
    folder: Path | None,
    workers: int,
    form: str,
) -> None:
    """Rank what would be missed most: loss under every response, centralities beside it.

    \b
    graphmodel chokepoints --mineral cobalt --by industry --response reachability --response frozen
    graphmodel chokepoints --mineral gallium --consumer KOR --by country
    graphmodel chokepoints my-data/ --by control --format csv > chokepoints.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import chokepoints as rank  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    with progress("removing") as update, pool(workers) as executor:
        result = rank(
            network,
            responses=responses or take.RESPONSES,
            growth=growth,
            links=links,
            progress=update,
            executor=executor,
            folder=folder,
            **grouping.named(),
            **demand.weighed(network),
        )
    show(result.table, form, top)


@main.command()
@take.data
@take.weighed_demand
@take.grouped("plant")
@take.response
@take.severity
@take.growth
@take.links
@take.stocks
@take.top(15)
@take.folder
@take.workers
@take.form
def removal(
    data: str,
    demand: take.Demand,
    grouping: take.Grouping,
    response: take.Response,
    severity: float,
    growth: float,
    links: take.Links,
    stocks: bool,
    top: int,
    folder: Path | None,
    workers: int,
    form: str,
) -> None:
    """Rank what would be missed most under one response, all of it stopped or a part.

    \b
    graphmodel removal --mineral cobalt --by country --response reroute
    graphmodel removal --evenly --by industry --response adapt --growth 0.2 --workers 2 --folder parts
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import removal as remove_each  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    with progress("removing") as update, pool(workers) as executor:
        result = remove_each(
            network,
            response=response,
            severity=severity,
            growth=growth,
            links=links,
            stocks=stocks,
            progress=update,
            executor=executor,
            folder=folder,
            **grouping.named(),
            **demand.weighed(network),
        )
    show(result.table, form, top)


@main.command()
@take.data
@take.weighed_demand
@take.grouped("country")
@take.response
@take.growth
@take.links
@take.top(15, "Pairs of the largest losses")
@take.folder
@take.workers
@take.form
def pairs(
    data: str,
    demand: take.Demand,
    grouping: take.Grouping,
    response: take.Response,
    growth: float,
    links: take.Links,
    top: int,
    folder: Path | None,
    workers: int,
    form: str,
) -> None:
    """Rank what would be missed most if two stopped together.

    \b
    graphmodel pairs --mineral cobalt
    graphmodel pairs --mineral gallium --by plant --top 50 --format csv > pairs.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import pairs as pair  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    with progress("removing pairs") as update, pool(workers) as executor:
        result = pair(
            network,
            response=response,
            growth=growth,
            links=links,
            top=top if top > 0 else None,
            progress=update,
            executor=executor,
            folder=folder,
            **grouping.named(),
            **demand.weighed(network),
        )
    show(result.table, form)


@main.command()
@take.data
@take.product
@take.consumer
@take.grouped("industry")
@take.growth
@take.links
@take.form
def overview(
    data: str,
    product: str | None,
    consumer: str | None,
    grouping: take.Grouping,
    growth: float,
    links: take.Links,
    form: str,
) -> None:
    """Show the worst chokepoint of every mineral, its loss under every response, and how much rerouting can save.

    \b
    graphmodel overview
    graphmodel overview --consumer KOR --by country
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import overview as compare  # noqa: PLC0415 - numpy, scipy

    result = compare(load(data), product=product, consumer=consumer, growth=growth, links=links, **grouping.named())
    show(result.table, form)


@main.command()
@take.data
@take.grouped("plant")
@take.form
def breakdown(data: str, grouping: take.Grouping, form: str) -> None:
    """Shut every plant, or every group, in turn and show who loses which product.

    \b
    graphmodel breakdown --format csv > losses_by_plant.csv
    graphmodel breakdown --by industry --format json
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import breakdown as split  # noqa: PLC0415 - numpy, scipy

    show(split(load(data), **grouping.named()).table, form)


@main.command("max-flow")
@take.data
@take.mineral
@take.grouped("plant")
@click.option("--slack", default=0.2, show_default=True, help="Share by which every link can carry more.")
@take.top(15)
@take.workers
@take.form
def max_flow(
    data: str, mineral: str | None, grouping: take.Grouping, slack: float, top: int, workers: int, form: str
) -> None:
    """Rank removals by what could still be delivered at most over the links there are, recipes left out.

    \b
    graphmodel max-flow --mineral cobalt --by country
    graphmodel max-flow --mineral gallium --by industry --slack 0.5 --workers 2
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import max_flow as most  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    weighed = mineral_of(network, mineral)
    result = most(network, mineral=weighed, slack=slack, n_threads=workers, **grouping.named())
    show(result.table, form, top)


@main.command()
@take.data
@take.demand
@take.grouped("country")
@click.option("--draws", default=1000, show_default=True, help="How often flows are drawn.")
@click.option("--within", default=5, show_default=True, help="How many ranks p_top counts.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same draws.")
@take.top(15)
@take.workers
@take.form
def uncertainty(
    data: str,
    demand: take.Demand,
    grouping: take.Grouping,
    draws: int,
    within: int,
    seed: int,
    top: int,
    workers: int,
    form: str,
) -> None:
    """Say how sure the ranking of removals is, given how well each supplier's share is known.

    \b
    graphmodel uncertainty --mineral cobalt --draws 200
    graphmodel uncertainty --mineral gallium --by industry --consumer KOR --workers 2
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import uncertainty as draw  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    counted = demand.weighed(network)
    counted.pop("evenly")
    result = draw(network, draws=draws, top=within, rng=seed, n_threads=workers, **grouping.named(), **counted)
    show(result.table, form, top)


@main.command()
@take.data
@take.demand
@take.grouped("industry")
@click.option("--removed", help="Follow the loss of this group; of the worst when absent.")
@click.option("--draws", default=0, show_default=True, help="Draws for Sobol indices; 0 for none.")
@click.option("--within", default=8, show_default=True, help="How many totals have indices of their own.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same draws.")
@take.top(15)
@take.workers
@take.form
def sensitivity(
    data: str,
    demand: take.Demand,
    grouping: take.Grouping,
    removed: str | None,
    draws: int,
    within: int,
    seed: int,
    top: int,
    workers: int,
    form: str,
) -> None:
    """Rank uncertain numbers by how far each moves the largest loss of any removal.

    \b
    graphmodel sensitivity --mineral cobalt
    graphmodel sensitivity --mineral gallium --removed CHN:refining:gallium --draws 256 --workers 2
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import sensitivity as vary  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    chosen: dict[str, Any] = {**grouping.named(), **demand.weighed(network)}
    chosen.pop("evenly")
    result = vary(network, removed=removed, draws=draws, top=within, rng=seed, n_threads=workers, **chosen)
    show(result.table, form, top)


@main.command()
@take.data
@take.mineral
@take.grouped("plant")
@click.option(
    "--order", "orders", multiple=True, type=Names(ORDERS),
    help="flow, degree, loss, random or a centrality; repeat for several.",
)  # fmt: skip
@click.option(
    "--measure", "measures", multiple=True, type=Names(CURVES),
    help="component, pairs, reachability, frozen; all when absent.",
)  # fmt: skip
@click.option("--seeds", default=20, show_default=True, help="Number of random orders.")
@click.option("--steps", default=20, show_default=True, help="Points of each curve; 0 for every removal.")
@click.option("--reranked", is_flag=True, help="Rank what is left anew after every removal.")
@take.form
def percolation(
    data: str,
    mineral: str | None,
    grouping: take.Grouping,
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

    network = load(data)
    chosen: dict[str, Any] = {"order": orders} if orders else {}
    chosen |= {"measure": measures} if measures else {}
    with progress("removing") as update:
        result = follow(
            network,
            mineral=mineral_of(network, mineral),
            seeds=seeds,
            steps=steps or None,
            reranked=reranked,
            progress=update,
            **grouping.named(),
            **chosen,
        )
    show(result.table, form)


@main.command()
@take.data
@take.weighed_demand
@take.grouped("country")
@click.option("-k", "k", default=3, show_default=True, help="Largest number that stop together.")
@click.option("--response", type=click.Choice(["reroute", "adapt", "frozen"]), default="reroute", show_default=True)
@take.severity
@take.growth
@take.links
@click.option("--method", type=click.Choice(["auto", "bounds", "milp"]), default="auto", show_default=True)
@click.option("--seconds", default=600.0, show_default=True, help="Time for each number; then the gap is told.")
@take.form
def worst(data: str, demand: take.Demand, grouping: take.Grouping, form: str, **chosen: Any) -> None:
    """Find the one, two, … k whose stop together loses most, with a bound on what any other could lose.

    \b
    graphmodel worst --evenly
    graphmodel worst --mineral cobalt --by owner -k 2 --response frozen
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import worst_removals as find  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    with progress("bounding") as update:
        result = find(network, **chosen, progress=update, **grouping.named(), **demand.weighed(network))
    show(result.table, form)


@main.command()
@take.data
@take.mineral
@take.grouped("plant")
@take.severity
@click.option("--replaceable/--irreplaceable", default=True, help="Whether what is left of a market replaces others.")
@click.option("--tol", default=1e-6, show_default=True, help="Change at which the rounds end.")
@take.top(15)
@take.form
def esri(data: str, mineral: str | None, grouping: take.Grouping, top: int, form: str, **chosen: Any) -> None:
    """Score what share of all sales falls away, downstream and upstream, when something stops.

    \b
    graphmodel esri --mineral cobalt --by industry
    graphmodel esri my-data/ --irreplaceable --format csv > esri.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis import esri as score  # noqa: PLC0415 - numpy, scipy

    network = load(data)
    result = score(network, mineral=mineral_of(network, mineral), **chosen, **grouping.named())
    show(result.table, form, top)
