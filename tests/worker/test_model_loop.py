"""The loop in this process, on a real database, with predictors that record or fail."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from shared.database import Database, sqlite_module
from shared.images import touch_image
from shared.lanes import MODEL_CALL
from shared.ledger.submission import ProductInput
from shared.tables import Batch, Job, Prediction
from tests.support.ledger import TITLE, accept, accept_catalogue, finish_all, job_row, lose, take
from tests.support.predictors import POISON, Fake, ForgetsRowsOnPoison, RaisesOnPoison
from tests.support.waiting import wait_for
from tests.support.webhooks import listen
from tests.worker.conftest import MakeLoop, Recording


def statuses(database: Database) -> Counter[str]:
    with database.read() as connection:
        return Counter(connection.scalars(select(Job.status)))


@pytest.mark.parametrize("somebody_listens", [True, False])
def test_who_tells_webhooks_is_woken_when_a_job_has_ended_that_somebody_listens_to(
    make_loop: MakeLoop, database: Database, owner: str, somebody_listens: bool
) -> None:
    if somebody_listens:
        listen(database, owner)
    accept(database, owner, TITLE)
    told: list[str] = []

    with make_loop(Fake(), lambda: told.extend(statuses(database))) as loop:
        loop.work()

    assert told == ["succeeded"] * somebody_listens  # after the commit


def test_64_products_that_wait_together_are_answered_by_one_call(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    accept(database, owner, *[TITLE] * 64)
    predictor = Recording()

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == [64]
    assert statuses(database) == {"succeeded": 64}


def test_each_row_gets_its_own_answer(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept(database, owner, *[ProductInput(designation="x" * length) for length in (3, 1, 2)])

    with make_loop(Fake()) as loop:
        loop.work()

    with database.read() as connection:
        found = connection.execute(select(Prediction.prediction, Prediction.modality).order_by(Prediction.id)).all()
    assert [tuple(each) for each in found] == [(60, "text"), (40, "text"), (50, "text")]


def test_a_catalogue_is_worked_in_as_many_calls_as_it_needs(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    job_id = accept_catalogue(database, owner, *["title"] * (2 * MODEL_CALL + 1))
    predictor = Recording()

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == [MODEL_CALL, MODEL_CALL, 1]
    assert job_row(database, job_id).succeeded == 2 * MODEL_CALL + 1


def test_interactive_products_go_before_a_catalogue(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept_catalogue(database, owner, "one", "two", "three")
    accept(database, owner, TITLE)
    predictor = Recording()

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == [1, 3]


def test_a_product_that_arrives_in_the_middle_of_a_catalogue_waits_for_one_call_only(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    accept_catalogue(database, owner, *["title"] * (3 * MODEL_CALL))
    predictor = Recording(lambda call: accept(database, owner, TITLE, TITLE) if call == 1 else None)

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == [MODEL_CALL, 2, MODEL_CALL, MODEL_CALL]
    assert statuses(database) == {"succeeded": 3}


def test_a_loop_told_to_stop_gives_the_rest_of_a_catalogue_back_at_no_cost(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    job_id = accept_catalogue(database, owner, *["title"] * (3 * MODEL_CALL))
    predictor = Recording(lambda _: loop.stop())

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == [MODEL_CALL]
    assert loop.leases.held() == []
    with database.read() as connection:
        batch = connection.execute(select(Batch.state, Batch.failures, Batch.lease_until, Batch.worker)).one()
        assert tuple(batch) == ("queued", 0, None, None)
    with make_loop(Fake()) as another:
        another.work()
    assert job_row(database, job_id).status == "succeeded"


def test_a_loop_told_to_stop_finishes_the_products_in_its_model(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    accept(database, owner, TITLE, TITLE)

    def stop_and_accept_more(_call: int) -> None:
        loop.stop()
        accept(database, owner, TITLE)

    with make_loop(Recording(stop_and_accept_more)) as loop:
        loop.work()

    assert statuses(database) == {"succeeded": 2, "queued": 1}


@pytest.mark.parametrize("predictor", [RaisesOnPoison, ForgetsRowsOnPoison])
def test_a_predictor_that_fails_on_one_product_costs_that_product_alone(
    make_loop: MakeLoop, database: Database, owner: str, predictor: type[Fake]
) -> None:
    *_, poisoned = accept(database, owner, TITLE, TITLE, ProductInput(designation=POISON))

    with make_loop(predictor()) as loop:
        loop.work()

    assert statuses(database) == {"succeeded": 2, "failed": 1}
    assert job_row(database, poisoned).status == "failed"
    assert loop.leases.held() == []
    with database.read() as connection:
        error = connection.scalars(select(Prediction.error).where(Prediction.job_id == poisoned)).one()
    assert error is not None
    assert error["code"] == "PREDICTION_FAILED"


def test_a_predictor_that_fails_on_one_row_of_a_catalogue_costs_that_row_alone(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    job_id = accept_catalogue(database, owner, *["title"] * 20, POISON, *["title"] * 20)

    with make_loop(RaisesOnPoison()) as loop:
        loop.work()

    job = job_row(database, job_id)
    assert (job.status, job.succeeded, job.failed) == ("partially_succeeded", 40, 1)


def test_a_product_whose_photo_is_gone_fails_and_is_not_tried_again(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    with database.begin() as connection:
        touch_image(connection, "ab" * 32, 1)
    (job_id,) = accept(database, owner, ProductInput(image="ab" * 32))
    predictor = Recording()

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == []
    assert job_row(database, job_id).status == "failed"


def test_claims_are_held_for_as_long_as_they_are_worked_on(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept(database, owner, TITLE, TITLE)
    held: list[int] = []

    with make_loop(Recording(lambda _: held.append(len(loop.leases.held())))) as loop:
        loop.work()

    assert held == [2]
    assert loop.leases.held() == []


def test_no_transaction_is_open_during_a_model_call(
    make_loop: MakeLoop, database: Database, owner: str, sqlite_url: str
) -> None:
    accept(database, owner, TITLE)

    def write_at_once(_call: int) -> None:
        other = sqlite_module().connect(sqlite_url.removeprefix("sqlite:///"), timeout=0)
        other.execute("BEGIN IMMEDIATE")
        other.close()

    with make_loop(Recording(write_at_once)) as loop:
        loop.work()

    assert statuses(database) == {"succeeded": 1}


def test_what_became_anothers_while_the_model_ran_is_left_to_the_other(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    (job_id,) = accept(database, owner, TITLE)

    def lose_the_lease(call: int) -> None:
        if call == 1:
            lose(database, loop.leases.held())
            finish_all(database, take(database, worker="worker-b"))

    with make_loop(Recording(lose_the_lease)) as loop:
        loop.work()

    with database.read() as connection:
        assert connection.scalars(select(Prediction.prediction)).one() == 2582
    assert job_row(database, job_id).succeeded == 1


def test_without_a_bundle_everything_stays_where_it_is(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept(database, owner, TITLE)

    with make_loop(None) as loop:
        loop.work()

    assert statuses(database) == {"queued": 1}


def test_the_loop_advances_with_every_model_call(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept_catalogue(database, owner, *["title"] * (2 * MODEL_CALL))

    with make_loop(Fake()) as loop:
        loop.work()

    assert loop.guard.advances == 2


def test_a_store_that_is_away_costs_no_product_anything(
    make_loop: MakeLoop, database: Database, owner: str, tmp_path: Path
) -> None:
    with database.begin() as connection:
        touch_image(connection, "ab" * 32, 1)
    accept(database, owner, ProductInput(image="ab" * 32))
    (tmp_path / "data" / "store" / "images").write_text("not a folder")

    with make_loop(Fake()) as loop, ThreadPoolExecutor(1) as thread:
        working = thread.submit(loop.work)
        wait_for(lambda: attempts(database) > 3, 20, "several tries")
        loop.stop()
        working.result()

    assert statuses(database) == {"running": 1}
    with database.read() as connection:
        assert tuple(connection.execute(select(Batch.state, Batch.failures)).one()) == ("queued", 0)
    assert loop.guard.advances > 3, "or else the leases of what it holds beside this would run out"


def test_results_are_written_again_after_the_database_has_failed(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    accept(database, owner, TITLE)

    def rename(table: str, to: str) -> None:
        with database.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))

    renaming = Recording(lambda _: rename("jobs", "away"))
    with make_loop(renaming) as loop, ThreadPoolExecutor(1) as thread, capture_logs() as logs:
        working = thread.submit(loop.work)
        wait_for(lambda: "batch.write_failed" in [line["event"] for line in logs], 20, "a write that failed")
        rename("away", "jobs")
        working.result()

    assert statuses(database) == {"succeeded": 1}
    with database.read() as connection:
        assert connection.scalars(select(Batch.failures)).one() == 0


def attempts(database: Database) -> int:
    with database.read() as connection:
        return connection.scalars(select(Batch.attempt)).one()


def test_what_another_worker_holds_keeps_nobody_from_the_other_lane(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer: who holds one row holds all")
    accept(database, owner, TITLE)
    catalogue = accept_catalogue(database, owner, "one", "two")
    with database.begin() as connection, make_loop(Fake()) as loop, ThreadPoolExecutor(1) as pool:
        connection.execute(select(Batch.id).where(Batch.lane == "interactive").with_for_update())
        working = pool.submit(loop.work)
        try:
            wait_for(lambda: job_row(database, catalogue).status == "succeeded", 20, "the catalogue")
        finally:
            loop.stop()
        working.result(20)


def test_the_loop_takes_what_arrived_during_a_model_call(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept(database, owner, TITLE)
    late: list[str] = []
    predictor = Recording(lambda call: late.extend(accept(database, owner, TITLE)) if call == 1 else None)

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == [1, 1]
    assert job_row(database, late[0]).status == "succeeded"
