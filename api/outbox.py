"""Where a file is written that is sent while it is made."""

from collections.abc import Iterator
from io import RawIOBase
from typing import Any


class Outbox(RawIOBase):
    """Keeps what has not been sent yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """That it can be written, but, being no file, not sought in."""
        return True

    def write(self, piece: Any) -> int:
        """Take a piece."""
        self._pieces.append(bytes(piece))
        self._size += len(piece)
        return len(piece)

    def taken(self, at_least: int = 1) -> Iterator[bytes]:
        """What has come together, if it is that much."""
        if self._size >= at_least:
            taken = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
            yield taken
