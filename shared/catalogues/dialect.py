"""Which character separates the cells of a text."""

import csv
import io
from collections.abc import Mapping
from itertools import islice

from shared.catalogues.columns import found_columns
from shared.catalogues.source import Format
from shared.errors import UnreadableCatalogue

DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 50  # records
_CHARACTERS = 200_000


def delimiter_of(sample: str, chosen: Mapping[str, str], form: Format) -> str:
    """The one that finds most of our columns, then has most records as wide as the first, then the most columns.

    `sample` is the beginning of the text, `chosen` the sender's word on which column is which.
    """
    candidates = ("\t", *DELIMITERS) if form is Format.TSV else DELIMITERS  # the first of equals is taken
    return max(candidates, key=lambda delimiter: _fitness(sample[:_CHARACTERS], delimiter, chosen))


def checked_delimiter(delimiter: str) -> str:
    """The sender's word on it. Raises UnreadableCatalogue when it cannot be one."""
    if len(delimiter) != 1 or delimiter in '"\r\n\0' or "\ud800" <= delimiter <= "\udfff":
        raise UnreadableCatalogue("A delimiter is one character, and no quote or line end.", code="INVALID_DELIMITER")
    return delimiter


def _fitness(sample: str, delimiter: str, chosen: Mapping[str, str]) -> tuple[int, float, int]:
    records = _records(sample, delimiter)
    if not records:
        return 0, 0.0, 0
    header, *others = records
    alike = sum(len(record) == len(header) for record in others) / len(others) if others else 1.0
    return len(found_columns(header, chosen)), alike, len(header)


def _records(sample: str, delimiter: str) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        for record in islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), 2 * _LOOKED_AT):
            if record:
                records.append(record)
    except csv.Error:  # a field past csv's limit
        pass
    whole = records[:-1] if len(records) > 2 else records  # the last may be cut short by the sample's end
    return whole[:_LOOKED_AT]
