"""What an analysis hands back: a table with declared columns, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Self

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from graphmodel.explore import Page
    from graphmodel.network import Network


class Result:
    """A table of one observation a row, with the network's name and the parameters.

    Subclasses declare `columns`; units stand in `units`, and in `words` what to print for ids.
    """

    columns: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        table: pd.DataFrame,
        *,
        network: Network | str,
        parameters: Mapping[str, object] | None = None,
        units: Mapping[str, str] | None = None,
    ) -> None:
        self._table = table.loc[:, list(self.columns)].reset_index(drop=True)
        self.network = network if isinstance(network, str) else network.name
        self.words: Mapping[str, str] = {} if isinstance(network, str) else network.words
        self.parameters: Mapping[str, object] = MappingProxyType(dict(parameters or {}))
        self.units: Mapping[str, str] = MappingProxyType(dict(units or {}))

    @property
    def table(self) -> pd.DataFrame:
        """A copy of the table."""
        return self._table.copy()

    def of(self, table: pd.DataFrame) -> Self:
        """Return another table of the same kind, made the same way: some rows of this one, as a rule.

        Examples
        --------
        >>> import graphmodel as gm
        >>> found = gm.removal(gm.load("toy-battery"))
        >>> found.of(found.table.query("loss_share > 0.9")).table["label"].tolist()
        ['Refinery A']
        """
        other = copy(self)
        other._table = table.loc[:, list(self.columns)].reset_index(drop=True)
        return other

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        chosen = ", ".join(f"{key}={value!r}" for key, value in self.parameters.items() if value is not None)
        return f"<{type(self).__name__} of {self.network!r} ({chosen})>\n{self._table.to_string(max_rows=20)}"

    def _repr_html_(self) -> str:
        return self._table.to_html(max_rows=30, index=False, escape=True)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the default figure of this result on ``ax``, or on a new one.

        Examples
        --------
        >>> import graphmodel as gm
        >>> ax = gm.removal(gm.load("toy-battery")).plot()
        >>> ax.get_yticklabels()[0].get_text()
        'Refinery A'
        """
        from graphmodel import plot  # noqa: PLC0415 - results are made without matplotlib

        return plot.default(self, ax=ax)

    def explore(self, network: Network) -> Page:
        """Open the page on the network this was made of, with these rows beside and the worst one chosen.

        `Network.explore` says more, and takes the members of alliances.

        Examples
        --------
        >>> import graphmodel as gm
        >>> toy = gm.load("toy-battery")
        >>> page = gm.removal(toy, by="node").explore(toy)
        >>> "<title>Toy battery chain</title>" in page.html
        True
        """
        return network.explore(self)


class ShareResult(Result):
    """Who makes how much at each stage."""

    columns = ("stage", "material", "unit", "group", "quantity", "share")


class ConcentrationResult(Result):
    """How concentrated each stage's output is, over location, control or equity."""

    columns = (
        "stage",
        "material",
        "unit",
        "quantity",
        "n_groups",
        "hhi_low",
        "hhi_high",
        "effective_number",
        "largest",
        "largest_share",
        "unassigned_share",
    )


class CentralityResult(Result):
    """Measures of each node's position, one observation a row."""

    columns = ("node_id", "measure", "value", "rank")


class RemovalResult(Result):
    """Final demand lost when each node, or each group of nodes, is shut."""

    columns = ("removed", "label", "response", "n_nodes", "loss", "loss_share", "rank")


class UncertaintyResult(Result):
    """Final demand lost when each group is shut, over many draws of who supplies whom."""

    columns = (
        "removed",
        "label",
        "n_nodes",
        "rank",
        "loss_share",
        "low",
        "high",
        "mean",
        "sd",
        "rank_low",
        "rank_high",
        "p_first",
        "p_top",
        "n_draws",
    )


class SensitivityResult(Result):
    """The largest loss with each uncertain number at its low and its high, and its part in the variance."""

    columns = (
        "rank",
        "input",
        "kind",
        "country",
        "material",
        "basis",
        "n_flows",
        "factor_low",
        "factor_high",
        "low",
        "high",
        "low_removed",
        "high_removed",
        "swing",
        "first",
        "first_low",
        "first_high",
        "total",
        "total_low",
        "total_high",
    )


