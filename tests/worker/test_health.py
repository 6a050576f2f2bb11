"""`python -m worker.health`: what a container's check asks."""

import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from shared.database import Database
from shared.identifiers import new_id, now
from shared.settings import load_settings
from shared.tables import WorkerRow
from shared.workers import Worker, seen
from worker.health import is_well


def enter(
    database: Database, kind: str, host: str, bundle: str | None = None, ago: float = 0, process_id: int = 1
) -> None:
    """A worker that was seen so many seconds ago."""
    worker = Worker(new_id(), kind, host, process_id, started_at=now(), bundle=bundle)
    with database.begin() as connection:
        seen(connection, worker)
        last = now() - timedelta(seconds=ago)
        connection.execute(update(WorkerRow).where(WorkerRow.id == worker.id).values(last_seen_at=last))


def well(database_url: str, host: str = "here") -> bool:
    return is_well(load_settings(database_url=database_url), host)


def test_a_worker_that_was_just_seen_is_well(database: Database, sqlite_url: str) -> None:
    enter(database, "io", "here")

    assert well(sqlite_url)


def test_a_worker_of_another_host_does_not_count(database: Database, sqlite_url: str) -> None:
    enter(database, "io", "elsewhere")

    assert not well(sqlite_url)


def test_a_worker_whose_heart_has_stopped_is_not_well(database: Database, sqlite_url: str) -> None:
    enter(database, "io", "here", ago=31)

    assert not well(sqlite_url)


def test_a_model_worker_is_well_once_it_has_its_bundle(database: Database, sqlite_url: str) -> None:
    enter(database, "model", "here")
    assert not well(sqlite_url)

    enter(database, "model", "here", bundle="fake-1")
    assert well(sqlite_url)


def test_one_process_of_a_host_with_several_workers_is_asked_for_by_its_id(database: Database, sqlite_url: str) -> None:
    enter(database, "io", "here")
    enter(database, "model", "here", process_id=2)  # which still loads

    settings = load_settings(database_url=sqlite_url)

    assert is_well(settings, "here", 1)
    assert not is_well(settings, "here", 2)
    assert not is_well(settings, "here", 3)


def test_looking_makes_no_database(tmp_path: Path) -> None:
    assert not well(f"sqlite:///{tmp_path / 'data' / 'none.db'}")
    assert not (tmp_path / "data" / "none.db").exists()


def command(database_url: str) -> tuple[int, str]:
    """Run it as the container would."""
    environment = os.environ | {"SHELFWISE_DATABASE_URL": database_url}
    done = subprocess.run(
        [sys.executable, "-m", "worker.health"], env=environment, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stderr


def test_the_command_says_it_by_its_status(database: Database, sqlite_url: str) -> None:
    status, said = command(sqlite_url)
    assert status == 1
    assert said.startswith("No worker of this host")

    enter(database, "io", socket.gethostname())
    assert command(sqlite_url) == (0, "")


def test_a_database_that_does_not_answer_is_one_sentence() -> None:
    assert command("postgresql://127.0.0.1:1/x") == (1, "The database does not answer.\n")
