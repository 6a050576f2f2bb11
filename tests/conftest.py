"""Real parts for every test: an embedded Redis, a migrated SQLite file, an object store in a folder."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import insert, make_url

from migrations.upgrade import upgrade
from shared.bundle import Bundle
from shared.database import Database, sqlite_module
from shared.identifiers import new_id
from shared.redis_server import broker_url, redis_command, short_folder, wait_until_up
from shared.store import ObjectStore
from shared.tables import User
from tests.support.tiny import TinyTraining
from training.demo.catalogue import demo_catalogue

sqlite_module()  # before any test loads TensorFlow; the function says why
POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
only_on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class RedisServer:
    """An embedded Redis that a test may stop and start again."""

    def __init__(self) -> None:
        self.folder = short_folder()
        self.broker_url = broker_url(self.folder)
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(redis_command(self.folder), stdout=subprocess.DEVNULL)
        wait_until_up(self.folder, self._process)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file, to be copied: migrating once saves each test a second."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    path = tmp_path / "data" / "shelfwise.db"
    path.parent.mkdir(exist_ok=True)
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database, to be copied likewise."""
    require_postgres()
    with fresh_postgres() as url:
        upgrade(url)
        yield str(make_url(url).database)


@contextmanager
def fresh_postgres(template: str = "template1") -> Iterator[str]:
    """A copy of `template` on the PostgreSQL server of this machine, dropped at the end."""
    name = f"shelfwise_test_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield make_url(POSTGRES).set(database=name).render_as_string()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def require_postgres() -> None:
    """Skip, saying so, where no PostgreSQL answers on this machine."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL answers on 127.0.0.1:5432")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    with fresh_postgres(request.getfixturevalue("migrated_postgres")) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """That database, opened."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore((tmp_path / "data" / "store").as_uri())


@pytest.fixture
def owner(database: Database) -> str:
    return add_owner(database, "owner")


def add_owner(database: Database, name: str) -> str:
    """An account that can own jobs and cannot sign in."""
    user_id = new_id()
    with database.begin() as connection:
        connection.execute(insert(User).values(id=user_id, username=name, password_hash="!", role="user"))
    return user_id


@pytest.fixture(scope="session")
def tiny_training(tmp_path_factory: pytest.TempPathFactory) -> TinyTraining:
    """One real, small training run for all tests: 27 categories, six products of each, VGG16 at 32x32."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from training.config import TrainingConfig
    from training.train import train_bundle

    root, products = tmp_path_factory.mktemp("tiny"), demo_catalogue(1, 6)
    folder, cache = root / "bundle", root / "cache"
    run = train_bundle(products, TrainingConfig.tiny(), folder, name="demo catalogue", demo=True, cache=cache)
    return TinyTraining(folder, run.manifest, products, cache)


@pytest.fixture(scope="session")
def tiny_bundle(tiny_training: TinyTraining) -> Bundle:
    """The bundle of that run."""
    return Bundle.open(tiny_training.folder)


@pytest.fixture(scope="session", autouse=True)
def own_environment() -> None:
    """Settings of the machine that runs the tests must not reach them."""
    for name in list(os.environ):
        if name.startswith("SHELFWISE_"):
            del os.environ[name]
