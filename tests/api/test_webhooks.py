"""Registering webhooks, changing them, and testing whether they arrive."""

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import redis
from sqlalchemy import update
from standardwebhooks import Webhook, WebhookVerificationError

from shared.lanes import WEBHOOKS
from shared.tables import Base, WebhookEndpoint
from shared.users import Role
from shared.webhooks.endpoints import MOST_ENDPOINTS
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import UNKNOWN_ID
from tests.api.webhooks import register, serve_beside
from tests.conftest import RedisServer
from tests.support.receiver import GONE, OK, Receiver, failing, receiver, redirect
from tests.support.waiting import wait_for
from tests.support.web import hold, reply
from tests.support.webhooks import listen

SHOWN = {
    *("id", "url", "events", "job_kinds", "active", "disabled_reason", "failing_since"),
    *("previous_secret_until", "created_at"),
}
TABLES = ("webhook_endpoints", "webhook_events", "webhook_deliveries", "webhook_attempts")


@pytest.fixture(scope="module")
def receiving() -> Iterator[Receiver]:
    with receiver(gone=GONE) as running:
        yield running


@pytest.fixture(scope="module")
def api(
    receiving: Receiver, shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApi]:
    folder = tmp_path_factory.mktemp("webhooks")
    with serve_beside(receiving, folder, shared_redis.broker_url, webhook_timeout_seconds=20) as running:
        yield running


@pytest.fixture
def url(receiving: Receiver) -> str:
    """An address of the receiver that no other test uses."""
    return receiving.url(f"/{secrets.token_hex(8)}")


def path_of(webhook: dict[str, Any]) -> str:
    return f"/api/webhooks/{webhook['id']}"


def answered(receiving: Receiver, url: str, answer: Any) -> str:
    """The address, at which it is answered like this."""
    receiving.answers[url.removeprefix(receiving.url(""))] = answer
    return url


def sent_to(receiving: Receiver, url: str) -> Any:
    """The one request that has come to an address."""
    (request,) = receiving.at(url.removeprefix(receiving.url("")))
    return request


def verified(secret: str, request: Any) -> Any:
    """What a receiver reads that has this secret. Raises WebhookVerificationError."""
    return Webhook(secret).verify(request.body, dict(request.headers))


def book(api: RunningApi) -> list[list[Any]]:
    """All that the database holds of webhooks."""
    with api.database.read() as connection:
        tables = [Base.metadata.tables[name] for name in TABLES]
        return [sorted(map(repr, connection.execute(table.select()))) for table in tables]


# --- registering -------------------------------------------------------------------------------------------------


def test_a_webhook_is_registered_and_found_at_its_address(client: httpx.Client, url: str) -> None:
    answer = client.post("/api/webhooks", json={"url": url, "events": ["job.failed"], "job_kinds": ["catalogue"]})

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"] == path_of(made)
    assert (made["url"], made["events"], made["job_kinds"], made["active"]) == (
        url,
        ["job.failed"],
        ["catalogue"],
        True,
    )
    assert {name for name, value in made.items() if value is None} == {
        *("disabled_reason", "failing_since", "previous_secret_until")
    }
    found = client.get(path_of(made)).json()
    assert found == {name: value for name, value in made.items() if name != "secret"}


def test_its_secret_is_in_no_other_answer(client: httpx.Client, url: str) -> None:
    made = register(client, url)

    assert made.keys() == SHOWN | {"secret"}
    answers = [
        client.get(path_of(made)),
        client.get("/api/webhooks"),
        client.patch(path_of(made), json={"active": True}),
        client.post(f"{path_of(made)}/test"),
        client.get(f"{path_of(made)}/deliveries"),
        client.post("/api/webhooks", json={"url": url}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 409]
    for answer in answers:
        assert made["secret"].removeprefix("whsec_") not in answer.text


def test_it_listens_to_everything_unless_it_says_what(client: httpx.Client, url: str) -> None:
    made = register(client, url)

    assert (made["events"], made["job_kinds"]) == ([], [])


def test_what_is_named_twice_is_kept_once(client: httpx.Client, url: str) -> None:
    made = register(client, url, events=["job.failed", "job.expired", "job.failed"], job_kinds=["ingest", "ingest"])

    assert (made["events"], made["job_kinds"]) == (["job.failed", "job.expired"], ["ingest"])


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"url": None}, "body.url"),
        ({"url": 7}, "body.url"),
        ({"events": ["job.started"]}, "body.events.0"),
        ({"events": "job.failed"}, "body.events"),
        ({"events": None}, "body.events"),
        ({"job_kinds": ["product", 1]}, "body.job_kinds.1"),
        ({"active": True}, "body"),
        ({"secret": "whsec_bWluZQ=="}, "body"),
    ],
)
def test_a_wrong_field_is_refused(client: httpx.Client, url: str, change: dict[str, Any], where: str) -> None:
    problem = assert_problem(client.post("/api/webhooks", json={"url": url, **change}), 422, "VALIDATION")

    assert [error["where"] for error in problem["errors"]] == [where]
    assert client.get("/api/webhooks").json()["items"] == []


