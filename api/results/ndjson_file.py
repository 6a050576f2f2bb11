"""A table as one JSON object a line, its values of the types that they were sent in."""

import json
import math
from collections.abc import Iterator

from api.results.answers import Cells
from api.results.tables import Table

PIECE = 64 * 1024
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def ndjson_pieces(table: Table) -> Iterator[bytes]:
    """The file, piece by piece."""
    lines, size = list[str](), 0
    for row in table.rows:
        if row is None:
            yield b""
            continue
        line = _line(table, row)
        lines.append(line)
        size += len(line)
        if size >= PIECE:
            yield _joined(lines)
            lines.clear()
            size = 0
    yield _joined(lines)


def _line(table: Table, row: Cells) -> str:
    try:
        return _encode(dict(zip(table.names, row, strict=True)))
    except ValueError:  # JSON has no number for these
        finite = [None if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in row]
        return _encode(dict(zip(table.names, finite, strict=True)))


def _joined(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
