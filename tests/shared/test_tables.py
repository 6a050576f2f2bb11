from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from shared.database import Database
from shared.identifiers import new_id, now
from shared.tables import (
    Batch,
    BundleRow,
    Image,
    Job,
    Prediction,
    Product,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from tests.conftest import add_owner

INDIA = timezone(timedelta(hours=5, minutes=30))


def add(connection: Connection, table: type[Any], **values: Any) -> Any:
    return connection.execute(
        insert(table).values(**values).returning(table.__table__.primary_key.columns[0])
    ).scalar_one()


def add_job(connection: Connection, owner: str, **values: Any) -> str:
    job_id: str = add(connection, Job, owner_id=owner, **{"kind": "product", "deadline": now(), **values})
    return job_id


def test_a_datetime_comes_back_in_utc_to_the_microsecond(database: Database) -> None:
    moment = datetime(2026, 3, 1, 0, 30, 15, 123456, INDIA)
    with database.begin() as connection:
        add(connection, Image, sha256="ab", size=1, last_used_at=moment)

    with database.read() as connection:
        found = connection.scalars(select(Image.last_used_at)).one()

    assert found == moment
    assert found.tzinfo is UTC


def test_datetimes_of_several_time_zones_sort_by_time(database: Database) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    moments = {"b": noon, "a": noon.astimezone(INDIA) - timedelta(minutes=1), "c": noon + timedelta(microseconds=1)}
    with database.begin() as connection:
        for name, moment in moments.items():
            add(connection, Image, sha256=name, size=1, last_used_at=moment)

    with database.read() as connection:
        names = connection.scalars(select(Image.sha256).order_by(Image.last_used_at)).all()
        later = connection.scalars(select(Image.sha256).where(Image.last_used_at > noon.astimezone(INDIA))).all()

    assert (names, later) == (["a", "b", "c"], ["c"])


def test_a_user_name_is_taken_once(database: Database, owner: str) -> None:
    with pytest.raises(IntegrityError):
        add_owner(database, "owner")


def test_a_row_of_a_job_is_there_once(database: Database, owner: str) -> None:
    with database.begin() as connection:
        jobs = [add_job(connection, owner) for _ in range(2)]
        for job_id in jobs:
            add(connection, Prediction, job_id=job_id, owner_id=owner, row=0)

    with pytest.raises(IntegrityError), database.begin() as connection:
        add(connection, Prediction, job_id=jobs[0], owner_id=owner, row=0)


def test_an_idempotency_key_makes_one_job_per_owner(database: Database, owner: str) -> None:
    other = add_owner(database, "other")
    with database.begin() as connection:
        for somebody in (owner, owner, other):
            add_job(connection, somebody, idempotency_key=None)
        for somebody in (owner, other):
            add_job(connection, somebody, idempotency_key="k")

    with pytest.raises(IntegrityError), database.begin() as connection:
        add_job(connection, owner, idempotency_key="k")


def test_one_bundle_is_active_at_most(database: Database) -> None:
    with database.begin() as connection:
        for version, active in (("a", True), ("b", False), ("c", False)):
            add(connection, BundleRow, version=version, manifest={}, active=active)

    with pytest.raises(IntegrityError), database.begin() as connection:
        add(connection, BundleRow, version="d", manifest={}, active=True)


def test_a_labelled_product_is_there_once(database: Database) -> None:
    with database.begin() as connection:
        add(connection, Product, product_id="p", prdtypecode=10)

    with pytest.raises(IntegrityError), database.begin() as connection:
        add(connection, Product, product_id="p", prdtypecode=10)


def test_an_event_happens_once_and_goes_once_to_each_endpoint(database: Database, owner: str) -> None:
    with database.begin() as connection:
        job_id = add_job(connection, owner)
        event = add(connection, WebhookEvent, job_id=job_id, type="job.finished", body="")
        endpoint = add(connection, WebhookEndpoint, owner_id=owner, url="", secret="")
        add(connection, WebhookDelivery, event_id=event, endpoint_id=endpoint)

    with pytest.raises(IntegrityError), database.begin() as connection:
        add(connection, WebhookEvent, job_id=job_id, type="job.finished", body="")
    with pytest.raises(IntegrityError), database.begin() as connection:
        add(connection, WebhookDelivery, event_id=event, endpoint_id=endpoint)


def test_ids_are_never_used_twice(database: Database, owner: str) -> None:
    with database.begin() as connection:
        job_id = add_job(connection, owner)
        for table, values in (
            (Product, {"product_id": "p", "prdtypecode": 10}),
            (Batch, {"job_id": job_id, "owner_id": owner, "kind": "predict", "lane": "bulk", "rows": 1, "turn": 0}),
            (Prediction, {"job_id": job_id, "owner_id": owner, "row": 0}),
        ):
            first = add(connection, table, **values)
            connection.execute(delete(table))

            assert add(connection, table, **values) > first


@pytest.mark.parametrize("wrong", [{"status": "done"}, {"kind": "catalog"}], ids=["unknown status", "unknown kind"])
def test_a_word_that_is_not_in_the_vocabulary_is_refused(database: Database, owner: str, wrong: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), database.begin() as connection:
        add_job(connection, owner, **wrong)


def test_ids_that_strangers_see_sort_by_birth() -> None:
    ids = [new_id() for _ in range(1000)]

    assert ids == sorted(set(ids))
