"""The log of a real run: JSON lines, and nothing in them that is nobody else's business."""

import secrets
import socket
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text

from shared.passwords import Passwords
from shared.users import Role, add_user
from tests.api.process import ApiProcess, api_process
from tests.conftest import RedisServer
from tests.support.photos import jpeg
from tests.support.webhooks import endpoint, listen

# Each stands for a secret, or for what a person wrote; all of them begin alike, and none may be in the log.
MARK = "zq7-"
PASSWORD = f"{MARK}a long pass phrase"


@pytest.fixture(scope="module")
def api(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api_process(tmp_path_factory.mktemp("log"), shared_redis.broker_url, log_level="DEBUG") as running:
        yield running


@pytest.fixture
def username(api: ApiProcess) -> str:
    name = f"ines-{secrets.token_hex(4)}"
    with api.database.begin() as connection:
        add_user(connection, name, Passwords().hash(PASSWORD), Role.ADMIN)
    return name


def sign_in(api: ApiProcess, username: str) -> str:
    answer = api.client().post("/api/auth", data={"username": username, "password": PASSWORD})
    token: str = answer.raise_for_status().json()["access_token"]
    return token


def test_no_secret_of_a_sign_in_is_logged(api: ApiProcess, username: str) -> None:
    nobody = api.client()
    token = sign_in(api, username)
    nobody.post("/api/auth", data={"username": f"{MARK}nobody", "password": PASSWORD})
    nobody.post("/api/auth", data={"grant_type": "refresh_token", "refresh_token": f"{MARK}refresh"})
    nobody.post("/api/auth", data={"grant_type": "client_credentials", "client_id": "x", "client_secret": f"{MARK}c"})
    nobody.post("/api/auth", json={"password": PASSWORD})
    nobody.get("/api/users/me", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    nobody.get("/api/users/me", headers={"Authorization": f"Bearer {token}{MARK}"})
    nobody.get("/api/users/me", headers={"Authorization": f"Basic {MARK}"})
    nobody.get("/api/users/me", headers={"Cookie": f"refresh={MARK}"})
    nobody.post("/api/users", headers={"Authorization": f"Bearer {token}"}, json={"username": "x", "password": MARK})

    assert MARK not in api.log()
    assert token not in api.log()
    assert token.rpartition(".")[2] not in api.log()
    assert api.settings.signing_key not in api.log()


def test_neither_body_nor_query_is_logged(api: ApiProcess) -> None:
    client = api.somebody()
    client.post("/api/predict", json={"designation": f"{MARK}title", "product_id": f"{MARK}id"}).raise_for_status()
    client.post("/api/predict", json={"designation": f"{MARK}title", f"{MARK}field": 1})
    client.post("/api/predict", json={"image": f"{MARK}image"})
    client.post("/api/predict", content=f'{{"designation": {MARK}', headers={"Content-Type": "application/json"})
    client.post("/api/predict", data={"designation": f"{MARK}t"}, files={"image": (f"{MARK}.jpg", jpeg())})
    client.post("/api/predict", files={"image": (f"{MARK}.jpg", f"{MARK}broken".encode())})
    client.post("/api/predict", data={f"{MARK}field": "x"}, headers={"Idempotency-Key": MARK})
    client.get("/api/predictions", params={"product_id": f"{MARK}id"}).raise_for_status()
    client.get("/api/jobs", params={"cursor": f"{MARK}cursor", "access_token": MARK})
    client.get(f"/nowhere?{MARK}")

    assert MARK not in api.log()


def test_neither_a_webhooks_secret_nor_its_url_is_logged(api: ApiProcess) -> None:
    account = api.add_account()
    client = api.client(account)
    made = client.post("/api/webhooks", json={"url": f"https://8.8.8.8/{MARK}token"}).raise_for_status().json()
    rotated = client.post(f"/api/webhooks/{made['id']}/rotate").raise_for_status().json()
    unreachable = listen(api.database, account.id, f"https://127.0.0.1/{MARK}token")
    client.post(f"/api/webhooks/{unreachable}/test").raise_for_status()
    client.post("/api/webhooks", json={"url": f"https://8.8.8.8/{MARK}token"})
    client.post("/api/webhooks", json={"url": f"https://127.0.0.1/{MARK}token"})
    client.post("/api/predict", json={"designation": "x", "webhook_url": f"https://8.8.8.8/{MARK}other"})
    client.post("/api/catalogs", params={"webhook_url": f"https://8.8.8.8/{MARK}other"}, content=b"x")

    assert MARK not in api.log()
    for secret in (made["secret"], rotated["secret"], endpoint(api.database, unreachable).secret):
        assert secret.removeprefix("whsec_") not in api.log()


def test_neither_is_logged_when_the_database_fails(
    shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with api_process(tmp_path_factory.mktemp("failing"), shared_redis.broker_url) as api:
        client = api.somebody()
        with api.database.begin() as connection:
            connection.execute(text("ALTER TABLE predictions RENAME TO elsewhere"))

        answer = client.post("/api/predict", json={"designation": f"{MARK}title"})
        client.get("/api/predictions", params={"product_id": f"{MARK}id"})

        assert answer.status_code == 503
        assert MARK not in answer.text
        assert "predictions" in api.log()
        assert MARK not in api.log()
        assert client.headers["authorization"].partition(" ")[2] not in api.log()


@pytest.mark.parametrize("path", ["/%0a%0d{}", "/%1b[31m", "/%00", "/%e2%80%a8", "/%c2%85", "/%7f", "/%ff%fe", '/"}{"'])
def test_an_odd_path_stays_on_its_line(api: ApiProcess, path: str) -> None:
    asked = secrets.token_hex(8)
    httpx.get(f"{api.url}{path}", headers={"X-Request-ID": asked}, trust_env=False)

    assert [line["status"] for line in api.lines() if line.get("request_id") == asked] == [404]
    assert not [character for character in api.log() if character < " " and character != "\n"]


@pytest.mark.parametrize(
    "request_id", [b"a\tb", b"a\x1b[31m", b"\xff\xfe", b'"}{"event":"forged"', b"x" * 5_000, b"a\rb", b"a\x00b"]
)
def test_an_odd_request_id_is_not_repeated(api: ApiProcess, request_id: bytes) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Request-ID: "
            + request_id
            + b"\r\n\r\n"
        )
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 "))
    assert request_id not in answer
    assert {line["event"] for line in api.lines()} >= {"request"}
    assert "forged" not in api.log()


def test_every_line_names_what_happened_and_when(api: ApiProcess) -> None:
    api.somebody().get("/api/jobs")

    for line in api.lines():
        assert {"event", "level", "timestamp", "process"} <= line.keys(), line
        assert line["process"] == "api"
