"""The history of predictions, and the queue of those that a person should look at: GET /api/predictions."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from shared.bundles import add_bundle
from shared.identifiers import new_id, now
from shared.ledger.finish import Outcome, RowError
from shared.ledger.submission import ProductInput
from shared.tables import Job
from shared.users import Account, Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.bundles import fake_bundle
from tests.support.ledger import ANSWER, accept, finish_all, take
from tests.support.photos import jpeg

LAMP = ProductInput(product_id="7", designation="lampe")
DOUBTFUL = ANSWER._replace(code=1560, confidence=0.4, needs_review=True)


def predicted(api: RunningApi, owner: Account, outcome: Outcome = ANSWER, product: ProductInput = LAMP) -> str:
    """A job of one product that has come to this."""
    (job_id,) = accept(api.database, owner.id, product)
    finish_all(api.database, take(api.database), outcome)
    return job_id


def listed(client: httpx.Client, **params: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/predictions", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def jobs_of(items: Sequence[dict[str, Any]]) -> list[str]:
    return [item["job_id"] for item in items]


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


def test_a_prediction_says_what_it_is_of(
    api: RunningApi, account: Account, client: httpx.Client, tmp_path: Path
) -> None:
    with api.database.begin() as connection:
        add_bundle(connection, fake_bundle(tmp_path / "bundle").manifest)
    job_id = predicted(api, account)

    (item,) = listed(client)

    assert (item["job_id"], item["product_id"], item["designation"], item["photo"]) == (job_id, "7", "lampe", None)
    assert item["category"] == {"code": 2582, "name": "Mobilier de jardin"}
    assert (item["status"], item["confidence"], item["needs_review"]) == ("succeeded", 0.9, False)


def test_a_photo_is_found_where_the_prediction_says(client: httpx.Client) -> None:
    client.post("/api/predict", json={"image": base64.b64encode(jpeg()).decode()}).raise_for_status()

    (item,) = listed(client)

    assert item["photo"] == f"/api/images/{hashlib.sha256(jpeg()).hexdigest()}"
    assert client.get(item["photo"], params={"size": 96}).headers["content-type"] == "image/jpeg"


def test_a_row_without_a_result_is_as_far_as_its_job(api: RunningApi, account: Account, client: httpx.Client) -> None:
    predicted(api, account, RowError("PREDICTION_FAILED", "The model failed."))
    (canceled,) = accept(api.database, account.id, LAMP)
    (running,) = accept(api.database, account.id, LAMP)
    take(api.database)
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == canceled).values(status="canceled"))

    assert [(item["status"], item["category"]) for item in listed(client)] == [
        ("running", None),
        ("canceled", None),
        ("failed", None),
    ]
    assert jobs_of(listed(client))[0] == running


def test_pages_hold_each_prediction_once_newest_first(api: RunningApi, account: Account, client: httpx.Client) -> None:
    jobs = [predicted(api, account) for _ in range(5)]
    predicted(api, api.add_account())

    seen, cursor = [], None
    for _ in range(3):
        params: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/predictions", params=params).json()
        seen.append(jobs_of(page["items"]))
        cursor = page["next_cursor"]

    newest_first = jobs[::-1]
    assert seen == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert cursor is None


def test_predictions_are_found_by_what_is_set(api: RunningApi, account: Account, client: httpx.Client) -> None:
    sure = predicted(api, account)
    doubtful = predicted(api, account, DOUBTFUL, LAMP._replace(product_id="a b&c"))

    assert jobs_of(listed(client)) == [doubtful, sure]
    assert jobs_of(listed(client, needs_review="true")) == [doubtful]
    assert jobs_of(listed(client, needs_review="false")) == [sure]
    assert jobs_of(listed(client, code=2582)) == [sure]
    assert jobs_of(listed(client, below="0.9")) == [doubtful]
    assert jobs_of(listed(client, below="1")) == [doubtful, sure]
    assert jobs_of(listed(client, below="0")) == []
    assert jobs_of(listed(client, product_id="a b&c")) == [doubtful]
    assert jobs_of(listed(client, job=sure)) == [sure]
    assert jobs_of(listed(client, job=sure, needs_review="true")) == []
    assert jobs_of(listed(client, job=new_id())) == []


def test_nobody_finds_the_predictions_of_others(api: RunningApi, account: Account) -> None:
    job_id = predicted(api, account, DOUBTFUL)
    stranger = api.somebody()

    assert listed(stranger) == []
    assert listed(stranger, job=job_id) == []
    assert listed(stranger, product_id="7") == []
    assert listed(stranger, needs_review="true") == []


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ADMIN])
def test_reviewers_find_everybodys(api: RunningApi, account: Account, role: Role) -> None:
    older = predicted(api, account, DOUBTFUL)
    newer = predicted(api, api.add_account(), DOUBTFUL)
    reviewer = api.somebody(role)

    assert jobs_of(listed(reviewer, limit=2)) == [newer, older]
    assert jobs_of(listed(reviewer, needs_review="true", limit=2)) == [newer, older]
    assert jobs_of(listed(reviewer, job=older)) == [older]


def test_rows_of_a_deleted_job_are_not_shown(api: RunningApi, account: Account, client: httpx.Client) -> None:
    job_id = predicted(api, account)
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(deleted_at=now()))

    assert listed(client) == []
    assert listed(client, job=job_id) == []


def encoded(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode()


@pytest.mark.parametrize(
    ("params", "code", "where"),
    [
        *(({"limit": value}, "VALIDATION", "query.limit") for value in ("0", "201", "1_0", "true", "1e1", "-1")),
        *(
            ({"code": value}, "VALIDATION", "query.code")
            for value in ("1_000", "true", "1e3", "10.0", "-1", " 10", "", "2147483648", "9" * 5_000, "NaN", "١")
        ),
        *(
            ({"below": value}, "VALIDATION", "query.below")
            for value in (
                "NaN",
                "nan",
                "Infinity",
                "-inf",
                "1e999",
                "true",
                "1_0",
                "1.01",
                "-0.1",
                "",
                ".5",
                "0,5",
            )
        ),
        *(
            ({"needs_review": value}, "VALIDATION", "query.needs_review")
            for value in ("1", "yes", "True", "on", "", "null")
        ),
        *(({"job": value}, "VALIDATION", "query.job") for value in ("1", "\0", "", "x" * 36, "'")),
        ({"product_id": "a\0b"}, "VALIDATION", "query.product_id"),
        *(
            ({"cursor": value}, "INVALID_CURSOR", "query.cursor")
            for value in (
                "",
                "x",
                "é",
                "AAAA",
                encoded(new_id()),
                encoded("-1"),
                encoded("1_0"),
                encoded("1.5"),
                encoded(" 1"),
                encoded(str(2**63)),
                encoded("9" * 5_000),
            )
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    client: httpx.Client, params: dict[str, str], code: str, where: str
) -> None:
    problem = assert_problem(client.get("/api/predictions", params=params), 422, code)

    assert problem["errors"][0]["where"] == where


def test_a_cursor_of_another_list_is_refused(api: RunningApi, client: httpx.Client, account: Account) -> None:
    for _ in range(2):
        predicted(api, account)
    of_jobs = client.get("/api/jobs", params={"limit": 1}).json()["next_cursor"]

    assert_problem(client.get("/api/predictions", params={"cursor": of_jobs}), 422, "INVALID_CURSOR")
