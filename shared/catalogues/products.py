"""One row as a product: its fields by our names, each checked; or the row error that it is."""

from dataclasses import dataclass
from typing import TypeAlias

from shared.catalogues.reading import CatalogueRow
from shared.catalogues.source import Layout
from shared.ledger.finish import RowError
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class PhotoUrl:
    """A photo that is to be fetched; its URL has been checked as far as that goes without a look-up."""

    url: str


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo that somebody has sent earlier, by its SHA-256."""

    sha256: str


@dataclass(frozen=True, slots=True)
class PackedPhoto:
    """A photo in the catalogue's own ZIP: the names under which it may be there; `required` if a column names it."""

    names: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class InlinePhoto:
    """A photo in the row itself."""

    content: bytes


PhotoSource: TypeAlias = PhotoUrl | StoredPhoto | PackedPhoto | InlinePhoto


@dataclass(frozen=True, slots=True)
class ProductRow:
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
        """With `labelled`, rows need an id and a category's code, as labelled data does."""
        raise NotImplementedError

    def read(self, row: CatalogueRow) -> ProductRow | RowError:
        """The product in a row, or why there is none, naming the file's column that is at fault."""
        raise NotImplementedError
