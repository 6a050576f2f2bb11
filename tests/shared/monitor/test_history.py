"""Throughput and latency over the last hours, on both databases."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from shared.database import Database
from shared.lanes import Lane
from shared.monitor.history import MOST_HOURS, MOST_POINTS, History, history, look_back
from shared.statistics.counts import Counts, Slot
from shared.statistics.records import HOUR, KEPT, MINUTE, record, start_of
from tests.conftest import only_on_sqlite

MOMENT = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)


def done(
    database: Database, ago: timedelta, counts: Counts, lane: Lane = Lane.INTERACTIVE, worker: str = "worker"
) -> None:
    """Have a worker write what it has done in the minute that was so long ago at MOMENT."""
    with database.begin() as connection:
        record(connection, worker, {Slot(start_of(MINUTE, MOMENT - ago), MINUTE, "v1", lane): counts})


def at_moment(database: Database, hours: int = 1) -> History:
    with database.read() as connection:
        return history(connection, MOMENT, hours)


def answered(found: History, lane: Lane = Lane.INTERACTIVE) -> dict[datetime, int]:
    """The rows of each point that has some."""
    rows = {point.start: each.answered for point in found.points for each in point.lanes if each.lane is lane}
    return {start: number for start, number in rows.items() if number}


def test_before_anything_was_done_all_points_are_there_and_empty(database: Database) -> None:
    found = at_moment(database)

    assert len(found.points) == MOST_POINTS
    assert {point.latency.p50_seconds for point in found.points} == {None}
    assert {(point.jobs_ended, point.model.calls, point.latency.products) for point in found.points} == {(0, 0, 0)}
    assert {tuple((each.lane, each.answered) for each in point.lanes) for point in found.points} == {
        ((Lane.INTERACTIVE, 0), (Lane.BULK, 0))
    }


def test_an_hour_is_in_minutes_up_to_the_present_one(database: Database) -> None:
    for minutes, rows in ((0, 1), (1, 2), (59, 4), (60, 8)):
        done(database, timedelta(minutes=minutes), Counts(answered=rows))

    found = at_moment(database)

    assert (found.at, found.since, found.seconds_per_point) == (MOMENT, datetime(2026, 11, 20, 11, 35, tzinfo=UTC), 60)
    assert found.points[-1].start == datetime(2026, 11, 20, 12, 34, tzinfo=UTC)
    assert answered(found) == {found.points[0].start: 4, found.points[-2].start: 2, found.points[-1].start: 1}


@pytest.mark.parametrize("hours", range(1, MOST_HOURS + 1))
def test_points_of_equal_width_on_the_clock_make_up_the_hours(database: Database, hours: int) -> None:
    found = at_moment(database, hours)

    width = timedelta(seconds=found.seconds_per_point)
    starts = [point.start for point in found.points]
    assert len(starts) <= MOST_POINTS
    assert len(starts) * width == timedelta(hours=hours)
    assert starts == [found.since + place * width for place in range(len(starts))]
    assert starts[-1] <= MOMENT < starts[-1] + width
    assert {start.timestamp() % found.seconds_per_point for start in starts} == {0}
    assert any(start.minute == 0 for start in starts)


def test_a_point_of_several_minutes_has_the_sum_of_all_workers_in_them(database: Database) -> None:
    """With 24 hours a point has half an hour: the present one began at 12:30."""
    counts = Counts(
        answered=10,
        reused=3,
        errors=2,
        calls=4,
        called_rows=9,
        called_seconds=0.5,
        latency=Counter({40: 5}),
        jobs=Counter({"product succeeded": 5, "catalogue failed": 1}),
    )
    for minutes in (0, 4):
        done(database, timedelta(minutes=minutes), counts)
    done(database, timedelta(minutes=4), counts, worker="another")
    done(database, timedelta(minutes=4), Counts(answered=1_000), Lane.BULK)
    done(database, timedelta(minutes=5), Counts(answered=7))

    found = at_moment(database, hours=24)

    last = found.points[-1]
    interactive, bulk = last.lanes
    assert (interactive.answered, interactive.reused, interactive.errors, bulk.answered) == (30, 9, 6, 1_000)
    assert (last.model.calls, last.model.rows, last.model.seconds, last.jobs_ended) == (12, 27, 1.5, 18)
    assert (last.latency.products, last.latency.p50_seconds) == (15, pytest.approx(0.1, rel=0.12))
    assert answered(found) == {last.start: 30, found.points[-2].start: 7}


def test_percentiles_are_those_of_their_own_point(database: Database) -> None:
    done(database, timedelta(minutes=0), Counts(latency=Counter({20: 98, 60: 2})))
    done(database, timedelta(minutes=1), Counts(latency=Counter({60: 1})))

    before, last = at_moment(database).points[-2:]

    assert last.latency.p50_seconds == pytest.approx(0.01, rel=0.12)
    assert [each.latency.p99_seconds for each in (before, last)] == pytest.approx([1.0, 1.0], rel=0.12)


def test_hours_that_were_counted_beside_the_minutes_do_not_count_again(database: Database) -> None:
    with database.begin() as connection:
        slots = [Slot(start_of(period, MOMENT), period, "v1", Lane.BULK) for period in (MINUTE, HOUR)]
        record(connection, "worker", dict.fromkeys(slots, Counts(answered=5)))

    assert sum(answered(at_moment(database), Lane.BULK).values()) == 5


def test_minutes_are_kept_for_as_long_as_they_are_asked_for(database: Database) -> None:
    assert at_moment(database, MOST_HOURS).since >= MOMENT - KEPT[MINUTE]


@only_on_sqlite
def test_it_reads_the_minutes_of_its_hours_only(database: Database) -> None:
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    look_back(database, 1)
    event.remove(database.engine, "before_cursor_execute", note)

    (select,) = [each for each in statements if each[0].lstrip().startswith("SELECT")]
    with database.read() as connection:
        (plan,) = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {select[0]}", select[1])
    assert "SEARCH work_counts" in plan[3]
    assert "(seconds=? AND starts_at>?)" in plan[3]
