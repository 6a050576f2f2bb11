"""The process that turns a workbook on its input into CSV: `workbook_rows PARENT MEMORY CPU_SECONDS ROWS BYTES`."""

import csv
import ctypes
import errno
import io
import os
import resource
import signal
import sys
from datetime import date, datetime, time
from typing import BinaryIO, Final, TypeAlias

TOO_LARGE: Final = 3  # the exit status of a workbook that is larger than it may be
BROKEN: Final = 4
FULL: Final = 5  # there is no room on the disk
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_WHOLE: Final = 1e15  # floats below it hold whole numbers exactly
_PR_SET_PDEATHSIG: Final = 1

Value: TypeAlias = object


class TooMuch(Exception):
    """More text than there may be."""


class _Counted:
    """Text that is written in UTF-8 until it is more than so many bytes."""

    def __init__(self, out: BinaryIO, most: int) -> None:
        self._out = out
        self._left = most

    def write(self, text: str) -> None:
        content = text.encode()
        self._left -= len(content)
        if self._left < 0:
            raise TooMuch
        self._out.write(content)


def main(parent: int, memory: int, seconds: int, most_rows: int, most_bytes: int) -> int:
    """Write the rows of the first sheet of cells, but empty ones. Returns the exit status."""
    _end_with(parent)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError

    try:
        with open(sys.stdout.fileno(), "wb", closefd=False) as out:
            return write_rows(sys.stdin.buffer, out, most_rows, most_bytes)
    except (MemoryError, TooMuch):
        return TOO_LARGE
    except OSError as error:
        return FULL if error.errno in _NO_ROOM else BROKEN
    except (CalamineError, ValueError):
        return BROKEN


def write_rows(source: BinaryIO, out: BinaryIO, most_rows: int, most_bytes: int) -> int:
    """Write so many rows, and no more bytes than that. Raises TooMuch, and what Calamine and the disk raise."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(source.read()))
    sheets = [each.name for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    if not sheets:
        return BROKEN
    writer, rows = csv.writer(_Counted(out, most_bytes), lineterminator="\n"), 0
    for values in workbook.get_sheet_by_name(sheets[0]).iter_rows():
        cells = [text_of(value) for value in values]
        if not any(cells):
            continue
        writer.writerow(cells)
        rows += 1
        if rows >= most_rows:
            break
    return 0


def text_of(value: Value) -> str:
    """A cell's value as CSV has it: whole numbers without a point, dates as ISO 8601 has them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _WHOLE else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return "" if value is None else str(value)


def _end_with(parent: int) -> None:
    """Have the system kill this process once the one that started it is gone; elsewhere than on Linux, time does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(BROKEN)


if __name__ == "__main__":
    sys.exit(main(*(int(each) for each in sys.argv[1:])))
