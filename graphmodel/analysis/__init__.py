"""Analyses: a network in, a result out. One public function a file."""

from graphmodel.analysis.breakdown import breakdown as breakdown
from graphmodel.analysis.centrality import MEASURES as MEASURES
from graphmodel.analysis.centrality import centrality as centrality
from graphmodel.analysis.chokepoints import chokepoints as chokepoints
from graphmodel.analysis.concentration import concentration as concentration
from graphmodel.analysis.diversification import diversification as diversification
from graphmodel.analysis.losses import losses as losses
from graphmodel.analysis.max_flow import max_flow as max_flow
from graphmodel.analysis.overview import overview as overview
from graphmodel.analysis.percolation import percolation as percolation
from graphmodel.analysis.removal import removal as removal
from graphmodel.analysis.shares import shares as shares

ANALYSES = {
    "breakdown": breakdown,
    "centrality": centrality,
    "chokepoints": chokepoints,
    "concentration": concentration,
    "diversification": diversification,
    "losses": losses,
    "max_flow": max_flow,
    "overview": overview,
    "percolation": percolation,
    "removal": removal,
    "shares": shares,
}
"""Every analysis by name."""

__all__ = ["ANALYSES", "MEASURES", *ANALYSES]
