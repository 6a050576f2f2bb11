"""A table as Parquet: our columns typed, those of a Parquet file as it had them, all others text."""

from collections.abc import Iterator, Sequence
from typing import Any

from api.outbox import Outbox
from api.results.answers import Cells
from api.results.tables import Table

# Of one row group, which is in memory, in Arrow's few bytes a cell, until it is written.
ROWS, BYTES = 4_096, 16 * 2**20
CELLS, CHARACTERS = 2**18, 4 * 2**20  # that are in memory as Python's objects, some 60 bytes each
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
        for group in _groups(_batches(table.rows, schema)):
            if group is None:
                yield b""
                continue
            writer.write_table(pyarrow.Table.from_batches(group, schema))
            yield from outbox.taken()
    yield from outbox.taken()


def _groups(batches: Iterator[Any]) -> Iterator[Sequence[Any] | None]:
    """The batches, as many at once as make a row group; beats in between."""
    group = list[Any]()
    rows = size = 0
    for batch in batches:
        if batch is None:
            yield None
            continue
        group.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= ROWS or size >= BYTES:
            yield group
            group, rows, size = [], 0, 0
    if group:
        yield group


def _batches(rows: Iterator[Cells | None], schema: Any) -> Iterator[Any]:
    """The rows as Arrow has them, some at once; beats in between."""
    most = min(ROWS, max(1, CELLS // len(schema)))
    some, size = list[Cells](), 0
    for row in rows:
        if row is None:
            yield None
            continue
        some.append(row)
        size += sum([len(cell) for cell in row if type(cell) is str])
        if len(some) >= most or size >= CHARACTERS:
            yield _batch(some, schema)
            some, size = [], 0
    if some:
        yield _batch(some, schema)


def _batch(rows: Sequence[Cells], schema: Any) -> Any:
    import pyarrow

    columns = [_column(cells, wanted) for cells, wanted in zip(zip(*rows, strict=True), schema.types, strict=True)]
    return pyarrow.record_batch(columns, schema=schema)


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