class PairResult(Result):
    """Final demand lost when two nodes, or two groups of nodes, are shut together."""

    columns = (
        "first",
        "second",
        "first_label",
        "second_label",
        "response",
        "loss",
        "loss_share",
        "first_share",
        "second_share",
        "extra",
        "synergy",
        "rank",
    )


class WorstResult(Result):
    """The sets of so many nodes, or groups of nodes, whose loss is largest."""

    columns = ("n_removed", "removed", "loss", "loss_share", "bound_share", "gap", "n_sets", "n_solved", "method")


class MaxFlowResult(Result):
    """Final demand that could be delivered at most when each node, or each group of nodes, is shut."""

    columns = ("removed", "label", "n_nodes", "delivered", "loss", "loss_share", "rank")


class DependenceResult(Result):
    """What share of each user's mineral passed each group, at any stage and stage by stage."""

    columns = (
        "consumer",
        "product",
        "stage",
        "group",
        "share",
        "low",
        "high",
        "quantity",
        "demand",
        "unit",
        "traced",
        "hhi",
    )


class ImportRelianceResult(Result):
    """How much of what each country uses of a mineral comes from abroad, by both official formulas."""

    columns = (
        "group",
        "stage",
        "material",
        "unit",
        "production",
        "imports",
        "exports",
        "stock_draw",
        "consumption",
        "nir",
        "ir",
        "unplaced",
        "unmet",
        "estimated_share",
        "unknown",
    )


class CutResult(Result):
    """What all routes to a user must cross, and how many routes there are that share nothing."""

    columns = ("consumer", "product", "measure", "value", "unit", "gap", "members", "demand")


class PercolationResult(Result):
    """What is left of a network as more and more nodes, or groups of nodes, are removed in some order."""

    columns = (
        "order",
        "measure",
        "n_removed",
        "removed_share",
        "value",
        "low",
        "high",
        "n_orders",
        "robustness",
    )


class EsriResult(Result):
    """Share of all sales lost when each node, or each group of nodes, stops: downstream, upstream and together."""

    columns = ("removed", "label", "n_nodes", "esri", "esri_down", "esri_up", "iterations", "rank")


class ChokepointResult(Result):
    """Losses under every response, with centralities beside them."""

    columns = (
        "rank",
        "removed",
        "label",
        "n_nodes",
        "loss",
        "reachability_share",
        "reroute_share",
        "adapt_share",
        "frozen_share",
        "out_strength",
        "betweenness",
        "betweenness_by_flow",
        "pagerank",
        "reversed_pagerank",
    )


class LossResult(Result):
    """Final demand lost under one scenario, by product and consuming country."""

    columns = ("response", "product", "consumer", "unit", "demand", "loss", "loss_share")


class ReroutingResult(Result):
    """Sales, purchases and final demand that change when everyone looks for another supplier."""

    columns = (
        "flow",
        "node_id",
        "label",
        "country",
        "stage",
        "material",
        "unit",
        "base",
        "quantity",
        "change",
        "change_share",
        "new",
    )


class MarginalResult(Result):
    """What one more unit of capacity, material or passage would be worth."""

    columns = ("kind", "item", "label", "country", "stage", "material", "unit", "value", "value_share")


class BreakdownResult(Result):
    """Final demand lost when each node or group is shut, by product and consuming country."""

    columns = ("removed", "response", "product", "consumer", "unit", "demand", "loss", "loss_share")


class OverviewResult(Result):
    """The worst removal for each mineral, under every response."""

    columns = (
        "mineral",
        "demand",
        "removed",
        "reachability_share",
        "reroute_share",
        "adapt_share",
        "frozen_share",
        "gap",
        "n_above_tenth",
    )


class QualityResult(Result):
    """What each material's total and flows rest on."""

    columns = (
        "mineral",
        "stage",
        "material",
        "unit",
        "supply",
        "n_plants",
        "named_share",
        "control",
        "sided",
        "residual_share",
        "need_residual_share",
        "total_measured",
        "total_reported",
        "total_derived",
        "total_assumed",
        "flow_reported",
        "flow_contract",
        "flow_trade",
        "flow_estimated",
    )


