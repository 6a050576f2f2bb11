"""One entry of a ZIP, for those who need no other: its directory, of a kilobyte an entry in memory, is never loaded.

`zipfile` is shown the archive with another directory, which has that entry alone.
"""

import io
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from shared.catalogues.archive import BROKEN, EntryContent
from shared.catalogues.archive_checks import Directory, directory_of, ending_of
from shared.catalogues.opening import Heartbeat
from shared.catalogues.refusals import refused_as

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_RECORD: Final = struct.Struct("<4s4B4HL2L5H2L")
_FLAGS, _LENGTHS = 5, slice(12, 15)  # the lengths of what follows: name, extra, comment
_NAME_IS_UTF_8: Final = 0x800


@contextmanager
def open_entry(file: BinaryIO, name: str, beat: Heartbeat) -> Iterator[EntryContent]:
    """The content of the entry of this name in a ZIP that was checked before. Raises UnreadableCatalogue."""
    with refused_as("BROKEN_ARCHIVE", BROKEN):
        directory = directory_of(file)
        packed = zipfile.ZipFile(_OneEntry(file, directory, _record_of(file, directory, name)))
    with packed:
        yield EntryContent(packed, packed.infolist()[0], beat)


def _record_of(file: BinaryIO, directory: Directory, name: str) -> bytes:
    """What the directory says of an entry, which is found by reading one record after the other."""
    place = file.seek(directory.start)
    while place < directory.end:
        head = file.read(_RECORD.size)
        fields = _RECORD.unpack(head)
        rest = file.read(sum(fields[_LENGTHS]))
        own = rest[: fields[_LENGTHS][0]]
        if own.decode("utf-8" if fields[_FLAGS] & _NAME_IS_UTF_8 else "cp437") == name:
            return head + rest
        place += len(head) + len(rest)
    raise ValueError("no such entry")


class _OneEntry(io.RawIOBase):
    """A ZIP as it is up to its directory, and behind that the record of one entry, and an end."""

    def __init__(self, file: BinaryIO, directory: Directory, record: bytes) -> None:
        self._file = file
        self._start = directory.start
        self._tail = record + ending_of(len(record), directory.said_start)
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._start + len(self._tail)}
        self._place = max(bases[whence] + offset, 0)
        return self._place

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        if self._place < self._start:
            self._file.seek(self._place)
            piece = self._file.read(min(len(view), self._start - self._place))
        else:
            behind = self._place - self._start
            piece = self._tail[behind : behind + len(view)]
        view[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)
