"""Deleting accounts, and what they have used until then."""

import secrets
from pathlib import Path

import httpx
import pytest

from shared.erasure import erase_some
from shared.image_collection import collect_released
from shared.images import image_key
from shared.store import ObjectStore
from shared.usage import Quotas, charge
from shared.users import Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import UNKNOWN_ID
from tests.support.photos import jpeg

PASSWORD = "seven purple bicycles"


@pytest.fixture
def admin(api: RunningApi) -> httpx.Client:
    return api.somebody(Role.ADMIN)


def erase(api: RunningApi) -> ObjectStore:
    """Do what the eraser does; returns the store that it left."""
    store = ObjectStore(api.settings.store)
    assert erase_some(api.database, store, seconds=60)
    collect_released(api.database, store)
    return store


def photos_in(api: RunningApi) -> list[Path]:
    return [path for path in (api.settings.data_dir / "store").rglob("*") if path.is_file()]


def test_a_deleted_account_is_there_for_nobody(api: RunningApi, admin: httpx.Client) -> None:
    username = f"ines-{secrets.token_hex(4)}"
    made = admin.post("/api/users", json={"username": username, "password": PASSWORD, "role": "user"}).json()
    sign_in = {"username": username, "password": PASSWORD}
    token = api.client().post("/api/auth", data=sign_in).json()["access_token"]

    answer = admin.delete(f"/api/users/{made['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    bearer = {"Authorization": f"Bearer {token}"}
    assert_problem(api.client().get("/api/users/me", headers=bearer), 401, "UNAUTHENTICATED")
    assert api.client().post("/api/auth", data=sign_in).status_code in (400, 401)
    assert_problem(admin.get(f"/api/users/{made['id']}"), 404, "NOT_FOUND")
    assert_problem(admin.delete(f"/api/users/{made['id']}"), 404, "NOT_FOUND")
    assert made["id"] not in [user["id"] for user in admin.get("/api/users", params={"limit": 200}).json()["items"]]
    assert admin.post("/api/users", json={**sign_in, "role": "user"}).status_code == 201


def test_what_was_the_accounts_is_gone_at_once_and_then_erased(api: RunningApi, admin: httpx.Client) -> None:
    account = api.add_account()
    client = api.client(account)
    job = client.post("/api/predict", data={"designation": "Chaise"}, files={"image": jpeg()}).json()
    (photo,) = photos_in(api)

    admin.delete(f"/api/users/{account.id}")
    assert_problem(admin.get(f"/api/jobs/{job['id']}"), 404, "NOT_FOUND")
    store = erase(api)

    assert store.size(image_key(photo.name)) is None
    assert photos_in(api) == []


@pytest.mark.parametrize("role", [Role.USER, Role.REVIEWER])
def test_only_administrators_delete_accounts(api: RunningApi, role: Role) -> None:
    account = api.add_account(role)

    assert_problem(api.client(account).delete(f"/api/users/{account.id}"), 403, "FORBIDDEN")


def test_an_administrator_may_delete_their_own_account_while_there_is_another(
    api: RunningApi, admin: httpx.Client
) -> None:
    account = api.add_account(Role.ADMIN)
    client = api.client(account)

    assert client.delete(f"/api/users/{account.id}").status_code == 204

    assert_problem(client.get("/api/users/me"), 401, "UNAUTHENTICATED")


def test_the_last_administrator_stays(api: RunningApi) -> None:
    last = api.add_account(Role.ADMIN)
    client = api.client(last)
    for user in client.get("/api/users", params={"limit": 200}).json()["items"]:
        if user["role"] == "admin" and user["id"] != last.id:
            client.delete(f"/api/users/{user['id']}")

    assert_problem(client.delete(f"/api/users/{last.id}"), 409, "LAST_ADMIN")
    assert client.get("/api/users/me").status_code == 200


@pytest.mark.parametrize("user_id", [UNKNOWN_ID, "1"])
def test_an_unknown_account_is_not_found(admin: httpx.Client, user_id: str) -> None:
    assert_problem(admin.delete(f"/api/users/{user_id}"), 404, "NOT_FOUND")


def test_people_see_what_they_have_used(api: RunningApi) -> None:
    account = api.add_account()
    client = api.client(account)
    limits = {
        "rows_per_day": api.settings.quota_rows_per_day,
        "stored_bytes_limit": api.settings.quota_stored_bytes,
    }
    assert client.get("/api/users/me/usage").json() == {"rows_today": 0, "stored_bytes": 0, **limits}

    with api.database.begin() as connection:
        charge(connection, account.id, 3, 4_096, Quotas.of(api.settings))

    assert client.get("/api/users/me/usage").json() == {"rows_today": 3, "stored_bytes": 4_096, **limits}
