"""The group all commands belong to, and what they read and print."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmodel import __version__
from graphmodel.cli.contents import CONTENTS
from graphmodel.errors import DataPackageError, GraphModelError, SchemaError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from graphmodel.network import Network

DEFAULT = "minerals-2024"


class _Commands(click.Group):
    """Turn every error of ours into one message and exit code 1, and list commands by what they are for."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        super().add_command(cmd, name)
        cmd.short_help = next((lines[cmd.name] for lines in CONTENTS.values() if cmd.name in lines), cmd.short_help)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands))
        for heading, lines in CONTENTS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), line) for name, line in lines.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _write_to_nobody()
            ctx.exit(141)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except SchemaError as error:
            lines = "\n".join(f"  {problem}" for problem in error.problems)
            raise click.ClickException(f"{len(error.problems)} problem(s):\n{lines}") from None
        except (GraphModelError, OSError) as error:
            raise click.ClickException("\n".join([str(error), *getattr(error, "__notes__", ())])) from None


def _write_to_nobody() -> None:
    """Let what is still to be written go nowhere, so that the interpreter does not stumble over it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="graphmodel %(version)s")
def main() -> None:
    """Mineral value chains as a directed multigraph: chokepoints, losses, and what alliance projects change.

    DATA is the name of a shipped data set (see `graphmodel datasets`) or the path of your own: a folder of CSV
    files, .json, .graphml or .gexf.

    Tables go to standard output, everything else to standard error. Exit codes: 0 done, 1 something is wrong with the
    data or the question, 2 a wrong option, 130 interrupted, 141 nobody reads on. Completion of commands, options and
    names by the shell:

    \b
    eval "$(_GRAPHMODEL_COMPLETE=bash_source graphmodel)"    also zsh_source, fish_source
    """  # noqa: D301 - click wants the backspace itself


def keep(folder: Path, force: bool) -> None:
    """Refuse a folder that holds anything, unless told to replace it."""
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise DataPackageError(f"{folder}: is not empty; choose another folder, or replace the data set with --force")


def load(data: str) -> Network:
    """Read the network a command is about."""
    from graphmodel import datasets  # noqa: PLC0415 - pandas

    return datasets.load(data)


def mineral_of(network: Network, mineral: str | None, product: str | None = None) -> str | None:
    """The mineral asked for; where products come in several units the network's own, or the largest in the product."""
    if mineral is not None or len(network.units()) < 2:
        return mineral
    if product:
        held = {name: network.content(name).get(product, 0.0) for name in network.minerals}
    else:
        held = dict.fromkeys(_used(network) or network.minerals, 1.0)
    chosen = str(network.description.get("mineral", ""))
    if not held.get(chosen):
        chosen = max(held, key=lambda name: held[name], default="")
    if not held.get(chosen):
        return None  # a product without a mineral counts in its own unit
    others = ", ".join(name for name, amount in held.items() if amount)
    click.echo(f"weighed by {chosen}; choose another with --mineral: {others}", err=True)
    return chosen


def _used(network: Network) -> list[str]:
    """List the minerals that final demand holds."""
    from graphmodel.processes import processes  # noqa: PLC0415 - pandas

    wanted = list(processes(network).demand["product"].unique())
    return [name for name in network.minerals if network.content(name).reindex(wanted).gt(0).any()]


def show_each(names: Sequence[str], frame_of: Callable[[str], pd.DataFrame], form: str) -> None:
    """Print one table or several: each under its name, or as one JSON object by name; CSV holds but one."""
    if len(names) == 1:
        show(frame_of(names[0]), form)
    elif form == "csv":
        raise click.UsageError(f"csv holds one table; name it with --table: {', '.join(names)}")
    elif form == "json":
        click.echo("{" + ",".join(f'\n"{name}":{_json(frame_of(name))}' for name in names) + "\n}")
    else:
        for place, name in enumerate(names):
            frame = frame_of(name)
            click.echo("\n" if place else "", nl=False)
            click.echo(f"{name}:", err=True)
            show(frame, form)


def _json(frame: pd.DataFrame) -> str:
    return str(frame.to_json(orient="records", indent=1, force_ascii=False))


def show(frame: pd.DataFrame, form: str, top: int = 0) -> None:
    """Print a table, or its first rows, in the format asked for."""
    frame = frame.head(top) if top > 0 else frame
    if form == "csv":
        click.echo(frame.to_csv(index=False, lineterminator="\n"), nl=False)
    elif form == "json":
        click.echo(_json(frame))
    elif frame.empty:
        click.echo("(no rows)")
    else:
        click.echo(frame.to_string(index=False, float_format=lambda value: f"{value:.4g}", na_rep=""))


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
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


@contextmanager
def pool(workers: int) -> Iterator[Executor | None]:
    """Start processes for a sweep, or none where one is enough."""
    if workers < 2:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - seldom used
    from multiprocessing import get_context  # noqa: PLC0415 - seldom used

    # started afresh: a fork would inherit the solver's and the compiler's threads in the middle of their work
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        yield executor
