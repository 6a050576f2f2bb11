"""The table of what workers have counted, on both databases."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from shared.database import Database
from shared.identifiers import now
from shared.lanes import Lane
from shared.statistics.counts import Counts, Slot
from shared.statistics.records import (
    ANSWERS,
    HOUR,
    KEPT,
    MINUTE,
    WORK,
    counted_in_steps,
    counted_since,
    forget_old,
    record,
    start_of,
)
from shared.tables import WorkCount

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def slot(moment: datetime = NOON, period: int = MINUTE, version: str = "v1", lane: Lane = Lane.BULK) -> Slot:
    return Slot(start_of(period, moment), period, version, lane)


def write(database: Database, worker: str, counted: dict[Slot, Counts]) -> None:
    with database.begin() as connection:
        record(connection, worker, counted)


def sums(
    database: Database, since: datetime = NOON, period: int = MINUTE, version: str | None = None
) -> dict[Lane, Counts]:
    with database.read() as connection:
        return counted_since(connection, period, since, (*WORK, *ANSWERS), version)


def test_all_that_was_counted_comes_back(database: Database) -> None:
    counts = Counts(
        answered=5,
        reused=1,
        errors=2,
        calls=3,
        called_rows=6,
        called_seconds=0.25,
        latency=Counter({20: 4}),
        jobs=Counter({"product succeeded": 4, "catalogue partially_succeeded": 1}),
        codes=Counter({2582: 3, 10: 1}),
        modalities=Counter({"text": 4}),
        confidence=Counter({9: 4}),
        unknown=Counter({0: 3, 6: 1}),
    )

    write(database, "a", {slot(): counts})

    assert sums(database) == {Lane.BULK: counts}


def test_a_worker_writes_over_what_it_wrote_before(database: Database) -> None:
    write(database, "a", {slot(): Counts(answered=5, codes=Counter({10: 5}))})
    write(database, "a", {slot(): Counts(answered=8, codes=Counter({10: 8}))})

    assert sums(database) == {Lane.BULK: Counts(answered=8, codes=Counter({10: 8}))}


def test_workers_periods_and_bundles_add_up_and_lanes_stay_apart(database: Database) -> None:
    later = NOON + timedelta(minutes=1)
    write(database, "a", {slot(): Counts(answered=1), slot(later): Counts(answered=2)})
    write(database, "b", {slot(): Counts(answered=4), slot(version="v2"): Counts(answered=8)})
    write(database, "b", {slot(lane=Lane.INTERACTIVE): Counts(answered=16)})

    assert sums(database) == {Lane.BULK: Counts(answered=15), Lane.INTERACTIVE: Counts(answered=16)}
    assert sums(database, version="v2") == {Lane.BULK: Counts(answered=8)}
    assert sums(database, since=later) == {Lane.BULK: Counts(answered=2)}


def test_minutes_and_hours_are_counted_apart(database: Database) -> None:
    write(database, "a", {slot(): Counts(answered=1), slot(period=HOUR): Counts(answered=7)})

    assert sums(database) == {Lane.BULK: Counts(answered=1)}
    assert sums(database, period=HOUR) == {Lane.BULK: Counts(answered=7)}


def test_what_is_old_is_forgotten_and_nothing_else(database: Database) -> None:
    for period, kept in KEPT.items():
        for age in (kept - timedelta(hours=2), kept + timedelta(hours=2)):
            write(database, "a", {slot(now() - age, period): Counts(answered=1)})

    with database.begin() as connection:
        forget_old(connection)

    with database.read() as connection:
        left = connection.execute(select(WorkCount.seconds, func.count()).group_by(WorkCount.seconds)).all()
    assert sorted(map(tuple, left)) == [(MINUTE, 1), (HOUR, 1)]


def test_periods_begin_on_the_clock() -> None:
    moment = datetime(2026, 11, 20, 12, 34, 56, 789, tzinfo=UTC)

    assert start_of(MINUTE, moment) == datetime(2026, 11, 20, 12, 34, tzinfo=UTC)
    assert start_of(HOUR, moment) == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_in_steps_they_add_up_by_when_their_step_began(database: Database) -> None:
    for minutes, answered in ((-1, 1), (0, 2), (4, 4), (5, 8)):
        moment = NOON + timedelta(minutes=minutes)
        write(database, "a", {slot(moment): Counts(answered=answered, latency=Counter({20: answered}))})
    write(database, "b", {slot(version="v2"): Counts(answered=16)})
    write(database, "b", {slot(lane=Lane.INTERACTIVE): Counts(answered=32), slot(period=HOUR): Counts(answered=64)})

    with database.read() as connection:
        found = counted_in_steps(connection, MINUTE, NOON, ("answered", "latency"), seconds=300)

    assert found == {
        (NOON, Lane.BULK): Counts(answered=22, latency=Counter({20: 6})),
        (NOON, Lane.INTERACTIVE): Counts(answered=32),
        (NOON + timedelta(minutes=5), Lane.BULK): Counts(answered=8, latency=Counter({20: 8})),
    }
