"""From a table's fields to a labelled product, whatever the fields hold."""

import hashlib
import re
from dataclasses import dataclass

from shared.preparation import MAX_TEXT_CHARACTERS
from training.datasets.report import Finding, Tally
from training.datasets.tables import TableRow
from training.photos import Photo
from training.products import Product

LARGEST_CODE = 2**31 - 1  # what the database's column holds
KEPT_CHARACTERS = 2 * MAX_TEXT_CHARACTERS  # of a field; the preparation looks at no more
_WHOLE = re.compile(r"[0-9]{1,18}(\.0+)?")  # pandas writes whole numbers so when the column has gaps
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]\w+);")
WRITTEN_NOTHING = ("nan", "NaN", "NULL", "null", "None")  # by pandas and databases, for an empty cell; NAN is a brand


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A labelled product, the name of its row in reports, and its category's name if the row has one."""

    where: str
    product: Product
    category: str | None = None


def code_of(label: str, where: str, tally: Tally) -> int | None:
    """The category's code, or None, counted, when there is none."""
    if _is_nothing(label):
        tally.note(Finding.NO_LABEL, where)
        return None
    if not _WHOLE.fullmatch(label) or int(label.partition(".")[0]) > LARGEST_CODE:
        tally.note(Finding.BAD_LABEL, where)
        return None
    return int(label.partition(".")[0])


def labelled_row(row: TableRow, code: int, photo: Photo | None, tally: Tally) -> LabelledRow:
    """The row as a product. A text is cut to what the models can use; a missing id comes from the content."""
    designation, description = (_text(row, column, tally) for column in ("designation", "description"))
    product_id = whole_number(row["product_id"])[:200]
    if _is_nothing(product_id):
        tally.note(Finding.NO_ID, row.where)
        content = repr((designation, description, row["image_id"], row["image"]))
        product_id = f"content:{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    product = Product(product_id, designation, description, photo, code)
    return LabelledRow(row.where, product, row["category"] or None)


def _is_nothing(value: str) -> bool:
    return not value or value.casefold() in ("nan", "none", "null")


def whole_number(identifier: str) -> str:
    """`100000` for `100000.0`, which pandas writes for a column with gaps; anything else as it is."""
    return identifier.partition(".")[0] if _WHOLE.fullmatch(identifier) else identifier


def note_inputs(product: Product, where: str, tally: Tally) -> None:
    """Count what is worth knowing about a usable product's texts and photo."""
    if product.photo is None:
        tally.note(Finding.NO_PHOTO, where)
    if product.text is None:
        tally.note(Finding.NO_TEXT, where)
    elif product.description is None:
        tally.note(Finding.NO_DESCRIPTION, where)
    if any(_MARKUP.search(text) for text in (product.designation, product.description) if text):
        tally.note(Finding.MARKUP, where)


def _text(row: TableRow, column: str, tally: Tally) -> str | None:
    text = "" if row[column] in WRITTEN_NOTHING else row[column]
    if len(text) > KEPT_CHARACTERS:
        tally.note(Finding.CUT, row.where)
    return text[:KEPT_CHARACTERS] or None
