"""What a reader of catalogues gives: rows with their numbers, within limits, from a position on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple, Protocol, TypeAlias

from shared.catalogues.source import Layout
from shared.disk import DiskGuard
from shared.settings import Settings

Cell: TypeAlias = str | int | float | bool | None
Position: TypeAlias = Mapping[str, Any]  # plain JSON; what it holds is the reader's own affair
FIELD_CHARACTERS = 131_072  # what Python's csv takes


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
    """How much is read. Bytes are those of the file unpacked; `field_characters` are those of a cell in a text.

    `disk` counts what is unpacked onto it, so that it never becomes full; without it nobody does.
    """

    unpacked_bytes: int
    row_bytes: int
    columns: int
    rows: int
    photo_bytes: int
    field_characters: int = FIELD_CHARACTERS
    disk: DiskGuard | None = field(default=None, compare=False)

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """The limits that are set. A row may have what a body of JSON may, as it may hold a photo, too."""
        return cls(
            unpacked_bytes=settings.max_unpacked_bytes,
            row_bytes=settings.max_json_bytes,
            columns=settings.max_catalogue_columns,
            rows=settings.max_catalogue_rows,
            photo_bytes=settings.max_image_bytes,
            field_characters=max(FIELD_CHARACTERS, settings.max_description_characters),
            disk=DiskGuard(settings.data_dir, settings.disk_reserve_bytes),
        )

    @property
    def delimited_bytes(self) -> int:
        """Of a row in a text whose cells are delimited: no photo is in it, and cells take many times their bytes."""
        return min(self.row_bytes, 8 * self.field_characters)


class OpenCatalogue(Protocol):
    """A source that is being read. All methods raise UnreadableCatalogue, Unavailable and StorageFull."""

    @property
    def layout(self) -> Layout:
        """How it is read; of NDJSON, with the columns seen so far."""

    @property
    def is_light(self) -> bool:
        """Whether it may as well stay open while nobody reads on: it holds little memory, and no file of its own."""

    def rows(self) -> Iterator[CatalogueRow]:
        """The rows from the position on at which it was opened, in the file's order."""

    def position(self) -> Position:
        """Where to go on after the last row that `rows` has given."""

    def read_share(self) -> float:
        """How much of the file has been read, from 0 to 1."""

    def photo(self, name: str) -> IO[bytes] | None:
        """The photo of this name in a ZIP, whole; None where there is no such file, or no ZIP.

        Raises ImageTooLarge beyond the limit, and BrokenImage for one that cannot be unpacked: its row's affair alone.
        """
