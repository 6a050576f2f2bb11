"""The body of `POST /api/predict`: one product, as JSON or as a form, checked field by field."""

import base64
import binascii
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import UploadFile

from api import strict_json
from api.body_limit import BYTES_PER_CHARACTER, SMALL_BODY
from api.json_body import JSON
from api.large_bodies import LargeBodies
from api.media import media_type
from api.strict_form import strict_form
from shared.errors import InvalidInput, UnsupportedMedia
from shared.outgoing.urls import LONGEST_URL, check_url
from shared.preparation import product_text
from shared.settings import Settings

MULTIPART = "multipart/form-data"
LONGEST_PRODUCT_ID = 200
TEXTS = ("product_id", "designation", "description", "image_url")
FIELDS = (*TEXTS, "image")


@dataclass(frozen=True, slots=True)
class SubmittedProduct:
    """A product as it was sent; `photo` holds bytes that nobody has looked at yet."""

    product_id: str | None
    designation: str | None
    description: str | None
    image_url: str | None
    photo: BinaryIO | None

    @property
    def is_id_alone(self) -> bool:
        """Whether this names a stored product and says nothing about it."""
        return self.photo is None and not (self.designation or self.description or self.image_url)


@asynccontextmanager
async def submitted_product(
    request: Request, settings: Settings, bodies: LargeBodies
) -> AsyncIterator[SubmittedProduct]:
    """The product in the body; its photo can be read within the block. Raises InvalidInput."""
    sent_as = media_type(request.headers.get("content-type"))
    if sent_as == JSON:
        async with bodies.body_of(request) as raw:
            yield await _parsed(raw, settings)
    elif sent_as == MULTIPART:
        longest = BYTES_PER_CHARACTER * settings.max_description_characters
        async with strict_form(request, max_files=1, max_fields=len(FIELDS), longest=longest) as fields:
            yield _from_form(fields.multi_items(), settings)
    else:
        raise UnsupportedMedia(f"Send a product as {JSON} or {MULTIPART}.", where="header.content-type")


async def _parsed(raw: bytes, settings: Settings) -> SubmittedProduct:
    """The product in a JSON text; one that carries a photo is parsed in a thread, the others are not worth one."""
    if len(raw) < SMALL_BODY:
        return _from_json(raw, settings)
    return await to_thread.run_sync(_from_json, raw, settings)


def _from_json(raw: bytes, settings: Settings) -> SubmittedProduct:
    fields = strict_json.loads(raw)
    if not isinstance(fields, dict):
        raise InvalidInput("The body must be a JSON object.", code="WRONG_TYPE")
    encoded = fields.pop("image", None)
    return _product(fields, None if encoded is None else _decoded(encoded), settings)


def _from_form(items: Iterable[tuple[str, str | UploadFile]], settings: Settings) -> SubmittedProduct:
    """The same from a form. What a file is called, and what type it claims to be, is of no interest."""
    fields: dict[str, str | UploadFile] = {}
    for name, value in items:
        if name in fields:
            raise InvalidInput("A field occurs twice.", code="DUPLICATE_FIELD")
        fields[name] = value
    photo = fields.pop("image", None)
    if isinstance(photo, str):
        raise InvalidInput("In a form, the image must be a file.", where="body.image", code="WRONG_TYPE")
    return _product(fields, None if photo is None else photo.file, settings)


def _product(fields: Mapping[str, object], photo: BinaryIO | None, settings: Settings) -> SubmittedProduct:
    if not fields.keys() <= set(TEXTS):
        raise InvalidInput(f"There is an unknown field; the known ones are {', '.join(FIELDS)}.", code="UNKNOWN_FIELD")
    product = SubmittedProduct(
        product_id=_text(fields, "product_id", LONGEST_PRODUCT_ID),
        designation=_text(fields, "designation", settings.max_designation_characters),
        description=_text(fields, "description", settings.max_description_characters),
        image_url=_text(fields, "image_url", LONGEST_URL),
        photo=photo,
    )
    if product.image_url is not None:
        if photo is not None:
            raise InvalidInput("Send an image or an image_url, not both.", where="body.image_url", code="TWO_IMAGES")
        check_url(product.image_url, settings.outgoing_rules, where="body.image_url", code="IMAGE_URL_REFUSED")
    has_text = product_text(product.designation, product.description) is not None
    by_id = product.product_id is not None and product.is_id_alone
    if not (has_text or photo or product.image_url or by_id):
        raise InvalidInput("A product needs a readable text or an image.", code="EMPTY_PRODUCT")
    return product


def _text(fields: Mapping[str, object], name: str, longest: int) -> str | None:
    value, where = fields.get(name), f"body.{name}"
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be a string.", where=where, code="WRONG_TYPE")
    if len(value) > longest:
        raise InvalidInput(f"{name} may have at most {longest} characters.", where=where, code="TOO_LONG")
    if "\0" in value or not _is_text(value):
        raise InvalidInput(f"{name} holds characters that are not text.", where=where, code="INVALID_TEXT")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair, out of a form in an odd charset
        return False
    return True


def _decoded(encoded: object) -> BinaryIO:
    if not isinstance(encoded, str):
        raise InvalidInput("image must be a string of Base64.", where="body.image", code="WRONG_TYPE")
    try:
        return io.BytesIO(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        raise InvalidInput("image is not valid Base64.", where="body.image", code="INVALID_BASE64") from None
