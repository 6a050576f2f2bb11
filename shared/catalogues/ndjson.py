"""Rows of NDJSON: one strict JSON object a line; its keys are the columns, which grow as new ones occur."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shared.catalogues.columns import LONGEST_NAME, found_columns, require_usable
from shared.catalogues.delimited import too_many_rows
from shared.catalogues.lines import TOO_LONG, Lines
from shared.catalogues.rows import CatalogueRow, Cell, Limits, Position, Problem
from shared.catalogues.source import Layout
from shared.catalogues.streams import Stream
from shared.errors import UnreadableCatalogue
from shared.strict_json import NotStrictJson, parse

_BLANK: Final = b" \t\r\n"
_SMALL: Final = 2**20  # bytes of a line whose values cannot be too many
_MOST_MARKS: Final = 250_000  # commas and brackets of a larger one: a value takes many times the bytes of its text
_LINE_TOO_LONG: Final = Problem("TOO_LONG", "The row has more bytes than are read.")
_MANY_VALUES: Final = Problem("TOO_LONG", "The row has more values than are read.")
_NO_OBJECT: Final = Problem("INVALID_JSON", "The row is no JSON object.")


class KeyedCells(list[Cell]):
    """The cells of a row, and the layout that names them: it may have grown since the file was opened."""

    __slots__ = ("layout",)

    def __init__(self, cells: Sequence[Cell], layout: Layout) -> None:
        super().__init__(cells)
        self.layout = layout


class JsonRows:
    """Reads the rows of NDJSON from a place in it."""

    def __init__(
        self, text: Stream, layout: Layout, chosen: Mapping[str, str], limits: Limits, position: Position
    ) -> None:
        """`text` begins at the position's `offset`, before the row `row`; `chosen` is the sender's word on columns."""
        self.layout = layout
        self._places = {name: place for place, name in enumerate(layout.header)}
        self._lines = Lines(text, limits.row_bytes, any_end=False)
        self._chosen = chosen
        self._limits = limits
        self._number: int = position["row"]
        self._offset: int = position["offset"]

    def position(self) -> Position:
        """Where the row behind the last one begins."""
        return {"offset": self._offset, "row": self._number}

    def rows(self) -> Iterator[CatalogueRow]:
        """The rows from here on. Raises UnreadableCatalogue for too many."""
        blank = 0
        while block := self._lines.read():
            for line, size in zip(block.lines, block.sizes, strict=True):
                self._offset += size
                if not line.strip(_BLANK):
                    blank += 1
                    if blank > self._limits.rows:
                        raise too_many_rows(self._limits.rows)
                    continue
                number = self._number
                if number >= self._limits.rows:
                    raise too_many_rows(self._limits.rows)
                row = self._row(number, line)
                self._number = number + 1
                yield row

    def _row(self, number: int, line: bytes) -> CatalogueRow:
        found = read_object(line)
        if isinstance(found, Problem):
            return CatalogueRow(number, (), found)
        if not found.keys() <= self._places.keys():
            problem = self._grow(found)
            if problem is not None:
                return CatalogueRow(number, (), problem)
        cells: list[Cell] = [None] * len(self._places)
        nested = []
        for name, value in found.items():
            if isinstance(value, dict | list):
                nested.append(name)
                value = json.dumps(value, ensure_ascii=False)
            cells[self._places[name]] = value
        return CatalogueRow(number, KeyedCells(cells, self.layout), self._nested_problem(nested) if nested else None)

    def _grow(self, found: Mapping[str, Any]) -> Problem | None:
        """Take new keys among the columns. A column of ours that has been found stays where it is."""
        new = [name for name in found if name not in self._places]
        if len(self._places) + len(new) > self._limits.columns:
            return Problem("TOO_MANY_COLUMNS", f"With this row, there would be more than {self._limits.columns} keys.")
        if any(len(name) > LONGEST_NAME for name in new):
            return Problem("TOO_LONG", f"A key has more than {LONGEST_NAME} characters.")
        if any("\0" in name for name in new):
            return Problem("INVALID_TEXT", "A key has a NUL in it.")
        for name in new:
            self._places[name] = len(self._places)
        columns = found_columns(new, self._chosen) | self.layout.columns
        header = (*self.layout.header, *new)
        self.layout = self.layout.model_copy(update={"header": header, "columns": columns})
        return None

    def _nested_problem(self, nested: Sequence[str]) -> Problem | None:
        for name in nested:
            if name in self.layout.columns.values():
                return Problem("WRONG_TYPE", "The value must be a string.", name)
        return None


def read_object(line: bytes) -> dict[str, Any] | Problem:
    """The object in a line, or why there is none."""
    if line == TOO_LONG:
        return _LINE_TOO_LONG
    if len(line) > _SMALL and line.count(b",") + line.count(b"[") + line.count(b"{") > _MOST_MARKS:
        return _MANY_VALUES
    try:
        value = parse(line)
    except NotStrictJson as error:
        return Problem("INVALID_JSON", f"The row is not valid JSON: {error}.")
    return value if isinstance(value, dict) else _NO_OBJECT


def json_layout(sample: bytes, layout: Layout, chosen: Mapping[str, str], *, is_whole: bool) -> Layout:
    """The layout of a text that begins so. Raises UnreadableCatalogue where no key of it is known to us.

    Of several names for a column of ours the best one in the sample is taken, in whichever row it is.
    """
    lines = sample.split(b"\n")
    if not is_whole:
        del lines[-1:]  # which is cut short
    keys: dict[str, None] = {}
    has_lines = False
    for line in lines:
        if line.strip(_BLANK):
            has_lines = True
            found = read_object(line)
            keys.update(dict.fromkeys(found) if isinstance(found, dict) else {})
    if is_whole and not has_lines:
        raise UnreadableCatalogue("The file is empty.", code="EMPTY_CATALOGUE")
    columns = found_columns(list(keys), chosen)
    for ours, theirs in chosen.items():
        if is_whole and ours not in columns and keys:
            raise UnreadableCatalogue(
                f"`columns` says that {ours} is in {theirs}, a key that no row has.", code="COLUMN_NOT_FOUND"
            )
    if keys:
        require_usable(columns, list(keys))
    return layout.model_copy(update={"columns": columns})
