"""What a model worker counts: in the loop as it really works, and written down beside it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import cast

import numpy as np
from sqlalchemy import Connection, select, text, update
from structlog.testing import capture_logs

from shared.database import Database
from shared.lanes import MODEL_CALL, Lane
from shared.ledger.submission import ProductInput
from shared.statistics.counts import Counts
from shared.statistics.records import ANSWERS, HOUR, MINUTE, WORK, counted_since, start_of
from shared.store import ObjectStore
from shared.tables import Batch, Job, WorkCount
from shared.token_ids import PADDING_ID, UNKNOWN_ID
from tests.support.intake import Enter, accept_file, chunk, take_file, titles
from tests.support.ledger import TITLE, accept, accept_catalogue
from tests.support.predictors import Fake
from tests.worker.conftest import MakeLoop, Recording
from worker.model_loop import ModelLoop
from worker.predictor import PreparedRows
from worker.statistics import MOST_SLOTS, Statistics, StatisticsWriter

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
LENGTH = 16


class KnowsSmallLetters(Fake):
    """Makes a token of each character, and knows the small letters."""

    def encode(self, rows: PreparedRows) -> PreparedRows:
        texts = [value for value in rows.texts if value is not None]
        ids = np.full((len(texts), LENGTH), PADDING_ID, np.int32)
        for row, value in enumerate(texts):
            for place, character in enumerate(value[:LENGTH]):
                ids[row, place] = 2 if character.islower() else UNKNOWN_ID
        return PreparedRows(rows.texts, rows.photos, ids)


def written(database: Database, period: int = MINUTE) -> dict[Lane, Counts]:
    with database.read() as connection:
        return counted_since(connection, period, BEGINNING, (*WORK, *ANSWERS))


def counted(database: Database, loop: ModelLoop) -> dict[Lane, Counts]:
    """What the loop has counted so far, once it is written."""
    loop.statistics.write(database)
    return written(database)


def test_single_products_are_counted_once_they_are_stored(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept(database, owner, TITLE, ProductInput(designation="<br>"), ProductInput(designation="x"))

    with make_loop(Fake()) as loop:
        loop.work()
        counts = counted(database, loop)[Lane.INTERACTIVE]

    assert (counts.answered, counts.reused, counts.errors) == (2, 0, 1)
    assert counts.jobs == {"product succeeded": 2, "product failed": 1}
    assert (counts.calls, counts.called_rows) == (1, 2)
    assert counts.called_seconds > 0
    assert counts.codes.total() == 2
    assert counts.modalities == {"text": 2}
    assert counts.confidence == {9: 2}
    assert counts.unknown == {}  # this predictor has no tokens


def test_latency_begins_when_the_product_was_accepted(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept(database, owner, TITLE)
    with database.begin() as connection:  # the id says when that was: here, on 1 January 2000
        for model, column in ((Batch, Batch.job_id), (Job, Job.id)):
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            connection.execute(update(model).values({column: "00dc6acf-ac00-7000-8000-000000000000"}))
        connection.execute(text("UPDATE predictions SET job_id = '00dc6acf-ac00-7000-8000-000000000000'"))

    with make_loop(Fake()) as loop:
        loop.work()
        counts = counted(database, loop)[Lane.INTERACTIVE]

    assert counts.latency == {180: 1}  # the last bin


def test_a_catalogue_counts_on_its_own_lane(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept_catalogue(database, owner, *["title"] * (MODEL_CALL + 1))

    with make_loop(Fake()) as loop:
        loop.work()
        counts = counted(database, loop)

    assert counts.keys() == {Lane.BULK}
    bulk = counts[Lane.BULK]
    assert (bulk.answered, bulk.calls, bulk.called_rows) == (MODEL_CALL + 1, 2, MODEL_CALL + 1)
    assert bulk.jobs == {"catalogue succeeded": 1}
    assert bulk.latency == {}  # of single products only


def test_what_was_answered_before_counts_as_reused_and_says_nothing_new(
    make_loop: MakeLoop, database: Database, store: ObjectStore, owner: str
) -> None:
    enter = Enter(database, store)
    for names in (["chair", "table"], ["chair", "table", "lamp"]):
        accept_file(database, owner)
        enter(take_file(database), chunk(titles(*names), last=True))
        with make_loop(Fake()) as loop:
            loop.work()

    bulk = counted(database, loop)[Lane.BULK]

    assert (bulk.answered, bulk.reused) == (3, 2)
    assert (bulk.called_rows, bulk.codes.total(), bulk.confidence.total(), bulk.modalities.total()) == (1, 1, 1, 1)


def test_unknown_tokens_are_counted_by_text(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept(database, owner, *[ProductInput(designation=title) for title in ("abcd", "abcD", "ABCD", "a" * 40)])

    with make_loop(KnowsSmallLetters()) as loop:
        loop.work()
        counts = counted(database, loop)[Lane.INTERACTIVE]

    assert counts.unknown == {0: 2, 5: 1, 6: 1}  # none; a quarter; all


def test_a_claim_that_was_lost_meanwhile_counts_nothing_but_the_call(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    accept(database, owner, TITLE)

    def take_away(_call: int) -> None:
        with database.begin() as connection:
            connection.execute(update(Batch).values(attempt=Batch.attempt + 1))

    with make_loop(Recording(take_away)) as loop:
        loop.work()
        counts = counted(database, loop)[Lane.INTERACTIVE]

    assert (counts.answered, counts.codes, counts.jobs, counts.calls) == (0, {}, {}, 1)


def test_minutes_and_hours_are_written(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept(database, owner, TITLE)

    with make_loop(Fake()) as loop:
        loop.work()
        counted(database, loop)

    with database.read() as connection:
        rows = connection.execute(select(WorkCount.seconds, WorkCount.worker_id, WorkCount.model_version)).all()
    assert sorted(map(tuple, rows)) == [(MINUTE, "worker-a", "fake-1"), (HOUR, "worker-a", "fake-1")]
    assert written(database, HOUR)[Lane.INTERACTIVE] == written(database)[Lane.INTERACTIVE]


def test_the_next_write_adds_what_has_come_since(make_loop: MakeLoop, database: Database, owner: str) -> None:
    with make_loop(Fake()) as loop:
        for expected in (1, 2):
            accept(database, owner, TITLE)
            loop.work()
            counted(database, loop)
            assert written(database, HOUR)[Lane.INTERACTIVE].answered == expected


def test_what_is_left_is_written_when_the_worker_stops(make_loop: MakeLoop, database: Database, owner: str) -> None:
    with make_loop(Fake()) as loop, StatisticsWriter(loop.statistics, database, 3_600):
        accept(database, owner, TITLE)
        loop.work()
        assert written(database) == {}

    assert written(database)[Lane.INTERACTIVE].answered == 1


def test_what_the_database_does_not_take_is_written_the_next_time(database: Database) -> None:
    statistics = Statistics("worker-a")
    statistics.called(Lane.BULK, "v1", 5, 0.1)
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE work_counts RENAME TO away"))
    with capture_logs() as logs:
        statistics.write(database)
    assert [line["event"] for line in logs] == ["statistics.not_written"]
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO work_counts"))
    statistics.called(Lane.BULK, "v1", 2, 0.1)

    statistics.write(database)

    assert written(database, HOUR)[Lane.BULK].called_rows == 7


class Interrupted:
    """A database that is so slow to begin a transaction that something happens meanwhile."""

    def __init__(self, database: Database, happens: Callable[[], None]) -> None:
        self._database = database
        self._happens = happens

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        self._happens()
        with self._database.begin() as connection:
            yield connection


def test_what_is_counted_while_an_hour_is_written_that_ends_meanwhile_is_added_to_it(database: Database) -> None:
    hour = 3_600 * 500_000
    moment = [hour - 0.2]
    statistics = Statistics("worker-a", lambda: moment[0])

    def the_hour_ends() -> None:
        moment[0] = hour - 0.1
        statistics.called(Lane.BULK, "v1", 1, 0.1)
        moment[0] = hour + 20

    statistics.called(Lane.BULK, "v1", 64, 0.1)
    statistics.write(cast(Database, Interrupted(database, the_hour_ends)))
    statistics.write(database)

    for period in (MINUTE, HOUR):
        assert written(database, period)[Lane.BULK].called_rows == 65


def test_periods_that_have_long_ended_are_kept_no_longer_in_memory(database: Database) -> None:
    moment = [0.0]
    statistics = Statistics("worker-a", lambda: moment[0])
    for hour in range(3):
        moment[0] = 2 * 3_600.0 * (250_000 + hour)
        statistics.called(Lane.BULK, "v1", 1, 0.1)
        statistics.write(database)

    assert {slot.starts_at.hour for slot in statistics._totals} == {start_of(HOUR, _at(moment[0])).hour}


def _at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def test_a_database_that_stays_away_does_not_fill_the_memory(database: Database) -> None:
    statistics = Statistics("worker-a")
    for number in range(MOST_SLOTS):
        statistics.called(Lane.BULK, f"v{number:04d}", 1, 0.1)

    statistics.write(database)

    with database.read() as connection:
        periods = Counter(connection.scalars(select(WorkCount.seconds)))
    assert periods.total() == MOST_SLOTS


def test_an_idle_worker_writes_nothing(make_loop: MakeLoop, database: Database) -> None:
    with make_loop(Fake()) as loop:
        loop.work()

        assert counted(database, loop) == {}
