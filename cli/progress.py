"""What a long command shows while it runs: bars on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from cli.job_words import progress_words
from cli.terminal import say

EVERY_SECONDS = 10.0


class Progress(Protocol):
    """Hears how far a command is: stage by stage, each counted in bytes or as a job says it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, stage: str, share: float | None, words: str) -> None:
        """How much of a stage is done, from 0 to 1, None where nobody knows, and what there is to say of it."""


class Drawn:
    """A bar for each stage."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[words]}"),
            console=console,
        )
        self._stage = ""

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, stage: str, share: float | None, words: str) -> None:
        """Move the stage's bar; a new stage begins a new one."""
        if stage != self._stage:
            if self._stage:
                self._bars.stop_task(self._bars.task_ids[-1])
            self._bars.add_task(stage, total=None, words="")
            self._stage = stage
        total = None if share is None else 1.0
        self._bars.update(self._bars.task_ids[-1], total=total, completed=share or 0.0, words=words)


class Lines:
    """A line when a stage begins, one every few seconds after that, and one for what was last."""

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._every_seconds = every_seconds
        self._stage, self._unsaid, self._spoke = "", "", 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._say_last()

    def show(self, stage: str, share: float | None, words: str) -> None:
        """Say it, or keep it until it is time."""
        if stage != self._stage:
            self._say_last()
            self._stage, self._spoke = stage, -self._every_seconds
        self._unsaid = f"{stage}: {words}" if share is None else f"{stage}: {share:.0%}, {words}"
        if time.monotonic() - self._spoke >= self._every_seconds:
            self._say_last()

    def _say_last(self) -> None:
        if self._unsaid:
            say(self._unsaid)
        self._unsaid, self._spoke = "", time.monotonic()


def shown_progress() -> Progress:
    """Bars where standard error is a terminal, lines on standard output elsewhere."""
    return Drawn(Console(stderr=True)) if sys.stderr.isatty() else Lines()


def counting(progress: Progress, stage: str, size: int | None) -> Callable[[int], None]:
    """What is told how many bytes of a stage there are now; `size` is how many it will be, if that is known."""
    begun = time.monotonic()

    def count(done: int) -> None:
        rate = done / max(1e-6, time.monotonic() - begun)
        share, of = (None, "") if size is None else (done / max(1, size), f" of {decimal(size)}")
        progress.show(stage, share, f"{decimal(done)}{of}, {decimal(round(rate))}/s")

    return count


def follow(progress: Progress, states: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Show how far a job is, state by state, and return the last one."""
    job: dict[str, Any] = {}
    for job in states:
        progress.show("rows", job["progress"], progress_words(job))
    return job
