"""gzip, unpacked piece by piece."""

import zlib

from shared.catalogues.streams import CHUNK, Stream
from shared.errors import UnreadableCatalogue

GZIP = b"\x1f\x8b"
_INPUT = 2**16
_WITH_HEADER = 31  # zlib's number for gzip's header and checksum around 32 KiB of window
_MOST_EMPTY_MEMBERS = 100  # a file may be made of nothing but them, and would keep its reader busy for hours


class Gunzipped:
    """What a gzip stream holds, of one member or many. Raises UnreadableCatalogue where it is damaged or too large.

    Memory is bounded: no more is unpacked at a time than was asked for.
    """

    def __init__(self, packed: Stream, limit: int) -> None:
        self._packed = packed
        self._limit = limit
        self._left = limit
        self._input = b""
        self._member = zlib.decompressobj(_WITH_HEADER)
        self._has_begun = False
        self._empty_members = 0
        self._is_member_empty = True
        self._has_ended = False

    def read(self, size: int, /) -> bytes:
        """At most so many of the next bytes."""
        while not self._has_ended:
            if self._member.eof and not self._next_member():
                break
            if not self._input and not self._member.eof:
                self._input = self._packed.read(_INPUT)
                if not self._input:
                    if not self._has_begun:
                        break
                    raise _broken("it ends before its end")
            try:
                piece = self._member.decompress(self._input, min(size, CHUNK))
            except zlib.error:
                raise _broken("its content does not match its checksum, or is none") from None
            self._has_begun = True
            self._input = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if piece:
                self._is_member_empty = False
                self._left -= len(piece)
                if self._left < 0:
                    raise UnreadableCatalogue(
                        f"The file has more than {self._limit} bytes once it is unpacked.", code="UNPACKED_TOO_LARGE"
                    )
                return piece
        self._has_ended = True
        return b""

    def _next_member(self) -> bool:
        """Begin the member that follows, if one does; zeros may stand behind the last."""
        self._empty_members += self._is_member_empty
        if self._empty_members > _MOST_EMPTY_MEMBERS:
            raise _broken("it has too many empty parts")
        self._input = self._input.lstrip(b"\0")
        while len(self._input) < len(GZIP):
            more = self._packed.read(_INPUT)
            if not more:
                break
            self._input = (self._input + more).lstrip(b"\0")
        if not self._input:
            return False
        if not self._input.startswith(GZIP):
            raise _broken("something else follows it")
        self._member = zlib.decompressobj(_WITH_HEADER)
        self._is_member_empty = True
        return True


def _broken(reason: str) -> UnreadableCatalogue:
    return UnreadableCatalogue(f"The gzip file is damaged: {reason}.", code="BROKEN_GZIP")
