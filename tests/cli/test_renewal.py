"""SIGHUP to a keeper in a process of its own, whose workers and API are scripts that note how they fare."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from shared.database import Database
from tests.support.waiting import wait_for

KEEPER = """
import sys
from pathlib import Path
from cli.renewal import Renewal
from cli.supervisor import Part, Supervisor
from shared.database import Database

folder = Path(sys.argv[1])
environment = {"SHELFWISE_DATA_DIR": str(folder), "FOLDER": str(folder)}
supervisor = Supervisor(stop_seconds=2)
def part(*command):
    return Part(command[0], [sys.executable, "-c", PART, *command], environment)
workers, api = [part("io"), part("model", "with a bundle")], part("api")
for each in (api, *workers):
    supervisor.keep(each)
renewal = Renewal(supervisor, Database(f"sqlite:///{folder}/shelfwise.db"), workers, api, up_seconds=5)
while not supervisor.stop_asked:
    supervisor.tend()
    if supervisor.renewal_asked:
        renewal.run()
supervisor.stop()
"""
# Says that it is up as a worker or the API does, unless a file in the folder says how it is to fail.
PART = """
import os, signal, socket, sqlite3, sys, time
from pathlib import Path

name, folder = sys.argv[1], Path(os.environ["FOLDER"])
def note(word):
    with (folder / "notes").open("a") as notes:
        print(name, os.getpid(), word, file=notes)
def end(*_):
    note("ended")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGUSR1, end)
fails = folder / f"{name} fails"
if fails.exists() and fails.read_text() == "at once":
    sys.exit(1)
note("started")
while fails.exists():
    time.sleep(0.02)
note("up")
if name == "api":
    for option in sys.argv[2:]:
        os.write(int(option.removeprefix("--ready-fd=")), b"ready")
else:
    row = (str(os.getpid()), name, socket.gethostname(), os.getpid(), "none", name == "model" and "demo-1" or None)
    with sqlite3.connect(folder / "shelfwise.db") as connection:
        connection.execute("INSERT INTO workers VALUES (?, ?, ?, ?, ?, ?, '2026-01-01', '2026-01-01', NULL)", row)
time.sleep(60)
"""
NAMES = ("io", "model", "api")


class Kept:
    """A running keeper, what it says, and what its parts have noted."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.started = {name: self.noted(name, "up") for name in NAMES}

    def notes(self) -> list[tuple[str, int, str]]:
        """What parts have noted, oldest first: name, process id, word."""
        lines = (self.folder / "notes").read_text().splitlines() if (self.folder / "notes").exists() else []
        return [(name, int(pid), word) for name, pid, word in map(str.split, lines)]

    def noted(self, name: str, word: str, unlike: int = 0) -> int:
        """The process of a part that has noted this word, waited for."""

        def found() -> int | None:
            return next((pid for who, pid, what in self.notes() if (who, what) == (name, word) and pid != unlike), None)

        return wait_for(found, 20, f"{name}: {word}")

    def renew(self) -> str:
        """Send SIGHUP, and return what it has come to."""
        self.process.send_signal(signal.SIGHUP)
        return self.renewed()

    def renewed(self) -> str:
        """What the renewal has come to, waited for."""
        return wait_for(self._said, 30, "the end of the renewal")

    def living(self) -> set[int]:
        """The processes of parts."""
        return {child.pid for child in psutil.Process(self.process.pid).children()}

    def _said(self) -> str | None:
        lines = (self.folder / "said").read_text().splitlines()
        return next((line for line in lines if line.startswith(("renewed", "not renewed"))), None)


@pytest.fixture
def keeper(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Kept]:
    shutil.copy(migrated_sqlite, tmp_path / "shelfwise.db")
    with kept(tmp_path) as running:
        yield running


@contextmanager
def kept(folder: Path) -> Iterator[Kept]:
    with (folder / "said").open("wb") as said:
        code = f"PART = {PART!r}\n{KEEPER}"
        process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=said)
    try:
        yield Kept(process, folder)
    finally:
        left = psutil.Process(process.pid).children() if process.poll() is None else []
        process.kill()
        process.wait()
        psutil.wait_procs(left, 10)


def test_each_part_gets_a_new_process_before_the_old_one_is_told_to_go_workers_first(keeper: Kept) -> None:
    assert keeper.renew() == "renewed"

    renewal = [(name, word, pid == keeper.started[name]) for name, pid, word in keeper.notes()[-9:]]
    assert renewal == [
        step for name in NAMES for step in ((name, "started", False), (name, "up", False), (name, "ended", True))
    ]
    assert len(keeper.living()) == len(NAMES)


@pytest.mark.parametrize("how", ["at once", "never up"])
def test_an_old_process_stays_when_its_new_one_does_not_come_up_and_so_do_those_behind_it(
    keeper: Kept, how: str
) -> None:
    (keeper.folder / "model fails").write_text(how)

    assert keeper.renew().startswith("not renewed: the new process of model did not come up")

    assert keeper.living() == {
        keeper.noted("io", "up", unlike=keeper.started["io"]),
        keeper.started["model"],
        keeper.started["api"],
    }


def test_an_old_process_that_dies_while_its_new_one_starts_leaves_nobody_behind(keeper: Kept) -> None:
    fails = keeper.folder / "io fails"
    fails.write_text("not up yet")
    keeper.process.send_signal(signal.SIGHUP)
    new = keeper.noted("io", "started", unlike=keeper.started["io"])
    os.kill(keeper.started["io"], signal.SIGKILL)
    wait_for(lambda: [word for name, _, word in keeper.notes() if name == "io"].count("started") == 3, 20, "a third")

    fails.unlink()

    assert keeper.renewed() == "renewed"
    assert len(keeper.living()) == len(NAMES)
    assert new in keeper.living()


def test_code_of_another_schema_than_the_database_has_takes_nobodys_place(keeper: Kept) -> None:
    with Database(f"sqlite:///{keeper.folder}/shelfwise.db").begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of later'"))

    assert keeper.renew().startswith("not renewed: this code")

    assert keeper.living() == set(keeper.started.values())


def test_a_new_process_that_dies_later_is_started_again(keeper: Kept) -> None:
    assert keeper.renew() == "renewed"
    second = keeper.noted("api", "up", unlike=keeper.started["api"])
    os.kill(second, signal.SIGKILL)

    wait_for(lambda: [word for name, _, word in keeper.notes() if name == "api"].count("up") == 3, 20, "the third one")


def test_sigterm_in_the_middle_of_a_renewal_ends_the_old_and_the_new(keeper: Kept) -> None:
    (keeper.folder / "io fails").write_text("never up")
    keeper.process.send_signal(signal.SIGHUP)
    new = psutil.Process(keeper.noted("io", "started", unlike=keeper.started["io"]))

    keeper.process.terminate()

    assert keeper.process.wait(20) == 0
    assert not [pid for pid in (new.pid, *keeper.started.values()) if psutil.pid_exists(pid)]
