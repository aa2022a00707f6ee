"""Where the bars and ribbons of the flow diagram stand. Heights are quantities, columns one unit apart; y runs down."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from graphmodel.plot import style as look
from graphmodel.plot.style import OTHERS

Key = tuple[str, str]
Pair = tuple[str, str]

GAP, GROUP_GAP, LANE_GAP = 0.020, 0.095, 0.11
"""Space between bars, between stages in one column, and above the recycling lane, as shares of the tallest column."""

SWEEPS = 6


@dataclass(eq=False)
class Bar:
    """What one country handles at one stage."""

    stage: str
    country: str
    x: float
    height: float
    y: float = 0.0
    lane: bool = False

    @property
    def middle(self) -> float:
        """Height of its middle."""
        return self.y + self.height / 2


@dataclass(eq=False)
class Ribbon:
    """One flow; ``points`` are the left-to-right places (x, y of its upper edge) it passes."""

    source: Bar
    target: Bar
    width: float
    kind: str
    points: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class Layout:
    """Bars, ribbons and the extent of a diagram."""

    bars: list[Bar]
    ribbons: list[Ribbon]
    columns: list[list[str]]
    lane: list[str]
    height: float
    lane_top: float
    bottom: float


def lay_out(flows: pd.DataFrame, stages: pd.DataFrame) -> Layout:
    """Place every bar and ribbon of a flow table.

    Stages stand in their order from left to right, those of one order below one another. Recycling, and the
    origins that feed only it, stand in a lane below. A flow that skips a stage passes below the bars it skips.
    """
    used = set(flows["source_stage"]) | set(flows["target_stage"])
    stages = stages[stages["stage"].isin(used)].sort_values("order", kind="stable")
    lane = recycling_lane(flows, stages)
    main = stages[~stages["stage"].isin(lane)]
    columns = [list(group["stage"]) for _, group in main.groupby("order", sort=True)]
    columns = [sorted(column, key=lambda stage: -_handled(flows, stage)) for column in columns]
    place = {stage: float(x) for x, column in enumerate(columns) for stage in column}
    place |= _lane_places(flows, lane, place, len(columns))
    bars = _bars(flows, place, set(lane))
    ribbons = _ribbons(flows, bars)
    height = max([sum(bar.height for bar in bars.values() if bar.stage in column) for column in columns] or [1.0])
    gap = GAP * height
    bypass = _bypass(ribbons, columns)
    order = _Order(columns, bars, ribbons, bypass, gap, GROUP_GAP * height)
    order.settle()
    deepest = max([order.bottom(x) for x in range(len(columns))] or [height])
    lane_top = deepest + LANE_GAP * height
    bottom = deepest
    turning = sum(ribbon.width for ribbon in ribbons if ribbon.kind == "return" and ribbon.target.lane)
    taking = {ribbon.target.stage for ribbon in ribbons}
    for stage in lane:
        y = lane_top if stage in taking else lane_top + turning
        for bar in sorted((bar for bar in bars.values() if bar.stage == stage), key=_by_size):
            bar.y = y
            y += bar.height + gap * 0.5
        bottom = max(bottom, y)
    _attach(ribbons, order.slots)
    return Layout(list(bars.values()), ribbons, columns, lane, height, lane_top, bottom)


def _handled(flows: pd.DataFrame, stage: str) -> float:
    sent = flows.loc[flows["source_stage"] == stage, "quantity"].sum()
    return float(max(sent, flows.loc[flows["target_stage"] == stage, "quantity"].sum()))


def recycling_lane(flows: pd.DataFrame, stages: pd.DataFrame) -> list[str]:
    """Stages of the recycling lane: recycling itself, and origins that feed it and no process."""
    role = stages.set_index("stage")["role"]
    recycle = list(role.index[role == "recycle"])
    feeding = []
    for stage in role.index[role == "origin"]:
        buyers = set(role[flows.loc[flows["source_stage"] == stage, "target_stage"].unique()])
        if "recycle" in buyers and "process" not in buyers:
            feeding.append(stage)
    return [*recycle, *feeding]


def _lane_places(flows: pd.DataFrame, lane: list[str], place: dict[str, float], n_columns: int) -> dict[str, float]:
    """Recycling midway between what it feeds and what feeds it; collection right of both."""
    fed = [place[name] for name in flows.loc[flows["source_stage"].isin(lane), "target_stage"] if name in place]
    feeding = [place[name] for name in flows.loc[flows["target_stage"].isin(lane), "source_stage"] if name in place]
    left, right = min(fed, default=0.0), max(feeding, default=n_columns - 1.0)
    middle, collected = (left + right) / 2, max(right + 1.0, (left + right) / 2 + 1.0)
    taking = set(flows["target_stage"])
    n_taking = sum(stage in taking for stage in lane)
    places: dict[str, float] = {}
    for stage in lane:
        if stage in taking:
            places[stage] = middle + (len(places) - (n_taking - 1) / 2)
        else:
            places[stage] = collected
            collected += 1.0
    return places


def _bars(flows: pd.DataFrame, place: dict[str, float], lane: set[str]) -> dict[Key, Bar]:
    sent: dict[Key, float] = {}
    taken: dict[Key, float] = {}
    for row in look.rows(flows):
        source, target = (row.source_stage, row.source), (row.target_stage, row.target)
        sent[source] = sent.get(source, 0.0) + row.quantity
        taken[target] = taken.get(target, 0.0) + row.quantity
    heights = {key: float(max(sent.get(key, 0.0), taken.get(key, 0.0))) for key in sorted({*sent, *taken})}
    return {key: Bar(*key, place[key[0]], height, lane=key[0] in lane) for key, height in heights.items()}


def _ribbons(flows: pd.DataFrame, bars: dict[Key, Bar]) -> list[Ribbon]:
    ribbons = []
    for row in look.rows(flows):
        source, target = bars[(row.source_stage, row.source)], bars[(row.target_stage, row.target)]
        if source.lane and target.lane:
            kind = "lane"
        elif target.x > source.x:
            kind = "forward"
        else:
            kind = "return"
        ribbons.append(Ribbon(source, target, float(row.quantity), kind))
    return ribbons


def _bypass(ribbons: list[Ribbon], columns: list[list[str]]) -> dict[int, list[Pair]]:
    """Stage pairs that pass each column, those that rejoin soonest on top."""
    rank = {stage: place for column in columns for place, stage in enumerate(column)}
    passing: dict[int, set[tuple[int, float, float, Pair]]] = {x: set() for x in range(len(columns))}
    for ribbon in ribbons:
        if ribbon.kind != "forward" or ribbon.source.lane:
            continue
        pair = (ribbon.source.stage, ribbon.target.stage)
        for x in range(int(ribbon.source.x) + 1, int(ribbon.target.x)):
            passing[x].add((rank.get(pair[1], 0), ribbon.target.x, -ribbon.source.x, pair))
    return {x: [entry[-1] for entry in sorted(entries)] for x, entries in passing.items()}


def _by_size(bar: Bar) -> tuple[bool, float, str]:
    return bar.country == OTHERS, -bar.height, bar.country


class _Order:
    """Order of the bars in each column, settled by moving each towards what it is joined to."""

    def __init__(
        self,
        columns: list[list[str]],
        bars: dict[Key, Bar],
        ribbons: list[Ribbon],
        bypass: dict[int, list[Pair]],
        gap: float,
        group_gap: float,
    ) -> None:
        self.columns, self.ribbons, self.bypass, self.gap, self.group_gap = columns, ribbons, bypass, gap, group_gap
        self.groups = {
            stage: sorted((bar for bar in bars.values() if bar.stage == stage), key=_by_size)
            for column in columns
            for stage in column
        }
        self.slots: dict[tuple[Pair, int], float] = {}
        self.width: dict[Pair, float] = {}
        for ribbon in ribbons:
            pair = (ribbon.source.stage, ribbon.target.stage)
            self.width[pair] = self.width.get(pair, 0.0) + ribbon.width

    def settle(self) -> None:
        for x in range(len(self.columns)):
            self._stack(x)
        for sweep in range(SWEEPS):
            forward = sweep % 2 == 0
            for x in range(len(self.columns)) if forward else reversed(range(len(self.columns))):
                for stage in self.columns[x]:
                    self.groups[stage].sort(key=lambda bar: (self._pull(bar, forward), _by_size(bar)))
                self._stack(x)

    def bottom(self, x: int) -> float:
        ends = [bar.y + bar.height for stage in self.columns[x] for bar in self.groups[stage]]
        ends += [self.slots[pair, x] + self.width[pair] for pair in self.bypass[x]]
        return max(ends)

    def _pull(self, bar: Bar, forward: bool) -> float:
        """Mean height of what stands on one side of a bar."""
        total = weighted = 0.0
        for ribbon in self.ribbons:
            if ribbon.kind != "forward" or bar not in (ribbon.source, ribbon.target):
                continue
            if (bar is ribbon.target) != forward:
                continue
            other = ribbon.source if forward else ribbon.target
            beside = int(bar.x) - 1 if forward else int(bar.x) + 1
            pair = (ribbon.source.stage, ribbon.target.stage)
            slot = self.slots.get((pair, beside))
            middle = other.middle if slot is None else slot + self.width[pair] / 2
            total += ribbon.width
            weighted += ribbon.width * middle
        return weighted / total if total else bar.middle

    def _stack(self, x: int) -> None:
        y = 0.0
        first = True
        for stage in self.columns[x]:
            if first:
                y = self._stack_stage(stage, y)
                for pair in self.bypass[x]:
                    self.slots[pair, x] = y
                    y += self.width[pair] + self.gap
                first = False
            else:
                y = self._stack_stage(stage, y + self.group_gap)

    def _stack_stage(self, stage: str, y: float) -> float:
        for bar in self.groups[stage]:
            bar.y = y
            y += bar.height + self.gap
        return y


def _attach(ribbons: list[Ribbon], slots: dict[tuple[Pair, int], float]) -> None:
    """Give every ribbon its places on both bars and in the gaps it passes."""
    within: dict[tuple[Pair, int], float] = {}
    passes: dict[int, list[tuple[float, float]]] = {}
    for number, ribbon in sorted(enumerate(ribbons), key=lambda item: (item[1].source.y, item[1].target.y)):
        pair = (ribbon.source.stage, ribbon.target.stage)
        passes[number] = []
        if ribbon.kind != "forward":
            continue
        for x in range(int(ribbon.source.x) + 1, math.ceil(ribbon.target.x)):
            if (pair, x) in slots:
                y = slots[pair, x] + within.get((pair, x), 0.0)
                within[pair, x] = within.get((pair, x), 0.0) + ribbon.width
                passes[number].append((float(x), y))
    sides: dict[tuple[int, str], list[tuple[int, float, float, int, bool]]] = {}
    for number, ribbon in enumerate(ribbons):
        first = passes[number][0][1] if passes[number] else ribbon.target.middle
        last = passes[number][-1][1] if passes[number] else ribbon.source.middle
        leaves, enters = sides_of(ribbon)
        at_source, at_target = (0, first, ribbon.target.middle), (0, last, ribbon.source.middle)
        if ribbon.kind == "return":  # nested turns: what is lowest outside the lane is highest in it
            at_source = (int(not ribbon.source.lane), -ribbon.target.middle, 0.0)
            at_target = (int(not ribbon.target.lane), -ribbon.source.middle, 0.0)
        elif ribbon.kind == "lane":
            at_source, at_target = (1, first, 0.0), (1, last, 0.0)
        sides.setdefault((id(ribbon.source), leaves), []).append((*at_source, number, True))
        sides.setdefault((id(ribbon.target), enters), []).append((*at_target, number, False))
    start: dict[int, float] = {}
    end: dict[int, float] = {}
    for entries in sides.values():
        used = 0.0
        for *_, number, leaving in sorted(entries):
            ribbon = ribbons[number]
            (start if leaving else end)[number] = (ribbon.source if leaving else ribbon.target).y + used
            used += ribbon.width
    for number, ribbon in enumerate(ribbons):
        ribbon.points = [(ribbon.source.x, start[number]), *passes[number], (ribbon.target.x, end[number])]


def sides_of(ribbon: Ribbon) -> tuple[str, str]:
    """Sides on which a ribbon leaves its source and enters its target; the lane runs from right to left."""
    if ribbon.kind == "lane":
        return ("left", "right") if ribbon.target.x < ribbon.source.x else ("right", "left")
    if ribbon.kind == "return":
        return "left" if ribbon.source.lane else "right", "right" if ribbon.target.lane else "left"
    return "right", "left"
