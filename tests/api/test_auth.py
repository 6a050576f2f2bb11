"""Signing in at POST /api/auth."""

import base64
import secrets

import httpx
import pytest
from sqlalchemy import update

from api.tokens import Tokens
from shared.identifiers import now
from shared.tables import User
from shared.users import Role
from tests.api.accounts import PASSWORD, add_person, add_service, assert_oauth_problem, sign_in, works
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def username(api: RunningApi) -> str:
    return add_person(api, Role.REVIEWER)


@pytest.fixture
def nobody(api: RunningApi) -> httpx.Client:
    return api.client()


def client_credentials(client: httpx.Client, name: str, secret: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
    return client.post("/api/auth", data=form)


def test_the_right_password_gives_a_bearer_token(nobody: httpx.Client, username: str) -> None:
    answer = sign_in(nobody, username)

    assert answer.status_code == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    token = answer.json()
    assert (token["token_type"], token["scope"], token["expires_in"]) == ("bearer", "reviewer", 900)
    assert set(token) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    me = nobody.get("/api/users/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert me.json()["username"] == username


def test_what_clients_send_besides_is_passed_over(nobody: httpx.Client, username: str) -> None:
    form = {"username": username, "password": PASSWORD, "client_id": "page", "client_secret": "", "scope": "admin"}

    answer = nobody.post("/api/auth", data=form | {"grant_type": "password", "resource": ["a", "b"]})

    assert answer.json()["scope"] == "reviewer"


@pytest.mark.parametrize("name", ["nobody", "no such name", "nul\0", "é" * 200, "' OR 1=1 --"])
def test_an_unknown_name_and_a_wrong_password_look_the_same(nobody: httpx.Client, username: str, name: str) -> None:
    wrong = sign_in(nobody, username, "wrong")
    unknown = sign_in(nobody, name)

    assert_oauth_problem(wrong, 401, "INVALID_CREDENTIALS", "invalid_grant")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())


@pytest.mark.parametrize("gone", [{"disabled": True}, {"deleted_at": now()}])
def test_an_account_that_is_gone_cannot_sign_in(api: RunningApi, nobody: httpx.Client, gone: dict[str, object]) -> None:
    name = add_person(api)
    with api.database.begin() as connection:
        connection.execute(update(User).where(User.username == name).values(gone))

    assert_oauth_problem(sign_in(nobody, name), 401, "INVALID_CREDENTIALS", "invalid_grant")


def test_an_account_without_a_password_cannot_sign_in(api: RunningApi, nobody: httpx.Client) -> None:
    account = api.add_account()

    for password in ("!", PASSWORD):
        answer = sign_in(nobody, account.username, password)
        assert_oauth_problem(answer, 401, "INVALID_CREDENTIALS", "invalid_grant")


@pytest.mark.parametrize("in_header", [True, False])
def test_a_services_secret_gives_a_token_and_nothing_to_refresh(
    api: RunningApi, nobody: httpx.Client, in_header: bool
) -> None:
    name = add_service(api, Role.REVIEWER)
    form = {"grant_type": "client_credentials"}

    if in_header:
        encoded = base64.b64encode(f"{name.replace('@', '%40')}:{PASSWORD.replace(' ', '+')}".encode()).decode()
        answer = nobody.post("/api/auth", data=form, headers={"Authorization": f"basic {encoded}"})
    else:
        answer = client_credentials(nobody, name, PASSWORD)

    token = answer.json()
    assert set(token) == {"access_token", "token_type", "expires_in", "scope"}
    assert token["scope"] == "reviewer"
    assert works(nobody, token["access_token"])


def test_a_service_has_no_password_and_a_person_no_secret(api: RunningApi, nobody: httpx.Client) -> None:
    person, service = add_person(api), add_service(api)

    as_person = sign_in(nobody, service)
    as_service = client_credentials(nobody, person, PASSWORD)

    assert_oauth_problem(as_person, 401, "INVALID_CREDENTIALS", "invalid_grant")
    assert_oauth_problem(as_service, 401, "INVALID_CLIENT", "invalid_client")


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic bm9jb2xvbg==", "Basic /zo=", "Basic JWZmOng="])
def test_credentials_that_cannot_be_read_are_wrong(nobody: httpx.Client, header: str) -> None:
    form = {"grant_type": "client_credentials"}

    answer = nobody.post("/api/auth", data=form, headers={"Authorization": header})

    assert_oauth_problem(answer, 401, "INVALID_CLIENT", "invalid_client")


def test_who_tries_basic_is_asked_for_basic_again_and_nobody_else(nobody: httpx.Client) -> None:
    form = {"grant_type": "client_credentials"}

    tried = nobody.post("/api/auth", data=form, auth=("nobody", "wrong"))

    assert_oauth_problem(tried, 401, "INVALID_CLIENT", "invalid_client")
    assert tried.headers["www-authenticate"] == 'Basic realm="shelfwise"'
    assert "www-authenticate" not in client_credentials(nobody, "nobody", "wrong").headers
    assert "www-authenticate" not in sign_in(nobody, "nobody").headers


def test_a_client_without_credentials_is_not_let_in(nobody: httpx.Client) -> None:
    answer = nobody.post("/api/auth", data={"grant_type": "client_credentials", "client_id": "x"})

    assert_oauth_problem(answer, 401, "INVALID_CLIENT", "invalid_client")


@pytest.mark.parametrize("twice", [{"client_secret": "wrong"}, {"client_id": "other"}])
def test_credentials_in_two_ways_are_refused(nobody: httpx.Client, twice: dict[str, str]) -> None:
    form = {"grant_type": "client_credentials", **twice}

    answer = nobody.post("/api/auth", data=form, auth=("nobody", "wrong"))

    assert_oauth_problem(answer, 400, "INVALID_REQUEST", "invalid_request")


def test_other_grant_types_are_refused(nobody: httpx.Client, username: str) -> None:
    form = {"grant_type": "implicit", "username": username, "password": PASSWORD}

    answer = nobody.post("/api/auth", data=form)

    assert_oauth_problem(answer, 400, "UNSUPPORTED_GRANT_TYPE", "unsupported_grant_type")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b""),
        (FORM, b"username=ines"),
        (FORM, b"username=ines&password="),
        (FORM, b"username=ines&password=a&password=b"),
        (FORM, b"grant_type=refresh_token"),
        (FORM, b"username=ines&password=%ff"),
        (FORM, b"username=ines&password=\xff"),
        (FORM, b"&".join(b"f%d=x" % number for number in range(2000))),
        ("application/json", b'{"username": "ines", "password": "x"}'),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n--b--'),
    ],
)
def test_a_form_without_its_fields_is_invalid(nobody: httpx.Client, content_type: str, body: bytes) -> None:
    answer = nobody.post("/api/auth", content=body, headers={"Content-Type": content_type})

    assert_oauth_problem(answer, 400, "INVALID_REQUEST", "invalid_request")


def test_the_password_is_not_repeated_in_an_error(nobody: httpx.Client) -> None:
    answer = nobody.post("/api/auth", data={"password": "do not repeat me"})

    assert "do not repeat me" not in answer.text


def test_tokens_of_another_installation_are_refused(api: RunningApi) -> None:
    account = api.add_account()
    foreign = Tokens(secrets.token_urlsafe(48), 900).issue(account.id, account.token_version)

    answer = api.client().get("/api/users/me", headers={"Authorization": f"Bearer {foreign}"})

    assert_problem(answer, 401, "UNAUTHENTICATED")


def test_clients_find_out_where_to_sign_in(api: RunningApi, nobody: httpx.Client) -> None:
    metadata = nobody.get("/.well-known/oauth-authorization-server").json()

    assert metadata["issuer"] == api.url
    assert nobody.post(metadata["revocation_endpoint"], data={"token": "none"}).status_code == 200
    for grant_type in metadata["grant_types_supported"]:
        answer = nobody.post(metadata["token_endpoint"], data={"grant_type": grant_type})
        assert answer.json()["error"] != "unsupported_grant_type"
