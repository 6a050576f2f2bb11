"""`shelfwise doctor` as a user would call it, on a healthy service, on none, and on broken pieces."""

import fcntl
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Self

import pytest
import redis
from sqlalchemy import text, update

from cli import doctor
from cli.checks.findings import Finding, Patient, Verdict, fail, findings_of, ok
from cli.first_start import WORKSHOP
from shared.database import Database
from shared.identifiers import new_id, now
from shared.schema import SCHEMA_REVISION, note_support
from shared.settings import load_settings
from shared.tables import Batch, WorkerRow
from shared.workers import Worker, seen
from tests.cli.command import shelfwise
from tests.conftest import RedisServer, add_owner, fresh_postgres
from tests.support.bundles import fake_bundle
from tests.support.ledger import TITLE, accept
from tests.support.ports import free_port
from tests.support.service import Service, prepare_data, running_service


@dataclass(frozen=True)
class Report:
    """What the doctor said as JSON, and how it ended."""

    status: int
    settings: dict[str, tuple[str, str]]
    findings: list[Finding]

    @classmethod
    def read(cls, text: str, status: int) -> Self:
        said = json.loads(text)
        assert said["ok"] is (status == 0)
        settings = {entry["name"]: (entry["value"], entry["source"]) for entry in said["settings"]}
        return cls(status, settings, [Finding(**finding) for finding in said["findings"]])

    def of(self, subject: str) -> list[tuple[str, str]]:
        return [(finding.verdict, finding.sentence) for finding in self.findings if finding.subject == subject]

    def not_ok(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.verdict != Verdict.OK]


Examine = Callable[..., Report]


@pytest.fixture
def examine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Examine:
    """Look at a data folder with these settings, in this process, which saves each test a second."""

    def look(data_dir: Path, *, deep: bool = False, **settings: object) -> Report:
        for name, value in variables(settings).items():
            monkeypatch.setenv(name, value)
        status = 0
        try:
            doctor.examine({"data_dir": data_dir}, deep=deep, as_json=True)
        except SystemExit as ended:
            status = int(str(ended.code))
        said = capsys.readouterr()
        assert said.err == ""
        return Report.read(said.out, status)

    return look


def run_doctor(data_dir: Path, *options: object, **settings: object) -> subprocess.CompletedProcess[str]:
    """The real command."""
    return shelfwise("doctor", "--data-dir", data_dir, *options, **variables(settings))


def variables(settings: dict[str, object]) -> dict[str, str]:
    given = {"PORT": free_port(), "FLOWER_PORT": 0, "DISK_RESERVE_BYTES": 0} | settings
    return {f"SHELFWISE_{name}": str(value) for name, value in given.items()}


