"""One page to look around in a network: a picture to click, facts behind it, and what is lost when something stops."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from graphmodel import __version__
from graphmodel.convert.atomic import replace_file
from graphmodel.errors import DataPackageError, UnknownNameError, nearest
from graphmodel.explore.content import gather
from graphmodel.explore.ranking import ranking

if TYPE_CHECKING:
    import pandas as pd

    from graphmodel.network import Network
    from graphmodel.results import Result

SCRIPTS = ("loss.js", "picture.js", "facts.js", "page.js")
HEIGHT = 780
"""Height of the page inside a notebook, in pixels."""


class Page:
    """A page on a network: shown in a notebook, or saved as one file that loads nothing."""

    def __init__(self, html: str) -> None:
        self.html = html

    def __repr__(self) -> str:
        return f"<Page of {len(self.html) / 1e6:.1f} MB; save(path) writes it>"

    def _repr_html_(self) -> str:
        """Show the page in a frame of its own, which may run its script and nothing else."""
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts" title="graphmodel" '
            f'style="width: 100%; height: {HEIGHT}px; border: 1px solid #bbb"></iframe>'
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file: all of it, or nothing.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DataPackageError
            If there is no such folder, or nothing can be written there.
        """
        target = Path(path)
        try:
            replace_file(target, self.html.encode())
        except DataPackageError:
            raise
        except OSError as error:
            raise DataPackageError(f"{target}: cannot be written ({error.strerror}); choose another folder") from None
        return target


def explore(
    network: Network,
    result: Result | None = None,
    *,
    mineral: str | None = None,
    data: str | None = None,
    members: pd.DataFrame | None = None,
    equity: float = 0.5,
) -> Page:
    """Make the page on a network, as `Network.explore` describes it."""
    shown = ranking(network, result, members=members, equity=equity) if result is not None else None
    if mineral is not None and mineral not in network.minerals:
        raise UnknownNameError(f"no material holds {mineral!r}; {nearest(mineral, network.minerals)}")
    content = gather(network, data) | {"ranking": shown, "mineral": mineral, "version": __version__}
    words = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # base64, as neither markup in a name nor a quotation mark inside srcdoc can then matter
    packed = base64.b64encode(gzip.compress(words.encode("utf-8", "surrogatepass"), mtime=0)).decode()
    folder = files("graphmodel.explore")
    script = "\n".join(["'use strict';", *((folder / name).read_text("utf-8") for name in SCRIPTS)])
    style = (folder / "page.css").read_text("utf-8")
    environment = Environment(
        loader=PackageLoader("graphmodel.explore", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return Page(
        environment.get_template("page.html.j2").render(
            title=content["title"],
            script=Markup(script),
            style=Markup(style),
            script_hash=_hash(script),
            style_hash=_hash(style),
            data=packed,
        )
    )


def _hash(text: str) -> str:
    """Name a script or style for the page's own content policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
