"""A copy of a SQLite database in a file that no service uses: made while one runs, looked at, and changed.

SQL as it is, and not through `Database`: the copy may be of an older schema, and looking at it must not change a byte.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy.exc import DBAPIError

from shared.database import Database, sqlite_module
from shared.disk import is_full
from shared.errors import ConfigurationError, StorageFull


class Copied(NamedTuple):
    """What is in a copy: the revision of its schema, and how many jobs and rows it has."""

    schema_revision: str
    jobs: int
    predictions: int


def size_of(database: Database) -> int:
    """The bytes that a copy takes at most."""
    with database.read() as connection:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        return pages * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def copy_database(database: Database, target: Path) -> None:
    """Write one state of a SQLite database to a file that is not there yet, or empty. Nobody waits for it meanwhile.

    Raises StorageFull where there is no room for it, and ConfigurationError where the database is damaged.
    """
    try:
        with database.engine.connect() as connection:  # without a transaction, in which SQLite does not do this
            connection.exec_driver_sql("VACUUM INTO ?", (str(target),))
    except DBAPIError as error:
        if is_full(error):
            raise StorageFull(f"There is no room for a copy of the database in {target.parent}.") from None
        raise ConfigurationError(f"The database cannot be copied: {_in_one_line(error.orig)}.") from None


def examine_copy(file: Path) -> Copied:
    """What is in a copy; all of it is read. Raises ConfigurationError, with SQLite's words, where it is not whole."""
    with _opened(file, "mode=ro&immutable=1") as connection:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise ConfigurationError(f"The database is damaged: {_in_one_line(said)}.")
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        (jobs,) = connection.execute("SELECT count(*) FROM jobs").fetchone()
        (predictions,) = connection.execute("SELECT count(*) FROM predictions").fetchone()
    return Copied(revision, jobs, predictions)


def end_sessions(file: Path) -> None:
    """Forget every refresh token in a copy: some were used up, or taken back, since it was made."""
    with _opened(file, "mode=rw") as connection:
        connection.execute("DELETE FROM refresh_tokens")
        connection.commit()


@contextmanager
def _opened(file: Path, how: str) -> Iterator[Any]:
    module = sqlite_module()
    try:
        with closing(module.connect(f"file:{quote(str(file.resolve()))}?{how}", uri=True)) as connection:
            yield connection
    except module.DatabaseError as error:
        raise ConfigurationError(f"The database is damaged: {_in_one_line(error)}.") from None


def _in_one_line(said: object) -> str:
    return " ".join(str(said).split())[:200]
