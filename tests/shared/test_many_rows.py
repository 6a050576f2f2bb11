"""Many rows at once read back as if each had been written by itself."""

import json

import pytest
from sqlalchemy import bindparam, insert, select, update

from shared.database import Database
from shared.identifiers import now
from shared.many_rows import AT_ONCE, ManyRows, moment
from shared.tables import Prediction
from tests.support.ledger import accept_catalogue

NAMES = ("row", "job_id", "owner_id", "designation", "error", "created_at")


@pytest.mark.parametrize("number", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE + 5])
def test_inserted_rows_are_all_there_with_their_own_values(database: Database, owner: str, number: int) -> None:
    job_id, time = accept_catalogue(database, owner, "another row"), now()
    with database.begin() as connection:
        at = moment(connection, time)
        errors = [json.dumps({"code": "X"}) if row % 2 else None for row in range(number)]
        rows = [(row + 1, job_id, owner, f"title {row}'\"", error, at) for row, error in enumerate(errors)]
        ManyRows(insert(Prediction), *NAMES).execute(connection, rows)

    columns = (Prediction.row, Prediction.designation, Prediction.error, Prediction.created_at)
    with database.read() as connection:
        found = connection.execute(select(*columns).where(Prediction.row > 0).order_by(Prediction.id)).all()
    assert [tuple(each) for each in found] == [
        (row + 1, f"title {row}'\"", {"code": "X"} if row % 2 else None, time) for row in range(number)
    ]


def test_updated_rows_get_the_values_that_were_meant_for_them(database: Database, owner: str) -> None:
    accept_catalogue(database, owner, *[f"title {number}" for number in range(50)])
    with database.read() as connection:
        ids = connection.scalars(select(Prediction.id).order_by(Prediction.row)).all()
    statement = (
        update(Prediction)
        .where(Prediction.id == bindparam("id_"))
        .values(prediction=bindparam("code_"), needs_review=bindparam("review_", type_=Prediction.needs_review.type))
    )

    with database.begin() as connection:
        rows = [(bool(place % 2), row_id, 10 * place) for place, row_id in enumerate(ids)]
        ManyRows(statement, "review_", "id_", "code_").execute(connection, rows)

    with database.read() as connection:
        found = connection.execute(
            select(Prediction.id, Prediction.prediction, Prediction.needs_review).order_by(Prediction.row)
        ).all()
    assert [tuple(each) for each in found] == [
        (row_id, 10 * place, bool(place % 2)) for place, row_id in enumerate(ids)
    ]
