"""Endpoints: one of each URL, secrets that sign, and what is left of them when they are deleted."""

import pytest
from sqlalchemy import func, select

from shared.database import Database
from shared.errors import Conflict, InvalidInput, NotFound
from shared.tables import WebhookDelivery, WebhookEndpoint, WebhookEvent
from shared.webhooks.endpoints import (
    MOST_ENDPOINTS,
    delete_endpoint,
    endpoint_by_id,
    endpoint_named,
    endpoints_after,
    rotate_secret,
)
from shared.webhooks.upkeep import erase_deleted_endpoints
from tests.conftest import add_owner
from tests.support.ledger import TITLE, accept
from tests.support.webhooks import URL, endpoint, listen
from tests.support.work import do_work


def test_an_account_has_one_endpoint_of_a_url(database: Database, owner: str) -> None:
    listen(database, owner)

    with pytest.raises(Conflict, match="already"):
        listen(database, owner)
    listen(database, add_owner(database, "somebody else"))


def test_a_url_is_free_again_when_its_endpoint_is_deleted(database: Database, owner: str) -> None:
    first = listen(database, owner)
    with database.begin() as connection:
        delete_endpoint(connection, first)

    assert listen(database, owner) != first


def test_an_account_has_a_bounded_number(database: Database, owner: str) -> None:
    for number in range(MOST_ENDPOINTS):
        listen(database, owner, f"{URL}/{number}")

    with pytest.raises(Conflict, match="at most"):
        listen(database, owner)


def test_another_owner_does_not_find_it(database: Database, owner: str) -> None:
    endpoint_id = listen(database, owner)
    stranger = add_owner(database, "stranger")

    with database.read() as connection:
        with pytest.raises(NotFound):
            endpoint_by_id(connection, endpoint_id, stranger)
        with pytest.raises(InvalidInput):
            endpoint_named(connection, stranger, URL, "body.webhook_url")
        assert endpoints_after(connection, stranger, None, 10) == []
        assert endpoint_named(connection, owner, URL, "body.webhook_url") == endpoint_id


def test_a_secret_is_not_shown_by_accident(database: Database, owner: str) -> None:
    listening = endpoint(database, listen(database, owner))

    assert listening.secret.startswith("whsec_")
    assert listening.secret not in repr(listening)


def test_a_rotation_keeps_only_the_secret_before(database: Database, owner: str) -> None:
    first = endpoint(database, listen(database, owner))
    with database.begin() as connection:
        second = rotate_secret(connection, first.id)
        third = rotate_secret(connection, first.id)

    assert (third.previous_secret, len({first.secret, second.secret, third.secret})) == (second.secret, 3)


def test_a_deleted_endpoint_is_erased_with_its_deliveries(database: Database, owner: str) -> None:
    endpoint_id = listen(database, owner)
    accept(database, owner, TITLE, TITLE)
    do_work(database)
    with database.begin() as connection:
        delete_endpoint(connection, endpoint_id)

    pieces = 0
    while _erased(database):
        pieces += 1

    assert pieces == 2
    with database.read() as connection:
        left = [connection.scalar(select(func.count()).select_from(t)) for t in (WebhookEndpoint, WebhookDelivery)]
        assert left == [0, 0]
        assert connection.scalar(select(func.count()).select_from(WebhookEvent)) == 2


def _erased(database: Database) -> bool:
    with database.begin() as connection:
        return erase_deleted_endpoints(connection)
