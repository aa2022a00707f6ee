"""Ship the data packages inside the wheel; an editable install reads them in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = {".csv", ".json", ".md"}


class DatasetsHook(BuildHookInterface[Any]):
    """Copy ``datasets/`` to ``graphmodel/_datasets``, source tables left out."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add every shipped file of every data package to the wheel."""
        if version == "editable":
            return
        root = Path(self.root)
        for path in sorted((root / "datasets").rglob("*")):
            inside = path.relative_to(root / "datasets")
            if path.suffix in SHIPPED and "sources" not in inside.parts:
                build_data["force_include"][str(path)] = f"graphmodel/_datasets/{inside.as_posix()}"
