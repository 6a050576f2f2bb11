"""What there is to train on in the service: labelled products, and corrected predictions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from shared import labelled
from shared.database import Database
from shared.erasure import delete_account, delete_job
from shared.identifiers import new_id
from shared.labelled import LabelChanges, LabelledProduct, label_changes, labelled_products
from shared.lifecycle import JobStatus
from shared.tables import Correction, Image, Job, Prediction, Product
from tests.conftest import add_owner

START = datetime(2026, 3, 1, tzinfo=UTC)
PHOTO, OTHER_PHOTO = "ab" * 32, "cd" * 32


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


class Held:
    """A service's labelled rows, stored at moments of the test's choice."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reviewer = add_owner(database, "reviewer")
        self.owner = add_owner(database, "owner")
        with database.begin() as connection:
            connection.execute(insert(Image), [{"sha256": photo, "size": 1} for photo in (PHOTO, OTHER_PHOTO)])

    def product(self, product_id: str, code: int, hours: float, updated: float | None = None, **values: Any) -> None:
        moments = {"created_at": at(hours), "updated_at": at(hours if updated is None else updated)}
        row = {"designation": f"Titre {product_id}"} | values
        with self.database.begin() as connection:
            connection.execute(insert(Product).values(product_id=product_id, prdtypecode=code, **moments, **row))

    def prediction(self, owner: str | None = None, **values: Any) -> int:
        """A prediction in a job of its own that has ended."""
        with self.database.begin() as connection:
            owner_id = owner or self.owner
            job = {"id": new_id(), "owner_id": owner_id, "kind": "product", "status": JobStatus.SUCCEEDED}
            connection.execute(insert(Job).values(**job, total=1, deadline=at(99)))
            row = {"job_id": job["id"], "owner_id": owner_id, "row": 0, "prediction": 10} | values
            return connection.execute(insert(Prediction).values(**row).returning(Prediction.id)).scalar_one()

    def correction(self, prediction_id: int, code: int, hours: float) -> None:
        said = {"prediction_id": prediction_id, "user_id": self.reviewer, "code": code, "created_at": at(hours)}
        with self.database.begin() as connection:
            connection.execute(insert(Correction).values(**said))

    def codes(self, until: float | None = None) -> dict[str, int]:
        rows = self.rows(until)
        assert len({row.product_id for row in rows}) == len(rows)
        return {row.product_id: row.code for row in rows}

    def rows(self, until: float | None = None) -> list[LabelledProduct]:
        with self.database.read() as connection:
            return list(labelled_products(connection, None if until is None else at(until)))

    def changes(self, since: float | None, until: float | None) -> LabelChanges:
        moments = [None if hours is None else at(hours) for hours in (since, until)]
        with self.database.read() as connection:
            return label_changes(connection, *moments)


@pytest.fixture
def held(database: Database) -> Held:
    return Held(database)


def test_a_stored_product_comes_with_all_its_fields(held: Held) -> None:
    held.product("7", 2060, 0, description="bleue", image=PHOTO)

    assert held.rows() == [LabelledProduct("7", "Titre 7", "bleue", PHOTO, 2060)]


def test_the_latest_correction_of_a_prediction_counts(held: Held) -> None:
    prediction = held.prediction(designation="Lampe", description="bleue", image=PHOTO)
    held.correction(prediction, 40, 1)
    held.correction(prediction, 50, 2)

    assert held.rows() == [LabelledProduct(f"prediction:{prediction}", "Lampe", "bleue", PHOTO, 50)]


@pytest.mark.parametrize("shared", [{"designation": "Titre 7"}, {"description": "bleue"}, {"image": PHOTO}])
def test_a_correction_of_a_stored_product_relabels_it(held: Held, shared: dict[str, str]) -> None:
    held.product("7", 2060, 0, description="bleue", image=PHOTO)
    held.correction(held.prediction(product_id="7", **shared), 40, 1)

    assert held.codes() == {"7": 40}


def test_a_product_stored_after_its_correction_keeps_its_own_label(held: Held) -> None:
    held.product("7", 2060, 0, updated=2)
    held.correction(held.prediction(product_id="7", designation="Titre 7"), 40, 1)

    assert held.codes() == {"7": 2060}


def test_of_several_predictions_of_a_stored_product_the_newest_correction_counts(held: Held) -> None:
    held.product("7", 2060, 0)
    first, second = (held.prediction(product_id="7", designation="Titre 7") for _ in range(2))
    held.correction(second, 50, 1)
    held.correction(first, 40, 2)

    assert held.codes() == {"7": 40}


