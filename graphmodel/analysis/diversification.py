"""What a scenario changes: concentration, exposure and worst losses, without and with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from graphmodel.analysis.concentration import concentration
from graphmodel.analysis.removal import removal
from graphmodel.network import Network
from graphmodel.results import DiversificationResult
from graphmodel.scenario import Scenario, applied

LENSES = ("country", "control")


def diversification(
    network: Network,
    scenario: Scenario,
    *,
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
) -> DiversificationResult:
    """Compare a network without and with a scenario, by location and by control.

    Parameters
    ----------
    network : Network
    scenario : Scenario
        Usually projects added; any scenario will do.
    mineral : str, optional
        Mineral in which stages and products are added up. Needed where units differ.
    product, consumer : str or list of str, optional
        Count only losses of these products, or of these countries; concentration is the world's.

    Returns
    -------
    DiversificationResult
        ``measure``, ``stage`` ("all" for losses), ``lens`` (country or control), ``without``, ``with_scenario``,
        ``change``. Measures: ``hhi`` (named groups), ``effective_number``, ``largest_share``;
        ``worst_loss``: largest frozen loss share when one group is shut; ``worst_loss_outside``: the same leaving out
        the group that is worst without the scenario; ``mean_loss``: mean over groups, weighted by nothing.

    Notes
    -----
    A vector, never one number. Losses are frozen: what a project is worth when others could reroute is less.
    New plants give way to nobody's demand; see `graphmodel.scenario.addition`.

    Examples
    --------
    >>> import graphmodel as gm
    >>> toy = gm.load("toy-battery")
    >>> half = gm.Scenario("mine A halves").shut(0.5, node_id="mine-a")
    >>> table = gm.diversification(toy, half, mineral="lithium").table
    >>> table.query("measure == 'worst_loss' and lens == 'country'")[["without", "with_scenario"]]
       without  with_scenario
    18      1.0            1.0
    """
    counted = {"mineral": mineral, "product": product, "consumer": consumer}
    after = applied(scenario, network)
    rows = [row for lens in LENSES for row in _concentrations(network, after, lens, mineral)]
    rows += [row for lens in LENSES for row in _losses(network, after, lens, counted)]
    table = pd.DataFrame(rows, columns=["measure", "stage", "lens", "without", "with_scenario"])
    table["change"] = table["with_scenario"] - table["without"]
    return DiversificationResult(table, network=network, parameters={"scenario": scenario.name, **counted})


Row = tuple[str, str, str, float, float]


def _concentrations(before: Network, after: Network, lens: str, mineral: str | None) -> list[Row]:
    """Concentration of every stage, with and without."""
    columns = {"hhi": "hhi_low", "effective_number": "effective_number", "largest_share": "largest_share"}
    tables = [
        concentration(network, by=lens, mineral=mineral).table.set_index(["stage", "material"])  # type: ignore[arg-type]
        for network in (before, after)
    ]
    rows = []
    for stage, material in tables[0].index:
        name = stage if mineral is not None else f"{stage} {material}"
        for measure, column in columns.items():
            values = [float(t[column].get((stage, material), np.nan)) for t in tables]
            rows.append((measure, name, lens, values[0], values[1]))
    return rows


def _losses(before: Network, after: Network, lens: str, counted: Mapping[str, Any]) -> list[Row]:
    """Losses when one group is shut, with and without."""
    shares = [
        removal(network, by=lens, **counted).table.set_index("removed")["loss_share"] for network in (before, after)
    ]
    worst = str(shares[0].idxmax())
    outside = [share.drop(worst, errors="ignore") for share in shares]
    second = [float(share.max()) if len(share) else 0.0 for share in outside]
    return [
        ("worst_loss", "all", lens, float(shares[0].max()), float(shares[1].max())),
        ("worst_loss_outside", "all", lens, second[0], second[1]),
        ("mean_loss", "all", lens, float(shares[0].mean()), float(shares[1].mean())),
    ]
