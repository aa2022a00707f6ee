"""Command-line entry; answers ``--version`` before anything is loaded."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        from graphmodel import __version__  # noqa: PLC0415 - nothing else is needed for this answer

        sys.stdout.write(f"graphmodel {__version__}\n")
        return
    from graphmodel.cli import main as run  # noqa: PLC0415 - click is not needed for the version

    run()


if __name__ == "__main__":
    main()
