"""The keeper in a process of its own, with parts that note when they start and how they end."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.waiting import wait_for

KEEPER = """
import sys
from pathlib import Path
from cli.supervisor import Part, Supervisor
from shared.logs import configure_logging

configure_logging("up")
folder = Path(sys.argv[1])
supervisor = Supervisor(stop_seconds=1)
for name, code, stage in {parts!r}:
    script = "import os, pathlib, signal, sys, time\\nname, folder = sys.argv[1], pathlib.Path(sys.argv[2])\\n"
    script += "def note(word):\\n"
    script += "    with (folder / 'notes').open('a') as notes: print(name, word, time.time(), file=notes)\\n"
    supervisor.keep(Part(name, [sys.executable, "-c", script + code, name, str(folder)], {{}}, stage, backoff=0.1))
while not supervisor.stop_asked:
    supervisor.tend()
    if supervisor.renewal_asked:
        (folder / "renewal").touch()
supervisor.stop()
"""
RUNS = "note(f'started {os.getpid()}'); time.sleep(60)"
DIES = "note(f'started {os.getpid()}'); sys.exit(3)"
STOPS = (
    "signal.signal(signal.SIGTERM, lambda *_: (note('asked'), time.sleep(0.2), note('stopped'), os._exit(0)));"
    "note(f'started {os.getpid()}'); time.sleep(60)"
)
IGNORES = "signal.signal(signal.SIGTERM, signal.SIG_IGN); note(f'started {os.getpid()}'); time.sleep(60)"


class Kept:
    """A running keeper and what its parts have noted."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.renewal = folder / "renewal"  # is there once one was asked for
        self._notes = folder / "notes"

    def notes(self, word: str = "") -> list[list[str]]:
        """The notes of parts, oldest first: name, word, its details, and the moment."""
        lines = self._notes.read_text().splitlines() if self._notes.exists() else []
        return [line.split() for line in lines if word in line]

    def starts(self, count: int) -> list[list[str]]:
        """The first so many starts, waited for."""
        wait_for(lambda: len(self.notes("started")) >= count, 20, f"{count} starts")
        return self.notes("started")[:count]

    def parts(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()


@contextmanager
def kept(folder: Path, *parts: tuple[str, str, int], **started: Any) -> Iterator[Kept]:
    process = subprocess.Popen(
        [sys.executable, "-c", KEEPER.format(parts=parts), str(folder)], stderr=subprocess.PIPE, text=True, **started
    )
    keeper = Kept(process, folder)
    try:
        yield keeper
    finally:
        left = keeper.parts() if process.poll() is None else []
        process.kill()
        process.wait()
        psutil.wait_procs(left, 10)
        assert process.stderr is not None
        process.stderr.close()


def test_a_part_that_dies_is_started_again_after_pauses_that_grow(tmp_path: Path) -> None:
    with kept(tmp_path, ("worker", DIES, 1)) as keeper:
        moments = [float(note[-1]) for note in keeper.starts(5)]
        keeper.process.terminate()
        _, said = keeper.process.communicate(timeout=10)

    pauses = [later - earlier for earlier, later in pairwise(moments)]
    for pause, at_least in zip(pauses, (0.1, 0.2, 0.4, 0.8), strict=True):
        assert pause >= at_least
    assert pauses[0] < 0.8, "the first pause is a short one"
    told = json.loads(said.splitlines()[0])
    assert (told["event"], told["part"], told["status"]) == ("part.ended", "worker", 3)


def test_a_part_that_was_killed_is_started_again_and_the_others_are_left_alone(tmp_path: Path) -> None:
    with kept(tmp_path, ("a", RUNS, 1), ("b", RUNS, 1)) as keeper:
        pids = {name: int(pid) for name, _, pid, _ in keeper.starts(2)}
        os.kill(pids["a"], signal.SIGKILL)

        third = keeper.starts(3)[-1]

        assert third[0] == "a"
        assert psutil.Process(pids["b"]).is_running()


def test_sigterm_ends_all_parts_in_order_the_last_stage_first(tmp_path: Path) -> None:
    with kept(tmp_path, ("redis", STOPS, 0), ("worker", STOPS, 1), ("api", STOPS, 1)) as keeper:
        keeper.starts(3)
        keeper.process.terminate()

        assert keeper.process.wait(10) == 0
        ends = [(note[0], note[1]) for note in keeper.notes() if note[1] != "started"]
    assert set(ends[:2]) == {("worker", "asked"), ("api", "asked")}
    assert set(ends[2:4]) == {("worker", "stopped"), ("api", "stopped")}
    assert ends[4:] == [("redis", "asked"), ("redis", "stopped")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_part_that_does_not_listen_is_killed_when_its_time_is_up(tmp_path: Path, number: int) -> None:
    with kept(tmp_path, ("deaf", IGNORES, 1), ("worker", STOPS, 1)) as keeper:
        keeper.starts(2)
        parts = keeper.parts()

        started = time.monotonic()
        keeper.process.send_signal(number)

        assert keeper.process.wait(10) == 0
        assert time.monotonic() - started >= 1
        assert len(parts) == 2
        assert not [part for part in parts if part.is_running()]
        assert keeper.notes("stopped")


def test_killing_the_keeper_takes_all_parts_along(tmp_path: Path) -> None:
    with kept(tmp_path, ("deaf", IGNORES, 0), ("worker", RUNS, 1)) as keeper:
        keeper.starts(2)
        parts = keeper.parts()
        keeper.process.kill()

        _, alive = psutil.wait_procs(parts, 10)

    assert len(parts) == 2
    assert alive == []


def test_the_terminals_interrupt_does_not_reach_the_parts(tmp_path: Path) -> None:
    with kept(tmp_path, ("worker", RUNS, 1)) as keeper:
        keeper.starts(1)
        (part,) = keeper.parts()

        assert os.getsid(part.pid) != os.getsid(keeper.process.pid)


def test_sighup_asks_for_a_renewal_and_stops_nothing(tmp_path: Path) -> None:
    with kept(tmp_path, ("worker", RUNS, 1)) as keeper:
        keeper.starts(1)
        keeper.process.send_signal(signal.SIGHUP)
        wait_for(keeper.renewal.exists, 20, "the renewal asked for")

        assert [part.is_running() for part in keeper.parts()] == [True]


def test_a_terminal_that_is_closed_stops_all_parts_in_order(tmp_path: Path) -> None:
    terminal, its_end = os.openpty()

    def take_the_terminal() -> None:
        fcntl.ioctl(its_end, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may have been started with nohup themselves

    with kept(tmp_path, ("worker", STOPS, 1), start_new_session=True, preexec_fn=take_the_terminal) as keeper:
        os.close(its_end)
        keeper.starts(1)
        os.close(terminal)

        assert keeper.process.wait(10) == 0
        assert [note[1] for note in keeper.notes()][1:] == ["asked", "stopped"]


def test_a_terminal_that_is_closed_does_not_stop_what_was_started_with_nohup(tmp_path: Path) -> None:
    terminal, its_end = os.openpty()

    def take_the_terminal() -> None:
        fcntl.ioctl(its_end, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with kept(tmp_path, ("worker", RUNS, 1), start_new_session=True, preexec_fn=take_the_terminal) as keeper:
        os.close(its_end)
        keeper.starts(1)
        os.close(terminal)
        wait_for(keeper.renewal.exists, 20, "SIGHUP")

        assert [part.is_running() for part in keeper.parts()] == [True]
