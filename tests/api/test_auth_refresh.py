"""Refresh tokens at POST /api/auth, and their end at POST /api/auth/revoke."""

import httpx
import pytest
from sqlalchemy import update

from shared.identifiers import now
from shared.refresh_tokens import GRACE
from shared.tables import RefreshToken
from tests.api.accounts import add_person, assert_oauth_problem, refresh, refresh_token_of, sign_in, works
from tests.api.conftest import RunningApi


@pytest.fixture
def nobody(api: RunningApi) -> httpx.Client:
    return api.client()


@pytest.fixture
def token(api: RunningApi, nobody: httpx.Client) -> str:
    return refresh_token_of(nobody, add_person(api))


def revoke(client: httpx.Client, **form: str) -> httpx.Response:
    return client.post("/api/auth/revoke", data=form)


def test_a_refresh_token_gives_an_access_token_and_the_next(nobody: httpx.Client, token: str) -> None:
    answer = refresh(nobody, token)

    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert answer.json()["refresh_token"] != token
    assert works(nobody, answer.json()["access_token"])


def test_what_a_reused_token_has_ended_stays_ended(api: RunningApi, nobody: httpx.Client, token: str) -> None:
    child = refresh(nobody, token).json()["refresh_token"]
    with api.database.begin() as connection:
        used = RefreshToken.used_at.is_not(None)
        connection.execute(update(RefreshToken).where(used).values(used_at=now() - 2 * GRACE))

    assert_oauth_problem(refresh(nobody, token), 401, "INVALID_GRANT", "invalid_grant")
    assert_oauth_problem(refresh(nobody, child), 401, "INVALID_GRANT", "invalid_grant")


@pytest.mark.parametrize("wrong", ["none", "x" * 43, "é\0", "x" * 10_000])
def test_what_is_no_refresh_token_is_refused(nobody: httpx.Client, wrong: str) -> None:
    assert_oauth_problem(refresh(nobody, wrong), 401, "INVALID_GRANT", "invalid_grant")


def test_an_access_token_refreshes_nothing(api: RunningApi, nobody: httpx.Client) -> None:
    access_token = sign_in(nobody, add_person(api)).json()["access_token"]

    assert_oauth_problem(refresh(nobody, access_token), 401, "INVALID_GRANT", "invalid_grant")


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "refresh_token"}, {"token_type_hint": "odd"}])
def test_a_revoked_token_is_good_no_more(nobody: httpx.Client, token: str, hint: dict[str, str]) -> None:
    answer = revoke(nobody, token=token, **hint)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert_oauth_problem(refresh(nobody, token), 401, "INVALID_GRANT", "invalid_grant")


def test_revoking_is_open_to_whoever_is_signed_in(api: RunningApi, token: str) -> None:
    client = api.somebody()

    assert revoke(client, token=token).status_code == 200
    assert refresh(client, token).status_code == 401


def test_an_unknown_token_is_revoked_already(nobody: httpx.Client) -> None:
    assert revoke(nobody, token="none").status_code == 200


def test_access_tokens_are_not_revoked(api: RunningApi, nobody: httpx.Client) -> None:
    access_token = api.token_of(api.add_account())

    answer = revoke(nobody, token=access_token, token_type_hint="access_token")

    assert_oauth_problem(answer, 400, "UNSUPPORTED_TOKEN_TYPE", "unsupported_token_type")


def test_revoking_nothing_is_invalid(nobody: httpx.Client) -> None:
    assert_oauth_problem(revoke(nobody), 400, "INVALID_REQUEST", "invalid_request")