@pytest.fixture
def data_dir(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """What an earlier start has left: a database, a store with the active bundle, and a key."""
    folder = tmp_path / "data"
    prepare_data(folder, migrated_sqlite, fake_bundle(tmp_path / "bundle"))
    folder.chmod(0o700)
    keep_key(folder, "M3Ys0n8Wq1bT7xZcVfGhJk4LpQrStUvXyA2dEiOuRw9")
    return folder


def keep_key(data_dir: Path, key: str, mode: int = 0o600) -> None:
    (data_dir / "secret_key").write_text(key)
    (data_dir / "secret_key").chmod(mode)


@pytest.fixture(scope="module")
def service_dir(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Path:
    root = tmp_path_factory.mktemp("doctor")
    prepare_data(root / "data", migrated_sqlite, fake_bundle(root / "bundle"))
    (root / "data").chmod(0o700)
    return root / "data"


@pytest.fixture(scope="module")
def service(service_dir: Path) -> Iterator[Service]:
    with running_service(service_dir, predictor="tests.support.predictors:Fake") as started:
        started.wait_until_ready()
        yield started


def port_of(service: Service) -> str:
    return service.url.rpartition(":")[2]


def test_a_healthy_service_gets_a_clean_bill(service: Service, service_dir: Path) -> None:
    done = run_doctor(service_dir, "--json", PORT=port_of(service))

    assert done.stderr == ""
    report = Report.read(done.stdout, done.returncode)
    assert report.not_ok() == []
    assert report.status == 0
    assert report.of("api") == [("ok", f"{service.url} is ready.")]
    assert report.of("bundle") == [("ok", "fake-1 is active and complete.")]
    assert [sentence.partition(",")[0] for _, sentence in report.of("worker")] == ["io worker", "model worker"]
    assert "bundle fake-1" in report.of("worker")[1][1]
    assert report.of("clock")
    assert report.of("redis")[0][1].endswith("answers.")


def test_an_api_that_is_silent_beside_a_running_up_is_wrong(
    examine: Examine, service: Service, service_dir: Path
) -> None:
    with service.paused("api"):
        report = examine(service_dir, PORT=port_of(service))

    assert [finding.subject for finding in report.not_ok()] == ["api"]
    assert report.status == 1
    assert "does not answer (ReadTimeout) although `shelfwise up` runs" in report.of("api")[0][1]


def test_a_first_start_that_still_trains_is_no_trouble(examine: Examine, data_dir: Path) -> None:
    (data_dir / WORKSHOP).mkdir()
    with (data_dir / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        report = examine(data_dir, FLOWER_PORT=free_port())

    assert report.status == 0
    assert {finding.subject for finding in report.not_ok()} == {"redis", "api", "flower", "worker"}
    assert report.of("api") == [
        ("warn", "`shelfwise up` is still training the demo bundle, and starts the API after that.")
    ]


def test_a_service_without_room_is_not_ready_for_want_of_it(
    examine: Examine, service: Service, service_dir: Path
) -> None:
    report = examine(service_dir, PORT=port_of(service), DISK_RESERVE_BYTES=2**60)

    assert [verdict for verdict, _ in report.of("disk")] == ["FAIL"]
    assert report.of("api") == [("ok", f"{service.url} is ready.")], "the service has a smaller reserve"


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(examine: Examine, tmp_path: Path) -> None:
    report = examine(tmp_path / "data")

    assert report.status == 0
    assert {finding.subject for finding in report.not_ok()} == {"data folder", "database", "object store", "api"}
    assert not (tmp_path / "data").exists()


def test_a_stopped_service_has_nothing_wrong(examine: Examine, data_dir: Path) -> None:
    report = examine(data_dir)

    assert report.status == 0
    assert {finding.subject for finding in report.not_ok()} == {"api", "worker"}
    assert report.of("schema") == [("ok", f"It is the one of this code, {SCHEMA_REVISION}.")]
    assert report.of("durability") == [("ok", "journal_mode wal, synchronous FULL.")]
    assert report.of("integrity") == [("ok", "SQLite finds the database whole.")]
    assert report.of("object store") == [("ok", "It can be written and read.")]


def test_the_probe_of_the_store_leaves_nothing_behind(examine: Examine, data_dir: Path) -> None:
    before = sorted(data_dir.joinpath("store").rglob("*"))

    examine(data_dir)

    assert sorted(data_dir.joinpath("store").rglob("*")) == before


def test_the_report_for_people_has_a_line_each_and_a_sum(data_dir: Path) -> None:
    done = run_doctor(data_dir, DISK_RESERVE_BYTES=2**60)

    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (1, "")
    assert f"SHELFWISE_DATA_DIR = {data_dir} (option)" in lines
    assert any(line.startswith("ok    schema") for line in lines)
    assert any(line.startswith("FAIL  disk") and "507" in line for line in lines)
    assert lines[-1].endswith("to look at, 1 wrong")


def test_a_folder_that_others_can_look_into_is_worth_a_look(examine: Examine, data_dir: Path) -> None:
    data_dir.chmod(0o755)

    report = examine(data_dir)

    assert report.of("data folder") == [
        ("warn", f"Others can look into {data_dir} (mode 755): `chmod 700 {data_dir}`.")
    ]
    assert report.status == 0


@pytest.mark.parametrize(
    ("key", "mode", "sentence"),
    [
        ("M3Ys0n8Wq1bT7xZcVfGhJk4LpQrStUvXyA2dEiOuRw9", 0o644, "can be read by others (mode 644)"),
        ("", 0o600, "is empty: delete it."),
        ("a" * 64, 0o600, "it repeats itself too much to be random"),
    ],
)
def test_a_key_that_protects_nothing_is_wrong(
    examine: Examine, data_dir: Path, key: str, mode: int, sentence: str
) -> None:
    keep_key(data_dir, key, mode)

    report = examine(data_dir)

    assert report.status == 1
    assert [finding.subject for finding in report.not_ok() if finding.verdict == Verdict.FAIL] == ["secret key"]
    assert sentence in report.of("secret key")[0][1]


def test_a_newer_schema_on_which_this_code_works_is_an_upgrade_to_be_finished(examine: Examine, data_dir: Path) -> None:
    with closing(Database(load_settings(data_dir=data_dir).database)) as database, database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        note_support(connection, "9999", SCHEMA_REVISION)

    report = examine(data_dir)

    assert report.status == 0
    assert report.of("schema") == [
        ("warn", f"9999 is ahead of {SCHEMA_REVISION}, which still works on it: finish the upgrade.")
    ]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE alembic_version SET version_num = '0001'",
            f"0001 is behind {SCHEMA_REVISION}: `shelfwise up` brings it up.",
        ),
        (
            "UPDATE alembic_version SET version_num = '9999'",
            f"9999 is ahead of {SCHEMA_REVISION}: install the newer version",
        ),
        ("DROP TABLE alembic_version", "The database is empty"),
    ],
)
def test_a_schema_of_another_code_is_wrong(examine: Examine, data_dir: Path, statement: str, sentence: str) -> None:
    database = Database(load_settings(data_dir=data_dir).database)
    with database.begin() as connection:
        connection.execute(text(statement))
    database.close()

    report = examine(data_dir)

    assert report.status == 1
    ((verdict, said),) = report.of("schema")
    assert verdict == "FAIL"
    assert said.startswith(sentence)


