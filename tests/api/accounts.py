"""Accounts that can sign in, and what they sign in with."""

import secrets
from functools import cache

import httpx

from shared.passwords import Passwords
from shared.users import Role, add_user
from tests.api.conftest import RunningApi

PASSWORD = "a long enough pass phrase"


@cache
def password_hash() -> str:
    return Passwords().hash(PASSWORD)


def add_person(api: RunningApi, role: Role = Role.USER) -> str:
    """A new account with PASSWORD; returns its name."""
    return _add(api, role, is_service=False)


def add_service(api: RunningApi, role: Role = Role.USER) -> str:
    """A new service account with PASSWORD for its secret; returns its name."""
    return _add(api, role, is_service=True)


def _add(api: RunningApi, role: Role, is_service: bool) -> str:
    name = f"somebody.{secrets.token_hex(4)}@example"
    with api.database.begin() as connection:
        add_user(connection, name, password_hash(), role, is_service=is_service)
    return name


def sign_in(client: httpx.Client, username: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/api/auth", data={"username": username, "password": password})


def refresh(client: httpx.Client, token: str) -> httpx.Response:
    return client.post("/api/auth", data={"grant_type": "refresh_token", "refresh_token": token})


def refresh_token_of(client: httpx.Client, username: str) -> str:
    token: str = sign_in(client, username).json()["refresh_token"]
    return token


def works(client: httpx.Client, access_token: str) -> bool:
    answer = client.get("/api/users/me", headers={"Authorization": f"Bearer {access_token}"})
    return answer.status_code == 200


def assert_oauth_problem(answer: httpx.Response, status: int, code: str, error: str) -> None:
    """The answer is a problem and an error of RFC 6749 at once."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text
    assert answer.headers["cache-control"] == "no-store"
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["error"]) == (status, code, error)
    assert problem["title"]
    assert problem["error_description"] == problem["detail"]
    assert problem["detail"]
