"""What a webhook has been sent and is to be sent, as its owner sees it and asks for it again."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import redis
from sqlalchemy import insert

from shared.identifiers import new_id, now
from shared.lanes import WEBHOOKS
from shared.lifecycle import DeliveryState
from shared.tables import Job, WebhookDelivery, WebhookEvent
from shared.users import Account, Role
from shared.webhooks.deliveries import AT_ONCE
from shared.webhooks.endpoints import EndpointChanges, change_endpoint
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.ledger import TITLE, accept
from tests.support.waiting import wait_for
from tests.support.webhooks import answered, book, deliveries, endpoint, listen, take
from tests.support.work import do_work

LONG_AGO = "2026-01-01T00:00:00Z"


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


@pytest.fixture
def webhook(api: RunningApi, account: Account) -> Iterator[str]:
    """The id of a webhook that listens to everything; what others wait for is of no interest to the next test."""
    webhook_id = listen(api.database, account.id, f"https://8.8.8.8/{secrets.token_hex(8)}")
    yield webhook_id
    api.client(account).delete(f"/api/webhooks/{webhook_id}")


def happen(api: RunningApi, account: Account, times: int = 1) -> list[str]:
    """Have so many jobs of an account come to their end; returns their ids."""
    jobs = accept(api.database, account.id, *[TITLE] * times)
    do_work(api.database)
    return jobs


def try_all(api: RunningApi, *outcomes: Any) -> None:
    """Have everything that is due tried, with these outcomes in turn."""
    for due, came in zip(take(api.database), outcomes, strict=True):
        book(api.database, due, came)


def add_dead(api: RunningApi, account: Account, webhook: str, count: int) -> None:
    """Put so many events into the book that have happened and died."""
    moment = now()
    jobs, events = ([new_id() for _ in range(count)] for _ in range(2))
    job = {"owner_id": account.id, "kind": "product", "total": 1, "intake_done": True, "deadline": moment}
    dead = {"endpoint_id": webhook, "state": DeliveryState.DEAD, "next_attempt_at": None, "finished_at": moment}
    with api.database.begin() as connection:
        connection.execute(insert(Job), [{"id": job_id, **job} for job_id in jobs])
        happened = [
            {"id": event_id, "job_id": job_id, "type": "job.failed"}
            for event_id, job_id in zip(events, jobs, strict=True)
        ]
        connection.execute(insert(WebhookEvent), happened)
        connection.execute(insert(WebhookDelivery), [{"event_id": event_id, **dead} for event_id in events])


def listed(client: httpx.Client, webhook: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        client.get(f"/api/webhooks/{webhook}/deliveries", params=query).raise_for_status().json()["items"]
    )
    return found


def pause(client: httpx.Client, webhook: str) -> None:
    client.patch(f"/api/webhooks/{webhook}", json={"active": False}).raise_for_status()


def activate(api: RunningApi, webhook: str) -> None:
    """Have it active without a ring."""
    with api.database.begin() as connection:
        change_endpoint(connection, webhook, EndpointChanges(active=True))


# --- the book ----------------------------------------------------------------------------------------------------


def test_what_is_to_be_sent_is_in_the_book_as_soon_as_the_job_has_ended(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str
) -> None:
    job_id = client.post("/api/predict", json={"designation": "Chaise"}).json()["id"]
    assert listed(client, webhook) == []

    do_work(api.database)

    (delivery,) = listed(client, webhook)
    assert (delivery["job_id"], delivery["type"], delivery["status"]) == (job_id, "job.succeeded", "pending")
    assert delivery["next_attempt_at"] is not None
    assert (delivery["finished_at"], delivery["attempts"]) == (None, [])


def test_a_canceled_job_is_told_of_and_the_workers_are_woken(
    client: httpx.Client, webhook: str, queue: "redis.Redis"
) -> None:
    job_id = client.post("/api/predict", json={"designation": "Chaise"}).json()["id"]
    queue.delete(WEBHOOKS)

    client.post(f"/api/jobs/{job_id}/cancel").raise_for_status()

    assert [each["type"] for each in listed(client, webhook)] == ["job.canceled"]
    wait_for(lambda: queue.llen(WEBHOOKS), seconds=10, what="ringing")


def test_each_try_is_shown_with_what_came_of_it(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str
) -> None:
    happen(api, account)
    try_all(api, answered(500, response="not now"))
    client.post(f"/api/webhooks/{webhook}/deliveries/{listed(client, webhook)[0]['id']}/redeliver").raise_for_status()
    try_all(api, answered(None))

    (delivery,) = listed(client, webhook)

    first, second = delivery["attempts"]
    assert (first["number"], first["status"], first["response"], first["error"]) == (1, 500, "not now", None)
    assert (second["number"], second["status"], second["response"]) == (2, None, None)
    assert second["error"] == "The host did not answer completely in time."
    assert first["seconds"] == 0.1
    assert first["started_at"] < second["started_at"]


def test_they_are_listed_newest_first_page_by_page(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str
) -> None:
    jobs = [happen(api, account)[0] for _ in range(3)]
    path = f"/api/webhooks/{webhook}/deliveries"

    first = client.get(path, params={"limit": 2}).json()
    rest = client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [each["job_id"] for each in first["items"] + rest["items"]] == jobs[::-1]
    assert rest["next_cursor"] is None


def test_they_are_listed_by_status(api: RunningApi, client: httpx.Client, account: Account, webhook: str) -> None:
    happen(api, account, 2)
    try_all(api, answered(200), answered(410))
    happen(api, account)

    by_status = {status: len(listed(client, webhook, status=str(status))) for status in DeliveryState}

    assert by_status == {DeliveryState.PENDING: 0, DeliveryState.DELIVERED: 1, DeliveryState.DEAD: 2}


@pytest.mark.parametrize("query", [{"status": "lost"}, {"limit": 0}, {"limit": "1_0"}])
def test_a_wrong_query_is_refused(client: httpx.Client, webhook: str, query: dict[str, Any]) -> None:
    assert_problem(client.get(f"/api/webhooks/{webhook}/deliveries", params=query), 422, "VALIDATION")


def test_what_is_no_cursor_is_refused(client: httpx.Client, webhook: str) -> None:
    answer = client.get(f"/api/webhooks/{webhook}/deliveries", params={"cursor": "x"})

    assert_problem(answer, 422, "INVALID_CURSOR")


# --- one again ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 410])
def test_what_has_been_delivered_or_has_died_is_sent_again(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str, queue: "redis.Redis", status: int
) -> None:
    happen(api, account)
    try_all(api, answered(status))
    activate(api, webhook)
    queue.delete(WEBHOOKS)
    (delivery,) = listed(client, webhook)

    answer = client.post(f"/api/webhooks/{webhook}/deliveries/{delivery['id']}/redeliver")

    assert answer.status_code == 202, answer.text
    again = answer.json()
    assert (again["id"], again["status"], again["finished_at"]) == (delivery["id"], "pending", None)
    assert again["attempts"] == delivery["attempts"]
    (due,) = take(api.database)
    assert (due.delivery_id, due.event_id) == (delivery["id"], delivery["event_id"])
    wait_for(lambda: queue.llen(WEBHOOKS), seconds=10, what="ringing")


def test_nothing_is_sent_again_to_a_webhook_that_is_not_active(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str
) -> None:
    pause(client, webhook)
    happen(api, account)
    (delivery,) = listed(client, webhook)
    assert delivery["status"] == "dead"

    again = client.post(f"/api/webhooks/{webhook}/deliveries/{delivery['id']}/redeliver")

    assert_problem(again, 409, "WEBHOOK_INACTIVE")
    assert listed(client, webhook) == [delivery]


def test_a_delivery_is_found_under_its_own_webhook_only(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str
) -> None:
    happen(api, account)
    other = listen(api.database, account.id, "https://8.8.8.8/other")
    (delivery,) = listed(client, webhook)

    for path in (f"{other}/deliveries/{delivery['id']}", f"{webhook}/deliveries/{new_id()}", f"{webhook}/deliveries/1"):
        assert_problem(client.post(f"/api/webhooks/{path}/redeliver"), 404, "NOT_FOUND")


# --- all again ---------------------------------------------------------------------------------------------------


def test_everything_that_has_died_is_recovered_however_much_it_is(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str, queue: "redis.Redis"
) -> None:
    add_dead(api, account, webhook, AT_ONCE + 1)
    happen(api, account)
    try_all(api, answered(200))
    queue.delete(WEBHOOKS)

    answer = client.post(f"/api/webhooks/{webhook}/recover", params={"since": LONG_AGO})

    assert (answer.status_code, answer.json()) == (202, {"recovered": AT_ONCE + 1})
    assert len(deliveries(api.database, webhook, DeliveryState.PENDING)) == AT_ONCE + 1
    assert deliveries(api.database, webhook, DeliveryState.DEAD) == []
    wait_for(lambda: queue.llen(WEBHOOKS), seconds=10, what="ringing")


def test_what_happened_before_that_time_is_left(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str
) -> None:
    pause(client, webhook)
    happen(api, account)
    activate(api, webhook)

    later = client.post(f"/api/webhooks/{webhook}/recover", params={"since": (now() + timedelta(hours=1)).isoformat()})

    assert later.json() == {"recovered": 0}
    assert [each["status"] for each in listed(client, webhook)] == ["dead"]


def test_nothing_is_recovered_of_a_webhook_that_is_not_active(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str
) -> None:
    pause(client, webhook)
    happen(api, account)

    answer = client.post(f"/api/webhooks/{webhook}/recover", params={"since": LONG_AGO})

    assert_problem(answer, 409, "WEBHOOK_INACTIVE")
    assert [each["status"] for each in listed(client, webhook)] == ["dead"]


@pytest.mark.parametrize(
    "query", [{}, {"since": ""}, {"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}], ids=str
)
def test_since_when_must_be_said(client: httpx.Client, webhook: str, query: dict[str, str]) -> None:
    assert_problem(client.post(f"/api/webhooks/{webhook}/recover", params=query), 422, "VALIDATION")


# --- whose it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.USER, Role.REVIEWER])
def test_others_find_nothing(api: RunningApi, client: httpx.Client, account: Account, webhook: str, role: Role) -> None:
    happen(api, account)
    (delivery,) = listed(client, webhook)
    other, path = api.somebody(role), f"/api/webhooks/{webhook}"

    assert_problem(other.get(f"{path}/deliveries"), 404, "NOT_FOUND")
    assert_problem(other.post(f"{path}/deliveries/{delivery['id']}/redeliver"), 404, "NOT_FOUND")
    assert_problem(other.post(f"{path}/recover", params={"since": LONG_AGO}), 404, "NOT_FOUND")
    assert listed(client, webhook) == [delivery]


def test_administrators_see_to_anybodys(api: RunningApi, client: httpx.Client, account: Account, webhook: str) -> None:
    pause(client, webhook)
    happen(api, account)
    admin, path = api.somebody(Role.ADMIN), f"/api/webhooks/{webhook}"
    activate(api, webhook)

    (delivery,) = listed(admin, webhook)

    assert admin.post(f"{path}/recover", params={"since": LONG_AGO}).json() == {"recovered": 1}
    assert admin.post(f"{path}/deliveries/{delivery['id']}/redeliver").status_code == 202


def test_what_is_there_no_more_has_no_deliveries(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str
) -> None:
    happen(api, account)
    (delivery,) = listed(client, webhook)
    client.delete(f"/api/webhooks/{webhook}").raise_for_status()

    assert take(api.database) == []
    assert_problem(client.get(f"/api/webhooks/{webhook}/deliveries"), 404, "NOT_FOUND")
    again = client.post(f"/api/webhooks/{webhook}/deliveries/{delivery['id']}/redeliver")
    assert_problem(again, 404, "NOT_FOUND")


def test_a_success_is_forgiving(api: RunningApi, client: httpx.Client, account: Account, webhook: str) -> None:
    happen(api, account)
    try_all(api, answered(500))
    assert client.get(f"/api/webhooks/{webhook}").json()["failing_since"] is not None
    happen(api, account)

    try_all(api, answered(200))

    assert client.get(f"/api/webhooks/{webhook}").json()["failing_since"] is None
    assert endpoint(api.database, webhook).active
