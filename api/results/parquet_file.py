"""A table as Parquet: our columns typed, those of a Parquet file as it had them, all others text."""

from collections.abc import Iterator, Sequence
from typing import Any

from api.outbox import Outbox
from api.results.answers import Cells
from api.results.tables import Table

ROWS, CHARACTERS = 4_096, 8 * 2**20  # of one row group, which is in memory while it is written
# What is in a file under another type comes as text.
_PLAIN = frozenset(
    ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double", "string")
)


def parquet_pieces(table: Table) -> Iterator[bytes]:
    """The file, a row group at a time."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    types = [pyarrow.type_for_alias(name if name in _PLAIN else "string") for name in table.types]
    schema = pyarrow.schema([pyarrow.field(*field) for field in zip(table.names, types, strict=True)])
    outbox = Outbox()
    with ParquetWriter(outbox, schema) as writer:
        for group in _groups(table.rows):
            columns = [_column(cells, each) for cells, each in zip(zip(*group, strict=True), types, strict=True)]
            writer.write_batch(pyarrow.record_batch(columns, schema=schema))
            yield from outbox.taken()
    yield from outbox.taken()


def _groups(rows: Iterator[Cells]) -> Iterator[Sequence[Cells]]:
    """The rows, as many at once as are written together."""
    group, size = list[Cells](), 0
    for row in rows:
        group.append(row)
        size += sum([len(cell) for cell in row if type(cell) is str])
        if len(group) >= ROWS or size >= CHARACTERS:
            yield group
            group, size = [], 0
    if group:
        yield group


def _column(cells: Cells, wanted: Any) -> Any:
    import pyarrow

    try:
        return pyarrow.array(cells, wanted)
    except (pyarrow.ArrowException, OverflowError, TypeError, UnicodeError):  # JSON's numbers, or an unreadable row
        return pyarrow.array([_fitting(cell, wanted) for cell in cells], wanted)


def _fitting(cell: Any, wanted: Any) -> Any:
    """A cell as its column has it; None if it cannot be."""
    import pyarrow

    if cell is None:
        return None
    if pyarrow.types.is_string(wanted):
        return str(cell).encode("utf-8", "replace").decode()
    try:
        return pyarrow.scalar(cell, wanted).as_py()
    except (pyarrow.ArrowException, OverflowError, TypeError):
        return None
