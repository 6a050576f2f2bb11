"""How training says where it is: a small protocol, and those who listen."""

import sys
import time
from collections.abc import Mapping
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text


class Progress(Protocol):
    """Hears of every stage of a training run, of the steps in it, and of every epoch's figures."""

    def stage(self, title: str, total: int | None = None) -> None:
        """A new stage begins; it has at most `total` steps (photos, or rows times epochs) if that is known."""

    def advance(self, steps: int) -> None:
        """So many more steps of the present stage are done."""

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        """Epoch `number` (from 1) of `model` ended with these figures: loss, accuracy, val_loss, val_accuracy, ..."""

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


class Several:
    """Passes all on to several listeners, in their order."""

    def __init__(self, *listeners: Progress) -> None:
        self._listeners = listeners

    def stage(self, title: str, total: int | None = None) -> None:
        """Pass it on."""
        for listener in self._listeners:
            listener.stage(title, total)

    def advance(self, steps: int) -> None:
        """Pass it on."""
        for listener in self._listeners:
            listener.advance(steps)

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        """Pass it on."""
        for listener in self._listeners:
            listener.epoch(model, number, figures)

    def close(self) -> None:
        """Pass it on."""
        for listener in self._listeners:
            listener.close()


class Lines:
    """Writes a plain line per stage, and one every few seconds within a long one, with its rate and what is left."""

    def __init__(self, stream: TextIO | None = None, every_seconds: float = 10.0) -> None:
        self._stream = stream if stream is not None else sys.stdout
        self._every_seconds = every_seconds
        self._begun = self._spoke = self._stage_begun = time.monotonic()
        self._title, self._done, self._epoch = "", 0, ""
        self._total: int | None = None

    def stage(self, title: str, total: int | None = None) -> None:
        """Write the stage's title."""
        self._title, self._done, self._total, self._epoch = title, 0, total, ""
        self._stage_begun = time.monotonic()
        self._say(title if total is None else f"{title} ({total})")

    def advance(self, steps: int) -> None:
        """Count, and write the count if the last line is old."""
        self._done += steps
        if time.monotonic() - self._spoke >= self._every_seconds:
            of = "" if self._total is None else f" of {self._total}"
            self._say(f"{self._title}: {self._done}{of}{self._pace()}{self._epoch}")

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        """Keep the figures for the next line: epochs can pass too quickly to be lines themselves."""
        self._epoch = f", epoch {number}: {_in_words(figures)}"

    def close(self) -> None:
        """Nothing is left open."""

    def _pace(self) -> str:
        if self._done == 0:
            return ""
        rate = self._done / max(1e-6, time.monotonic() - self._stage_begun)
        left = "" if self._total is None else f", {max(0, self._total - self._done) / max(1e-6, rate):.0f} s left"
        return f", {rate:.1f}/s{left}"

    def _say(self, line: str) -> None:
        self._spoke = time.monotonic()
        print(f"[{self._spoke - self._begun:5.1f} s] {line}", file=self._stream, flush=True)


class Terminal:
    """Draws one bar per stage on a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._bars = Bars(
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}"),
            console=console if console is not None else Console(stderr=True),
        )
        self._bars.start()
        self._stage: TaskID | None = None

    def stage(self, title: str, total: int | None = None) -> None:
        """End the present bar and begin the next."""
        self._end_stage()
        self._stage = self._bars.add_task(title, total=total, figures="")

    def advance(self, steps: int) -> None:
        """Move the present bar."""
        if self._stage is not None:
            self._bars.advance(self._stage, steps)

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        """Show the figures behind the bar."""
        if self._stage is not None:
            self._bars.update(self._stage, figures=f"epoch {number}: {_in_words(figures)}")

    def close(self) -> None:
        """End the last bar and leave the terminal as it was."""
        self._end_stage()
        self._bars.stop()

    def _end_stage(self) -> None:
        if self._stage is not None:
            task = self._bars.tasks[self._stage]
            self._bars.update(self._stage, total=task.completed or 1, completed=task.completed or 1)
            self._bars.stop_task(self._stage)


class _Rate(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:.1f}/s")


def console_progress() -> Progress:
    """Bars on a terminal; elsewhere (a pipe, a container) plain lines on standard output."""
    return Terminal() if sys.stderr.isatty() else Lines()


def _in_words(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {figures[name]:.3f}" for name in ("loss", "val_loss", "val_accuracy") if name in figures)
