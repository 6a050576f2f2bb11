"""Labelled data in files, as tests write it."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from tests.support.photos import encoded

Cells: TypeAlias = Sequence[object]
X_HEADER = ("", "designation", "description", "productid", "imageid")
Y_HEADER = ("", "prdtypecode")
CSV_HEADER = ("productid", "imageid", "designation", "description", "prdtypecode")


def photo_of(number: int) -> bytes:
    """A small JPEG; another number, another photo."""
    return encoded(Image.new("RGB", (24, 16), (number % 256, number // 256, 77)), "JPEG")


def write_csv(path: Path, header: Cells, rows: Iterable[Cells]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_photo(folder: Path, image_id: object, product_id: object, content: bytes) -> None:
    """A photo under Rakuten's name, in the folder of the challenge."""
    images = folder / "images" / "image_train"
    images.mkdir(parents=True, exist_ok=True)
    (images / f"image_{image_id}_product_{product_id}.jpg").write_bytes(content)


def write_rakuten(folder: Path, products: Iterable[Cells], labels: Iterable[Cells]) -> Path:
    """The challenge's two files: rows as X_HEADER and Y_HEADER have them."""
    write_csv(folder / "X_train_update.csv", X_HEADER, products)
    write_csv(folder / "Y_train_CVw08PX.csv", Y_HEADER, labels)
    return folder