def test_a_file_that_is_no_database_is_told_in_a_sentence(examine: Examine, data_dir: Path) -> None:
    (data_dir / "shelfwise.db").write_bytes(b"not a database" * 1000)

    report = examine(data_dir)

    assert report.of("database") == [
        ("FAIL", "It does not answer (file is not a database): SHELFWISE_DATABASE_URL says which it is.")
    ]


def test_a_damaged_file_of_the_active_bundle_is_named(examine: Examine, data_dir: Path) -> None:
    (data_dir / "store" / "bundles" / "fake-1" / "text.keras").write_bytes(b"something else")

    report = examine(data_dir)

    assert report.of("bundle") == [("FAIL", "fake-1: text.keras missing or damaged: publish it anew.")]


@pytest.mark.parametrize(
    ("settings", "subject", "sentence"),
    [
        ({"BROKER_URL": "redis://127.0.0.1:1/0"}, "redis", "It does not answer (OperationalError)"),
        ({"DATABASE_URL": "postgresql://ann:sesame@127.0.0.1:1/x"}, "database", "It does not answer (connection"),
        ({"DATABASE_URL": "nonsense"}, "database", "SHELFWISE_DATABASE_URL is not a database URL."),
        ({"STORE_URL": "ftp://x"}, "object store", "SHELFWISE_STORE_URL: there is no such object store."),
        ({"PORT": "99999"}, "settings", "SHELFWISE_PORT: Input should be less than or equal to 65535."),
        ({"SECRET_KEY": "sesame"}, "settings", "SHELFWISE_SECRET_KEY: it has 6 bytes"),
    ],
)
def test_what_cannot_be_reached_or_used_is_told_in_a_sentence(
    examine: Examine, tmp_path: Path, settings: dict[str, str], subject: str, sentence: str
) -> None:
    report = examine(tmp_path, **settings)

    assert report.status == 1
    ((verdict, said),) = report.of(subject)
    assert verdict == "FAIL"
    assert said.startswith(sentence)


