"""What is told, and to whom: decided by the transaction that ends a job."""

import pytest
from sqlalchemy import func, select, update

from shared.database import Database
from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.cancel import cancel
from shared.ledger.finish import RowError
from shared.ledger.sweep import expire_overdue
from shared.lifecycle import DeliveryState
from shared.tables import Job, WebhookEvent
from shared.webhooks.endpoints import EndpointChanges, change_endpoint, delete_endpoint
from tests.conftest import add_owner
from tests.support.ledger import TITLE, accept, accept_catalogue, finish_all
from tests.support.ledger import take as ledger_take
from tests.support.webhooks import deliveries, endpoint, listen, take
from tests.support.work import do_work


def test_a_job_that_ends_is_told_to_an_endpoint_of_its_owner(database: Database, owner: str) -> None:
    listening = listen(database, owner)
    (job_id,) = accept(database, owner, TITLE)

    do_work(database)

    (delivery,) = deliveries(database, listening)
    assert (delivery.job_id, delivery.type, delivery.state) == (job_id, "job.succeeded", DeliveryState.PENDING)


def test_a_job_that_has_not_ended_is_not_told(database: Database, owner: str) -> None:
    listening = listen(database, owner)
    accept(database, owner, TITLE)

    assert deliveries(database, listening) == []


def test_nobody_else_is_told(database: Database, owner: str) -> None:
    others = listen(database, add_owner(database, "somebody else"))
    accept(database, owner, TITLE)

    do_work(database)

    assert deliveries(database, others) == []


def test_where_nobody_listens_nothing_is_written(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)

    do_work(database)

    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(WebhookEvent)) == 0


def test_a_failed_job_is_told_as_failed(database: Database, owner: str) -> None:
    listening = listen(database, owner)
    accept(database, owner, TITLE)

    do_work(database, RowError("BROKEN_IMAGE", "damaged"))

    assert [delivery.type for delivery in deliveries(database, listening)] == ["job.failed"]


def test_a_canceled_job_is_told(database: Database, owner: str) -> None:
    listening = listen(database, owner)
    jobs = accept(database, owner, TITLE)

    with database.begin() as connection:
        cancel(connection, jobs)

    assert [delivery.type for delivery in deliveries(database, listening)] == ["job.canceled"]


def test_an_expired_job_is_told(database: Database, owner: str) -> None:
    listening = listen(database, owner)
    (job_id,) = accept(database, owner, TITLE)

    with database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(deadline=now()))
        expire_overdue(connection)

    assert [delivery.type for delivery in deliveries(database, listening)] == ["job.expired"]


def test_one_event_goes_to_every_endpoint(database: Database, owner: str) -> None:
    listening = [listen(database, owner, f"https://shop.example/{number}") for number in range(3)]
    accept(database, owner, TITLE)

    do_work(database)

    events = {deliveries(database, each)[0].event_id for each in listening}
    assert len(events) == 1


@pytest.mark.parametrize(
    ("events", "kinds", "told"),
    [
        (("job.succeeded",), (), True),
        (("job.failed", "job.canceled"), (), False),
        ((), ("product",), True),
        ((), ("catalogue",), False),
        (("job.succeeded",), ("catalogue",), False),
    ],
)
def test_filters_let_through_what_they_name(
    database: Database, owner: str, events: tuple[str, ...], kinds: tuple[str, ...], told: bool
) -> None:
    listening = listen(database, owner, events=events, kinds=kinds)
    accept(database, owner, TITLE)

    do_work(database)

    assert bool(deliveries(database, listening)) is told


def test_an_endpoint_that_a_job_names_is_told_whatever_its_filters_say(database: Database, owner: str) -> None:
    named = listen(database, owner, events=("job.failed",), kinds=("catalogue",))
    (job_id,) = accept(database, owner, TITLE)
    with database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(webhook_endpoint_id=named))

    do_work(database)

    assert [delivery.job_id for delivery in deliveries(database, named)] == [job_id]


def test_what_happens_while_an_endpoint_is_paused_is_written_down_as_dead(database: Database, owner: str) -> None:
    paused = listen(database, owner)
    with database.begin() as connection:
        change_endpoint(connection, paused, EndpointChanges(active=False))
    accept(database, owner, TITLE)

    do_work(database)

    assert [delivery.state for delivery in deliveries(database, paused)] == [DeliveryState.DEAD]
    assert take(database) == []


def test_a_deleted_endpoint_is_told_nothing_more(database: Database, owner: str) -> None:
    gone = listen(database, owner)
    with database.begin() as connection:
        delete_endpoint(connection, gone)
    accept(database, owner, TITLE)

    do_work(database)

    assert deliveries(database, gone) == []


def test_a_catalogue_is_told_once_at_its_end(database: Database, owner: str) -> None:
    listening = listen(database, owner)
    job_id = accept_catalogue(database, owner, "a", "b", "c")

    finish_all(database, ledger_take(database, Lane.BULK))

    assert [delivery.job_id for delivery in deliveries(database, listening)] == [job_id]
    assert endpoint(database, listening).active
