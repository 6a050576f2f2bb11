"""Labelled catalogues in: files at POST /api/data-ingest, where single products come in too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrations.upgrade import upgrade
from shared.identifiers import new_id
from shared.store import ObjectStore
from shared.users import Role
from tests.api.catalogues import FORM, batches_of, job_of, jobs_of, part, send, send_form, source_of, stored_files
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.api.process import MIB
from tests.conftest import RedisServer
from tests.support.photos import jpeg

CSV = b"product_id,designation,prdtypecode\nB-1,Table,1560\n"
HERE: dict[str, Any] = {"path": "/api/data-ingest"}
LIMIT = 4 * MIB


@pytest.fixture(scope="module")
def api(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    folder = tmp_path_factory.mktemp("labelled")
    settings = settings_for(folder, shared_redis.broker_url, max_catalogue_bytes=LIMIT, max_image_bytes=MIB)
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


@pytest.fixture
def admin(api: RunningApi) -> httpx.Client:
    return api.somebody(Role.ADMIN)


@pytest.mark.parametrize("as_form", [False, True], ids=["body", "form"])
def test_a_file_is_a_job_that_stores_its_products(api: RunningApi, admin: httpx.Client, as_form: bool) -> None:
    query = {"name": "Autumn", "columns": "designation:Titre"}

    answer = send_form(admin, part(CSV), params=query, **HERE) if as_form else send(admin, CSV, params=query, **HERE)

    job = job_of(api, answer)
    assert (job.kind, job.name, answer.json()["kind"]) == ("ingest", "Autumn", "ingest")
    assert answer.headers["location"] == f"/api/jobs/{job.id}"
    assert batches_of(api, job.id) == [("intake", "io", "queued")]
    source = source_of(api, answer)
    assert (source.columns, source.format) == ({"designation": "Titre"}, "csv")
    assert ObjectStore(api.settings.store).get(source.key) == CSV


def test_a_large_file_in_a_form_may_be_larger_than_a_product(api: RunningApi, admin: httpx.Client) -> None:
    content = b"x" * LIMIT

    assert source_of(api, send_form(admin, part(content), **HERE)).size == LIMIT


def test_a_file_in_a_form_is_no_larger_than_a_file(shared_redis: RedisServer, tmp_path: Path) -> None:
    """Also where a photo may be, which a form may have instead."""
    limits = {"max_catalogue_bytes": MIB, "max_image_bytes": 3 * MIB}
    settings = settings_for(tmp_path, shared_redis.broker_url, **limits)
    upgrade(settings.database)
    with serve(settings) as api:
        admin = api.somebody(Role.ADMIN)

        assert_problem(send_form(admin, part(b"x" * (MIB + 1)), **HERE), 413, "BODY_TOO_LARGE")

        assert stored_files(api) == set()
        assert source_of(api, send_form(admin, part(b"x" * MIB), **HERE)).size == MIB


def test_a_product_in_a_form_may_not(api: RunningApi, admin: httpx.Client) -> None:
    photo = jpeg() + bytes(LIMIT - MIB)
    product = {"product_id": new_id(), "prdtypecode": 1560}

    assert_problem(admin.post("/api/data-ingest", data=product, files={"image": photo}), 413, "BODY_TOO_LARGE")

    small = admin.post("/api/data-ingest", data=product, files={"image": photo[: MIB // 2]})
    assert small.status_code == 201


def test_a_body_past_the_limit_is_cut_off(api: RunningApi, admin: httpx.Client) -> None:
    before = stored_files(api)

    assert_problem(send(admin, (b"x" * MIB for _ in range(20)), **HERE), 413, "BODY_TOO_LARGE")

    assert stored_files(api) == before


def test_the_same_key_leads_to_the_same_job(admin: httpx.Client) -> None:
    key = {"Idempotency-Key": "labelled"}

    first, second = (send(admin, CSV, headers=key, **HERE) for _ in range(2))

    assert first.json()["id"] == second.json()["id"]
    assert second.headers["idempotency-replayed"] == "true"
    assert_problem(send(admin, CSV, headers=key), 409, "IDEMPOTENCY_KEY_REUSED")  # a catalogue, to be predicted


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((part(CSV), part(b"x", name="image")), "UNKNOWN_FIELD"),
        ((part(CSV), part(CSV)), "DUPLICATE_FIELD"),
        ((part(b"x", name="colour"), part(CSV)), "INVALID_FORM"),  # a product, with two files
        ((part(b""),), "EMPTY_BODY"),
        ((), "MISSING_FIELD"),
    ],
)
def test_forms_that_make_no_sense_leave_nothing(
    api: RunningApi, admin: httpx.Client, parts: tuple[bytes, ...], code: str
) -> None:
    before = stored_files(api)

    assert_problem(send_form(admin, *parts, **HERE), 422, code)

    assert stored_files(api) == before
    assert jobs_of(admin) == []


def test_a_form_that_breaks_off_is_refused(admin: httpx.Client) -> None:
    for broken in (part(CSV), part(CSV)[:30], b"", part(b"x", name="image")):
        assert_problem(send(admin, broken, FORM, **HERE), 422, "INVALID_FORM")


@pytest.mark.parametrize("role", [Role.USER, Role.REVIEWER])
def test_only_administrators_send_labelled_data(api: RunningApi, role: Role) -> None:
    before = stored_files(api)

    assert_problem(send(api.somebody(role), CSV, **HERE), 403, "FORBIDDEN")

    assert stored_files(api) == before
