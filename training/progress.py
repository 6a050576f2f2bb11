"""How training says where it is: a small protocol, and two who listen."""

import sys
import time
from collections.abc import Mapping
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress(Protocol):
    """Hears of every stage of a training run, of the steps in it, and of every epoch's figures."""

    def stage(self, title: str, total: int | None = None) -> None:
        """A new stage begins; it has `total` steps if that is known."""

    def advance(self, steps: int) -> None:
        """So many more steps of the present stage are done."""

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        """Epoch `number` (from 1) of `model` ended with these figures: loss, accuracy, val_loss, val_accuracy."""

    def close(self) -> None:
        """The run is over."""


class Silent:
    """Hears and says nothing."""

    def stage(self, title: str, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self, steps: int) -> None:
        """Say nothing."""

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Do nothing."""


class Lines:
    """Writes a plain line per stage, and one every few seconds within a long one."""

    def __init__(self, stream: TextIO | None = None, every_seconds: float = 10.0) -> None:
        self._stream = stream if stream is not None else sys.stdout
        self._every_seconds = every_seconds
        self._begun = self._spoke = time.monotonic()
        self._title, self._done, self._total = "", 0, None

    def stage(self, title: str, total: int | None = None) -> None:
        """Write the stage's title."""
        self._title, self._done, self._total = title, 0, total
        self._say(title if total is None else f"{title} ({total})")

    def advance(self, steps: int) -> None:
        """Count, and write the count if the last line is old."""
        self._done += steps
        if time.monotonic() - self._spoke >= self._every_seconds:
            of = "" if self._total is None else f" of {self._total}"
            self._say(f"{self._title}: {self._done}{of}")

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        """Epochs pass too quickly to be lines."""

    def close(self) -> None:
        """Nothing is left open."""

    def _say(self, line: str) -> None:
        self._spoke = time.monotonic()
        print(f"[{self._spoke - self._begun:5.1f} s] {line}", file=self._stream, flush=True)

    _total: int | None


class Terminal:
    """Draws one bar per stage on a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._bars = Bars(
            TextColumn("{task.description:<32}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}"),
            TimeElapsedColumn(),
            console=console if console is not None else Console(stderr=True),
        )
        self._bars.start()
        self._stage: TaskID | None = None

    def stage(self, title: str, total: int | None = None) -> None:
        """End the present bar and begin the next."""
        self._end_stage()
        self._stage = self._bars.add_task(title, total=total)

    def advance(self, steps: int) -> None:
        """Move the present bar."""
        if self._stage is not None:
            self._bars.advance(self._stage, steps)

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        """Show that something moves."""
        self.advance(1)

    def close(self) -> None:
        """End the last bar and leave the terminal as it was."""
        self._end_stage()
        self._bars.stop()

    def _end_stage(self) -> None:
        if self._stage is not None:
            task = self._bars.tasks[self._stage]
            self._bars.update(self._stage, total=task.completed or 1, completed=task.completed or 1)
            self._bars.stop_task(self._stage)


def console_progress() -> Progress:
    """Bars on a terminal; elsewhere (a pipe, a container) plain lines on standard output."""
    return Terminal() if sys.stderr.isatty() else Lines()
