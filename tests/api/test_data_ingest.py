"""Labelled products in, one by one: POST /api/data-ingest."""

import base64
import hashlib
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from migrations.upgrade import upgrade
from shared.identifiers import new_id
from shared.image_collection import RELEASED, collect_released
from shared.images import image_key
from shared.store import ObjectStore
from shared.tables import Image, Usage
from shared.users import Role
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.conftest import RedisServer
from tests.support.photos import BROKEN, GOOD, encoded, jpeg, oriented, plain

TABLE: dict[str, Any] = {"designation": "Table basse", "description": "en chêne", "prdtypecode": 1560, "image_id": "12"}


@pytest.fixture
def admin(api: RunningApi) -> httpx.Client:
    return api.somebody(Role.ADMIN)


def test_a_new_product_is_made_and_found_where_the_answer_says(admin: httpx.Client) -> None:
    product_id = f"a/b?c#é {new_id()}"

    answer = admin.post("/api/data-ingest", json={"product_id": product_id, **TABLE})

    assert answer.status_code == 201
    product = answer.json()
    assert (product["product_id"], product["image_id"], product["photo"]) == (product_id, "12", None)
    assert (product["designation"], product["description"]) == ("Table basse", "en chêne")
    assert product["category"] == {"code": 1560, "name": "Mobilier d'intérieur"}
    assert admin.get(answer.headers["location"]).json() == product


@pytest.mark.parametrize("as_form", [True, False], ids=["form", "json"])
def test_its_photo_is_seen_by_everybody_who_may_see_it(api: RunningApi, admin: httpx.Client, as_form: bool) -> None:
    photo = oriented(6 if as_form else 8)
    fields = {"product_id": new_id(), "prdtypecode": 1560}
    if as_form:
        answer = admin.post("/api/data-ingest", data=fields, files={"image": ("../photo.png", photo)})
    else:
        answer = admin.post("/api/data-ingest", json=fields | {"image": base64.b64encode(photo).decode()})

    assert answer.status_code == 201, answer.text
    path = answer.json()["photo"]
    assert path == f"/api/images/{hashlib.sha256(photo).hexdigest()}"
    assert api.somebody().get(path).headers["content-type"] == "image/jpeg"


def test_the_same_id_again_replaces_the_whole_product(api: RunningApi, admin: httpx.Client) -> None:
    product_id, photo = new_id(), GOOD["rgba"]
    fields = {"product_id": product_id, **TABLE}
    first = admin.post("/api/data-ingest", data=fields, files={"image": photo})

    second = admin.post("/api/data-ingest", json={"product_id": product_id, "designation": "Chaise", "prdtypecode": 60})

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["location"] == second.headers["location"]
    product = second.json()
    assert (product["designation"], product["category"]["code"]) == ("Chaise", 60)
    assert (product["description"], product["image_id"], product["photo"]) == (None, None, None)
    assert product["created_at"] == first.json()["created_at"] < product["updated_at"]
    with api.database.read() as connection:
        sha256 = hashlib.sha256(photo).hexdigest()
        assert connection.scalar(select(Image.last_used_at).where(Image.sha256 == sha256)) == RELEASED


def test_a_product_that_is_stored_is_predicted_by_its_id_alone(api: RunningApi, admin: httpx.Client) -> None:
    product_id = new_id()
    admin.post("/api/data-ingest", json={"product_id": product_id, **TABLE}).raise_for_status()

    job = api.somebody().post("/api/predict", json={"product_id": product_id}).json()

    assert job["prediction"]["designation"] == "Table basse"


def test_a_category_has_to_be_declared_first(admin: httpx.Client) -> None:
    product = {"product_id": new_id(), "designation": "Vélo", "prdtypecode": 4711}

    problem = assert_problem(admin.post("/api/data-ingest", json=product), 422, "UNKNOWN_CATEGORY")
    assert problem["errors"][0]["where"] == "body.prdtypecode"

    admin.put("/api/taxonomy/4711", json={"name": "Vélos"}).raise_for_status()
    answer = admin.post("/api/data-ingest", json=product)
    assert answer.json()["category"] == {"code": 4711, "name": "Vélos"}


def test_a_photo_that_was_stored_for_nothing_goes_at_once(api: RunningApi, admin: httpx.Client) -> None:
    photo = encoded(plain(size=(13, 17)), "PNG")
    fields = {"product_id": new_id(), "prdtypecode": 4712}

    assert_problem(admin.post("/api/data-ingest", data=fields, files={"image": photo}), 422, "UNKNOWN_CATEGORY")

    store, key = ObjectStore(api.settings.store), image_key(hashlib.sha256(photo).hexdigest())
    assert store.size(key) == len(photo)
    collect_released(api.database, store)
    assert store.size(key) is None


