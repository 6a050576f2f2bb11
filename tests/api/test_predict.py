"""Submitting one product at POST /api/predict."""

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest
import redis
from sqlalchemy import select

from shared.images import image_key
from shared.lanes import Lane
from shared.store import ObjectStore
from shared.tables import Batch, Image, Prediction
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.photos import BROKEN, GOOD, jpeg, png_of
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


@pytest.mark.parametrize("name", GOOD)
def test_photos_of_every_kind_are_accepted(client: httpx.Client, name: str) -> None:
    answer = client.post("/api/predict", files={"image": GOOD[name]})

    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_whole_photo_is_refused(client: httpx.Client, name: str) -> None:
    answer = client.post("/api/predict", files={"image": ("photo.jpg", BROKEN[name], "image/jpeg")})

    problem = assert_problem(answer, 422, "BROKEN_IMAGE")
    assert problem["errors"][0]["where"] == "body.image"


def test_a_small_file_of_too_many_pixels_is_refused(client: httpx.Client) -> None:
    bomb = png_of(13_000, 13_000)
    assert len(bomb) < 200_000

    assert_problem(client.post("/api/predict", files={"image": bomb}), 422, "IMAGE_TOO_LARGE")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\r\nX-Evil: 1.jpg", "x" * 10_000, "", "\0", "é.svg"])
def test_the_name_of_a_file_means_nothing(api: RunningApi, client: httpx.Client, name: str) -> None:
    # Written by hand: a well-behaved client would not send some of these.
    part = f'--b\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'.encode()
    body = part + jpeg() + b"\r\n--b--\r\n"

    answer = client.post("/api/predict", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})

    if answer.status_code != 202:
        assert_problem(answer, 422, "INVALID_FORM")
    assert sorted(path.name for path in api.settings.data_dir.iterdir() if path.is_dir()) == ["store"]


@pytest.mark.parametrize(
    "product",
    [
        {},
        {"product_id": "1"},
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


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"designation": NaN}',
        b'{"designation": -Infinity}',
        b'{"designation": 1e999}',
        b'{"designation": 9223372036854775808}',
        b'{"designation": ' + b"9" * 100_000 + b"}",
        b'{"designation": "\\ud800"}',
        b'{"\\udfff": "x"}',
        b'{"designation": "a", "designation": "b"}',
        b'{"designation": "\xff"}',
        b"\xef\xbb\xbf{}",
        '{"designation": "x"}'.encode("utf-16"),
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000,
        b"{'designation': 'x'}",
        b'{"designation": "x"} {}',
    ],
)
def test_what_is_not_strictly_json_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/api/predict", content=body, headers={"Content-Type": "application/json"})

    assert_problem(answer, 422, "INVALID_JSON")


def test_characters_beyond_the_basic_plane_are_kept(api: RunningApi, client: httpx.Client) -> None:
    body = b'{"designation": "\\ud83c\\udfae \xf0\x9f\x8e\xb2"}'

    answer = client.post("/api/predict", content=body, headers={"Content-Type": "application/json; charset=utf-8"})

    assert row_of(api, answer).designation == "🎮 🎲"


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", None])
def test_other_media_types_are_refused(client: httpx.Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}

    assert_problem(client.post("/api/predict", content=b"{}", headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE")


def part(name: str, content: str = "x", more: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{content}\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("multipart/form-data", part("designation") + "--b--", "INVALID_FORM"),
        ("multipart/form-data; boundary=", part("designation") + "--b--", "INVALID_FORM"),
        ("multipart/form-data; boundary=b", "".join(part(f"f{n}") for n in range(2_000)) + "--b--", "INVALID_FORM"),
        ("multipart/form-data; boundary=b", "this is no form", "INVALID_FORM"),
        ("multipart/form-data; boundary=b", "--b\r\n\r\nno name\r\n--b--", "INVALID_FORM"),
        ("multipart/form-data; boundary=b", part("designation", "x" * 2**20) + "--b--", "INVALID_FORM"),
        ("multipart/form-data; boundary=b", part("image", more='; filename="x"') * 2 + "--b--", "INVALID_FORM"),
        ("multipart/form-data; boundary=b", part("designation") * 2 + "--b--", "DUPLICATE_FIELD"),
        ("multipart/form-data; boundary=b", part("colour") + "--b--", "UNKNOWN_FIELD"),
        ("multipart/form-data; boundary=b", part("image", "a path?") + "--b--", "WRONG_TYPE"),
        ("multipart/form-data; boundary=b", part("designation", more='; filename="x"') + "--b--", "WRONG_TYPE"),
        ("multipart/form-data; boundary=b", part("designation", "a\0b") + "--b--", "INVALID_TEXT"),
        (
            "multipart/form-data; charset=unicode_escape; boundary=b",
            part("designation", r"\ud800") + "--b--",
            "INVALID_TEXT",
        ),
        ("multipart/form-data; boundary=b", "--b--", "EMPTY_PRODUCT"),
    ],
)
def test_forms_that_make_no_sense_are_refused(client: httpx.Client, content_type: str, body: str, code: str) -> None:
    answer = client.post("/api/predict", content=body.encode(), headers={"Content-Type": content_type})

    assert_problem(answer, 422, code)


def test_a_charset_that_is_none_does_no_harm(client: httpx.Client) -> None:
    body = (part("designation", "lampe") + "--b--").encode()

    for charset in ("zlib", "rot13", "no-such-charset", "idna"):
        headers = {"Content-Type": f"multipart/form-data; charset={charset}; boundary=b"}
        assert client.post("/api/predict", content=body, headers=headers).status_code == 202


def test_nothing_is_left_behind_by_a_refused_product(api: RunningApi) -> None:
    account = api.add_account()

    api.client(account).post("/api/predict", files={"image": BROKEN["truncated jpeg"]})

    with api.database.read() as connection:
        assert connection.execute(select(Prediction.id).where(Prediction.owner_id == account.id)).first() is None
    sha256 = hashlib.sha256(BROKEN["truncated jpeg"]).hexdigest()
    assert ObjectStore(api.settings.store).size(image_key(sha256)) is None
