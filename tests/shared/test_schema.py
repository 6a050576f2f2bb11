from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from migrations.upgrade import alembic_config, upgrade
from shared.database import Database
from shared.errors import ConfigurationError
from shared.schema import SCHEMA_REVISION, is_usable, note_support, require_usable


def migrate_as_if(database: Database, revision: str, oldest_code: str | None) -> None:
    """Have the database look as if migrations up to this revision had run, which say so of older code, or nothing."""
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        if oldest_code is not None:
            note_support(connection, revision, oldest_code)


def test_the_code_expects_what_the_newest_migration_makes() -> None:
    assert ScriptDirectory.from_config(alembic_config("")).get_current_head() == SCHEMA_REVISION


def test_a_migrated_database_is_usable(database: Database) -> None:
    assert is_usable(database)


def test_a_database_of_another_revision_is_not(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert not is_usable(database)


def test_a_database_that_was_never_migrated_is_not(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    assert not is_usable(empty)


@pytest.mark.parametrize(
    ("revision", "oldest_code", "usable"),
    [
        (SCHEMA_REVISION, SCHEMA_REVISION, True),
        ("9998", SCHEMA_REVISION, True),  # it only added
        ("9998", "0001", True),
        ("9998", "9997", False),  # it took something away that this code needs
        ("9998", None, False),  # nobody knows
        ("0001", None, False),
        ("0001", "0001", False),
    ],
)
def test_a_newer_database_is_usable_when_its_migrations_say_so_of_this_code(
    database: Database, revision: str, oldest_code: str | None, usable: bool
) -> None:
    migrate_as_if(database, revision, oldest_code)

    assert is_usable(database) == usable


def test_what_cannot_be_used_is_refused_with_what_to_do(database: Database) -> None:
    require_usable(database)
    migrate_as_if(database, "0001", None)

    with pytest.raises(ConfigurationError, match=r"python -m migrations\.upgrade"):
        require_usable(database)


def test_migrating_a_newer_database_on_which_this_code_works_leaves_it_as_it_is(database: Database) -> None:
    migrate_as_if(database, "9998", SCHEMA_REVISION)

    upgrade(database.engine.url.render_as_string(hide_password=False))

    with database.read() as connection:
        assert connection.execute(text("SELECT revision, oldest_code FROM schema_support")).all() == [
            ("9998", SCHEMA_REVISION)
        ]
    assert is_usable(database)


def test_migrating_a_newer_database_on_which_this_code_does_not_work_says_what_to_install(database: Database) -> None:
    migrate_as_if(database, "9998", "9997")

    with pytest.raises(ConfigurationError, match="install the newer version"):
        upgrade(database.engine.url.render_as_string(hide_password=False))


def test_the_newest_migration_says_which_code_works_on_what_it_makes(database: Database) -> None:
    (newest,) = ScriptDirectory.from_config(alembic_config("")).get_revisions("head")

    with database.read() as connection:
        noted = connection.execute(text("SELECT revision, oldest_code FROM schema_support")).all()

    assert noted == [(SCHEMA_REVISION, newest.module.oldest_code)]
