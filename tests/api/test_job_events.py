"""GET /api/jobs/{id}/events: a job's progress as server-sent events."""

import json
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import update

from shared.identifiers import new_id
from shared.tables import User
from shared.users import Account, Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.work import do_work, end_work, start_work

LAMP = {"designation": "Lampe de chevet"}


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


@pytest.fixture
def job_id(client: httpx.Client) -> str:
    return str(client.post("/api/predict", json=LAMP).json()["id"])


def events(stream: httpx.Response) -> Iterator[tuple[int, str]]:
    """Version and status of each `job` event."""
    fields: dict[str, str] = {}
    for line in stream.iter_lines():
        name, _, value = line.partition(": ")
        fields[name] = value
        if not line:
            if fields.get("event") == "job":
                job = json.loads(fields["data"])
                assert job["version"] == int(fields["id"])
                yield job["version"], job["status"]
            fields = {}


def test_each_change_is_told_until_the_job_ends(api: RunningApi, client: httpx.Client, job_id: str) -> None:
    with client.stream("GET", f"/api/jobs/{job_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = events(stream)
        seen = [next(told)]
        claims = start_work(api.database)
        seen.append(next(told))
        end_work(api.database, claims)
        seen += told

    assert seen == [(1, "queued"), (2, "running"), (3, "succeeded")]


def test_an_ended_job_is_told_once(api: RunningApi, client: httpx.Client, job_id: str) -> None:
    do_work(api.database)

    with client.stream("GET", f"/api/jobs/{job_id}/events") as stream:
        assert list(events(stream)) == [(3, "succeeded")]


def test_who_comes_back_gets_what_is_newer(api: RunningApi, client: httpx.Client, job_id: str) -> None:
    do_work(api.database)

    with client.stream("GET", f"/api/jobs/{job_id}/events", headers={"Last-Event-ID": "2"}) as stream:
        assert list(events(stream)) == [(3, "succeeded")]


def test_who_has_seen_the_end_is_told_not_to_come_back(api: RunningApi, client: httpx.Client, job_id: str) -> None:
    do_work(api.database)

    assert client.get(f"/api/jobs/{job_id}/events", headers={"Last-Event-ID": "3"}).status_code == 204


@pytest.mark.parametrize("odd", ["-1", "٣", "one", "9" * 400])
def test_an_odd_last_event_is_no_error(api: RunningApi, client: httpx.Client, job_id: str, odd: str) -> None:
    do_work(api.database)

    answer = client.get(f"/api/jobs/{job_id}/events", headers={"Last-Event-ID": odd.encode()})

    assert answer.status_code == (204 if odd.isdecimal() and odd.isascii() else 200)


def test_a_job_that_is_deleted_ends_its_stream(api: RunningApi, client: httpx.Client, job_id: str) -> None:
    with client.stream("GET", f"/api/jobs/{job_id}/events") as stream:
        told = events(stream)
        next(told)
        client.post(f"/api/jobs/{job_id}/cancel").raise_for_status()
        client.delete(f"/api/jobs/{job_id}").raise_for_status()
        assert [status for _, status in told] in ([], ["canceled"])


def test_others_see_nothing(api: RunningApi, job_id: str) -> None:
    for other in (api.somebody(), api.somebody(Role.REVIEWER)):
        assert_problem(other.get(f"/api/jobs/{job_id}/events"), 404, "NOT_FOUND")
    assert_problem(api.somebody(Role.ADMIN).get(f"/api/jobs/{new_id()}/events"), 404, "NOT_FOUND")


def test_a_stream_ends_when_its_account_is_disabled(
    api: RunningApi, account: Account, client: httpx.Client, job_id: str
) -> None:
    with client.stream("GET", f"/api/jobs/{job_id}/events") as stream:
        told = events(stream)
        next(told)
        with api.database.begin() as connection:
            connection.execute(update(User).where(User.id == account.id).values(disabled=True))
        start_work(api.database)  # the change that the stream would tell of
        assert list(told) == []
