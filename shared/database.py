"""The connection to SQLite or PostgreSQL, and the two ways to use it: `begin()` to write, `read()` to read."""

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase

from shared.errors import ConfigurationError
from shared.fair_lock import FairLock

OLDEST_SQLITE = (3, 51, 3)  # earlier ones can corrupt a database in WAL mode while it is being reset
BUSY_SECONDS = 30
BUSY_PAUSE_SECONDS = 0.0003
WAL_BYTES = 16 * 2**20  # that SQLite's write-ahead log keeps when it begins anew; a reader that stays makes it longer
# Parameters are people's texts and hashes of their passwords: errors must not carry them into the log.
_ENGINE: dict[str, Any] = {"pool_size": 16, "max_overflow": 48, "pool_timeout": 30, "hide_parameters": True}
_ONE_STATE = {"isolation_level": "REPEATABLE READ"}
# Whoever vanishes with its machine or its network says no word. That a server has is noticed in half a minute, instead
# of hours; below, what a server does about us.
_VANISHED = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",  # milliseconds; while something that was sent is unanswered, no keepalive is
    "connect_timeout": "10",
}
# What somebody has locked who stands still in a transaction is free again after this time. It is longer than a request
# to the object store is tried, and shorter than those who wait for the locks may be stuck (SHELFWISE_STALL_SECONDS).
IDLE_SECONDS = 50


class Database:
    """An engine with the project's rules: every write is one short transaction that locks from its first word."""

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self.engine = _sqlite_engine(parsed) if parsed.get_backend_name() == "sqlite" else _postgres_engine(parsed)
        # SQLite's transactions see one state as they are; PostgreSQL's see a new one in every statement.
        self._reading = self.engine if self.is_sqlite else self.engine.execution_options(**_ONE_STATE)
        # SQLite has one writer. Threads of one process queue here, where the next one is woken at once and in
        # order, instead of in SQLite's busy handler, which sleeps and tries again.
        self._turn: AbstractContextManager[Any] = FairLock() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, in a file."""
        return self.engine.dialect.name == "sqlite"

    def exists(self) -> bool:
        """Whether there is a database at all: a SQLite file would be made by looking into it."""
        name = self.engine.url.database
        return not self.is_sqlite or (name is not None and Path(name).is_file())

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, rolled back by any exception."""
        with self._turn, self.engine.connect() as connection, connection.begin():
            if self.is_sqlite:
                _begin_writing(connection)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading one consistent state; nothing written through it is kept."""
        with self._reading.connect() as connection:
            if self.is_sqlite:
                _run(connection, "BEGIN")
            yield connection

    @contextmanager
    def changes(self) -> Iterator[Callable[[], int]]:
        """A function whose result differs from its last one once somebody else has committed something.

        On SQLite it takes microseconds and waits for nobody; PostgreSQL has no such thing, and there it always differs.
        """
        if not self.is_sqlite:
            count = itertools.count()
            yield lambda: next(count)
            return
        with closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()

            def version() -> int:
                try:
                    return int(cursor.execute("PRAGMA data_version").fetchone()[0])
                except Exception:
                    with self.read() as again:  # which raises it in SQLAlchemy's words
                        return int(again.exec_driver_sql("PRAGMA data_version").scalar_one())

            yield version
            cursor.close()

    def is_writable(self) -> bool:
        """Whether a write transaction can be opened now."""
        try:
            with self.begin() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def sqlite_module() -> ModuleType:
    """Python's own sqlite3 when it is recent enough, else the one that the pysqlite3 package carries.

    Raises ConfigurationError when neither is. A process that also needs TensorFlow must come here first:
    TensorFlow 2.21 exports the functions of the SQLite 3.50 inside it, and what is loaded later gets those.
    """
    if sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return sqlite3
    from pysqlite3 import dbapi2

    if dbapi2.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise ConfigurationError(
            f"SQLite {dbapi2.sqlite_version} is too old; install pysqlite3 with {wanted} or later."
        )
    return dbapi2  # type: ignore[no-any-return]  # pysqlite3 carries no types


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ConfigurationError("SHELFWISE_DATABASE_URL is not a database URL.") from None


def _sqlite_engine(url: URL) -> Engine:
    if not url.database or ":memory:" in url.database or url.query.get("mode") == "memory":
        raise ConfigurationError("SHELFWISE_DATABASE_URL must name a file: a database in memory loses accepted jobs.")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, module=sqlite_module(), connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **_ENGINE
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows no letter like É
        connection.isolation_level = None  # the driver must not open transactions of its own: `Database` does
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA journal_size_limit={WAL_BYTES}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-16384")
        cursor.close()

    return engine


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _run(connection: Connection, statement: str) -> None:
    """Run what returns nothing on the driver's own cursor: through SQLAlchemy it takes ten times as long.

    A listener to its `begin` event would be shorter, and would make every statement of the engine cost three times
    as much.
    """
    cursor = connection.connection.cursor()
    cursor.execute(statement)
    cursor.close()


def _begin_writing(connection: Connection) -> None:
    """Begin with the lock, once no other process writes. Raises OperationalError after BUSY_SECONDS.

    A deferred transaction that reads first and writes later fails when somebody wrote in between, whatever the busy
    time-out; IMMEDIATE waits for its turn at the start instead. SQLite's own handler would wait in sleeps that grow
    to a tenth of a second, for transactions of a millisecond or two: whoever comes last would go first.
    """
    end = time.monotonic() + BUSY_SECONDS
    _run(connection, "PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < end:
            try:
                _run(connection, "BEGIN IMMEDIATE")
                return
            except Exception as error:
                if not _is_busy(error):
                    break
            time.sleep(BUSY_PAUSE_SECONDS)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # which puts the driver's error into SQLAlchemy's words
    finally:
        _run(connection, f"PRAGMA busy_timeout={1000 * BUSY_SECONDS}")


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY  # the rest says how busy


def _postgres_engine(url: URL) -> Engine:
    """An engine whose connections are looked at before each use. What the URL or the server says counts for more."""
    if url.get_backend_name() != "postgresql":
        raise ConfigurationError("SHELFWISE_DATABASE_URL must begin with sqlite:/// or postgresql://.")
    engine = create_engine(
        url.set(drivername="postgresql+psycopg", query={**_VANISHED, **url.query}),
        pool_pre_ping=True,
        **_ENGINE,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.execute(_END_IDLE_TRANSACTIONS, [f"{IDLE_SECONDS}s"])
        connection.commit()

    @event.listens_for(engine, "handle_error", retval=True)
    def name_what_was_lost(context: ExceptionContext) -> BaseException | None:
        """A connection that was lost is one kind of error, whatever the driver makes of the server's last words."""
        error, cause = context.sqlalchemy_exception, context.original_exception
        if not context.is_disconnect or error is None or isinstance(error, OperationalError):
            return None
        return OperationalError(context.statement, None, cause, hide_parameters=True, connection_invalidated=True)

    return engine


_END_IDLE_TRANSACTIONS = """
    SELECT set_config('idle_in_transaction_session_timeout', %s, false)
    WHERE current_setting('idle_in_transaction_session_timeout') = '0'
"""


def upsert(connection: Connection, table: type[DeclarativeBase]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows `on_conflict_do_update`, in the dialect of this connection."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
