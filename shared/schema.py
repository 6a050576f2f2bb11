"""The revision of the database's schema that this code expects."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database

SCHEMA_REVISION = "0006"


def is_current(database: Database) -> bool:
    """Whether the database has been migrated to the revision that this code expects."""
    try:
        with database.read() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == SCHEMA_REVISION
    except SQLAlchemyError:
        return False
