"""What projects cover: a grid of minerals and stages, with the cells that are left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from graphmodel.plot import style as look
from graphmodel.plot.cells import EDGES, name_cells, write
from graphmodel.results import CoverageResult


def coverage_map(
    result: CoverageResult,
    *,
    region: str | Collection[str] | None = None,
    ax: Axes | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
    **style: Any,
) -> Axes:
    """Draw how many projects stand at each stage of each mineral's chain, empty where there is none.

    Parameters
    ----------
    result : CoverageResult
    region : str or list of str, optional
        Count only these regions; all when absent.
    ax : Axes, optional
        Drawn on a new figure when absent.
    names : mapping, optional
        Words to print for minerals and stages.
    title : str
        Printed above, from the left.
    **style
        Passed to `matplotlib.axes.Axes.pcolormesh`.

    Raises
    ------
    UnknownNameError
        If the table has no such region.

    Notes
    -----
    Blank ground: the mineral is not made into anything at that stage. A point: it is, and no project is there.

    Examples
    --------
    >>> import graphmodel as gm, pandas as pd
    >>> plan = pd.DataFrame({"project_id": ["refine-b"], "country": "USA", "stage": "refining",
    ...     "material": "lithium-salt", "capacity": 500.0})
    >>> ax = gm.plot.coverage_map(gm.coverage(gm.load("toy-battery"), plan))
    >>> [(stage.get_text(), n.get_text()) for stage, n in zip(ax.get_xticklabels(), ax.texts)]
    [('Mining', '·'), ('Refining', '1'), ('Cell', '·')]
    """
    table = result.table
    for one in [region] if isinstance(region, str) else region or ():
        look.chosen_or_first(one, table["region"].astype(str), "region")
    if region is not None:
        table = table[table["region"].isin([region] if isinstance(region, str) else list(region))]
    minerals, stages = list(dict.fromkeys(table["mineral"])), _stages(result)
    ax = look.axes_or_new(ax, height=26 + 5.2 * max(len(minerals), 3))
    look.head(ax, title)
    if not minerals:
        return look.nothing_to_draw(ax, "no mineral is made in this network")
    counts = table.groupby(["mineral", "stage"])["n_projects"].sum()
    grid = counts.unstack().reindex(index=minerals, columns=stages).to_numpy(dtype=float)
    edges = np.arange(len(stages) + 1), np.arange(len(minerals) + 1)
    most = max(float(np.nanmax(grid)), 1.0)
    shown = np.ma.masked_where(~(grid > 0), grid)
    ground = np.ma.masked_invalid(np.where(np.isnan(grid), np.nan, 0.0))
    ax.pcolormesh(*edges, ground, cmap="Greys", vmin=-0.2, vmax=1.0, **EDGES)
    ax.pcolormesh(*edges, shown, **{"cmap": "Blues", "vmin": -0.3 * most, "vmax": 1.2 * most, **EDGES, **style})
    for row, column in np.argwhere(~np.isnan(grid)):
        count = int(grid[row, column])
        write(ax, int(column), row + 0.5, str(count) if count else "·", count / most, va="center_baseline")
    words = names or {}
    labels = [look.plain(look.sentence(words.get(stage, stage)), 24) for stage in stages]
    rows = [look.plain(look.sentence(words.get(name) or name.replace("-", " ")), 34) for name in minerals]
    name_cells(ax, rows, labels, fewest=len(labels))
    look.x_title(ax, "number of projects; a point: made in the world, no project; blank: no such stage")
    return ax


def _stages(result: CoverageResult) -> list[str]:
    """Stages along the chain: each after all that come before it in any mineral's rows."""
    before: dict[str, set[str]] = {}
    for _, rows in result.table.groupby("mineral", sort=False):
        along = list(dict.fromkeys(rows["stage"].astype(str)))
        for place, stage in enumerate(along):
            before.setdefault(stage, set()).update(along[:place])
    ordered: list[str] = []
    while before:
        ready = sorted(stage for stage, earlier in before.items() if earlier <= set(ordered))
        first = ready[0] if ready else min(before)
        ordered.append(first)
        del before[first]
    return ordered
