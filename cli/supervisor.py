"""Keeps processes running: starts again what dies, stops all in order, and takes them along if it is killed itself."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from cli.part_log import open_log
from shared.logs import get_logger

POLL_SECONDS = 0.1
FIRST_BACKOFF_SECONDS = 0.5
# A product that kills models takes three of them down: the work behind it waits for no more than this each time.
LONGEST_BACKOFF_SECONDS = 8.0
HEALTHY_SECONDS = 30.0  # a part that ran this long starts again without delay
STOP_SECONDS = 12.0
LAST_WORDS_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(slots=True)
class Part:
    """One process to keep. Parts of a later `stage` are stopped before those of an earlier one.

    A part of more `niceness` leaves the processor to the others when they want it. `fds` are open files that it has
    from this process.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stage: int = 1
    niceness: int = 0
    fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    log: threading.Thread | None = None
    started_at: float = 0.0
    start_again_at: float | None = None
    backoff: float = field(default=FIRST_BACKOFF_SECONDS)


class Supervisor:
    """The keeper of a set of parts. Lives in the main thread.

    `stop_asked` is set by SIGTERM and SIGINT, `renewal_asked` by SIGHUP. A terminal that is closed sends
    SIGHUP, too; that means stop, unless this was started with `nohup`.
    """

    def __init__(self, stop_seconds: float = STOP_SECONDS) -> None:
        self.parts: list[Part] = []
        self.stop_asked = self.renewal_asked = False
        self._stop_seconds = stop_seconds
        self._log = get_logger()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        self._ends_with_terminal = _has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        signal.signal(signal.SIGHUP, self._ask_to_renew)

    def keep(self, part: Part) -> subprocess.Popen[bytes]:
        """Start a part and keep it running; returns its first process. All that it writes goes into the log."""
        self.parts.append(part)
        return start(part)

    def tend(self) -> None:
        """Look after all parts once, and pause a moment."""
        for part in self.parts:
            self._tend(part)
        time.sleep(POLL_SECONDS)

    def run_to_end(self, part: Part) -> int:
        """Run a part once, looking after the others meanwhile; returns its exit status, negative when stopped."""
        process = start(part, sys.stdout)
        while (status := process.poll()) is None:
            if self.stop_asked:
                stop([process], self._stop_seconds)
                return -signal.SIGTERM
            self.tend()
        return status

    def stop(self) -> None:
        """End every part, the last stage first; what does not end in time is killed."""
        for stage in sorted({part.stage for part in self.parts}, reverse=True):
            stop([part.process for part in self.parts if part.stage == stage], self._stop_seconds)
        for part in self.parts:
            if part.log is not None:
                part.log.join(LAST_WORDS_SECONDS)

    def _tend(self, part: Part) -> None:
        moment = time.monotonic()
        if part.start_again_at is not None:
            if moment >= part.start_again_at:
                self._start_again(part)
        elif part.process is not None and part.process.poll() is not None:
            healthy = moment - part.started_at > HEALTHY_SECONDS
            part.start_again_at = moment if healthy else moment + part.backoff
            part.backoff = FIRST_BACKOFF_SECONDS if healthy else min(2 * part.backoff, LONGEST_BACKOFF_SECONDS)
            self._log.warning("part.ended", part=part.name, status=part.process.returncode)

    def _start_again(self, part: Part) -> None:
        part.start_again_at = None
        try:
            start(part)
        except OSError as error:  # no memory or no process to be had just now
            part.start_again_at = time.monotonic() + part.backoff
            self._log.warning("part.not_started", part=part.name, reason=error.strerror)

    def _ask_to_stop(self, _number: int, _frame: object) -> None:
        self.stop_asked = True

    def _ask_to_renew(self, _number: int, _frame: object) -> None:
        if self._ends_with_terminal and not _has_terminal():
            self.stop_asked = True
        else:
            self.renewal_asked = True


def environment_of_parts() -> dict[str, str]:
    """This process's own environment, but for the administrator's password, and for what TensorFlow has to say."""
    environment = {name: value for name, value in os.environ.items() if name != "SHELFWISE_ADMIN_PASSWORD"}
    return environment | {"TF_CPP_MIN_LOG_LEVEL": "2"}


def start(part: Part, stdout: TextIO | None = None) -> subprocess.Popen[bytes]:
    """Start a part's process. It dies with this one. What it writes goes into the log, or its output elsewhere."""
    keeper = os.getpid()

    def become_the_part() -> None:
        os.nice(part.niceness)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:  # it died before the line above
            os._exit(1)

    part.started_at = time.monotonic()
    log, part.log = open_log(part.name)
    try:
        # A session of its own keeps the terminal's Ctrl-C away: this process passes it on, in order.
        part.process = subprocess.Popen(
            part.command,
            env=part.environment,
            stdout=log if stdout is None else stdout,
            stderr=log,
            start_new_session=True,
            preexec_fn=become_the_part,
            pass_fds=part.fds,
        )
    finally:
        os.close(log)
    return part.process


def stop(processes: Iterable[subprocess.Popen[bytes] | None], seconds: float) -> None:
    """Have processes end, and kill those that have not in time."""
    running = [process for process in processes if process is not None and process.poll() is None]
    for process in running:
        process.terminate()
    end = time.monotonic() + seconds
    for process in running:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY))
    except OSError:
        return False
    return True
