"""Bodies past their limit are cut off, with and without a Content-Length."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from migrations.upgrade import upgrade
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.conftest import RedisServer

MIB = 2**20
JSON_LIMIT, IMAGE_LIMIT = MIB, 2 * MIB


@pytest.fixture(scope="module")
def api(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    folder: Path = tmp_path_factory.mktemp("limits")
    settings = settings_for(folder, shared_redis.broker_url, max_json_bytes=JSON_LIMIT, max_image_bytes=IMAGE_LIMIT)
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


def endless(first: bytes, sent: list[int]) -> Iterator[bytes]:
    """A body that would never end; `sent` counts its pieces."""
    yield first
    for _ in range(10_000):
        sent.append(1)
        yield b" " * 65_536


def test_json_without_a_length_is_cut_off_early(client: httpx.Client) -> None:
    sent: list[int] = []

    answer = client.post("/api/predict", content=endless(b"{", sent), headers={"Content-Type": "application/json"})

    assert_problem(answer, 413, "BODY_TOO_LARGE")
    assert len(sent) * 65_536 < 100 * MIB


def test_a_photo_without_a_length_is_cut_off_early(client: httpx.Client) -> None:
    first = b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
    sent: list[int] = []

    answer = client.post(
        "/api/predict", content=endless(first, sent), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )

    assert_problem(answer, 413, "BODY_TOO_LARGE")
    assert len(sent) * 65_536 < 100 * MIB


def test_a_form_to_sign_in_with_is_small(api: RunningApi) -> None:
    sent: list[int] = []
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = api.client().post("/api/auth", content=endless(b"username=", sent), headers=form)

    assert_problem(answer, 413, "BODY_TOO_LARGE")


def test_a_length_past_the_limit_is_refused_before_the_body(client: httpx.Client) -> None:
    answer = client.post("/api/predict", json={"designation": "x" * (JSON_LIMIT + 1)})

    assert_problem(answer, 413, "BODY_TOO_LARGE")


def test_a_body_just_below_its_limit_is_read(client: httpx.Client) -> None:
    body = b'{"designation": "lampe"}'

    answer = client.post("/api/predict", content=body.ljust(JSON_LIMIT), headers={"Content-Type": "application/json"})

    assert answer.status_code == 202


def test_a_stranger_cannot_upload_at_all(api: RunningApi) -> None:
    sent: list[int] = []

    answer = api.client().post(
        "/api/predict", content=endless(b"{", sent), headers={"Content-Type": "application/json"}
    )

    assert_problem(answer, 401, "UNAUTHENTICATED")
    assert len(sent) * 65_536 < 100 * MIB
