"""The rows of `work_counts`: each written by one worker, again and again while its period lasts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, delete, select

from shared.database import upsert
from shared.identifiers import now
from shared.lanes import Lane
from shared.statistics.counts import HISTOGRAMS, NUMBERS, Counts, Slot
from shared.tables import WorkCount

MINUTE, HOUR = 60, 3_600
PERIODS = (MINUTE, HOUR)
KEPT = {MINUTE: timedelta(days=1), HOUR: timedelta(days=7)}
_KEY = [column.name for column in WorkCount.__table__.primary_key]
_COUNTED = (*NUMBERS, *HISTOGRAMS)
# What is asked together: reading JSON that nobody looks at would take longer than all the rest.
WORK = (*NUMBERS, "latency", "jobs")
ANSWERS = ("codes", "modalities", "confidence", "unknown")
_BY_NUMBER = ("latency", "codes", "confidence", "unknown")  # JSON has names of text only
Key = TypeVar("Key")


def start_of(period: int, moment: datetime) -> datetime:
    """When the period of so many seconds began that this moment lies in."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % period, UTC)


def record(connection: Connection, worker_id: str, counted: Mapping[Slot, Counts]) -> None:
    """Write down all that a worker has counted in these periods so far, over what it wrote of them before."""
    rows = [
        slot._asdict() | {"worker_id": worker_id} | {name: getattr(counts, name) for name in _COUNTED}
        for slot, counts in counted.items()
    ]
    statement = upsert(connection, WorkCount)
    latest = {name: statement.excluded[name] for name in _COUNTED}
    connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=latest), rows)


def counted_since(
    connection: Connection, period: int, moment: datetime, names: Sequence[str], model_version: str | None = None
) -> dict[Lane, Counts]:
    """The sums over all workers of the periods of this length that began at a moment or later, by lane.

    Of the counts with these names (`WORK`, `ANSWERS`), and of one bundle or of all. Workers write every few seconds, so
    the last of them are missing.
    """
    query = _counted(period, moment, names, WorkCount.lane)
    if model_version is not None:
        query = query.where(WorkCount.model_version == model_version)
    return _sums(names, ((Lane(lane), row) for lane, *row in connection.execute(query)))


def counted_in_steps(
    connection: Connection, period: int, moment: datetime, names: Sequence[str], seconds: int
) -> dict[tuple[datetime, Lane], Counts]:
    """The same of every bundle, by lane and by steps of so many `seconds`, each named by when it begins.

    A step in which a lane did nothing is not there.
    """
    found = connection.execute(_counted(period, moment, names, WorkCount.starts_at, WorkCount.lane))
    return _sums(names, (((start_of(seconds, starts_at), Lane(lane)), row) for starts_at, lane, *row in found))


def forget_old(connection: Connection) -> None:
    """Remove the periods that nobody asks for any more."""
    for period, kept in KEPT.items():
        connection.execute(delete(WorkCount).where(WorkCount.seconds == period, WorkCount.starts_at < now() - kept))


def _counted(period: int, moment: datetime, names: Sequence[str], *keys: Any) -> Select[Any]:
    columns = (getattr(WorkCount, name) for name in names)
    return select(*keys, *columns).where(WorkCount.seconds == period, WorkCount.starts_at >= moment)


def _sums(names: Sequence[str], rows: Iterable[tuple[Key, Sequence[Any]]]) -> dict[Key, Counts]:
    """The sums of the rows that have the same key."""
    found: dict[Key, list[Sequence[Any]]] = {}
    for key, row in rows:
        found.setdefault(key, []).append(row)
    return {
        key: Counts(**{name: _sum(name, column) for name, column in zip(names, zip(*same, strict=True), strict=True)})
        for key, same in found.items()
    }


def _sum(name: str, values: Sequence[Any]) -> Any:
    """The sum of numbers, or of histograms with their keys as they were counted."""
    if name in NUMBERS:
        return sum(values)
    added: Counter[str] = Counter()
    for histogram in values:
        for key, count in histogram.items():
            added[key] += count
    return Counter({int(key): count for key, count in added.items()}) if name in _BY_NUMBER else added
