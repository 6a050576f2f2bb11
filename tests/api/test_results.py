"""A job's results as pages of JSON, and who gets what in which format: GET /api/jobs/{id}/results."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from shared.bundles import add_bundle
from shared.identifiers import new_id, now
from shared.ledger.submission import ProductInput
from shared.tables import Job
from shared.taxonomy import Category
from shared.users import Account, Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.bundles import fake_bundle
from tests.support.ledger import ANSWER, accept, finish_all, take
from tests.support.results import add_job, answered, failed, waiting

ROWS = (
    answered(ANSWER, designation="Transat"),
    failed("EMPTY_PRODUCT", "A product needs a readable text or an image.", product_id="7"),
    answered(ANSWER._replace(code=1560, confidence=0.4), designation="Table"),
    waiting(designation="Lampe"),
)
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


@pytest.fixture
def job_id(api: RunningApi, account: Account) -> str:
    """A job that runs: two rows are predicted, one has an error, one waits."""
    return add_job(api.database, account.id, None, ROWS, status="running")


def page(client: httpx.Client, path: str, **params: Any) -> dict[str, Any]:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def pages(client: httpx.Client, path: str, limit: int) -> list[list[dict[str, Any]]]:
    found = [page(client, path, limit=limit)]
    while cursor := found[-1]["next_cursor"]:
        found.append(page(client, path, limit=limit, cursor=cursor))
    return [each["items"] for each in found]


def test_rows_come_in_the_order_of_the_file_also_while_they_are_predicted(client: httpx.Client, job_id: str) -> None:
    found = pages(client, f"/api/jobs/{job_id}/results", limit=3)

    assert [[item["row"] for item in items] for items in found] == [[0, 1, 2], [3]]
    items = [item for items in found for item in items]
    assert [item["status"] for item in items] == ["succeeded", "failed", "succeeded", "running"]
    assert [item["category"] and item["category"]["code"] for item in items] == [2582, None, 1560, None]
    assert items[1]["error"]["code"] == "EMPTY_PRODUCT"


def test_a_row_is_what_it_is_among_all_predictions(client: httpx.Client, job_id: str) -> None:
    (last_first, *_) = page(client, "/api/predictions", job=job_id, limit=1)["items"]
    for beside in ("correction", "description", "previous"):  # what a list has beside a row
        del last_first[beside]

    assert page(client, f"/api/jobs/{job_id}/results")["items"][-1] == last_first


def test_categories_have_the_names_of_the_version_that_predicted_them(
    api: RunningApi, account: Account, client: httpx.Client, tmp_path: Path
) -> None:
    manifest = fake_bundle(tmp_path / "bundle", "renamed-1").manifest
    classes = tuple(Category(each.code, f"Rayon {each.code}") for each in manifest.classes)
    with api.database.begin() as connection:
        add_bundle(connection, manifest.model_copy(update={"classes": classes}))
    rows = (answered(ANSWER._replace(model_version="renamed-1")), answered(ANSWER._replace(model_version="other-1")))
    job_id = add_job(api.database, account.id, None, rows)

    items = page(client, f"/api/jobs/{job_id}/results")["items"]
    (first, second) = client.get(f"/api/jobs/{job_id}/results?format=ndjson").text.splitlines()

    assert [item["category"]["name"] for item in items] == ["Rayon 2582", "Mobilier de jardin"]
    assert '"prediction_name":"Rayon 2582"' in first
    assert '"prediction_name":"Mobilier de jardin"' in second


def test_the_job_of_one_product_has_results_too(api: RunningApi, account: Account, client: httpx.Client) -> None:
    (job_id,) = accept(api.database, account.id, ProductInput(product_id="7", designation="Transat"))
    finish_all(api.database, take(api.database))

    (item,) = page(client, f"/api/jobs/{job_id}/results")["items"]
    lines = client.get(f"/api/jobs/{job_id}/results?format=csv").content.decode("utf-8-sig").splitlines()

    assert (item["row"], item["product_id"], item["category"]["code"]) == (0, "7", 2582)
    assert lines[0].startswith('"product_id","designation","description","prediction","prediction_name","confidence",')
    row = '"7","Transat","",2582,"Mobilier de jardin",0.9,False,2582,0.9,"","","text","fake-1",False,"succeeded"'
    assert lines[1].startswith(row)


@pytest.mark.parametrize("name", MEDIA_TYPES)
@pytest.mark.parametrize("of", ["results", "errors"])
def test_a_file_is_asked_for_by_name_or_by_media_type(client: httpx.Client, job_id: str, of: str, name: str) -> None:
    path = f"/api/jobs/{job_id}/{of}"
    accepted = {"Accept": f"{MEDIA_TYPES[name].partition(';')[0]}, application/json;q=0.5"}
    for answer in (client.get(path, params={"format": name}), client.get(path, headers=accepted)):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == MEDIA_TYPES[name]
        assert answer.headers["content-disposition"] == f'attachment; filename="{of}-{job_id}.{name}"'
        assert answer.headers["vary"] == "Accept"
        assert answer.content


@pytest.mark.parametrize("media_type", ["application/ndjson", "application/jsonl", "application/x-jsonlines"])
def test_lines_of_json_go_by_all_their_names(client: httpx.Client, job_id: str, media_type: str) -> None:
    answer = client.get(f"/api/jobs/{job_id}/results", headers={"Accept": media_type})

    assert answer.headers["content-type"] == "application/x-ndjson"


@pytest.mark.parametrize("of", ["results", "errors"])
def test_a_page_is_what_anything_else_gets(client: httpx.Client, job_id: str, of: str) -> None:
    path = f"/api/jobs/{job_id}/{of}"
    answers = [client.get(path, headers={"Accept": accept}) for accept in ("*/*", "image/png", "application/json", "")]
    answers.append(client.get(path, params={"format": "json"}, headers={"Accept": "text/csv"}))

    for answer in answers:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("of", ["results", "errors"])
@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"format": "pdf"}, "VALIDATION"),
        ({"format": "CSV"}, "VALIDATION"),
        ({"format": ""}, "VALIDATION"),
        ({"limit": "0"}, "VALIDATION"),
        ({"limit": "201"}, "VALIDATION"),
        ({"cursor": "x"}, "INVALID_CURSOR"),
        ({"cursor": "LTE="}, "INVALID_CURSOR"),  # -1
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    client: httpx.Client, job_id: str, of: str, params: dict[str, str], code: str
) -> None:
    assert_problem(client.get(f"/api/jobs/{job_id}/{of}", params=params), 422, code)


@pytest.mark.parametrize("of", ["results", "errors", "results?format=csv", "errors?format=xlsx"])
def test_nobody_gets_the_results_of_others(api: RunningApi, job_id: str, of: str) -> None:
    for role in (Role.USER, Role.REVIEWER):
        assert_problem(api.somebody(role).get(f"/api/jobs/{job_id}/{of}"), 404, "NOT_FOUND")
    assert api.somebody(Role.ADMIN).get(f"/api/jobs/{job_id}/{of}").status_code == 200
    assert_problem(api.somebody().get(f"/api/jobs/{new_id()}/{of}"), 404, "NOT_FOUND")


@pytest.mark.parametrize("of", ["results", "errors", "results?format=csv", "errors?format=xlsx"])
def test_results_that_were_kept_long_enough_are_gone(
    api: RunningApi, client: httpx.Client, job_id: str, of: str
) -> None:
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(cleared_at=now()))

    assert_problem(client.get(f"/api/jobs/{job_id}/{of}"), 410, "RESULTS_GONE")


@pytest.mark.parametrize("of", ["results", "errors", "results?format=csv", "errors?format=xlsx"])
def test_a_deleted_job_has_none(api: RunningApi, client: httpx.Client, job_id: str, of: str) -> None:
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(deleted_at=now()))

    assert_problem(client.get(f"/api/jobs/{job_id}/{of}"), 404, "NOT_FOUND")


def test_row_errors_come_in_the_order_of_the_file(api: RunningApi, account: Account, client: httpx.Client) -> None:
    rows = [*ROWS, *(failed("TOO_LONG", "Too long.", "Titre", row=number) for number in (10, 11))]
    job_id = add_job(api.database, account.id, None, rows, status="running")

    found = pages(client, f"/api/jobs/{job_id}/errors", limit=2)

    assert [[item["row"] for item in items] for items in found] == [[1, 10], [11]]
    assert found[0][0] == {
        "row": 1,
        "product_id": "7",
        "column": None,
        "code": "EMPTY_PRODUCT",
        "message": "A product needs a readable text or an image.",
    }
    assert found[1][0]["column"] == "Titre"
