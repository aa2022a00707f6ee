"""CSV text to tables and back: exact lines, exact numbers, no guesses about encoding."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel._types import IntArray
from graphmodel.errors import Problem

CELL_LIMIT = 131_072
"""Longest cell, in characters; a longer one is most likely a quotation mark that never closes."""

_NEEDS_QUOTES = re.compile(r'[",\r\n]')


@dataclass(frozen=True)
class Sheet:
    """A CSV file as text cells, with the line on which each row starts."""

    frame: pd.DataFrame
    lines: IntArray
    problems: tuple[Problem, ...] = ()
    readable: bool = True


def parse(raw: bytes, file: str) -> Sheet:
    """Read CSV bytes into text cells, listing whatever a strict reader would stumble over.

    Notes
    -----
    UTF-8 with or without byte-order mark; LF, CRLF or CR; cells in quotes may span lines. Blank lines are skipped.
    """
    text, problem = _decode(raw, file)
    if problem:
        return unreadable(problem)
    rows, lines, problem = _rows(text, file)
    if problem:
        return unreadable(problem)
    if not rows:
        return unreadable(Problem(file, 0, "", "", "is empty", "needs a header row"))
    header = rows[0]
    problems = _header_problems(header, file, lines[0])
    if problems:
        return unreadable(*problems)
    for position, row in enumerate(rows):
        if len(row) != len(header):
            problems.append(_ragged(row, header, file, lines[position]))
            rows[position] = (row + [""] * len(header))[: len(header)]
    body = rows[1:]
    cells = zip(*body, strict=True) if body else ([] for _ in header)
    frame = pd.DataFrame(
        {name: pd.Series(list(column), dtype=object) for name, column in zip(header, cells, strict=True)}
    )
    return Sheet(frame, np.array(lines[1:], dtype=np.int64), tuple(problems))


def unreadable(*problems: Problem) -> Sheet:
    """Return the sheet of a file that cannot be read."""
    return Sheet(pd.DataFrame(), np.empty(0, dtype=np.int64), problems, readable=False)


def _decode(raw: bytes, file: str) -> tuple[str, Problem | None]:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "", Problem(file, 1, "", "", "is UTF-16", "save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start + (len(codecs.BOM_UTF8) if raw.startswith(codecs.BOM_UTF8) else 0)
        line = _line_at(raw, start)
        return "", Problem(
            file, line, "", f"0x{raw[start]:02x}", f"byte at offset {start} is not UTF-8", _likely(raw, start)
        )
    nul = raw.find(b"\0")
    if nul >= 0:
        message = f"NUL byte at offset {nul}"
        return "", Problem(file, _line_at(raw, nul), "", "", message, "the file is damaged or not text")
    return text, None


def _line_at(raw: bytes, offset: int) -> int:
    before = raw[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1


def _likely(raw: bytes, start: int) -> str:
    """Name the encoding the bytes most likely have; said to the user, never acted on."""
    try:
        raw[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return "the file ends in the middle of a character: it seems cut off"
    western = "Windows-1252" if any(0x80 <= byte < 0xA0 for byte in raw) else "Latin-1 (ISO 8859-1)"
    candidates = [("cp1252", western), ("gb18030", "GB 18030"), ("shift_jis", "Shift JIS"), ("big5", "Big5")]
    if start + 1 < len(raw) and raw[start + 1] >= 0x80:
        candidates = candidates[1:] + candidates[:1]
    names = [name for codec, name in candidates if _decodes(raw, codec)]
    return f"it could be {' or '.join(names)}; save it as UTF-8" if names else "save it as UTF-8"


def _decodes(raw: bytes, codec: str) -> bool:
    try:
        return raw.decode(codec) is not None
    except UnicodeDecodeError:
        return False


def _rows(text: str, file: str) -> tuple[list[list[str]], list[int], Problem | None]:
    """Split text into rows of cells and the lines they start on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        hint = "a quotation mark that opens a cell must close it; inside a cell write it twice"
        return [], [], Problem(file, start, "", "", f"row cannot be read: {error}", hint)
    return rows, lines, None


def _header_problems(header: list[str], file: str, line: int) -> list[Problem]:
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and mark in header[0]:
            return [Problem(file, line, "", header[0], f"columns are separated by {name}", "save it with commas")]
    problems = [
        Problem(file, line, name, "", "column stands twice")
        for name in sorted({name for name in header if name and header.count(name) > 1})
    ]
    unnamed = [str(position + 1) for position, name in enumerate(header) if not name.strip()]
    if unnamed:
        problems.append(
            Problem(file, line, "", "", f"column {', '.join(unnamed)} has no name", "name it or take it out")
        )
    return problems


def _ragged(row: list[str], header: list[str], file: str, line: int) -> Problem:
    if len(row) < len(header):
        message = f"row has {len(row)} cells, the header {len(header)}"
        return Problem(file, line, header[len(row)], "", message, "a comma or the end of the row is missing")
    message = f"row has {len(row)} cells, the header {len(header)}"
    return Problem(file, line, "", row[len(header)], message, "put a cell that holds a comma in quotes")


def render(columns: dict[str, list[str]]) -> bytes:
    """Write columns of text cells as UTF-8 CSV with LF line ends, quoted only where needed."""
    header = ",".join(map(_quoted, columns))
    quoted = [[_quoted(cell) for cell in cells] for cells in columns.values()]
    body = (",".join(row) or '""' for row in zip(*quoted, strict=True))
    return "\n".join([header, *body, ""]).encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell


def unwritable(columns: dict[str, list[str]], table: str) -> list[Problem]:
    """List cells that a CSV file in UTF-8 cannot hold."""
    return [
        Problem(table, row, name, cell[:20], message)
        for name, cells in columns.items()
        for row, cell in enumerate([name, *cells])
        if (message := _unwritable(cell))
    ]


def _unwritable(cell: str) -> str:
    if len(cell) > CELL_LIMIT:
        return f"is longer than {CELL_LIMIT} characters"
    if "\0" in cell:
        return "holds a NUL character"
    if not cell.isascii():
        try:
            cell.encode()
        except UnicodeEncodeError:
            return "holds half a surrogate pair, which is no character"
    return ""
