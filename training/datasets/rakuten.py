"""Rakuten's layout: products and labels in two files that belong together by an index column."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from shared.errors import InvalidInput
from training.datasets.photo_files import PhotoFolder
from training.datasets.report import Finding, Tally
from training.datasets.rows import LabelledRow, code_of, labelled_row, whole_number
from training.datasets.tables import INDEX, Table

PRODUCTS, LABELS = "X_train*.csv", "Y_train*.csv"


def is_rakuten(folder: Path) -> bool:
    """Whether a folder has the challenge's files."""
    return any(folder.glob(PRODUCTS)) or any(folder.glob(LABELS))


def rakuten_rows(folder: Path, photos: PhotoFolder, tally: Tally) -> Iterator[LabelledRow]:
    """Products joined with their labels by the index, whatever order either file is in.

    A column `image`, which the challenge's files lack, says where a photo is whatever its ids. An index with two
    labels gives two rows, so that conflicting labels are found like any others.
    Raises InvalidInput when a file or a column is missing.
    """
    products = Table.open(
        _only(folder, PRODUCTS),
        (INDEX, "product_id", "image_id", "designation", "description", "image"),
        required=(INDEX, "product_id", "image_id", "designation"),
    )
    labels = Table.open(_only(folder, LABELS), (INDEX, "prdtypecode"), required=(INDEX, "prdtypecode"))
    labels_of: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in labels.rows(tally, malformed=Finding.NO_PRODUCT):
        labels_of[whole_number(row[INDEX])].append((row["prdtypecode"], row.where))
    known = set()
    for row in products.rows(tally):
        index = whole_number(row[INDEX])
        known.add(index)
        photo = photos.of(row)
        for label, _ in labels_of.get(index) or [("", "")]:
            code = code_of(label, row.where, tally)
            if code is not None:
                yield labelled_row(row, code, photo, tally)
    for index, given in labels_of.items():
        if index not in known:
            for _, where in given:
                tally.note(Finding.NO_PRODUCT, where)


def _only(folder: Path, pattern: str) -> Path:
    """The one file of this pattern. Raises InvalidInput when there is none, or more than one."""
    found = sorted(folder.glob(pattern))
    if len(found) == 1:
        return found[0]
    there = f"has {len(found)} of them" if found else "has none"
    raise InvalidInput(f"Rakuten's layout needs one file {pattern}; {folder} {there}.", where="data")
