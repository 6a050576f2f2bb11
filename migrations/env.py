"""What Alembic runs: one connection, one transaction, the project's own engine."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, inspect

from shared.database import Database
from shared.schema import note_support
from shared.tables import Base, SchemaSupport
from shared.tables.base import UtcDateTime


def render_item(kind: str, item: Any, _autogenerate: object) -> str | Literal[False]:
    """Write our own column type as the plain one it stands on: a migration must not change when the code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def note_oldest_code(connection: Connection) -> None:
    """Say, in the transaction of the migrations, which code still works on what they have made: each may raise it."""
    revision = context.get_context().get_current_revision()
    if revision is None or not inspect(connection).has_table(SchemaSupport.__tablename__):
        return  # the way back to before there was a place for it
    passed = context.script.iterate_revisions(revision, "base")
    note_support(connection, revision, max(getattr(each.module, "oldest_code", each.revision) for each in passed))


database = Database(context.config.attributes["database_url"])
try:
    with database.begin() as connection:
        context.configure(connection, target_metadata=Base.metadata, render_item=render_item)
        with context.begin_transaction():
            context.run_migrations()
            note_oldest_code(connection)
finally:
    database.close()
