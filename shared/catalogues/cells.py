"""One cell as the text, the id or the code that it is to be."""

import math
import re
from typing import Final

from shared.catalogues.rows import Cell
from shared.catalogues.source import LABEL
from shared.formulas import as_before

LARGEST_CODE: Final = 2**31 - 1  # what the database's column holds
_SURELY: Final = len(str(LARGEST_CODE))  # fewer digits are always a code
_WHOLE: Final = re.compile(r"([0-9]{1,18})(?:\.0+)?")  # pandas writes whole numbers so when the column has gaps


class CellRefused(Exception):
    """A cell cannot be what it should; `ours` is our name of its column, None where it is the whole row's fault."""

    def __init__(self, code: str, message: str, ours: str | None) -> None:
        super().__init__(message)
        self.code = code
        self.ours = ours


def text_in(cell: Cell, ours: str, longest: int, *, may_be_quoted: bool) -> str | None:
    """A text; an empty one is none. Raises CellRefused.

    With `may_be_quoted`, what was written for a spreadsheet is as it was before.
    """
    if cell is None or cell == "":
        return None
    if not isinstance(cell, str):
        raise CellRefused("WRONG_TYPE", f"{ours} must be a string.", ours)
    if may_be_quoted and cell[0] == "'":
        cell = as_before(cell)
    if len(cell) > longest:
        raise CellRefused("TOO_LONG", f"{ours} may have at most {longest} characters.", ours)
    if "\0" in cell or not (cell.isascii() or _is_text(cell)):
        raise CellRefused("INVALID_TEXT", f"{ours} holds characters that are not text.", ours)
    return cell


def id_in(cell: Cell, ours: str, longest: int, *, may_be_quoted: bool) -> str | None:
    """An id: a text without blanks around it, or a number. `100000.0` is `100000`. Raises CellRefused."""
    if isinstance(cell, str):
        if len(cell) <= longest and cell.isascii() and cell.isalnum():  # as most are
            return cell
        text = text_in(cell.strip(), ours, longest, may_be_quoted=may_be_quoted)
        if text is not None and text.endswith("0") and "." in text and (whole := _WHOLE.fullmatch(text)):
            return whole[1]
        return text
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):  # pandas' way to say that there is none
        return None
    if isinstance(cell, bool):
        raise CellRefused("WRONG_TYPE", f"{ours} must be a string or a number.", ours)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return str(cell)


def code_in(cell: Cell) -> int | None:
    """A category's code; an empty cell is none. Raises CellRefused."""
    if isinstance(cell, str):
        if len(cell) < _SURELY and cell.isascii() and cell.isdigit():  # as most are
            return int(cell)
        text = cell.strip()
        if not text:
            return None
        whole = _WHOLE.fullmatch(text)
        code = int(whole[1]) if whole else -1
    elif cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    elif isinstance(cell, bool) or not float(cell).is_integer():
        code = -1
    else:
        code = int(cell)
    if not 0 <= code <= LARGEST_CODE:
        raise CellRefused("WRONG_TYPE", f"{LABEL} must be a whole number from 0 to {LARGEST_CODE}.", LABEL)
    return code


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return True
