"""What becomes of a delivery, and of its endpoint, after a try."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.identifiers import now
from shared.lifecycle import DeliveryState
from shared.tables import WebhookDelivery
from shared.webhooks.deliveries import recover, redeliver
from shared.webhooks.endpoints import EndpointChanges, change_endpoint
from shared.webhooks.outcomes import ATTEMPTS_KEPT
from shared.webhooks.upkeep import bury_abandoned
from tests.support.ledger import TITLE, accept
from tests.support.webhooks import DELAYS, answered, book, deliveries, endpoint, let_time_pass, listen, take
from tests.support.work import do_work

DAY = 86_400.0


@pytest.fixture
def listening(database: Database, owner: str) -> str:
    """An endpoint with one delivery that is due."""
    endpoint_id = listen(database, owner)
    accept(database, owner, TITLE)
    do_work(database)
    return endpoint_id


def die(database: Database, status: int = 500) -> None:
    """Use up every try of every delivery."""
    for _ in DELAYS:
        while taken := take(database):
            for due in taken:
                book(database, due, answered(status))
        with database.begin() as connection:
            let_time_pass(connection, 2 * DAY)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_status_of_success_is_delivered(database: Database, listening: str, status: int) -> None:
    (due,) = take(database)

    assert book(database, due, answered(status)) is DeliveryState.DELIVERED

    (delivery,) = deliveries(database, listening)
    assert (delivery.state, delivery.next_attempt_at) == (DeliveryState.DELIVERED, None)
    assert [attempt.status for attempt in delivery.attempts] == [status]


@pytest.mark.parametrize("status", [None, 301, 400, 404, 500])
def test_anything_else_is_tried_again_after_the_next_delay(
    database: Database, listening: str, status: int | None
) -> None:
    (due,) = take(database)

    assert book(database, due, answered(status)) is DeliveryState.PENDING

    (delivery,) = deliveries(database, listening)
    assert delivery.next_attempt_at is not None
    wait = (delivery.next_attempt_at - now()).total_seconds()
    assert 0 < wait <= 1.1 * DELAYS[1]


def test_a_receiver_gets_the_time_that_it_asks_for(database: Database, listening: str) -> None:
    (due,) = take(database)

    book(database, due, answered(429, retry_after=3_600.0))

    (delivery,) = deliveries(database, listening)
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at > now() + timedelta(minutes=59)


def test_it_dies_when_every_try_has_failed(database: Database, listening: str) -> None:
    die(database)

    (delivery,) = deliveries(database, listening)
    assert delivery.state is DeliveryState.DEAD
    assert len(delivery.attempts) == len(DELAYS)
    assert endpoint(database, listening).active


def test_a_late_writer_changes_nothing(database: Database, listening: str) -> None:
    (late,) = take(database, lease=timedelta(0))
    take(database)

    assert book(database, late, answered(200)) is None

    (delivery,) = deliveries(database, listening)
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, [])


def test_410_disables_the_endpoint_and_says_so(database: Database, listening: str) -> None:
    (due,) = take(database)

    assert book(database, due, answered(410)) is DeliveryState.DEAD

    disabled = endpoint(database, listening)
    assert not disabled.active
    assert "410" in (disabled.disabled_reason or "")


def test_three_deaths_in_a_row_disable_the_endpoint_and_say_why(database: Database, owner: str) -> None:
    endpoint_id = listen(database, owner)
    accept(database, owner, *[TITLE] * 3)
    do_work(database)

    die(database)

    disabled = endpoint(database, endpoint_id)
    assert not disabled.active
    assert "status 500" in (disabled.disabled_reason or "")


def test_a_success_in_between_starts_the_count_anew(database: Database, owner: str) -> None:
    endpoint_id = listen(database, owner)
    for _ in range(2):
        accept(database, owner, *[TITLE] * 2)
        do_work(database)
        die(database)
        accept(database, owner, TITLE)
        do_work(database)
        (due,) = take(database)
        book(database, due, answered(200))

    assert endpoint(database, endpoint_id).active
    assert endpoint(database, endpoint_id).failing_since is None


def test_what_waits_for_a_disabled_endpoint_is_buried(database: Database, owner: str) -> None:
    endpoint_id = listen(database, owner)
    accept(database, owner, *[TITLE] * 3)
    do_work(database)
    book(database, take(database)[0], answered(410))

    with database.begin() as connection:
        assert bury_abandoned(connection) == 2

    assert {delivery.state for delivery in deliveries(database, endpoint_id)} == {DeliveryState.DEAD}


def test_recover_sends_again_what_has_died(database: Database, listening: str) -> None:
    die(database)

    with database.begin() as connection:
        assert recover(connection, listening, now() - timedelta(days=1), now()) == 1

    (due,) = take(database)
    assert (due.tries, due.attempt) == (1, len(DELAYS) + 1)


def test_recover_leaves_what_has_died_since(database: Database, listening: str) -> None:
    before = now()
    die(database)

    with database.begin() as connection:
        assert recover(connection, listening, now() - timedelta(days=1), before) == 0

    assert take(database) == []


def test_recover_leaves_what_is_older(database: Database, listening: str) -> None:
    die(database)

    with database.begin() as connection:
        assert recover(connection, listening, now() + timedelta(seconds=1), now()) == 0

    assert take(database) == []


def test_an_endpoint_that_is_active_again_begins_anew(database: Database, listening: str) -> None:
    (due,) = take(database)
    book(database, due, answered(410))

    with database.begin() as connection:
        change_endpoint(connection, listening, EndpointChanges(active=True))

    again = endpoint(database, listening)
    assert (again.active, again.disabled_reason, again.failing_since) == (True, None, None)


def test_what_was_delivered_can_be_sent_again(database: Database, listening: str) -> None:
    (due,) = take(database)
    book(database, due, answered(200))

    with database.begin() as connection:
        redeliver(connection, listening, due.delivery_id)

    (again,) = take(database)
    assert (again.event_id, again.tries) == (due.event_id, 1)


def test_asking_again_and_again_does_not_fill_the_book(database: Database, listening: str) -> None:
    for _ in range(ATTEMPTS_KEPT + 3):
        (due,) = take(database)
        book(database, due, answered(200))
        with database.begin() as connection:
            redeliver(connection, listening, due.delivery_id)

    (delivery,) = deliveries(database, listening)
    assert len(delivery.attempts) == ATTEMPTS_KEPT
    with database.read() as connection:
        assert connection.scalar(select(WebhookDelivery.attempts)) == ATTEMPTS_KEPT + 3
