"""The monitor of a running service with real models changes when the service does, and says what is so."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.bundle import Bundle
from shared.monitor.drift import LEAST_ROWS
from tests.support.service import Service, ended, prepare_data, running_service, submit
from tests.support.waiting import wait_for
from training.demo.catalogue import demo_catalogue

LEASE_SECONDS = 3  # so that it is soon seen who is late
SECONDS = 60


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, tiny_bundle: Bundle) -> Iterator[Service]:
    data_dir = tmp_path_factory.mktemp("monitored") / "data"
    prepare_data(data_dir, migrated_sqlite, tiny_bundle)
    with running_service(data_dir, lease_seconds=LEASE_SECONDS) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with service.client() as signed_in:
        yield signed_in


def monitor(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/monitor").raise_for_status().json()
    return found


def send(client: httpx.Client, titles: Sequence[str]) -> str:
    """Submit a catalogue of these titles, and return its job's id."""
    lines = "\n".join(["title", *(title.replace("\n", " ") for title in titles)])
    headers = {"Content-Type": "text/tab-separated-values"}
    answer = client.post("/api/catalogs", content=lines.encode(), headers=headers).raise_for_status()
    return str(answer.json()["id"])


def lane(found: dict[str, Any], name: str) -> dict[str, Any]:
    (wanted,) = [each for each in found["lanes"] if each["lane"] == name]
    return dict(wanted)


def bulk_answered(client: httpx.Client) -> int:
    return sum(each["answered"] for each in monitor(client)["recent"]["lanes"] if each["lane"] == "bulk")


def unknown_tokens(client: httpx.Client) -> dict[str, Any]:
    (wanted,) = [each for each in monitor(client)["drift"]["features"] if each["feature"] == "unknown_tokens"]
    return dict(wanted)


def model_worker(client: httpx.Client) -> dict[str, Any]:
    found = [each for each in monitor(client)["workers"] if each["kind"] == "model" and each["bundle"]]
    return dict(found[0]) if found else {}


def test_a_worker_that_stands_still_is_late_and_serves_nothing_until_it_goes_on(
    service: Service, client: httpx.Client, tiny_bundle: Bundle
) -> None:
    wait_for(lambda: model_worker(client).get("state") == "alive", SECONDS, "a worker that is alive")
    assert model_worker(client)["bundle"] == monitor(client)["bundle"]["version"] == tiny_bundle.manifest.version

    with service.paused("worker-model"):
        wait_for(lambda: model_worker(client).get("state") == "late", SECONDS, "a worker that is late")
        assert lane(monitor(client), "interactive")["workers"] == 0
        assert lane(monitor(client), "io")["workers"] == 1

    wait_for(lambda: lane(monitor(client), "interactive")["workers"] == 1, SECONDS, "a worker that is back")


def test_a_worker_that_was_killed_is_followed_by_another(service: Service, client: httpx.Client) -> None:
    before = wait_for(lambda: model_worker(client), SECONDS, "a worker")

    service.kill("worker-model")

    def replaced() -> bool:
        alive = [each for each in monitor(client)["workers"] if each["bundle"] and each["state"] == "alive"]
        return bool(alive) and before["id"] not in {each["id"] for each in alive}

    wait_for(replaced, 2 * SECONDS, "another worker")


def test_what_is_queued_is_seen_to_wait_and_then_to_be_done(service: Service, client: httpx.Client) -> None:
    done = bulk_answered(client)
    with service.paused("worker-model"):
        catalogue = send(client, [f"Chaise longue {number}" for number in range(300)])
        products = submit(client, "Piscine gonflable", "Guitare électrique")

        def waits() -> bool:
            found = monitor(client)
            return (lane(found, "bulk")["queued_rows"], lane(found, "interactive")["queued_rows"]) == (300, 2)

        wait_for(waits, SECONDS, "the queue in the monitor")
        oldest = lane(monitor(client), "bulk")["oldest_queued_seconds"]
        wait_for(
            lambda: lane(monitor(client), "bulk")["oldest_queued_seconds"] > oldest + 1, SECONDS, "its growing age"
        )

    ended(client, [catalogue, *products])
    wait_for(lambda: bulk_answered(client) >= done + 300, SECONDS, "rows that are done")
    found = monitor(client)
    assert lane(found, "bulk")["queued_rows"] == lane(found, "bulk")["running_rows"] == 0
    latency = found["recent"]["latency"]
    assert latency["products"] >= 2
    assert 1 < latency["p99_seconds"] < SECONDS  # these two have waited for the worker to go on
    assert found["recent"]["model"]["seconds"] > 0


def test_texts_in_other_letters_are_seen_as_drift(client: httpx.Client) -> None:
    like_training = [f"{product.designation} {product.description or ''}" for product in demo_catalogue(2, 15)]
    ended(client, [send(client, like_training)])
    wait_for(lambda: unknown_tokens(client)["rows"] >= len(like_training) > LEAST_ROWS, SECONDS, "counted texts")
    before = unknown_tokens(client)
    assert before["state"] == "stable"

    ended(client, [send(client, [f"деревянный стул номер {number}" for number in range(1_000)])])

    wait_for(lambda: unknown_tokens(client)["rows"] >= before["rows"] + 1_000, SECONDS, "more counted texts")
    after = unknown_tokens(client)
    assert after["state"] == "drifted"
    assert after["psi"] - after["by_chance"] > monitor(client)["drift"]["act"] > before["psi"] - before["by_chance"]


def test_corrections_move_the_accuracy(client: httpx.Client) -> None:
    jobs = ended(client, submit(client, *[f"Lampe de chevet {number}" for number in range(4)]))
    predictions = [job["prediction"] for job in jobs]

    def judge(prediction: dict[str, Any], code: int) -> None:
        client.post(f"/api/predictions/{prediction['id']}/correction", json={"code": code}).raise_for_status()

    def shows(judged: int, right: int) -> bool:
        found = monitor(client)["accuracy"]["active"]
        return (found["judged"], found["right"], found["share"]) == (judged, right, right / judged)

    for prediction in predictions:
        judge(prediction, prediction["category"]["code"])
    wait_for(lambda: shows(4, 4), SECONDS, "all right")

    for prediction in predictions[:3]:
        judge(prediction, 10 if prediction["category"]["code"] != 10 else 40)
    wait_for(lambda: shows(4, 1), SECONDS, "three wrong after all")
