"""The API as a process: how it starts, what it logs, and what it does without its Redis."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis

from api.app import create_app
from migrations.upgrade import upgrade
from shared.errors import ConfigurationError
from shared.lanes import Lane
from shared.settings import load_settings
from tests.api.conftest import serve, settings_for
from tests.conftest import RedisServer
from tests.support.ports import free_port
from tests.support.waiting import wait_for

FOREIGN = ("tensorflow", "keras", "tokenizers", "zxcvbn", "alembic", "training", "worker", "migrations", "cli")


def test_models_and_other_parts_are_never_imported() -> None:
    program = "import sys, api.main; print(*sorted({name.partition('.')[0] for name in sys.modules}))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert not set(FOREIGN) & set(loaded)


@pytest.mark.parametrize("missing", ["secret_key", "broker_url"])
def test_without_key_or_broker_there_is_no_application(missing: str) -> None:
    given = {"secret_key": secrets.token_urlsafe(48), "broker_url": "redis+socket:///tmp/none"}
    del given[missing]

    with pytest.raises(ConfigurationError, match=f"SHELFWISE_{missing.upper()} is not set"):
        create_app(load_settings(**given))


def test_a_process_without_settings_says_so_in_one_sentence() -> None:
    ended = subprocess.run([sys.executable, "-m", "api"], capture_output=True, text=True, timeout=30)

    assert ended.returncode == 1
    assert ended.stderr.startswith("SHELFWISE_SECRET_KEY is not set")
    assert len(ended.stderr.splitlines()) == 1


@pytest.fixture
def process(redis_server: RedisServer, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    """`python -m api`, its address, and the file that its log goes to."""
    port = free_port()
    settings = {"DATA_DIR": tmp_path, "BROKER_URL": redis_server.broker_url, "PORT": port}
    environment = {f"SHELFWISE_{name}": str(value) for name, value in settings.items()}
    environment["SHELFWISE_SECRET_KEY"] = secrets.token_urlsafe(48)
    upgrade(f"sqlite:///{tmp_path}/shelfwise.db")
    log = tmp_path / "log"
    with log.open("w") as stderr:
        command = [sys.executable, "-m", "api"]
        running = subprocess.Popen(command, env={**os.environ, **environment}, stderr=stderr, text=True)
    yield running, f"http://127.0.0.1:{port}", log
    running.kill()
    running.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").status_code == 200
    except httpx.TransportError:
        return False


def test_every_line_of_the_log_is_json_and_holds_no_secret(
    process: tuple[subprocess.Popen[str], str, Path],
) -> None:
    running, url, log = process
    wait_for(lambda: answers(url), seconds=30, what="starting")

    headers = {"X-Request-ID": "order-17", "Authorization": "Bearer abc.def.ghi"}
    httpx.get(f"{url}/api/jobs?cursor=s3cret", headers=headers)
    httpx.post(f"{url}/api/auth", data={"username": "ines", "password": "s3cret"})
    running.terminate()

    assert running.wait(timeout=20) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (line,) = [line for line in lines if line.get("request_id") == "order-17"]
    assert (line["event"], line["method"], line["path"], line["status"]) == ("request", "GET", "/api/jobs", 401)
    assert line["process"] == "api"
    assert "s3cret" not in log.read_text()
    assert "abc.def" not in log.read_text()


def test_without_redis_a_product_is_accepted_all_the_same(redis_server: RedisServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, redis_server.broker_url)
    upgrade(settings.database)
    redis_server.stop()

    with serve(settings) as api:
        client = api.somebody()
        started = time.monotonic()
        answers = [client.post("/api/predict", json={"designation": "lampe"}) for _ in range(3)]
        took = time.monotonic() - started

        assert [answer.status_code for answer in answers] == [202] * 3
        assert took < 5
        assert client.get(answers[0].headers["location"]).json()["status"] == "queued"


def test_the_bell_is_rung_once_redis_is_back(redis_server: RedisServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, redis_server.broker_url)
    upgrade(settings.database)
    redis_server.stop()
    with serve(settings) as api:
        api.somebody().post("/api/predict", json={"designation": "lampe"})

        redis_server.start()

        with redis.Redis(unix_socket_path=str(redis_server.folder / "redis.sock")) as queue:
            wait_for(lambda: queue.llen(str(Lane.INTERACTIVE)) == 1, seconds=20, what="ringing")
