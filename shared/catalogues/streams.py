"""Streams of bytes that are read on and on: what text tables are read from, whatever they are packed in."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from shared.catalogues.opening import Heartbeat
from shared.errors import Unavailable

CHUNK = 2**18


class Stream(Protocol):
    """Bytes that come in their order; an empty read is their end."""

    def read(self, size: int, /) -> bytes:
        """At most so many of the next bytes."""


def first_bytes(stream: Stream, size: int) -> bytes:
    """The next `size` bytes, fewer at the end."""
    pieces, missing = [], size
    while missing and (piece := stream.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def skip(stream: Stream, size: int) -> None:
    """Read over so many bytes, or to the end."""
    while size and (piece := stream.read(min(size, CHUNK))):
        size -= len(piece)


def pieces_of(stream: Stream) -> Iterator[bytes]:
    """All that is to come, piece by piece."""
    while piece := stream.read(CHUNK):
        yield piece


class Content(Protocol):
    """Bytes that can be read from their beginning again and again."""

    def begin(self) -> Stream:
        """All of them, from the first on; what was read before is read no more."""

    def begin_at(self, offset: int) -> Stream:
        """Those behind the first `offset`."""

    def share(self) -> float:
        """How much has been read of them, from 0 to 1."""


class FileContent:
    """The content of an open file in the store. Reading raises Unavailable when the store fails."""

    def __init__(self, file: BinaryIO, size: int, beat: Heartbeat) -> None:
        self._file = file
        self._size = size
        self._beat = beat
        self._read = 0

    def begin(self) -> Stream:
        """All of it."""
        return self.begin_at(0)

    def begin_at(self, offset: int) -> Stream:
        """What is behind the first `offset` bytes."""
        self._file.seek(offset)
        self._read = offset
        return self

    def share(self) -> float:
        """How much has been read of it."""
        return min(self._read / self._size, 1.0) if self._size else 1.0

    def read(self, size: int, /) -> bytes:
        """At most so many of the next bytes."""
        self._beat()
        try:
            piece = self._file.read(size)
        except OSError as error:
            raise Unavailable("The object store does not answer.") from error
        self._read += len(piece)
        return piece
