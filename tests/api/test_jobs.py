"""Reading jobs: one, and pages of them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from shared.bundles import add_bundle
from shared.identifiers import new_id, now
from shared.lanes import Lane
from shared.ledger.claim import claim, claimed_rows
from shared.ledger.finish import Answer, Outcome, RowError, finish
from shared.ledger.submission import ProductInput
from shared.tables import Job
from shared.users import Account, Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import UNKNOWN_ID
from tests.support.bundles import fake_bundle
from tests.support.ledger import accept_product

LAMP = ProductInput(product_id="7", designation="lampe")
ANSWER = Answer(
    code=2060,
    confidence=0.75,
    top=[(2060, 0.75), (1560, 0.1), (1920, 0.05), (2582, 0.05), (10, 0.05)],
    text_scores=[(2060, 0.9), (1560, 0.1), (1920, 0.0), (2582, 0.0), (10, 0.0)],
    image_scores=[(1560, 0.6), (2060, 0.4), (1920, 0.0), (2582, 0.0), (10, 0.0)],
    text_weight=0.7,
    modality="text+image",
    needs_review=False,
    model_version="fake-1",
)


def submit(api: RunningApi, owner: Account, product: ProductInput = LAMP) -> str:
    with api.database.begin() as connection:
        return accept_product(connection, owner.id, product, timedelta(days=1))


def work_on(api: RunningApi, job_id: str, outcome: Outcome | None) -> None:
    """Do what a worker does with everything that waits; this job comes to `outcome` (None: it is still running)."""
    with api.database.begin() as connection:
        claims = [held for held in claim(connection, Lane.INTERACTIVE, new_id(), timedelta(minutes=1))]
        if outcome is not None:
            finish(connection, claims, [(row, outcome) for row in claimed_rows(connection, claims)])
        assert job_id in {held.job_id for held in claims}


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


def test_a_waiting_job_says_where_it_stands(api: RunningApi, account: Account, client: httpx.Client) -> None:
    job_id = submit(api, account)

    answer = client.get(f"/api/jobs/{job_id}")

    job = answer.json()
    assert answer.headers["retry-after"] == "1"
    assert (job["status"], job["progress"], job["started_at"], job["version"]) == ("queued", 0.0, None, 1)
    assert job["queue_position"] >= 1
    assert job["links"]["self"] == f"/api/jobs/{job_id}"
    assert job["created_at"].endswith("Z")
    assert job["created_at"] < job["expires_at"]
    prediction = job["prediction"]
    assert (prediction["status"], prediction["category"], prediction["top"]) == ("queued", None, [])
    work_on(api, job_id, ANSWER)


def test_a_job_gets_its_prediction(api: RunningApi, account: Account, client: httpx.Client, tmp_path: Path) -> None:
    with api.database.begin() as connection:
        add_bundle(connection, fake_bundle(tmp_path / "bundle").manifest)
    job_id = submit(api, account)
    work_on(api, job_id, ANSWER)

    answer = client.get(f"/api/jobs/{job_id}")

    job = answer.json()
    assert "retry-after" not in answer.headers
    assert (job["status"], job["progress"], job["queue_position"]) == ("succeeded", 1.0, None)
    assert job["counts"] == {"total": 1, "succeeded": 1, "failed": 0, "reused": 0, "pending": 0}
    assert job["model_versions"] == ["fake-1"]
    prediction = job["prediction"]
    assert prediction["category"] == {"code": 2060, "name": "Décoration d'intérieur"}
    assert prediction["confidence"] == 0.75
    assert [score["code"] for score in prediction["top"]] == [2060, 1560, 1920, 2582, 10]
    assert prediction["top"][1] == {"code": 1560, "name": "Mobilier d'intérieur", "score": 0.1}
    assert (prediction["text"]["weight"], prediction["text"]["top"][0]["score"]) == (0.7, 0.9)
    assert (prediction["image"]["weight"], prediction["image"]["top"][0]["code"]) == (0.3, 1560)
    assert (prediction["modality"], prediction["needs_review"], prediction["reused"]) == ("text+image", False, False)
    assert (prediction["row"], prediction["product_id"], prediction["job_id"]) == (0, "7", job_id)
    assert (prediction["status"], prediction["error"]) == ("succeeded", None)


def test_a_job_that_failed_says_why(api: RunningApi, account: Account, client: httpx.Client) -> None:
    job_id = submit(api, account)
    work_on(api, job_id, RowError("PREDICTION_FAILED", "The model failed."))

    job = client.get(f"/api/jobs/{job_id}").json()

    assert (job["status"], job["counts"]["failed"], job["progress"]) == ("failed", 1, 1.0)
    assert job["prediction"]["error"] == {"code": "PREDICTION_FAILED", "message": "The model failed.", "column": None}
    assert (job["prediction"]["status"], job["prediction"]["category"]) == ("failed", None)


def test_a_running_job_has_a_start_and_no_place_in_the_queue(
    api: RunningApi, account: Account, client: httpx.Client
) -> None:
    job_id = submit(api, account)
    work_on(api, job_id, None)

    answer = client.get(f"/api/jobs/{job_id}")

    job = answer.json()
    assert (job["status"], job["queue_position"], job["version"]) == ("running", None, 2)
    assert job["started_at"] is not None
    assert answer.headers["retry-after"] == "1"


def test_an_unchanged_job_is_not_sent_again(api: RunningApi, account: Account, client: httpx.Client) -> None:
    job_id = submit(api, account)
    tag = client.get(f"/api/jobs/{job_id}").headers["etag"]

    same = client.get(f"/api/jobs/{job_id}", headers={"If-None-Match": f'"other", {tag}'})
    work_on(api, job_id, ANSWER)
    changed = client.get(f"/api/jobs/{job_id}", headers={"If-None-Match": tag})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_places_in_the_queue_follow_turns(api: RunningApi) -> None:
    busy, other = api.add_account(), api.add_account()
    jobs = [submit(api, busy), submit(api, busy), submit(api, other)]
    admin = api.somebody(Role.ADMIN)

    first, second, third = (admin.get(f"/api/jobs/{job_id}").json()["queue_position"] for job_id in jobs)

    assert first < third < second  # the other account's only job goes before the busy one's second
    work_on(api, jobs[0], ANSWER)


@pytest.mark.parametrize(
    "job_id",
    [UNKNOWN_ID, "1", "x" * 5_000, "%00", "%ED%A0%80", "..%2f..", "0190a5d0-0000-7000-8000-00000000000G", "'"],
)
def test_an_unknown_job_is_not_found(client: httpx.Client, job_id: str) -> None:
    assert_problem(client.get(f"/api/jobs/{job_id}"), 404, "NOT_FOUND")


@pytest.mark.parametrize("role", [Role.USER, Role.REVIEWER])
def test_the_job_of_another_is_not_found(api: RunningApi, account: Account, role: Role) -> None:
    job_id = submit(api, account)

    theirs = assert_problem(api.somebody(role).get(f"/api/jobs/{job_id}"), 404, "NOT_FOUND")
    nobodys = assert_problem(api.somebody(role).get(f"/api/jobs/{new_id()}"), 404, "NOT_FOUND")

    assert theirs == nobodys


def test_an_administrator_sees_everyones_jobs(api: RunningApi, account: Account) -> None:
    job_id = submit(api, account)
    admin = api.somebody(Role.ADMIN)

    assert admin.get(f"/api/jobs/{job_id}").json()["id"] == job_id
    assert [job["id"] for job in admin.get("/api/jobs", params={"owner": account.id}).json()["items"]] == [job_id]
    assert admin.get("/api/jobs").json() == {"items": [], "next_cursor": None}


def test_pages_hold_each_job_once_newest_first(api: RunningApi, account: Account, client: httpx.Client) -> None:
    jobs = [submit(api, account) for _ in range(5)]
    submit(api, api.add_account())

    seen, cursor = [], None
    for _ in range(3):
        params: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/jobs", params=params).json()
        seen.append([job["id"] for job in page["items"]])
        cursor = page["next_cursor"]

    newest_first = jobs[::-1]
    assert seen == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert cursor is None


def test_a_page_that_just_holds_all_is_the_last(api: RunningApi, account: Account, client: httpx.Client) -> None:
    for _ in range(2):
        submit(api, account)

    assert client.get("/api/jobs", params={"limit": 2}).json()["next_cursor"] is None


def test_jobs_are_found_by_status_kind_and_time(api: RunningApi, account: Account, client: httpx.Client) -> None:
    done, old, waiting = (submit(api, account) for _ in range(3))
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == old).values(created_at=now() - timedelta(days=3)))
        connection.execute(update(Job).where(Job.id == done).values(status="succeeded", kind="catalogue"))

    def found(**params: str) -> set[str]:
        return {job["id"] for job in client.get("/api/jobs", params=params).json()["items"]}

    assert found() == {done, old, waiting}
    assert found(status="succeeded") == {done}
    assert found(kind="product") == {old, waiting}
    assert found(since=(now() - timedelta(days=1)).isoformat()) == {done, waiting}
    assert found(since=(now() - timedelta(days=1)).isoformat(), kind="product", status="queued") == {waiting}


@pytest.mark.parametrize(
    ("params", "code", "where"),
    [
        ({"limit": "0"}, "VALIDATION", "query.limit"),
        ({"limit": "201"}, "VALIDATION", "query.limit"),
        ({"limit": "1_0"}, "VALIDATION", "query.limit"),
        ({"limit": " 7"}, "VALIDATION", "query.limit"),
        ({"limit": "true"}, "VALIDATION", "query.limit"),
        ({"limit": "9" * 5_000}, "VALIDATION", "query.limit"),
        ({"limit": "٣"}, "VALIDATION", "query.limit"),
        ({"status": "done"}, "VALIDATION", "query.status"),
        ({"kind": "catalog"}, "VALIDATION", "query.kind"),
        ({"since": "yesterday"}, "VALIDATION", "query.since"),
        ({"since": "0.5"}, "VALIDATION", "query.since"),
        ({"since": "2026-01-01T00:00:00"}, "VALIDATION", "query.since"),
        ({"since": "9999-12-31T23:59:59-23:59"}, "VALIDATION", "query.since"),
        ({"since": "0001-01-01T00:00:00+23:59"}, "VALIDATION", "query.since"),
        ({"owner": "\0"}, "VALIDATION", "query.owner"),
        ({"cursor": "x"}, "INVALID_CURSOR", "query.cursor"),
        ({"cursor": "é"}, "INVALID_CURSOR", "query.cursor"),
        ({"cursor": "AAAA"}, "INVALID_CURSOR", "query.cursor"),
        ({"cursor": ""}, "INVALID_CURSOR", "query.cursor"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    client: httpx.Client, params: dict[str, str], code: str, where: str
) -> None:
    problem = assert_problem(client.get("/api/jobs", params=params), 422, code)

    assert problem["errors"][0]["where"] == where


def test_only_administrators_name_another_owner(api: RunningApi, account: Account, client: httpx.Client) -> None:
    assert client.get("/api/jobs", params={"owner": account.id}).status_code == 200
    assert_problem(client.get("/api/jobs", params={"owner": api.add_account().id}), 403, "FORBIDDEN")
