"""The receivers that people copy, in Python and JavaScript: told by a running service, and by who is none."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import httpx
import pytest

from shared.identifiers import new_id
from shared.settings import load_settings
from shared.webhooks.signing import new_secret, signed_headers
from tests.support.bundles import fake_bundle
from tests.support.example_receivers import NODE, PYTHON, Receiver, running_receiver
from tests.support.npm import installed
from tests.support.ports import free_port
from tests.support.service import ROOT, activate_at_once, ended, running_service, submit
from tests.support.waiting import wait_for

LANGUAGES = ("python", "node")
JAVASCRIPT = ROOT / "examples" / "node"
JOB = {"id": "one", "prediction": {"category": {"code": 2582, "name": "Mobilier"}}}
BODY = json.dumps({"type": "job.succeeded", "timestamp": "2026-01-02T03:04:05Z", "data": JOB})
HANDLED = "job.succeeded one Mobilier"

RunIn: TypeAlias = Callable[[Path, int, str], AbstractContextManager[Receiver]]
Run: TypeAlias = Callable[[str], AbstractContextManager[Receiver]]


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {language: free_port() for language in LANGUAGES}


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, ports: dict[str, int]
) -> Iterator[httpx.Client]:
    """A client of a service that may tell these ports."""
    folder = tmp_path_factory.mktemp("webhooks")
    data_dir = folder / "data"
    data_dir.mkdir()
    (data_dir / "shelfwise.db").write_bytes(migrated_sqlite.read_bytes())
    activate_at_once(load_settings(data_dir=data_dir), fake_bundle(folder / "bundle"))
    settings = {
        "predictor": "tests.support.predictors:Fake",
        "allow_http": True,
        "allowed_networks": "127.0.0.0/8",
        "allowed_ports": ",".join(map(str, ports.values())),
    }
    with running_service(data_dir, **settings) as service:
        service.wait_until_ready()
        with service.client() as client:
            yield client


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the JavaScript receiver and its library."""
    return installed(JAVASCRIPT, tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def run_in(language: str, request: pytest.FixtureRequest) -> RunIn:
    """Run the receiver of this language with an inbox, on a port, with these secrets."""
    if language == "node":
        return partial(running_receiver, NODE, request.getfixturevalue("javascript"))
    return partial(running_receiver, PYTHON, ROOT)


@pytest.fixture(scope="module")
def alone(run_in: RunIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Receiver, str]]:
    """A receiver that the service does not know, and the second of its two secrets."""
    secret = new_secret()
    inbox = tmp_path_factory.mktemp("alone") / "inbox"
    with run_in(inbox, free_port(), f"{new_secret()} {secret}") as receiver:
        yield receiver, secret


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


@pytest.fixture
def run(run_in: RunIn, language: str, ports: dict[str, int], inbox: Path) -> Run:
    """Run that receiver where the service tells it; all that a test runs share an inbox."""
    return partial(run_in, inbox, ports[language])


