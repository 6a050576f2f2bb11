"""A body that is one product, as JSON or as a form: its fields as they came, and each of them checked."""

import base64
import binascii
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import Headers, UploadFile

from api import strict_json
from api.body_limit import BYTES_PER_CHARACTER, SMALL_BODY
from api.json_body import JSON
from api.large_bodies import LargeBodies
from api.media import MULTIPART, media_type
from api.parameters import LARGEST_CODE
from api.strict_form import form_in
from shared.errors import InvalidInput, UnsupportedMedia
from shared.settings import Settings

IMAGE = "image"
_CODE_DIGITS = len(str(LARGEST_CODE))
Product = TypeVar("Product")


@dataclass(frozen=True, slots=True)
class SentFields:
    """The fields of a body, all of known names; `photo` holds bytes that nobody has looked at yet."""

    fields: Mapping[str, object]
    photo: BinaryIO | None
    is_form: bool

    def text(self, name: str, longest: int) -> str | None:
        """A text of at most so many characters; an empty one is none. Raises InvalidInput."""
        value, where = self.fields.get(name), f"body.{name}"
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise InvalidInput(f"{name} must be a string.", where=where, code="WRONG_TYPE")
        if len(value) > longest:
            raise InvalidInput(f"{name} may have at most {longest} characters.", where=where, code="TOO_LONG")
        if "\0" in value or not _is_text(value):
            raise InvalidInput(f"{name} holds characters that are not text.", where=where, code="INVALID_TEXT")
        return value

    def code(self, name: str) -> int | None:
        """A category's code: a number in JSON, digits in a form. Raises InvalidInput."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        is_digits = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _CODE_DIGITS
        if self.is_form and is_digits:
            value = int(str(value))
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_CODE:
            message = f"{name} must be a whole number from 0 to {LARGEST_CODE}."
            raise InvalidInput(message, where=f"body.{name}", code="WRONG_TYPE")
        return value


@asynccontextmanager
async def sent_product(
    request: Request,
    settings: Settings,
    bodies: LargeBodies,
    known: Sequence[str],
    read: Callable[[SentFields, Settings], Product],
) -> AsyncIterator[Product]:
    """What `read` makes of the fields in the body; the photo can be read within the block.

    Raises InvalidInput, also for a field that is not `known`.
    """
    sent_as = media_type(request.headers.get("content-type"))
    if sent_as == JSON:
        async with bodies.body_of(request) as raw:
            if len(raw) < SMALL_BODY:
                yield read(_from_json(raw, known), settings)
            else:  # it may carry a photo; the others are not worth a thread
                yield await to_thread.run_sync(lambda: read(_from_json(raw, known), settings))
    elif sent_as == MULTIPART:
        async with (
            bodies.pieces_of(request) as pieces,
            product_form(pieces, request.headers, settings, known, read) as product,
        ):
            yield product
    else:
        raise UnsupportedMedia(f"Send a product as {JSON} or {MULTIPART}.", where="header.content-type")


@asynccontextmanager
async def product_form(
    pieces: AsyncGenerator[bytes, None],
    headers: Headers,
    settings: Settings,
    known: Sequence[str],
    read: Callable[[SentFields, Settings], Product],
) -> AsyncIterator[Product]:
    """The same of a form whose pieces come from elsewhere."""
    longest = BYTES_PER_CHARACTER * settings.max_description_characters
    async with form_in(pieces, headers, max_files=1, max_fields=len(known), longest=longest) as form:
        yield read(_from_form(form.multi_items(), known), settings)


def _from_json(raw: bytes, known: Sequence[str]) -> SentFields:
    fields = strict_json.loads(raw)
    if not isinstance(fields, dict):
        raise InvalidInput("The body must be a JSON object.", code="WRONG_TYPE")
    encoded = fields.pop(IMAGE, None)
    photo = None if encoded is None else _decoded(encoded)
    _refuse_unknown(fields, known)
    return SentFields(fields, photo, is_form=False)


def _from_form(items: Iterable[tuple[str, str | UploadFile]], known: Sequence[str]) -> SentFields:
    """The same from a form. What a file is called, and what type it claims to be, is of no interest."""
    fields: dict[str, str | UploadFile] = {}
    for name, value in items:
        if name in fields:
            raise InvalidInput("A field occurs twice.", code="DUPLICATE_FIELD")
        fields[name] = value
    photo = fields.pop(IMAGE, None)
    if isinstance(photo, str):
        raise InvalidInput("In a form, the image must be a file.", where="body.image", code="WRONG_TYPE")
    _refuse_unknown(fields, known)
    return SentFields(fields, None if photo is None else photo.file, is_form=True)


def _refuse_unknown(fields: Mapping[str, object], known: Sequence[str]) -> None:
    if not fields.keys() <= set(known):
        raise InvalidInput(f"There is an unknown field; the known ones are {', '.join(known)}.", code="UNKNOWN_FIELD")


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
