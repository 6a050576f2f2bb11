"""A CSV file as other people's programs write it: any of three delimiters, UTF-8 or Windows-1252, with damaged rows."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from shared.errors import InvalidInput
from training.datasets.report import Finding, Tally

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
INDEX = "index"  # the column without a name, in which pandas writes its row labels
# Names under which a column is found, by the name used here.
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    INDEX: ("", "unnamed: 0"),
    "product_id": ("productid", "product_id"),
    "image_id": ("imageid", "image_id"),
    "designation": ("designation", "title", "name"),
    "description": ("description",),
    "image": ("image", "image_path"),
    "prdtypecode": ("prdtypecode",),
    "category": ("category",),
    "code": ("code",),
    "name": ("name",),
    "name_en": ("name_en",),
}
LONGEST_HEADER = 1_000_000  # bytes; a file without a line end is not read whole to find its columns


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: where it is, and its fields by the names in ALIASES, stripped. A column that is not there is empty."""

    where: str
    fields: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.fields.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file whose header has been understood."""

    path: Path
    delimiter: str
    header: tuple[str, ...]
    columns: Mapping[str, int]

    @classmethod
    def open(cls, path: Path, wanted: Sequence[str], required: Sequence[str]) -> "Table":
        """Read the header and find the columns. Raises InvalidInput when a required one is not there."""
        try:
            with path.open("rb") as file:
                first, _ = _decoded(file.readline(LONGEST_HEADER))
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror}.", where="data") from None
        if first.startswith(("ÿþ", "þÿ")):
            raise InvalidInput(f"{path.name} is UTF-16; save it as UTF-8.", where="data")
        tables = [cls._parsed(path, delimiter, first, wanted) for delimiter in DELIMITERS]
        table = max(tables, key=lambda each: len(each.columns))
        missing = [column for column in required if column not in table.columns]
        if missing:
            names = ", ".join(_shown(column) for column in missing)
            there = ", ".join(name or "(no name)" for name in table.header[:20])
            raise InvalidInput(
                f"{path.name} needs the columns {names}; separated by {DELIMITERS[table.delimiter]}, it has: {there}.",
                where="data",
            )
        return table

    @classmethod
    def _parsed(cls, path: Path, delimiter: str, line: str, wanted: Sequence[str]) -> "Table":
        try:
            header = tuple(name.strip().casefold() for name in next(csv.reader([line], delimiter=delimiter), []))
        except csv.Error:
            header = ()
        columns = {}
        for column in wanted:
            found = [header.index(alias) for alias in ALIASES[column] if alias in header]
            if found:
                columns[column] = found[0]
        return cls(path, delimiter, header, columns)

    def rows(self, tally: Tally, malformed: Finding = Finding.MALFORMED) -> Iterator[TableRow]:
        """Every row that is whole; the header is row 1. Damaged ones are counted as `malformed`, empty lines are not.

        States in `tally` how the file was read. Each line that is not UTF-8 is read as Windows-1252.
        """
        other_lines = 0

        def lines() -> Iterator[str]:
            nonlocal other_lines
            with self.path.open("rb") as file:
                for line in file:
                    text, is_utf8 = _decoded(line)
                    other_lines += not is_utf8
                    yield text

        reader = csv.reader(lines(), delimiter=self.delimiter)
        next(reader)
        for number in count(2):
            where = f"{self.path.name} row {number}"
            try:
                values = next(reader)
            except StopIteration:
                break
            except csv.Error:  # a field past csv's 131,072 characters: a quote that nobody closed
                tally.note(malformed, where)
                continue
            if len(values) == len(self.header):
                yield TableRow(where, {column: values[place].strip() for column, place in self.columns.items()})
            elif values:
                tally.note(malformed, where)
        encoding = f"{other_lines} lines in Windows-1252, the rest in UTF-8" if other_lines else "UTF-8"
        tally.sources.append(f"{self.path.name}: separated by {DELIMITERS[self.delimiter]}, {encoding}")


def _decoded(line: bytes) -> tuple[str, bool]:
    """A line's text, and whether it was UTF-8."""
    try:
        return line.removeprefix(b"\xef\xbb\xbf").decode(), True
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace"), False


def _shown(column: str) -> str:
    """A column as its owner may have named it."""
    return "(no name)" if column == INDEX else " or ".join(ALIASES[column])