class WeakestResult(Result):
    """The numbers that would be most worth knowing better."""

    columns = (
        "kind",
        "item",
        "mineral",
        "loss_share",
        "doubt",
        "value",
        "evidence",
        "reference",
        "improve",
    )


class DiversificationResult(Result):
    """Measures of concentration and exposure without and with a scenario."""

    columns = ("measure", "stage", "lens", "without", "with_scenario", "change")


class ClaimsResult(Result):
    """Published statements, each with the figure of ours and how it fares."""

    columns = (
        "claim_id",
        "statement",
        "kind",
        "relation",
        "claimed",
        "claimed_high",
        "unit",
        "year",
        "figure",
        "figure_year",
        "verdict",
        "reason",
        "reference",
        "evidence",
    )


class WorthResult(Result):
    """How much demand each project keeps served over many disruptions."""

    columns = (
        "rank",
        "project_id",
        "name",
        "country",
        "stage",
        "material",
        "capacity",
        "alone",
        "last",
        "worth",
        "error",
        "low",
        "high",
        "worst",
        "tail",
        "served",
        "cost",
        "cost_per_unit",
        "reason",
    )


class EffectResult(Result):
    """What each project changes when it enters alone, and all of them together."""

    columns = (
        "project_id",
        "name",
        "country",
        "control",
        "stage",
        "material",
        "lens",
        "measure",
        "before",
        "after",
        "change",
        "unit",
    )


class InteractionResult(Result):
    """What two projects keep served together beyond what each does by itself."""

    columns = (
        "rank",
        "first",
        "second",
        "first_name",
        "second_name",
        "interaction",
        "alone",
        "last",
        "kind",
    )


class ProgrammeResult(Result):
    """How much demand all projects of each programme keep served together."""

    columns = ("programme", "n_projects", "n_entering", "alone", "last", "worst", "tail", "share", "low", "high")


class PortfolioResult(Result):
    """Sets of projects and what is lost with each: the best, the frontier, and those given."""

    columns = (
        "kind",
        "name",
        "method",
        "limit",
        "n_projects",
        "projects",
        "cost",
        "loss",
        "expected",
        "worst",
        "bound",
        "gap",
    )


class BottleneckResult(Result):
    """Projects that lack a next stage, and where one more unit of capacity would help most."""

    columns = (
        "kind",
        "group",
        "item",
        "label",
        "stage",
        "material",
        "unit",
        "amount",
        "made",
        "buyers",
        "planned",
        "present",
        "stranded_low",
        "stranded_high",
        "value",
        "value_share",
        "n_disruptions",
        "reason",
    )


class CoverageResult(Result):
    """What projects cover of each mineral, stage and region, and what they leave out."""

    columns = (
        "mineral",
        "stage",
        "region",
        "region_name",
        "status",
        "n_projects",
        "n_unknown",
        "capacity",
        "made",
        "made_share",
        "projects",
    )


class OutlookResult(Result):
    """What the projects of each programme may keep served year by year."""

    columns = ("programme", "year", "n_started", "n_expected", "n_undated", "served", "tail", "share")


class TimelineResult(Result):
    """Final demand lost in each week of a shock, by product and consuming country."""

    columns = ("week", "product", "consumer", "unit", "demand", "loss", "loss_share")


class FirstFailureResult(Result):
    """The day on which each product first fails."""

    columns = ("product", "consumer", "unit", "day", "worst_share", "worst_week", "loss")


class DurationResult(Result):
    """Final demand lost in all as a shock lasts longer."""

    columns = ("duration", "product", "unit", "demand", "loss", "loss_share", "weeks_lost")


class IndexResult(Result):
    """Indices of supply risk of one mineral, by stage."""

    columns = ("index", "stage", "value", "low", "high", "unknown_share", "note")


class ComplianceResult(Result):
    """What a programme asks for, and where the network stands without and with a scenario."""

    columns = (
        "material",
        "benchmark",
        "stage",
        "sense",
        "target",
        "value",
        "low",
        "high",
        "met",
        "with_scenario",
        "met_with",
        "basis",
        "note",
    )


class AgreementResult(Result):
    """How well each measure ranks what a removal would cost."""

    columns = ("network", "measure", "kind", "response", "n", "rho", "low", "high", "misleads", "top_found")
