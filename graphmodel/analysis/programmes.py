"""What whole programmes keep served: all their projects together, alone and on top of all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
import pandas as pd

from graphmodel._types import BoolArray, FloatArray
from graphmodel.analysis.disruptions import Counted, checked_top
from graphmodel.analysis.entry import enter, site_names
from graphmodel.analysis.shutting import Running
from graphmodel.analysis.uncertainty import DOUBT, INTERVAL, share_draw, triangular
from graphmodel.analysis.valued import Valued, tail
from graphmodel.errors import ParameterError
from graphmodel.network import Network
from graphmodel.processes import processes
from graphmodel.project_tables import ENTERING, checked_projects
from graphmodel.results import ProgrammeResult


def programme_worth(
    network: Network,
    programmes: Mapping[str, pd.DataFrame],
    *,
    response: str = "frozen",
    mineral: str | None = None,
    product: str | Sequence[str] | None = None,
    consumer: str | Sequence[str] | None = None,
    by: str | Sequence[str] = "industry",
    top: int | None = None,
    draws: int = 0,
    rng: np.random.Generator | int = 0,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
) -> ProgrammeResult:
    """Compare programmes by what all their projects together keep served.

    Parameters
    ----------
    network : Network
    programmes : mapping
        Projects of each programme, as `worth` takes them; a project may stand in several.
    response, mineral, product, consumer, by, top, progress, executor
        As in `worth`.
    draws : int
        How often who supplies whom, and what each project makes, is drawn anew for the intervals (``frozen`` only).
    rng : Generator or int
        Chance of the draws.

    Returns
    -------
    ProgrammeResult
        ``programme``, ``n_projects`` (sites listed), ``n_entering`` (those that can enter), ``alone`` (share of demand
        that they keep served together, in the mean over the disruptions, with no other project), ``last`` (what would
        be missing of all programmes' projects without its own, shared ones too), ``worst`` and ``tail`` (by how much
        the worst loss, and the mean of the worst 5 %, fall), ``share`` (of ``loss_without`` that ``alone`` is), and
        with ``draws`` its ``low`` and ``high`` (5 and 95 % of the draws lie below). Sorted by ``alone``. In
        ``parameters`` ``averted``, ``averted_low`` and ``averted_high``: the same of all of them together; and the mean
        loss, the worst and that tail without any project and with all (``loss_without``, ``loss_with_all`` …).

    Raises
    ------
    EmptySelectionError, UnknownNameError, ParameterError
        As in `worth`.

    Notes
    -----
    Programmes overlap, so their values do not add up: a project with two backers counts for both. Two coalitions a
    programme. A draw takes the flows as in `uncertainty` and each project's capacity as triangular around 1 with the
    half-width `graphmodel.analysis.uncertainty.DOUBT` of its grade (``assumed`` where none is stated), and the same
    disruptions. Which projects are listed, whether they are built, demand and recipes are taken as known.

    Examples
    --------
    >>> import graphmodel as gm
    >>> net = gm.load("minerals-2024-sparse")
    >>> both = {name: gm.projects(name) for name in ("KR", "JP")}
    >>> table = gm.programme_worth(net, both, mineral="cobalt", top=8).table
    >>> table.set_index("programme").loc["JP", "n_projects"].item() == gm.projects("JP")["site"].nunique()
    True
    """
    top = checked_top(response, top)
    if not draws >= 0:
        raise ParameterError(f"draws is {draws}, but must be 0 or more")
    if draws and response != "frozen":
        raise ParameterError("draws are of who supplies whom, which reroute does not hold to; use response='frozen'")
    counted = {"mineral": mineral, "product": product, "consumer": consumer}
    running = Running(executor, None, progress)
    valued, held = programmes_valued(network, programmes, response, counted, by, top, running)
    nobody = np.zeros((1, held.shape[1]), dtype=bool)
    sets = np.vstack([nobody, ~nobody, held, ~held])
    lost = valued.losses(sets)
    without, everyone, alone, rest = lost[0], lost[1], lost[2 : 2 + len(held)], lost[2 + len(held) :]
    table = pd.DataFrame(
        {
            "programme": list(programmes),
            "n_projects": [site_names(each).nunique() for each in programmes.values()],
            "n_entering": held.sum(axis=1),
            "alone": without.mean() - alone.mean(axis=1),
            "last": rest.mean(axis=1) - everyone.mean(),
            "worst": without.max() - alone.max(axis=1),
            "tail": tail(without) - tail(alone),
        }
    )
    table["share"] = table["alone"] / without.mean()
    drawn = _averted(valued, sets[: 2 + len(held)], draws, np.random.default_rng(rng), running)
    low, high = np.quantile(drawn, INTERVAL, axis=0) if draws else np.full((2, 1 + len(held)), np.nan)
    table["low"], table["high"] = low[1:], high[1:]
    return ProgrammeResult(
        table.sort_values(["alone", "programme"], ascending=[False, True]),
        network=network,
        parameters={
            **valued.parameters,
            "disruptions": len(valued.names),
            "loss_without": float(without.mean()),
            "loss_with_all": float(everyone.mean()),
            "worst_without": float(without.max()),
            "worst_with_all": float(everyone.max()),
            "tail_without": float(tail(without)),
            "tail_with_all": float(tail(everyone)),
            "averted": float(1.0 - everyone.mean() / without.mean()),
            "averted_low": float(low[0]),
            "averted_high": float(high[0]),
            "draws": draws,
            "rng": rng if isinstance(rng, int) and draws else None,
        },
        units=dict.fromkeys(("alone", "last", "worst", "tail"), "share of final demand"),
    )


def _averted(valued: Valued, sets: BoolArray, draws: int, rng: np.random.Generator, running: Running) -> FloatArray:
    """Draw the share of the mean loss without any project that each further set averts, (draws, sets - 1)."""
    entry = valued.entry
    work, stated = processes(entry.present), entry.projects["capacity"]
    draw = share_draw(entry.present, work)
    graded = entry.projects["evidence"] if "evidence" in entry.projects else pd.Series("", index=stated.index)
    doubt = graded.map(DOUBT).fillna(DOUBT["assumed"]).to_numpy(dtype=float)
    averted = []
    for one in range(draws):
        makes = stated * triangular(rng.random(len(stated)), 1.0 - doubt, 1.0 + doubt)
        other = enter(entry.present, entry.projects.assign(capacity=makes), work=replace(work, share=draw(rng)))
        lost = valued.again(other).losses(sets).mean(axis=1)
        averted.append(1.0 - lost[1:] / lost[0])
        running.tell(one + 1, draws)
    return np.array(averted)


def programmes_valued(
    network: Network,
    programmes: Mapping[str, pd.DataFrame],
    response: str,
    counted: Counted,
    by: str | Sequence[str],
    top: int,
    running: Running,
) -> tuple[Valued, BoolArray]:
    """Let the projects of several programmes enter; return their game, and which sites each programme has, (P, S)."""
    checked = [
        checked_projects(each, network, needs=ENTERING, file=f"projects of {name}") for name, each in programmes.items()
    ]
    union = pd.concat(checked).drop_duplicates("project_id", ignore_index=True)
    valued = Valued(enter(network, union), response, counted, by, top, running)
    return valued, np.array([valued.entry.sites_of(each["project_id"]) for each in programmes.values()])
