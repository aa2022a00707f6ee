"""Analyses: a network in, a result out. One public function a file."""

from graphmodel.analysis.agreement import agreement as agreement
from graphmodel.analysis.bottleneck import bottleneck as bottleneck
from graphmodel.analysis.breakdown import breakdown as breakdown
from graphmodel.analysis.centrality import MEASURES as MEASURES
from graphmodel.analysis.centrality import centrality as centrality
from graphmodel.analysis.chokepoints import chokepoints as chokepoints
from graphmodel.analysis.claims import claims as claims
from graphmodel.analysis.compliance import compliance as compliance
from graphmodel.analysis.concentration import concentration as concentration
from graphmodel.analysis.coverage import coverage as coverage
from graphmodel.analysis.cuts import cuts as cuts
from graphmodel.analysis.dependence import dependence as dependence
from graphmodel.analysis.diversification import diversification as diversification
from graphmodel.analysis.duration_curve import DURATIONS as DURATIONS
from graphmodel.analysis.duration_curve import duration_curve as duration_curve
from graphmodel.analysis.effects import effects as effects
from graphmodel.analysis.esri import esri as esri
from graphmodel.analysis.first_failure import first_failure as first_failure
from graphmodel.analysis.import_reliance import import_reliance as import_reliance
from graphmodel.analysis.indices import indices as indices
from graphmodel.analysis.interactions import interactions as interactions
from graphmodel.analysis.losses import losses as losses
from graphmodel.analysis.marginal import marginal_values as marginal_values
from graphmodel.analysis.max_flow import max_flow as max_flow
from graphmodel.analysis.outlook import outlook as outlook
from graphmodel.analysis.overview import overview as overview
from graphmodel.analysis.pairs import pairs as pairs
from graphmodel.analysis.percolation import percolation as percolation
from graphmodel.analysis.portfolio import portfolio as portfolio
from graphmodel.analysis.programmes import programme_worth as programme_worth
from graphmodel.analysis.removal import removal as removal
from graphmodel.analysis.rerouting import rerouting as rerouting
from graphmodel.analysis.responses import RESPONSES as RESPONSES
from graphmodel.analysis.responses import Response as Response
from graphmodel.analysis.sensitivity import sensitivity as sensitivity
from graphmodel.analysis.shares import shares as shares
from graphmodel.analysis.timeline import timeline as timeline
from graphmodel.analysis.uncertainty import uncertainty as uncertainty
from graphmodel.analysis.worst import worst_removals as worst_removals
from graphmodel.analysis.worth import worth as worth

ANALYSES = {
    "agreement": agreement,
    "bottleneck": bottleneck,
    "breakdown": breakdown,
    "centrality": centrality,
    "chokepoints": chokepoints,
    "claims": claims,
    "compliance": compliance,
    "concentration": concentration,
    "coverage": coverage,
    "cuts": cuts,
    "dependence": dependence,
    "diversification": diversification,
    "duration_curve": duration_curve,
    "effects": effects,
    "esri": esri,
    "first_failure": first_failure,
    "import_reliance": import_reliance,
    "indices": indices,
    "interactions": interactions,
    "losses": losses,
    "marginal_values": marginal_values,
    "max_flow": max_flow,
    "outlook": outlook,
    "overview": overview,
    "pairs": pairs,
    "percolation": percolation,
    "portfolio": portfolio,
    "programme_worth": programme_worth,
    "removal": removal,
    "rerouting": rerouting,
    "sensitivity": sensitivity,
    "shares": shares,
    "timeline": timeline,
    "uncertainty": uncertainty,
    "worst_removals": worst_removals,
    "worth": worth,
}
"""Every analysis by name."""

__all__ = ["ANALYSES", "DURATIONS", "MEASURES", "RESPONSES", "Response", *ANALYSES]
