"""The network as a linear programme, for losses after rerouting."""

from graphmodel.programme.base_year import gaining_recipes, require_feasible_base
from graphmodel.programme.least_change import least_change
from graphmodel.programme.programme import GROWTH, SCALE, Held, Programme, base_flow, programme

__all__ = [
    "GROWTH",
    "SCALE",
    "Held",
    "Programme",
    "base_flow",
    "gaining_recipes",
    "least_change",
    "programme",
    "require_feasible_base",
]
