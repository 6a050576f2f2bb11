"""A Parquet file: its rows, a few at a time.

A text that a file holds once may stand in each of its rows, so texts are taken as numbers into a dictionary, and their
lengths added up, before any is made.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO, Final

import pyarrow
from pyarrow import compute, parquet

from shared.catalogues.columns import checked_header, required_columns
from shared.catalogues.delimited import too_many_rows
from shared.catalogues.opening import Heartbeat
from shared.catalogues.refusals import refused_as
from shared.catalogues.rows import CatalogueRow, Cell, Limits, Position, Problem
from shared.catalogues.source import Layout, Source
from shared.errors import UnreadableCatalogue

_ROWS: Final = 1_024
_BYTES: Final = 64 * 2**20  # of texts that are made at a time, unless one row has more
_LARGEST_FOOTER: Final = 64 * 2**20
_WIDEST: Final = 2**16  # bytes of a value of fixed length
_MOST_VALUES: Final = 32 * 2**20  # in lists, of one column in one row group
_LIGHT: Final = 10_000  # columns of row groups
_BUFFER: Final = 2**18
_BROKEN: Final = "The Parquet file is damaged, or has something that cannot be read."
_NO_TEXT: Final = "The cell holds bytes that are not text in UTF-8."
_TOO_LONG: Final = "The cell has more bytes than are read."
_NESTED: Final = "The value must be a string."


class ParquetTable:
    """A Parquet file that is being read."""

    def __init__(
        self,
        file: BinaryIO,
        source: Source,
        layout: Layout,
        limits: Limits,
        position: Position | None,
        beat: Heartbeat,
    ) -> None:
        """`layout` has a header once the file has been looked into.

        Raises UnreadableCatalogue for a file that is none, or larger than what is read.
        """
        self._limits = limits
        self._beat = beat
        self._number: int = 0 if position is None else position["row"]
        with refused_as("BROKEN_PARQUET", _BROKEN):
            _check_footer(file)
            metadata = parquet.read_metadata(file)
            _check_size(metadata, limits)
            _check_widths(metadata)
            file.seek(0)
            schema = metadata.schema.to_arrow_schema()
            leaves = [metadata.schema.column(leaf) for leaf in range(metadata.num_columns)]
            texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
            self._file = parquet.ParquetFile(
                file, metadata=metadata, read_dictionary=texts, buffer_size=_BUFFER, pre_buffer=False
            )
        self.layout = layout if layout.header else _with_columns(layout, schema, source, limits)
        ours = set(self.layout.columns.values())
        self._nested = [
            place
            for place, name in enumerate(self.layout.header)
            if name in ours and _is_nested(schema.field(place).type)
        ]

    def rows(self) -> Iterator[CatalogueRow]:
        """The rows from where it was opened. Raises UnreadableCatalogue where they break off."""
        first = 0
        for group in range(self._file.num_row_groups):
            behind = first + self._file.metadata.row_group(group).num_rows
            if behind > self._number:
                yield from self._rows_of_group(group, self._number - first)
            first = behind

    @property
    def is_light(self) -> bool:
        """Whether its footer takes little memory."""
        return bool(self._file.num_row_groups * self._file.metadata.num_columns <= _LIGHT)

    def position(self) -> Position:
        """The number of the row behind the last one."""
        return {"row": self._number}

    def read_share(self) -> float:
        """How many of the rows have been read."""
        rows = self._file.metadata.num_rows
        return min(self._number / rows, 1.0) if rows else 1.0

    def _rows_of_group(self, group: int, done: int) -> Iterator[CatalogueRow]:
        with refused_as("BROKEN_PARQUET", _BROKEN):
            batches = self._file.iter_batches(_ROWS, row_groups=[group], use_threads=False)
        while True:
            self._beat()
            with refused_as("BROKEN_PARQUET", _BROKEN):
                batch = next(batches, None)
            if batch is None:
                return
            if batch.num_rows <= done:
                done -= batch.num_rows
                continue
            yield from self._rows_of(batch.slice(done))
            done = 0

    def _rows_of(self, batch: pyarrow.RecordBatch) -> Iterator[CatalogueRow]:
        """The rows of a batch, of half of it where all would be too much at once."""
        with refused_as("BROKEN_PARQUET", _BROKEN):
            is_too_much = batch.num_rows > 1 and sum(_bytes(column) for column in batch.columns) > _BYTES
        if is_too_much:
            half = batch.num_rows // 2
            yield from self._rows_of(batch.slice(0, half))
            yield from self._rows_of(batch.slice(half))
            return
        problems: dict[int, Problem] = {}
        with refused_as("BROKEN_PARQUET", _BROKEN):
            columns = [
                self._cells(column, name, problems)
                for name, column in zip(self.layout.header, batch.columns, strict=True)
            ]
        for place in self._nested:
            for row, cell in enumerate(columns[place]):
                if cell is not None:
                    problems.setdefault(row, Problem("WRONG_TYPE", _NESTED, self.layout.header[place]))
        for row, cells in enumerate(zip(*columns, strict=True)):
            number = self._number
            self._number = number + 1
            yield CatalogueRow(number, cells, problems.get(row))

    def _cells(self, column: pyarrow.Array, name: str, problems: dict[int, Problem]) -> Sequence[Cell]:
        if _is_coded_text(column.type):
            column = self._texts(column, name, problems)
        elif _is_nested(column.type) and _bytes(column) > self._limits.row_bytes:
            return [self._nested_cell(column.slice(row, 1), row, name, problems) for row in range(len(column))]
        try:
            values: list[Any] = column.to_pylist()
        except UnicodeDecodeError:
            values = [_text_or_none(column, row, name, problems) for row in range(len(column))]
        if _is_native(column.type):
            return values
        return [_cell(value) for value in values]

    def _nested_cell(self, column: pyarrow.Array, row: int, name: str, problems: dict[int, Problem]) -> Cell:
        """The one value of a column of lists or the like, unless it is too long."""
        if _bytes(column) > self._limits.row_bytes:
            problems.setdefault(row, Problem("TOO_LONG", _TOO_LONG, name))
            return None
        return _cell(_text_or_none(column, 0, name, problems))

    def _texts(self, column: pyarrow.Array, name: str, problems: dict[int, Problem]) -> pyarrow.Array:
        """A column's texts but those that are too long."""
        lengths = _lengths(column)
        if (compute.max(lengths).as_py() or 0) > self._limits.row_bytes:
            for row, length in enumerate(lengths.to_pylist()):
                if length is not None and length > self._limits.row_bytes:
                    problems.setdefault(row, Problem("TOO_LONG", _TOO_LONG, name))
            short = compute.less_equal(lengths, self._limits.row_bytes)
            places = compute.if_else(short, column.indices, pyarrow.scalar(None, column.indices.type))
            column = pyarrow.DictionaryArray.from_arrays(places, column.dictionary)
        return column.dictionary_decode()


