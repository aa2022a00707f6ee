"""Options that several commands share: said once, and handed over as one value where they belong together."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from graphmodel.cli import names
from graphmodel.cli.group import DEFAULT, mineral_of
from graphmodel.errors import ParameterError, listed

if TYPE_CHECKING:
    import pandas as pd

    from graphmodel.network import Network
    from graphmodel.scenario import Scenario

Command = Callable[..., None]
Option = Callable[[Command], Command]

Response = Literal["reachability", "reroute", "adapt", "frozen"]
Links = Literal["any", "existing"]
RESPONSES: tuple[Response, ...] = ("reachability", "reroute", "adapt", "frozen")
"""As in `graphmodel.analysis.responses`, which is too heavy for a help text."""

_LENSES = (
    "plant (each single facility), node, industry (country, stage and mineral), country, control, owner, alliance, "
    "stage, corridor, country,stage …"
)

data = click.argument("data", default=DEFAULT, metavar="[DATA]", shell_complete=names.data_sets)
mineral = click.option(
    "--mineral", "-m", shell_complete=names.minerals, help="Weigh products by the tonnes of this mineral they hold."
)
product = click.option("--product", "-p", help="Count only the final demand for this product.")
consumer = click.option(
    "--consumer", "-c", shell_complete=names.consumers,
    help="Count only the final demand of this country, as ISO alpha-3 code.",
)  # fmt: skip
evenly = click.option("--evenly", is_flag=True, help="Let every final product count the same, in place of --mineral.")
form = click.option(
    "--format", "-f", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
force = click.option("--force", is_flag=True, help="Replace the data set in a folder that is not empty.")
severity = click.option("--severity", default=1.0, show_default=True, help="Share that stops, 0 to 1.")
growth = click.option(
    "--growth", default=0.1, show_default=True,
    help="Under adapt: share by which flows may grow, and which new links may reach of what a buyer takes in.",
)  # fmt: skip
links = click.option(
    "--links", type=click.Choice(["any", "existing"]), default="any", show_default=True,
    help="Under reroute and adapt: buy from every maker, or only from those that sell to the buyer today.",
)  # fmt: skip
stocks = click.option("--stocks", is_flag=True, help="Under reroute and adapt: use up within the year what is held.")
response = click.option("--response", type=click.Choice(RESPONSES), default="frozen", show_default=True)
responses = click.option(
    "--response", "responses", type=click.Choice(RESPONSES), multiple=True, help="Repeat for several; all when absent."
)
rerouted = click.option("--response", type=click.Choice(["reroute", "adapt"]), default="reroute", show_default=True)
folder = click.option("--folder", type=click.Path(path_type=Path), help="Keep finished parts here and go on from them.")
workers = click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, help="How many to work at the same time."
)


def top(default: int, what: str = "Rows to show") -> Option:
    """Say how many rows a command shows."""
    return click.option("--top", default=default, show_default=True, help=f"{what}; 0 for all.")


def _together(name: str, kind: Callable[..., Any], keys: Sequence[str], options: Sequence[Option]) -> Option:
    """Add options to a command and hand their values over as one argument."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(**values: Any) -> None:
            command(**{name: kind(**{key: values.pop(key) for key in keys})}, **values)

        wrapped: Command = run
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorate


class Demand(NamedTuple):
    """Which final demand counts, and by what weight."""

    mineral: str | None
    product: str | None
    consumer: str | None
    evenly: bool = False

    def weighed(self, network: Network) -> dict[str, Any]:
        """Return parameters of an analysis; where products cannot be added, a mineral is chosen and said."""
        chosen = self.mineral if self.evenly else mineral_of(network, self.mineral, self.product)
        return {**self._asdict(), "mineral": chosen}


class Grouping(NamedTuple):
    """What stops together."""

    by: str
    equity: float

    def named(self) -> dict[str, Any]:
        """Return parameters of an analysis, with the members of alliances where the lens asks for them."""
        return {"by": self.by, "equity": self.equity, "members": members([self.by])}


