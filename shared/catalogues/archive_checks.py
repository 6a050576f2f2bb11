"""What a ZIP may be: no more than it says, not more than is read, and nothing but plain files under plain names."""

import stat
import struct
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import BinaryIO, Final, NamedTuple

from shared.catalogues.refusals import refused_as
from shared.errors import UnreadableCatalogue

MIB: Final = 2**20
MOST_FILES: Final = 250_000
_LARGEST_DIRECTORY: Final = 64 * MIB
_RATIO: Final = 100  # text rarely packs to a fiftieth
_SMALL: Final = MIB  # unpacked; how such files are packed does not matter
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000  # the content, strongly, the directory
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for gigabytes to unpack a byte
_ARCHIVES: Final = frozenset(
    {".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".zst", ".lz4", ".br", ".jar", ".cab", ".iso"}
)
_FILE_HEADER: Final = 30
_ENTRY: Final = b"PK\x01\x02"
_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64: Final = struct.Struct("<4sLQL")
_LONGEST_COMMENT: Final = 2**16


class Directory(NamedTuple):
    """Where an archive's directory is, and where it says that it begins: something else may stand before it all."""

    start: int
    end: int
    said_start: int


def check_directory(file: BinaryIO) -> None:
    """Refuse a directory that is too large to be loaded. Raises UnreadableCatalogue."""
    with refused_as("BROKEN_ARCHIVE", "The archive is damaged: it has no directory."):
        start, end, _ = directory_of(file)
    if end - start > _LARGEST_DIRECTORY:
        raise _too_many()
    if start < 0:
        raise UnreadableCatalogue("The archive is damaged: its directory is cut off.", code="BROKEN_ARCHIVE")
    file.seek(start)
    if file.read(end - start).count(_ENTRY) > MOST_FILES:
        raise _too_many()


def directory_of(file: BinaryIO) -> Directory:
    """The directory's place, as `zipfile` finds it. Raises anything."""
    whole = file.seek(0, 2)
    start = max(whole - _LONGEST_COMMENT - _END.size, 0)
    file.seek(start)
    tail = file.read()
    last = len(tail) - _END.size
    is_last = last >= 0 and tail[last:].startswith(_END_MARK) and tail.endswith(b"\0\0")
    place = last if is_last else tail.rfind(_END_MARK)
    if place < 0:
        raise ValueError("no end of the directory")
    end, (size, said_start) = start + place, _END.unpack_from(tail, place)[5:7]
    before = place - _LOCATOR_64.size - _END_64.size
    if before >= 0 and tail[place - _LOCATOR_64.size :].startswith(b"PK\x06\x07"):
        found = _END_64.unpack_from(tail, before)
        if found[0] == b"PK\x06\x06":
            end, size, said_start = start + before, found[8], found[9]
    return Directory(end - size, end, said_start)


def ending_of(size: int, said_start: int) -> bytes:
    """What stands behind a directory of one entry and so many bytes."""
    end_64 = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, 45, 45, 0, 0, 1, 1, size, said_start)
    locator = _LOCATOR_64.pack(b"PK\x06\x07", 0, said_start + size, 1)
    return end_64 + locator + _END.pack(_END_MARK, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)


def check_entries(packed: zipfile.ZipFile, limit: int, *, check_ratios: bool) -> None:
    """Raise UnreadableCatalogue for entries of which one, or all together, are not what is read."""
    entries = packed.infolist()
    for entry in entries:
        _check_name(entry)
        _check_kind(entry)
        if check_ratios and entry.file_size > max(_SMALL, _RATIO * entry.compress_size):
            raise UnreadableCatalogue("The archive has a file that is packed beyond belief.", code="ARCHIVE_RATIO")
    if sum(entry.file_size for entry in entries) > limit:
        raise UnreadableCatalogue(
            f"The archive has more than {limit} bytes once it is unpacked.", code="ARCHIVE_TOO_LARGE"
        )
    _check_overlaps(entries, packed.start_dir)


def is_of_interest(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is a file, and not one that macOS leaves beside each."""
    name = entry.filename
    return not (name.endswith("/") or name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith("._")) and (
        name.rpartition("/")[2] != ".DS_Store"
    )


def _check_name(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    if "\0" in name or "\\" in name or name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        raise UnreadableCatalogue("The archive has a file whose name leads out of it.", code="ARCHIVE_PATH")
    if is_of_interest(entry) and PurePosixPath(name.lower()).suffix in _ARCHIVES:
        raise UnreadableCatalogue("The archive has another archive in it.", code="ARCHIVE_NESTED")


def _check_kind(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise UnreadableCatalogue("The archive is encrypted.", code="ARCHIVE_ENCRYPTED")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UnreadableCatalogue(
            "The archive has a link in it, or another thing that is no file.", code="ARCHIVE_LINK"
        )
    if entry.compress_type not in _METHODS:
        raise UnreadableCatalogue("The archive is packed otherwise than by deflate.", code="ARCHIVE_METHOD")


def _check_overlaps(entries: Sequence[zipfile.ZipInfo], end: int) -> None:
    """Each file's bytes are its own: else a small archive could hold the same ones thousands of times."""
    starts = sorted((entry.header_offset, entry.compress_size + len(entry.orig_filename)) for entry in entries)
    ends = [start for start, _ in starts[1:]] + [end]
    for (start, size), behind in zip(starts, ends, strict=False):
        if start < 0 or start + _FILE_HEADER + size > behind:
            raise UnreadableCatalogue("The archive has files that overlap.", code="ARCHIVE_OVERLAP")


def _too_many() -> UnreadableCatalogue:
    return UnreadableCatalogue(f"The archive has more than {MOST_FILES} files.", code="ARCHIVE_TOO_MANY_FILES")
