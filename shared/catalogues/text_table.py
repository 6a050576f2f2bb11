"""A table that is text, CSV, TSV or NDJSON, perhaps packed with gzip: how it is read, and its rows."""

import codecs
import re
from collections.abc import Iterator

from shared.catalogues.columns import checked_header, required_columns
from shared.catalogues.delimited import DelimitedRows
from shared.catalogues.dialect import checked_delimiter, delimiter_of
from shared.catalogues.encodings import UTF_8, WINDOWS, encoding_of, in_utf_8, known_encoding
from shared.catalogues.formats import require_format
from shared.catalogues.ndjson import JsonRows, json_layout
from shared.catalogues.packing import GZIP, Gunzipped
from shared.catalogues.rows import CatalogueRow, Limits, Position
from shared.catalogues.source import Format, Layout, Source
from shared.catalogues.streams import Content, Stream, first_bytes, skip

SAMPLE = 2**20  # bytes by which encoding, delimiter and NDJSON's columns are told
_MARK = codecs.BOM_UTF8
# A line before the header, which Excel understands.
_SAYS_DELIMITER = re.compile(rb"sep=([\t !#-~])(?:\r\n?|\n)")
_BEGINNING = 16  # bytes that have a mark and such a line in them


class DelimitedTable:
    """A CSV or TSV that is being read."""

    is_light = True

    def __init__(self, content: Content, rows: DelimitedRows, layout: Layout) -> None:
        self._content = content
        self._rows = rows
        self.layout = layout

    def rows(self) -> Iterator[CatalogueRow]:
        """The rows from where it was opened."""
        return self._rows.rows(len(self.layout.header))

    def position(self) -> Position:
        """Where the row behind the last one begins."""
        return self._rows.position()

    def read_share(self) -> float:
        """How much of the file has been read."""
        return self._content.share()


class JsonTable:
    """An NDJSON that is being read."""

    is_light = True

    def __init__(self, content: Content, rows: JsonRows) -> None:
        self._content = content
        self._rows = rows

    @property
    def layout(self) -> Layout:
        """With the columns seen so far."""
        return self._rows.layout

    def rows(self) -> Iterator[CatalogueRow]:
        """The rows from where it was opened."""
        return self._rows.rows()

    def position(self) -> Position:
        """Where the row behind the last one begins."""
        return self._rows.position()

    def read_share(self) -> float:
        """How much of the file has been read."""
        return self._content.share()


def open_text(
    content: Content, source: Source, form: Format, entry: str | None, limits: Limits, position: Position | None
) -> DelimitedTable | JsonTable:
    """Open the text at a position, by the source's layout or by what it shows. Raises UnreadableCatalogue.

    `entry` is its name in a ZIP, if it lies in one.
    """
    layout = source.layout or _first_layout(content, source, form, entry, limits)
    if form is Format.NDJSON:
        return _json_table(content, source, layout, limits, position)
    return open_delimited(content, source, layout, limits, position)


def _first_layout(content: Content, source: Source, form: Format, entry: str | None, limits: Limits) -> Layout:
    """All that can be said without reading rows."""
    is_packed = entry is None and first_bytes(content.begin(), len(GZIP)) == GZIP
    layout = Layout(format=form, gzip=is_packed, entry=entry)
    sample = first_bytes(_unpacked(content, layout, limits), SAMPLE)
    is_whole = len(sample) < SAMPLE
    require_format(sample or b" ", form)
    encoding = known_encoding(source.encoding) if source.encoding else encoding_of(sample, is_whole=is_whole)
    if form is Format.NDJSON and not source.encoding and encoding == WINDOWS:
        encoding = UTF_8  # JSON is never anything else of one byte a character
    layout = layout.model_copy(update={"encoding": encoding})
    text = first_bytes(_text_at(content, layout, limits, 0), SAMPLE).removeprefix(_MARK)
    if form is Format.NDJSON:
        return json_layout(text, layout, source.columns, is_whole=len(text) < SAMPLE - len(_MARK))
    return layout.model_copy(update={"delimiter": _delimiter(text, source, form)})


def _delimiter(text: bytes, source: Source, form: Format) -> str:
    """What separates the cells: what the sender says, what the file says of itself, or what it looks like."""
    if source.delimiter:
        return checked_delimiter(source.delimiter)
    if said := _SAYS_DELIMITER.match(text):
        return said[1].decode()
    return delimiter_of(text.decode(errors="replace"), source.columns, form)


def open_delimited(
    content: Content, source: Source, layout: Layout, limits: Limits, position: Position | None
) -> DelimitedTable:
    """Open a text whose encoding and delimiter are in the layout. Raises UnreadableCatalogue."""
    start = position or {"offset": _beginning(content, layout, limits), "row": 0}
    rows = DelimitedRows(_text_at(content, layout, limits, start["offset"]), layout.delimiter or ",", limits, start)
    if position is None:
        names = rows.header()
        if not layout.header:
            header = checked_header(names, limits.columns)
            required_columns([name.strip() for name in names], source.columns)
            columns = required_columns(header, source.columns)
            layout = layout.model_copy(update={"header": header, "columns": columns})
    return DelimitedTable(content, rows, layout)


def _json_table(
    content: Content, source: Source, layout: Layout, limits: Limits, position: Position | None
) -> JsonTable:
    start = position or {"offset": _beginning(content, layout, limits), "row": 0}
    text = _text_at(content, layout, limits, start["offset"])
    return JsonTable(content, JsonRows(text, layout, source.columns, limits, start))


def _beginning(content: Content, layout: Layout, limits: Limits) -> int:
    """Where the text begins, behind a byte order mark and a line that says what separates the cells."""
    head = first_bytes(_text_at(content, layout, limits, 0), _BEGINNING)
    begin = len(_MARK) if head.startswith(_MARK) else 0
    said = None if layout.format is Format.NDJSON else _SAYS_DELIMITER.match(head, begin)
    return said.end() if said else begin


def _text_at(content: Content, layout: Layout, limits: Limits, offset: int) -> Stream:
    """The text in UTF-8 behind its first `offset` bytes."""
    encoding = layout.encoding or UTF_8
    if encoding == UTF_8 and not layout.gzip:
        return content.begin_at(offset)
    text = in_utf_8(_unpacked(content, layout, limits), encoding)
    skip(text, offset)
    return text


def _unpacked(content: Content, layout: Layout, limits: Limits) -> Stream:
    return Gunzipped(content.begin(), limits.unpacked_bytes) if layout.gzip else content.begin()
