"""Who may do what: every operation of the document, asked by everybody, about things that somebody else owns or not.

Each cell of the table is what one of them is answered. A call that is refused changes nothing.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, update

from shared.identifiers import new_id
from shared.releases import publish
from shared.store import ObjectStore
from shared.tables import Base, Product, User
from shared.users import Account, Role, account_by_id, add_user
from tests.api.accounts import PASSWORD, password_hash
from tests.api.conftest import RunningApi
from tests.support.bundles import fake_bundle
from tests.support.ledger import accept_catalogue
from tests.support.photos import GOOD
from tests.support.webhooks import deliveries, listen
from tests.support.work import do_work

# Those who ask: nobody; the one whose things they are; another account; a reviewer; an administrator; the owner, but
# disabled; and a service account.
WHO = ("nobody", "owner", "other", "reviewer", "admin", "disabled", "service")

SIGNED_IN = (401, 200, 200, 200, 200, 401, 200)
OWNERS = (401, 200, 404, 404, 200, 401, 404)  # the owner's and administrators'; for others it is not there
OWNERS_GONE = (401, 204, 404, 404, 204, 401, 404)
OWNERS_ACCEPTED = (401, 202, 404, 404, 202, 401, 404)
ADMINS = (401, 403, 403, 403, 200, 401, 403)
EVERYBODY = (200,) * 7

EXPECTED: dict[str, tuple[int, ...]] = {
    "get_token": EVERYBODY,
    "revoke_token": EVERYBODY,
    "get_authorization_server": EVERYBODY,
    "open_session": EVERYBODY,
    "close_session": (204,) * 7,
    "get_own_account": SIGNED_IN,
    "change_own_password": (401, 204, 204, 204, 204, 401, 403),  # a service has none
    "get_own_usage": SIGNED_IN,
    "list_users": ADMINS,
    "add_user": (401, 403, 403, 403, 201, 401, 403),
    "get_user": ADMINS,
    "change_user": ADMINS,
    "delete_user": (401, 403, 403, 403, 204, 401, 403),
    "renew_user_secret": ADMINS,
    "predict": (401, 202, 202, 202, 202, 401, 202),
    "submit_catalogue": (401, 202, 202, 202, 202, 401, 202),
    "list_jobs": (401, 200, 403, 403, 200, 401, 403),  # of the owner's, by name
    "get_job": OWNERS,
    "get_job_events": OWNERS,
    "get_job_results": OWNERS,
    "get_job_errors": OWNERS,
    "cancel_job": OWNERS,
    "retry_job": (401, 409, 404, 404, 409, 401, 404),  # of a job in which nothing has failed
    "rerun_job": OWNERS_ACCEPTED,
    "delete_job": OWNERS_GONE,
    "list_predictions": SIGNED_IN,  # whose they are is seen below
    "count_predictions": SIGNED_IN,
    "correct_prediction": (401, 403, 403, 201, 201, 401, 403),
    "get_image": (401, 200, 404, 200, 200, 401, 404),
    "get_taxonomy": SIGNED_IN,
    "declare_category": ADMINS,
    "ingest_product": (401, 403, 403, 403, 201, 401, 403),
    "list_products": SIGNED_IN,
    "get_product": SIGNED_IN,
    "export_products": ADMINS,
    "list_webhooks": SIGNED_IN,
    "add_webhook": (401, 201, 201, 201, 201, 401, 201),
    "get_webhook": OWNERS,
    "change_webhook": OWNERS,
    "delete_webhook": OWNERS_GONE,
    "rotate_webhook_secret": OWNERS,
    "test_webhook": OWNERS,
    "list_deliveries": OWNERS,
    "redeliver": OWNERS_ACCEPTED,
    "recover_deliveries": OWNERS_ACCEPTED,
    "list_models": ADMINS,
    "get_model": ADMINS,
    "activate_model": ADMINS,
    "get_monitor": SIGNED_IN,
    "get_monitor_history": SIGNED_IN,
    "get_liveness": EVERYBODY,
    "get_readiness": EVERYBODY,
    "get_metrics": EVERYBODY,
    "get_openapi": EVERYBODY,
}
CHANGES_NOTHING = ("get", "head")
OF_A_WEBHOOK = (
    *("get_webhook", "change_webhook", "delete_webhook", "rotate_webhook_secret", "test_webhook"),
    *("list_deliveries", "redeliver", "recover_deliveries"),
)
HIDDEN = (
    *("get_job", "get_job_events", "get_job_results", "get_job_errors"),
    *("cancel_job", "retry_job", "rerun_job", "delete_job"),
    *OF_A_WEBHOOK,
)
VERSION = "roles-1"


@dataclass(frozen=True, slots=True)
class Things:
    """What the owner has: an ended job with a photo, an open one, and an account and a service to change.

    And a webhook, which leads nowhere, with what was to be told of the ended job. The product is the catalogue's, and
    nobody's.
    """

    owner: Account
    ended_job: str
    prediction: int
    open_job: str
    photo: str
    product: int
    person: str
    service: str
    webhook: str
    delivery: str


def add(api: RunningApi, role: Role = Role.USER, *, is_service: bool = False) -> Account:
    """An account that can sign in with PASSWORD."""
    with api.database.begin() as connection:
        name = f"{role}-{len(connection.execute(select(User.id)).all())}"
        account = account_by_id(connection, add_user(connection, name, password_hash(), role, is_service=is_service))
    assert account is not None
    return account


def things_of(api: RunningApi, owner: Account) -> Things:
    webhook = listen(api.database, owner.id, "https://127.0.0.1/told")
    answer = api.client(owner).post("/api/predict", files={"image": ("photo.jpg", GOOD["jpeg"])})
    do_work(api.database)
    ended = api.client(owner).get(answer.headers["location"]).json()
    return Things(
        owner,
        ended["id"],
        ended["prediction"]["id"],
        accept_catalogue(api.database, owner.id, "Chaise", "Table"),
        ended["prediction"]["photo"],
        stored_product(api),
        add(api).id,
        add(api, is_service=True).id,
        webhook,
        deliveries(api.database, webhook)[0].id,
    )


def stored_product(api: RunningApi) -> int:
    with api.database.begin() as connection:
        product = {"product_id": new_id(), "designation": "Parasol", "prdtypecode": 2582}
        return connection.execute(insert(Product).values(product).returning(Product.id)).scalar_one()


def asked(api: RunningApi, who: str, owner: Account) -> tuple[httpx.Client, Account]:
    """A client of one of those who ask, and the account that it belongs to (nobody's: the owner's)."""
    if who in ("nobody", "owner"):
        return api.client(None if who == "nobody" else owner), owner
    if who == "disabled":
        client = api.client(owner)
        with api.database.begin() as connection:
            connection.execute(update(User).where(User.id == owner.id).values(disabled=True))
        return client, owner
    role = {"reviewer": Role.REVIEWER, "admin": Role.ADMIN}.get(who, Role.USER)
    account = add(api, role, is_service=who == "service")
    return api.client(account), account


def request_of(api: RunningApi, operation: str, things: Things, account: Account) -> dict[str, Any]:
    """What is sent beyond method and path: something that would be done if it were allowed."""
    page = {"Sec-Fetch-Site": "same-origin"}
    somebody = add(api) if operation in ("get_token", "revoke_token", "open_session") else account
    sign_in = {"username": somebody.username, "password": PASSWORD}
    requests: dict[str, dict[str, Any]] = {
        "get_token": {"data": sign_in},
        "revoke_token": {"data": {"token": "none-that-there-is"}},
        "open_session": {"data": sign_in, "headers": page},
        "close_session": {"headers": page},
        "change_own_password": {"json": {"current_password": PASSWORD, "new_password": "mauve otter 41 tulip"}},
        "add_user": {"json": {"username": f"new-{account.username}", "password": "mauve otter 41 tulip"}},
        "change_user": {"json": {"role": "reviewer"}},
        "predict": {"json": {"designation": "Chaise longue"}},
        "submit_catalogue": {"content": b"designation\nChaise\n", "headers": {"Content-Type": "text/csv"}},
        "correct_prediction": {"json": {"code": 2582}},
        "declare_category": {"json": {"name": "Mobilier de jardin"}},
        "ingest_product": {"json": {"product_id": new_id(), "designation": "Transat", "prdtypecode": 2582}},
        "list_jobs": {"params": {"owner": things.owner.id}},
        "add_webhook": {"json": {"url": f"https://8.8.8.8/{new_id()}"}},
        "change_webhook": {"json": {"active": False}},
        "recover_deliveries": {"params": {"since": "2026-01-01T00:00:00Z"}},
    }
    return requests.get(operation, {})


def path_of(template: str, operation: str, things: Things) -> str:
    """The path, with what it leads to."""
    if template == "/api/images/{sha256}":
        return things.photo
    ids = {
        "get_user": things.person,
        "change_user": things.person,
        "delete_user": things.person,
        "renew_user_secret": things.service,
        "cancel_job": things.open_job,
        "correct_prediction": str(things.prediction),
        "get_product": str(things.product),
        **dict.fromkeys(OF_A_WEBHOOK, things.webhook),
    }
    named = template.replace("{version}", VERSION).replace("{code}", "2582").replace("{delivery_id}", things.delivery)
    return named.replace("{id}", ids.get(operation, things.ended_job))


def rows(api: RunningApi) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the database."""
    with api.database.read() as connection:
        tables = Base.metadata.sorted_tables
        return {
            table.name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr) for table in tables
        }