def test_a_webhook_needs_a_url(client: httpx.Client) -> None:
    assert_problem(client.post("/api/webhooks", json={}), 422, "VALIDATION")


def test_a_url_has_one_webhook_however_it_is_written(client: httpx.Client, url: str) -> None:
    register(client, url)

    for written in (url, url.replace("http:", "HTTP:")):
        assert_problem(client.post("/api/webhooks", json={"url": written}), 409, "WEBHOOK_EXISTS")


def test_accounts_may_be_told_at_the_same_url(api: RunningApi, url: str) -> None:
    first, second = (register(api.somebody(), url) for _ in range(2))

    assert first["secret"] != second["secret"]


def test_an_account_has_a_bounded_number_of_them(api: RunningApi, url: str) -> None:
    account = api.add_account()
    for number in range(MOST_ENDPOINTS):
        listen(api.database, account.id, f"{url}/{number}")
    client = api.client(account)

    assert_problem(client.post("/api/webhooks", json={"url": url}), 409, "TOO_MANY_WEBHOOKS")

    client.delete(path_of(client.get("/api/webhooks").json()["items"][0])).raise_for_status()
    register(client, url)


def test_ones_own_are_listed_in_the_order_they_were_made(api: RunningApi, client: httpx.Client, url: str) -> None:
    made = [register(client, f"{url}/{number}")["id"] for number in range(3)]
    register(api.somebody(), url)

    first = client.get("/api/webhooks", params={"limit": 2}).json()
    rest = client.get("/api/webhooks", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [each["id"] for each in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None


# --- changing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"events": ["job.failed"]}, {"events": []}, {"job_kinds": ["product"]}, {"active": False}], ids=str
)
def test_what_is_changed_is_another_and_the_rest_is_as_it_was(
    client: httpx.Client, url: str, change: dict[str, Any]
) -> None:
    made = register(client, url, events=["job.expired"], job_kinds=["ingest"])

    answer = client.patch(path_of(made), json=change)

    assert answer.status_code == 200, answer.text
    assert answer.json() == {name: made[name] for name in SHOWN} | change
    assert client.get(path_of(made)).json() == answer.json()


def test_a_webhook_moves_to_another_url(client: httpx.Client, receiving: Receiver, url: str) -> None:
    made = register(client, url)

    assert client.patch(path_of(made), json={"url": f"{url}/moved"}).json()["url"] == f"{url}/moved"

    client.post(f"{path_of(made)}/test").raise_for_status()
    assert verified(made["secret"], sent_to(receiving, f"{url}/moved"))["type"] == "webhook.test"
    register(client, url)


def test_a_webhook_does_not_move_to_where_another_is(client: httpx.Client, url: str) -> None:
    register(client, url)
    made = register(client, f"{url}/other")

    assert_problem(client.patch(path_of(made), json={"url": url}), 409, "WEBHOOK_EXISTS")
    assert client.get(path_of(made)).json()["url"] == f"{url}/other"


@pytest.mark.parametrize(
    "change", [{}, {"active": None}, {"active": "yes"}, {"active": 1}, {"events": ["x"]}, {"secret": "x"}], ids=str
)
def test_a_wrong_change_is_refused(client: httpx.Client, url: str, change: dict[str, Any]) -> None:
    made = register(client, url)

    assert_problem(client.patch(path_of(made), json=change), 422, "VALIDATION")
    assert client.get(path_of(made)).json() == {name: made[name] for name in SHOWN}


def test_a_disabled_one_says_why_until_it_is_activated_again(
    api: RunningApi, client: httpx.Client, url: str, queue: "redis.Redis"
) -> None:
    made = register(client, url)
    moment = datetime.now(UTC)
    disabled = {"active": False, "disabled_reason": "It is gone.", "failing_since": moment, "deaths": 3}
    with api.database.begin() as connection:
        connection.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == made["id"]).values(disabled))
    shown = client.get(path_of(made)).json()
    assert (shown["active"], shown["disabled_reason"]) == (False, "It is gone.")
    assert datetime.fromisoformat(shown["failing_since"]) == moment
    queue.delete(WEBHOOKS)

    again = client.patch(path_of(made), json={"active": True}).json()

    assert (again["active"], again["disabled_reason"], again["failing_since"]) == (True, None, None)
    wait_for(lambda: queue.llen(WEBHOOKS), seconds=10, what="ringing")


