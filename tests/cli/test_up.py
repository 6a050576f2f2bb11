"""What `shelfwise up` refuses; the running service is tested in tests/faults and tests/e2e."""

import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.data_folder import UNFINISHED_RESTORE
from tests.cli.command import shelfwise
from tests.support.ports import free_port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def used_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_second_one_on_the_same_folder_is_refused(tmp_path: Path, port: int) -> None:
    with (tmp_path / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        done = shelfwise("up", "--data-dir", tmp_path, "--port", port)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"shelfwise: Another `shelfwise up` already runs on {tmp_path}.\n"
    assert os.listdir(tmp_path) == ["up.lock"]


def test_a_port_that_is_taken_is_refused(tmp_path: Path, used_port: int) -> None:
    done = shelfwise("up", "--data-dir", tmp_path, "--port", used_port)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"shelfwise: Cannot listen on 127.0.0.1:{used_port}: Address already in use.\n"
    assert os.listdir(tmp_path) == []


def test_an_unsafe_setting_is_refused_without_showing_it(tmp_path: Path, port: int) -> None:
    done = shelfwise("up", "--data-dir", tmp_path, "--port", port, SHELFWISE_SECRET_KEY="sesame")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("shelfwise: SHELFWISE_SECRET_KEY: it has 6 bytes")
    assert "sesame" not in done.stderr


def test_a_weak_password_for_the_first_administrator_is_refused(
    tmp_path: Path, migrated_sqlite: Path, port: int
) -> None:
    (tmp_path / "shelfwise.db").write_bytes(migrated_sqlite.read_bytes())

    done = shelfwise("up", "--data-dir", tmp_path, "--port", port, SHELFWISE_ADMIN_PASSWORD="password")

    assert done.returncode == 1
    assert "too easy to guess" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("BROKER_URL", "http://x", "SHELFWISE_BROKER_URL: it must begin with redis://"),
        ("BROKER_URL", "redis://127.0.0.1:1/0", "SHELFWISE_BROKER_URL: Redis does not answer"),
        ("STORE_URL", "ftp://x", "SHELFWISE_STORE_URL: there is no such object store."),
        ("PREDICTOR", "nope:Nope", "SHELFWISE_PREDICTOR: there is no module nope."),
        ("FLOWER_PORT", "8000", "SHELFWISE_FLOWER_PORT must be another port than SHELFWISE_PORT, or 0"),
        ("METRICS_PORT", "65535", "SHELFWISE_METRICS_PORT: with 1 model workers it takes 65535 to 65536"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/x", "The database cannot be used"),
        ("ADMIN_PASSWORD", "admin", "SHELFWISE_ADMIN_PASSWORD: A password has 8 to 128 characters."),
    ],
)
def test_a_setting_that_cannot_work_stops_the_start_with_a_sentence(
    tmp_path: Path, port: int, name: str, value: str, sentence: str
) -> None:
    settings = {"SHELFWISE_FLOWER_PORT": "0", "SHELFWISE_PORT": str(port), f"SHELFWISE_{name}": value}
    if name == "FLOWER_PORT":
        settings["SHELFWISE_PORT"] = value

    done = shelfwise("up", "--data-dir", tmp_path / "data", **settings)

    assert done.returncode == 1
    assert f"shelfwise: {sentence}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data" / "training").exists()


def test_a_restore_that_was_killed_at_its_end_comes_first(tmp_path: Path, port: int) -> None:
    (tmp_path / UNFINISHED_RESTORE).write_text("Restore it once more.\n")

    done = shelfwise("up", "--data-dir", tmp_path, "--port", port)

    assert (done.returncode, done.stderr) == (1, "shelfwise: Restore it once more.\n")
    assert not (tmp_path / "shelfwise.db").exists()
