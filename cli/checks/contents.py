"""The database, read through: whether it is whole, and whether what it says of the work can be."""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection

from cli.checks.findings import Finding, Patient, fail, ok
from cli.checks.ledger import DAMAGED, opened_database
from shared.ledger.audit import contradictions
from shared.schema import is_usable

SHOWN = 20
MOST = 1_000


def check_contents(patient: Patient) -> Iterator[Finding]:
    """Every page, every reference, and everything that must never be."""
    with opened_database(patient.settings, impatient=False) as database:
        if database is None or not is_usable(database):
            return
        with database.read() as connection:
            if database.is_sqlite:
                yield _integrity(connection)
                yield from _references(connection)
            yield from _contradictions(connection)


def _integrity(connection: Connection) -> Finding:
    said = connection.exec_driver_sql(f"PRAGMA integrity_check({SHOWN})").scalars().all()
    if said == ["ok"]:
        return ok("integrity", "SQLite has read every page and every index, and finds the database whole.")
    return fail("integrity", f"{DAMAGED} It says: {' '.join(str(said[0]).split())}.")


def _references(connection: Connection) -> Iterator[Finding]:
    """Rows that name others which are not there. SQLite looks only when they are written."""
    found = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(MOST)
    for (table, missing), count in Counter((row[0], row[2]) for row in found).items():
        many = f"{count} or more" if len(found) == MOST else str(count)
        yield fail("references", f"{many} rows of {table} name something that is not in {missing}: restore a backup.")
    if not found:
        yield ok("references", "Whatever a row names is there.")


def _contradictions(connection: Connection) -> Iterator[Finding]:
    found = contradictions(connection, MOST)
    for sentence in found[:SHOWN]:
        yield fail("ledger", f"{sentence} This is a fault of the service: report it, with the log.")
    if len(found) > SHOWN:
        yield fail("ledger", f"{len(found) - SHOWN}{' or more' * (len(found) == MOST)} others of the kind.")
    if not found:
        yield ok("ledger", "No job, batch, row or delivery contradicts another.")
