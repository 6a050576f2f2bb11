"""The sample products as a catalogue file: a ZIP in Rakuten's layout, a table without categories and the photos."""

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from training.products import Product

_HEADER = ("designation", "description", "productid", "imageid")


def write_catalogue(path: Path, products: Sequence[Product]) -> None:
    """Write products as their seller knows them. A row's photo is found by its name; a row without one names none."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(_HEADER)
    with zipfile.ZipFile(path, "w") as archive:
        for image_id, product in enumerate(products, start=1):
            name = "" if product.photo is None else str(image_id)
            writer.writerow((product.designation, product.description, product.product_id, name))
            if product.photo is not None:
                photo = f"images/image_{image_id}_product_{product.product_id}.jpg"
                archive.writestr(photo, product.photo.read())
        archive.writestr("catalogue.csv", table.getvalue(), zipfile.ZIP_DEFLATED)
