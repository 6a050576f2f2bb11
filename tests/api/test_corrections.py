"""What people say about predictions: POST /api/predictions/{id}/correction, and what becomes of it in lists."""

from typing import Any

import httpx
import pytest

from shared.ledger.finish import Outcome, RowError
from shared.ledger.submission import ProductInput
from shared.users import Account, Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.ledger import ANSWER, accept, finish_all, take

DOUBTFUL = ANSWER._replace(code=1560, confidence=0.4, needs_review=True)


@pytest.fixture
def owner(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def reviewer(api: RunningApi) -> Account:
    return api.add_account(Role.REVIEWER)


@pytest.fixture
def review(api: RunningApi, reviewer: Account) -> httpx.Client:
    return api.client(reviewer)


def predicted(api: RunningApi, owner: Account, outcome: Outcome | None = DOUBTFUL) -> dict[str, Any]:
    """A prediction that has come to this, as its owner sees it; None leaves it waiting."""
    accept(api.database, owner.id, ProductInput(designation="lampe"))
    if outcome is not None:
        finish_all(api.database, take(api.database), outcome)
    prediction: dict[str, Any] = api.client(owner).get("/api/predictions", params={"limit": 1}).json()["items"][0]
    return prediction


def numbers(client: httpx.Client, **params: object) -> list[int]:
    items = client.get("/api/predictions", params={name: str(value) for name, value in params.items()}).json()["items"]
    return [item["id"] for item in items]


def test_a_correction_says_what_whose_and_when_and_is_shown_in_lists(
    api: RunningApi, owner: Account, reviewer: Account, review: httpx.Client
) -> None:
    prediction = predicted(api, owner)
    assert prediction["correction"] is None

    answer = review.post(f"/api/predictions/{prediction['id']}/correction", json={"code": 2060})

    assert answer.status_code == 201
    correction = answer.json()
    assert correction == {
        "code": 2060,
        "name": "Décoration d'intérieur",
        "by": reviewer.username,
        "created_at": correction["created_at"],
    }
    listed = api.client(owner).get("/api/predictions").json()["items"][0]
    assert listed == prediction | {"correction": correction}


def test_the_latest_of_several_counts(api: RunningApi, owner: Account, review: httpx.Client) -> None:
    prediction = predicted(api, owner)
    for code in (2060, 1560):
        review.post(f"/api/predictions/{prediction['id']}/correction", json={"code": code}).raise_for_status()

    (listed,) = api.client(owner).get("/api/predictions").json()["items"]

    assert listed["correction"]["code"] == 1560


def test_a_corrected_prediction_leaves_the_review_queue(api: RunningApi, owner: Account, review: httpx.Client) -> None:
    doubtful, sure, waiting = (predicted(api, owner, outcome)["id"] for outcome in (DOUBTFUL, ANSWER, None))
    own = api.client(owner)
    assert (numbers(own, needs_review="true"), numbers(own, needs_review="false")) == ([doubtful], [sure])

    review.post(f"/api/predictions/{doubtful}/correction", json={"code": 1560}).raise_for_status()

    assert (numbers(own, needs_review="true"), numbers(own, needs_review="false")) == ([], [sure, doubtful])
    assert numbers(own) == [waiting, sure, doubtful]
    finish_all(api.database, take(api.database), ANSWER)


@pytest.mark.parametrize("outcome", [None, RowError("BROKEN_IMAGE", "The image cannot be read.")])
def test_where_nothing_was_predicted_there_is_nothing_to_correct(
    api: RunningApi, owner: Account, review: httpx.Client, outcome: Outcome | None
) -> None:
    prediction = predicted(api, owner, outcome)

    answer = review.post(f"/api/predictions/{prediction['id']}/correction", json={"code": 10})

    assert_problem(answer, 409, "NOT_PREDICTED")
    if outcome is None:
        finish_all(api.database, take(api.database), ANSWER)


def test_a_deleted_prediction_is_not_there(api: RunningApi, owner: Account, review: httpx.Client) -> None:
    prediction = predicted(api, owner)
    api.client(owner).delete(f"/api/jobs/{prediction['job_id']}").raise_for_status()

    answer = review.post(f"/api/predictions/{prediction['id']}/correction", json={"code": 10})

    assert_problem(answer, 404, "NOT_FOUND")


def test_a_category_nobody_declared_is_refused(api: RunningApi, owner: Account, review: httpx.Client) -> None:
    prediction = predicted(api, owner)

    answer = review.post(f"/api/predictions/{prediction['id']}/correction", json={"code": 12})

    problem = assert_problem(answer, 422, "UNKNOWN_CATEGORY")
    assert problem["errors"][0]["where"] == "body.code"


@pytest.mark.parametrize("number", ["999999", "0", "9" * 20, "x"])
def test_an_unknown_prediction_is_not_found(review: httpx.Client, number: str) -> None:
    assert_problem(review.post(f"/api/predictions/{number}/correction", json={"code": 10}), 404, "NOT_FOUND")


def test_a_verdict_outlives_the_account_that_gave_it(api: RunningApi, owner: Account) -> None:
    leaving = api.add_account(Role.REVIEWER)
    prediction = predicted(api, owner)
    api.client(leaving).post(f"/api/predictions/{prediction['id']}/correction", json={"code": 10}).raise_for_status()

    api.somebody(Role.ADMIN).delete(f"/api/users/{leaving.id}").raise_for_status()

    (listed,) = api.client(owner).get("/api/predictions").json()["items"]
    assert (listed["correction"]["code"], listed["correction"]["by"]) == (10, None)