@pytest.fixture(scope="module", autouse=True)
def published(api: RunningApi, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A bundle that can be activated."""
    bundle = fake_bundle(tmp_path_factory.mktemp("bundle") / VERSION, VERSION)
    publish(api.database, ObjectStore(api.settings.store), bundle, activated=True)


@pytest.fixture(scope="module")
def operations(api: RunningApi) -> dict[str, tuple[str, str]]:
    """Method and path of each operation."""
    paths = api.client().get("/api/openapi.json").json()["paths"]
    return {operation["operationId"]: (method, path) for path, of in paths.items() for method, operation in of.items()}


def test_the_table_has_every_operation(operations: dict[str, tuple[str, str]]) -> None:
    assert set(EXPECTED) == set(operations)


@pytest.mark.parametrize("operation", EXPECTED)
@pytest.mark.parametrize("who", WHO)
def test_role(api: RunningApi, operations: dict[str, tuple[str, str]], who: str, operation: str) -> None:
    method, template = operations[operation]
    owner = add(api)
    things = things_of(api, owner)
    client, account = asked(api, who, owner)
    request = request_of(api, operation, things, account)
    before = rows(api)

    answer = client.request(method, path_of(template, operation, things), **request)

    assert answer.status_code == EXPECTED[operation][WHO.index(who)], answer.text
    if answer.is_error or method in CHANGES_NOTHING:
        assert rows(api) == before


@pytest.mark.parametrize(
    ("who", "sees"), [("owner", True), ("other", False), ("reviewer", True), ("admin", True), ("service", False)]
)
def test_predictions_are_seen_by_their_owner_and_by_reviewers(api: RunningApi, who: str, sees: bool) -> None:
    owner = add(api)
    things = things_of(api, owner)
    client, _ = asked(api, who, owner)

    found = client.get("/api/predictions", params={"job": things.ended_job}).json()["items"]

    assert bool(found) is sees


@pytest.mark.parametrize("who", ["other", "reviewer", "admin", "service"])
def test_jobs_of_others_are_in_nobodys_list_unless_asked_for(api: RunningApi, who: str) -> None:
    owner = add(api)
    things_of(api, owner)
    client, _ = asked(api, who, owner)

    assert client.get("/api/jobs").json()["items"] == []


@pytest.mark.parametrize(
    ("who", "operation"),
    [
        *product(("other", "reviewer", "service"), HIDDEN),
        *product(("other", "service"), ("get_image",)),  # reviewers see every photo
    ],
)
def test_what_is_hidden_looks_like_what_is_not_there(
    api: RunningApi, operations: dict[str, tuple[str, str]], who: str, operation: str
) -> None:
    method, template = operations[operation]
    owner = add(api)
    things = things_of(api, owner)
    client, account = asked(api, who, owner)
    request = request_of(api, operation, things, account)
    nothing = template.replace("{id}", "01932d3c-7f3a-7cc2-9d4e-5b1f0f6f2a10").replace("{sha256}", "0" * 64)
    nothing = nothing.replace("{delivery_id}", things.delivery)

    hidden = client.request(method, path_of(template, operation, things), **request)
    missing = client.request(method, nothing, **request)

    assert hidden.json() == missing.json()
    assert hidden.status_code == missing.status_code == 404
