"""A table as CSV (RFC 4180), in UTF-8 with the mark that has spreadsheets read it as such; formulas are defused."""

import csv
import io
from collections.abc import Iterator

from api.csv_text import QUOTING, safe_cell
from api.results.tables import Table

PIECE = 64 * 1024  # characters that are sent at once, about
MARK = "\ufeff"


def csv_pieces(table: Table) -> Iterator[bytes]:
    """The file, piece by piece."""
    text = io.StringIO(MARK, newline="")
    text.seek(0, io.SEEK_END)
    write = csv.writer(text, quoting=QUOTING).writerow
    size = write(map(safe_cell, table.names))
    for row in table.rows:
        if row is None:
            yield b""
            continue
        size += write(map(safe_cell, row))
        if size >= PIECE:
            yield _taken(text)
            size = 0
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode("utf-8", "replace")  # a cell may hold half of a pair of surrogates
    text.seek(0)
    text.truncate()
    return piece