def test_a_deleted_one_is_there_for_nobody_and_its_url_is_free(api: RunningApi, client: httpx.Client, url: str) -> None:
    made = register(client, url)

    answer = client.delete(path_of(made))

    assert (answer.status_code, answer.content) == (204, b"")
    for somebody in (client, api.somebody(Role.ADMIN)):
        assert_problem(somebody.get(path_of(made)), 404, "NOT_FOUND")
        assert_problem(somebody.delete(path_of(made)), 404, "NOT_FOUND")
        assert_problem(somebody.post(f"{path_of(made)}/test"), 404, "NOT_FOUND")
    assert client.get("/api/webhooks").json()["items"] == []
    register(client, url)


def test_a_rotated_secret_is_shown_once_and_for_a_day_both_sign(
    client: httpx.Client, receiving: Receiver, url: str
) -> None:
    made = register(client, url)

    answer = client.post(f"{path_of(made)}/rotate")

    assert answer.status_code == 200, answer.text
    rotated = answer.json()
    until = datetime.fromisoformat(rotated["previous_secret_until"])
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(hours=24)
    assert client.get(path_of(made)).json()["previous_secret_until"] == rotated["previous_secret_until"]
    client.post(f"{path_of(made)}/test").raise_for_status()
    request = sent_to(receiving, url)
    for secret in (made["secret"], rotated["secret"]):
        assert verified(secret, request)["type"] == "webhook.test"


def test_after_that_day_only_the_new_one_signs(
    api: RunningApi, client: httpx.Client, receiving: Receiver, url: str
) -> None:
    made = register(client, url)
    secret = client.post(f"{path_of(made)}/rotate").json()["secret"]
    past = {"previous_secret_until": datetime.now(UTC) - timedelta(seconds=1)}
    with api.database.begin() as connection:
        connection.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == made["id"]).values(past))

    client.post(f"{path_of(made)}/test").raise_for_status()

    request = sent_to(receiving, url)
    assert verified(secret, request)["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        verified(made["secret"], request)
    assert client.get(path_of(made)).json()["previous_secret_until"] is None


# --- testing -----------------------------------------------------------------------------------------------------


def test_a_test_arrives_signed_and_says_for_whom_it_is(client: httpx.Client, receiving: Receiver, url: str) -> None:
    made = register(client, url)

    answer = client.post(f"{path_of(made)}/test")

    assert answer.status_code == 200, answer.text
    came = answer.json()
    assert (came["delivered"], came["status"], came["response"], came["error"]) == (True, 200, "thanks", None)
    assert came["seconds"] >= 0
    request = sent_to(receiving, url)
    said = verified(made["secret"], request)
    assert (said["type"], said["data"]) == ("webhook.test", {"webhook_id": made["id"]})
    assert datetime.fromisoformat(said["timestamp"]).tzinfo is not None
    assert request.headers["content-type"] == "application/json"


def test_a_paused_one_is_tested_too_and_nothing_is_written_down(
    api: RunningApi, client: httpx.Client, receiving: Receiver, url: str
) -> None:
    made = register(client, answered(receiving, url, GONE))
    client.patch(path_of(made), json={"active": False}).raise_for_status()
    before = book(api)

    came = client.post(f"{path_of(made)}/test").json()

    assert (came["delivered"], came["status"]) == (False, 410)
    assert book(api) == before


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (reply(b"", "204 No Content"), (True, 204, "", None)),
        (failing(9), (False, 500, "not now", None)),
        (redirect("/elsewhere"), (False, 302, "", None)),
        (reply(b"x" * 5_000), (True, 200, "x" * 1_024, None)),
        (reply(b"\xff\0"), (True, 200, "\ufffd\ufffd", None)),
        (lambda _connection: None, (False, None, None, "The host's answer broke off, or is not HTTP.")),
    ],
    ids=["nothing to say", "error", "redirect", "long", "no text", "no answer"],
)
def test_whatever_comes_back_is_told(
    client: httpx.Client, receiving: Receiver, url: str, answer: Any, came: tuple[Any, ...]
) -> None:
    made = register(client, answered(receiving, url, answer))

    told = client.post(f"{path_of(made)}/test").json()

    assert (told["delivered"], told["status"], told["response"], told["error"]) == came
    assert receiving.at("/elsewhere") == []


