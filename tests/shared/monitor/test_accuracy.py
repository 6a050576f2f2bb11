"""What people's verdicts say of the predictions, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from shared.categories import learn_categories
from shared.corrections import correct
from shared.database import Database
from shared.identifiers import now
from shared.monitor.accuracy import Accuracy, Agreement, accuracy_from_corrections
from shared.tables import Correction, Prediction
from shared.taxonomy import RAKUTEN
from shared.users import account_by_id
from tests.support.ledger import ANSWER, TITLE, accept, finish_all, take

RIGHT, WRONG = ANSWER.code, 1560


@pytest.fixture
def predicted(database: Database, owner: str) -> list[int]:
    """Three predictions by the active bundle, and one by the one before."""
    with database.begin() as connection:
        learn_categories(connection, RAKUTEN)
    for version, products in (("before", 1), ("active", 3)):
        accept(database, owner, *[TITLE] * products)
        finish_all(database, take(database), ANSWER._replace(model_version=version))
    with database.read() as connection:
        return list(connection.scalars(select(Prediction.id).order_by(Prediction.id.desc())))


def judge(database: Database, owner: str, prediction: int, code: int) -> None:
    with database.begin() as connection:
        account = account_by_id(connection, owner)
        assert account is not None
        correct(connection, prediction, code, account)


def accuracy(database: Database, active: str | None = "active") -> Accuracy:
    with database.read() as connection:
        return accuracy_from_corrections(connection, now(), active)


def test_before_anybody_has_looked_nothing_is_known(database: Database, predicted: list[int]) -> None:
    found = accuracy(database)

    assert found.active == found.all == Agreement(0, 0)
    assert found.all.share is None


def test_verdicts_are_counted_for_the_active_bundle_and_for_all(
    database: Database, owner: str, predicted: list[int]
) -> None:
    for prediction, code in zip(predicted, (RIGHT, WRONG, RIGHT, WRONG), strict=True):
        judge(database, owner, prediction, code)

    found = accuracy(database)

    assert (found.active, found.all) == (Agreement(3, 2), Agreement(4, 2))
    assert found.all.share == 0.5


def test_of_several_verdicts_the_latest_counts(database: Database, owner: str, predicted: list[int]) -> None:
    for code in (RIGHT, RIGHT, WRONG):
        judge(database, owner, predicted[0], code)

    assert accuracy(database).active == Agreement(1, 0)


def test_verdicts_of_long_ago_do_not_count(database: Database, owner: str, predicted: list[int]) -> None:
    judge(database, owner, predicted[0], RIGHT)
    with database.begin() as connection:
        connection.execute(update(Correction).values(created_at=now() - timedelta(days=31)))

    assert accuracy(database).all == Agreement(0, 0)


def test_without_an_active_bundle_there_are_still_those_of_all(
    database: Database, owner: str, predicted: list[int]
) -> None:
    judge(database, owner, predicted[0], RIGHT)

    found = accuracy(database, active=None)

    assert (found.active, found.all) == (Agreement(0, 0), Agreement(1, 1))
