"""The real application over real HTTP, on a port that the kernel chose."""

import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from api.app import create_app
from api.http_protocol import BoundedHttp
from api.main import server_config
from api.server import Server
from api.tokens import Tokens
from migrations.upgrade import upgrade
from shared.database import Database
from shared.settings import Settings, load_settings
from shared.users import Account, Role, account_by_id, add_user
from tests.conftest import RedisServer
from tests.support.waiting import wait_for

START_SECONDS = 20


class RunningApi:
    """A served application, with the settings and the database that it works on."""

    def __init__(self, url: str, settings: Settings, database: Database, stack: ExitStack) -> None:
        self.url = url
        self.settings = settings
        self.database = database
        self._stack = stack

    def add_account(self, role: Role = Role.USER) -> Account:
        """A new account with a name nobody else has, and no password."""
        with self.database.begin() as connection:
            user_id = add_user(connection, f"somebody-{secrets.token_hex(8)}", "!", role)
            account = account_by_id(connection, user_id)
        assert account is not None
        return account

    def token_of(self, account: Account) -> str:
        return Tokens(self.settings.signing_key, 900).issue(account.id, account.token_version)

    def client(self, account: Account | None = None) -> httpx.Client:
        """A client that is signed in as this account (None: as nobody)."""
        headers = {} if account is None else {"Authorization": f"Bearer {self.token_of(account)}"}
        return self._stack.enter_context(httpx.Client(base_url=self.url, headers=headers, timeout=30))

    def somebody(self, role: Role = Role.USER) -> httpx.Client:
        """A client signed in as a new account."""
        return self.client(self.add_account(role))


def settings_for(folder: Path, broker_url: str, **changed: Any) -> Settings:
    return load_settings(
        **{
            "data_dir": folder,
            "broker_url": broker_url,
            "secret_key": secrets.token_urlsafe(48),
            "disk_reserve_bytes": 0,
            **changed,
        }
    )


@contextmanager
def serve(settings: Settings, http: type[BoundedHttp] = BoundedHttp) -> Iterator[RunningApi]:
    """Serve the application from a thread for the time of the block."""
    config = server_config(create_app(settings), "127.0.0.1", 0, settings.trusted_proxies)
    config.http = http
    server = Server(config)
    thread = threading.Thread(target=server.run, name="api")
    thread.start()
    try:
        wait_for(lambda: server.started or not thread.is_alive(), START_SECONDS, "starting the API")
        host, port = server.servers[0].sockets[0].getsockname()
        with ExitStack() as stack:
            database = Database(settings.database)
            stack.callback(database.close)
            yield RunningApi(f"http://{host}:{port}", settings, database, stack)
    finally:
        server.handle_exit(signal.SIGTERM, None)
        thread.join(START_SECONDS)


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def api(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """One served application for a file of tests, which stay apart by using accounts of their own."""
    settings = settings_for(tmp_path_factory.mktemp("api"), shared_redis.broker_url)
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


@pytest.fixture
def client(api: RunningApi) -> httpx.Client:
    """Signed in as a new account without special rights."""
    return api.somebody()


@pytest.fixture
def queue(shared_redis: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis(unix_socket_path=str(shared_redis.folder / "redis.sock")) as connection:
        yield connection