@pytest.mark.parametrize(
    ("product", "code", "where"),
    [
        ({"designation": "Table", "prdtypecode": 1560}, "MISSING_FIELD", "body.product_id"),
        ({"product_id": "", "designation": "Table", "prdtypecode": 1560}, "MISSING_FIELD", "body.product_id"),
        ({"product_id": "1", "designation": "Table"}, "MISSING_FIELD", "body.prdtypecode"),
        ({"product_id": "1", "prdtypecode": 1560}, "EMPTY_PRODUCT", "body"),
        ({"product_id": "1", "designation": "<p>", "prdtypecode": 1560}, "EMPTY_PRODUCT", "body"),
        ({"product_id": 1, "designation": "Table", "prdtypecode": 1560}, "WRONG_TYPE", "body.product_id"),
        ({"product_id": "1", "designation": "Table", "prdtypecode": "1560"}, "WRONG_TYPE", "body.prdtypecode"),
        ({"product_id": "1", "designation": "Table", "prdtypecode": True}, "WRONG_TYPE", "body.prdtypecode"),
        ({"product_id": "1", "designation": "Table", "prdtypecode": 1.5}, "WRONG_TYPE", "body.prdtypecode"),
        ({"product_id": "1", "designation": "Table", "prdtypecode": -1}, "WRONG_TYPE", "body.prdtypecode"),
        ({"product_id": "1", "designation": "Table", "prdtypecode": 2**31}, "WRONG_TYPE", "body.prdtypecode"),
        ({"product_id": "1" * 201, "designation": "Table", "prdtypecode": 60}, "TOO_LONG", "body.product_id"),
        ({"product_id": "1", "image_id": "1" * 201, "prdtypecode": 60}, "TOO_LONG", "body.image_id"),
        ({"product_id": "1", "image_url": "https://example.com/a.jpg", "prdtypecode": 60}, "UNKNOWN_FIELD", "body"),
        ({"product_id": "1", "designation": "nul\0", "prdtypecode": 60}, "INVALID_TEXT", "body.designation"),
        ({"product_id": "1", "image": "AA=A", "prdtypecode": 60}, "INVALID_BASE64", "body.image"),
    ],
)
def test_what_is_no_labelled_product_is_refused(
    admin: httpx.Client, product: dict[str, Any], code: str, where: str
) -> None:
    problem = assert_problem(admin.post("/api/data-ingest", json=product), 422, code)

    assert problem["errors"][0]["where"] == where


@pytest.mark.parametrize("code", ["", "1560.0", " 1560", "1_560", "٧", "9" * 11, "9" * 10, "-1"])
def test_a_code_in_a_form_is_digits(admin: httpx.Client, code: str) -> None:
    fields = {"product_id": (None, "1"), "designation": (None, "Table"), "prdtypecode": (None, code)}

    answer = admin.post("/api/data-ingest", files=fields)

    assert_problem(answer, 422, "WRONG_TYPE" if code else "MISSING_FIELD")


@pytest.mark.parametrize("name", BROKEN)
def test_bad_photos_are_refused_and_nothing_is_stored(admin: httpx.Client, name: str) -> None:
    product_id = new_id()

    answer = admin.post(
        "/api/data-ingest", data={"product_id": product_id, "prdtypecode": 60}, files={"image": BROKEN[name]}
    )

    assert_problem(answer, 422, "BROKEN_IMAGE")
    assert admin.get("/api/products", params={"product_id": product_id}).json()["items"] == []


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/xml"])
def test_other_bodies_are_not_taken(admin: httpx.Client, media_type: str) -> None:
    answer = admin.post("/api/data-ingest", content=b"a,b", headers={"Content-Type": media_type})

    assert_problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_it_counts_as_a_product_of_the_day_and_its_photo_for_nobody(api: RunningApi) -> None:
    account = api.add_account(Role.ADMIN)
    fields = {"product_id": new_id(), "prdtypecode": 60}

    api.client(account).post("/api/data-ingest", data=fields, files={"image": jpeg()}).raise_for_status()

    with api.database.read() as connection:
        used = connection.execute(select(Usage.rows, Usage.stored_bytes).where(Usage.owner_id == account.id)).one()
    assert tuple(used) == (1, 0)


@pytest.mark.parametrize(
    ("settings", "status", "code"),
    [({"disk_reserve_bytes": 2**60}, 507, "STORAGE_FULL"), ({"quota_rows_per_day": 1}, 429, "QUOTA_ROWS")],
)
def test_what_there_is_no_room_for_is_not_stored(
    shared_redis: RedisServer, tmp_path: Any, settings: dict[str, int], status: int, code: str
) -> None:
    limited = settings_for(tmp_path, shared_redis.broker_url, **settings)
    upgrade(limited.database)
    with serve(limited) as api:
        admin = api.somebody(Role.ADMIN)
        answers = [
            admin.post("/api/data-ingest", json={"product_id": f"{number}", "designation": "Table", "prdtypecode": 60})
            for number in range(2)
        ]

        assert_problem(answers[-1], status, code)
        assert "retry-after" in answers[-1].headers
        held = admin.get("/api/products").json()["items"]
        assert len(held) == sum(answer.is_success for answer in answers)
