"""Packages that only an extra of graphmodel brings."""

from __future__ import annotations

import importlib.util

from graphmodel.errors import MissingPackageError


def require(package: str, extra: str) -> None:
    """Refuse to go on without a package.

    Raises
    ------
    MissingPackageError
        With what to install.
    """
    if importlib.util.find_spec(package) is None:
        raise MissingPackageError(f'this needs {package}: pip install "graphmodel[{extra}]"')
