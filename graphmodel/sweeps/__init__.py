"""Long sweeps: one function over many parts, here or on any executor, kept in a folder and resumed if wanted."""

from graphmodel.sweeps.folder import fingerprint as fingerprint
from graphmodel.sweeps.running import sweep as sweep

__all__ = ["fingerprint", "sweep"]
