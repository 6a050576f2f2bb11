"""The loop that reads catalogues, with real files in a real store, on a real database."""

import gzip
import threading
from typing import Any

import pytest
from sqlalchemy import select, update

from shared.catalogues.source import Format
from shared.database import Database
from shared.errors import Unavailable
from shared.lanes import WEBHOOKS
from shared.ledger.cancel import cancel
from shared.ledger.catalogues import rerun_job
from shared.ledger.failure import fail
from shared.ledger.submission import ProductInput
from shared.store import ObjectStore
from shared.tables import Batch, Job, Prediction
from tests.conftest import add_owner
from tests.support.intake import QUOTAS, counts
from tests.support.ledger import WEEK, accept
from tests.support.photos import jpeg
from tests.support.waiting import wait_for
from tests.support.webhooks import listen
from tests.worker.intakes import HEADER, Intakes, csv_of, zip_of
from worker import chunks
from worker.intake_loop import IntakeLoop, _Stopping
from worker.metrics import WorkerMetrics
from worker.stall import StallGuard


def test_every_row_of_a_file_waits_for_a_model(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of("one", "two", "three"))

    intakes.read()

    assert intakes.rows(job_id) == [(0, "one", None, None), (1, "two", None, None), (2, "three", None, None)]
    assert intakes.bell.rung == ["bulk"]
    with intakes.database.read() as connection:
        job = connection.execute(select(Job).where(Job.id == job_id)).one()
    assert (job.status, job.intake_done, job.total, job.read_share) == ("running", True, 3, 1.0)
    assert job.source["layout"]["delimiter"] == ","


def test_a_long_file_comes_in_several_batches(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of(*[f"title {number}" for number in range(chunks.ROWS + 1)]))

    intakes.read()

    with intakes.database.read() as connection:
        found = connection.execute(select(Batch.kind, Batch.rows, Batch.state).order_by(Batch.id)).all()
    assert [tuple(batch) for batch in found] == [
        ("intake", 0, "done"),
        ("predict", chunks.ROWS, "queued"),
        ("predict", 1, "queued"),
    ]
    assert counts(intakes.database, job_id).total == chunks.ROWS + 1


