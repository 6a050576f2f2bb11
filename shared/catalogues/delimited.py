"""Rows of delimited text in UTF-8: a damaged one costs itself, whatever quotes it leaves open.

A quoted field may go over several lines. A record that does so and turns out to be none (a quote in its middle, other
cells than columns, no end) is damaged in its first line only; the lines behind it are read again, as rows of their own.
Such a stretch is gone over once: no line inside it is taken for the beginning of another record of several lines, so
that the work stays in proportion to the file, whatever is in it.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final

from shared.catalogues.lines import TOO_LONG, Lines
from shared.catalogues.rows import CatalogueRow, Limits, Position, Problem
from shared.catalogues.streams import Stream
from shared.errors import UnreadableCatalogue

_DAMAGE: Final = re.compile("[\0\udc80-\udcff]")  # NUL, and what bytes that are not text are decoded to
_NO_TEXT: Final = Problem("INVALID_TEXT", "The row has bytes that are not text in the file's encoding.")
_LINE_TOO_LONG: Final = Problem("TOO_LONG", "The row has more bytes than are read.")
_FIELD_TOO_LONG: Final = Problem("TOO_LONG", "A cell of the row has more characters than are read.")
_QUOTES: Final = Problem("MALFORMED_ROW", "The row has a quote that does not end where a cell does.")
_IS_TOO_LONG: Final = TOO_LONG.decode(errors="surrogateescape")
_FIELD_LIMIT: Final = "field larger than field limit"  # how csv says so


class DelimitedRows:
    """Reads the records of a text from a place in it: the header, then the rows, each with its number."""

    def __init__(self, text: Stream, delimiter: str, limits: Limits, position: Position) -> None:
        """`text` begins at the position's `offset`, before the row `row`."""
        if limits.field_characters > csv.field_size_limit():
            csv.field_size_limit(limits.field_characters)
        self._lines = Lines(text, limits.delimited_bytes, any_end=True)
        self._delimiter = delimiter
        self._limits = limits
        self._number: int = position["row"]
        self._offset: int = position["offset"]  # of the line `_counted`
        self._counted = 0
        self._texts: list[str] = []
        self._sizes: list[int] = []
        self._at = 0  # the first line of the record that is being read
        self._next = 0  # the line behind the last one that the parser has got
        self._held = 0  # bytes of the lines between
        self._closed: int = position.get("closed", 0)  # lines before this one begin no record of several lines
        self._is_clean = True  # there is no damage in any of these lines
        self._blank = 0

    def position(self) -> Position:
        """Where the row behind the last one begins."""
        self._count()
        closed = self._closed - self._at
        return {"offset": self._offset, "row": self._number} | ({"closed": closed} if closed > 0 else {})

    def header(self) -> list[str]:
        """The cells of the first record. Raises UnreadableCatalogue for a damaged one, and where there is none."""
        first = next(self._records(None), None)
        if first is None:
            raise UnreadableCatalogue("The file is empty.", code="EMPTY_CATALOGUE")
        self._number -= 1
        if first.problem is not None and first.problem is not _NO_TEXT:
            raise UnreadableCatalogue(
                f"The first row, which must name the columns, cannot be read. {first.problem.message}",
                code="BROKEN_HEADER",
            )
        return [str(cell) for cell in first.cells]

    def rows(self, width: int) -> Iterator[CatalogueRow]:
        """The rows from here on, of a table of so many columns. Raises UnreadableCatalogue for too many rows."""
        return self._records(width)

    def _records(self, width: int | None) -> Iterator[CatalogueRow]:
        most = self._limits.rows
        parser = self._parser()
        while True:
            try:
                cells = next(parser)
            except StopIteration:
                return
            except csv.Error as error:
                number = self._number
                row = CatalogueRow(number, *self._spoiled(self._problem_of(error)))
                parser = self._parser()
            else:
                number = self._number
                if len(cells) == width and self._is_clean and self._next == self._at + 1:
                    row = CatalogueRow(number, cells)
                elif not cells or _is_blank(cells, width):
                    self._pass_over_blank()
                    continue
                else:
                    row = CatalogueRow(number, *self._looked_at(cells, width))
            if number >= most:
                raise too_many_rows(most)
            self._number = number + 1
            self._at = self._next
            yield row

    def _parser(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._delimiter, strict=True)

    def _feed(self) -> Iterator[str]:
        """The lines for the parser, each anew when `_next` is put back."""
        while self._next < len(self._texts) or self._more():
            if self._next > self._at:
                self._go_on()
            self._next += 1
            yield self._texts[self._next - 1]

    def _go_on(self) -> None:
        """Refuse another line to a record that may have no more. Raises csv.Error."""
        if self._at < self._closed:
            raise csv.Error("it lies in a record that was none")
        if self._next == self._at + 1:
            self._held = self._sizes[self._at]
        self._held += self._sizes[self._next]
        if self._held > self._limits.delimited_bytes:
            self._next += 1
            raise csv.Error("the record is too long")

    def _more(self) -> bool:
        """Drop the lines of former records and read more; whether there were any."""
        self._count()
        done = self._at
        del self._texts[:done], self._sizes[:done]
        self._next -= done
        self._closed = max(self._closed - done, 0)
        self._at = self._counted = 0
        block = self._lines.read()
        if block is None:
            return False
        was_clean = self._is_clean or not self._texts
        self._is_clean = False
        try:
            texts = [line.decode() for line in block.lines]
        except UnicodeDecodeError:
            texts = [line.decode(errors="surrogateescape") for line in block.lines]
        else:
            self._is_clean = was_clean and not block.has_nul
        self._texts += texts
        self._sizes += block.sizes
        return True

    def _count(self) -> None:
        self._offset += sum(self._sizes[self._counted : self._at])
        self._counted = self._at

    def _looked_at(self, cells: list[str], width: int | None) -> tuple[Sequence[str], Problem | None]:
        """A record that is not like most: its cells, and what is wrong with it, if anything is."""
        if self._texts[self._at] == _IS_TOO_LONG:
            return (), _LINE_TOO_LONG
        if width is not None and (len(cells) < width or any(cells[width:])):  # empty ones at the end do no harm
            return self._spoiled(_other_width(len(cells), width))
        cells = cells[:width]
        if not self._is_clean and any(_DAMAGE.search(text) for text in self._texts[self._at : self._next]):
            return [_DAMAGE.sub("\ufffd", cell) for cell in cells], _NO_TEXT
        return cells, None

    def _spoiled(self, problem: Problem) -> tuple[Sequence[str], Problem]:
        """Go back to the line behind the first of a record that is none; what can be read of that one."""
        first = self._texts[self._at]
        if self._next > self._at + 1:
            self._closed = max(self._closed, self._next - 1)
        self._next = self._at + 1
        if first == _IS_TOO_LONG:
            return (), _LINE_TOO_LONG
        try:
            cells = next(csv.reader([_DAMAGE.sub("\ufffd", first)], delimiter=self._delimiter), [])
        except csv.Error:
            cells = []
        return cells[: self._limits.columns], problem

    def _problem_of(self, error: csv.Error) -> Problem:
        is_one_line = self._next == self._at + 1
        return _FIELD_TOO_LONG if is_one_line and str(error).startswith(_FIELD_LIMIT) else _QUOTES

    def _pass_over_blank(self) -> None:
        self._at = self._next
        self._blank += 1
        if self._blank > self._limits.rows:
            raise too_many_rows(self._limits.rows)


def too_many_rows(most: int) -> UnreadableCatalogue:
    """What is raised at the row behind the last that is read."""
    return UnreadableCatalogue(f"The file has more than {most} rows.", code="TOO_MANY_ROWS")


def _is_blank(cells: list[str], width: int | None) -> bool:
    return len(cells) == 1 and width != 1 and cells[0].isspace()


def _other_width(cells: int, width: int) -> Problem:
    return Problem("MALFORMED_ROW", f"The row has {cells} cells, and the table {width} columns.")
