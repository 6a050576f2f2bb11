"""The folder of a training run: for one process at a time, and without the work that nobody has gone on with."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import Conflict
from training.whole_folder import tidy_up

WORK, BUNDLE, REPORT = "work", "bundle", "report"
ABANDONED_SECONDS = 30 * 24 * 3600.0  # after its last saved epoch


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder, made if need be, for this process alone; rid of what a killed one left half written.

    Raises Conflict while another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"Another process is training in {folder}.") from None
        for name in (BUNDLE, REPORT):
            tidy_up(folder / name)
        yield


def remove_work(folder: Path) -> None:
    """Saved fits and the bundle go; the report stays."""
    for leftover in (WORK, BUNDLE):
        shutil.rmtree(folder / leftover, ignore_errors=True)


def forget_abandoned(runs: Path) -> None:
    """Remove the work of runs in this folder that were cut short and that nobody has gone on with for a month."""
    latest = time.time() - ABANDONED_SECONDS
    for work in runs.glob(f"*/{WORK}"):
        if work.stat().st_mtime < latest:
            try:
                with held(work.parent):
                    remove_work(work.parent)
            except Conflict:
                continue