class Event(NamedTuple):
    """What stops in a scenario: a selection, exports, corridors, a past disruption, or several of them at once."""

    where: tuple[str, ...]
    ban: str | None
    to: tuple[str, ...]
    corridor: tuple[str, ...]
    shock: str | None
    severity: float

    @property
    def words(self) -> list[str]:
        """The options that ask for it; none where nothing is asked for."""
        severity = () if self.severity == 1 else (self.severity,)
        asked = {**self._asdict(), "severity": severity}
        every = {name: (value,) if isinstance(value, str) else value or () for name, value in asked.items()}
        return [f"--{name} {shlex.quote(str(one))}" for name, values in every.items() for one in values]

    @property
    def mineral(self) -> str | None:
        """The mineral of the selection, if it names just one."""
        named = _selection(self.where).get("mineral")
        return named if isinstance(named, str) else None

    def scenario(self) -> Scenario:
        """Put it together."""
        from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas
        from graphmodel.scenario import Scenario  # noqa: PLC0415 - pandas

        if self.to and self.ban is None:
            raise click.UsageError("--to says who may not be sold to; it needs --ban")
        if not (self.where or self.ban or self.corridor or self.shock):
            raise click.UsageError("nothing stops; name --where, --ban, --corridor or --shock")
        chosen, buyers = _selection(self.where), _selection(self.to, "--to")
        past = shipped.shock(self.shock) if self.shock else Scenario()
        words = (past.name if self.shock else "", *self.where, self.ban, *self.to, *self.corridor)
        scenario = Scenario(" ".join(filter(None, words)), past.changes, members([*chosen, *buyers]))
        if self.ban is not None:
            material = () if self.ban == "all" else self.ban
            scenario = scenario.cap(1.0 - self.severity, material=material, sellers=chosen, buyers=buyers)
        elif chosen:
            scenario = scenario.shut(self.severity, **chosen)
        return scenario.close(self.corridor, self.severity) if self.corridor else scenario


def tell(scenario: Scenario, network: Network) -> None:
    """Say on standard error which nodes a scenario shuts."""
    from graphmodel.scenario import select  # noqa: PLC0415 - pandas

    for change in scenario.changes:
        if change.kind == "shut":
            shut = select(network, change.where, members=scenario.members) & ~network.has_role("sink")
            ids = list(network.nodes["node_id"][shut])
            part = "" if change.amount == 0 else f"{1 - change.amount:.0%} of "
            click.echo(f"shut {part}{len(ids)} node{'s' * (len(ids) != 1)}: {listed(ids)}", err=True)


demand = _together("demand", Demand, ("mineral", "product", "consumer"), (mineral, product, consumer))
weighed_demand = _together(
    "demand", Demand, ("mineral", "product", "consumer", "evenly"), (mineral, product, consumer, evenly)
)


def grouped(default: str) -> Option:
    """Say what stops together."""
    by = click.option(
        "--by", default=default, show_default=True, metavar="LENS", shell_complete=names.lenses, help=_LENSES
    )
    equity = click.option(
        "--equity", default=0.5, show_default=True, help="Least share an owner must hold, with --by owner."
    )
    return _together("grouping", Grouping, ("by", "equity"), (by, equity))


event = _together(
    "event",
    Event,
    Event._fields,
    (
        click.option(
            "--where", "-w", "where", multiple=True, metavar="KEY=VALUE",
            help="Which nodes: any column, owner, equity, alliance, outside, material, mineral or role. "
            "Repeat to narrow.",
        ),
        click.option(
            "--ban", metavar="MATERIAL", help="Leave --where running, but stop what it sells of this, or of 'all'."
        ),
        click.option(
            "--to", multiple=True, metavar="KEY=VALUE", help="With --ban: only to these buyers, as in --where."
        ),
        click.option("--corridor", multiple=True, help="Close a corridor of the network; repeat for several."),
        click.option("--shock", help="Let a past disruption come again, such as SH030."),
        severity,
    ),
)  # fmt: skip
"""What happens, in every command about one scenario."""


def _selection(where: tuple[str, ...], option: str = "--where") -> dict[str, Any]:
    from graphmodel.scenario import read_where  # noqa: PLC0415 - pandas

    try:
        return read_where(where)
    except ParameterError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def members(keys: Iterable[str]) -> pd.DataFrame | None:
    """Membership of alliances, where a selection or a lens asks for one."""
    if not {"alliance", "outside"} & set(keys):
        return None
    from graphmodel import datasets as shipped  # noqa: PLC0415 - pandas

    return shipped.table("alliances", "members")