def test_a_file_that_breaks_off_keeps_the_rows_before(intakes: Intakes) -> None:
    whole = gzip.compress(csv_of(*[f"title {number}" for number in range(200_000)]))
    job_id = intakes.send(whole[: len(whole) // 2])

    intakes.read()

    job = counts(intakes.database, job_id)
    assert (job.status, job.error["code"]) == ("failed", "BROKEN_GZIP")
    assert 0 < job.total < 200_000


@pytest.mark.parametrize("content", [b"\x1f\x8b", csv_of("")], ids=["no catalogue", "no good row"])
def test_who_tells_webhooks_is_woken_when_reading_ends_a_job(intakes: Intakes, content: bytes) -> None:
    listen(intakes.database, intakes.owner)
    intakes.send(content)

    intakes.read()

    assert WEBHOOKS in intakes.bell.rung


def test_reading_goes_on_exactly_where_somebody_was_killed(intakes: Intakes) -> None:
    titles = [f"title {number}" for number in range(3 * chunks.ROWS)]
    job_id = intakes.send(csv_of(*titles))
    with intakes.loop("io-killed") as loop:
        held = loop._claim()
        assert held is not None
        reading = loop._opened(held)
        loop._commit(held, reading.job, next(reading.chunks))
        next(reading.chunks)  # read, and never entered
        reading.close()
    with intakes.database.begin() as connection:
        fail(connection, [held])

    intakes.read()

    assert [title for _, title, *_ in intakes.rows(job_id)] == titles


def test_a_job_that_is_canceled_is_not_read_any_further(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of("one"))
    with intakes.loop() as loop:
        held = loop._claim()
        assert held is not None
        with intakes.database.begin() as connection:
            cancel(connection, [job_id])
        loop._work_on(held)

    assert intakes.rows(job_id) == []


def test_files_of_two_owners_take_turns(intakes: Intakes) -> None:
    long = intakes.send(csv_of(*[f"title {number}" for number in range(20 * chunks.ROWS)]))
    others = Intakes(intakes.database, intakes.store, intakes.settings, add_owner(intakes.database, "another"))
    short = others.send(csv_of("one", "two"))

    intakes.read()

    with intakes.database.read() as connection:
        order = connection.scalars(select(Batch.job_id).where(Batch.kind == "predict").order_by(Batch.id)).all()
    assert order.index(short) < len(order) - 1
    assert order.count(long) == 20
    assert len(intakes.rows(long)) == 20 * chunks.ROWS


def test_a_loop_told_to_stop_gives_its_file_back_behind_what_it_has_entered(intakes: Intakes) -> None:
    titles = [f"title {number}" for number in range(2 * chunks.ROWS)]
    job_id = intakes.send(csv_of(*titles))
    with intakes.loop() as loop:
        intakes.bell.then = loop.stop  # once the first chunk is there
        loop.work()

    assert len(intakes.rows(job_id)) == chunks.ROWS
    with intakes.database.read() as connection:
        batch = connection.execute(select(Batch.state, Batch.failures).where(Batch.kind == "intake")).one()
    assert tuple(batch) == ("queued", 0)
    intakes.read()
    assert [title for _, title, *_ in intakes.rows(job_id)] == titles


def test_a_file_gives_way_only_after_its_turn(intakes: Intakes) -> None:
    long = intakes.send(csv_of(*[f"title {number}" for number in range(3 * chunks.ROWS)]))
    others = Intakes(intakes.database, intakes.store, intakes.settings, add_owner(intakes.database, "another"))
    others.send(csv_of("one", "two"))

    with intakes.loop(turn_seconds=3600) as loop:
        loop.work()

    with intakes.database.read() as connection:
        order = connection.scalars(select(Batch.job_id).where(Batch.kind == "predict").order_by(Batch.id)).all()
    assert order[:3] == [long] * 3


def test_a_loop_told_to_stop_in_the_middle_of_photos_gives_its_file_back(intakes: Intakes) -> None:
    table = HEADER + "".join(f"{number},{number},title,\n" for number in range(3))
    photos = {f"image_{number}_product_{number}.jpg": jpeg() for number in range(3)}
    job_id = intakes.send(zip_of(table, photos), Format.ZIP)
    with intakes.loop() as loop:
        held = loop._claim()
        assert held is not None
        reading = loop._opened(held)
        loop.stop()
        with pytest.raises(_Stopping):
            next(reading.chunks)
        reading.close()
        loop._work_on(held)

    assert intakes.rows(job_id) == []
    with intakes.database.read() as connection:
        batch = connection.execute(select(Batch.state, Batch.failures).where(Batch.kind == "intake")).one()
    assert tuple(batch) == ("queued", 0)


def test_a_store_that_is_away_costs_the_job_nothing(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of("one"))

    class Away(ObjectStore):
        def open(self, key: str) -> Any:
            raise Unavailable("The object store does not answer.")

    away = Away((intakes.settings.data_dir / "store").as_uri())
    guard, stopping = StallGuard(60), threading.Event()
    loop = IntakeLoop("io-a", intakes.database, away, intakes.bell, intakes.settings, guard, stopping, WorkerMetrics())
    thread = threading.Thread(target=loop.work)
    thread.start()
    wait_for(lambda: attempts(intakes.database) > 1, 20, "two tries")
    loop.stop()
    thread.join(20)
    loop.close()

    intakes.read()

    assert counts(intakes.database, job_id)[:4] == ("running", 1, 0, 0)


def attempts(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalars(select(Batch.attempt).where(Batch.kind == "intake")).one())


def end(database: Database, job_id: str) -> None:
    with database.begin() as connection:
        cancel(connection, [job_id])


def run_again(intakes: Intakes, job_id: str, *, failed_only: bool) -> str:
    with intakes.database.begin() as connection:
        return rerun_job(connection, intakes.store, job_id, intakes.owner, WEEK, QUOTAS, failed_only=failed_only).job_id


def test_trying_again_reads_the_failed_rows_alone_under_their_old_numbers(intakes: Intakes) -> None:
    titles = [f"title {number}" for number in range(2 * chunks.ROWS)]
    job_id = intakes.send(csv_of(*titles))
    intakes.read()
    failed = [3, chunks.ROWS, 2 * chunks.ROWS - 1]
    with intakes.database.begin() as connection:
        rows = (Prediction.job_id == job_id) & Prediction.row.in_(failed)
        connection.execute(update(Prediction).where(rows).values(error={"code": "X", "message": "failed"}))
        connection.execute(update(Job).values(failed=len(failed)))
    end(intakes.database, job_id)

    again = run_again(intakes, job_id, failed_only=True)
    intakes.read()

    assert [(number, title) for number, title, *_ in intakes.rows(again)] == [(n, titles[n]) for n in failed]
    assert counts(intakes.database, again).total == len(failed)


def test_a_rerun_reads_every_row_again(intakes: Intakes) -> None:
    job_id = intakes.send(csv_of("one", "two"))
    intakes.read()
    end(intakes.database, job_id)

    again = run_again(intakes, job_id, failed_only=False)
    intakes.read()

    assert [title for _, title, *_ in intakes.rows(again)] == ["one", "two"]
    assert counts(intakes.database, again).changes == 0


def test_single_products_are_in_nobodys_way(intakes: Intakes) -> None:
    accept(intakes.database, intakes.owner, ProductInput(image_url="https://shop.example/1"))
    job_id = intakes.send(csv_of("one"))

    intakes.read()

    assert len(intakes.rows(job_id)) == 1
    with intakes.database.read() as connection:
        assert connection.scalars(select(Batch.state).where(Batch.kind == "fetch")).all() == ["queued"]
