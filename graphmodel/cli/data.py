"""Commands on data sets: what there is, what is in them, whether they hold, and in which form to pass them on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

from graphmodel.cli import options as take
from graphmodel.cli.group import DEFAULT, keep, load, main, show, show_each
from graphmodel.cli.names import FORMATS, Names, data_sets
from graphmodel.errors import UnknownNameError, nearest


@main.command()
@take.form
def datasets(form: str) -> None:
    """List the data sets that ship with the package.

    \b
    graphmodel datasets
    graphmodel datasets --format json
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas

    show(shipped.available().drop(columns="path"), form)


@main.command()
@take.data
@take.form
def summary(data: str, form: str) -> None:
    """Count nodes, countries and edges by stage.

    \b
    graphmodel summary
    graphmodel summary my-data
    """  # noqa: D301 - click wants the backspace itself
    show(load(data).summary(), form)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--update", is_flag=True, help="Rewrite the descriptor after your own edits, if nothing is wrong.")
@take.form
def check(folder: Path, update: bool, form: str) -> None:
    """Tell everything that is wrong in a folder of tables: file, line, column, value, hint.

    The folder holds a data set, the source tables one is built from (datasets/minerals-2024/sources), or projects and
    their backers (datasets/projects). Exits with 1 when there is a problem. Plausibility findings are listed after, and
    do not change the exit code.

    \b
    graphmodel check my-data --update
    graphmodel check datasets/minerals-2024/sources
    graphmodel check datasets/projects
    """  # noqa: D301 - click wants the backspace itself
    import pandas as pd  # noqa: PLC0415 - pandas

    from graphmodel import project_tables  # noqa: PLC0415 - pandas
    from graphmodel.checks import check as find  # noqa: PLC0415 - pandas
    from graphmodel.convert import folder_problems, read_folder, update_descriptor  # noqa: PLC0415 - pandas

    no_network = not (folder / "nodes.csv").exists()
    of_sources = no_network and any(folder.rglob("plants.csv"))
    of_projects = no_network and (folder / "projects.csv").exists()
    if (of_sources or of_projects) and update:
        raise click.UsageError("--update is for a data set; other tables have no descriptor")
    if of_projects:
        problems = project_tables.folder_problems(folder)
    elif of_sources:
        from graphmodel.build import source_problems  # noqa: PLC0415 - scipy

        problems = tuple(source_problems(folder))
    else:
        if update:
            update_descriptor(folder)
        problems = folder_problems(folder)
    if problems:
        found = pd.DataFrame([vars(problem) for problem in problems])
        show(found.assign(line=found["line"].astype(object).where(found["line"] > 0)), form)  # 0 is the whole file
        click.echo(f"{len(problems)} problem(s)", err=True)
        sys.exit(1)
    if of_sources:
        click.echo(f"{folder}: source tables without problems; build them with graphmodel build", err=True)
        return
    if of_projects:
        what, findings = f"{folder}: tables of projects", project_tables.folder_findings(folder)
    else:
        network = read_folder(folder)
        what, findings = repr(network), find(network)
    click.echo(f"{what}: no problems, {len(findings)} finding(s)", err=True)
    if len(findings) or form != "table":
        show(findings, form)


@main.command()
@take.data
@take.form
@click.option(
    "--table", "which", type=click.Choice(["closure", "basis", "large_estimates", "controls"]), multiple=True,
    help="Repeat for several, as JSON an object by name; CSV holds one. The first three when absent.",
)  # fmt: skip
def closure(data: str, form: str, which: tuple[str, ...]) -> None:
    """Say how well a built data set closes: supply and need, basis of flows, large flows only estimated.

    \b
    graphmodel closure
    graphmodel closure --table controls --format csv > controls.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas

    usual = ("closure", "basis", "large_estimates")
    present = shipped.extras(data)
    names = which or [name for name in usual if name in present] or usual
    show_each(names, lambda name: present[name] if name in present else shipped.table(data, name), form)


@main.command()
@take.data
@click.option(
    "--table", "which", type=click.Choice(["quality", "weakest"]), multiple=True,
    help="Repeat for several, as JSON an object by name; CSV holds one. Both when absent.",
)  # fmt: skip
@click.option("--top", default=10, show_default=True, help="How many of the weakest data to list; 0 for all.")
@take.form
def quality(data: str, which: tuple[str, ...], top: int, form: str) -> None:
    """Say what each total and flow of a built data set rests on, and what would be most worth knowing better.

    \b
    graphmodel quality
    graphmodel quality --table weakest --top 0 --format csv > weakest.csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.evidence import quality as grade  # noqa: PLC0415 - pandas
    from graphmodel.evidence import weakest_data  # noqa: PLC0415 - numpy, scipy

    def found(name: str) -> pd.DataFrame:
        result = grade(data) if name == "quality" else weakest_data(data, top=top if top > 0 else None)
        return result.table

    show_each(which or ("quality", "weakest"), found, form)


