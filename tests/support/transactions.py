"""Whether a process is in the middle of a transaction: where it is held still there, others wait for its locks."""

from contextlib import closing

import psutil
import psycopg
from sqlalchemy import make_url

from shared.database import sqlite_module

_BUSY_CONNECTIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND client_port = ANY(%s) AND state <> 'idle'
"""


def in_transaction(process: psutil.Process, database_url: str) -> bool:
    """Whether this process, which has just been suspended, may hold locks of the database."""
    if database_url.startswith("sqlite"):
        return _is_being_written(str(make_url(database_url).database))
    ports = [connection.laddr.port for connection in process.net_connections("inet")]
    with psycopg.connect(database_url) as connection:
        (busy,) = connection.execute(_BUSY_CONNECTIONS, [ports]).fetchone() or (0,)
    return bool(busy)


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
