"""One statement for many rows, past SQLAlchemy's handling of every single value.

SQLAlchemy converts each value by its column's type, row by row, in Python: on the way of a catalogue's rows that took
twice as long as the database itself. Here a statement is compiled as ever, and its rows come in the driver's own form:
plain values, times as `moment` makes them, JSON as text.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Insert, Update

AT_ONCE = 32  # rows that one INSERT has on SQLite, which takes a fifth less than one for each

_Row: TypeAlias = tuple[Any, ...]
_SQLITE_TIME = "%Y-%m-%d %H:%M:%S.%f"


class _Compiled(NamedTuple):
    """A statement's text for one row and for AT_ONCE, and what puts a row into the order of its parameters.

    None stands for what there is not: an UPDATE of many rows, and an order where parameters have names.
    """

    one: str
    many: str | None
    in_order: Callable[[_Row], _Row] | None


class ManyRows:
    """An INSERT or UPDATE whose parameters are called `names`; rows are tuples in the order of these."""

    def __init__(self, statement: Insert | Update, *names: str) -> None:
        self._statement = statement
        self._names = names
        self._compiled: dict[str, _Compiled] = {}

    def execute(self, connection: Connection, rows: Sequence[_Row]) -> None:
        """Run the statement for each of the rows; for none it does nothing."""
        if not rows:
            return
        one, many, in_order = self._in_dialect(connection)
        if in_order is None:
            connection.exec_driver_sql(one, [dict(zip(self._names, row, strict=True)) for row in rows])
            return
        ordered = list(map(in_order, rows))
        alone = len(ordered) % AT_ONCE if many else len(ordered)
        if alone:
            connection.exec_driver_sql(one, ordered[:alone])
        if many and alone < len(ordered):
            starts = range(alone, len(ordered), AT_ONCE)
            connection.exec_driver_sql(
                many, [tuple(chain.from_iterable(ordered[start : start + AT_ONCE])) for start in starts]
            )

    def _in_dialect(self, connection: Connection) -> _Compiled:
        name = connection.dialect.name
        if name not in self._compiled:
            is_insert = isinstance(self._statement, Insert)
            keys = list(self._names) if is_insert else None
            compiled = self._statement.compile(dialect=connection.dialect, column_keys=keys)
            text, order = str(compiled), compiled.positiontup
            if order is None:
                self._compiled[name] = _Compiled(text, None, None)
            else:
                head, values, row = text.rpartition(" VALUES ")
                many = f"{head}{values}{', '.join([row] * AT_ONCE)}" if is_insert else None
                self._compiled[name] = _Compiled(text, many, itemgetter(*map(self._names.index, order)))
        return self._compiled[name]


def moment(connection: Connection, time: datetime) -> datetime | str:
    """A time as the driver takes it."""
    return time.astimezone(UTC).strftime(_SQLITE_TIME) if connection.dialect.name == "sqlite" else time
