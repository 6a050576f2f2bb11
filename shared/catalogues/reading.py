"""Open a catalogue file, whatever its format, and read it row by row, from the start or from where one left off."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Any, NamedTuple, Protocol, TypeAlias

from shared.catalogues.source import Layout, Source
from shared.settings import Settings
from shared.store import ObjectStore

Cell: TypeAlias = str | int | float | bool | None
Position: TypeAlias = Mapping[str, Any]  # plain JSON; what it holds is the reader's own affair


class Problem(NamedTuple):
    """Why a row cannot be read; `column` is the file's name of the one at fault, if it is one."""

    code: str
    message: str
    column: str | None = None


class CatalogueRow(NamedTuple):
    """One row: its number, from 0, and its cells in the order of the layout's header.

    A row with a `problem` has the cells that could be read, of whatever number.
    """

    number: int
    cells: Sequence[Cell]
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read. Bytes are those of the file unpacked."""

    unpacked_bytes: int
    row_bytes: int
    columns: int
    rows: int
    photo_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """The limits that are set."""
        raise NotImplementedError


class OpenCatalogue(Protocol):
    """A source that is being read. All methods raise UnreadableCatalogue, Unavailable and StorageFull."""

    @property
    def layout(self) -> Layout:
        """How it is read; of NDJSON, with the columns seen so far."""

    def rows(self) -> Iterator[CatalogueRow]:
        """The rows from the position on at which it was opened, in the file's order."""

    def position(self) -> Position:
        """Where to go on after the last row that `rows` has given."""

    def read_share(self) -> float:
        """How much of the file has been read, from 0 to 1."""

    def photo(self, name: str) -> IO[bytes] | None:
        """The photo of this name in a ZIP, within its limit; None where there is no such file, or no ZIP."""


def open_catalogue(
    store: ObjectStore, source: Source, limits: Limits, position: Position | None = None
) -> AbstractContextManager[OpenCatalogue]:
    """Open a source at a position (None: at its first row), by its layout, or by what the file itself shows.

    Raises UnreadableCatalogue.
    """
    raise NotImplementedError
