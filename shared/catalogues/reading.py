"""Open a catalogue file, whatever its format, and read it row by row, from the start or from where one left off."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, Protocol

from shared.catalogues.archive import Archive, open_archive
from shared.catalogues.beside import Beside
from shared.catalogues.encodings import UTF_8
from shared.catalogues.formats import is_text, require_format
from shared.catalogues.one_entry import open_entry
from shared.catalogues.opening import Heartbeat
from shared.catalogues.rows import CatalogueRow, Cell, Limits, OpenCatalogue, Position, Problem
from shared.catalogues.source import Format, Layout, Source, keys_of
from shared.catalogues.streams import Content, FileContent
from shared.catalogues.text_table import open_delimited, open_text
from shared.errors import UnreadableCatalogue
from shared.store import ObjectStore

__all__ = [
    "CatalogueRow",
    "Cell",
    "Limits",
    "OpenCatalogue",
    "Position",
    "Problem",
    "open_catalogue",
    "open_table",
]

_HEAD = 8


class _Table(Protocol):
    @property
    def layout(self) -> Layout: ...

    @property
    def is_light(self) -> bool: ...

    def rows(self) -> Iterator[CatalogueRow]: ...

    def position(self) -> Position: ...

    def read_share(self) -> float: ...


class _Opened:
    """A table, and the archive in which it lies, if it lies in one and that is needed."""

    def __init__(self, table: _Table, archive: Archive | None, beat: Heartbeat) -> None:
        self._table = table
        self._archive = archive
        self._beat = beat
        self.position = table.position
        self.read_share = table.read_share

    @property
    def layout(self) -> Layout:
        return self._table.layout

    @property
    def is_light(self) -> bool:
        return self._table.is_light and (self._archive is None or self._archive.is_light)

    def rows(self) -> Iterator[CatalogueRow]:
        rows = self._table.rows()
        first = next(rows, None)
        self._beat.stop()
        if first is not None:
            yield first
            yield from rows

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
    with ExitStack() as stack:
        yield _Opening(store, source, limits, position, Heartbeat(beat), stack).opened()


@contextmanager
def open_table(store: ObjectStore, source: Source, limits: Limits) -> Iterator[OpenCatalogue]:
    """Open a source that was opened before, without its photos: of a ZIP, nothing is loaded but the table.

    Raises UnreadableCatalogue, and FileNotFoundError for a file that is not in the store any more.
    """
    with ExitStack() as stack:
        yield _Opening(store, source, limits, None, Heartbeat(), stack).table_alone()


@dataclass(frozen=True, slots=True)
class _Opening:
    store: ObjectStore
    source: Source
    limits: Limits
    position: Position | None
    beat: Heartbeat
    stack: ExitStack

    def opened(self) -> OpenCatalogue:
        """The source, of whatever format. What is open for it is closed with the stack."""
        self.beat()
        file, form = self._file(self.source.key), self.source.format
        if not is_text(form):
            require_format(file.read(_HEAD), form)
            file.seek(0)
        if form is not Format.ZIP:
            return self._opened(self._table(file, form, None), None)
        archive = self.stack.enter_context(open_archive(file, self.limits, self.beat))
        return self._opened(self._table(file, archive.table_format, archive), archive)

    def table_alone(self) -> OpenCatalogue:
        """The source's table, as its layout says where it lies."""
        layout = self.source.layout
        if layout is not None and layout.converted is not None:
            return self._opened(self._kept(layout), None)
        if layout is not None and layout.entry is not None and is_text(layout.format):
            entry = self.stack.enter_context(open_entry(self._file(self.source.key), layout.entry, self.beat))
            return self._opened(self._text(entry, layout.format, layout.entry), None)
        return self.opened()

    def _opened(self, table: _Table, archive: Archive | None) -> OpenCatalogue:
        return _Opened(table, archive, self.beat)

    def _file(self, key: str) -> BinaryIO:
        return self.stack.enter_context(self.store.open(key))

    def _content(self, file: BinaryIO, archive: Archive | None) -> Content:
        return FileContent(file, self.source.size, self.beat) if archive is None else archive.table()

    def _table(self, file: BinaryIO, form: Format, archive: Archive | None) -> _Table:
        entry = None if archive is None else archive.table_name
        if is_text(form):
            return self._text(self._content(file, archive), form, entry)
        if form is Format.PARQUET and archive is None:
            return self._parquet(file, self.source.layout or Layout(format=form))
        layout = self.source.layout or Layout(format=form, entry=entry)
        return self._kept(layout) if layout.converted else self._newly_kept(layout, self._content(file, archive))

    def _newly_kept(self, layout: Layout, content: Content) -> _Table:
        """The table that is kept beside its source from now on, unless it turns out to be of no use."""
        found = [key for key in keys_of(self.source.key) if self.store.size(key) is not None]
        key = Beside(self.store, self.source, self.limits, self.beat).keep(content, layout.format)
        try:
            return self._kept(layout.model_copy(update={"converted": key}))
        except UnreadableCatalogue:
            if key not in found:  # else a job with the same file, whose columns are others, may read from there
                self.store.delete([key])
            raise

    def _kept(self, layout: Layout) -> _Table:
        key = layout.converted or ""
        file = self._file(key)
        if layout.format is Format.PARQUET:
            return self._parquet(file, layout)
        layout = layout.model_copy(update={"encoding": UTF_8, "delimiter": ","})
        content = FileContent(file, self.store.size(key) or 0, self.beat)
        return open_delimited(content, self.source, layout, self.limits, self.position)

    def _text(self, content: Content, form: Format, entry: str | None) -> _Table:
        return open_text(content, self.source, form, entry, self.limits, self.position)

    def _parquet(self, file: BinaryIO, layout: Layout) -> _Table:
        from shared.catalogues.parquet_table import ParquetTable

        return ParquetTable(file, self.source, layout, self.limits, self.position, self.beat)
