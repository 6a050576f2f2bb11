"""What people say about predictions."""

import pytest
from sqlalchemy import delete, select

from shared.corrections import correct, latest_corrections
from shared.database import Database
from shared.errors import Conflict, NotFound
from shared.tables import Correction, Prediction
from shared.users import Account, Role, account_by_id, add_user
from tests.support.ledger import ANSWER, TITLE, accept, finish_all, take


@pytest.fixture
def reviewer(database: Database) -> Account:
    with database.begin() as connection:
        account = account_by_id(connection, add_user(connection, "ines", "!", Role.REVIEWER))
    assert account is not None
    return account


def predicted(database: Database, owner: str) -> int:
    (job_id,) = accept(database, owner, TITLE)
    finish_all(database, take(database), ANSWER)
    with database.read() as connection:
        return connection.execute(select(Prediction.id).where(Prediction.job_id == job_id)).scalar_one()


def test_the_latest_of_each_prediction(database: Database, owner: str, reviewer: Account) -> None:
    first, second, third = (predicted(database, owner) for _ in range(3))
    with database.begin() as connection:
        for number, code in ((first, 10), (second, 40), (first, 60)):
            said = correct(connection, number, code, reviewer)

        found = latest_corrections(connection, [first, second, third])

    assert {number: record.code for number, record in found.items()} == {first: 60, second: 40}
    assert found[first] == said
    assert (said.by, said.name) == ("ines", "Consoles de jeu")


def test_a_prediction_is_marked_with_its_first_correction_and_no_other_is(
    database: Database, owner: str, reviewer: Account
) -> None:
    first, second = (predicted(database, owner) for _ in range(2))
    for code in (10, 40):
        with database.begin() as connection:
            correct(connection, first, code, reviewer)

    with database.read() as connection:
        marked = connection.execute(select(Prediction.id, Prediction.corrected)).all()
    assert {number: corrected for number, corrected in marked} == {first: True, second: False}


def test_of_no_predictions_there_are_none(database: Database) -> None:
    with database.read() as connection:
        assert latest_corrections(connection, []) == {}


def test_corrections_go_with_their_prediction(database: Database, owner: str, reviewer: Account) -> None:
    number = predicted(database, owner)
    with database.begin() as connection:
        correct(connection, number, 10, reviewer)
        connection.execute(delete(Prediction))

        assert connection.execute(select(Correction.id)).all() == []
        with pytest.raises(NotFound):
            correct(connection, number, 10, reviewer)


def test_what_waits_cannot_be_corrected(database: Database, owner: str, reviewer: Account) -> None:
    accept(database, owner, TITLE)
    with database.begin() as connection:
        number = connection.execute(select(Prediction.id)).scalar_one()
        with pytest.raises(Conflict):
            correct(connection, number, 10, reviewer)
