"""Catalogues in the model loop: claimed ahead, answered from before, and given up together with what was ahead."""

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.lanes import MODEL_CALL, Lane
from shared.ledger.claim import claim
from shared.store import ObjectStore
from shared.tables import Batch, Prediction
from tests.support.intake import Enter, accept_file, chunk, counts, take_file, titles
from tests.support.ledger import LEASE, TITLE, accept, lose
from tests.support.predictors import POISON, Fake, RaisesOnPoison
from tests.worker.conftest import MakeLoop, Recording
from worker.bulk_ahead import SHORTER
from worker.predictor import PreparedRows, ScoredRows


@pytest.fixture
def enter(database: Database, store: ObjectStore) -> Enter:
    return Enter(database, store)


def catalogue(database: Database, owner: str, enter: Enter, *chunks: list[str]) -> str:
    """A job of a file that has been read, with a batch for each list of titles."""
    job_id = accept_file(database, owner)
    held, start = take_file(database), 0
    for number, names in enumerate(chunks, start=1):
        enter(held, chunk(titles(*names, start=start), last=number == len(chunks)))
        start += len(names)
    return job_id


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(Batch.state).where(Batch.kind == "predict").order_by(Batch.id)))


def full(word: str) -> list[str]:
    """As many different titles as one call takes."""
    return [f"{word} {number}" for number in range(MODEL_CALL)]


def test_the_next_batches_are_claimed_while_the_model_works_on_this_one(
    make_loop: MakeLoop, database: Database, owner: str, enter: Enter
) -> None:
    catalogue(database, owner, enter, full("a"), full("b"), full("c"), full("d"))

    with make_loop(Fake()) as loop:
        inference = loop.bundle.inference
        assert inference is not None
        step = loop._bulk.next(inference)

        assert step is not None
        assert step.is_last
        assert len(loop._bulk.taken_ahead()) == 2
        assert states(database) == ["running"] * 3 + ["queued"]


def test_a_product_that_was_sent_before_is_not_predicted_again(
    make_loop: MakeLoop, database: Database, owner: str, enter: Enter
) -> None:
    catalogue(database, owner, enter, ["chair", "table"])
    with make_loop(Fake()) as loop:
        loop.work()
    again = catalogue(database, owner, enter, ["chair", "a new lamp", "table"])
    predictor = Recording()

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == [1]
    assert counts(database, again)[:5] == ("succeeded", 3, 3, 0, 2)
    with database.read() as connection:
        found = connection.execute(
            select(Prediction.designation, Prediction.prediction, Prediction.reused_from).order_by(Prediction.id)
        ).all()
    codes = {title: code for title, code, reused in found if reused is None}
    assert [codes[title] for title, _, reused in found if reused] == [code for _, code, reused in found if reused]


def test_a_file_of_nothing_new_needs_no_model(
    make_loop: MakeLoop, database: Database, owner: str, enter: Enter
) -> None:
    for _ in range(2):
        job_id = catalogue(database, owner, enter, ["chair", "table"])
        predictor = Recording()
        with make_loop(predictor) as loop:
            loop.work()

    assert predictor.calls == []
    assert counts(database, job_id)[:5] == ("succeeded", 2, 2, 0, 2)


def test_stopping_gives_back_what_was_claimed_ahead_at_no_cost(
    make_loop: MakeLoop, database: Database, owner: str, enter: Enter
) -> None:
    job_id = catalogue(database, owner, enter, full("a"), full("b"), full("c"))
    predictor = Recording(lambda _: loop.stop())

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == [MODEL_CALL]
    assert states(database) == ["done", "queued", "queued"]
    assert loop.leases.held() == []
    with database.read() as connection:
        assert set(connection.scalars(select(Batch.failures))) == {0}
    with make_loop(Fake()) as another:
        another.work()
    assert counts(database, job_id).status == "succeeded"


def test_a_batch_that_has_failed_is_worked_with_nothing_beside_it(
    make_loop: MakeLoop, database: Database, owner: str, enter: Enter
) -> None:
    catalogue(database, owner, enter, ["a"])
    with database.begin() as connection:
        lost = claim(connection, Lane.BULK, "model-a", LEASE, most=1)
    lose(database, lost)
    catalogue(database, owner, enter, full("b"))  # comes later: what has failed goes to the end of the line

    with make_loop(Fake()) as loop:
        step = loop._bulk.next(loop.bundle.inference)

        assert step is not None
        assert step.work.has_failed
        assert not loop._bulk.has_more
        assert states(database) == ["running", "queued"]
        loop._bulk.taken_ahead()


def test_what_is_claimed_ahead_is_not_blamed_for_the_batch_before(
    make_loop: MakeLoop, database: Database, owner: str, enter: Enter
) -> None:
    job_id = catalogue(database, owner, enter, [*full("a")[:-1], POISON], full("b"), full("c"))

    with make_loop(RaisesOnPoison()) as loop:
        loop.work()

    assert counts(database, job_id)[:4] == ("partially_succeeded", 3 * MODEL_CALL, 3 * MODEL_CALL - 1, 1)


def test_a_claim_that_fails_in_its_first_call_is_not_worked_any_further(
    make_loop: MakeLoop, database: Database, owner: str, enter: Enter
) -> None:
    class Raises(Recording):
        def predict(self, rows: PreparedRows) -> ScoredRows:
            super().predict(rows)
            raise RuntimeError("nothing can be predicted")

    catalogue(database, owner, enter, [*full("a"), *full("b")])  # one batch, which takes two calls
    predictor = Raises()

    with make_loop(predictor) as loop:
        inference = loop.bundle.inference
        assert inference is not None
        assert loop._serve_bulk(inference)
        assert loop._serve_bulk(inference)
        loop._bulk.taken_ahead()

    assert predictor.calls == [MODEL_CALL]
    assert states(database) == ["queued", "queued"]


def test_calls_are_short_while_single_products_come(
    make_loop: MakeLoop, database: Database, owner: str, enter: Enter
) -> None:
    accept(database, owner, TITLE)
    catalogue(database, owner, enter, full("a"))
    predictor = Recording()

    with make_loop(predictor) as loop:
        loop.work()

    assert predictor.calls == [1, *[MODEL_CALL // SHORTER] * SHORTER]


def test_what_was_claimed_ahead_is_given_back_whatever_ends_the_loop(
    make_loop: MakeLoop, database: Database, owner: str, enter: Enter
) -> None:
    class Interrupted(Recording):
        def predict(self, rows: PreparedRows) -> ScoredRows:
            raise KeyboardInterrupt

    catalogue(database, owner, enter, full("a"), full("b"), full("c"))

    with make_loop(Interrupted()) as loop, pytest.raises(KeyboardInterrupt):
        loop.work()

    assert states(database) == ["running", "queued", "queued"]
    with database.read() as connection:
        assert set(connection.scalars(select(Batch.failures))) == {0}
