"""The database: whether it answers, whether it is whole and of this code's schema, and what it says of the work."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from cli.checks.findings import Finding, Patient, fail, ok, warn
from shared.database import Database
from shared.errors import ConfigurationError
from shared.identifiers import now
from shared.ledger.sweep import stale_lanes
from shared.schema import SCHEMA_REVISION, revision_of, supports_this_code
from shared.settings import Settings
from shared.workers import known_workers

Answer = TypeVar("Answer")
ANSWER_SECONDS = 5
WAITED = timedelta(minutes=1)
LARGEST_QUICK_CHECK = 2 * 2**30  # bytes; a longer read belongs into a deep look
DAMAGED = "SQLite finds the database damaged: stop the service and restore a backup."
_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
_STRONG = ("FULL", "EXTRA")


def sqlite_file(settings: Settings) -> Path | None:
    """The file of a SQLite database; None for another kind. Raises ConfigurationError for what is no URL."""
    try:
        url = make_url(settings.database)
    except (ArgumentError, ValueError):
        raise ConfigurationError("SHELFWISE_DATABASE_URL is not a database URL.") from None
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


@contextmanager
def opened_database(settings: Settings, *, impatient: bool = True) -> Iterator[Database | None]:
    """The database, or None where a SQLite file does not exist: looking into it would make it.

    An `impatient` one on a server gives a statement up that takes longer than seconds.
    """
    file = sqlite_file(settings)
    if file is not None and not file.is_file():
        yield None
        return
    with closing(Database(_impatient(settings.database) if impatient and not file else settings.database)) as database:
        yield database


def asked(settings: Settings, question: Callable[[Connection], Answer]) -> Answer | None:
    """What the database answers; None when it does not, and `check_database` tells why."""
    try:
        with opened_database(settings) as database:
            if database is None:
                return None
            with database.read() as connection:
                return question(connection)
    except (ConfigurationError, SQLAlchemyError):
        return None


def check_database(patient: Patient) -> Iterator[Finding]:
    """Kind, schema, durability and integrity."""
    with opened_database(patient.settings) as database:
        if database is None:
            yield warn("database", f"{sqlite_file(patient.settings)} does not exist yet: `shelfwise up` makes it.")
            return
        try:
            with database.read() as connection:
                yield ok("database", f"{_kind(connection)} answers.")
                yield _schema(connection)
                if database.is_sqlite:
                    yield _durability(connection)
                if database.is_sqlite and not patient.deep:  # who looks through it then
                    yield _integrity(connection, patient)
        except DBAPIError as error:
            yield fail("database", f"It does not answer ({_reason(error)}): SHELFWISE_DATABASE_URL says which it is.")
            return
        if not database.is_writable():
            yield fail("database", "It cannot be written: look at its file's owner and mode, and at the disk.")


def check_workers(patient: Patient) -> Iterator[Finding]:
    """Who works, by the heartbeats; and what has waited too long."""
    lease = timedelta(seconds=patient.settings.lease_seconds)
    books = asked(patient.settings, lambda connection: (known_workers(connection), stale_lanes(connection, WAITED)))
    if books is None:
        return
    workers, lanes = books
    alive = [worker for worker, seen_at in workers if seen_at >= now() - lease]
    for worker, seen_at in workers:
        name = f"{worker.kind} worker, process {worker.process_id} on {worker.host}"
        if worker not in alive:
            yield warn("worker", f"{name}: last seen {_ago(seen_at)}, and forgotten before long.")
        elif worker.kind == "model" and worker.bundle is None:
            yield warn("worker", f"{name}: it has no bundle yet; the log of a worker says why.")
        else:
            serving = f", {worker.device}, bundle {worker.bundle}" if worker.bundle else ""
            yield ok("worker", f"{name}{serving}; last progress {_ago(worker.last_progress_at)}.")
    for kind in ("model", "io"):
        if not any(worker.kind == kind for worker in alive):
            yield _missing(patient, kind)
    for lane, batches in lanes.items():
        yield warn(
            "lane",
            f"{batches} batches have waited on {lane} for more than {WAITED.seconds} s: behind a large catalogue "
            "they may, else look at the workers.",
        )
    if not lanes:
        yield ok("lane", f"Nothing has waited for more than {WAITED.seconds} s.")


def _missing(patient: Patient, kind: str) -> Finding:
    sentence = f"No {kind} worker is alive"
    if patient.training:
        return warn("worker", f"{sentence} yet: `shelfwise up` is still training the demo bundle.")
    if patient.running:
        return fail("worker", f"{sentence}: look into the log.")
    return warn("worker", f"{sentence}: start `shelfwise up`.")


def _impatient(url: str) -> str:
    """A PostgreSQL URL whose connections and statements give up soon."""
    bounds = {"connect_timeout": str(ANSWER_SECONDS), "options": f"-c statement_timeout={1000 * ANSWER_SECONDS}"}
    given = make_url(url)
    return given.set(query=bounds | dict(given.query)).render_as_string(hide_password=False)


def _kind(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar_one()}"
    return f"PostgreSQL {connection.execute(text('SHOW server_version')).scalar_one()}"


def _schema(connection: Connection) -> Finding:
    try:
        revision = revision_of(connection)
    except DBAPIError:
        revision = None
    if revision == SCHEMA_REVISION:
        return ok("schema", f"It is the one of this code, {SCHEMA_REVISION}.")
    if revision is None:
        return fail("schema", "The database is empty: `shelfwise up` or `python -m migrations.upgrade` fills it.")
    if revision < SCHEMA_REVISION:
        return fail("schema", f"{revision} is behind {SCHEMA_REVISION}: `shelfwise up` brings it up.")
    if supports_this_code(connection, revision):
        return warn("schema", f"{revision} is ahead of {SCHEMA_REVISION}, which still works on it: finish the upgrade.")
    return fail("schema", f"{revision} is ahead of {SCHEMA_REVISION}: install the newer version of Shelfwise.")


def _durability(connection: Connection) -> Finding:
    journal = str(connection.execute(text("PRAGMA journal_mode")).scalar_one())
    synchronous = _SYNCHRONOUS[connection.execute(text("PRAGMA synchronous")).scalar_one()]
    said = f"journal_mode {journal}, synchronous {synchronous}"
    if journal == "wal" and synchronous in _STRONG:
        return ok("durability", f"{said}.")
    return fail("durability", f"{said}: this file system cannot keep the database safe; use a local disk.")


def _integrity(connection: Connection, patient: Patient) -> Finding:
    file = sqlite_file(patient.settings)
    size = file.stat().st_size if file else 0
    if size > LARGEST_QUICK_CHECK:
        return ok("integrity", f"The database has {size / 2**30:.1f} GiB: --deep reads it through.")
    said = str(connection.execute(text("PRAGMA quick_check(1)")).scalar_one())
    if said == "ok":
        return ok("integrity", "SQLite finds the database whole.")
    return fail("integrity", DAMAGED)


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0][:200]


def _ago(moment: datetime | None) -> str:
    return "never" if moment is None else f"{max(0.0, (now() - moment).total_seconds()):.0f} s ago"
