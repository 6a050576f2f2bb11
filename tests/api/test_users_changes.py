"""Changes to accounts: by an administrator, and of one's own password. Service accounts and their secrets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrations.upgrade import upgrade
from shared.identifiers import new_id
from shared.users import Role
from tests.api.accounts import PASSWORD, add_person, add_service, refresh, refresh_token_of, sign_in, works
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.api.paths import UNKNOWN_ID
from tests.conftest import RedisServer

OTHER_PASSWORD = "seven purple bicycles"


@pytest.fixture
def admin(api: RunningApi) -> httpx.Client:
    return api.somebody(Role.ADMIN)


@pytest.fixture
def nobody(api: RunningApi) -> httpx.Client:
    return api.client()


class Person:
    """Somebody who has signed in with PASSWORD."""

    def __init__(self, api: RunningApi) -> None:
        self.username = add_person(api)
        self.client = api.client()
        token = sign_in(self.client, self.username).json()
        self.refresh_token = token["refresh_token"]
        self.client.headers["Authorization"] = f"Bearer {token['access_token']}"
        self.id = self.client.get("/api/users/me").json()["id"]

    def is_signed_out(self) -> bool:
        """Whether neither token is good any more."""
        answers = (self.client.get("/api/users/me"), refresh(self.client, self.refresh_token))
        return [answer.status_code for answer in answers] == [401, 401]

    def change_password(self, current: str, new: str) -> httpx.Response:
        body = {"current_password": current, "new_password": new}
        return self.client.post("/api/users/me/password", json=body)


@pytest.fixture
def person(api: RunningApi) -> Person:
    return Person(api)


@pytest.mark.parametrize("changes", [{"role": "reviewer"}, {"disabled": True}, {"password": OTHER_PASSWORD}])
def test_a_change_by_an_administrator_signs_somebody_out(
    admin: httpx.Client, person: Person, changes: dict[str, Any]
) -> None:
    answer = admin.patch(f"/api/users/{person.id}", json=changes)

    assert answer.status_code == 200
    changes.pop("password", None)
    assert answer.json() | changes == answer.json() == admin.get(f"/api/users/{person.id}").json()
    assert person.is_signed_out()


def test_who_is_disabled_cannot_sign_in_until_enabled_again(admin: httpx.Client, person: Person) -> None:
    admin.patch(f"/api/users/{person.id}", json={"disabled": True})
    assert sign_in(person.client, person.username).status_code == 401

    admin.patch(f"/api/users/{person.id}", json={"disabled": False})

    assert sign_in(person.client, person.username).status_code == 200


def test_the_new_password_is_the_one_that_counts(admin: httpx.Client, person: Person) -> None:
    admin.patch(f"/api/users/{person.id}", json={"password": OTHER_PASSWORD})

    assert sign_in(person.client, person.username).status_code == 401
    assert sign_in(person.client, person.username, OTHER_PASSWORD).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [{}, {"role": "root"}, {"role": None}, {"disabled": None}, {"disabled": 1}, {"password": 7}, {"username": "x"}],
)
def test_changes_of_the_wrong_kind_are_refused(admin: httpx.Client, person: Person, changes: dict[str, Any]) -> None:
    assert_problem(admin.patch(f"/api/users/{person.id}", json=changes), 422, "VALIDATION")


@pytest.mark.parametrize("password", ["", "short", "password123"])
def test_an_administrator_gives_no_weak_password(admin: httpx.Client, person: Person, password: str) -> None:
    answer = admin.patch(f"/api/users/{person.id}", json={"password": password})

    assert_problem(answer, 422, "WEAK_PASSWORD")
    assert not person.is_signed_out()


@pytest.mark.parametrize("user_id", [UNKNOWN_ID, "1"])
def test_an_account_that_there_is_not_cannot_be_changed(admin: httpx.Client, user_id: str) -> None:
    for changes in ({"disabled": True}, {"password": OTHER_PASSWORD}):
        assert_problem(admin.patch(f"/api/users/{user_id}", json=changes), 404, "NOT_FOUND")


@pytest.fixture
def new_api(shared_redis: RedisServer, tmp_path: Path) -> Iterator[RunningApi]:
    """An installation without accounts."""
    settings = settings_for(tmp_path, shared_redis.broker_url)
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


@pytest.mark.parametrize("changes", [{"disabled": True}, {"role": "user"}])
def test_the_last_administrator_stays(new_api: RunningApi, changes: dict[str, Any]) -> None:
    account = new_api.add_account(Role.ADMIN)
    client = new_api.client(account)

    assert_problem(client.patch(f"/api/users/{account.id}", json=changes), 409, "LAST_ADMIN")
    assert client.get("/api/users").status_code == 200


def test_a_new_password_of_ones_own_ends_every_session(person: Person) -> None:
    answer = person.change_password(PASSWORD, OTHER_PASSWORD)

    assert (answer.status_code, answer.content) == (204, b"")
    assert person.is_signed_out()
    assert sign_in(person.client, person.username, OTHER_PASSWORD).status_code == 200


def test_a_wrong_current_password_changes_nothing_and_counts(api: RunningApi, person: Person) -> None:
    answers = [person.change_password("wrong", OTHER_PASSWORD) for _ in range(api.settings.sign_in_failures)]

    assert_problem(answers[-1], 403, "WRONG_PASSWORD")
    assert_problem(person.change_password(PASSWORD, OTHER_PASSWORD), 429, "TOO_MANY_SIGN_INS")
    assert sign_in(person.client, person.username).status_code == 429


def test_a_weak_new_password_is_refused(person: Person) -> None:
    problem = assert_problem(person.change_password(PASSWORD, "password123"), 422, "WEAK_PASSWORD")

    assert problem["errors"][0]["where"] == "body.new_password"
    assert not person.is_signed_out()


@pytest.mark.parametrize("body", [{}, {"current_password": PASSWORD}, {"current_password": 1, "new_password": 2}])
def test_both_passwords_are_needed(person: Person, body: dict[str, Any]) -> None:
    assert_problem(person.client.post("/api/users/me/password", json=body), 422, "VALIDATION")


def service_token(client: httpx.Client, client_id: str, secret: str) -> httpx.Response:
    return client.post("/api/auth", data={"grant_type": "client_credentials"}, auth=(client_id, secret))


def test_a_service_gets_a_secret_that_is_shown_once(admin: httpx.Client, nobody: httpx.Client) -> None:
    made = admin.post("/api/users", json={"username": f"shop-{new_id()}", "role": "user", "is_service": True})

    assert made.status_code == 201
    account = made.json()
    secret = account.pop("client_secret")
    assert len(secret) == 43  # 256 bits
    assert account["is_service"] is True
    assert admin.get(made.headers["location"]).json() == account
    token = service_token(nobody, account["username"], secret).json()["access_token"]
    assert works(nobody, token)


def test_a_service_may_have_a_new_secret(admin: httpx.Client, nobody: httpx.Client) -> None:
    made = admin.post("/api/users", json={"username": f"shop-{new_id()}", "is_service": True}).json()
    token = service_token(nobody, made["username"], made["client_secret"]).json()["access_token"]

    answer = admin.post(f"/api/users/{made['id']}/secret")

    assert answer.status_code == 200
    assert answer.json()["client_id"] == made["username"]
    assert not works(nobody, token)
    assert service_token(nobody, made["username"], made["client_secret"]).status_code == 401
    assert service_token(nobody, made["username"], answer.json()["client_secret"]).status_code == 200


def test_a_person_has_no_secret_and_a_service_no_password(
    api: RunningApi, admin: httpx.Client, nobody: httpx.Client, person: Person
) -> None:
    name = add_service(api)
    form = {"grant_type": "client_credentials", "client_id": name, "client_secret": PASSWORD}
    token = nobody.post("/api/auth", data=form).json()["access_token"]
    nobody.headers["Authorization"] = f"Bearer {token}"
    service_id = nobody.get("/api/users/me").json()["id"]

    assert_problem(admin.post(f"/api/users/{person.id}/secret"), 409, "NOT_A_SERVICE_ACCOUNT")
    changed = admin.patch(f"/api/users/{service_id}", json={"password": OTHER_PASSWORD})
    assert_problem(changed, 409, "SERVICE_ACCOUNT")
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    assert_problem(nobody.post("/api/users/me/password", json=body), 403, "SERVICE_ACCOUNT")


def test_disabling_ends_refresh_tokens_of_the_page_too(api: RunningApi, admin: httpx.Client, person: Person) -> None:
    token = refresh_token_of(api.client(), person.username)

    admin.patch(f"/api/users/{person.id}", json={"disabled": True})
    admin.patch(f"/api/users/{person.id}", json={"disabled": False})

    assert refresh(api.client(), token).status_code == 401
