"""Names to print for what a network's tables hold under codes."""

from __future__ import annotations

from graphmodel.network import Network
from graphmodel.plot import style as look
from graphmodel.plot.places import country_names

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
    """Return what names the parts of an industry: country, stage, and mineral.

    A product family such as ``battery`` says no more than its stage and is left out: its name is "".
    """
    families = {str(mineral) for mineral in network.table("materials")["mineral"]}
    minerals = {name: name.replace("-", " ") if name in network.minerals else "" for name in families}
    return {**minerals, **country_names(), **stage_words(network)}


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
