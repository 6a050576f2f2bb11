"""OAuth clients that others wrote, as they come: authlib, and oauth4webapi under node."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

from tests.api.accounts import PASSWORD, add_person, add_service
from tests.api.conftest import RunningApi
from tests.support.npm import installed

JAVASCRIPT = Path(__file__).parents[1] / "oauth"
RUN_SECONDS = 60


def authlib_client(api: RunningApi, **options: Any) -> OAuth2Client:
    return OAuth2Client(token_endpoint=f"{api.url}/api/auth", base_url=api.url, timeout=30, **options)


def test_authlib_signs_in_refreshes_and_revokes(api: RunningApi) -> None:
    name = add_person(api)
    with authlib_client(api) as client:
        first = dict(client.fetch_token(username=name, password=PASSWORD))
        second = dict(client.refresh_token())
        assert client.get("/api/users/me").json()["username"] == name
        assert first["refresh_token"] != second["refresh_token"]

        assert client.revoke_token(f"{api.url}/api/auth/revoke").status_code == 200

        with pytest.raises(OAuthError) as caught:
            client.refresh_token()
        assert caught.value.error == "invalid_grant"


def test_authlib_refreshes_by_itself(api: RunningApi) -> None:
    name = add_person(api)
    with authlib_client(api) as client:
        token = client.fetch_token(username=name, password=PASSWORD)
        client.token = {**token, "expires_at": 1}

        assert client.get("/api/users/me").json()["username"] == name
        assert client.token["refresh_token"] != token["refresh_token"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_signs_a_service_in(api: RunningApi, method: str) -> None:
    name = add_service(api)
    options = {"client_id": name, "client_secret": PASSWORD, "token_endpoint_auth_method": method}
    with authlib_client(api, scope="user", **options) as client:
        token = client.fetch_token(grant_type="client_credentials")

        assert "refresh_token" not in token
        assert client.get("/api/users/me").json()["username"] == name


def test_authlib_understands_what_is_wrong(api: RunningApi) -> None:
    with authlib_client(api) as client, pytest.raises(OAuthError) as caught:
        client.fetch_token(username=add_person(api), password="wrong")

    assert (caught.value.error, caught.value.description) == ("invalid_grant", "The name or the password is wrong.")


@pytest.fixture(scope="module")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the JavaScript client and the library it uses, from the npm registry."""
    return installed(JAVASCRIPT, tmp_path_factory.mktemp("oauth"))


def test_oauth4webapi_signs_in_refreshes_revokes_and_understands_what_is_wrong(
    api: RunningApi, javascript: Path
) -> None:
    person, service = add_person(api), add_service(api)
    accounts = json.dumps({"person": [person, PASSWORD], "service": [service, PASSWORD]})

    command = ["node", "client.mjs", api.url, accounts]
    ran = subprocess.run(command, cwd=javascript, capture_output=True, text=True, timeout=RUN_SECONDS)

    assert ran.returncode == 0, ran.stderr
    saw = json.loads(ran.stdout)
    assert (saw["password"], saw["refresh"], saw["basic"], saw["post"]) == (person, person, service, service)
    body = "ResponseBodyError"
    assert error_in(saw["revoked"]) == (body, 401, "invalid_grant")
    assert error_in(saw["access_token_revoked"]) == (body, 400, "unsupported_token_type")
    assert error_in(saw["wrong_password"]) == (body, 401, "invalid_grant")
    assert error_in(saw["wrong_secret"]) == (body, 401, "invalid_client")
    assert error_in(saw["wrong_basic"]) == ("WWWAuthenticateChallengeError", 401, None)  # RFC 6749, 5.2 wants it


def error_in(failure: dict[str, Any]) -> tuple[str, int, str | None]:
    return failure["name"], failure["status"], failure.get("error")


def test_the_lock_of_the_javascript_client_names_no_address() -> None:
    assert "http" not in (JAVASCRIPT / "package-lock.json").read_text()
