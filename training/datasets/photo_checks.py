"""A first look at every photo of a data set: is it there, does it begin as a photo does, and what is its hash."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from PIL import Image

from shared.images import image_key
from shared.preparation import FORMATS, MAX_PIXELS
from training.datasets.report import Finding, Tally
from training.datasets.rows import LabelledRow
from training.photos import Photo, PhotoFile, StoredPhoto
from training.progress import Progress

THREADS = 8  # reading waits for the disk or the network, and hashing leaves Python's lock
BATCH = 500  # photos handed to the threads at a time


def check_photos(rows: Sequence[LabelledRow], tally: Tally, progress: Progress) -> list[LabelledRow]:
    """The rows again, without the photos that are gone or broken; files are hashed on the way.

    The header of a file is read and not its pixels, so one that ends too early passes. What the service stores was
    decoded when it came in, and is only asked for. Every photo is looked at once, however many rows have it.
    """
    photos: dict[Photo, Photo] = {row.product.photo: row.product.photo for row in rows if row.product.photo is not None}
    progress.stage("checking photos", len(photos))
    fine: dict[Photo, bool | None] = {}
    waiting = list(photos)
    with ThreadPoolExecutor(THREADS) as threads:
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            fine.update(zip(batch, threads.map(_is_fine, batch), strict=True))
            progress.advance(len(batch))
    checked = []
    for row in rows:
        photo = row.product.photo
        if photo is not None and fine[photo] is False:
            tally.note(Finding.BROKEN_PHOTO, row.where)
        kept = photos[photo] if photo is not None and fine[photo] else None
        checked.append(row if kept is photo else replace(row, product=replace(row.product, photo=kept)))
    return checked


def _is_fine(photo: Photo) -> bool | None:
    """Whether a photo can be used as far as its header shows; None when it is not there."""
    try:
        if isinstance(photo, StoredPhoto):
            return photo.store.size(image_key(photo.sha256)) is not None or None
        return bool(photo.sha256) and _begins_well(photo)
    except OSError:
        return None


def _begins_well(photo: Photo) -> bool:
    """Whether the header is that of an image of a size that is accepted."""
    try:
        source = photo.path if isinstance(photo, PhotoFile) else io.BytesIO(photo.read())
        with Image.open(source, formats=FORMATS) as image:
            return image.width * image.height <= MAX_PIXELS
    except Exception:  # Pillow's readers raise nearly anything on hostile bytes
        return False
