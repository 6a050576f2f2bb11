"""Submissions that name a webhook, which is told of their job whatever else it listens to."""

import hashlib
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from shared.identifiers import new_id
from shared.image_collection import collect_released
from shared.images import image_key
from shared.ledger.cancel import cancel
from shared.ledger.finish import RowError
from shared.store import ObjectStore
from shared.tables import Job
from shared.users import Account, Role
from shared.webhooks.endpoints import delete_endpoint
from tests.api.catalogues import CSV, send, stored_files
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.photos import GOOD, jpeg
from tests.support.webhooks import deliveries, listen
from tests.support.work import do_work

URL = "https://8.8.8.8/told"
CHAIR = {"designation": "Chaise longue"}
LABELLED = b"product_id,designation,prdtypecode\nT-1,Table basse,1560\n"


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account(Role.ADMIN)


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


@pytest.fixture
def webhook(api: RunningApi, account: Account) -> str:
    """A webhook at URL that listens to no job there is here, unless the job names it."""
    return listen(api.database, account.id, URL, events=("job.expired",), kinds=("ingest",))


def named_by(api: RunningApi, answer: httpx.Response) -> str | None:
    """The id of the webhook that a job names."""
    assert answer.status_code == 202, answer.text
    with api.database.read() as connection:
        return connection.scalars(select(Job.webhook_endpoint_id).where(Job.id == answer.json()["id"])).one()


def submit(client: httpx.Client, how: str, url: str | None, **headers: str) -> httpx.Response:
    """Submit something in one of the ways there are."""
    query = {} if url is None else {"webhook_url": url}
    if how == "json":
        return client.post("/api/predict", json=CHAIR | query, headers=headers)
    if how == "form":
        return client.post("/api/predict", data=CHAIR | query, files={"image": jpeg()}, headers=headers)
    if how == "catalogue":
        return send(client, CSV, params=query, headers=headers)
    return send(client, LABELLED, path="/api/data-ingest", params=query, headers=headers)


WAYS = ("json", "form", "catalogue", "labelled")


@pytest.mark.parametrize("how", WAYS)
def test_a_job_names_the_webhook(api: RunningApi, client: httpx.Client, webhook: str, how: str) -> None:
    assert named_by(api, submit(client, how, URL)) == webhook


@pytest.mark.parametrize("how", WAYS)
def test_a_job_names_none_unless_it_is_said(api: RunningApi, client: httpx.Client, webhook: str, how: str) -> None:
    assert named_by(api, submit(client, how, None)) is None


def test_an_empty_one_in_a_form_is_none(api: RunningApi, client: httpx.Client, webhook: str) -> None:
    assert named_by(api, submit(client, "form", "")) is None


def test_it_is_told_whatever_it_listens_to(api: RunningApi, client: httpx.Client, webhook: str) -> None:
    told = submit(client, "json", URL).json()["id"]
    submit(client, "json", None)
    do_work(api.database)

    assert [(each.job_id, each.type) for each in deliveries(api.database, webhook)] == [(told, "job.succeeded")]


@pytest.mark.parametrize("written", ["HTTPS://8.8.8.8:443/told", "https://8.8.8.8:/told"])
def test_a_url_may_be_written_otherwise(api: RunningApi, client: httpx.Client, webhook: str, written: str) -> None:
    assert named_by(api, submit(client, "json", written)) == webhook


@pytest.mark.parametrize("url", ["https://8.8.8.8/other", "http://8.8.8.8/told", "https://127.0.0.1/", "told"])
@pytest.mark.parametrize(("how", "where"), [("json", "body"), ("form", "body"), ("catalogue", "query")])
def test_what_is_no_webhook_of_theirs_is_refused(
    client: httpx.Client, webhook: str, how: str, where: str, url: str
) -> None:
    problem = assert_problem(submit(client, how, url), 422, "UNKNOWN_WEBHOOK")

    assert [error["where"] for error in problem["errors"]] == [f"{where}.webhook_url"]
    assert client.get("/api/jobs").json()["items"] == []


@pytest.mark.parametrize("how", WAYS)
def test_another_accounts_webhook_is_none(api: RunningApi, webhook: str, how: str) -> None:
    other = api.somebody(Role.ADMIN)

    assert_problem(submit(other, how, URL), 422, "UNKNOWN_WEBHOOK")


@pytest.mark.parametrize("how", WAYS)
def test_a_deleted_webhook_is_none(api: RunningApi, client: httpx.Client, webhook: str, how: str) -> None:
    with api.database.begin() as connection:
        delete_endpoint(connection, webhook)

    assert_problem(submit(client, how, URL), 422, "UNKNOWN_WEBHOOK")


def test_what_is_refused_leaves_nothing_behind(api: RunningApi, client: httpx.Client) -> None:
    store, files = ObjectStore(api.settings.store), stored_files(api)

    client.post("/api/predict", data={"webhook_url": URL}, files={"image": GOOD["webp"]})
    submit(client, "catalogue", URL)

    assert stored_files(api) == files
    collect_released(api.database, store)
    assert store.size(image_key(hashlib.sha256(GOOD["webp"]).hexdigest())) is None


# --- sent again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", WAYS)
def test_the_same_with_the_same_webhook_is_the_same_job(client: httpx.Client, webhook: str, how: str) -> None:
    key = {"Idempotency-Key": new_id()}

    first, second = (submit(client, how, url, **key) for url in (URL, "https://8.8.8.8:443/told"))

    assert second.headers["idempotency-replayed"] == "true"
    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("urls", [(URL, None), (None, URL), (URL, f"{URL}/other")], ids=str)
def test_the_same_with_another_webhook_is_a_conflict(
    api: RunningApi, client: httpx.Client, account: Account, webhook: str, how: str, urls: tuple[Any, Any]
) -> None:
    listen(api.database, account.id, f"{URL}/other")
    key = {"Idempotency-Key": new_id()}
    submit(client, how, urls[0], **key).raise_for_status()

    assert_problem(submit(client, how, urls[1], **key), 409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("how", WAYS)
def test_it_is_the_same_job_also_when_the_webhook_has_gone(
    api: RunningApi, client: httpx.Client, webhook: str, how: str
) -> None:
    key = {"Idempotency-Key": new_id()}
    first = submit(client, how, URL, **key).json()["id"]
    with api.database.begin() as connection:
        delete_endpoint(connection, webhook)

    assert submit(client, how, URL, **key).json()["id"] == first


@pytest.mark.parametrize("again", ["retry", "rerun"])
@pytest.mark.parametrize("how", ["json", "catalogue"])
def test_who_runs_a_job_again_tells_the_same_webhook(
    api: RunningApi, client: httpx.Client, webhook: str, how: str, again: str
) -> None:
    job_id = submit(client, how, URL).json()["id"]
    do_work(api.database, RowError("PREDICTION_FAILED", "The model failed."))
    with api.database.begin() as connection:
        cancel(connection, [job_id])
        connection.execute(Job.__table__.update().where(Job.id == job_id).values(failed=1))

    assert named_by(api, client.post(f"/api/jobs/{job_id}/{again}")) == webhook
