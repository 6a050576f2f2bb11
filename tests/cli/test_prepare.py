"""`shelfwise prepare`: everything but the parts themselves."""

import fcntl
import shutil
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from cli.first_start import WORKSHOP
from cli.prepare import wait_until_it_answers
from shared.bundle import Bundle
from shared.bundles import active_version
from shared.database import Database
from shared.errors import Unavailable
from shared.passwords import Passwords
from shared.schema import is_usable
from shared.settings import load_settings
from shared.users import user_by_name
from tests.cli.command import shelfwise
from tests.conftest import POSTGRES, require_postgres
from tests.support.ports import free_port
from tests.support.service import PASSWORD


@pytest.fixture
def trained(tmp_path: Path, tiny_bundle: Bundle) -> Path:
    """A data folder with nothing but a finished bundle, where one that was killed after its training left it."""
    data_dir = tmp_path / "data"
    shutil.copytree(tiny_bundle.folder, data_dir / WORKSHOP / "demo")
    return data_dir


def test_an_empty_folder_has_a_schema_an_administrator_and_a_bundle(trained: Path, tiny_bundle: Bundle) -> None:
    done = shelfwise("prepare", "--data-dir", trained, SHELFWISE_ADMIN_PASSWORD=PASSWORD)

    assert (done.returncode, done.stdout) == (0, "prepared\n")
    with closing(Database(load_settings(data_dir=trained).database)) as database:
        assert is_usable(database)
        with database.read() as connection:
            admin = user_by_name(connection, "admin")
            assert active_version(connection) == tiny_bundle.manifest.version
    assert admin is not None
    assert Passwords().verify(PASSWORD, admin.password_hash)


def test_it_can_be_repeated_and_keeps_what_is_there(trained: Path) -> None:
    shelfwise("prepare", "--data-dir", trained, SHELFWISE_ADMIN_PASSWORD=PASSWORD)

    done = shelfwise("prepare", "--data-dir", trained, SHELFWISE_ADMIN_PASSWORD="another long phrase")

    assert (done.returncode, done.stdout) == (0, "prepared\n")
    with closing(Database(load_settings(data_dir=trained).database)) as database, database.read() as connection:
        admin = user_by_name(connection, "admin")
    assert admin is not None
    assert Passwords().verify(PASSWORD, admin.password_hash)


def test_two_at_once_do_not_train_twice(trained: Path) -> None:
    with (trained / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        done = shelfwise("prepare", "--data-dir", trained, SHELFWISE_ADMIN_PASSWORD=PASSWORD)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"shelfwise: Another `shelfwise` is at work on {trained}.\n"


def test_a_weak_password_is_refused(trained: Path) -> None:
    done = shelfwise("prepare", "--data-dir", trained, SHELFWISE_ADMIN_PASSWORD="password")

    assert done.returncode == 1
    assert "too easy to guess" in done.stderr


def test_a_database_that_is_not_there_yet_is_waited_for() -> None:
    require_postgres()
    name = f"shelfwise_test_{uuid.uuid4().hex}"
    url = make_url(POSTGRES).set(database=name).render_as_string()
    with (
        psycopg.connect(POSTGRES, autocommit=True) as server,
        closing(Database(url)) as database,
        ThreadPoolExecutor(1) as thread,
    ):
        waiting = thread.submit(wait_until_it_answers, database, 30)
        server.execute(f"CREATE DATABASE {name}")
        try:
            waiting.result(60)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_that_never_answers_is_given_up() -> None:
    with (
        closing(Database(f"postgresql://postgres@127.0.0.1:{free_port()}/postgres")) as database,
        pytest.raises(Unavailable, match=r"has not answered for 0\.1 s"),
    ):
        wait_until_it_answers(database, 0.1)
