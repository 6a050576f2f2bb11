"""The file of a backup: a tar with a manifest, the database, and the objects of a store in a folder, in this order.

    manifest.json               what the rest must be
    shelfwise.db                the database
    store/images/ab/ab12…       the objects, under their keys

Any `tar` lists and unpacks it. Here it is read more strictly than any of them would: plain files under such names, and
no more bytes than it has; nothing is believed before its hash has been compared. The manifest says what all the
others come to, and is written last; so it has a place of a fixed size.
"""

import hashlib
import re
import tarfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import BinaryIO, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ShelfwiseError

FORMAT = 1
MANIFEST, DATABASE, OBJECTS = "manifest.json", "shelfwise.db", "store/"
ROOTS = ("images", "catalogues", "bundles")  # all that lies in a store
MANIFEST_BYTES = 4096
CHUNK = 2**20
_BLOCK = tarfile.BLOCKSIZE
_PADDED = tarfile.RECORDSIZE  # of whole ones an archive is made
_LARGEST_USTAR = 8**11 - 1  # bytes of one file
_OBJECT = re.compile(rf"({'|'.join(ROOTS)})(/[A-Za-z0-9][A-Za-z0-9._-]*){{1,2}}")


class BackupRefused(ShelfwiseError):
    """The file is no backup, is damaged, or is of a newer Shelfwise."""

    code = "BACKUP_REFUSED"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contents(_Part):
    """How many objects there are, of how many bytes together, and the SHA-256 over all their keys and contents.

    `gone` is how many were deleted from the store while the backup was being written.
    """

    count: int = Field(ge=0)
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    gone: int = Field(ge=0)


class Manifest(_Part):
    """What a backup holds. `objects` is None where the store is on the network, and its objects stay there."""

    format: int
    version: str
    schema_revision: str
    created_at: datetime
    jobs: int = Field(ge=0)
    predictions: int = Field(ge=0)
    database_size: int = Field(ge=0)
    database_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    objects: Contents | None

    @classmethod
    def read(cls, content: bytes) -> Self:
        """The manifest in its place. Raises BackupRefused."""
        try:
            found = _Format.model_validate_json(content)
            if found.format > FORMAT:
                raise BackupRefused(f"The backup is of format {found.format}: install the newer version of Shelfwise.")
            return cls.model_validate_json(content)
        except ValidationError:
            raise BackupRefused(f"The file is no backup of Shelfwise: its {MANIFEST} cannot be read.") from None

    def written(self) -> bytes:
        """As it stands in its place."""
        return self.model_dump_json(indent=2).encode().ljust(MANIFEST_BYTES - 1) + b"\n"


class _Format(BaseModel):
    format: int


class Tally:
    """Adds up the objects of a backup, for its writer and for its reader."""

    def __init__(self) -> None:
        self.count = self.size = self.gone = 0
        self._digest = hashlib.sha256()

    def add(self, key: str, size: int, content: Iterable[bytes]) -> Iterator[bytes]:
        """Pass an object's content on, and count it."""
        self._digest.update(f"{key}\n{size}\n".encode())
        for piece in content:
            self._digest.update(piece)
            self.size += len(piece)
            yield piece
        self.count += 1

    def contents(self) -> Contents:
        """What it has come to."""
        return Contents(count=self.count, size=self.size, sha256=self._digest.hexdigest(), gone=self.gone)


class Entry:
    """A file in a backup: to be read once, before the next one."""

    def __init__(self, file: BinaryIO, name: str, size: int) -> None:
        self.name, self.size = name, size
        self._file, self._left = file, size

    @property
    def key(self) -> str:
        """Under which key an object lies in the store. Raises BackupRefused for what is no object."""
        key = self.name.removeprefix(OBJECTS)
        if not self.name.startswith(OBJECTS) or not is_object(key):
            raise BackupRefused(f"The backup holds {self.name!r}, which does not belong there.")
        return key

    @property
    def is_read(self) -> bool:
        """Whether nothing of it is left to be read."""
        return self._left == 0

    def content(self) -> Iterator[bytes]:
        """Its content, piece by piece. Raises BackupRefused where the file ends before it."""
        while self._left:
            piece = self._file.read(min(CHUNK, self._left))
            if not piece:
                raise BackupRefused(f"The backup is cut off: it ends within {self.name}.")
            self._left -= len(piece)
            yield piece


def is_object(key: str) -> bool:
    """Whether this is a key under which the service stores something."""
    return _OBJECT.fullmatch(key) is not None and ".." not in key


def pieces_of(source: BinaryIO) -> Iterator[bytes]:
    """A file's content, piece by piece."""
    while piece := source.read(CHUNK):
        yield piece


def begin(file: BinaryIO) -> None:
    """Keep the manifest's place."""
    _write_entry(file, MANIFEST, MANIFEST_BYTES, [bytes(MANIFEST_BYTES)])


def append_database(file: BinaryIO, size: int, content: Iterable[bytes]) -> None:
    """Write the database."""
    _write_entry(file, DATABASE, size, content)


def append_object(file: BinaryIO, key: str, size: int, content: Iterable[bytes]) -> None:
    """Write one object."""
    _write_entry(file, OBJECTS + key, size, content)


def end(file: BinaryIO, manifest: Manifest) -> None:
    """Write the end, and the manifest into its place."""
    file.write(bytes(2 * _BLOCK))
    file.write(bytes(-file.tell() % _PADDED))
    file.seek(_BLOCK)
    file.write(manifest.written())


def read_manifest(file: BinaryIO) -> Manifest:
    """The manifest, with which a backup begins. Raises BackupRefused."""
    first = _next_entry(file)
    if first is None or first.name != MANIFEST or first.size != MANIFEST_BYTES:
        raise BackupRefused("The file is no backup of Shelfwise.")
    return Manifest.read(b"".join(first.content()))


def entries(file: BinaryIO) -> Iterator[Entry]:
    """What follows behind the manifest, in its order; each is to be read before the next. Raises BackupRefused."""
    while entry := _next_entry(file):
        yield entry
        if not entry.is_read:
            raise ValueError(f"{entry.name} was not read")
        if any(file.read(-entry.size % _BLOCK)):
            raise BackupRefused(f"The backup is damaged behind {entry.name}.")


def _next_entry(file: BinaryIO) -> Entry | None:
    block = file.read(_BLOCK)
    if block == bytes(_BLOCK):
        rest = file.read(2 * _PADDED)
        if any(rest) or len(rest) > _PADDED + _BLOCK:
            raise BackupRefused("The backup is damaged: something follows behind its end.")
        return None
    if len(block) < _BLOCK:
        raise BackupRefused("The backup is cut off: it has no end.")
    try:
        header = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError):
        raise BackupRefused("The file is no backup of Shelfwise, or it is damaged.") from None
    if header.type != tarfile.REGTYPE or header.size < 0:
        raise BackupRefused(f"The backup holds {header.name!r}, which is no plain file.")
    return Entry(file, header.name, header.size)


def _write_entry(file: BinaryIO, name: str, size: int, content: Iterable[bytes]) -> None:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    # The one knows longer names, the other larger files; a file so large never has so long a name.
    is_large = size > _LARGEST_USTAR
    file.write(header.tobuf(tarfile.GNU_FORMAT if is_large else tarfile.USTAR_FORMAT, "ascii", "strict"))
    written = 0
    for piece in content:
        written += file.write(piece)
    if written != size:
        raise BackupRefused(f"{name} has changed while it was being read.")
    file.write(bytes(-size % _BLOCK))
