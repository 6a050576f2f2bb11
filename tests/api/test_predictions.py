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
from shared.lanes import Lane
from shared.ledger.finish import Outcome, RowError, finish
from shared.ledger.submission import ProductInput
from shared.tables import Job
from shared.users import Account, Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import UNKNOWN_ID
from tests.support.bundles import fake_bundle
from tests.support.ledger import ANSWER, accept, accept_catalogue, finish_all, rows_of, take
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
    job_id = predicted(api, account, product=LAMP._replace(description="en laiton"))

    (item,) = listed(client)

    assert (item["job_id"], item["product_id"], item["designation"], item["photo"]) == (job_id, "7", "lampe", None)
    assert (item["description"], item["correction"], item["previous"]) == ("en laiton", None, None)
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


def rows_of_pages(client: httpx.Client, limit: int, **params: Any) -> list[int]:
    """The rows of all pages of a list, one after another."""
    seen, cursor = [], None
    while True:
        asked = params | {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/predictions", params=asked)
        assert answer.status_code == 200, answer.text
        seen += [item["row"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return seen


def predicted_catalogue(api: RunningApi, owner: Account, *confidences: float, code: int = 1560) -> str:
    """A job whose rows have been predicted with these confidences, and are all to be looked at."""
    job_id = accept_catalogue(api.database, owner.id, *(f"Lampe {row}" for row in range(len(confidences))))
    claims = take(api.database, Lane.BULK)
    answers = [DOUBTFUL._replace(code=code, confidence=confidence) for confidence in confidences]
    rows = sorted(rows_of(api.database, claims), key=lambda row: row.prediction_id)
    with api.database.begin() as connection:
        finish(connection, claims, list(zip(rows, answers, strict=True)))
    return job_id


# With equal ones, neighbouring ones, and one of which no short decimal is.
CONFIDENCES = (0.3, 0.1 + 0.2, 1 / 3, 0.3, 1e-9, 1.0, 0.3)
LEAST_SURE = [4, 0, 3, 6, 1, 2, 5]


@pytest.mark.parametrize(
    ("order", "rows"),
    [
        ("newest", [6, 5, 4, 3, 2, 1, 0]),
        ("oldest", [0, 1, 2, 3, 4, 5, 6]),
        ("least_sure", LEAST_SURE),
        ("most_sure", LEAST_SURE[::-1]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_in_every_order_hold_each_prediction_once(
    api: RunningApi, account: Account, client: httpx.Client, order: str, rows: list[int], limit: int
) -> None:
    job_id = predicted_catalogue(api, account, *CONFIDENCES)

    assert rows_of_pages(client, limit, order=order, job=job_id) == rows
    assert rows_of_pages(client, limit, order=order, needs_review="true") == rows


@pytest.mark.parametrize("order", ["least_sure", "most_sure"])
@pytest.mark.parametrize("params", [{}, {"needs_review": "false"}, {"code": "10"}, {"product_id": "7"}])
def test_all_predictions_are_not_put_in_order_of_confidence(
    client: httpx.Client, order: str, params: dict[str, str]
) -> None:
    problem = assert_problem(client.get("/api/predictions", params={"order": order, **params}), 422, "TOO_WIDE")

    assert problem["detail"] == f"The order {order} needs `job`, or `needs_review=true`."
    assert problem["errors"][0]["where"] == "query.order"


@pytest.mark.parametrize("path", ["/api/predictions", "/api/predictions/count"])
def test_all_predictions_are_not_searched(client: httpx.Client, path: str) -> None:
    answer = client.get(path, params={"search": "lampe", "needs_review": "true"})

    assert assert_problem(answer, 422, "TOO_WIDE")["errors"][0]["where"] == "query.search"


def test_a_job_is_searched(api: RunningApi, account: Account, client: httpx.Client) -> None:
    job_id = predicted_catalogue(api, account, 0.1, 0.2, 0.3)

    assert rows_of_pages(client, 2, job=job_id, search="LAMPE") == [2, 1, 0]
    assert rows_of_pages(client, 2, job=job_id, search="pe 1") == [1]
    assert rows_of_pages(client, 2, job=job_id, search="%") == []
    assert client.get("/api/predictions/count", params={"job": job_id, "search": "pe 1"}).json()["count"] == 1
    assert rows_of_pages(api.somebody(), 2, job=job_id, search="lampe") == []


@pytest.fixture
def rerun(api: RunningApi, account: Account) -> str:
    """A job of two rows, of which the second has another category than in the job that it runs again."""
    former = predicted_catalogue(api, account, 0.25, 0.5, code=2582)
    job_id = accept_catalogue(api.database, account.id, "Lampe 0", "Lampe 1")
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(rerun_of=former, changes=0))
    claims = take(api.database, Lane.BULK)
    first, second = sorted(rows_of(api.database, claims), key=lambda row: row.prediction_id)
    with api.database.begin() as connection:
        finish(connection, claims, [(first, ANSWER), (second, DOUBTFUL)])
    return job_id


def test_predictions_of_a_rerun_say_what_they_were_before(client: httpx.Client, rerun: str) -> None:
    category = {"code": 2582, "name": "Mobilier de jardin"}

    assert [item["previous"] for item in listed(client, job=rerun)] == [
        {**category, "confidence": 0.5},
        {**category, "confidence": 0.25},
    ]
    assert [item["previous"] for item in listed(client)] == [None] * 4


def test_changes_are_those_that_the_job_counts(client: httpx.Client, rerun: str) -> None:
    changed = listed(client, job=rerun, changed="true")

    assert [item["row"] for item in changed] == [1]
    assert client.get(f"/api/jobs/{rerun}").json()["changes"] == len(changed)
    assert [item["row"] for item in listed(client, job=rerun, changed="false")] == [0]
    assert client.get("/api/predictions/count", params={"job": rerun, "changed": "true"}).json()["count"] == 1


@pytest.mark.parametrize("path", ["/api/predictions", "/api/predictions/count"])
@pytest.mark.parametrize("of", ["no job", "no rerun", "an unknown job", "somebody else's"])
def test_only_a_rerun_has_changes(
    api: RunningApi, account: Account, client: httpx.Client, rerun: str, path: str, of: str
) -> None:
    jobs = {"no rerun": predicted(api, account), "an unknown job": new_id(), "somebody else's": rerun}
    params = {"changed": "true"} | ({} if of == "no job" else {"job": jobs[of]})
    asking = api.somebody() if of == "somebody else's" else client

    problem = assert_problem(asking.get(path, params=params), 422, "NOT_A_RERUN")

    assert problem["errors"][0]["where"] == "query.changed"


def test_a_count_has_the_filters_of_a_list_and_shows_the_same_rows(
    api: RunningApi, account: Account, client: httpx.Client
) -> None:
    job_id = predicted_catalogue(api, account, 0.1, 0.2, 0.3)
    predicted(api, account)
    predicted(api, api.add_account(), DOUBTFUL)  # which is not among them

    def counted(client: httpx.Client, **params: str) -> Any:
        answer = client.get("/api/predictions/count", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert counted(client) == {"count": 4, "at_least": False}
    assert counted(client, needs_review="true")["count"] == 3
    assert counted(client, needs_review="true", below="0.3")["count"] == 2
    assert counted(client, job=job_id, code="1560")["count"] == 3
    assert counted(client, product_id="7")["count"] == 1
    assert counted(api.somebody(Role.REVIEWER), job=job_id)["count"] == 3
    assert counted(api.somebody(), job=job_id)["count"] == 0
    assert_problem(client.get("/api/predictions/count", params={"below": "2"}), 422, "VALIDATION")


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
        *(({"job": UNKNOWN_ID, "search": value}, "VALIDATION", "query.search") for value in ("", "a\0b", "x" * 201)),
        *(({"job": UNKNOWN_ID, "changed": value}, "VALIDATION", "query.changed") for value in ("", "1", "True")),
        *(({"order": value}, "VALIDATION", "query.order") for value in ("", "NEWEST", "confidence", "newest,oldest")),
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


ORDERS = ("newest", "oldest", "least_sure", "most_sure")


@pytest.mark.parametrize("order", ORDERS)
def test_a_cursor_of_another_order_is_refused(
    api: RunningApi, account: Account, client: httpx.Client, order: str
) -> None:
    job_id = predicted_catalogue(api, account, 0.1, 0.2)
    wanted = {"job": job_id, "limit": "1"}
    cursor = client.get("/api/predictions", params={**wanted, "order": order}).json()["next_cursor"]

    for other in ORDERS:
        answer = client.get("/api/predictions", params={**wanted, "order": other, "cursor": cursor})
        if other == order:
            assert answer.status_code == 200
        else:
            assert_problem(answer, 422, "INVALID_CURSOR")


@pytest.mark.parametrize(
    "place",
    [
        *("1", "least_sure", "least_sure:1", "least_sure:0.5:", "least_sure::1", "least_sure:0.5:x", ":0.5:1"),
        *("least_sure:0.5:-1", "least_sure:0.5:1:1", "least_sure:0.5:0.5", f"least_sure:0.5:{2**63}", "oldest:1"),
        *(f"least_sure:{value}:1" for value in ("nan", "inf", "-inf", "0_1", " 0.5", "0.50", ".5", "1e999", "x", "1")),
        *("Least_sure:0.5:1", "most_sure:0.5:1", "oldest:0.5:1"),
    ],
)
def test_what_is_no_place_in_an_order_is_refused(client: httpx.Client, place: str) -> None:
    params = {"order": "least_sure", "needs_review": "true", "cursor": encoded(place)}

    assert_problem(client.get("/api/predictions", params=params), 422, "INVALID_CURSOR")


def test_a_cursor_of_another_list_is_refused(api: RunningApi, client: httpx.Client, account: Account) -> None:
    for _ in range(2):
        predicted(api, account)
    of_jobs = client.get("/api/jobs", params={"limit": 1}).json()["next_cursor"]

    assert_problem(client.get("/api/predictions", params={"cursor": of_jobs}), 422, "INVALID_CURSOR")
