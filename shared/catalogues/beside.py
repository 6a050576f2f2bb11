"""Tables that are kept beside their source as they are read: nobody reads a workbook, or unpacks a Parquet file, twice.

What is kept costs its sender nothing, so it may have only so many times the bytes of what was sent.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from shared.catalogues.archive_checks import MIB
from shared.catalogues.opening import Heartbeat, book, on_disk
from shared.catalogues.rows import Limits
from shared.catalogues.source import Format, Source, converted_key, unpacked_key
from shared.catalogues.streams import Content, pieces_of
from shared.errors import UnreadableCatalogue
from shared.store import ObjectStore

_TIMES: Final = 20
_ALWAYS: Final = 64 * MIB


@dataclass(frozen=True, slots=True)
class Beside:
    """Where a source's table is kept, if it is a workbook or lies in a ZIP as one or as a Parquet file."""

    store: ObjectStore
    source: Source
    limits: Limits
    beat: Heartbeat

    def keep(self, content: Content, form: Format) -> str:
        """Store the table of this format and content durably; returns its key. What fails leaves nothing there.

        Raises UnreadableCatalogue, StorageFull and Unavailable.
        """
        most = min(self.limits.unpacked_bytes, max(_ALWAYS, _TIMES * self.source.size))
        if form is Format.PARQUET:
            return self._put(unpacked_key(self.source.key), pieces_of(content.begin()), most)
        from shared.catalogues.workbook import as_csv

        with (
            on_disk(pieces_of(content.begin()), self.limits.disk) as workbook,
            as_csv(workbook, most, self.limits, self.beat) as rows,
        ):
            return self._put(converted_key(self.source.key), pieces_of(rows), most)

    def _put(self, key: str, pieces: Iterable[bytes], most: int) -> str:
        self.store.put(key, self._counted(pieces, most))
        self.store.sync([key])
        return key

    def _counted(self, pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
        for piece in pieces:
            self.beat()
            book(self.limits.disk, len(piece))
            most -= len(piece)
            if most < 0:
                raise UnreadableCatalogue("The archive's table is packed beyond belief.", code="ARCHIVE_RATIO")
            yield piece
