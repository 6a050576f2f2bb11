"""A folder in Rakuten's layout, one table and its photos, as the ZIP that the service reads."""

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from shared.catalogues.kinds import TABLE_ENDINGS, tables_among
from shared.errors import InvalidInput

PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".gif")


@contextmanager
def packed(folder: Path) -> Iterator[BinaryIO]:
    """Pack a folder into a temporary file, which is gone afterwards. Raises InvalidInput where there is no table."""
    with tempfile.TemporaryFile() as file:
        try:
            pack(folder, file)
        except OSError as error:  # of which a full disk does not say what could not be written
            raise OSError(error.errno, error.strerror, error.filename or f"a ZIP of {folder}") from None
        yield file


def pack(folder: Path, file: BinaryIO) -> None:
    """Write the folder's table and its photos, which compressing would make no smaller. Raises InvalidInput."""
    table = _table_in(folder)
    with zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:
        archive.write(table, table.name, zipfile.ZIP_DEFLATED)
        for photo in _photos_in(folder):
            archive.write(photo, photo.relative_to(folder))


def _table_in(folder: Path) -> Path:
    """The one file that is a table."""
    names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file() and not entry.name.startswith("."))
    found = tables_among(names)
    if len(found) != 1:
        what = f"{len(found)} tables ({', '.join(found[:5])})" if found else "no table"
        endings = ", ".join(TABLE_ENDINGS)
        raise InvalidInput(f"{folder} holds {what}: a catalogue is one table of {endings} and its photos.")
    return folder / found[0]


def _photos_in(folder: Path) -> Iterator[Path]:
    """Every photo below the folder, links to other folders followed, each folder once."""
    seen = set[str]()
    for here, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        yield from (Path(here, name) for name in sorted(names) if name.lower().endswith(PHOTOS))
