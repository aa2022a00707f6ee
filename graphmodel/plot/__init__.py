"""Results in, Axes out: one module a result. Nothing here computes, shows, saves or sets a default."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from matplotlib.axes import Axes

from graphmodel.errors import UnknownNameError
from graphmodel.plot import places
from graphmodel.plot.centrality import centrality_against_loss as centrality_against_loss
from graphmodel.plot.centrality import centrality_ranking as centrality_ranking
from graphmodel.plot.chord import draw_chord as draw_chord
from graphmodel.plot.claims import claim_dumbbells as claim_dumbbells
from graphmodel.plot.closure import basis_bars as basis_bars
from graphmodel.plot.closure import closure_bars as closure_bars
from graphmodel.plot.concentration import concentration_ranges as concentration_ranges
from graphmodel.plot.concentration import stage_shares as stage_shares
from graphmodel.plot.coverage import coverage_map as coverage_map
from graphmodel.plot.cuts import route_bars as route_bars
from graphmodel.plot.dependence import dependence_by_stage as dependence_by_stage
from graphmodel.plot.diversification import before_and_after as before_and_after
from graphmodel.plot.diversification import dumbbells as dumbbells
from graphmodel.plot.downstream import loss_steps as loss_steps
from graphmodel.plot.effects import effect_dots as effect_dots
from graphmodel.plot.exceedance import exceedance_curves as exceedance_curves
from graphmodel.plot.flow_diagram import draw_flows as draw_flows
from graphmodel.plot.flow_diagram import flow_diagram as flow_diagram
from graphmodel.plot.flow_table import flow_table as flow_table
from graphmodel.plot.import_reliance import import_reliance_bars as import_reliance_bars
from graphmodel.plot.indices import agreement_intervals as agreement_intervals
from graphmodel.plot.indices import benchmark_marks as benchmark_marks
from graphmodel.plot.indices import index_ranges as index_ranges
from graphmodel.plot.layered import draw_layers as draw_layers
from graphmodel.plot.losses import breakdown_by_product as breakdown_by_product
from graphmodel.plot.losses import loss_by_product as loss_by_product
from graphmodel.plot.matrices import dependence_matrix as dependence_matrix
from graphmodel.plot.matrices import largest_by_stage as largest_by_stage
from graphmodel.plot.page import using as using
from graphmodel.plot.pairs import pair_map as pair_map
from graphmodel.plot.percolation import percolation_curves as percolation_curves
from graphmodel.plot.portfolio import portfolio_frontier as portfolio_frontier
from graphmodel.plot.portfolio import stranded_ranges as stranded_ranges
from graphmodel.plot.quality import evidence_bars as evidence_bars
from graphmodel.plot.quality import weakest_ranking as weakest_ranking
from graphmodel.plot.removal import bottleneck_ranking as bottleneck_ranking
from graphmodel.plot.removal import chokepoint_ranking as chokepoint_ranking
from graphmodel.plot.removal import esri_ranking as esri_ranking
from graphmodel.plot.removal import marginal_ranking as marginal_ranking
from graphmodel.plot.removal import max_flow_ranking as max_flow_ranking
from graphmodel.plot.removal import overview_ranking as overview_ranking
from graphmodel.plot.removal import removal_ranking as removal_ranking
from graphmodel.plot.removal import rerouting_ranking as rerouting_ranking
from graphmodel.plot.removal import worst_ranking as worst_ranking
from graphmodel.plot.responses import response_ranges as response_ranges
from graphmodel.plot.schedule import start_bars as start_bars
from graphmodel.plot.sensitivity import sensitivity_tornado as sensitivity_tornado
from graphmodel.plot.timeline import duration_lines as duration_lines
from graphmodel.plot.timeline import failure_days as failure_days
from graphmodel.plot.timeline import loss_over_weeks as loss_over_weeks
from graphmodel.plot.uncertainty import rank_intervals as rank_intervals
from graphmodel.plot.uncertainty import uncertainty_intervals as uncertainty_intervals
from graphmodel.plot.world_map import draw_map as draw_map
from graphmodel.plot.world_map import map_table as map_table
from graphmodel.plot.world_map import world_map as world_map
from graphmodel.plot.worth import interaction_bars as interaction_bars
from graphmodel.plot.worth import loss_dumbbells as loss_dumbbells
from graphmodel.plot.worth import outlook_lines as outlook_lines
from graphmodel.plot.worth import programme_ranking as programme_ranking
from graphmodel.plot.worth import worth_ranking as worth_ranking
from graphmodel.results import (
    AgreementResult,
    BottleneckResult,
    BreakdownResult,
    CentralityResult,
    ChokepointResult,
    ClaimsResult,
    ComplianceResult,
    ConcentrationResult,
    CoverageResult,
    CutResult,
    DependenceResult,
    DiversificationResult,
    DurationResult,
    EffectResult,
    EsriResult,
    FirstFailureResult,
    ImportRelianceResult,
    IndexResult,
    InteractionResult,
    LossResult,
    MarginalResult,
    MaxFlowResult,
    OutlookResult,
    OverviewResult,
    PairResult,
    PercolationResult,
    PortfolioResult,
    ProgrammeResult,
    QualityResult,
    RemovalResult,
    ReroutingResult,
    Result,
    SensitivityResult,
    ShareResult,
    TimelineResult,
    UncertaintyResult,
    WeakestResult,
    WorstResult,
    WorthResult,
)

DEFAULTS: dict[type[Result], Callable[..., Axes]] = {
    AgreementResult: agreement_intervals,
    BottleneckResult: bottleneck_ranking,
    BreakdownResult: breakdown_by_product,
    CentralityResult: centrality_ranking,
    ChokepointResult: chokepoint_ranking,
    ClaimsResult: claim_dumbbells,
    ComplianceResult: benchmark_marks,
    ConcentrationResult: concentration_ranges,
    CoverageResult: coverage_map,
    CutResult: route_bars,
    DependenceResult: dependence_by_stage,
    DiversificationResult: before_and_after,
    DurationResult: duration_lines,
    EffectResult: effect_dots,
    EsriResult: esri_ranking,
    FirstFailureResult: failure_days,
    ImportRelianceResult: import_reliance_bars,
    InteractionResult: interaction_bars,
    IndexResult: index_ranges,
    LossResult: loss_by_product,
    MarginalResult: marginal_ranking,
    MaxFlowResult: max_flow_ranking,
    OutlookResult: outlook_lines,
    OverviewResult: overview_ranking,
    PairResult: pair_map,
    PercolationResult: percolation_curves,
    PortfolioResult: portfolio_frontier,
    ProgrammeResult: programme_ranking,
    QualityResult: evidence_bars,
    RemovalResult: removal_ranking,
    ReroutingResult: rerouting_ranking,
    SensitivityResult: sensitivity_tornado,
    ShareResult: stage_shares,
    TimelineResult: loss_over_weeks,
    UncertaintyResult: uncertainty_intervals,
    WeakestResult: weakest_ranking,
    WorstResult: worst_ranking,
    WorthResult: worth_ranking,
}
"""The plot of each result that ``result.plot()`` draws."""


def default(result: Result, *, ax: Axes | None = None, **style: Any) -> Axes:
    """Draw the default plot of a result, on ``ax`` or on a new figure (``axes.figure``).

    Raises
    ------
    UnknownNameError
        If this kind of result has no plot.

    Examples
    --------
    >>> import graphmodel as gm
    >>> stages = gm.concentration(gm.load("toy-battery"))
    >>> gm.plot.default(stages).get_yticklabels()[0].get_text()
    'Mining · Lithium ore'
    """
    for kind, draw in DEFAULTS.items():
        if isinstance(result, kind):
            if "names" in signature(draw).parameters:
                style = {"names": {**places.country_names(), **result.words}, **style}
            return draw(result, ax=ax, **style)
    raise UnknownNameError(
        f"{type(result).__name__} has no plot; there are plots of {', '.join(k.__name__ for k in DEFAULTS)}"
    )
