"""`Prefer: wait` on POST /api/predict: an answer at once where there is one, and room for many who wait."""

import asyncio
import threading

import httpx
import pytest

from api.waiting import LONGEST_WAIT_SECONDS, PLACES_OF_ONE, Places, preferred_wait
from shared.identifiers import new_id
from shared.users import Account
from tests.api.conftest import RunningApi
from tests.support.waiting import wait_for
from tests.support.work import do_work

LAMP = {"designation": "Lampe de chevet"}


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


def open_jobs(api: RunningApi, client: httpx.Client) -> int:
    return len(client.get("/api/jobs", params={"status": "queued", "limit": 200}).json()["items"])


def test_who_waits_gets_the_finished_job(api: RunningApi, client: httpx.Client) -> None:
    answers: list[httpx.Response] = []
    waiting = threading.Thread(
        target=lambda: answers.append(client.post("/api/predict", json=LAMP, headers={"Prefer": "wait=25"}))
    )
    waiting.start()
    wait_for(lambda: open_jobs(api, client) == 1, 10, "the job")

    do_work(api.database)

    waiting.join(20)
    (answer,) = answers
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "wait=25"
    assert "retry-after" not in answer.headers
    job = answer.json()
    assert (job["status"], job["prediction"]["category"]["code"]) == ("succeeded", 2582)
    assert client.get(answer.headers["location"]).json()["prediction"] == job["prediction"]


def test_who_waits_in_vain_gets_the_job_as_it_is(client: httpx.Client) -> None:
    answer = client.post("/api/predict", json=LAMP, headers={"Prefer": "wait=1"})

    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "wait=1"
    assert answer.json()["status"] == "queued"


@pytest.mark.parametrize(
    ("preferences", "seconds"),
    [
        (["wait=5"], 5),
        (["respond-async, wait=7"], 7),
        (["respond-async", 'Wait = "3"; foo=1'], 3),
        (["wait=100000000000000000000"], LONGEST_WAIT_SECONDS),
        (["wait=0"], 0),
        (["wait=-1"], 0),
        (["wait=1.5"], 0),
        (["wait=٣"], 0),
        (["wait"], 0),
        (["return=minimal"], 0),
        ([], 0),
    ],
)
def test_a_preference_is_read_as_rfc_7240_has_it(preferences: list[str], seconds: int) -> None:
    assert asyncio.run(preferred_wait(preferences)) == seconds


def test_nobody_takes_all_the_places() -> None:
    places = Places()
    held = [places.taken("greedy") for _ in range(PLACES_OF_ONE)]
    assert all(place.__enter__() for place in held)

    with places.taken("greedy") as one_more, places.taken("other") as another:
        assert (one_more, another) == (False, True)

    held[0].__exit__(None, None, None)
    with places.taken("greedy") as again:
        assert again


def test_two_hundred_who_wait_hold_nobody_up(api: RunningApi, account: Account, client: httpx.Client) -> None:
    watched = client.post("/api/predict", json=LAMP).json()["id"]

    async def run() -> tuple[list[int], list[str]]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=api.url, headers=client.headers, limits=limits, timeout=60, trust_env=False
        ) as many:
            posts = [
                asyncio.create_task(many.post("/api/predict", json=LAMP, headers={"Prefer": "wait=30"}))
                for _ in range(100)
            ]
            streams = [asyncio.create_task(last_event(many, watched)) for _ in range(100)]
            while await asyncio.to_thread(open_jobs, api, client) < 101:
                await asyncio.sleep(0.05)

            await asyncio.to_thread(the_others_are_answered, api, client)
            assert not any(task.done() for task in (*posts, *streams))

            await asyncio.to_thread(do_work, api.database)
            statuses = [answer.status_code for answer in await asyncio.gather(*posts)]
            return statuses, await asyncio.gather(*streams)

    statuses, last = asyncio.run(run())

    assert statuses == [200] * 100
    assert [event.splitlines()[0] for event in last] == ["event: job"] * 100


async def last_event(client: httpx.AsyncClient, job_id: str) -> str:
    async with client.stream("GET", f"/api/jobs/{job_id}/events") as stream:
        return [event async for event in stream.aiter_text()][-1]


def the_others_are_answered(api: RunningApi, client: httpx.Client) -> None:
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200
    form = {"username": new_id(), "password": "wrong"}
    assert client.post("/api/auth", data=form).json()["code"] == "INVALID_CREDENTIALS"
    assert client.post("/api/predict", json=LAMP).status_code == 202
    assert client.get("/api/users/me").status_code == 200
