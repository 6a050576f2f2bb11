"""Whether a suspended process is in the middle of a transaction: others wait for what it has locked there."""

from contextlib import closing

import psutil
import psycopg
from sqlalchemy import make_url

from shared.database import sqlite_module

_MANY_ROWS = "UPDATE predictions %"  # sent row after row, in one go
_CONNECTIONS = """
    SELECT state, backend_xid IS NOT NULL AND query NOT LIKE %s FROM pg_stat_activity
    WHERE datname = current_database() AND client_port = ANY(%s)
"""


def is_outside_transactions(process: psutil.Process, database_url: str) -> bool:
    """Whether this process holds no locks of the database."""
    if database_url.startswith("sqlite"):
        return not _is_being_written(str(make_url(database_url).database))
    return all(state == "idle" for state, _ in _connections(process, database_url))


def has_written(process: psutil.Process, database_url: str) -> bool:
    """Whether this process has changed something in a transaction that is open, and is at none of its statements.

    Nor is it in the middle of sending many rows: what PostgreSQL has heard of them keeps it from counting the
    transaction as one that stands still, though it says that it is idle.
    """
    return ("idle in transaction", True) in _connections(process, database_url)


def _connections(process: psutil.Process, database_url: str) -> list[tuple[str, bool]]:
    """The state of each of the process's connections to PostgreSQL, and whether it has written."""
    ports = [connection.laddr.port for connection in process.net_connections("inet")]
    with psycopg.connect(database_url) as connection:
        return connection.execute(_CONNECTIONS, [_MANY_ROWS, ports]).fetchall()


def _is_being_written(path: str) -> bool:
    """SQLite has one writer, and does not say which process it is.

    The library is the one that the rest of this process uses: with two of them, closing a file in one would drop the
    locks that the other has on it.
    """
    sqlite3 = sqlite_module()
    with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False
