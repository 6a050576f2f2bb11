"""The web page's session at /api/auth/session."""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from api.routes.session import COOKIE, PATH
from migrations.upgrade import upgrade
from shared.users import Role
from tests.api.accounts import PASSWORD, add_person, add_service, refresh, works
from tests.api.conftest import RunningApi, serve, settings_for
from tests.api.expect import assert_problem
from tests.conftest import RedisServer


@pytest.fixture
def page(api: RunningApi) -> httpx.Client:
    """A browser that shows a page of the service: it keeps cookies and says where requests come from."""
    client = api.client()
    client.headers["Origin"] = api.url
    return client


@pytest.fixture
def signed_in(api: RunningApi, page: httpx.Client) -> httpx.Response:
    answer = page.post(PATH, data={"username": add_person(api, Role.REVIEWER), "password": PASSWORD})
    assert answer.status_code == 200
    return answer


def cookie_of(answer: httpx.Response) -> dict[str, str]:
    """The cookie that an answer sets: its attributes, and its value as `value`."""
    morsel = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    return {**{name: str(value) for name, value in morsel.items() if value}, "value": morsel.value}


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get(signed_in: httpx.Response) -> None:
    cookie = cookie_of(signed_in)

    assert len(cookie.pop("value")) == 43
    assert 2_591_990 <= int(cookie.pop("max-age")) <= 2_592_000
    assert cookie == {"path": PATH, "httponly": "True", "samesite": "strict"}


def test_the_page_gets_an_access_token_and_no_refresh_token(page: httpx.Client, signed_in: httpx.Response) -> None:
    token = signed_in.json()

    assert signed_in.headers["cache-control"] == "no-store"
    assert set(token) == {"access_token", "token_type", "expires_in", "scope"}
    assert token["scope"] == "reviewer"
    assert works(page, token["access_token"])


def test_the_cookie_goes_on_with_the_session_and_is_changed_each_time(
    page: httpx.Client, signed_in: httpx.Response
) -> None:
    answer = page.post(PATH)

    assert answer.status_code == 200
    assert works(page, answer.json()["access_token"])
    assert cookie_of(answer)["value"] != cookie_of(signed_in)["value"]
    assert page.post(PATH).status_code == 200


@pytest.mark.parametrize("cookie", [None, "", "none", "é"])
def test_without_a_good_cookie_somebody_has_to_sign_in(api: RunningApi, cookie: str | None) -> None:
    headers = {"Origin": api.url} | ({} if cookie is None else {"Cookie": f"{COOKIE}={cookie}"})

    answer = api.client().post(PATH, headers={name: value.encode() for name, value in headers.items()})

    assert_problem(answer, 401, "INVALID_GRANT")


def test_wrong_passwords_and_services_are_refused(api: RunningApi, page: httpx.Client) -> None:
    wrong = {"username": add_person(api), "password": "wrong"}
    service = {"username": add_service(api), "password": PASSWORD}

    for form in (wrong, service):
        assert_problem(page.post(PATH, data=form), 401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("form", [{"username": "ines"}, {"password": PASSWORD}])
def test_half_a_form_is_invalid(page: httpx.Client, signed_in: httpx.Response, form: dict[str, str]) -> None:
    assert_problem(page.post(PATH, data=form), 422, "INVALID_REQUEST")


def test_signing_out_ends_the_session_and_takes_the_cookie_back(page: httpx.Client, signed_in: httpx.Response) -> None:
    old = cookie_of(signed_in)["value"]

    answer = page.delete(PATH)

    assert (answer.status_code, answer.content) == (204, b"")
    assert COOKIE not in page.cookies
    assert refresh(page, old).status_code == 401


def test_who_is_not_signed_in_may_sign_out(page: httpx.Client) -> None:
    assert page.delete(PATH).status_code == 204


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": "http://127.0.0.1/"},
    ],
)
def test_other_sites_are_refused(
    api: RunningApi, signed_in: httpx.Response, method: str, headers: dict[str, str]
) -> None:
    cookie = {"Cookie": f"{COOKIE}={cookie_of(signed_in)['value']}"}

    assert_problem(api.client().request(method, PATH, headers=headers | cookie), 403, "CROSS_ORIGIN")
    assert refresh(api.client(), cookie_of(signed_in)["value"]).status_code == 200


def test_the_scheme_is_part_of_the_origin(api: RunningApi) -> None:
    headers = {"Origin": api.url.replace("http:", "https:")}

    assert_problem(api.client().post(PATH, headers=headers), 403, "CROSS_ORIGIN")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_browsers_word_that_the_page_is_of_the_service_is_enough(api: RunningApi, method: str) -> None:
    answer = api.client().request(method, PATH, headers={"Sec-Fetch-Site": "same-origin"})

    assert answer.status_code != 403


@pytest.fixture
def behind_proxy(shared_redis: RedisServer, tmp_path: Path) -> Iterator[RunningApi]:
    settings = settings_for(tmp_path, shared_redis.broker_url, trusted_proxies="127.0.0.1")
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


def test_over_https_the_cookie_is_for_https_only(behind_proxy: RunningApi) -> None:
    form = {"username": add_person(behind_proxy), "password": PASSWORD}
    headers = {"X-Forwarded-Proto": "https", "Origin": behind_proxy.url.replace("http:", "https:")}

    answer = behind_proxy.client().post(PATH, data=form, headers=headers)

    assert cookie_of(answer)["secure"] == "True"
