"""`shelfwise models`: what is published, what it is, and which one answers."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.models import activate_model
from shared.bundle import IMAGE_MODEL
from shared.bundles import active_version, refuse
from shared.database import Database
from shared.errors import BundleRefused, Unavailable
from shared.identifiers import new_id, now
from shared.releases import bundle_key, publish
from shared.settings import Settings, load_settings
from shared.store import ObjectStore
from shared.workers import Worker, seen
from tests.cli.command import shelfwise
from tests.support.bundles import fake_bundle
from tests.support.waiting import wait_for


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Of a data folder with two bundles, of which v1 is active."""
    found = load_settings(data_dir=tmp_path / "data")
    for version in ("v1", "v2"):
        bundle = fake_bundle(tmp_path / "made" / version, version)
        publish(database, ObjectStore(found.store), bundle, activated=version == "v1")
    return found


def serve(database: Database, worker: Worker, version: str | None) -> None:
    with database.begin() as connection:
        seen(connection, Worker(worker.id, "model", "here", 1, worker.started_at, bundle=version))


@pytest.fixture
def worker(database: Database) -> Worker:
    """A model worker that answers with v1."""
    found = Worker(new_id(), "model", "here", 1, started_at=now())
    serve(database, found, "v1")
    return found


def active(database: Database) -> str | None:
    with database.read() as connection:
        return active_version(connection)


def test_list_shows_every_bundle_newest_first(settings: Settings) -> None:
    done = shelfwise("models", "list", "--data-dir", settings.data_dir)

    assert (done.returncode, done.stderr) == (0, "")
    header, *rows = (line.split() for line in done.stdout.splitlines())
    assert header[:4] == ["version", "active", "macro-F1", "data"]
    assert [row[:4] for row in rows] == [["v2", "no", "0.5000", "fake"], ["v1", "yes", "0.5000", "fake"]]


def test_show_says_what_a_bundle_was_made_of(settings: Settings, worker: Worker) -> None:
    done = shelfwise("models", "show", "v1", "--data-dir", settings.data_dir)

    assert (done.returncode, done.stderr) == (0, "")
    facts = {name: value.strip() for name, _, value in (line.partition(":") for line in done.stdout.splitlines())}
    assert facts["version"] == "v1"
    assert facts["active"].startswith("yes, since ")
    assert facts["workers"] == "1 answer with it"
    assert facts["data"] == "fake: 1 to train, 1 to validate, 1 to test"
    figures = "accuracy 0.5000, macro-F1 0.5000, weighted F1 0.5000, calibration error 0.1000"
    assert (facts["fused"], facts["baseline"]) == (f"{figures}, text weight 0.50", figures)


def test_where_no_worker_runs_activating_is_all_there_is_to_do(settings: Settings, database: Database) -> None:
    done = shelfwise("models", "activate", "v2", "--data-dir", settings.data_dir)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "v2 is active\nno worker runs; those that start will load it\n"
    assert active(database) == "v2"


def test_it_waits_for_the_workers_that_run(
    settings: Settings, database: Database, worker: Worker, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = threading.Thread(target=activate_model, args=(settings, "v2"))
    waiting.start()
    wait_for(lambda: active(database) == "v2", 10, "the activation")
    assert waiting.is_alive()
    serve(database, worker, "v2")
    waiting.join(10)

    assert capsys.readouterr().out == "v2 is active\n1 of 1 workers answer with it\n"


def test_what_a_worker_refuses_it_says_is_refused(settings: Settings, database: Database, worker: Worker) -> None:
    errors = list[BundleRefused]()

    def activate() -> None:
        try:
            activate_model(settings, "v2")
        except BundleRefused as refusal:
            errors.append(refusal)

    waiting = threading.Thread(target=activate)
    waiting.start()
    wait_for(lambda: active(database) == "v2", 10, "the activation")
    with database.begin() as connection:
        refuse(connection, "v2", "v2: golden rows differ by 0.7, more than 0.05.")
    waiting.join(10)

    assert [each.message for each in errors] == ["A worker refused it: v2: golden rows differ by 0.7, more than 0.05."]
    assert active(database) == "v1"


def test_a_worker_that_is_not_ready_in_time_is_an_error(settings: Settings, worker: Worker) -> None:
    with pytest.raises(Unavailable, match="0 of 1 workers answer with v2 after 0 s"):
        activate_model(settings, "v2", seconds=0)


def test_a_damaged_bundle_is_one_sentence_and_the_old_one_stays(settings: Settings, database: Database) -> None:
    ObjectStore(settings.store).put(bundle_key("v2", IMAGE_MODEL), b"damaged")

    done = shelfwise("models", "activate", "v2", "--data-dir", settings.data_dir)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"shelfwise: v2: {IMAGE_MODEL} differs from the hash in the manifest.\n"
    assert active(database) == "v1"


@pytest.mark.parametrize("command", ["show", "activate"])
def test_an_unknown_version_is_one_sentence(settings: Settings, command: str) -> None:
    done = shelfwise("models", command, "v9", "--data-dir", settings.data_dir)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "shelfwise: There is no bundle 'v9'.\n")


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    done = shelfwise("models", "list", "--data-dir", tmp_path / "none")

    assert (done.returncode, done.stdout) == (1, "")
    assert "start `shelfwise up` first" in done.stderr
