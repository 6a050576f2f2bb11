"""One CSV with a row per product: the texts, the category's code, and where the photo is."""

from collections.abc import Iterator
from pathlib import Path

from shared.errors import InvalidInput
from training.datasets.photo_files import PhotoFolder
from training.datasets.report import Tally
from training.datasets.rows import LabelledRow, code_of, labelled_row
from training.datasets.tables import Table

COLUMNS = ("product_id", "image_id", "designation", "description", "image", "prdtypecode", "category")
REQUIRED = ("designation", "prdtypecode")
USUAL_NAME = "products.csv"


def the_csv(folder: Path) -> Path:
    """The folder's `products.csv`, or else its only CSV with a column `prdtypecode`.

    Raises InvalidInput, naming all that was looked for, when there is none, or more than one.
    """
    if (folder / USUAL_NAME).is_file():
        return folder / USUAL_NAME
    labelled = [path for path in sorted(folder.glob("*.csv")) if _has_labels(path)]
    if len(labelled) == 1:
        return labelled[0]
    found = f"several: {', '.join(path.name for path in labelled)}" if labelled else "neither"
    raise InvalidInput(
        f"{folder} was searched for Rakuten's X_train*.csv and Y_train*.csv, and for {USUAL_NAME} or one CSV with a "
        f"column prdtypecode; it has {found}.",
        where="data",
    )


def single_csv_rows(path: Path, photos: PhotoFolder, tally: Tally) -> Iterator[LabelledRow]:
    """Every row with a code. Raises InvalidInput when a column is missing."""
    table = Table.open(path, COLUMNS, REQUIRED)
    for row in table.rows(tally):
        code = code_of(row["prdtypecode"], row.where, tally)
        if code is not None:
            yield labelled_row(row, code, photos.of(row), tally)


def _has_labels(path: Path) -> bool:
    try:
        Table.open(path, COLUMNS, ("prdtypecode",))
    except InvalidInput:
        return False
    return True
