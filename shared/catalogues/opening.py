"""What is needed while a file is being opened, which may take minutes: signs of life, and room on the disk."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from shared.catalogues.refusals import room_for_it
from shared.disk import DiskGuard


class Heartbeat:
    """Calls somebody again and again until the first row is there. What that raises goes through everything."""

    def __init__(self, beat: Callable[[], None] | None = None) -> None:
        self._beat = beat

    def __call__(self) -> None:
        """Give a sign of life."""
        if self._beat is not None:
            self._beat()

    def stop(self) -> None:
        """Call nobody any more."""
        self._beat = None


def book(disk: DiskGuard | None, size: int) -> None:
    """Count bytes that are about to be written, if anybody counts them. Raises StorageFull."""
    if disk is not None:
        disk.book(size)


@contextmanager
def on_disk(pieces: Iterable[bytes], disk: DiskGuard | None) -> Iterator[BinaryIO]:
    """These bytes as a file without a name, for readers that jump about in theirs. Raises StorageFull."""
    with tempfile.TemporaryFile() as file:
        for piece in pieces:
            book(disk, len(piece))
            with room_for_it():
                file.write(piece)
        with room_for_it():
            file.flush()
        file.seek(0)
        yield file
