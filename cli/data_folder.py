"""The data folder: held by one command at a time, and not to be used in the middle of a restore."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import ConfigurationError

UNFINISHED_RESTORE = "restore.unfinished"  # says what to do; there while old and new files change places


@contextmanager
def held_alone(data_dir: Path, refusal: str) -> Iterator[None]:
    """Hold the data folder, made if it is not there, for this process alone. Raises ConfigurationError."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(refusal) from None
        yield


def unfinished_restore(data_dir: Path) -> str | None:
    """What to do about a restore that was killed at its very end; None where there was none."""
    try:
        return (data_dir / UNFINISHED_RESTORE).read_text().strip()
    except FileNotFoundError:
        return None


def refuse_unfinished_restore(data_dir: Path) -> None:
    """Raise ConfigurationError where a restore was killed at its very end."""
    what_to_do = unfinished_restore(data_dir)
    if what_to_do is not None:
        raise ConfigurationError(what_to_do)
