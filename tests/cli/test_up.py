"""What `shelfwise up` refuses; the running service is tested in tests/faults and tests/e2e."""

import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import shelfwise


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
    assert done.stderr.startswith("shelfwise: SHELFWISE_SECRET_KEY: SECRET_KEY has 6 bytes")
    assert "sesame" not in done.stderr


def test_a_weak_password_for_the_first_administrator_is_refused(
    tmp_path: Path, migrated_sqlite: Path, port: int
) -> None:
    (tmp_path / "shelfwise.db").write_bytes(migrated_sqlite.read_bytes())

    done = shelfwise("up", "--data-dir", tmp_path, "--port", port, SHELFWISE_ADMIN_PASSWORD="password")

    assert done.returncode == 1
    assert "too easy to guess" in done.stderr
