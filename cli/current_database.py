"""The database of this machine, for commands that administer it without a service."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from shared.database import Database
from shared.errors import ConfigurationError
from shared.schema import is_usable
from shared.settings import Settings


@contextmanager
def current_database(settings: Settings) -> Iterator[Database]:
    """The database, for the time of the block. Raises ConfigurationError unless there is one that this code works on."""
    with closing(Database(settings.database)) as database:
        if not (database.exists() and is_usable(database)):
            raise ConfigurationError(f"No current database in {settings.data_dir}: start `shelfwise up` first.")
        yield database
