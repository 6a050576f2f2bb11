"""New files and old ones change places: by renaming alone, and back again where something fails.

What a kill leaves in the middle nobody can undo. So a note lies in the data folder meanwhile, which keeps
`shelfwise up` from starting on half of each, and says what to do.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared.disk import to_disk

Move = tuple[Path, Path]


def change_places(moves: Sequence[Move], note: Path, what_to_do: str) -> None:
    """Rename the first of each pair to the second, in their order: all, or, where something raises, none.

    Nothing is overwritten: the caller names places that are free by the time their turn comes.
    """
    with _deaf_to_interrupts():
        note.write_text(f"{what_to_do}\n")
        to_disk(note)
        to_disk(note.parent)
        done: list[Move] = []
        try:
            for source, place in moves:
                os.rename(source, place)
                done.append((source, place))
        except OSError:
            for source, place in reversed(done):
                os.rename(place, source)
            note.unlink()
            raise
        for folder in {path.parent for move in moves for path in move}:
            to_disk(folder)
        note.unlink()
        to_disk(note.parent)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Pass Ctrl-C over for a moment, in the middle of which nobody could say what has been changed."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