def test_a_receiver_that_says_nothing_is_given_up(
    receiving: Receiver, url: str, shared_redis: RedisServer, tmp_path: Any
) -> None:
    with serve_beside(receiving, tmp_path, shared_redis.broker_url, webhook_timeout_seconds=0.3) as api:
        client = api.somebody()
        made = register(client, answered(receiving, url, receiving.hang))

        told = client.post(f"{path_of(made)}/test").json()

    assert (told["delivered"], told["status"], told["response"]) == (False, None, None)
    assert told["error"] == "The host did not answer completely in time."


def test_one_account_tests_a_few_at_once_and_holds_up_nobody_else(
    api: RunningApi, client: httpx.Client, receiving: Receiver, url: str
) -> None:
    release = threading.Event()
    made = register(client, answered(receiving, url, hold(release, OK)))
    path = url.removeprefix(receiving.url(""))
    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(client.post, f"{path_of(made)}/test") for _ in range(4)]
        try:
            wait_for(lambda: len(receiving.at(path)) == 4, seconds=10, what="four tests on their way")

            fifth = client.post(f"{path_of(made)}/test")
            other = api.somebody()
            others = other.post(f"{path_of(register(other, f'{url}/other'))}/test")
        finally:
            release.set()

    assert_problem(fifth, 429, "TOO_MANY_WEBHOOK_CALLS")
    assert int(fifth.headers["retry-after"]) > 0
    assert others.json()["delivered"]
    assert [answer.result().json()["delivered"] for answer in held] == [True] * 4


# --- whose it is -------------------------------------------------------------------------------------------------

CALLS = [
    ("get", "", {}),
    ("patch", "", {"json": {"active": False}}),
    ("delete", "", {}),
    ("post", "/rotate", {}),
    ("post", "/test", {}),
]


@pytest.mark.parametrize(("method", "path", "more"), CALLS, ids=lambda part: str(part))
@pytest.mark.parametrize("role", [Role.USER, Role.REVIEWER])
def test_others_find_nothing(
    api: RunningApi, client: httpx.Client, receiving: Receiver, url: str, role: Role, method: str, path: str, more: Any
) -> None:
    made = register(client, url)
    before = book(api)

    answer = api.somebody(role).request(method, path_of(made) + path, **more)

    assert_problem(answer, 404, "NOT_FOUND")
    assert book(api) == before
    assert receiving.at(url.removeprefix(receiving.url(""))) == []


@pytest.mark.parametrize(("method", "path", "more"), CALLS, ids=lambda part: str(part))
def test_administrators_see_to_anybodys(
    api: RunningApi, client: httpx.Client, url: str, method: str, path: str, more: Any
) -> None:
    made = register(client, url)
    admin = api.somebody(Role.ADMIN)

    assert admin.request(method, path_of(made) + path, **more).is_success
    assert admin.get("/api/webhooks").json()["items"] == []


@pytest.mark.parametrize(("method", "path", "more"), CALLS, ids=lambda part: str(part))
@pytest.mark.parametrize("webhook_id", [UNKNOWN_ID, "1", "%00"])
def test_an_unknown_one_is_not_found(client: httpx.Client, webhook_id: str, method: str, path: str, more: Any) -> None:
    assert_problem(client.request(method, f"/api/webhooks/{webhook_id}{path}", **more), 404, "NOT_FOUND")
