"""What is refused before it is parsed: files that are too large, or that are no files at all."""

from __future__ import annotations

import json
import stat
from collections import Counter
from pathlib import Path
from xml.parsers import expat

from graphmodel.errors import DataPackageError, Problem, SchemaError, UntrustedFileError

LIMIT_MB = 256.0
"""Largest file read unless the caller says otherwise."""

DEPTH_LIMIT = 100
"""Deepest nesting of XML elements."""


def read_bytes(path: Path, *, limit_mb: float = LIMIT_MB) -> bytes:
    """Read a file, unless it is larger than ``limit_mb``.

    Raises
    ------
    DataPackageError
        If there is no such file.
    UntrustedFileError
        If it is too large, or a device or pipe, which has no size to check.
    """
    if not path.exists():
        raise DataPackageError(f"{path}: no such file")
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UntrustedFileError(f"{path}: is not an ordinary file")
    if status.st_size > limit_mb * 1e6:
        size = status.st_size / 1e6
        raise UntrustedFileError(
            f"{path}: {size:.1f} MB is above the limit of {limit_mb:g} MB (raise limit_mb if you trust it)"
        )
    return path.read_bytes()


def parse_json(raw: bytes, file: str) -> object:
    """Parse JSON that holds plain finite values only and is not nested without end.

    Raises
    ------
    SchemaError
        If it is no JSON, with the line.
    UntrustedFileError
        If it is nested too deep.
    """
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        problem = Problem(file, error.lineno, "", "", f"is not JSON at character {error.colno}: {error.msg}")
        raise SchemaError([problem]) from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"byte at offset {error.start} is not UTF-8"
        raise SchemaError(
            [Problem(file, line, "", f"0x{raw[error.start]:02x}", message, "save it as UTF-8")]
        ) from error
    except RecursionError as error:
        raise UntrustedFileError(f"{file}: is nested too deep") from error
    except ValueError as error:
        raise SchemaError([Problem(file, 0, "", "", str(error))]) from error


def _refuse_constant(word: str) -> object:
    raise ValueError(f"{word} is not a JSON value; write null for an unknown number")


def check_xml(raw: bytes, file: str) -> Counter[str]:
    """Refuse XML that can do harm before anything is built from it, and count its elements.

    Raises
    ------
    UntrustedFileError
        If it has a DOCTYPE (entities can blow up or fetch other files) or is nested too deep.
    SchemaError
        If it is not well-formed, or two nodes or two edges share an id; with the line.
    """
    scan = _Scan(file)
    try:
        scan.parser.Parse(raw, True)
    except expat.ExpatError as error:
        message = f"is not well-formed XML at character {error.offset + 1}: {expat.ErrorString(error.code)}"
        raise SchemaError([Problem(file, error.lineno, "", "", message)]) from error
    except UntrustedFileError:
        raise
    except (LookupError, ValueError) as error:
        raise SchemaError([Problem(file, 1, "", "", f"is not XML: {error}")]) from error
    if scan.problems:
        raise SchemaError(scan.problems)
    return scan.counts


class _Scan:
    """One pass over an XML file that builds nothing."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.counts: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self._ids: dict[str, set[str]] = {"node": set(), "edge": set()}
        self._depth = 0
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _refuse(self, *_: object) -> None:
        place = f"{self.file}:{self.parser.CurrentLineNumber}"
        raise UntrustedFileError(f"{place}: has a DOCTYPE or entities, which can do harm; take them out")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self.counts[name] += 1
        self._depth += 1
        line = self.parser.CurrentLineNumber
        if self._depth > DEPTH_LIMIT:
            raise UntrustedFileError(f"{self.file}:{line}: is nested deeper than {DEPTH_LIMIT} elements")
        if name in self._ids and "id" in attributes:
            known, own = self._ids[name], attributes["id"]
            if own in known:
                self.problems.append(Problem(self.file, line, f"{name} id", own, "stands twice"))
            known.add(own)

    def _end(self, _: str) -> None:
        self._depth -= 1
