"""Attacks on access tokens: every one of them ends in 401."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from shared.tables import User
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import filled
from tests.api.process import api_process
from tests.conftest import RedisServer

NESTED = 20_000
MISSING = object()


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(key: str, header: str, claims: str, digest: str = "sha256") -> str:
    """A token whose signature is right under this key, whatever it says."""
    content = f"{encoded(header.encode())}.{encoded(claims.encode())}"
    return f"{content}.{encoded(hmac.digest(key.encode(), content.encode(), digest))}"


class Forger:
    """Somebody who even knows the signing key, and still gets in with our own tokens only."""

    def __init__(self, api: RunningApi) -> None:
        self.key = api.settings.signing_key
        self.api = api
        self.account = api.add_account()
        genuine = api.token_of(self.account)
        self.header = json.loads(base64.urlsafe_b64decode(genuine.split(".")[0] + "=="))
        self.claims = json.loads(base64.urlsafe_b64decode(genuine.split(".")[1] + "=="))

    def with_header(self, digest: str = "sha256", **changed: Any) -> str:
        return signed(self.key, json.dumps({**self.header, **changed}), json.dumps(self.claims), digest)

    def with_claim(self, name: str, value: Any) -> str:
        claims = {**self.claims, name: value}
        if value is MISSING:
            del claims[name]
        header = json.dumps(self.header, separators=(",", ":"))
        return signed(self.key, header, json.dumps(claims))

    def try_in(self, token: str) -> Any:
        return self.api.client().get("/api/users/me", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def forger(api: RunningApi) -> Forger:
    return Forger(api)


def test_the_forger_can_copy_a_genuine_token(forger: Forger) -> None:
    """Else the tests below would show nothing."""
    assert forger.try_in(forger.with_claim("ver", 0)).status_code == 200


@pytest.mark.parametrize("depth", [NESTED, 1_200])
def test_a_header_of_nested_lists_is_refused(forger: Forger, depth: int) -> None:
    header = "[" * depth + "]" * depth

    assert_problem(forger.try_in(signed(forger.key, header, "{}")), 401, "UNAUTHENTICATED")


def test_claims_of_nested_lists_are_refused(forger: Forger) -> None:
    header = json.dumps(forger.header, separators=(",", ":"))
    token = signed(forger.key, header, "[" * 1_400)

    assert_problem(forger.try_in(token), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("algorithm", ["none", "nOnE", "None", "NONE", "HS384", "HS512", "RS256", "", None])
@pytest.mark.parametrize("unsigned", [True, False])
def test_other_algorithms_are_refused(forger: Forger, algorithm: str | None, unsigned: bool) -> None:
    digest = {"HS384": "sha384", "HS512": "sha512"}.get(algorithm or "", "sha256")
    token = forger.with_header(digest, alg=algorithm)
    if unsigned:
        token = token.rpartition(".")[0] + "."

    assert_problem(forger.try_in(token), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["exp"]},
        {"jwk": {"kty": "oct", "k": encoded(b"my own key")}},
        {"jku": "https://attacker.example/keys"},
        {"kid": "../../dev/null"},
        {"zip": "DEF"},
    ],
)
def test_headers_that_ask_for_something_are_refused(forger: Forger, extra: dict[str, Any]) -> None:
    assert_problem(forger.try_in(forger.with_header(**extra)), 401, "UNAUTHENTICATED")


def test_a_key_that_comes_with_the_token_is_not_used(forger: Forger) -> None:
    own = "a key of the attacker's own making, of good length"
    header = json.dumps({**forger.header, "jwk": {"kty": "oct", "k": encoded(own.encode())}})

    assert_problem(forger.try_in(signed(own, header, json.dumps(forger.claims))), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "value", [MISSING, "9999999999", None, [9999999999], float("inf"), float("nan"), True, 1e300, {}]
)
@pytest.mark.parametrize("claim", ["exp", "iat"])
def test_times_that_are_no_integers_are_refused(forger: Forger, claim: str, value: Any) -> None:
    assert_problem(forger.try_in(forger.with_claim(claim, value)), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "jti", "ver"])
@pytest.mark.parametrize("value", [MISSING, None, ["shelfwise-api"], 17, True, {}])
def test_claims_of_another_type_are_refused(forger: Forger, claim: str, value: Any) -> None:
    assert_problem(forger.try_in(forger.with_claim(claim, value)), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("claim", ["iss", "aud", "sub"])
def test_claims_of_another_value_are_refused(forger: Forger, claim: str) -> None:
    assert_problem(forger.try_in(forger.with_claim(claim, "somebody else's")), 401, "UNAUTHENTICATED")


def test_an_expired_token_is_refused(forger: Forger) -> None:
    assert_problem(forger.try_in(forger.with_claim("exp", int(time.time()) - 1)), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("junk", ["A", "AAAA", "!!", "=", ".", ".AAAA", "%00", " x", "é"])
def test_junk_behind_a_genuine_token_is_refused(forger: Forger, junk: str) -> None:
    token = forger.api.token_of(forger.account) + junk

    answer = forger.api.client().get("/api/users/me", headers={"Authorization": f"Bearer {token}".encode()})

    assert_problem(answer, 401, "UNAUTHENTICATED")


def test_another_spelling_of_the_same_signature_is_refused(forger: Forger) -> None:
    token = forger.api.token_of(forger.account)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]

    assert_problem(forger.try_in(twin), 401, "UNAUTHENTICATED")


def test_tokens_over_4_kib_are_refused_unread(forger: Forger) -> None:
    assert_problem(forger.try_in(forger.with_claim("padding", "x" * 4096)), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("header", ["", "Bearer", "Basic aW5lczp4", "Token abc", "Bearer a b c"])
def test_no_bearer_token_at_all_is_refused(api: RunningApi, header: str) -> None:
    answer = api.client().get("/api/users/me", headers={"Authorization": header})

    assert_problem(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("change", [{"disabled": True}, {"token_version": 1}])
def test_a_token_ends_with_its_account(api: RunningApi, change: dict[str, Any]) -> None:
    account = api.add_account()
    client = api.client(account)
    assert client.get("/api/users/me").status_code == 200

    with api.database.begin() as connection:
        connection.execute(update(User).where(User.id == account.id).values(**change))

    assert_problem(client.get("/api/users/me"), 401, "UNAUTHENTICATED")


def test_hmac_is_what_signs(forger: Forger) -> None:
    token = forger.api.token_of(forger.account)
    content, _, signature = token.rpartition(".")

    assert signature == encoded(hmac.new(forger.key.encode(), content.encode(), hashlib.sha256).digest())


def test_no_operation_takes_a_forged_token(forger: Forger) -> None:
    document = forger.api.client().get("/api/openapi.json").json()
    guarded = [
        (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if {"oauth2": []} in operation.get("security", ())
    ]
    forged = [
        forger.with_header(alg="none").rpartition(".")[0] + ".",
        forger.with_claim("exp", float("inf")),
        forger.with_claim("aud", "another"),
        forger.api.token_of(forger.account) + "A",
    ]

    assert ("post", "/api/predict") in guarded
    for method, path in guarded:
        address = filled(path)
        for token in forged:
            answer = forger.api.client().request(method, address, headers={"Authorization": f"Bearer {token}"})
            assert_problem(answer, 401, "UNAUTHENTICATED")


def test_the_worst_tokens_cost_no_memory(shared_redis: RedisServer, tmp_path: Path) -> None:
    with api_process(tmp_path, shared_redis.broker_url) as api:
        forger = Forger(api)
        nested = signed(forger.key, "[" * NESTED + "]" * NESTED, "{}")
        assert forger.try_in(api.token_of(forger.account)).status_code == 200

        client = api.client()
        with api.memory_within(32):
            for _ in range(200):
                answer = client.get("/api/users/me", headers={"Authorization": f"Bearer {nested}"})
                assert_problem(answer, 401, "UNAUTHENTICATED")

        assert forger.try_in(api.token_of(forger.account)).status_code == 200
