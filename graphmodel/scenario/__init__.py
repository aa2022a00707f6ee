"""Declared changes that turn one network into another."""

from graphmodel.scenario.scenario import Scenario as Scenario
from graphmodel.scenario.selection import select as select

__all__ = ["Scenario", "select"]
