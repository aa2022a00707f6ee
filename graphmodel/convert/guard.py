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
        If it is not well-formed, with the line.
    """
    counts: Counter[str] = Counter()
    depth = 0
    parser = expat.ParserCreate()

    def refuse(*_: object) -> int:
        line = parser.CurrentLineNumber
        raise UntrustedFileError(f"{file}:{line}: has a DOCTYPE or entities, which can do harm; take them out")

    def start(name: str, _: object) -> None:
        nonlocal depth
        depth += 1
        counts[name.rpartition(":")[2]] += 1
        if depth > DEPTH_LIMIT:
            raise UntrustedFileError(f"{file}:{parser.CurrentLineNumber}: is nested deeper than {DEPTH_LIMIT} elements")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        message = f"is not well-formed XML at character {error.offset + 1}: {reason}"
        raise SchemaError([Problem(file, error.lineno, "", "", message)]) from error
    except UntrustedFileError:
        raise
    except (LookupError, ValueError) as error:
        raise SchemaError([Problem(file, 1, "", "", f"is not XML: {error}")]) from error
    return counts
