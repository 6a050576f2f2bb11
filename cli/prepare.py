"""`shelfwise prepare`: what `up` makes before it starts the parts, for where each part is started by itself."""

import time
from contextlib import closing

from sqlalchemy.exc import SQLAlchemyError

from cli.data_folder import held_alone, refuse_unfinished_restore
from cli.first_start import prepare_bundle, prepare_database
from cli.supervisor import Supervisor, environment_of_parts
from cli.terminal import say
from shared.database import Database
from shared.errors import Unavailable
from shared.settings import Settings

DATABASE_SECONDS = 60.0
LOOK_SECONDS = 0.5


def prepare(settings: Settings) -> None:
    """Migrate the database, make the first administrator, and train the demo bundle where no bundle is active.

    Safe to repeat: what is there stays as it is. Raises ConfigurationError, and Unavailable when no bundle came of it.
    """
    with held_alone(settings.data_dir, f"Another `shelfwise` is at work on {settings.data_dir}."):
        refuse_unfinished_restore(settings.data_dir)
        supervisor = Supervisor()
        with closing(Database(settings.database)) as database:
            wait_until_it_answers(database, DATABASE_SECONDS)
            prepare_database(settings, database)
            prepare_bundle(settings, database, supervisor, environment_of_parts())
        if supervisor.stop_asked:
            raise Unavailable("Stopped before all was prepared.")
    say("prepared")


def wait_until_it_answers(database: Database, seconds: float) -> None:
    """Return once the database answers: one that is started beside us may take a while. Raises Unavailable."""
    end = time.monotonic() + seconds
    while True:
        try:
            with database.read():
                return
        except SQLAlchemyError:
            if time.monotonic() > end:
                raise Unavailable(f"The database has not answered for {seconds:g} s.") from None
            time.sleep(LOOK_SECONDS)
