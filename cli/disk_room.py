"""Room on a disk for what a command is about to write, beside the reserve that the service keeps for itself."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rich.filesize import decimal

from shared.errors import StorageFull

ASK_BYTES = 16 * 2**20


def require_room(folder: Path, size: int, reserve: int) -> None:
    """Raise StorageFull where `size` bytes more would leave less than the reserve free."""
    free = max(0, shutil.disk_usage(folder).free - reserve)
    if free < size:
        raise StorageFull(
            f"There is no room in {folder}: {decimal(size)} are needed, and {decimal(free)} are free beside the "
            f"reserve of {decimal(reserve)} (SHELFWISE_DISK_RESERVE_BYTES)."
        )


class Meter:
    """Counts what passes on its way to a disk, and asks the disk now and then whether it has room for more."""

    def __init__(self, folder: Path, reserve: int, count: Callable[[int], None]) -> None:
        self._folder, self._reserve, self._count = folder, reserve, count
        self._done = self._asked_at = 0

    def passing(self, content: Iterable[bytes]) -> Iterator[bytes]:
        """Pass it on. Raises StorageFull before the reserve is touched."""
        for piece in content:
            if self._done + len(piece) - self._asked_at >= ASK_BYTES:
                require_room(self._folder, ASK_BYTES, self._reserve)
                self._asked_at = self._done
            yield piece
            self._done += len(piece)
            self._count(self._done)
