"""Catalogue files to measure with: texts as CSV, and photos in a ZIP in Rakuten's layout. No two products are the same.

They are kept in the cache: the same arguments give the same file. Files with other numbers have other products.
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
_COMMENT = b"\xff\xfe\x00\x0a"  # of eight bytes


def text_catalogue(rows: int, first: int = 0, folder: Path = CACHE) -> Path:
    """A CSV of so many products, numbered from `first`, each a title and nothing else."""

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("productid", "designation"))
            table.writerows((FIRST_PRODUCT + number, title) for number, title in enumerate(titles(rows, first), first))

    return _kept(folder / f"texts-{first}-{rows}.csv", write)


def photo_catalogue(rows: int, first: int = 0, *, changed: bool = False, folder: Path = CACHE) -> Path:
    """A ZIP of a CSV and a photo of 500 x 500 pixels for each row; if `changed`, as it is sent again, 5 % changed."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # photos don't get smaller
            archive.writestr("products.csv", _photo_table(rows, first, changed))
            for number, photo in enumerate(_photos(rows, first, changed), first):
                archive.writestr(f"images/image_{FIRST_IMAGE + number}_product_{FIRST_PRODUCT + number}.jpg", photo)

    return _kept(folder / f"photos-{first}-{rows}{'-changed' if changed else ''}.zip", write)


def titles(rows: int, first: int = 0) -> Iterator[str]:
    """Titles as the demo catalogue's listings have them, each with its number, in few characters, as a last word."""
    generator = np.random.default_rng(SEED)
    for number in range(first, first + rows):
        listing = write_listing(RAKUTEN[number % len(RAKUTEN)].code, generator, ambiguous=False)
        yield f"{listing.designation} {np.base_repr(number, 36)}"


def _photo_table(rows: int, first: int, changed: bool) -> str:
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(("productid", "imageid", "designation"))
    for number, title in enumerate(titles(rows, first), first):
        other = changed and (number - first) % (2 * CHANGED_EVERY) == 0
        table.writerow((FIRST_PRODUCT + number, FIRST_IMAGE + number, f"{title} bis" if other else title))
    return file.getvalue()


def _photos(rows: int, first: int, changed: bool) -> Iterator[bytes]:
    """A few photos over and over; a number in a comment, behind the start marker, makes each another file."""
    drawn = cycle(list(photos()))
    for row in range(rows):
        other = changed and row % (2 * CHANGED_EVERY) == CHANGED_EVERY
        photo, name = next(drawn), b"%c%07d" % (b"b" if other else b"a", first + row)
        yield photo[:2] + _COMMENT + name + photo[2:]


def _kept(path: Path, write: Callable[[Path], None]) -> Path:
    """The file, made if it is not there yet; one that is not finished never has this name."""
    if not path.exists():
        print(f"writing {path.name} (once)", flush=True)
        path.parent.mkdir(exist_ok=True)
        unfinished = path.with_name(f"{path.name}.unfinished")
        write(unfinished)
        unfinished.rename(path)
    return path
