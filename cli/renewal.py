"""SIGHUP to `shelfwise up`: another process for every worker and the API, one after another, while the service goes on.

The new process is started beside the old one, and only when it is up is the old one told to go. Workers come first, so
that what a new API asks for finds a worker that knows it.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.exc import SQLAlchemyError

from cli.supervisor import STOP_SECONDS, Part, Supervisor, start, stop
from cli.terminal import mention
from shared.database import Database
from shared.workers import can_work

UP_SECONDS = 300.0
# How long an API that has been replaced may go on with what it is in the middle of, like a file on a slow line.
LEAVE_SECONDS = 600.0

Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Renewal:
    """Renews those parts of a running service that run our code."""

    supervisor: Supervisor
    database: Database
    workers: Sequence[Part]
    api: Part
    up_seconds: float = UP_SECONDS

    def run(self) -> None:
        """Renew one part after another, until one does not come up: it stays as it is then, and so do those behind it.

        The last line that is said begins with `renewed` or `not renewed`.
        """
        self.supervisor.renewal_asked = False
        mention("renewing the workers and the API")
        try:
            if self._fits_the_database() and all(map(self._renew_worker, self.workers)) and self._renew_api():
                mention("renewed")
        except OSError as error:  # no memory or no process to be had just now
            mention(f"not renewed: no process can be started ({error.strerror}); what has none yet stays as it is")

    def _fits_the_database(self) -> bool:
        command = [sys.executable, "-m", "migrations.current"]
        fits = self.supervisor.run_to_end(Part("schema", command, self.api.environment)) == 0
        if not fits:
            mention("not renewed: this code does not run here, or needs another schema than the database has")
        return fits

    def _renew_worker(self, part: Part) -> bool:
        return self._take_over(part, replace(part), self._works, lambda old: stop([old], STOP_SECONDS))

    def _renew_api(self) -> bool:
        reading, writing = os.pipe()
        command, fds = [*self.api.command, f"--ready-fd={writing}"], (*self.api.fds, writing)
        successor = replace(self.api, command=command, fds=fds)
        try:
            return self._take_over(self.api, successor, _says_something(reading), self._retire)
        finally:
            os.close(reading)
            os.close(writing)

    def _take_over(
        self, part: Part, successor: Part, is_up: Callable[[Process], bool], let_go: Callable[[Process | None], None]
    ) -> bool:
        """Start a successor's process, make it the part's once it is up, and let go of the one it replaces.

        One that is not up in time is stopped.
        """
        process = start(successor)
        end = time.monotonic() + self.up_seconds
        while not is_up(process):
            if self.supervisor.stop_asked or process.poll() is not None or time.monotonic() > end:
                stop([process], STOP_SECONDS)
                mention(
                    f"not renewed: the new process of {part.name} did not come up, as the log says; the old one stays"
                )
                return False
            self.supervisor.tend()
        old = part.process  # not that of the start: it may have died since, and another one been started for it
        part.process, part.started_at, part.start_again_at = process, successor.started_at, None
        mention(f"{part.name} has a new process")
        let_go(old)
        return True

    def _works(self, process: Process) -> bool:
        """Whether a process is a worker that can do its work; False while the database does not answer."""
        try:
            with self.database.read() as connection:
                return can_work(connection, socket.gethostname(), process.pid)
        except SQLAlchemyError:
            return False

    def _retire(self, old: Process | None) -> None:
        """Have an API go once nobody is connected to it any more, or after a long time."""
        if old is not None and old.poll() is None:
            old.send_signal(signal.SIGUSR1)
        end = time.monotonic() + LEAVE_SECONDS
        while old is not None and old.poll() is None and not self.supervisor.stop_asked and time.monotonic() < end:
            self.supervisor.tend()
        stop([old], STOP_SECONDS)


def _says_something(pipe: int) -> Callable[[Process], bool]:
    """Whether anything has been written into a pipe."""
    return lambda _: bool(select.select([pipe], [], [], 0)[0])
