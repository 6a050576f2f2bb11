"""Catalogue files to measure with: texts as CSV, and photos in a ZIP in Rakuten's layout. No two products are the same.

They are kept in the cache: the same arguments give the same file.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.bundle import CACHE
from benchmarks.products import SEED, photos
from shared.taxonomy import RAKUTEN
from training.demo.texts import write_listing

FIRST_PRODUCT, FIRST_IMAGE = 10_000_000, 500_000_000
CHANGED_EVERY = 20  # so that 5 % of the rows differ: one title, one photo, one title …
DESIGNATION = "designation"
_COMMENT = b"\xff\xfe\x00\x0a"  # of eight bytes


def text_catalogue(rows: int) -> Path:
    """A CSV of so many products, each a title and nothing else."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("productid", DESIGNATION))
            table.writerows((FIRST_PRODUCT + row, title) for row, title in enumerate(titles(rows)))

    return _kept(CACHE / f"texts-{rows}.csv", write)


def photo_catalogue(rows: int, *, changed: bool = False) -> Path:
    """A ZIP of a CSV and so many photos of 500 x 500 pixels; if `changed`, as it is sent again with 5 % changed."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # photos don't get smaller
            archive.writestr("products.csv", _photo_table(rows, changed))
            for row, photo in enumerate(_photos(rows, changed)):
                image = f"image_{FIRST_IMAGE + row}_product_{FIRST_PRODUCT + row}.jpg"
                archive.writestr(f"images/{image}", photo)

    return _kept(CACHE / f"photos-{rows}{'-changed' if changed else ''}.zip", write)


def titles(rows: int) -> Iterator[str]:
    """Titles as the demo catalogue's listings have them, each with its number, in few characters, as a last word."""
    generator = np.random.default_rng(SEED)
    for row in range(rows):
        listing = write_listing(RAKUTEN[row % len(RAKUTEN)].code, generator, ambiguous=False)
        yield f"{listing.designation} {np.base_repr(row, 36)}"


def _photo_table(rows: int, changed: bool) -> str:
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(("productid", "imageid", DESIGNATION))
    for row, title in enumerate(titles(rows)):
        other = changed and row % (2 * CHANGED_EVERY) == 0
        table.writerow((FIRST_PRODUCT + row, FIRST_IMAGE + row, f"{title} bis" if other else title))
    return file.getvalue()


def _photos(rows: int, changed: bool) -> Iterator[bytes]:
    """A few photos over and over; a number in a comment, behind the start marker, makes each another file."""
    for row, photo in zip(range(rows), cycle(list(photos())), strict=False):
        other = changed and row % (2 * CHANGED_EVERY) == CHANGED_EVERY
        number = row + rows if other else row
        yield photo[:2] + _COMMENT + b"%08d" % number + photo[2:]


def _kept(path: Path, write: Callable[[Path], None]) -> Path:
    """The file, made if it is not there yet; one that is not finished never has this name."""
    if not path.exists():
        print(f"writing {path.name} (once)", flush=True)
        path.parent.mkdir(exist_ok=True)
        unfinished = path.with_name(f"{path.name}.unfinished")
        write(unfinished)
        unfinished.rename(path)
    return path
