"""What Alembic runs: one connection, one transaction, the project's own engine."""

from typing import Any, Literal

from alembic import context

from shared.database import Database
from shared.tables import Base
from shared.tables.base import UtcDateTime


def render_item(kind: str, item: Any, _autogenerate: object) -> str | Literal[False]:
    """Write our own column type as the plain one it stands on: a migration must not change when the code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


database = Database(context.config.attributes["database_url"])
try:
    with database.begin() as connection:
        context.configure(connection, target_metadata=Base.metadata, render_item=render_item)
        with context.begin_transaction():
            context.run_migrations()
finally:
    database.close()
