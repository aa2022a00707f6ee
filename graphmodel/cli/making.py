"""Commands that make things: a data package from its sources, a report from a network."""

from __future__ import annotations

from pathlib import Path

import click

from graphmodel.cli import options as take
from graphmodel.cli.group import DEFAULT, load, main, mineral_of, progress


@main.command()
@click.argument("name", default=DEFAULT)
@click.option(
    "--sources", type=click.Path(path_type=Path), help="Folder of source tables; the shipped ones when absent."
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="Folder to write into; the data folder when absent."
)
def build(name: str, sources: Path | None, output: Path | None) -> None:
    """Make a data package from its source tables: totals, plants, flows, closure.

    \b
    graphmodel build
    graphmodel build minerals-2024 --sources work -o mine
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.build import build as make  # noqa: PLC0415 - scipy

    package = make(name, sources=sources, out=output, progress=lambda step: click.echo(step, err=True))
    click.echo(f"{len(package.dense['nodes'])} nodes, {len(package.dense['edges'])} edges", err=True)


@main.command()
@take.data
@take.mineral
@take.product
@take.consumer
@click.option("--output", "-o", type=click.Path(path_type=Path), default=Path("report"), show_default=True)
def report(data: str, mineral: str | None, product: str | None, consumer: str | None, output: Path) -> None:
    """Write one self-contained HTML page with its figures and tables.

    \b
    graphmodel report -o report
    graphmodel report --mineral gallium --consumer KOR
    graphmodel report my-data/ -o my-report
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.report import write_report  # noqa: PLC0415 - matplotlib

    network = load(data)
    with progress("report") as update:
        counted = {"mineral": mineral_of(network, mineral, product), "product": product, "consumer": consumer}
        page = write_report(network, output, **counted, data=data, progress=update)
    click.echo(f"wrote {page}", err=True)


@main.command()
@take.data
@take.mineral
@click.option(
    "--by", metavar="LENS", help="Show the ranking of these stops beside, as removal lists it: industry, plant …"
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), default=Path("explore.html"), show_default=True
)
def explore(data: str, mineral: str | None, by: str | None, output: Path) -> None:
    """Write one HTML page to look around in: click, search, shut something and see who loses what.

    Without --mineral every final product counts the same.

    \b
    graphmodel explore -o explore.html
    graphmodel explore --mineral cobalt --by industry
    graphmodel explore my-data/ -o my-page.html
    """  # noqa: D301 - click wants the backspace itself
    network, members = load(data), take.members([by or ""])
    ranked = None
    if by is not None:
        from graphmodel.analysis import removal  # noqa: PLC0415 - scipy

        ranked = removal(network, by=by, mineral=mineral, evenly=mineral is None, members=members)
    page = network.explore(ranked, mineral=mineral, data=data, members=members)
    click.echo(f"wrote {page.save(output)}", err=True)
