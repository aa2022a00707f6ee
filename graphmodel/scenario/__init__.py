"""Declared changes that turn one network into another."""

from graphmodel.scenario.change import Change as Change
from graphmodel.scenario.scenario import Scenario as Scenario
from graphmodel.scenario.scenario import applied as applied
from graphmodel.scenario.selection import read_where as read_where
from graphmodel.scenario.selection import select as select

__all__ = ["Change", "Scenario", "applied", "read_where", "select"]
