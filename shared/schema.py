"""The revision of the database's schema that this code expects, and whether it can work on the one that is there.

A migration says which code still works on what it makes (`oldest_code`). So a database can be migrated first, and the
processes of the version before go on until each has been replaced.
"""

from sqlalchemy import Connection, delete, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.errors import ConfigurationError
from shared.tables import SchemaSupport

SCHEMA_REVISION = "0008"


def is_usable(database: Database) -> bool:
    """Whether this code can work on the database: it is current, or newer by migrations that only added to it."""
    try:
        with database.read() as connection:
            revision = revision_of(connection)
            return revision == SCHEMA_REVISION or supports_this_code(connection, revision)
    except SQLAlchemyError:
        return False


def is_newer(database: Database) -> bool:
    """Whether newer code has migrated the database. Raises ConfigurationError if ours does not work on it."""
    try:
        with database.read() as connection:
            revision = revision_of(connection)
            if revision is None or revision <= SCHEMA_REVISION:
                return False
            usable = supports_this_code(connection, revision)
    except SQLAlchemyError:  # it was never migrated, or whoever migrates it now will say what is wrong
        return False
    if not usable:
        raise ConfigurationError(
            f"The database's schema is {revision}, and the newest that this Shelfwise works on is {SCHEMA_REVISION}: "
            "install the newer version."
        )
    return True


def require_usable(database: Database) -> None:
    """Raise ConfigurationError, with what to do, unless this code can work on the database."""
    if not is_usable(database):
        raise ConfigurationError(
            f"The database does not have the schema of this code ({SCHEMA_REVISION}), or does not answer: "
            "`python -m migrations.upgrade` brings an older one up."
        )


def revision_of(connection: Connection) -> str | None:
    """The revision that the database has; None before its first. Raises SQLAlchemyError where it never had one."""
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def supports_this_code(connection: Connection, revision: str | None) -> bool:
    """Whether a database of a newer revision says that the code of ours still works on it."""
    if revision is None or revision < SCHEMA_REVISION:
        return False
    oldest = connection.scalar(select(SchemaSupport.oldest_code).where(SchemaSupport.revision == revision))
    return oldest is not None and oldest <= SCHEMA_REVISION


def note_support(connection: Connection, revision: str, oldest_code: str) -> None:
    """Write down which code works on the revision that the database has now."""
    connection.execute(delete(SchemaSupport))
    connection.execute(insert(SchemaSupport).values(revision=revision, oldest_code=oldest_code))
