"""Canceling and deleting jobs."""

from typing import Any

import httpx
import pytest

from shared.ledger.cancel import cancel
from shared.users import Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import UNKNOWN_ID
from tests.support.ledger import finish_all, take


def submit(client: httpx.Client, **headers: str) -> str:
    answer = client.post("/api/predict", json={"designation": "Chaise longue"}, headers=headers)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


@pytest.fixture
def ended(api: RunningApi, client: httpx.Client) -> str:
    """A job of `client` that was canceled."""
    job_id = submit(client)
    with api.database.begin() as connection:
        cancel(connection, [job_id])
    return job_id


def test_an_open_job_is_canceled_and_shown_as_it_is_then(client: httpx.Client) -> None:
    job_id = submit(client)

    answer = client.post(f"/api/jobs/{job_id}/cancel")

    assert answer.status_code == 200
    job: dict[str, Any] = answer.json()
    assert (job["id"], job["status"], job["version"]) == (job_id, "canceled", 2)
    assert job["finished_at"] is not None
    assert client.get(f"/api/jobs/{job_id}").json()["status"] == "canceled"


def test_a_job_is_canceled_while_a_worker_has_it(api: RunningApi, client: httpx.Client) -> None:
    job_id = submit(client)
    claims = [claim for claim in take(api.database) if claim.job_id == job_id]

    answer = client.post(f"/api/jobs/{job_id}/cancel")

    assert answer.json()["status"] == "canceled"
    assert finish_all(api.database, claims) == {}
    assert client.get(f"/api/jobs/{job_id}").json() == answer.json()


def test_a_job_that_has_ended_cannot_be_canceled(client: httpx.Client, ended: str) -> None:
    assert_problem(client.post(f"/api/jobs/{ended}/cancel"), 409, "JOB_ENDED")


def test_a_deleted_job_is_there_for_nobody(api: RunningApi, client: httpx.Client, ended: str) -> None:
    answer = client.delete(f"/api/jobs/{ended}")

    assert (answer.status_code, answer.content) == (204, b"")
    for somebody in (client, api.somebody(Role.ADMIN)):
        assert_problem(somebody.get(f"/api/jobs/{ended}"), 404, "NOT_FOUND")
        assert_problem(somebody.delete(f"/api/jobs/{ended}"), 404, "NOT_FOUND")
        assert_problem(somebody.post(f"/api/jobs/{ended}/cancel"), 404, "NOT_FOUND")
    assert client.get("/api/jobs").json()["items"] == []


def test_an_open_job_cannot_be_deleted(client: httpx.Client) -> None:
    job_id = submit(client)

    assert_problem(client.delete(f"/api/jobs/{job_id}"), 409, "JOB_NOT_ENDED")
    assert client.get(f"/api/jobs/{job_id}").json()["status"] == "queued"


def test_the_key_of_a_deleted_job_makes_a_new_one(client: httpx.Client) -> None:
    first = submit(client, **{"Idempotency-Key": "order-17"})
    client.post(f"/api/jobs/{first}/cancel")
    assert submit(client, **{"Idempotency-Key": "order-17"}) == first

    client.delete(f"/api/jobs/{first}")

    assert submit(client, **{"Idempotency-Key": "order-17"}) != first


@pytest.mark.parametrize("role", [Role.USER, Role.REVIEWER])
def test_others_find_nothing_to_cancel_or_delete(api: RunningApi, client: httpx.Client, ended: str, role: Role) -> None:
    waiting = submit(client)
    other = api.somebody(role)

    assert_problem(other.post(f"/api/jobs/{waiting}/cancel"), 404, "NOT_FOUND")
    assert_problem(other.delete(f"/api/jobs/{ended}"), 404, "NOT_FOUND")
    assert client.get(f"/api/jobs/{waiting}").json()["status"] == "queued"
    assert client.get(f"/api/jobs/{ended}").status_code == 200


def test_administrators_cancel_and_delete_anybodys(api: RunningApi, client: httpx.Client) -> None:
    job_id = submit(client)
    admin = api.somebody(Role.ADMIN)

    assert admin.post(f"/api/jobs/{job_id}/cancel").json()["status"] == "canceled"
    assert admin.delete(f"/api/jobs/{job_id}").status_code == 204


@pytest.mark.parametrize("job_id", [UNKNOWN_ID, "1", "%00"])
def test_an_unknown_job_is_not_found(client: httpx.Client, job_id: str) -> None:
    assert_problem(client.post(f"/api/jobs/{job_id}/cancel"), 404, "NOT_FOUND")
    assert_problem(client.delete(f"/api/jobs/{job_id}"), 404, "NOT_FOUND")
