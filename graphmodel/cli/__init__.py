"""The command line: the same few nouns, the same options everywhere.

Tables go to standard output, everything else to standard error. Exit codes: 0 done, 1 refused or problems found,
2 wrong usage. Heavy modules are imported inside commands, so that help is instant.
"""

from graphmodel.cli import claims as claims
from graphmodel.cli import data as data
from graphmodel.cli import indices as indices
from graphmodel.cli import making as making
from graphmodel.cli import projects as projects
from graphmodel.cli import scenarios as scenarios
from graphmodel.cli import sweeps as sweeps
from graphmodel.cli import tracing as tracing
from graphmodel.cli.group import main as main

__all__ = ["main"]
