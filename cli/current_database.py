"""The database that the settings name, for commands that administer it without a service."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from shared.database import Database
from shared.errors import ConfigurationError
from shared.schema import is_usable
from shared.settings import Settings


@contextmanager
def current_database(settings: Settings) -> Iterator[Database]:
    """The database, for the time of the block. Raises ConfigurationError unless this code works on it."""
    with closing(Database(settings.database)) as database:
        if not (database.exists() and is_usable(database)):
            raise ConfigurationError(_what_to_do(settings, database))
        yield database


def _what_to_do(settings: Settings, database: Database) -> str:
    if database.is_sqlite:
        return f"No current database in {settings.data_dir}: start `shelfwise up` first."
    return "SHELFWISE_DATABASE_URL names no current database: run `shelfwise prepare` first."
