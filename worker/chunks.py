"""From an open catalogue to chunks that the ledger takes: rows checked, and their photos in the store.

No row is entered here: `intake_loop.py` does that with what comes out.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from shared.catalogues.products import (
    InlinePhoto,
    PackedPhoto,
    PhotoUrl,
    ProductRow,
    RowReader,
    StoredPhoto,
)
from shared.catalogues.reading import CatalogueRow, OpenCatalogue
from shared.categories import known_codes
from shared.database import Database
from shared.errors import BrokenImage, ImageTooLarge, UnreadableCatalogue
from shared.images import sizes_of
from shared.ledger.finish import RowError
from shared.ledger.intake import PHOTOS, Chunk, IntakeJob, IntakeRow, wanted_rows
from shared.ledger.submission import ProductInput
from shared.predictions import photos_of_owner
from shared.preparation import product_text
from shared.products import product_inputs
from shared.settings import Settings
from worker.photo_store import Keeping, KeptPhoto, PhotoKeeper

ROWS = 1_024
HELD_BYTES = 32 * 2**20  # of photos that stand in the rows themselves
CHUNK_SECONDS = 0.5  # a slow file is entered as far as it has come
SKIPPED = 100_000  # rows that are passed over before it is written down that they were
WANTED_AT_ONCE = 10_000
LOOK = 64  # rows between two looks at the clock
NONE = -1  # no row has this number

EMPTY_PRODUCT = RowError("EMPTY_PRODUCT", "A product needs a readable text or an image.")
UNKNOWN_PHOTO = "There is no photo with this SHA-256 among yours."
UNKNOWN_PRODUCT = "There is no stored product of this id; a text or a photo must come with it."
UNKNOWN_CATEGORY = "There is no category of this code; PUT /api/taxonomy/CODE declares one."
NOT_PACKED = RowError("IMAGE_NOT_FOUND", "The archive has no such photo.")


@dataclass(slots=True)
class _Pending:
    """A row that has been read, and what is still to be found out about its photo."""

    row: ProductRow
    kept: KeptPhoto | None = None
    error: RowError | None = None


class Chunks:
    """Cuts one open catalogue into chunks, on from where it was opened."""

    def __init__(
        self,
        catalogue: OpenCatalogue,
        job: IntakeJob,
        database: Database,
        photos: PhotoKeeper,
        settings: Settings,
        beat: Callable[[], None],
    ) -> None:
        """`beat` is called again and again: a chunk of large photos takes its time. What it raises comes through."""
        self._catalogue = catalogue
        self._job = job
        self._database = database
        self._photos = photos
        self._beat = beat
        self._labelled = job.kind == "ingest"
        self._reader = RowReader(catalogue.layout, settings, labelled=self._labelled)
        self._rows = self._until_unreadable(self._wanted(catalogue.rows()))
        self._end: UnreadableCatalogue | None = None

    def __iter__(self) -> Iterator[Chunk]:
        """Every chunk, the last one also where it has no rows.

        Raises UnreadableCatalogue behind the rows that could be read, Unavailable, and StorageFull.
        """
        is_last = False
        while not is_last:
            rows, is_last = self._next_rows()
            entered, photos = self._resolved(rows)
            yield Chunk(
                rows=entered,
                photos=photos,
                layout=self._catalogue.layout,
                position=self._catalogue.position(),
                read_share=1.0 if is_last else self._catalogue.read_share(),
                is_last=is_last,
            )

    def _next_rows(self) -> tuple[list[_Pending | IntakeRow], bool]:
        """Read until there are enough rows for a chunk; also whether these are the last."""
        if self._end is not None:
            raise self._end
        rows: list[_Pending | IntakeRow] = []
        photos, held, end = 0, 0, time.monotonic() + CHUNK_SECONDS
        for read, row in enumerate(self._rows, start=1):
            if row is not None:
                product = self._reader.read(row)
                if isinstance(product, RowError):
                    rows.append(IntakeRow(row.number, error=product))
                elif product.photo is None and (product.designation or product.description) and not self._labelled:
                    rows.append(_text(product))
                else:
                    rows.append(_Pending(product))
                    # One that has none may be a stored product's, which has.
                    photos += product.photo is not None or not self._labelled
                    held += len(product.photo.content) if isinstance(product.photo, InlinePhoto) else 0
            if len(rows) >= ROWS or photos >= PHOTOS or held >= HELD_BYTES or read >= SKIPPED:
                return rows, False
            if not read % LOOK:
                self._beat()
                if rows and time.monotonic() > end:
                    return rows, False
        return rows, self._end is None

    def _until_unreadable(self, rows: Iterator[CatalogueRow | None]) -> Iterator[CatalogueRow | None]:
        """The rows up to where the file cannot be read any further, which is said behind the chunk that they end."""
        try:
            yield from rows
        except UnreadableCatalogue as error:
            self._end = error

    def _wanted(self, rows: Iterator[CatalogueRow]) -> Iterator[CatalogueRow | None]:
        """The rows; of a job that runs some of another's again, only those, and None for each of the others."""
        if not self._job.source.is_partial:
            yield from rows
            return
        numbers: Iterator[int] | None = None
        wanted = NONE
        for row in rows:
            if numbers is None:
                numbers = self._wanted_numbers(row.number - 1)
                wanted = next(numbers, NONE)
            while NONE < wanted < row.number:
                wanted = next(numbers, NONE)
            yield row if row.number == wanted else None

    def _wanted_numbers(self, last: int) -> Iterator[int]:
        """The numbers of the rows that the job has, behind the row `last`, in order."""
        while True:
            with self._database.read() as connection:
                page = wanted_rows(connection, self._job.source, last, WANTED_AT_ONCE)
            yield from page
            if len(page) < WANTED_AT_ONCE:
                return
            last = page[-1]

    def _resolved(self, rows: Sequence[_Pending | IntakeRow]) -> tuple[list[IntakeRow], dict[str, int]]:
        """The rows with their photos found or stored, and the sizes of these photos by SHA-256."""
        pending = [row for row in rows if isinstance(row, _Pending)]
        products, sizes = dict[str, ProductInput](), dict[str, int]()
        if pending:
            with self._database.read() as connection:
                self._look_up_photos(connection, pending)
                products = self._look_up_products(connection, pending)
                sizes = sizes_of(connection, [each.image for each in products.values() if each.image is not None])
                if self._labelled:
                    _refuse_unknown_categories(connection, pending, self._catalogue.layout.columns.get("prdtypecode"))
        self._store_photos(pending)
        entered = [row if isinstance(row, IntakeRow) else self._entered(row, products) for row in rows]
        sizes |= {row.kept.sha256: row.kept.size for row in pending if row.kept}
        named = {row.product.image for row in entered if row.error is None}
        return entered, {sha256: size for sha256, size in sizes.items() if sha256 in named}

    def _look_up_photos(self, connection: Connection, rows: Sequence[_Pending]) -> None:
        """Find the photos that rows name by their hash, among those that the account may name."""
        named = {row.row.photo.sha256 for row in rows if isinstance(row.row.photo, StoredPhoto)}
        sizes = photos_of_owner(connection, self._job.owner_id, named) if named else {}
        for row in rows:
            if isinstance(row.row.photo, StoredPhoto):
                sha256 = row.row.photo.sha256
                if sha256 in sizes:
                    row.kept = KeptPhoto(sha256, sizes[sha256])
                else:
                    row.error = RowError("IMAGE_UNKNOWN", UNKNOWN_PHOTO, self._image_column)

    def _look_up_products(self, connection: Connection, rows: Sequence[_Pending]) -> dict[str, ProductInput]:
        wanted = {row.row.product_id for row in rows if self._is_id_alone(row.row)}
        return product_inputs(connection, [each for each in wanted if each is not None]) if wanted else {}

    def _store_photos(self, rows: Sequence[_Pending]) -> None:
        """Have the photos that came with the file in the store, durably, all of them at once."""
        with self._photos.keeping(whole=self._labelled) as keeping:
            for row in rows:
                photo = row.row.photo
                if row.error is not None or not isinstance(photo, PackedPhoto | InlinePhoto):
                    continue
                found = (
                    keeping.content(photo.content) if isinstance(photo, InlinePhoto) else self._unpack(photo, keeping)
                )
                self._beat()
                if isinstance(found, RowError):
                    row.error = replace(found, column=self._image_column)
                else:
                    row.kept = found

    def _unpack(self, photo: PackedPhoto, keeping: Keeping) -> KeptPhoto | RowError | None:
        """Keep a photo out of the archive; None where it is not there and need not be."""
        try:
            files = (self._catalogue.photo(name) for name in photo.names)
            file = next((file for file in files if file is not None), None)
        except (BrokenImage, ImageTooLarge) as error:
            return RowError(error.code, error.message)
        if file is None:
            return NOT_PACKED if photo.required else None
        return keeping.file(file)

    def _entered(self, pending: _Pending, products: dict[str, ProductInput]) -> IntakeRow:
        row = pending.row
        image = None if pending.kept is None or pending.error else pending.kept.sha256
        url = row.photo.url if isinstance(row.photo, PhotoUrl) else None
        product, error = ProductInput(row.product_id, row.designation, row.description, image, url), pending.error
        if error is None and self._labelled and not (image or url or product_text(row.designation, row.description)):
            error = EMPTY_PRODUCT
        elif error is None and image is None and self._is_id_alone(row):
            known = products.get(row.product_id or "")
            column = self._catalogue.layout.columns.get("product_id")
            product = known or product
            error = None if known else RowError("UNKNOWN_PRODUCT", UNKNOWN_PRODUCT, column)
        return IntakeRow(row.number, product, row.image_id, row.label, error)

    def _is_id_alone(self, row: ProductRow) -> bool:
        """Whether a row says nothing of its product but the id; a photo of that name in a ZIP may still be found."""
        in_file = isinstance(row.photo, PackedPhoto) and not row.photo.required
        says_nothing = not (row.designation or row.description) and (row.photo is None or in_file)
        return says_nothing and not self._labelled

    @property
    def _image_column(self) -> str | None:
        return self._catalogue.layout.columns.get("image")


def _text(row: ProductRow) -> IntakeRow:
    """A row of which nothing is to be found out: most are, and there may be millions."""
    product = ProductInput(row.product_id, row.designation, row.description)
    return IntakeRow(row.number, product, row.image_id, row.label)


def _refuse_unknown_categories(connection: Connection, rows: Sequence[_Pending], column: str | None) -> None:
    known = known_codes(connection)
    for row in rows:
        if row.error is None and row.row.label not in known:
            row.error = RowError("UNKNOWN_CATEGORY", UNKNOWN_CATEGORY, column)
