"""Bring a database to the newest schema: `python -m migrations.upgrade`, or `upgrade(url)` from code."""

from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from shared.database import Database
from shared.schema import note_support
from shared.settings import load_settings


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Run every migration that this database lacks, and note which code works on it now. Safe to repeat."""
    config = alembic_config(database_url)
    command.upgrade(config, "head")
    (newest,) = ScriptDirectory.from_config(config).get_revisions("head")
    with closing(Database(database_url)) as database, database.begin() as connection:
        note_support(connection, newest.revision, newest.module.oldest_code)


if __name__ == "__main__":
    upgrade(load_settings().database)