def _check_footer(file: BinaryIO) -> None:
    size = file.seek(0, 2)
    if size < 12:
        raise ValueError("too short")
    file.seek(size - 8)
    footer = int.from_bytes(file.read(4), "little")
    if file.read(4) != b"PAR1" or footer > min(size, _LARGEST_FOOTER):
        raise ValueError("no footer, or one beyond belief")
    file.seek(0)


def _check_size(metadata: parquet.FileMetaData, limits: Limits) -> None:
    if metadata.num_rows > limits.rows:
        raise too_many_rows(limits.rows)
    if metadata.num_columns > limits.columns:
        raise UnreadableCatalogue(
            f"The file has {metadata.num_columns} columns; at most {limits.columns} are read.", code="TOO_MANY_COLUMNS"
        )
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    if sum(group.num_rows for group in groups) != metadata.num_rows or any(group.num_rows < 0 for group in groups):
        raise UnreadableCatalogue(_BROKEN, code="BROKEN_PARQUET")
    if sum(group.total_byte_size for group in groups) > limits.unpacked_bytes:
        raise UnreadableCatalogue(
            f"The file has more than {limits.unpacked_bytes} bytes once it is unpacked.", code="UNPACKED_TOO_LARGE"
        )


def _check_widths(metadata: parquet.FileMetaData) -> None:
    """Refuse what takes much memory before its size can be told: wide values, and rows of a great many each."""
    leaves = [metadata.schema.column(leaf) for leaf in range(metadata.num_columns)]
    is_wide = any(leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" and leaf.length > _WIDEST for leaf in leaves)
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    nested = [place for place, leaf in enumerate(leaves) if leaf.max_repetition_level]
    most = max((group.column(place).num_values for group in groups for place in nested), default=0)
    if is_wide or most > _MOST_VALUES:
        raise UnreadableCatalogue("The file has values that are too large to be read.", code="UNPACKED_TOO_LARGE")


def _with_columns(layout: Layout, schema: pyarrow.Schema, source: Source, limits: Limits) -> Layout:
    header = checked_header(schema.names, limits.columns)
    required_columns([name.strip() for name in schema.names], source.columns)
    types = {name: str(field.type) for name, field in zip(header, schema, strict=True) if _is_native(field.type)}
    columns = required_columns(header, source.columns)
    return layout.model_copy(update={"header": header, "columns": columns, "types": types})


def _is_text(kind: pyarrow.DataType) -> bool:
    types = pyarrow.types
    tests = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    return any(test(kind) for test in tests)


def _is_native(kind: pyarrow.DataType) -> bool:
    """Whether Python's values of this type are cells."""
    types = pyarrow.types
    tests = (types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_boolean)
    return any(test(kind) for test in tests)


def _is_nested(kind: pyarrow.DataType) -> bool:
    return bool(pyarrow.types.is_nested(kind))


def _is_coded_text(kind: pyarrow.DataType) -> bool:
    return bool(pyarrow.types.is_dictionary(kind)) and _is_text(kind.value_type)


def _lengths(column: pyarrow.Array) -> pyarrow.Array:
    return compute.take(compute.binary_length(column.dictionary), column.indices)


def _bytes(column: pyarrow.Array) -> int:
    """How many bytes a column's values have, each text counted wherever it stands."""
    if _is_coded_text(column.type):
        return compute.sum(_lengths(column)).as_py() or 0
    if pyarrow.types.is_struct(column.type):
        return sum(_bytes(field) for field in column.flatten())
    if pyarrow.types.is_map(column.type):  # which has no `flatten`
        first, behind = column.offsets[0].as_py(), column.offsets[-1].as_py()
        return sum(_bytes(part.slice(first, behind - first)) for part in (column.keys, column.items))
    if _is_nested(column.type):
        return _bytes(column.flatten())
    return int(column.nbytes)


def _text_or_none(column: pyarrow.Array, row: int, name: str, problems: dict[int, Problem]) -> Any:
    try:
        return column[row].as_py()
    except UnicodeDecodeError:
        problems.setdefault(row, Problem("INVALID_TEXT", _NO_TEXT, name))
        return None


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_cell)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | timedelta) else repr(value)
