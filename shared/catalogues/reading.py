"""Open a catalogue file, whatever its format, and read it row by row, from the start or from where one left off."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, Protocol

from shared.catalogues.archive import Archive, open_archive
from shared.catalogues.encodings import UTF_8
from shared.catalogues.formats import is_text, require_format
from shared.catalogues.rows import CatalogueRow, Cell, Limits, OpenCatalogue, Position, Problem
from shared.catalogues.source import Format, Layout, Source, converted_key
from shared.catalogues.streams import Content, FileContent
from shared.catalogues.text_table import open_delimited, open_text
from shared.store import ObjectStore

__all__ = [
    "CatalogueRow",
    "Cell",
    "Limits",
    "OpenCatalogue",
    "Position",
    "Problem",
    "open_catalogue",
]

_HEAD = 8


class _Table(Protocol):
    @property
    def layout(self) -> Layout: ...

    def rows(self) -> Iterator[CatalogueRow]: ...

    def position(self) -> Position: ...

    def read_share(self) -> float: ...


class _Opened:
    """A table, and the archive in which it lies, if it lies in one."""

    def __init__(self, table: _Table, archive: Archive | None) -> None:
        self._table = table
        self._archive = archive
        self.rows = table.rows
        self.position = table.position
        self.read_share = table.read_share

    @property
    def layout(self) -> Layout:
        return self._table.layout

    @property
    def is_light(self) -> bool:
        return self._archive is None

    def photo(self, name: str) -> IO[bytes] | None:
        return None if self._archive is None else self._archive.photo(name)


@contextmanager
def open_catalogue(
    store: ObjectStore,
    source: Source,
    limits: Limits,
    position: Position | None = None,
    beat: Callable[[], None] = lambda: None,
) -> Iterator[OpenCatalogue]:
    """Open a source at a position (None: at its first row), by its layout, or by what the file itself shows.

    Until the first row is there, `beat` is called again and again; what it raises ends the opening and comes through.
    Raises UnreadableCatalogue, and FileNotFoundError for a file that is not in the store any more.
    """
    beat()
    with ExitStack() as stack:
        yield _Opening(store, source, limits, position, stack).opened()


@dataclass(frozen=True, slots=True)
class _Opening:
    store: ObjectStore
    source: Source
    limits: Limits
    position: Position | None
    stack: ExitStack

    def opened(self) -> OpenCatalogue:
        """The source, of whatever format. What is open for it is closed with the stack."""
        file, form = self.stack.enter_context(self.store.open(self.source.key)), self.source.format
        if not is_text(form):
            require_format(file.read(_HEAD), form)
            file.seek(0)
        if form is not Format.ZIP:
            return _Opened(self._table(file, form, None), None)
        archive = self.stack.enter_context(open_archive(file, self.limits))
        return _Opened(self._table(file, archive.table_format, archive), archive)

    def _table(self, file: BinaryIO, form: Format, archive: Archive | None) -> _Table:
        entry = None if archive is None else archive.table_name
        if is_text(form):
            content: Content = FileContent(file, self.source.size) if archive is None else archive.table()
            return open_text(content, self.source, form, entry, self.limits, self.position)
        if form is Format.XLSX:
            return self._workbook(file, archive)
        from shared.catalogues.parquet_table import ParquetTable

        if archive is not None:
            file = self.stack.enter_context(archive.table_file())
        return ParquetTable(file, self.source, entry, self.limits, self.position)

    def _workbook(self, file: BinaryIO, archive: Archive | None) -> _Table:
        """The CSV into which a workbook was turned; it is turned into one first where that has not happened yet."""
        layout = self.source.layout
        if layout is None or layout.converted is None:
            from shared.catalogues.workbook import convert

            key = converted_key(self.source.key)
            if archive is None:
                convert(self.store, file, key, self.limits)
            else:
                with archive.table_file() as workbook:
                    convert(self.store, workbook, key, self.limits)
            entry = None if archive is None else archive.table_name
            layout = Layout(format=Format.XLSX, entry=entry, encoding=UTF_8, delimiter=",", converted=key)
        key = layout.converted or ""
        rows = self.stack.enter_context(self.store.open(key))
        content = FileContent(rows, self.store.size(key) or 0)
        return open_delimited(content, self.source, layout, self.limits, self.position)