def test_another_product_of_the_same_id_is_a_row_of_its_own(held: Held) -> None:
    held.product("7", 2060, 0, image=PHOTO)
    other = held.prediction(product_id="7", designation="Un livre", image=OTHER_PHOTO)
    held.correction(other, 10, 1)

    assert held.codes() == {"7": 2060, f"prediction:{other}": 10}


def test_corrected_products_that_are_not_stored_are_rows_of_their_own(held: Held, database: Database) -> None:
    another_owner = add_owner(database, "another")
    old, new = (held.prediction(product_id="x", designation="Lampe") for _ in range(2))
    strangers = held.prediction(another_owner, product_id="x", designation="Livre")
    nameless = [held.prediction(designation="Chaise") for _ in range(2)]
    for hours, prediction in enumerate((old, new, strangers, *nameless)):
        held.correction(prediction, 40 + 10 * hours, hours)

    assert held.codes() == {
        f"prediction:{new}": 50,
        f"prediction:{strangers}": 60,
        f"prediction:{nameless[0]}": 70,
        f"prediction:{nameless[1]}": 80,
    }


def test_an_interval_gives_the_same_rows_whatever_is_labelled_later(held: Held) -> None:
    held.product("a", 10, 0)
    held.product("b", 10, 0)
    relabelled = held.prediction(product_id="b", designation="Titre b")
    held.correction(relabelled, 40, 1)
    own = held.prediction(designation="Lampe")
    held.correction(own, 50, 2)
    before = held.rows(until=3)

    held.product("c", 10, 3)
    held.correction(relabelled, 60, 3)
    held.correction(own, 60, 4)
    held.correction(held.prediction(designation="Livre"), 60, 5)

    assert held.rows(until=3) == before
    assert held.codes(until=3) == {"a": 10, "b": 40, f"prediction:{own}": 50}
    assert held.codes(until=0) == {}


def test_rows_of_deleted_jobs_and_accounts_are_left_out(held: Held, database: Database) -> None:
    leaving = add_owner(database, "leaving")
    held.product("7", 2060, 0)
    own, relabelling = (
        held.prediction(**values) for values in ({"designation": "a"}, {"product_id": "7", "designation": "Titre 7"})
    )
    of_account = held.prediction(leaving, designation="b")
    for prediction in (own, relabelling, of_account):
        held.correction(prediction, 40, 1)
    assert len(held.codes()) == 3

    with database.begin() as connection:
        for prediction in (own, relabelling):
            delete_job(connection, job_of(connection, prediction), None)
        delete_account(connection, leaving)

    assert held.codes() == {"7": 2060}
    assert held.changes(None, None).corrections == 0


def job_of(connection: Connection, prediction: int) -> str:
    return connection.execute(select(Prediction.job_id).where(Prediction.id == prediction)).scalar_one()


def test_rows_are_fetched_in_pages(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        held.product(f"{number}", 10, 0)
        held.correction(held.prediction(product_id=f"{number}", designation=f"Titre {number}"), 40, 1)
    own = [held.prediction(designation="Lampe") for _ in range(7)]
    for prediction in own:
        held.correction(prediction, 50, 1)  # all at one moment: a page may end between them
    whole = held.codes()

    monkeypatch.setattr(labelled, "PAGE", 3)

    assert held.codes() == whole == {f"{n}": 40 for n in range(7)} | {f"prediction:{each}": 50 for each in own}


def test_changes_are_counted_by_interval(held: Held) -> None:
    held.product("old", 10, 0)
    held.product("changed", 10, 0, updated=5)
    held.product("new", 10, 5)
    held.product("later", 10, 9)
    twice, once = held.prediction(designation="a"), held.prediction(designation="b")
    for prediction, hours in ((twice, 1), (twice, 5), (twice, 6), (once, 1)):
        held.correction(prediction, 40, hours)

    assert held.changes(4, 8) == LabelChanges(1, 1, 1, products_total=3, corrections_total=2)
    assert held.changes(None, 8) == LabelChanges(3, 0, 2, products_total=3, corrections_total=2)
    assert held.changes(9, None) == LabelChanges(1, 0, 0, products_total=4, corrections_total=2)
    assert held.changes(5, 5) == LabelChanges(0, 0, 0, products_total=1, corrections_total=2)


def test_two_intervals_count_what_the_whole_counts(held: Held) -> None:
    for hours in range(6):
        held.product(f"{hours}", 10, hours)
        held.correction(held.prediction(designation=f"{hours}"), 40, hours)

    parts = [held.changes(0, 3), held.changes(3, 6)]
    assert sum(part.products_new for part in parts) == held.changes(0, 6).products_new == 6
    assert sum(part.corrections for part in parts) == held.changes(0, 6).corrections == 6
