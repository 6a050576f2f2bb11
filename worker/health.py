"""Whether a worker on this host can do its work: `python -m worker.health`, for whoever watches its container.

With a process id it asks for that worker alone, for hosts that have several.
"""

import socket
import sys
from contextlib import closing
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.errors import ShelfwiseError
from shared.settings import Settings, load_settings
from shared.workers import can_work


def main() -> None:
    """Exit 0 if it can, else 1 with one sentence."""
    if len(sys.argv) > 2 or not all(argument.isdecimal() for argument in sys.argv[1:]):
        sys.exit("usage: python -m worker.health [PROCESS_ID]")
    process_id = int(sys.argv[1]) if sys.argv[1:] else None
    try:
        well = is_well(load_settings(), socket.gethostname(), process_id)
    except ShelfwiseError as error:
        sys.exit(error.message)
    except SQLAlchemyError:
        sys.exit("The database does not answer.")
    if not well:
        sys.exit("No worker of this host has been seen of late that has what it needs.")


def is_well(settings: Settings, host: str, process_id: int | None = None) -> bool:
    """Whether a worker on this host, or in this process, has a fresh heartbeat, and its bundle if it needs one."""
    with closing(Database(settings.database)) as database:
        if not database.exists():
            return False
        with database.read() as connection:
            return can_work(connection, host, process_id, timedelta(seconds=settings.lease_seconds))


if __name__ == "__main__":
    main()
