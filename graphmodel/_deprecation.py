"""Old names that still work for a while and say what to write instead."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from graphmodel import __version__

P = ParamSpec("P")
R = TypeVar("R")

NOTHING: Mapping[str, str] = MappingProxyType({})


def deprecated(
    instead: str = "", *, renamed: Mapping[str, str] = NOTHING, since: str, gone: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a renamed function, or renamed arguments, work until a version, with a warning.

    Parameters
    ----------
    instead : str
        What to call instead of this function; "" where only arguments have other names.
    renamed : mapping
        Old names of arguments, with the new ones.
    since, gone : str
        First version that warns, and the one in which the old name goes, such as "0.2" and "0.4".

    Notes
    -----
    `DeprecationWarning`, which only developers see; in the last minor version before ``gone`` (in all of them before a
    major one) `FutureWarning`, which everybody sees.

    Examples
    --------
    >>> @deprecated("shut", since="0.1", gone="9.0")
    ... def close(node):
    ...     return node
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as seen:
    ...     warnings.simplefilter("always")
    ...     name = close("mine-a")
    >>> name, str(seen[0].message)
    ('mine-a', 'close is deprecated since 0.1 and goes in 9.0; use shut')
    """
    kind = FutureWarning if _last_before(__version__, gone) else DeprecationWarning

    def around(function: Callable[P, R]) -> Callable[P, R]:
        def tell(old: str, new: str) -> None:
            words = f"{old} is deprecated since {since} and goes in {gone}; use {new}"
            warnings.warn(words, kind, stacklevel=3)

        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            if instead:
                tell(function.__name__, instead)
            for old, new in renamed.items():
                if old not in kwargs:
                    continue
                if new in kwargs:
                    raise TypeError(f"{function.__name__}() got both {old!r} and {new!r}, which are one argument")
                tell(f"{function.__name__}({old}=…)", f"{new}=…")
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return wrapper

    return around


def _last_before(version: str, gone: str) -> bool:
    """Say whether no minor version is sure to come between this one and the one in which it goes."""
    (major, minor), (last_major, last) = (tuple(map(int, text.split(".")[:2])) for text in (version, gone))
    return (last_major, last) <= (major, minor + 1) or (last_major, last) == (major + 1, 0)
