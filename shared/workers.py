"""Who is working: a row per worker process, kept fresh by its heartbeat."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, or_, select

from shared.database import upsert
from shared.identifiers import now
from shared.tables import WorkerRow

ALIVE_LEASES = 3  # a worker that was not seen for this many leases is not counted on
_HAS_WHAT_IT_NEEDS = or_(WorkerRow.kind != "model", WorkerRow.bundle.is_not(None))


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process; a model worker without a `bundle` cannot answer yet."""

    id: str
    kind: str
    host: str
    process_id: int
    started_at: datetime
    device: str = "none"
    bundle: str | None = None
    last_progress_at: datetime | None = None


def seen(connection: Connection, worker: Worker) -> None:
    """Enter a worker, or say that it still lives."""
    row = asdict(worker) | {"last_seen_at": now()}
    statement = upsert(connection, WorkerRow).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=[WorkerRow.id], set_=row))


def take_place(connection: Connection, worker: Worker) -> None:
    """Take off the list whoever had this process's number on this host before it: that one is dead.

    In a container numbers come again at once: what its last process had must not be taken for what the new one has.
    """
    had_it = (WorkerRow.host == worker.host) & (WorkerRow.process_id == worker.process_id)
    connection.execute(delete(WorkerRow).where(had_it, WorkerRow.id != worker.id))


def forget(connection: Connection, worker_id: str) -> None:
    """Take a worker that stops off the list."""
    connection.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))


def forget_dead(connection: Connection, after: timedelta) -> None:
    """Take workers off the list that have not been seen for `after`."""
    connection.execute(delete(WorkerRow).where(WorkerRow.last_seen_at < now() - after))


def known_workers(connection: Connection) -> list[tuple[Worker, datetime]]:
    """Every worker that has not been forgotten, by kind, and when it was last seen."""
    columns = [getattr(WorkerRow, field.name) for field in fields(Worker)]
    rows = connection.execute(select(WorkerRow.last_seen_at, *columns).order_by(WorkerRow.kind, WorkerRow.id))
    return [(Worker(*row[1:]), row[0]) for row in rows]


def can_work(connection: Connection, host: str, process_id: int | None = None, within: timedelta | None = None) -> bool:
    """Whether a worker of this host has been seen that has its bundle if it needs one.

    Of the worker in this process alone, and `within` this time, where they are given.
    """
    found = select(WorkerRow.id).where(WorkerRow.host == host, _HAS_WHAT_IT_NEEDS)
    if process_id is not None:
        found = found.where(WorkerRow.process_id == process_id)
    if within is not None:
        found = found.where(WorkerRow.last_seen_at >= now() - within)
    return connection.execute(found.limit(1)).first() is not None


def alive(connection: Connection, kind: str, within: timedelta) -> int:
    """How many workers of a kind have been seen within this time."""
    found = select(func.count()).where(WorkerRow.kind == kind, WorkerRow.last_seen_at >= now() - within)
    return connection.execute(found).scalar_one()


def answering(connection: Connection, within: timedelta) -> int:
    """How many model workers have been seen within this time that have a bundle to answer with."""
    found = select(func.count()).where(WorkerRow.bundle.is_not(None), WorkerRow.last_seen_at >= now() - within)
    return connection.execute(found).scalar_one()


def serving(connection: Connection, version: str, within: timedelta) -> int:
    """How many model workers have been seen within this time that answer with this bundle."""
    found = select(func.count()).where(WorkerRow.bundle == version, WorkerRow.last_seen_at >= now() - within)
    return connection.execute(found).scalar_one()
