"""Commands that make things: a data package from its sources, figures and a report from a network."""

from __future__ import annotations

import os
from pathlib import Path

import click

from graphmodel.cli import options as take
from graphmodel.cli.group import DEFAULT, load, main, mineral_of, progress
from graphmodel.cli.names import FIGURES, FILES, STYLES, Names, lenses
from graphmodel.errors import EmptySelectionError


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
@take.event
@click.option("--output", "-o", type=click.Path(path_type=Path), default=Path("figures"), show_default=True)
@click.option(
    "--style", default="plain", show_default=True, type=Names(STYLES),
    help="nature, elsevier, acs, science, slide or plain.",
)  # fmt: skip
@click.option(
    "--only", metavar="NAME,...", type=Names(FIGURES, joined=True),
    help="Draw these; all that can be drawn when absent.",
)  # fmt: skip
@click.option(
    "--format", "-f", "form", default="pdf,svg,png,csv", show_default=True, metavar="FORM,...",
    type=Names(FILES, joined=True),
)  # fmt: skip
@click.option("--dpi", type=click.IntRange(30, 2400), default=300, show_default=True, help="Resolution of PNG.")
@click.option("--system-fonts", is_flag=True, help="Use the journal's font where this machine has it.")
def figures(
    data: str,
    mineral: str | None,
    product: str | None,
    consumer: str | None,
    event: take.Event,
    output: Path,
    style: str,
    only: tuple[str, ...] | None,
    form: tuple[str, ...],
    dpi: int,
    system_fonts: bool,
) -> None:
    """Draw the published figures for a journal's page or a slide, each with the table it draws.

    Figures of one scenario show the one of --where, --ban, --corridor or --shock, or the industry whose stop loses
    most; diversification needs one.

    \b
    graphmodel figures -o figures
    graphmodel figures --mineral cobalt --style nature --only chokepoints,world_map
    graphmodel figures -w country=CHN -w stage=refining --only loss_over_weeks,first_failure
    graphmodel figures my-data/ --style slide --format png
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import figures as published  # noqa: PLC0415 - matplotlib

    scenario = event.scenario() if event.words else None
    network = load(data)
    if scenario is not None:
        take.tell(scenario, network)
    chosen = mineral_of(network, mineral, product)
    asked = {"style": style, "only": ",".join(only or ()) or None, "mineral": chosen, "product": product,
             "consumer": consumer, "format": ",".join(form), "dpi": dpi}  # fmt: skip
    plain = {"style": "plain", "format": "pdf,svg,png,csv", "dpi": 300}
    options = [f" --{key} {value}" for key, value in asked.items() if value not in (None, plain.get(key))]
    options += [f" {word}" for word in event.words]
    command = f"graphmodel figures {_name(data, network.name)}{''.join(options)}{' --system-fonts' * system_fonts}"
    with progress("figures") as update:
        drawn = published.draw(
            network, only, mineral=chosen, product=product, consumer=consumer, scenario=scenario, style=style,
            system_fonts=system_fonts, progress=lambda done, total: update(done, 2 * total),
        )  # fmt: skip
        if not drawn:
            raise EmptySelectionError("; ".join(f"{name}: {why}" for name, why in drawn.skipped.items()))
        paths = published.save(
            drawn, output, formats=form, command=command, dpi=dpi,
            progress=lambda done, total: update(total + done, 2 * total),
        )  # fmt: skip
    for path in paths:
        click.echo(f"wrote {path}", err=True)
    for name, why in drawn.skipped.items():
        click.echo(f"skipped {name}: {why}", err=True)


def _name(data: str, name: str) -> str:
    """How a command names its data: a path of this machine is left out."""
    return name if os.sep in data else data


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
    "--by", metavar="LENS", shell_complete=lenses,
    help="Show the ranking of these stops beside, as removal lists it: industry, plant …",
)  # fmt: skip
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
