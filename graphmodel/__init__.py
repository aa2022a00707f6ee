"""Mineral value chains as a directed multigraph: chokepoints, losses and what projects change.

Importing graphmodel loads nothing heavy; every public name is imported on first use.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_PUBLIC = {
    "Network": "network",
    "Scenario": "scenario",
    "available": "datasets",
    "table": "datasets",
    "cite": "datasets",
    "load": "datasets",
    "project_totals": "datasets",
    "projects": "datasets",
    "shock": "datasets",
    "read": "convert",
    "write": "convert",
    "from_networkx": "convert",
    "from_igraph": "convert",
    "to_networkx": "convert",
    "to_igraph": "convert",
    "to_factors": "convert",
    "to_iamc": "convert",
    "to_satellite": "convert",
    "to_xarray": "convert",
    "check": "checks",
    "check_projects": "project_tables",
    "read_projects": "project_tables",
    "agreement": "analysis",
    "bottleneck": "analysis",
    "breakdown": "analysis",
    "centrality": "analysis",
    "chokepoints": "analysis",
    "claims": "analysis",
    "compliance": "analysis",
    "concentration": "analysis",
    "coverage": "analysis",
    "cuts": "analysis",
    "dependence": "analysis",
    "diversification": "analysis",
    "duration_curve": "analysis",
    "effects": "analysis",
    "esri": "analysis",
    "first_failure": "analysis",
    "import_reliance": "analysis",
    "indices": "analysis",
    "interactions": "analysis",
    "losses": "analysis",
    "marginal_values": "analysis",
    "max_flow": "analysis",
    "outlook": "analysis",
    "overview": "analysis",
    "pairs": "analysis",
    "percolation": "analysis",
    "portfolio": "analysis",
    "programme_worth": "analysis",
    "removal": "analysis",
    "rerouting": "analysis",
    "sensitivity": "analysis",
    "shares": "analysis",
    "timeline": "analysis",
    "uncertainty": "analysis",
    "worst_removals": "analysis",
    "worth": "analysis",
    "quality": "evidence",
    "weakest_data": "evidence",
    "GraphModelError": "errors",
    "SchemaError": "errors",
}
"""Public names and the module each lives in; ``__init__.pyi`` says the same to type checkers."""

_MODULES = ("analysis", "build", "checks", "convert", "datasets", "errors", "figures", "plot", "results", "schema")

__all__ = ["__version__", *_PUBLIC, *_MODULES]


def __getattr__(name: str) -> object:
    if name in _PUBLIC:
        return getattr(import_module(f"graphmodel.{_PUBLIC[name]}"), name)
    if name in _MODULES:
        return import_module(f"graphmodel.{name}")
    raise AttributeError(f"module 'graphmodel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
