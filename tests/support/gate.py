"""A gate that holds model calls up, in whatever process they are made, until a test opens it."""

import os
import time
from pathlib import Path

import psutil

from tests.support.waiting import wait_for

VARIABLE = "SHELFWISE_GATE"


class Gate:
    """A file that is there for as long as the gate is closed, and beside it one for each process that came to it.

    A service is told of it by `gate=gate.path`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def close(self) -> None:
        """Hold every model call up from now on; who came before does not count any more."""
        for sign in self.path.parent.glob(f"{self.path.stem}.*"):
            sign.unlink()
        self.path.touch()

    def open(self) -> None:
        """Let all go on."""
        self.path.unlink()

    def wait_until_reached(self, by: psutil.Process) -> None:
        """Return once a model call of this process is held up."""
        wait_for(self._sign_of(by.pid).exists, 30, "a model call at the gate")

    def pass_through(self) -> None:
        """Stay here for as long as the gate is closed."""
        while self.path.exists():
            self._sign_of(os.getpid()).touch()
            time.sleep(0.01)

    def _sign_of(self, process_id: int) -> Path:
        return self.path.with_suffix(f".{process_id}")


def gate_of_this_process() -> Gate:
    """The gate that the service was told of."""
    return Gate(Path(os.environ[VARIABLE]))
