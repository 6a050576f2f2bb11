"""Signing in at POST /api/auth."""

import secrets

import httpx
import pytest
from sqlalchemy import update

from api.tokens import Tokens
from shared.passwords import Passwords
from shared.tables import User
from shared.users import Role, add_user
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem

PASSWORD = "a long enough pass phrase"


@pytest.fixture(scope="module")
def username(api: RunningApi) -> str:
    name = f"ines.{secrets.token_hex(4)}@example"
    with api.database.begin() as connection:
        add_user(connection, name, Passwords().hash(PASSWORD), Role.REVIEWER)
    return name


@pytest.fixture
def nobody(api: RunningApi) -> httpx.Client:
    return api.client()


def test_the_right_password_gives_a_bearer_token(nobody: httpx.Client, username: str) -> None:
    answer = nobody.post("/api/auth", data={"username": username, "password": PASSWORD})

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()
    assert (token["token_type"], token["scope"], token["expires_in"]) == ("bearer", "reviewer", 900)
    me = nobody.get("/api/users/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert me.json()["username"] == username


@pytest.mark.parametrize("name", ["nobody", "no such name", "nul\0", "é" * 200, "' OR 1=1 --"])
def test_an_unknown_name_and_a_wrong_password_look_the_same(nobody: httpx.Client, username: str, name: str) -> None:
    wrong = nobody.post("/api/auth", data={"username": username, "password": "wrong"})
    unknown = nobody.post("/api/auth", data={"username": name, "password": PASSWORD})

    assert assert_problem(wrong, 401, "INVALID_CREDENTIALS") == assert_problem(unknown, 401, "INVALID_CREDENTIALS")
    assert wrong.headers["www-authenticate"] == "Bearer"


def test_a_disabled_account_cannot_sign_in(api: RunningApi, nobody: httpx.Client) -> None:
    name = f"gone-{secrets.token_hex(4)}"
    with api.database.begin() as connection:
        user_id = add_user(connection, name, Passwords().hash(PASSWORD), Role.USER)
        connection.execute(update(User).where(User.id == user_id).values(disabled=True))

    answer = nobody.post("/api/auth", data={"username": name, "password": PASSWORD})

    assert_problem(answer, 401, "INVALID_CREDENTIALS")


def test_an_account_without_a_password_cannot_sign_in(api: RunningApi, nobody: httpx.Client) -> None:
    account = api.add_account()

    for password in ("!", PASSWORD):
        answer = nobody.post("/api/auth", data={"username": account.username, "password": password})
        assert_problem(answer, 401, "INVALID_CREDENTIALS")


def test_other_grant_types_are_refused(nobody: httpx.Client, username: str) -> None:
    form = {"grant_type": "implicit", "username": username, "password": PASSWORD}

    assert_problem(nobody.post("/api/auth", data=form), 422, "UNSUPPORTED_GRANT_TYPE")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"username=ines"),
        ("application/x-www-form-urlencoded", b""),
        ("application/json", b'{"username": "ines", "password": "x"}'),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\nx\r\n--b--',
        ),
    ],
)
def test_a_form_without_its_fields_is_invalid(nobody: httpx.Client, content_type: str, body: bytes) -> None:
    answer = nobody.post("/api/auth", content=body, headers={"Content-Type": content_type})

    where = {error["where"] for error in assert_problem(answer, 422, "VALIDATION")["errors"]}
    assert "body.password" in where


def test_half_a_character_in_a_password_is_invalid(nobody: httpx.Client) -> None:
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = part.format("username", "ines") + part.format("password", r"\ud800") + "--b--"
    odd = {"Content-Type": "multipart/form-data; charset=unicode_escape; boundary=b"}

    assert_problem(nobody.post("/api/auth", content=body, headers=odd), 422, "VALIDATION")


def test_the_password_is_not_repeated_in_an_error(nobody: httpx.Client) -> None:
    answer = nobody.post("/api/auth", data={"password": "do not repeat me"})

    assert "do not repeat me" not in answer.text


def test_tokens_of_another_installation_are_refused(api: RunningApi) -> None:
    account = api.add_account()
    foreign = Tokens(secrets.token_urlsafe(48), 900).issue(account.id, account.token_version)

    answer = api.client().get("/api/users/me", headers={"Authorization": f"Bearer {foreign}"})

    assert_problem(answer, 401, "UNAUTHENTICATED")
