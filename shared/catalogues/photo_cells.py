"""Where a row's photo is, by what its image column says, or by Rakuten's names of photos."""

import base64
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from shared.catalogues.cells import CellRefused
from shared.catalogues.source import IMAGE, Format, Layout
from shared.errors import UrlRefused
from shared.outgoing.urls import check_url
from shared.settings import Settings

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_URL: Final = re.compile(r"https?://", re.IGNORECASE)


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


class PhotoCells:
    """Tells where the photos of one file are."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self._is_packed = layout.entry is not None
        self._is_json = layout.format is Format.NDJSON
        self._rules = settings.outgoing_rules
        self._limit = settings.max_image_bytes

    def photo(self, value: str) -> PhotoSource:
        """The photo that a cell names. Raises CellRefused."""
        if _URL.match(value):
            try:
                check_url(value, self._rules)
            except UrlRefused as refusal:
                raise CellRefused("IMAGE_URL_REFUSED", refusal.message, IMAGE) from None
            return PhotoUrl(value)
        if _HASH.fullmatch(value):
            return StoredPhoto(value.lower())
        if self._is_packed:
            return PackedPhoto((value,), required=True)
        if self._is_json:
            return self._inline(value)
        raise CellRefused("IMAGE_NOT_FOUND", "An image is a URL, a photo's SHA-256, or a file in the same ZIP.", IMAGE)

    def unnamed(self, product_id: str | None, image_id: str | None) -> PhotoSource | None:
        """The photo that a row with these ids may have in its ZIP, although it names none."""
        if not self._is_packed or product_id is None or image_id is None:
            return None
        return PackedPhoto((f"image_{image_id}_product_{product_id}.jpg",), required=False)

    def _inline(self, value: str) -> InlinePhoto:
        if len(value) * 3 // 4 > self._limit + 2:
            raise self._too_large()
        try:
            content = base64.b64decode(value, validate=True)
        except ValueError:
            raise CellRefused("INVALID_BASE64", "image is not valid Base64.", IMAGE) from None
        if len(content) > self._limit:
            raise self._too_large()
        return InlinePhoto(content)

    def _too_large(self) -> CellRefused:
        return CellRefused("IMAGE_TOO_LARGE", f"A photo may have at most {self._limit} bytes.", IMAGE)
