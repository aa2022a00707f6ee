from graphmodel import analysis as analysis
from graphmodel import build as build
from graphmodel import checks as checks
from graphmodel import convert as convert
from graphmodel import datasets as datasets
from graphmodel import errors as errors
from graphmodel import figures as figures
from graphmodel import plot as plot
from graphmodel import results as results
from graphmodel import schema as schema
from graphmodel.analysis import breakdown as breakdown
from graphmodel.analysis import centrality as centrality
from graphmodel.analysis import chokepoints as chokepoints
from graphmodel.analysis import concentration as concentration
from graphmodel.analysis import diversification as diversification
from graphmodel.analysis import losses as losses
from graphmodel.analysis import overview as overview
from graphmodel.analysis import removal as removal
from graphmodel.analysis import shares as shares
from graphmodel.checks import check as check
from graphmodel.convert import from_igraph as from_igraph
from graphmodel.convert import from_networkx as from_networkx
from graphmodel.convert import read as read
from graphmodel.convert import to_igraph as to_igraph
from graphmodel.convert import to_networkx as to_networkx
from graphmodel.convert import write as write
from graphmodel.datasets import available as available
from graphmodel.datasets import cite as cite
from graphmodel.datasets import load as load
from graphmodel.datasets import table as table
from graphmodel.errors import GraphModelError as GraphModelError
from graphmodel.errors import SchemaError as SchemaError
from graphmodel.network import Network as Network
from graphmodel.scenario import Scenario as Scenario

__version__: str
__all__: list[str]
