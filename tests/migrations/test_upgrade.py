"""The migrations make what the models say, on both databases."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text

from migrations.upgrade import alembic_config, upgrade
from shared.database import Database
from shared.identifiers import new_id
from shared.schema import is_usable
from shared.tables import Base, Correction, Prediction
from tests.conftest import add_owner, fresh_postgres, require_postgres
from tests.support.ledger import accept_catalogue

# With what Alembic's own comparison leaves out: checks, AUTOINCREMENT, the conditions of indexes, defaults.
SQLITE_SCHEMA = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
# ADD COLUMN puts a column on the line of the last one.
SQLITE_PART = re.compile(
    r"\n|, (?=[a-z_]+ [A-Z]+(?:\(\d+\))?(?: DEFAULT [^,\s]+)?(?: NOT NULL)?(?:,| *$))", re.MULTILINE
)
POSTGRES_SCHEMA = """
    SELECT c.conrelid::regclass || '.' || c.conname, pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = 'public'
    UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT table_name || '.' || column_name,
        concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default, identity_generation)
    FROM information_schema.columns WHERE table_schema = 'public'
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    require_postgres()
    with fresh_postgres() as url:
        yield url


def schema(connection: Connection) -> dict[str, Any]:
    """Every table, column, constraint and index in the database's own words, apart from Alembic's."""
    is_sqlite = connection.dialect.name == "sqlite"
    found = connection.execute(text(SQLITE_SCHEMA if is_sqlite else POSTGRES_SCHEMA))
    return {
        name: sorted(part.strip(" ,\t") for part in SQLITE_PART.split(definition)) if is_sqlite else definition
        for name, definition in found
        if "alembic_version" not in name and not name.startswith("sqlite_")
    }


def test_alembic_finds_nothing_left_to_migrate(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, Base.metadata) == []


def test_the_migrated_schema_is_word_for_word_that_of_the_models(database: Database, empty_like: Database) -> None:
    with empty_like.begin() as connection:
        Base.metadata.create_all(connection)

    with database.read() as migrated, empty_like.read() as modelled:
        assert schema(migrated) == schema(modelled) != {}


@pytest.fixture
def empty_like(database: Database, tmp_path: Path) -> Iterator[Database]:
    """An empty database of the same kind as `database`."""
    if database.is_sqlite:
        opened = Database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield opened
        opened.close()
        return
    with fresh_postgres() as url:
        opened = Database(url)
        yield opened
        opened.close()


def test_upgrading_again_changes_nothing_and_keeps_what_is_there(database: Database) -> None:
    add_owner(database, "owner")
    with database.read() as connection:
        before = schema(connection)

    upgrade(database.engine.url.render_as_string(hide_password=False))

    with database.read() as connection:
        assert schema(connection) == before
        assert connection.execute(text("SELECT username FROM users")).scalar_one() == "owner"
    assert is_usable(database)


def test_what_was_corrected_before_is_marked(empty: str) -> None:
    upgrade(empty)
    opened = Database(empty)
    accept_catalogue(opened, add_owner(opened, "owner"), "a", "b", "c")
    with opened.begin() as connection:
        number = connection.scalars(select(Prediction.id).where(Prediction.row == 1)).one()
        verdict = {"prediction_id": number, "user_id": new_id(), "code": 10}
        connection.execute(insert(Correction), [verdict, verdict])
    command.downgrade(alembic_config(empty), "0007")

    upgrade(empty)

    with opened.read() as connection:
        found = connection.execute(select(Prediction.row, Prediction.corrected).order_by(Prediction.row)).all()
    opened.close()
    assert [tuple(each) for each in found] == [(0, False), (1, True), (2, False)]


def test_downgrading_to_the_beginning_leaves_nothing_behind(empty: str) -> None:
    upgrade(empty)

    command.downgrade(alembic_config(empty), "base")

    opened = Database(empty)
    with opened.read() as connection:
        assert schema(connection) == {}
    opened.close()


def test_upgrading_works_after_a_downgrade(empty: str) -> None:
    upgrade(empty)
    command.downgrade(alembic_config(empty), "base")

    upgrade(empty)

    opened = Database(empty)
    assert is_usable(opened)
    opened.close()
