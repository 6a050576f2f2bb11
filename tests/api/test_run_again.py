"""Ended jobs once more: POST /api/jobs/{id}/retry and /rerun."""

import httpx
import pytest
import redis
from sqlalchemy import update

from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.cancel import cancel
from shared.ledger.finish import RowError
from shared.tables import Job
from shared.users import Role
from tests.api.catalogues import CSV, batches_of, send, source_of, stored_files
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import UNKNOWN_ID
from tests.support.waiting import wait_for
from tests.support.work import do_work


@pytest.fixture
def ended(api: RunningApi, client: httpx.Client) -> str:
    """A catalogue of `client` that has ended, with a row that failed."""
    job_id = send(client, CSV, params={"name": "Autumn"}).json()["id"]
    with api.database.begin() as connection:
        cancel(connection, [job_id])
        connection.execute(update(Job).where(Job.id == job_id).values(total=2, failed=1, succeeded=1, intake_done=True))
    return str(job_id)


@pytest.mark.parametrize(("how", "failed_only"), [("retry", True), ("rerun", False)])
def test_a_catalogue_is_run_again_from_the_same_file(
    api: RunningApi, client: httpx.Client, ended: str, how: str, failed_only: bool
) -> None:
    before = stored_files(api)

    answer = client.post(f"/api/jobs/{ended}/{how}")

    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert answer.headers["location"] == f"/api/jobs/{job['id']}"
    assert (job["rerun_of"], job["kind"], job["name"], job["status"]) == (ended, "catalogue", "Autumn", "queued")
    assert job["changes"] == (None if failed_only else 0)
    assert job["source"] == client.get(f"/api/jobs/{ended}").json()["source"]
    assert source_of(api, answer).failed_of == (ended if failed_only else None)
    assert batches_of(api, job["id"]) == [("intake", "io", "queued")]
    assert stored_files(api) == before
    assert client.get(answer.headers["location"]).json()["id"] == job["id"]


@pytest.mark.parametrize("how", ["retry", "rerun"])
def test_a_product_is_run_again(api: RunningApi, client: httpx.Client, how: str) -> None:
    first = client.post("/api/predict", json={"designation": "Chaise"}).json()["id"]
    do_work(api.database, RowError("PREDICTION_FAILED", "The model failed."))

    answer = client.post(f"/api/jobs/{first}/{how}")

    assert answer.status_code == 202, answer.text
    assert answer.json()["id"] != first
    assert answer.json()["prediction"]["designation"] == "Chaise"
    assert batches_of(api, answer.json()["id"]) == [("predict", "interactive", "queued")]


@pytest.mark.parametrize("how", ["retry", "rerun"])
def test_a_job_that_is_run_again_cannot_be_deleted_meanwhile(client: httpx.Client, ended: str, how: str) -> None:
    again = client.post(f"/api/jobs/{ended}/{how}").json()["id"]

    assert_problem(client.delete(f"/api/jobs/{ended}"), 409, "JOB_IN_USE")
    client.post(f"/api/jobs/{again}/cancel")
    assert client.delete(f"/api/jobs/{ended}").status_code == 204


def test_a_wake_up_is_on_the_queue_after_the_answer(client: httpx.Client, ended: str, queue: "redis.Redis") -> None:
    wait_for(lambda: queue.llen(str(Lane.IO)), seconds=10, what="ringing for the file")
    queue.delete(str(Lane.IO))

    client.post(f"/api/jobs/{ended}/rerun")

    wait_for(lambda: queue.llen(str(Lane.IO)) == 1, seconds=10, what="ringing")


@pytest.mark.parametrize("how", ["retry", "rerun"])
def test_an_open_job_is_not_run_again(client: httpx.Client, how: str) -> None:
    job_id = send(client, CSV).json()["id"]

    assert_problem(client.post(f"/api/jobs/{job_id}/{how}"), 409, "JOB_NOT_ENDED")


def test_only_what_has_failed_is_tried_again(api: RunningApi, client: httpx.Client, ended: str) -> None:
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == ended).values(failed=0, succeeded=2))

    assert_problem(client.post(f"/api/jobs/{ended}/retry"), 409, "NOTHING_FAILED")


@pytest.mark.parametrize("how", ["retry", "rerun"])
def test_what_is_no_longer_kept_is_not_run_again_and_the_job_says_so(
    api: RunningApi, client: httpx.Client, ended: str, how: str
) -> None:
    assert client.get(f"/api/jobs/{ended}").json()["cleared_at"] is None
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == ended).values(cleared_at=now(), source_key=None))

    assert client.get(f"/api/jobs/{ended}").json()["cleared_at"] is not None
    assert_problem(client.post(f"/api/jobs/{ended}/{how}"), 409, "ROWS_GONE")


@pytest.mark.parametrize("how", ["retry", "rerun"])
@pytest.mark.parametrize("role", [Role.USER, Role.REVIEWER])
def test_others_find_nothing_to_run_again(api: RunningApi, ended: str, how: str, role: Role) -> None:
    assert_problem(api.somebody(role).post(f"/api/jobs/{ended}/{how}"), 404, "NOT_FOUND")


def test_an_administrator_runs_anybodys_again_for_its_owner(api: RunningApi, client: httpx.Client, ended: str) -> None:
    answer = api.somebody(Role.ADMIN).post(f"/api/jobs/{ended}/rerun")

    assert answer.status_code == 202
    assert client.get(answer.headers["location"]).json()["rerun_of"] == ended


@pytest.mark.parametrize("how", ["retry", "rerun"])
def test_labelled_data_needs_an_administrator_also_the_second_time(
    api: RunningApi, client: httpx.Client, ended: str, how: str
) -> None:
    """Who has sent it may have been one then."""
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == ended).values(kind="ingest"))

    assert_problem(client.post(f"/api/jobs/{ended}/{how}"), 403, "FORBIDDEN")
    assert_problem(api.somebody().post(f"/api/jobs/{ended}/{how}"), 404, "NOT_FOUND")
    assert api.somebody(Role.ADMIN).post(f"/api/jobs/{ended}/{how}").status_code == 202


@pytest.mark.parametrize("job_id", [UNKNOWN_ID, "1", "%00"])
def test_an_unknown_job_is_not_found(client: httpx.Client, job_id: str) -> None:
    assert_problem(client.post(f"/api/jobs/{job_id}/retry"), 404, "NOT_FOUND")
    assert_problem(client.post(f"/api/jobs/{job_id}/rerun"), 404, "NOT_FOUND")