@main.command()
@take.data
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help=".json, .graphml, .gexf or a folder."
)
@click.option(
    "--format",
    "-f",
    "form",
    type=Names(FORMATS),
    help="json, graphml, gexf, csv or parquet; by the ending when absent.",
)
@take.force
def export(data: str, output: Path, form: str | None, force: bool) -> None:
    """Write a network to another format; nothing of it is lost, parallel edges stay.

    Further tables of a data set, such as references and closure, are not part of the network: a folder of CSV
    files carries them over, .json, .graphml, .gexf and Parquet leave them behind.

    \b
    graphmodel export -o minerals.graphml
    graphmodel export minerals-2024-sparse -o sparse --format csv
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas
    from graphmodel.convert import format_of, write, write_folder  # noqa: PLC0415 - networkx

    kind = format_of(output, "folder" if form == "csv" else form)
    keep(output, force)
    if kind == "folder":
        write_folder(load(data), output, extra=shipped.extras(data))
    else:
        write(load(data), output, kind)  # type: ignore[arg-type]
    click.echo(f"wrote {output}", err=True)


@main.command()
@click.argument("table", required=False)
def schema(table: str | None) -> None:
    """Print the JSON Schema of one TABLE as a list of rows, or of a whole network.

    Tables that belong to no network are named with their folder: of projects/, claims/ and sources/, from which
    networks are built.

    \b
    graphmodel schema > network.schema.json
    graphmodel schema edges > edges.schema.json
    graphmodel schema projects/backing > backing.schema.json
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel.analysis.claim_tables import CLAIMS, VINTAGES  # noqa: PLC0415 - pandas
    from graphmodel.build.sources import SOURCES  # noqa: PLC0415 - pandas
    from graphmodel.project_tables import PROJECTS  # noqa: PLC0415 - pandas
    from graphmodel.schema import TABLES, json_schema  # noqa: PLC0415 - pandas

    folders = {"projects": PROJECTS.values(), "claims": (CLAIMS, VINTAGES), "sources": SOURCES.values()}
    tables = TABLES | {f"{folder}/{each.name}": each for folder, of in folders.items() for each in of}
    if table is not None and table not in tables:
        raise UnknownNameError(f"no table {table!r}; {nearest(table, tables)}")
    click.echo(json.dumps(json_schema(table and tables[table]), indent=2, ensure_ascii=False))


@main.command()
@click.argument("name", default=DEFAULT, metavar="[DATA]", shell_complete=data_sets)
def cite(name: str) -> None:
    """Print the citations of a data set and of its sources.

    \b
    graphmodel cite
    graphmodel cite toy-battery
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas

    click.echo(shipped.cite(name))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@take.force
def init(folder: Path, force: bool) -> None:
    """Start a data set of your own from the seven-node toy, ready to edit and check.

    \b
    graphmodel init my-data
    """  # noqa: D301 - click wants the backspace itself
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas
    from graphmodel.convert import write_folder  # noqa: PLC0415 - pandas
    from graphmodel.network import Network  # noqa: PLC0415 - pandas

    keep(folder, force)
    toy, name = shipped.load("toy-battery"), folder.resolve().name or "my-data"
    tables = {table: toy.table(table) for table in toy.table_names}
    network = Network(**tables, name=name, description={**toy.description, "title": name})
    write_folder(network, folder, extra=shipped.extras("toy-battery"))
    click.echo(f"wrote {folder}; edit the CSV files, then: graphmodel check {folder} --update", err=True)
