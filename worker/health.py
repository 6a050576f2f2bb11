"""Whether the worker on this host can do its work: `python -m worker.health`, for whoever watches its container."""

import socket
import sys
from contextlib import closing
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.errors import ShelfwiseError
from shared.settings import Settings, load_settings
from shared.workers import works_on


def main() -> None:
    """Exit 0 if it can, else 1 with one sentence."""
    try:
        well = is_well(load_settings(), socket.gethostname())
    except ShelfwiseError as error:
        sys.exit(error.message)
    except SQLAlchemyError:
        sys.exit("The database does not answer.")
    if not well:
        sys.exit("No worker of this host has been seen of late that has what it needs.")


def is_well(settings: Settings, host: str) -> bool:
    """Whether a worker on this host has a fresh heartbeat, and has its bundle if it needs one."""
    with closing(Database(settings.database)) as database:
        if not database.exists():
            return False
        with database.read() as connection:
            return works_on(connection, host, timedelta(seconds=settings.lease_seconds))


if __name__ == "__main__":
    main()
