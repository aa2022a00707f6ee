"""Names to print for what a network's tables hold under codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.places import country_names
from graphmodel.results import Result

WORK = ("ing", "tion")
"""Ends of the names of stages that say what is done, as mining, not what is made, as cathode."""


def stage_words(network: Network, *, lower: bool = True) -> dict[str, str]:
    """Return the names of stages; in lower case inside a phrase."""
    labels = {str(row.stage): str(row.label or row.stage) for row in look.rows(network.stages)}
    return {stage: label.lower() if lower else label for stage, label in labels.items()}


def material_words(network: Network) -> dict[str, str]:
    """Return the names of materials that have one."""
    return {str(row.material): str(row.label) for row in look.rows(network.table("materials")) if row.label}


def industry_words(network: Network) -> dict[str, str]:
    """Return what names the parts of an industry: country, stage, and mineral."""
    return {**country_names(), **network.words}


def industry_phrase(network: Network, industry: str) -> tuple[str, str]:
    """Say what an industry does and where.

    Examples
    --------
    >>> import graphmodel as gm
    >>> net = gm.load("minerals-2024")
    >>> industry_phrase(net, "CHN:refining:cobalt"), industry_phrase(net, "CHN:intermediate:aluminium")
    (('cobalt refining', 'China'), ('aluminium intermediate production', 'China'))
    """
    words = industry_words(network)
    country, stage, *mineral = (words.get(part, part) for part in industry.split(":", 2))
    work = [] if stage.endswith(WORK) else ["production"]
    return " ".join([*filter(None, mineral), stage, *work]), country


def whose(words: Mapping[str, str], product: str | Sequence[str] | None, consumer: str | Sequence[str] | None) -> str:
    """Say whose demand counts, "" where all does.

    Examples
    --------
    >>> whose({"KOR": "South Korea"}, None, "KOR"), whose({}, None, None)
    (' of South Korea', '')
    """
    what, who = (
        look.plain(", ".join(words.get(name, name) for name in ([named] if isinstance(named, str) else named or ())))
        for named in (product, consumer)
    )
    return f" for {what}" * bool(what) + f" of {who}" * bool(who)


def demand_lost(result: Result, names: Mapping[str, str] | None) -> str:
    """Title an axis of losses: of whose demand, and in what they are counted.

    Examples
    --------
    >>> import graphmodel as gm
    >>> demand_lost(gm.removal(gm.load("toy-battery"), mineral="lithium", consumer="USA"), {"USA": "United States"})
    'share of final demand of United States lost, in tonnes of lithium'
    """
    words, how = names or {}, result.parameters
    mineral = str(how.get("mineral") or "")
    held = f", in tonnes of {words.get(mineral) or mineral.replace('-', ' ')}" if mineral else ""
    return f"share of final demand{whose(words, how.get('product'), how.get('consumer'))} lost{held}"  # type: ignore[arg-type]
