"""Analyses: a network in, a result out. One public function a file."""

from graphmodel.analysis.breakdown import breakdown as breakdown
from graphmodel.analysis.centrality import MEASURES as MEASURES
from graphmodel.analysis.centrality import centrality as centrality
from graphmodel.analysis.chokepoints import chokepoints as chokepoints
from graphmodel.analysis.concentration import concentration as concentration
from graphmodel.analysis.diversification import diversification as diversification
from graphmodel.analysis.esri import esri as esri
from graphmodel.analysis.losses import losses as losses
from graphmodel.analysis.overview import overview as overview
from graphmodel.analysis.removal import removal as removal
from graphmodel.analysis.shares import shares as shares

ANALYSES = {
    "breakdown": breakdown,
    "centrality": centrality,
    "chokepoints": chokepoints,
    "concentration": concentration,
    "diversification": diversification,
    "esri": esri,
    "losses": losses,
    "overview": overview,
    "removal": removal,
    "shares": shares,
}
"""Every analysis by name."""

__all__ = ["ANALYSES", "MEASURES", *ANALYSES]
