"""Accounts at /api/users."""

import secrets
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from shared.identifiers import now
from shared.tables import User
from shared.users import Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import UNKNOWN_ID

PASSWORD = "seven purple bicycles"


@pytest.fixture
def admin(api: RunningApi) -> httpx.Client:
    return api.somebody(Role.ADMIN)


def new_user(**changed: Any) -> dict[str, Any]:
    return {"username": f"ines-{secrets.token_hex(4)}", "password": PASSWORD, "role": "reviewer", **changed}


def test_everybody_sees_their_own_account(api: RunningApi) -> None:
    account = api.add_account(Role.REVIEWER)

    me = api.client(account).get("/api/users/me").json()

    assert (me["id"], me["username"], me["role"]) == (account.id, account.username, "reviewer")
    assert set(me) == {"id", "username", "role", "is_service", "disabled", "created_at"}


def test_an_administrator_makes_an_account_that_can_sign_in(admin: httpx.Client) -> None:
    new = new_user()

    made = admin.post("/api/users", json=new)

    assert made.status_code == 201
    assert admin.get(made.headers["location"]).json() == made.json()
    signed_in = admin.post("/api/auth", data={"username": new["username"], "password": PASSWORD})
    assert signed_in.json()["scope"] == "reviewer"


def test_a_name_is_taken_once(admin: httpx.Client) -> None:
    new = new_user()
    admin.post("/api/users", json=new)

    assert_problem(admin.post("/api/users", json=new), 409, "USERNAME_TAKEN")


@pytest.mark.parametrize("password", ["short", "password123", "aaaaaaaaaaaa", "x" * 129, "motdepasse", ""])
def test_weak_passwords_are_refused(admin: httpx.Client, password: str) -> None:
    problem = assert_problem(admin.post("/api/users", json=new_user(password=password)), 422, "WEAK_PASSWORD")

    assert problem["errors"][0]["where"] == "body.password"


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"username": ""}, "body.username"),
        ({"username": "x" * 65}, "body.username"),
        ({"username": "two words"}, "body.username"),
        ({"username": "line\n"}, "body.username"),
        ({"username": "é"}, "body.username"),
        ({"username": 7}, "body.username"),
        ({"password": 12345678}, "body.password"),
        ({"password": None}, "body.password"),
        ({"role": "root"}, "body.role"),
        ({"is_service": True}, "body"),
        ({"is_service": 1}, "body.is_service"),
        ({"is_admin": True}, "body"),
    ],
)
def test_fields_of_the_wrong_kind_are_refused(admin: httpx.Client, changed: dict[str, Any], where: str) -> None:
    answer = admin.post("/api/users", json=new_user(**changed))

    assert assert_problem(answer, 422, "VALIDATION")["errors"][0]["where"] == where


def test_what_was_sent_is_not_repeated(admin: httpx.Client) -> None:
    secret = "never repeat this"

    answer = admin.post("/api/users", json={"username": secret, "password": [secret], "role": secret, secret: secret})

    assert secret not in answer.text


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"username": NaN}', b'{"a": 1, "a": 2}', b"[" * 10_000])
def test_a_body_that_is_no_strict_json_object_is_refused(admin: httpx.Client, body: bytes) -> None:
    answer = admin.post("/api/users", content=body, headers={"Content-Type": "application/json"})

    assert answer.json()["code"] == ("VALIDATION" if body in (b"[]", b"null") else "INVALID_JSON")
    assert answer.status_code == 422


def test_a_person_needs_a_password(admin: httpx.Client) -> None:
    assert_problem(admin.post("/api/users", json={"username": "ines"}), 422, "VALIDATION")


def test_another_media_type_is_refused(admin: httpx.Client) -> None:
    assert_problem(admin.post("/api/users", data=new_user()), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_deleted_account_is_found_by_nobody(api: RunningApi, admin: httpx.Client) -> None:
    account = api.add_account()
    with api.database.begin() as connection:
        connection.execute(update(User).where(User.id == account.id).values(deleted_at=now()))

    assert_problem(admin.get(f"/api/users/{account.id}"), 404, "NOT_FOUND")
    assert_problem(admin.patch(f"/api/users/{account.id}", json={"disabled": True}), 404, "NOT_FOUND")
    assert_problem(api.client(account).get("/api/users/me"), 401, "UNAUTHENTICATED")
    assert account.id not in admin.get("/api/users", params={"limit": 200}).text


def test_pages_hold_each_account_once(api: RunningApi, admin: httpx.Client) -> None:
    added = {api.add_account().id for _ in range(3)}

    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    while True:
        page = admin.get("/api/users", params=params).json()
        seen += [user["id"] for user in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]

    assert added <= set(seen)
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("user_id", [UNKNOWN_ID, "1", "%00"])
def test_an_unknown_account_is_not_found(admin: httpx.Client, user_id: str) -> None:
    assert_problem(admin.get(f"/api/users/{user_id}"), 404, "NOT_FOUND")


@pytest.mark.parametrize("role", [Role.USER, Role.REVIEWER])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{UNKNOWN_ID}"),
        ("PATCH", f"/{UNKNOWN_ID}"),
        ("POST", f"/{UNKNOWN_ID}/secret"),
    ],
)
def test_accounts_are_for_administrators(api: RunningApi, role: Role, method: str, path: str) -> None:
    answer = api.somebody(role).request(method, f"/api/users{path}")

    assert_problem(answer, 403, "FORBIDDEN")
