"""The process that turns a workbook on its input into CSV on its output: `workbook_rows MEMORY ROWS BYTES`."""

import csv
import io
import resource
import sys
from datetime import date, datetime, time
from typing import Final, TypeAlias

TOO_LARGE: Final = 3  # the exit status of a workbook that is larger than it may be
BROKEN: Final = 4
_WHOLE: Final = 1e15  # floats below it hold whole numbers exactly

Value: TypeAlias = object


def main(memory: int, most_rows: int, most_bytes: int) -> int:
    """Write the rows of the first sheet of cells, but empty ones. Returns the exit status."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        sheets = [each.name for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
        if not sheets:
            return BROKEN
        sheet = workbook.get_sheet_by_name(sheets[0])
        with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as out:
            writer = csv.writer(out, lineterminator="\n")
            written = rows = 0
            for values in sheet.iter_rows():
                cells = [text_of(value) for value in values]
                if not any(cells):
                    continue
                rows += 1
                written += writer.writerow(cells)
                if written > most_bytes:
                    return TOO_LARGE
                if rows >= most_rows:
                    break
    except MemoryError:
        return TOO_LARGE
    except (CalamineError, OSError, ValueError):
        return BROKEN
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


if __name__ == "__main__":
    sys.exit(main(*(int(each) for each in sys.argv[1:])))
