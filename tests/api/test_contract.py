"""The served application against the document that it serves: thousands of requests that nobody thought of."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from api.parameters import cursor_after
from migrations.upgrade import upgrade
from shared.database import Database
from shared.releases import publish
from shared.settings import Settings
from shared.store import ObjectStore
from shared.taxonomy import RAKUTEN
from shared.users import Account, Role, add_user
from tests.api.accounts import password_hash
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.contract.run import Pool, Run, run_schemathesis
from tests.conftest import RedisServer
from tests.support.bundles import fake_bundle
from tests.support.ledger import accept_catalogue
from tests.support.photos import GOOD
from tests.support.webhooks import deliveries, listen
from tests.support.work import do_work

STORED_PRODUCT = "278535884"
VERSIONS = ("contract-1", "contract-2")
MANY = 12
# Short, since a generated text is as long as the document lets it be.
LIMITS = {"max_designation_characters": 60, "max_description_characters": 120}
HERE = {"allowed_networks": "127.0.0.0/8"}  # where nobody listens to webhooks
WEBHOOK_URL = "https://127.0.0.1/told"


@contextmanager
def worked_for(settings: Settings) -> Iterator[None]:
    """Single products are answered for the time of the block."""
    over = threading.Event()

    def work() -> None:
        database = Database(settings.database)
        while not over.wait(0.02):
            do_work(database)
        database.close()

    thread = threading.Thread(target=work, name="work")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def service(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    many = {"sign_in_failures": 10**6, "sign_in_failures_per_address": 10**6}
    settings = settings_for(tmp_path_factory.mktemp("contract"), shared_redis.broker_url, **LIMITS, **HERE, **many)
    upgrade(settings.database)
    with serve(settings) as running, worked_for(settings):
        ingest(running, STORED_PRODUCT)
        store = ObjectStore(settings.store)
        for version in VERSIONS:
            publish(
                running.database, store, fake_bundle(settings.data_dir / "made" / version, version), activated=False
            )
        yield running


@pytest.fixture(scope="module")
def document(service: RunningApi) -> dict[str, Any]:
    found: dict[str, Any] = service.client().get("/api/openapi.json").json()
    return found


def ingest(service: RunningApi, product_id: str) -> None:
    product = {"product_id": product_id, "designation": "Tente", "prdtypecode": 2582}
    service.somebody(Role.ADMIN).post("/api/data-ingest", json=product).raise_for_status()


def predict(client: httpx.Client, **product: Any) -> dict[str, Any]:
    answer = client.post("/api/predict", headers={"Prefer": "wait=30"}, **product)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def prepared(service: RunningApi, account: Account) -> tuple[list[Pool], dict[str, str]]:
    """Things of each kind that there are, some of the account's and some of others'."""
    database, own, other = service.database, service.client(account), service.add_account()
    named = listen(database, account.id, WEBHOOK_URL)
    webhooks = [listen(database, account.id, f"{WEBHOOK_URL}/{n}") for n in range(MANY)]
    jobs = [predict(own, json={"designation": "Chaise longue"})["id"] for _ in range(MANY)]
    shown = predict(own, files={"image": ("photo.jpg", GOOD["jpeg"])})["prediction"]["photo"]
    predictions = [str(item["id"]) for item in own.get("/api/predictions", params={"limit": MANY}).json()["items"]]
    products = [str(item["id"]) for item in own.get("/api/products").json()["items"]]
    open_jobs = [accept_catalogue(database, other.id, "Chaise", "Table") for _ in range(MANY)]
    with database.begin() as connection:
        people = [add_user(connection, f"person-{account.role}-{n}", password_hash(), Role.USER) for n in range(MANY)]
        services = [
            add_user(connection, f"service-{account.role}-{n}", password_hash(), Role.USER, is_service=True)
            for n in range(MANY)
        ]
    pools = [
        Pool("id", ("get_job", "get_job_events", "get_job_results", "get_job_errors", "delete_job"), jobs),
        Pool("id", ("cancel_job",), open_jobs),
        Pool("id", ("get_user", "change_user", "delete_user", "renew_user_secret"), people + services),
        Pool("id", ("get_webhook", "change_webhook", "rotate_webhook_secret", "delete_webhook"), webhooks[2:]),
        Pool("id", ("test_webhook", "list_deliveries", "recover_deliveries"), webhooks[:2]),
        Pool("id", ("redeliver",), webhooks[:1]),
        Pool("delivery_id", ("redeliver",), [each.id for each in deliveries(database, webhooks[0])]),
        Pool("id", ("correct_prediction",), predictions),
        Pool("id", ("get_product",), products),
        Pool("version", ("get_model", "activate_model"), VERSIONS),
        Pool("code", ("declare_category",), [str(category.code) for category in RAKUTEN]),
        Pool("sha256", ("get_image",), [shown.rpartition("/")[2]]),
    ]
    ingest(service, "278535885")  # a page of products has one behind it
    admins = ("/api/users", "/api/models") if account.role is Role.ADMIN else ()
    paths = ("/api/jobs", "/api/predictions", "/api/products", "/api/webhooks", *admins)
    cursors = {path: own.get(path, params={"limit": 1}).json()["next_cursor"] for path in paths}
    cursors |= {f"/api/jobs/{{id}}/{part}": cursor_after("0") for part in ("results", "errors")}
    of_a_job = dict.fromkeys(("/api/jobs/{id}/results", "/api/jobs/{id}/errors"), cursors["/api/predictions"])
    cursors["/api/webhooks/{id}/deliveries"] = cursors["/api/jobs"]
    return pools, {
        "CONTRACT_OWN_ID": account.id,
        "CONTRACT_OWN_WEBHOOK": named,
        "CONTRACT_WEBHOOK_URL": WEBHOOK_URL,
        "CONTRACT_STORED_PRODUCT": STORED_PRODUCT,
        "CONTRACT_CODES": json.dumps([category.code for category in RAKUTEN]),
        "CONTRACT_CURSORS": json.dumps({**cursors, **of_a_job}),
    }


@pytest.fixture(scope="module", params=[(Role.ADMIN, 12, 8), (Role.USER, 4, 3)], ids=["admin", "user"])
def run(
    request: pytest.FixtureRequest,
    service: RunningApi,
    document: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    role, examples, sequences = request.param
    folder = tmp_path_factory.mktemp("contract-run")
    (folder / "openapi.json").write_text(json.dumps(document))
    account = service.add_account(role)
    pools, environment = prepared(service, account)
    token = service.token_of(account)
    found = run_schemathesis(folder, service.url, token, pools, environment, examples=examples, sequences=sequences)
    print(f"{found.requests.total()} requests as {role}")
    assert service.client(account).get("/api/users/me").status_code == 200, "the account went while it asked"
    return found


def test_all_answers_are_as_documented(run: Run) -> None:
    assert not run.failed, run.text


def test_every_operation_was_asked(run: Run, document: dict[str, Any]) -> None:
    operations = {(method, path) for path, methods in document["paths"].items() for method in methods}

    assert operations <= set(run.requests)
