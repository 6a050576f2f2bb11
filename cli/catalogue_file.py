"""A catalogue on this machine as it is sent: what kind of file it is, and its bytes; a folder becomes a ZIP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import typer

from cli.packed_folder import packed
from shared.catalogues.formats import is_text
from shared.catalogues.kinds import ENDINGS, format_by_name, media_type_of
from shared.catalogues.source import Format

PIECE = 256 * 1024  # bytes that are read and sent at once
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """An open file and how it is sent."""

    name: str
    size: int
    format: Format
    gzip: bool
    content: BinaryIO

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request that carries it."""
        encoding = {"Content-Encoding": "gzip"} if self.gzip else {}
        return {"Content-Type": media_type_of(self.format), "Content-Length": str(self.size), **encoding}

    def body(self, sent: Callable[[int], None]) -> "Body":
        """Its bytes as a request's body; `sent` is told how many have gone."""
        return Body(self, sent)


class Body:
    """The bytes of a file piece by piece, from the first on each time that they are asked for."""

    def __init__(self, file: CatalogueFile, sent: Callable[[int], None]) -> None:
        self._file = file
        self._sent = sent

    def __iter__(self) -> Iterator[bytes]:
        content, left = self._file.content, self._file.size
        content.seek(0)
        while piece := content.read(min(PIECE, left)):
            yield piece
            left -= len(piece)
            self._sent(self._file.size - left)


def stem_of(catalogue: Path) -> str:
    """The name of a catalogue without the endings that say what it is."""
    path = Path(catalogue.resolve().name)
    if catalogue.is_dir():
        return path.name
    path = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return path.stem if path.suffix.lower() in ENDINGS else path.name


def format_of(catalogue: Path) -> Format:
    """What kind of file a catalogue is by its name. Raises BadParameter for a name that does not say."""
    found = Format.ZIP if catalogue.is_dir() else format_by_name(catalogue.name)
    if found is None:
        raise typer.BadParameter(
            f"{catalogue.name} ends in none of {', '.join(ENDINGS)}: say with --format what it is."
        )
    return found


@contextmanager
def catalogue_file(catalogue: Path, format: Format) -> Iterator[CatalogueFile]:
    """Open a catalogue to be sent. Raises InvalidInput for a folder that is none."""
    with packed(catalogue) if catalogue.is_dir() else catalogue.open("rb") as content:
        gzip = is_text(format) and content.read(len(_GZIP)) == _GZIP
        size = content.seek(0, SEEK_END)
        name = f"{stem_of(catalogue)}.zip" if catalogue.is_dir() else catalogue.name
        yield CatalogueFile(name, size, format, gzip, content)
