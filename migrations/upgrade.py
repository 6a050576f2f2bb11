"""Bring a database to the newest schema: `python -m migrations.upgrade`, or `upgrade(url)` from code."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from shared.settings import load_settings


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Run every migration that this database lacks. Safe to repeat."""
    command.upgrade(alembic_config(database_url), "head")


if __name__ == "__main__":
    upgrade(load_settings().database)
