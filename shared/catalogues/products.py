"""One row as a product: its fields by our names, each checked; or the row error that it is."""

import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from shared.catalogues.cells import CellRefused, code_in, id_in, text_in
from shared.catalogues.ndjson import KeyedCells
from shared.catalogues.photo_cells import InlinePhoto, PackedPhoto, PhotoCells, PhotoSource, PhotoUrl, StoredPhoto
from shared.catalogues.rows import CatalogueRow, Cell
from shared.catalogues.source import (
    COLUMNS,
    DESCRIPTION,
    DESIGNATION,
    IMAGE,
    IMAGE_ID,
    LABEL,
    PRODUCT_ID,
    Format,
    Layout,
)
from shared.ledger.finish import RowError
from shared.preparation import product_text
from shared.settings import Settings

__all__ = ["InlinePhoto", "PackedPhoto", "PhotoSource", "PhotoUrl", "ProductRow", "RowReader", "StoredPhoto"]

LONGEST_ID: Final = 200  # of a product or a photo, in somebody's own words


class ProductRow(NamedTuple):
    """What a row says of a product. `label` is its category's code, if the file has one."""

    number: int
    product_id: str | None
    image_id: str | None
    designation: str | None
    description: str | None
    photo: PhotoSource | None
    label: int | None


class RowReader:
    """Makes products of the rows of one layout."""

    def __init__(self, layout: Layout, settings: Settings, *, labelled: bool) -> None:
        """With `labelled`, rows need an id and a category's code, as labelled data does.

        Rows of NDJSON say themselves what their layout is, which grows as the file is read.
        """
        self._labelled = labelled
        self._longest_designation = settings.max_designation_characters
        self._longest_description = settings.max_description_characters
        self._is_for_spreadsheets = layout.format not in (Format.NDJSON, Format.PARQUET)
        self._photos = PhotoCells(layout, settings)
        self._learn(layout)

    def read(self, row: CatalogueRow) -> ProductRow | RowError:
        """The product in a row, or why there is none, naming the file's column that is at fault.

        One of a ZIP that has ids alone, or a text that nobody can read, may still have a photo there.
        """
        number, cells, problem = row
        if problem is not None:
            return RowError(*problem)
        if isinstance(cells, KeyedCells) and cells.layout is not self._layout:
            self._learn(cells.layout)
        try:
            return self._product(number, cells)
        except CellRefused as refused:
            column = None if refused.ours is None else self._layout.columns.get(refused.ours)
            return RowError(refused.code, str(refused), column)

    def _learn(self, layout: Layout) -> None:
        """Note in which cell each column of ours is; -1 for one that is not there."""
        self._layout = layout
        places = {name: place for place, name in enumerate(layout.header)}
        found = [places.get(layout.columns.get(ours, ""), -1) if ours in layout.columns else -1 for ours in COLUMNS]
        self._product_id, self._image_id, self._designation, self._description, self._image, self._label = found

    def _product(self, number: int, cells: Sequence[Cell]) -> ProductRow:
        quoted = self._is_for_spreadsheets
        product_id = image_id = designation = description = photo = label = None
        if self._product_id >= 0 and (cell := cells[self._product_id]) not in _EMPTY:
            product_id = id_in(cell, PRODUCT_ID, LONGEST_ID, may_be_quoted=quoted)
        if self._image_id >= 0 and (cell := cells[self._image_id]) not in _EMPTY:
            image_id = id_in(cell, IMAGE_ID, LONGEST_ID, may_be_quoted=quoted)
        if self._designation >= 0 and (cell := cells[self._designation]) not in _EMPTY:
            designation = text_in(cell, DESIGNATION, self._longest_designation, may_be_quoted=quoted)
        if self._description >= 0 and (cell := cells[self._description]) not in _EMPTY:
            description = text_in(cell, DESCRIPTION, self._longest_description, may_be_quoted=quoted)
        if self._image >= 0 and (cell := cells[self._image]) not in _EMPTY:
            photo = self._photo(cell)
        if photo is None:
            photo = self._photos.unnamed(product_id, image_id)
        if self._label >= 0 or self._labelled:
            label = self._code(cells)
        if self._labelled:
            _require(product_id, PRODUCT_ID)
            _require(label, LABEL)
        if photo is None and not _is_readable(designation, description):
            is_id_alone = product_id is not None and designation is None and description is None
            if self._labelled or not is_id_alone:
                raise CellRefused("EMPTY_PRODUCT", "A product needs a readable text or an image.", None)
        return ProductRow(number, product_id, image_id, designation, description, photo, label)

    def _photo(self, cell: Cell) -> PhotoSource | None:
        value = text_in(cell, IMAGE, sys.maxsize, may_be_quoted=self._is_for_spreadsheets)  # a row has a limit
        stripped = (value or "").strip()
        return self._photos.photo(stripped) if stripped else None

    def _code(self, cells: Sequence[Cell]) -> int | None:
        """The category's code; in a catalogue that is to be predicted, one that is none does no harm."""
        if self._label < 0:
            return None
        try:
            return code_in(cells[self._label])
        except CellRefused:
            if self._labelled:
                raise
            return None


_EMPTY: Final = (None, "")


def _require(value: object, ours: str) -> None:
    if value is None:
        raise CellRefused("MISSING_FIELD", f"A labelled product needs a {ours}.", ours)


def _is_readable(designation: str | None, description: str | None) -> bool:
    """Whether the models find a text here. One that begins with a letter needs no closer look."""
    begins = designation or description
    return begins is not None and (begins[0].isalnum() or product_text(designation, description) is not None)
