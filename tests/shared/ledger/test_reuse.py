"""Earlier answers: of the same owner, to the same input, by the same bundle."""

import pytest
from sqlalchemy import select, update

from shared.database import Database
from shared.identifiers import new_id
from shared.lanes import Lane
from shared.ledger.claim import ClaimedRow, claim, claimed_rows
from shared.ledger.reuse import earlier_answers, reuse_key
from shared.ledger.submission import ProductInput
from shared.store import ObjectStore
from shared.tables import Prediction
from tests.conftest import add_owner
from tests.support.intake import Enter, accept_file, chunk, take_file, titles
from tests.support.ledger import ANSWER, LEASE, accept, finish_all, take


@pytest.fixture
def enter(database: Database, store: ObjectStore) -> Enter:
    return Enter(database, store)


def waiting(database: Database, owner: str, enter: Enter, *names: str) -> list[ClaimedRow]:
    """The claimed rows of a new catalogue."""
    accept_file(database, owner)
    enter(take_file(database), chunk(titles(*names), last=True))
    with database.begin() as connection:
        claims = claim(connection, Lane.BULK, "model-a", LEASE)
    with database.read() as connection:
        return claimed_rows(connection, claims)


def answered(database: Database, owner: str, title: str) -> None:
    """Have a single product of this title answered."""
    accept(database, owner, ProductInput(designation=title))
    finish_all(database, take(database))


def earlier(database: Database, rows: list[ClaimedRow], version: str = ANSWER.model_version) -> list[str | None]:
    """The titles of the rows that have an earlier answer."""
    with database.read() as connection:
        found = earlier_answers(connection, rows, version)
    return [row.designation for row in rows if row.prediction_id in found]


def test_what_an_owner_sent_before_is_known(database: Database, owner: str, enter: Enter) -> None:
    answered(database, owner, "chair")
    rows = waiting(database, owner, enter, "table", "chair")

    assert earlier(database, rows) == ["chair"]
    with database.read() as connection:
        (answer,) = earlier_answers(connection, rows, ANSWER.model_version).values()
        original = connection.scalars(select(Prediction.id).where(Prediction.finished_at.is_not(None))).one()
    assert answer.reused_from == original
    assert (answer.code, answer.confidence, [tuple(each) for each in answer.top]) == (2582, 0.9, ANSWER.top)


def test_another_owner_gets_an_answer_of_their_own(database: Database, owner: str, enter: Enter) -> None:
    answered(database, add_owner(database, "another"), "chair")

    assert earlier(database, waiting(database, owner, enter, "chair")) == []


def test_another_bundle_answers_anew(database: Database, owner: str, enter: Enter) -> None:
    answered(database, owner, "chair")

    assert earlier(database, waiting(database, owner, enter, "chair"), "fake-2") == []


def test_an_answer_that_was_reused_is_not_found_again_itself(database: Database, owner: str, enter: Enter) -> None:
    answered(database, owner, "chair")
    with database.begin() as connection:
        connection.execute(update(Prediction).values(reused_from=1))

    assert earlier(database, waiting(database, owner, enter, "chair")) == []


def test_two_inputs_with_one_number_are_told_apart(database: Database, owner: str, enter: Enter) -> None:
    answered(database, owner, "chair")
    rows = waiting(database, owner, enter, "table")
    with database.begin() as connection:
        connection.execute(update(Prediction).values(reuse_key=7))

    assert earlier(database, [row._replace(reuse_key=7) for row in rows]) == []


def test_a_number_fits_the_column_whatever_the_hash(database: Database) -> None:
    keys = [reuse_key(new_id(), f"{first}{'0' * 63}") for first in "0123456789abcdef" for _ in range(20)]

    assert -(2**63) <= min(keys) < 0 < max(keys) < 2**63
