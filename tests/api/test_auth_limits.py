"""Limits on failed sign-ins, and whose word is taken for where they come from."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from migrations.upgrade import upgrade
from shared.errors import ConfigurationError
from shared.passwords import HASHES_AT_ONCE
from shared.settings import load_settings
from tests.api.accounts import add_person, add_service, assert_oauth_problem, sign_in
from tests.api.conftest import RunningApi, serve, settings_for
from tests.conftest import RedisServer

PER_ACCOUNT, PER_ADDRESS = 3, 5


@contextmanager
def limited(redis: RedisServer, folder: Path, proxies: str = "") -> Iterator[RunningApi]:
    limits = {"sign_in_failures": PER_ACCOUNT, "sign_in_failures_per_address": PER_ADDRESS}
    settings = settings_for(folder, redis.broker_url, trusted_proxies=proxies, **limits)
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


@pytest.fixture
def api(shared_redis: RedisServer, tmp_path: Path) -> Iterator[RunningApi]:
    with limited(shared_redis, tmp_path) as running:
        yield running


@pytest.fixture
def nobody(api: RunningApi) -> httpx.Client:
    return api.client()


def assert_shut(answer: httpx.Response) -> None:
    assert_oauth_problem(answer, 429, "TOO_MANY_SIGN_INS", "temporarily_unavailable")
    assert 0 < int(answer.headers["retry-after"]) <= 900


def test_after_too_many_failures_the_right_password_is_refused_too(api: RunningApi, nobody: httpx.Client) -> None:
    name = add_person(api)

    tries = [sign_in(nobody, name, "wrong").status_code for _ in range(PER_ACCOUNT + 1)]

    assert tries == [401] * PER_ACCOUNT + [429]
    assert_shut(sign_in(nobody, name))


def test_a_name_that_nobody_has_is_limited_alike(nobody: httpx.Client) -> None:
    tries = [sign_in(nobody, "nobody", "wrong").status_code for _ in range(PER_ACCOUNT + 1)]

    assert tries == [401] * PER_ACCOUNT + [429]


def test_a_success_begins_the_count_anew(api: RunningApi, nobody: httpx.Client) -> None:
    name = add_person(api)

    for _ in range(2):
        tries = [sign_in(nobody, name, "wrong").status_code for _ in range(PER_ACCOUNT - 1)]
        assert tries == [401] * (PER_ACCOUNT - 1)
        assert sign_in(nobody, name).status_code == 200


def test_an_address_is_limited_whatever_the_names(api: RunningApi, nobody: httpx.Client) -> None:
    for number in range(PER_ADDRESS):
        assert sign_in(nobody, f"name-{number}").status_code == 401

    assert_shut(sign_in(nobody, add_person(api)))


def test_services_are_limited_alike(api: RunningApi, nobody: httpx.Client) -> None:
    form = {"grant_type": "client_credentials"}
    service = add_service(api)

    tries = [nobody.post("/api/auth", data=form, auth=(service, "wrong")) for _ in range(PER_ACCOUNT + 1)]

    assert_shut(tries[-1])


def test_the_page_is_limited_alike(api: RunningApi, nobody: httpx.Client) -> None:
    form = {"username": add_person(api), "password": "wrong"}

    tries = [nobody.post("/api/auth/session", data=form, headers={"Origin": api.url}) for _ in range(PER_ACCOUNT + 1)]

    assert [answer.status_code for answer in tries] == [401] * PER_ACCOUNT + [429]
    assert tries[-1].headers["content-type"] == "application/problem+json"


def test_guesses_at_once_are_limited_but_for_those_being_hashed(api: RunningApi, nobody: httpx.Client) -> None:
    name = add_person(api)

    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(lambda _: sign_in(nobody, name, "wrong"), range(30)))

    guesses = [answer.status_code for answer in answers].count(401)
    assert PER_ACCOUNT <= guesses < PER_ACCOUNT + HASHES_AT_ONCE
    assert {answer.status_code for answer in answers} == {401, 429}


def fail_from(client: httpx.Client, forwarded_for: str, times: int = 1) -> list[int]:
    """The statuses of failed sign-ins, each as a name of its own, that are said to come from this address."""
    headers = {"X-Forwarded-For": forwarded_for}
    form = {"password": "wrong"}
    names = [f"{forwarded_for.replace(':', '-')}-{number}" for number in range(times)]
    return [client.post("/api/auth", data=form | {"username": name}, headers=headers).status_code for name in names]


@pytest.mark.parametrize("proxies", ["", "192.0.2.7,10.0.0.0/8"])
def test_nobody_talks_themselves_out_of_a_limit(shared_redis: RedisServer, tmp_path: Path, proxies: str) -> None:
    with limited(shared_redis, tmp_path, proxies) as api:
        client = api.client()
        fail_from(client, "198.51.100.1", PER_ADDRESS)

        assert fail_from(client, "198.51.100.2") == [429]


def test_a_trusted_proxy_says_where_requests_come_from(shared_redis: RedisServer, tmp_path: Path) -> None:
    with limited(shared_redis, tmp_path, proxies="10.0.0.0/8, 127.0.0.1") as api:
        client = api.client()
        assert fail_from(client, "203.0.113.9, 198.51.100.1", PER_ADDRESS + 1)[-1] == 429

        assert fail_from(client, "198.51.100.2") == [401]
        assert fail_from(client, "198.51.100.9, 198.51.100.1, 10.1.1.1") == [429]


@pytest.mark.parametrize("proxies", ["*", "proxy.example.com", "10.0.0.1/8"])
def test_a_proxy_that_is_no_network_stops_the_start(proxies: str) -> None:
    with pytest.raises(ConfigurationError, match="SHELFWISE_TRUSTED_PROXIES"):
        load_settings(trusted_proxies=proxies)
