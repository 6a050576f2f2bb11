"""A table as a workbook of one sheet, made on the disk and sent when it is complete; no cell becomes a formula."""

import math
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from api.csv_text import safe_cell
from api.results.tables import Table
from shared.disk import DiskGuard
from shared.errors import Conflict

MOST_ROWS, MOST_COLUMNS = 2**20 - 1, 2**14  # below the header
LONGEST_CELL = 32_767  # in Excel's characters: those beyond U+FFFF are two
PIECE = 64 * 1024
_LARGEST_EXACT = 2**53  # a number of a cell is a double
_ROWS_AT_ONCE = 1_000
_LEFT_AFTER_SECONDS = 86_400
_FOLDER = "results-"
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def require_room_in_sheet(rows: int, columns: int) -> None:
    """Raise Conflict for a table that no worksheet holds."""
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise Conflict(
            f"A worksheet holds {MOST_ROWS} rows of {MOST_COLUMNS} columns; ask for another format.",
            code="TOO_LARGE_FOR_XLSX",
        )


def xlsx_pieces(table: Table, data_dir: Path, disk: DiskGuard) -> Iterator[bytes]:
    """The file, piece by piece; empty pieces while it is made, so that whoever waits for it may go.

    Raises Conflict for a table that turns out too large, and StorageFull.
    """
    import xlsxwriter

    folder = data_dir / "tmp"
    folder.mkdir(exist_ok=True)
    _remove_leftovers(folder)
    with tempfile.TemporaryDirectory(prefix=_FOLDER, dir=folder) as own:
        path = Path(own) / "results.xlsx"
        workbook = xlsxwriter.Workbook(path, {**_OPTIONS, "tmpdir": own})
        workbook.use_zip64()  # where a sheet of more than 4 GB needs it
        sheet = workbook.add_worksheet()
        with closing(sheet.row_data_fh):  # which is all that is open of a workbook that is not completed
            yield from _written(sheet, table, disk)
            workbook.close()
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def _written(sheet: Any, table: Table, disk: DiskGuard) -> Iterator[bytes]:
    size, number = _write_row(sheet, 0, table.names), 0
    for row in table.rows:
        if row is None:
            yield b""
            continue
        number += 1
        require_room_in_sheet(number, len(table.names))
        size += _write_row(sheet, number, row)
        if number % _ROWS_AT_ONCE == 0:
            disk.book(size)
            size = 0
            yield b""


def _write_row(sheet: Any, number: int, row: Any) -> int:
    """Write a row; returns about how many bytes that are."""
    size = 0
    for column, cell in enumerate(row):
        if cell is None or cell == "":
            continue
        if isinstance(cell, bool):
            sheet.write_boolean(number, column, cell)
        elif isinstance(cell, str) or abs(cell) > _LARGEST_EXACT or math.isnan(cell):
            text = _cut(str(safe_cell(cell)))
            sheet.write_string(number, column, text)
            size += len(text)
        else:
            sheet.write_number(number, column, cell)
        size += 40
    return size


def _cut(text: str) -> str:
    """As much of a text as a cell holds."""
    if len(text) <= LONGEST_CELL // 2 and text.isascii():
        return text
    units = text.encode("utf-16-le", "replace")[: 2 * LONGEST_CELL]
    return units.decode("utf-16-le", "ignore")


def _remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed have left."""
    for path in folder.glob(f"{_FOLDER}*"):
        try:
            old = path.stat().st_mtime < time.time() - _LEFT_AFTER_SECONDS
        except FileNotFoundError:
            continue
        if old:
            shutil.rmtree(path, ignore_errors=True)
