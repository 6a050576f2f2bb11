"""`shelfwise prepare`: what `up` makes before it starts the parts, for where each part is started by itself."""

import os
from contextlib import closing

from cli.data_folder import held_alone, refuse_unfinished_restore
from cli.first_start import prepare_bundle, prepare_database
from cli.supervisor import Supervisor
from cli.terminal import say
from shared.database import Database
from shared.errors import Unavailable
from shared.settings import Settings


def prepare(settings: Settings) -> None:
    """Migrate the database, make the first administrator, and train the demo bundle where no bundle is active.

    Safe to repeat: what is there stays as it is. Raises ConfigurationError, and Unavailable when no bundle came of it.
    """
    with held_alone(settings.data_dir, f"Another `shelfwise` is at work on {settings.data_dir}."):
        refuse_unfinished_restore(settings.data_dir)
        supervisor = Supervisor()
        with closing(Database(settings.database)) as database:
            prepare_database(settings, database)
            prepare_bundle(settings, database, supervisor, _environment())
        if supervisor.stop_asked:
            raise Unavailable("Stopped before all was prepared.")
    say("prepared")


def _environment() -> dict[str, str]:
    """What training needs to know; the administrator's password is not among it."""
    environment = {name: value for name, value in os.environ.items() if name != "SHELFWISE_ADMIN_PASSWORD"}
    return environment | {"TF_CPP_MIN_LOG_LEVEL": "2"}
