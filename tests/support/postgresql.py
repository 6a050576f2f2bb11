"""Trouble with PostgreSQL, as its administrator can make it for one database."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url

_CUT = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = %s AND backend_type = 'client backend'
"""


def cut_connections(database_url: str) -> int:
    """End every connection to this database, whatever it is in the middle of; returns how many there were."""
    with _administrator(database_url) as administrator:
        return len(administrator.execute(_CUT, [make_url(database_url).database]).fetchall())


@contextmanager
def away(database_url: str) -> Iterator[None]:
    """Have this database take nobody in for the time of the block, and throw out who is there."""
    name = make_url(database_url).database
    with _administrator(database_url) as administrator:
        administrator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            cut_connections(database_url)
            yield
        finally:
            administrator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def _administrator(database_url: str) -> psycopg.Connection:
    """A connection to the server from outside the database."""
    outside = make_url(database_url).set(database="postgres").render_as_string(hide_password=False)
    return psycopg.connect(outside, autocommit=True)
