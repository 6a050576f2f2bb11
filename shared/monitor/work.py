"""What workers have done in the last minutes, by their own counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Self

from sqlalchemy import Connection

from shared.lanes import MODEL_LANES, Lane
from shared.statistics.bins import percentile
from shared.statistics.counts import Counts
from shared.statistics.records import MINUTE, WORK, counted_since, start_of

WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LaneRows:
    """Rows of a lane: with a prediction, of those with an earlier one, with an error."""

    lane: Lane
    answered: int
    reused: int
    errors: int


@dataclass(frozen=True, slots=True)
class LaneThroughput(LaneRows):
    """Rows of a lane in the window, and how fast they were done."""

    rows_per_second: float


@dataclass(frozen=True, slots=True)
class JobsEnded:
    """How many jobs of a kind have ended in one way."""

    kind: str
    status: str
    count: int


@dataclass(frozen=True, slots=True)
class ModelCalls:
    """How often the models were called, on how many rows, and how many seconds that took, summed over all workers."""

    calls: int
    rows: int
    seconds: float

    @classmethod
    def of(cls, counts: Counts) -> Self:
        """The calls that were counted."""
        return cls(counts.calls, counts.called_rows, counts.called_seconds)


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from the acceptance of a single product to its stored answer; None where there was no product."""

    products: int
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None

    @classmethod
    def of(cls, counts: Counts) -> Self:
        """The percentiles of the times that were counted."""
        times = counts.latency
        return cls(times.total(), *(percentile(times, share) for share in (0.5, 0.95, 0.99)))


@dataclass(frozen=True, slots=True)
class RecentWork:
    """What was done since a moment, which is so many seconds ago."""

    since: datetime
    seconds: float
    lanes: list[LaneThroughput]
    jobs: list[JobsEnded]
    model: ModelCalls
    latency: Latency


def recent_work(connection: Connection, moment: datetime) -> RecentWork:
    """The last five whole minutes and what there is of the present one."""
    since = start_of(MINUTE, moment) - WINDOW
    seconds = (moment - since).total_seconds()
    by_lane = counted_since(connection, MINUTE, since, WORK)
    everything = total(by_lane)
    return RecentWork(
        since=since,
        seconds=seconds,
        lanes=[_throughput(lane, by_lane.get(lane, Counts()), seconds) for lane in MODEL_LANES],
        jobs=[JobsEnded(*_kind_and_status(name), count) for name, count in sorted(everything.jobs.items())],
        model=ModelCalls.of(everything),
        latency=Latency.of(everything),
    )


def total(by_lane: dict[Lane, Counts]) -> Counts:
    """The counts of all lanes together."""

    def added(sum_: Counts, counts: Counts) -> Counts:
        sum_.add(counts)
        return sum_

    return reduce(added, by_lane.values(), Counts())


def _kind_and_status(name: str) -> tuple[str, str]:
    kind, _, status = name.partition(" ")
    return kind, status


def _throughput(lane: Lane, counts: Counts, seconds: float) -> LaneThroughput:
    rows = counts.answered + counts.errors
    return LaneThroughput(lane, counts.answered, counts.reused, counts.errors, rows / seconds)
