"""The catalogue of labelled products as one ZIP in the layout of Rakuten's challenge, made while it is sent.

    X_train_update.csv        "", designation, description, productid, imageid, image
    Y_train_CVw08PX.csv       "", prdtypecode
    taxonomy.csv              code, name, name_en
    images/image_train/       image_{imageid}_product_{productid}.jpg

The first column of both counts the rows. Rakuten's ids are numbers and give photos their names; a product with others
has its photo under `row_{number}.jpg`. The column `image`, which Rakuten's files lack, says the name in any case. A
photo keeps its bytes, so one named `.jpg` may be a PNG, WebP or GIF.

Two passes over the products, in pages: no transaction is open while a slow reader is waited for. What is stored anew
between the two is exported with its new photo.
"""

import csv
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import IO

from api.outbox import Outbox
from shared.categories import known_categories
from shared.database import Database
from shared.errors import Unavailable
from shared.images import image_key
from shared.logs import get_logger
from shared.products import ProductRecord, last_number, products_between
from shared.store import CHUNK, ObjectStore

PAGE = 500
PHOTOS = "images/image_train"
_PIECE = 64 * 1024  # what is sent at once, about
_LABELS_IN_MEMORY = 2**20
_NUMBER = re.compile(r"[0-9]{1,20}")
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the same for all: a ZIP of the same products is the same file


def exported(database: Database, store: ObjectStore) -> Iterator[bytes]:
    """The archive, piece by piece."""
    with database.read() as connection:
        last, categories = last_number(connection), known_categories(connection)
    outbox = Outbox()
    with zipfile.ZipFile(outbox, "w") as archive, tempfile.SpooledTemporaryFile(_LABELS_IN_MEMORY) as labels:
        yield from _products(database, last, archive, labels, outbox)
        labels.seek(0)
        with archive.open(_entry("Y_train_CVw08PX.csv", zipfile.ZIP_DEFLATED), "w") as target:
            while piece := labels.read(CHUNK):
                target.write(piece)
                yield from outbox.taken()
        with _csv_file(archive, "taxonomy.csv") as text:
            writer = csv.writer(text)
            writer.writerow(("code", "name", "name_en"))
            writer.writerows((each.code, each.name, each.name_en) for each in categories)
        yield from _photos(database, store, last, archive, outbox)
    yield from outbox.taken()


def photo_name(product: ProductRecord) -> str | None:
    """The file name of a product's photo; None without one. No two products have the same."""
    if product.image is None:
        return None
    image_id = product.image_id or ""
    if _NUMBER.fullmatch(image_id) and _NUMBER.fullmatch(product.product_id):
        return f"image_{image_id}_product_{product.product_id}.jpg"
    return f"row_{product.id}.jpg"


def _products(
    database: Database, last: int, archive: zipfile.ZipFile, labels: IO[bytes], outbox: Outbox
) -> Iterator[bytes]:
    """Write the products into the archive, and their labels, in the same order, into a file beside it."""
    label_text = TextIOWrapper(labels, "utf-8", newline="")
    with _csv_file(archive, "X_train_update.csv") as text:
        writer, label_writer = csv.writer(text), csv.writer(label_text)
        writer.writerow(("", "designation", "description", "productid", "imageid", "image"))
        label_writer.writerow(("", "prdtypecode"))
        for index, product in enumerate(_every(database, last)):
            texts = (product.designation, product.description)
            writer.writerow((index, *texts, product.product_id, product.image_id, photo_name(product)))
            label_writer.writerow((index, product.code))
            yield from outbox.taken(_PIECE)
    label_text.detach()


def _photos(
    database: Database, store: ObjectStore, last: int, archive: zipfile.ZipFile, outbox: Outbox
) -> Iterator[bytes]:
    for product in _every(database, last):
        name = photo_name(product)
        if name is None or product.image is None:
            continue
        key = image_key(product.image)
        if (size := store.size(key)) is None:
            get_logger().warning("export.photo_missing", product=product.id)
            continue
        entry = _entry(f"{PHOTOS}/{name}", zipfile.ZIP_STORED)
        entry.file_size = size
        with archive.open(entry, "w") as target:
            for piece in _chunks(store, key):
                target.write(piece)
                yield from outbox.taken(_PIECE)


def _chunks(store: ObjectStore, key: str) -> Iterable[bytes]:
    try:
        yield from store.chunks(key)
    except FileNotFoundError:  # it was replaced and collected just now; an archive that breaks off says so
        raise Unavailable("A photo was removed while it was exported; export again.") from None


def _every(database: Database, last: int) -> Iterator[ProductRecord]:
    """Every product up to this number, in pages."""
    number = 0
    while True:
        with database.read() as connection:
            page = products_between(connection, number, last, PAGE)
        if not page:
            return
        yield from page
        number = page[-1].id


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EARLIEST)
    entry.compress_type = compression
    return entry


def _csv_file(archive: zipfile.ZipFile, name: str) -> TextIOWrapper:
    """A text file of unknown length in the archive."""
    entry = archive.open(_entry(name, zipfile.ZIP_DEFLATED), "w", force_zip64=True)
    return TextIOWrapper(entry, "utf-8", newline="")
