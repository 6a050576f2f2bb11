"""`scripts/smoke.sh` finds a service well that is, and finds out what is wrong with one that is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.bundle import Bundle
from tests.support.ports import free_port
from tests.support.service import Service, prepare_data, running_service
from tests.support.smoke import assert_all_well, smoke


@dataclass(frozen=True)
class Tried:
    service: Service
    receiver: str


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, tiny_bundle: Bundle) -> Iterator[Tried]:
    """A service that may tell webhooks on this machine."""
    data_dir, port = tmp_path_factory.mktemp("smoke") / "data", free_port()
    prepare_data(data_dir, migrated_sqlite, tiny_bundle)
    settings = {"allow_http": True, "allowed_networks": "127.0.0.0/8", "allowed_ports": f"443,{port}"}
    with running_service(data_dir, **settings) as service:
        service.wait_until_ready()
        yield Tried(service, f"127.0.0.1:{port}")


def test_a_service_that_is_well_is_found_well(tried: Tried) -> None:
    done = smoke(tried.service.url, SMOKE_RECEIVER=tried.receiver)

    assert_all_well(done)


def test_it_leaves_nothing_behind(tried: Tried) -> None:
    smoke(tried.service.url, SMOKE_RECEIVER=tried.receiver)

    with tried.service.client() as client:
        left = [client.get(path).raise_for_status().json()["items"] for path in ("/api/jobs", "/api/webhooks")]
    assert left == [[], []]


def test_without_a_receiver_it_says_what_it_has_left_out(tried: Tried) -> None:
    done = smoke(tried.service.url)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skip  a webhook is delivered" in done.stdout


def test_a_service_whose_models_stand_still_fails(tried: Tried) -> None:
    with tried.service.paused("worker-model"):
        done = smoke(tried.service.url, SMOKE_SECONDS="3")

    assert done.returncode == 1
    assert "ok    a token" in done.stdout
    assert "FAIL  a product with text and photo: not ended after 3 s" in done.stdout
    assert "FAIL  a catalogue: not ended after 3 s" in done.stdout


def test_a_wrong_password_fails(tried: Tried) -> None:
    done = smoke(tried.service.url, SHELFWISE_PASSWORD="another long phrase")

    assert done.returncode == 1
    assert "FAIL  a token for admin" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 failed"


def test_where_nobody_answers_it_fails() -> None:
    done = smoke(f"http://127.0.0.1:{free_port()}", SMOKE_SECONDS="1")

    assert done.returncode == 1
    assert "FAIL  the service is ready" in done.stdout


def test_it_asks_for_a_password(tmp_path: Path) -> None:
    done = smoke("http://127.0.0.1:1", SHELFWISE_PASSWORD="")

    assert (done.returncode, done.stderr) == (2, "smoke.sh: SHELFWISE_PASSWORD is not set\n")