def test_a_server_that_never_says_a_word_is_not_waited_for(examine: Examine, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        report = examine(tmp_path, PORT=silent.getsockname()[1])

    assert report.of("api")[0][0] == "FAIL"
    assert "Address already in use" in report.of("api")[0][1]


def test_another_program_at_the_apis_address_is_told_apart(examine: Examine, tmp_path: Path) -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"

        report = examine(tmp_path, PORT=server.server_port)

    assert report.of("api") == [("FAIL", f"What answers at {url} is not this service: end it, or set SHELFWISE_PORT.")]


def test_a_port_of_flower_that_is_taken_is_wrong(examine: Examine, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        report = examine(tmp_path, FLOWER_PORT=taken.getsockname()[1])

    assert report.of("flower")[0][0] == "FAIL"


def test_no_secret_is_shown(tmp_path: Path) -> None:
    key = "M3Ys0n8Wq1bT7xZcVfGhJk4LpQrStUvXyA2dEiOuRw9"
    secrets = {
        "DATABASE_URL": "postgresql://ann:s@sa/me@127.0.0.1:1/x?sslpassword=sesame",
        "BROKER_URL": "redis://:sesame@127.0.0.1:1/0",
        "SECRET_KEY": key,
        "ADMIN_PASSWORD": "sesame open",
    }

    report = run_doctor(tmp_path, "--json", **secrets)

    assert "sesame" not in report.stdout + report.stderr
    assert key not in report.stdout
    shown = {entry["name"]: entry["value"] for entry in json.loads(report.stdout)["settings"]}
    assert shown["SHELFWISE_DATABASE_URL"] == "postgresql://ann:***@127.0.0.1:1/x?***"
    assert shown["SHELFWISE_BROKER_URL"] == "redis://:***@127.0.0.1:1/0"


def test_every_setting_is_listed_with_where_it_comes_from(examine: Examine, tmp_path: Path) -> None:
    report = examine(tmp_path, LOG_LEVEL="DEBUG")

    assert report.settings["SHELFWISE_DATA_DIR"] == (str(tmp_path), "option")
    assert report.settings["SHELFWISE_LOG_LEVEL"] == ("DEBUG", "environment")
    assert report.settings["SHELFWISE_LEASE_SECONDS"] == ("30.0", "default")


def test_a_variable_that_is_no_setting_is_worth_a_look(examine: Examine, tmp_path: Path) -> None:
    report = examine(tmp_path, PROT="8001")

    assert report.of("settings") == [
        ("warn", "SHELFWISE_PROT is no setting and changes nothing: docs/04-settings.md has their names.")
    ]


def test_a_redis_that_evicts_is_worth_a_look(examine: Examine, tmp_path: Path, redis_server: RedisServer) -> None:
    with redis.Redis(unix_socket_path=str(redis_server.folder / "redis.sock")) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")

    report = examine(tmp_path, BROKER_URL=redis_server.broker_url)

    assert report.of("redis")[0][0] == "warn"
    assert "set maxmemory-policy noeviction" in report.of("redis")[0][1]


def test_a_postgresql_is_looked_at_likewise(examine: Examine, tmp_path: Path, migrated_postgres: str) -> None:
    with fresh_postgres(migrated_postgres) as url:
        report = examine(tmp_path, DATABASE_URL=url)

    assert report.of("database")[0][1].startswith("PostgreSQL ")
    assert report.of("schema") == [("ok", f"It is the one of this code, {SCHEMA_REVISION}.")]


def test_workers_without_a_bundle_and_dead_ones_are_worth_a_look(examine: Examine, data_dir: Path) -> None:
    database = Database(load_settings(data_dir=data_dir).database)
    fresh = Worker(new_id(), "model", "here", 1, started_at=now())
    dead = replace(fresh, id=new_id(), host="there", bundle="fake-1")
    with database.begin() as connection:
        seen(connection, fresh)
        seen(connection, dead)
        connection.execute(
            update(WorkerRow).where(WorkerRow.id == dead.id).values(last_seen_at=now() - timedelta(minutes=2))
        )
    database.close()

    told = examine(data_dir).of("worker")

    assert [verdict for verdict, _ in told] == ["warn", "warn", "warn"]
    assert told[0][1].startswith("model worker, process 1 on here: it has no bundle yet")
    assert told[1][1].startswith("model worker, process 1 on there: last seen 12")
    assert told[2][1] == "No io worker is alive: start `shelfwise up`."


def test_work_that_has_waited_long_is_worth_a_look(examine: Examine, data_dir: Path) -> None:
    database = Database(load_settings(data_dir=data_dir).database)
    owner_id = add_owner(database, "owner")
    accept(database, owner_id, TITLE)
    with database.begin() as connection:
        connection.execute(update(Batch).values(queued_at=now() - timedelta(minutes=2)))
    database.close()

    ((verdict, sentence),) = examine(data_dir).of("lane")

    assert verdict == "warn"
    assert sentence.startswith("1 batches have waited on interactive")


def test_a_deep_look_loads_tensorflow_and_reads_everything(examine: Examine, data_dir: Path) -> None:
    report = examine(data_dir, deep=True)

    ((verdict, sentence),) = report.of("tensorflow")
    assert verdict == "ok"
    assert sentence.startswith("TensorFlow 2.")
    for subject in ("integrity", "references", "ledger", "photos", "catalogues", "leftovers"):
        assert [verdict for verdict, _ in report.of(subject)] == ["ok"], subject


def patient(tmp_path: Path) -> Patient:
    return Patient(load_settings(data_dir=tmp_path), running=False, deep=False)


def test_a_check_that_hangs_is_left_behind(tmp_path: Path) -> None:
    released = threading.Event()

    def check_the_moon(_: Patient) -> Iterator[Finding]:
        released.wait(60)
        yield ok("the moon", "It is up.")

    found = findings_of(check_the_moon, patient(tmp_path), seconds=0.05)
    released.set()

    assert found == [fail("the moon", "Nothing answered within 0 s.")]


def test_a_check_that_raises_is_told_in_a_sentence_after_what_it_has_found(tmp_path: Path) -> None:
    def check_the_moon(_: Patient) -> Iterator[Finding]:
        yield ok("the moon", "It is up.")
        raise RuntimeError("clouds\nand more")

    assert findings_of(check_the_moon, patient(tmp_path)) == [
        ok("the moon", "It is up."),
        fail("the moon", "It could not be looked at (RuntimeError: clouds)."),
    ]
