"""Submitting one product at POST /api/predict."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from sqlalchemy import select

from migrations.upgrade import upgrade
from shared.images import image_key
from shared.lanes import Lane
from shared.store import ObjectStore
from shared.tables import Batch, Image, Prediction
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.conftest import RedisServer
from tests.support.photos import BROKEN, jpeg
from tests.support.waiting import wait_for

TEXT = {"product_id": "3804725264", "designation": "Piscine gonflable", "description": "Ronde, <b>3&nbsp;m</b>"}


def row_of(api: RunningApi, answer: httpx.Response) -> Any:
    assert answer.status_code == 202, answer.text
    with api.database.read() as connection:
        return connection.execute(select(Prediction).where(Prediction.job_id == answer.json()["id"])).one()


def test_a_text_is_accepted_as_a_job(api: RunningApi, client: httpx.Client) -> None:
    answer = client.post("/api/predict", json=TEXT)

    row = row_of(api, answer)
    assert (row.product_id, row.designation, row.description) == tuple(TEXT.values())
    job = answer.json()
    assert answer.headers["location"] == f"/api/jobs/{job['id']}"
    assert (job["kind"], job["status"]) == ("product", "queued")
    assert job["counts"] == {"total": 1, "succeeded": 0, "failed": 0, "reused": 0, "pending": 1}


def test_a_job_that_was_answered_202_is_at_its_address(client: httpx.Client) -> None:
    answer = client.post("/api/predict", json=TEXT)

    job = client.get(answer.headers["location"]).json()
    assert job["id"] == answer.json()["id"]
    assert job["prediction"]["product_id"] == TEXT["product_id"]


def test_a_photo_as_base64_is_stored_under_its_hash(api: RunningApi, client: httpx.Client) -> None:
    photo = jpeg()

    answer = client.post("/api/predict", json={"image": base64.b64encode(photo).decode()})

    sha256 = hashlib.sha256(photo).hexdigest()
    assert row_of(api, answer).image == sha256
    assert ObjectStore(api.settings.store).get(image_key(sha256)) == photo
    with api.database.read() as connection:
        assert connection.scalars(select(Image.size).where(Image.sha256 == sha256)).one() == len(photo)


def test_text_and_photo_as_a_form(api: RunningApi, client: httpx.Client) -> None:
    answer = client.post("/api/predict", data=TEXT, files={"image": ("photo.jpg", jpeg(), "image/jpeg")})

    row = row_of(api, answer)
    assert (row.designation, row.image) == (TEXT["designation"], hashlib.sha256(jpeg()).hexdigest())
    with api.database.read() as connection:
        batch = connection.execute(select(Batch.lane, Batch.photos).where(Batch.job_id == row.job_id)).one()
    assert tuple(batch) == (Lane.INTERACTIVE, 1)


def test_a_large_photo_goes_by_way_of_the_disk(api: RunningApi, client: httpx.Client) -> None:
    photo = jpeg() + bytes(3 * 2**20)  # beyond what a form keeps in memory; readers stop at the picture's end

    answer = client.post("/api/predict", files={"image": photo})

    sha256 = row_of(api, answer).image
    assert ObjectStore(api.settings.store).size(image_key(sha256)) == len(photo)


def test_a_wake_up_is_on_the_queue_after_the_answer(client: httpx.Client, queue: "redis.Redis") -> None:
    queue.delete(str(Lane.INTERACTIVE))

    client.post("/api/predict", json=TEXT)

    wait_for(lambda: queue.llen(str(Lane.INTERACTIVE)) == 1, seconds=10, what="ringing")


@pytest.mark.parametrize(
    "product",
    [
        {},
        {"product_id": "1", "designation": " "},
        {"designation": None, "image": None},
        {"designation": " \t ", "description": ""},
        {"description": "<p><br/>&nbsp;</p>\u200b"},
    ],
)
def test_a_product_without_text_or_photo_is_refused(client: httpx.Client, product: dict[str, Any]) -> None:
    assert_problem(client.post("/api/predict", json=product), 422, "EMPTY_PRODUCT")


@pytest.mark.parametrize(
    ("product", "code", "where"),
    [
        ({"designation": 1}, "WRONG_TYPE", "body.designation"),
        ({"designation": True}, "WRONG_TYPE", "body.designation"),
        ({"description": ["x"]}, "WRONG_TYPE", "body.description"),
        ({"product_id": 12, "designation": "x"}, "WRONG_TYPE", "body.product_id"),
        ({"image": 1}, "WRONG_TYPE", "body.image"),
        ({"image": "not base64!"}, "INVALID_BASE64", "body.image"),
        ({"image": "é"}, "INVALID_BASE64", "body.image"),
        ({"image": ""}, "BROKEN_IMAGE", "body.image"),
        ({"designation": "x" * 1_001}, "TOO_LONG", "body.designation"),
        ({"description": "x" * 100_001}, "TOO_LONG", "body.description"),
        ({"designation": "a\0b"}, "INVALID_TEXT", "body.designation"),
        ({"designation": "x", "colour": "red"}, "UNKNOWN_FIELD", "body"),
        (["designation"], "WRONG_TYPE", "body"),
        ("designation", "WRONG_TYPE", "body"),
        (None, "WRONG_TYPE", "body"),
    ],
)
def test_fields_of_the_wrong_kind_are_refused(client: httpx.Client, product: Any, code: str, where: str) -> None:
    answer = client.post("/api/predict", content=json.dumps(product), headers={"Content-Type": "application/json"})

    assert assert_problem(answer, 422, code)["errors"][0]["where"] == where


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", None])
def test_other_media_types_are_refused(client: httpx.Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}

    assert_problem(client.post("/api/predict", content=b"{}", headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_nothing_is_left_behind_by_a_refused_product(api: RunningApi) -> None:
    account = api.add_account()

    api.client(account).post("/api/predict", files={"image": BROKEN["truncated jpeg"]})

    with api.database.read() as connection:
        assert connection.execute(select(Prediction.id).where(Prediction.owner_id == account.id)).first() is None
    sha256 = hashlib.sha256(BROKEN["truncated jpeg"]).hexdigest()
    assert ObjectStore(api.settings.store).size(image_key(sha256)) is None


def test_nothing_is_stored_for_an_account_that_has_used_up_its_quota(shared_redis: RedisServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, shared_redis.broker_url, quota_rows_per_day=1)
    upgrade(settings.database)
    with serve(settings) as api:
        client = api.somebody()
        client.post("/api/predict", json={"designation": "Lampe"}).raise_for_status()

        answer = client.post("/api/predict", files={"image": ("a", jpeg())})

        assert_problem(answer, 429, "QUOTA_ROWS")
        assert int(answer.headers["retry-after"]) > 0
        assert not list((tmp_path / "store").rglob("images/*/*"))
