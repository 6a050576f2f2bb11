"""Bring a database to the newest schema: `python -m migrations.upgrade`, or `upgrade(url)` from code."""

import sys
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config

from shared.database import Database
from shared.errors import ShelfwiseError
from shared.schema import is_newer
from shared.settings import load_settings


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Run every migration that this database lacks. Safe to repeat.

    One that newer code has migrated stays as it is. Raises ConfigurationError if this code does not work on it.
    """
    with closing(Database(database_url)) as database:
        if is_newer(database):
            return
    command.upgrade(alembic_config(database_url), "head")


if __name__ == "__main__":
    try:
        upgrade(load_settings().database)
    except ShelfwiseError as error:
        sys.exit(error.message)