@dataclass(frozen=True)
class Webhook:
    """A registered webhook, and its secret."""

    client: httpx.Client
    path: str
    secret: str

    def post(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post(f"{self.path}/{path}").raise_for_status().json()
        return answer

    def deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get(f"{self.path}/deliveries").raise_for_status().json()["items"]
        return found


@pytest.fixture
def webhook(client: httpx.Client, language: str, ports: dict[str, int]) -> Iterator[Webhook]:
    """A webhook at the receiver of this language."""
    url = f"http://127.0.0.1:{ports[language]}/shelfwise"
    made = client.post("/api/webhooks", json={"url": url}).raise_for_status()
    yield Webhook(client, made.headers["Location"], made.json()["secret"])
    client.delete(made.headers["Location"]).raise_for_status()


def test_a_receiver_is_told_of_a_product(client: httpx.Client, webhook: Webhook, run: Run) -> None:
    with run(webhook.secret) as receiver:
        (job,) = ended(client, submit(client, "Chaise longue"))

        assert receiver.wait_for_handled(1) == [f"job.succeeded {job['id']} {job['prediction']['category']['name']}"]


def test_a_receiver_understands_the_test(webhook: Webhook, run: Run) -> None:
    with run(webhook.secret) as receiver:
        assert webhook.post("test")["delivered"]

        assert receiver.wait_for_handled(1) == ["webhook.test"]


def test_either_secret_is_enough_while_one_takes_the_others_place(
    client: httpx.Client, webhook: Webhook, run: Run
) -> None:
    newer = webhook.post("rotate")["secret"]
    assert newer != webhook.secret
    for count, secrets in enumerate([webhook.secret, newer], 1):
        with run(secrets) as receiver:
            submit(client, "Piscine gonflable ronde")
            assert len(receiver.wait_for_handled(count)) == count

    tries = [delivery["attempts"] for delivery in webhook.deliveries()]
    assert [[attempt["status"] for attempt in attempts] for attempts in tries] == [[204]] * 2


def test_an_event_that_is_delivered_twice_is_handled_once(client: httpx.Client, webhook: Webhook, run: Run) -> None:
    with run(webhook.secret) as receiver:
        submit(client, "Chaise longue")
        receiver.wait_for_handled(1)
        (first,) = wait_for(lambda: [each for each in webhook.deliveries() if each["status"] == "delivered"], 30, "it")

        webhook.post(f"deliveries/{first['id']}/redeliver")
        again = wait_for(lambda: webhook.deliveries()[0]["attempts"][1:], 30, "the second delivery")
        submit(client, "Piscine gonflable ronde")
        handled = receiver.wait_for_handled(2)

    assert [attempt["status"] for attempt in again] == [204]
    assert len({line.split()[1] for line in handled}) == len(handled) == 2


@pytest.mark.parametrize(
    ("forged", "status"),
    [
        ({}, 204),
        ({"sent": BODY.replace("one", "two")}, 401),
        ({"age": timedelta(minutes=6)}, 401),
        ({"age": timedelta(minutes=-6)}, 401),
        ({"secret": new_secret()}, 401),
        ({"headers": {"webhook-id": new_id()}}, 401),
        ({"headers": {"webhook-signature": "v1"}}, 401),
        ({"headers": {"webhook-signature": ""}}, 401),
        ({"sent": b"\xff"}, 401),
        ({"sent": "x" * (1024 * 1024 + 1)}, 413),
    ],
    ids=["nothing", "body", "old", "early", "secret", "id", "half a signature", "no signature", "no text", "too long"],
)
def test_what_the_service_has_not_signed_just_now_is_refused(
    alone: tuple[Receiver, str], forged: dict[str, Any], status: int
) -> None:
    receiver, secret = alone

    assert told(receiver, **{"secret": secret} | forged) == status


def test_what_was_kept_before_a_crash_is_handled_after_it(language: str, run: Run, inbox: Path) -> None:
    {"python": keep_in_python, "node": keep_in_javascript}[language](inbox, "earlier")
    secret = new_secret()
    with run(secret) as receiver:
        assert receiver.wait_for_handled(1) == [HANDLED]


def test_the_lock_of_the_javascript_receiver_names_no_address() -> None:
    assert "http" not in (JAVASCRIPT / "package-lock.json").read_text()


def told(
    receiver: Receiver,
    secret: str,
    sent: str | bytes = BODY,
    age: timedelta = timedelta(0),
    headers: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """The status that a receiver answers when it is sent this, with a signature for BODY."""
    signed = dict(signed_headers(new_id(), datetime.now(UTC) - age, BODY, [secret]))
    # Without `verify`, which would read the system's certificates each time.
    options: dict[str, Any] = {"timeout": 30, "trust_env": False, "verify": False}
    return httpx.post(receiver.url, content=sent, headers=signed | dict(headers), **options).status_code


def keep_in_python(inbox: Path, webhook_id: str) -> None:
    with closing(sqlite3.connect(inbox)) as opened, opened:
        opened.execute("CREATE TABLE inbox (id TEXT PRIMARY KEY, event TEXT)")
        opened.execute("INSERT INTO inbox VALUES (?, ?)", [webhook_id, BODY])


def keep_in_javascript(inbox: Path, webhook_id: str) -> None:
    inbox.write_text("\n" + json.dumps({"id": webhook_id, "event": json.loads(BODY)}) + '\n{"id": "torn')
