"""A ZIP with a table and photos. Nothing that it says of itself is believed; nothing is unpacked under its names."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, BinaryIO, Final

from shared.catalogues.archive_checks import MIB, check_directory, check_entries, is_of_interest
from shared.catalogues.formats import ZIP_BEGINNINGS
from shared.catalogues.kinds import ENDINGS, TABLE_ENDINGS, tables_among
from shared.catalogues.opening import Heartbeat
from shared.catalogues.refusals import refused_as, room_for_it
from shared.catalogues.rows import Limits
from shared.catalogues.source import Format
from shared.catalogues.streams import CHUNK, Stream, skip
from shared.errors import BrokenImage, ImageTooLarge, ShelfwiseError, UnreadableCatalogue

PHOTO_FOLDERS: Final = ("images/", "images/image_train/")
_WORKBOOK: Final = "xl/workbook.xml"
_LIGHT: Final = 10_000  # entries
_IN_MEMORY: Final = 8 * MIB  # of a photo; a larger one goes through a file
BROKEN: Final = "The archive is damaged."


class Archive:
    """An open ZIP that has been checked: its table, and its photos by their names."""

    def __init__(self, packed: zipfile.ZipFile, table: zipfile.ZipInfo, limits: Limits, beat: Heartbeat) -> None:
        self._packed = packed
        self._table = table
        self._limits = limits
        self._beat = beat
        self._entries = {each.filename: each for each in packed.infolist() if is_of_interest(each)}
        self._by_last_part = {name.rpartition("/")[2]: each for name, each in self._entries.items()}
        self._folder = table.filename.rpartition("/")[0]

    @property
    def table_name(self) -> str:
        """The name of the table's entry."""
        return self._table.filename

    @property
    def table_format(self) -> Format:
        """The table's format, by its name."""
        return ENDINGS[PurePosixPath(self._table.filename.lower()).suffix]

    @property
    def table_size(self) -> int:
        """How many bytes the table has, unpacked."""
        return self._table.file_size

    @property
    def is_light(self) -> bool:
        """Whether its directory takes little memory."""
        return len(self._packed.filelist) <= _LIGHT

    def table(self) -> "EntryContent":
        """The table's content."""
        return EntryContent(self._packed, self._table, self._beat)

    def photo(self, name: str) -> IO[bytes] | None:
        """The photo of this name, or None. Raises ImageTooLarge, and BrokenImage for one that cannot be unpacked."""
        entry = self._found(name)
        if entry is None:
            return None
        if entry.file_size > self._limits.photo_bytes:
            raise ImageTooLarge(f"A photo may have at most {self._limits.photo_bytes} bytes.")
        photo = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # the caller closes it
        try:
            with room_for_it():
                for piece in self._pieces(entry):
                    photo.write(piece)
                photo.seek(0)  # which writes what is still buffered
        except BaseException:
            photo.close()
            raise
        return photo

    def _pieces(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._packed.open(entry) as packed:
                while piece := packed.read(CHUNK):
                    yield piece
        except (ShelfwiseError, MemoryError):
            raise
        except Exception as error:  # zlib's, zipfile's and struct's own
            raise BrokenImage("The photo cannot be unpacked.") from error

    def _found(self, name: str) -> zipfile.ZipInfo | None:
        """Where a name leads: from the archive's root, from beside the table, or to Rakuten's folders of photos."""
        plain = name.replace("\\", "/").removeprefix("./")
        beside = f"{self._folder}/" if self._folder else ""
        for folder in dict.fromkeys(("", beside, *PHOTO_FOLDERS, *(beside + each for each in PHOTO_FOLDERS))):
            if (entry := self._entries.get(folder + plain)) is not None and entry is not self._table:
                return entry
        if plain.startswith("image_") and "_product_" in plain:  # names of Rakuten's are good anywhere
            return self._by_last_part.get(plain)
        return None


class EntryContent:
    """The content of an entry, unpacked as it is read. Reading raises UnreadableCatalogue where it is damaged."""

    def __init__(self, packed: zipfile.ZipFile, entry: zipfile.ZipInfo, beat: Heartbeat) -> None:
        self._packed = packed
        self._entry = entry
        self._beat = beat
        self._file: IO[bytes] | None = None
        self._read = 0

    def begin(self) -> Stream:
        """All of it."""
        with refused_as("BROKEN_ARCHIVE", BROKEN):
            if self._file is not None:
                self._file.close()
            self._file = self._packed.open(self._entry)
        self._read = 0
        return self

    def begin_at(self, offset: int) -> Stream:
        """What is behind the first `offset` bytes, which are unpacked and dropped."""
        stream = self.begin()
        skip(stream, offset)
        return stream

    def share(self) -> float:
        """How much has been read of it."""
        return self._read / self._entry.file_size if self._entry.file_size else 1.0

    def read(self, size: int, /) -> bytes:
        """At most so many of the next bytes."""
        if self._file is None:
            return b""
        self._beat()
        with refused_as("BROKEN_ARCHIVE", BROKEN):
            piece = self._file.read(size)
        self._read += len(piece)
        return piece


@contextmanager
def open_archive(file: BinaryIO, limits: Limits, beat: Heartbeat | None = None) -> Iterator[Archive]:
    """Open and check a ZIP. Raises UnreadableCatalogue."""
    beat = beat or Heartbeat()
    with open_zip(file) as packed:
        beat()
        check_entries(packed, limits.unpacked_bytes, check_ratios=True)
        beat()
        yield Archive(packed, _the_table(packed), limits, beat)


@contextmanager
def open_zip(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP whose directory is of bounded size. Raises UnreadableCatalogue."""
    check_directory(file)
    with refused_as("BROKEN_ARCHIVE", BROKEN):
        packed = zipfile.ZipFile(file)
    with packed:
        yield packed


def _the_table(packed: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = [each for each in packed.infolist() if is_of_interest(each)]
    if any(each.filename == _WORKBOOK for each in entries):
        raise UnreadableCatalogue("The file is a workbook; send it as XLSX.", code="WRONG_FORMAT")
    names = set(tables_among(each.filename for each in entries))
    tables = [each for each in entries if each.filename in names]
    if not tables:
        endings = ", ".join(TABLE_ENDINGS)
        raise UnreadableCatalogue(
            f"The archive has no table in it; it needs one file that ends in {endings}.", code="NO_TABLE"
        )
    if len(tables) > 1:
        raise UnreadableCatalogue("The archive has more than one table in it.", code="TWO_TABLES")
    with refused_as("BROKEN_ARCHIVE", BROKEN), packed.open(tables[0]) as table:
        head = table.read(4)
    if head.startswith(ZIP_BEGINNINGS) and not tables[0].filename.lower().endswith(".xlsx"):
        raise UnreadableCatalogue("The archive's table is itself an archive.", code="ARCHIVE_NESTED")
    return tables[0]
