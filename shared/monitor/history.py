"""Throughput and latency over the last hours, in points that a chart can draw.

The minutes that workers have counted are put together to points of equal width, so that a day has no more of them than
an hour.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shared.backlog import bound_reads
from shared.database import Database
from shared.identifiers import now
from shared.lanes import MODEL_LANES, Lane
from shared.monitor.work import LaneRows, Latency, ModelCalls, total
from shared.statistics.counts import Counts
from shared.statistics.records import HOUR, MINUTE, WORK, counted_in_steps, start_of

MOST_HOURS = 24  # minutes are not kept for longer
MOST_POINTS = 60
# Widths that divide an hour, so that some point begins at each full hour of the clock.
_WIDTHS = tuple(minutes * MINUTE for minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30))


@dataclass(frozen=True, slots=True)
class Point:
    """What was done from `start` on until the next point, or until now; rows by lane."""

    start: datetime
    lanes: list[LaneRows]
    model: ModelCalls
    jobs_ended: int
    latency: Latency


@dataclass(frozen=True, slots=True)
class History:
    """Points one after the other, the oldest first, up to the present one, which has not ended `at` that moment."""

    at: datetime
    since: datetime
    seconds_per_point: int
    points: list[Point]


def seconds_per_point(hours: int) -> int:
    """How wide the points are in which so many hours are at most MOST_POINTS."""
    return next(width for width in _WIDTHS if hours * HOUR <= width * MOST_POINTS)


def look_back(database: Database, hours: int) -> History:
    """The history of the last 1 to MOST_HOURS hours, as of now."""
    with database.read() as connection:
        bound_reads(connection)
        return history(connection, now(), hours)


def history(connection: Connection, moment: datetime, hours: int) -> History:
    """The history up to a moment. The present point is one of those that make up the hours."""
    width = seconds_per_point(hours)
    number = hours * HOUR // width
    since = start_of(width, moment) - timedelta(seconds=(number - 1) * width)
    counted = counted_in_steps(connection, MINUTE, since, WORK, width)
    starts = [since + timedelta(seconds=place * width) for place in range(number)]
    points = [_point(start, {lane: counted.get((start, lane), Counts()) for lane in MODEL_LANES}) for start in starts]
    return History(moment, since, width, points)


def _point(start: datetime, by_lane: dict[Lane, Counts]) -> Point:
    everything = total(by_lane)
    return Point(
        start=start,
        lanes=[LaneRows(lane, counts.answered, counts.reused, counts.errors) for lane, counts in by_lane.items()],
        model=ModelCalls.of(everything),
        jobs_ended=everything.jobs.total(),
        latency=Latency.of(everything),
    )
