"""What several hosts share: a PostgreSQL database, a Redis on a port, and an S3, each a server of its own."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import httpx
import pytest

from shared.database import Database
from shared.ledger.audit import contradictions
from tests.conftest import fresh_postgres
from tests.support.s3 import Bucket, running_s3
from tests.support.stack import Shared, SharedRedis, Stack

Clients = tuple[httpx.Client, httpx.Client]


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """A bucket, which this process may use as the hosts do."""
    with pytest.MonkeyPatch.context() as environment, running_s3(tmp_path_factory.mktemp("s3") / "log") as running:
        for name, value in {**running.environment, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}.items():
            environment.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def shared(migrated_postgres: str, bucket: Bucket) -> Iterator[Shared]:
    """What all hosts of a stack share; whatever is done to them, the ledger holds together in the end."""
    redis = SharedRedis()
    try:
        with fresh_postgres(migrated_postgres) as database_url:
            yield Shared(database_url, redis, bucket)
            with closing(Database(database_url)) as database, database.read() as connection:
                assert contradictions(connection) == []
    finally:
        redis.close()


@pytest.fixture
def clients(stack: Stack) -> Iterator[Clients]:
    """A client of each API of the file's own stack, signed in there."""
    with ExitStack() as stacked:
        one, another = (stacked.enter_context(stack.client(number)) for number in range(2))
        yield one, another
