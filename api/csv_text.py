"""CSV for people who open it in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Literal

from shared.formulas import defused

# Every text is quoted: one with a semicolon or a tab in it stays one cell where a spreadsheet splits at these, too.
QUOTING: Literal[2] = csv.QUOTE_NONNUMERIC


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The rows as CSV (RFC 4180) under a header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=QUOTING)
    writer.writerow(header)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def safe_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    return defused(value) if isinstance(value, str) else value
