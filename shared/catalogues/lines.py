"""Lines of a stream of bytes, of bounded length, with their sizes: where a row ends in a file."""

from collections.abc import Sequence
from io import BytesIO
from typing import Final, NamedTuple

from shared.catalogues.streams import CHUNK, Stream

TOO_LONG: Final = b"\xff a line of more bytes than are read"  # stands for one; no text in UTF-8 holds 0xFF


class Block(NamedTuple):
    """Some lines with their ends, how many bytes each has in the stream, and whether there is a NUL in any."""

    lines: Sequence[bytes]
    sizes: Sequence[int]
    has_nul: bool = False


class Lines:
    """Cuts a stream into lines: at line feeds alone, or with `any_end` at carriage returns, too.

    A line of more than `limit` bytes is TOO_LONG, and never held.
    """

    def __init__(self, stream: Stream, limit: int, *, any_end: bool) -> None:
        self._stream = stream
        self._limit = limit
        self._any_end = any_end
        self._rest: list[bytes] = []  # of a line that has no end yet
        self._held = 0
        self._back = b""  # of a piece of which only the beginning was needed

    def read(self) -> Block | None:
        """The next lines, at least one; None at the end."""
        while piece := self._piece():
            cut = self._last_end(piece)
            if cut:
                return self._block(piece[:cut], piece[cut:])
            self._hold(piece)
            if self._held > self._limit:
                return self._pass_over()
        return self._block(b"", b"") if self._rest else None

    def _piece(self) -> bytes:
        if self._back:
            piece, self._back = self._back, b""
            return piece
        piece = self._stream.read(CHUNK)
        if self._any_end and piece.endswith(b"\r"):
            piece += self._stream.read(1)  # half an end of line must not be taken for a whole one
        return piece

    def _last_end(self, piece: bytes) -> int:
        """Where the last line ends that is certain to have ended; 0 where none is."""
        end = piece.rfind(b"\n")
        if self._any_end:
            end = max(end, piece.rfind(b"\r", 0, -1))
        return end + 1

    def _first_end(self, piece: bytes) -> int:
        """Where the first line ends; 0 where none does."""
        end = piece.find(b"\n") + 1
        if self._any_end and (other := piece.find(b"\r", 0, end or len(piece)) + 1) and other != end - 1:
            return other
        return end

    def _hold(self, piece: bytes) -> None:
        self._rest.append(piece)
        self._held += len(piece)

    def _block(self, last: bytes, rest: bytes) -> Block:
        content = b"".join([*self._rest, last])
        self._rest, self._held = ([rest], len(rest)) if rest else ([], 0)
        lines = content.splitlines(keepends=True) if self._any_end else BytesIO(content).readlines()
        sizes = list(map(len, lines))
        if max(sizes) > self._limit:
            lines = [line if len(line) <= self._limit else TOO_LONG for line in lines]
        return Block(lines, sizes, b"\0" in content)

    def _pass_over(self) -> Block:
        """Read to the end of a line that is too long already."""
        size, self._rest, self._held = self._held, [], 0
        while piece := self._piece():
            if end := self._first_end(piece):
                self._back = piece[end:]
                return Block([TOO_LONG], [size + end])
            size += len(piece)
        return Block([TOO_LONG], [size])
