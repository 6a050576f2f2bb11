import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from shared.database import IDLE_SECONDS, OLDEST_SQLITE, Database, sqlite_module
from shared.errors import ConfigurationError
from shared.identifiers import new_id, now
from shared.tables import Image, RefreshToken
from tests.conftest import fresh_postgres

SHORT_PATIENCE = "?options=-c%20idle_in_transaction_session_timeout%3D500"
KEEP_ALIVE = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
ADD_ONE = """
import sys
from sqlalchemy import select, update
from shared.database import Database
from shared.tables import Image

database = Database(sys.argv[1])
for _ in range(100):
    with database.begin() as connection:  # reads first and writes later: lost updates would show
        size = connection.scalars(select(Image.size)).one()
        connection.execute(update(Image).values(size=size + 1))
"""


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


def add_image(database: Database, sha256: str = "ab", size: int = 0) -> None:
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256=sha256, size=size))


def add_image_twice(connection: Connection) -> None:
    for _ in range(2):
        connection.execute(insert(Image).values(sha256="ab", size=1))


def sizes(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(select(Image.size)))


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30_000)]
)
def test_every_sqlite_connection_is_set_up_to_lose_nothing(sqlite: Database, pragma: str, value: object) -> None:
    with sqlite.read() as reading, sqlite.begin() as writing:
        found = [connection.execute(text(f"PRAGMA {pragma}")).scalar() for connection in (reading, writing)]

    assert found == [value, value]


def test_sqlite_is_recent_enough_not_to_corrupt_its_log(sqlite: Database) -> None:
    with sqlite.read() as connection:
        version = connection.execute(text("SELECT sqlite_version()")).scalar_one()

    assert tuple(map(int, version.split("."))) >= OLDEST_SQLITE == (3, 51, 3)


def test_a_write_transaction_holds_the_lock_from_its_first_word(sqlite: Database, sqlite_url: str) -> None:
    other = sqlite_module().connect(sqlite_url.removeprefix("sqlite:///"), timeout=0)
    with sqlite.begin(), pytest.raises(sqlite_module().OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")

    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_writers_in_several_processes_and_threads_wait_for_each_other(sqlite: Database, sqlite_url: str) -> None:
    add_image(sqlite)
    others = [subprocess.Popen([sys.executable, "-c", ADD_ONE, sqlite_url]) for _ in range(2)]
    threads = [threading.Thread(target=add_one_often, args=(sqlite,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [process.wait(60) for process in others] == [0, 0]
    assert sizes(sqlite) == [400]


def add_one_often(database: Database) -> None:
    for _ in range(100):
        with database.begin() as connection:
            size = connection.scalars(select(Image.size)).one()
            connection.execute(update(Image).values(size=size + 1))


def test_readers_see_the_last_committed_state_while_somebody_writes(database: Database) -> None:
    add_image(database, size=1)

    with database.begin() as connection:
        connection.execute(update(Image).values(size=2))
        assert sizes(database) == [1]

    assert sizes(database) == [2]


def test_an_exception_takes_the_whole_transaction_back(database: Database) -> None:
    with pytest.raises(IntegrityError), database.begin() as connection:
        add_image_twice(connection)

    assert sizes(database) == []
    add_image(database)  # and the lock is free


def test_nothing_written_through_a_reader_is_kept(database: Database) -> None:
    with database.read() as connection:
        connection.execute(insert(Image).values(sha256="ab", size=1))

    assert sizes(database) == []


def test_a_row_that_refers_to_nothing_is_refused(database: Database) -> None:
    orphan = insert(RefreshToken).values(user_id=new_id(), family=new_id(), token_hash="x", expires_at=now())
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(orphan)


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true", "sqlite:///file:x?mode=memory&uri=true"],
)
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must name a file"):
        Database(url)


@pytest.mark.parametrize("url", ["mysql://ann:sesame@host/x", "sesame", "", "postgresql://ann:sesame@host:port/x"])
def test_a_url_of_another_kind_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SHELFWISE_DATABASE_URL") as caught:
        Database(url)

    assert "sesame" not in caught.value.message


def test_whether_it_can_be_written_is_told_and_not_raised(database: Database, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    assert database.is_writable()
    assert not Database(f"sqlite:///{tmp_path / 'folder'}").is_writable()


def test_errors_carry_no_parameters_into_the_log(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    with pytest.raises(OperationalError) as raised, database.begin() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:secret)"), {"secret": "argon2-hash"})
    database.close()

    assert "argon2-hash" not in str(raised.value)


@pytest.fixture
def impatient(migrated_postgres: str) -> Iterator[Database]:
    """A PostgreSQL database of which the URL says that nobody may stand still in a transaction for long."""
    with fresh_postgres(migrated_postgres) as url, closing(Database(url + SHORT_PATIENCE)) as opened:
        yield opened


def test_who_stands_still_in_a_transaction_loses_its_locks_and_is_told_so(impatient: Database) -> None:
    add_image(impatient)
    with impatient.engine.connect() as stuck:
        stuck.execute(update(Image).values(size=1))
        with impatient.begin() as waiting:  # for the lock, for as long as the other one has it
            waiting.execute(update(Image).values(size=2))

        with pytest.raises(OperationalError, match="idle-in-transaction"):
            stuck.execute(update(Image).values(size=3))

    assert sizes(impatient) == [2]


def test_every_postgresql_connection_notices_who_has_vanished(migrated_postgres: str) -> None:
    with fresh_postgres(migrated_postgres) as url, closing(Database(url)) as database, database.read() as connection:
        patience = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
        descriptor = connection.connection.dbapi_connection.fileno()  # type: ignore[union-attr]
        with socket.socket(fileno=os.dup(descriptor)) as own:
            idle, interval, count = (own.getsockopt(socket.IPPROTO_TCP, option) for option in KEEP_ALIVE)
            unanswered = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert patience == f"{IDLE_SECONDS}s"
    assert idle + count * interval == 30
    assert unanswered == 30_000


def test_what_the_url_says_about_its_connections_counts(impatient: Database) -> None:
    with impatient.read() as connection:
        assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "500ms"
