"""One statement for many rows, past SQLAlchemy's handling of every single value.

SQLAlchemy converts each value by its column's type, row by row, in Python: on the way of a catalogue's rows that took
twice as long as the database itself. Here a statement is compiled as ever, and its rows come in the driver's own form:
plain values, times as `moment` makes them, JSON as text.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, Insert, Update

_Row: TypeAlias = tuple[Any, ...]
_Order: TypeAlias = Callable[[_Row], _Row]
_SQLITE_TIME = "%Y-%m-%d %H:%M:%S.%f"


class ManyRows:
    """An INSERT or UPDATE whose parameters are called `names`; rows are tuples in the order of these."""

    def __init__(self, statement: Insert | Update, *names: str) -> None:
        self._statement = statement
        self._names = names
        self._compiled: dict[str, tuple[str, _Order | None]] = {}

    def execute(self, connection: Connection, rows: Sequence[_Row]) -> None:
        """Run the statement for each of the rows; for none it does nothing."""
        if not rows:
            return
        sql, in_order = self._in_dialect(connection)
        if in_order is None:
            connection.exec_driver_sql(sql, [dict(zip(self._names, row, strict=True)) for row in rows])
        else:
            connection.exec_driver_sql(sql, list(map(in_order, rows)))

    def _in_dialect(self, connection: Connection) -> tuple[str, _Order | None]:
        """The statement's text, and what puts a row into the order of its parameters; None where they have names."""
        name = connection.dialect.name
        if name not in self._compiled:
            keys = list(self._names) if isinstance(self._statement, Insert) else None
            compiled = self._statement.compile(dialect=connection.dialect, column_keys=keys)
            order = compiled.positiontup
            places = None if order is None else itemgetter(*map(self._names.index, order))
            self._compiled[name] = str(compiled), places
        return self._compiled[name]


def moment(connection: Connection, time: datetime) -> datetime | str:
    """A time as the driver takes it."""
    return time.astimezone(UTC).strftime(_SQLITE_TIME) if connection.dialect.name == "sqlite" else time
