from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import text

from migrations.upgrade import alembic_config
from shared.database import Database
from shared.schema import SCHEMA_REVISION, is_current


def test_the_code_expects_what_the_newest_migration_makes() -> None:
    assert ScriptDirectory.from_config(alembic_config("")).get_current_head() == SCHEMA_REVISION


def test_a_migrated_database_is_current(database: Database) -> None:
    assert is_current(database)


def test_a_database_of_another_revision_is_not(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert not is_current(database)


def test_a_database_that_was_never_migrated_is_not(tmp_path: Path) -> None:
    assert not is_current(Database(f"sqlite:///{tmp_path / 'empty.db'}"))
