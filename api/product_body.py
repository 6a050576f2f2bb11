"""The body of `POST /api/predict`, one product, and that of `POST /api/data-ingest`, one labelled product."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from fastapi import Request
from starlette.datastructures import Headers

from api.large_bodies import LargeBodies
from api.named_webhook import named_webhook
from api.product_fields import IMAGE, SentFields, product_form, sent_product
from shared.errors import InvalidInput
from shared.outgoing.urls import LONGEST_URL, check_url
from shared.preparation import product_text
from shared.settings import Settings

LONGEST_ID = 200  # of a product or a photo, in somebody's own words
FIELDS = ("product_id", "designation", "description", "image_url", "webhook_url", IMAGE)
LABELLED_FIELDS = ("product_id", "designation", "description", "prdtypecode", "image_id", IMAGE)


@dataclass(frozen=True, slots=True)
class SubmittedProduct:
    """A product as it was sent; `photo` holds bytes that nobody has looked at yet.

    `webhook_url` is as registration would keep it; whether there is one is found out when the product is accepted.
    """

    product_id: str | None
    designation: str | None
    description: str | None
    image_url: str | None
    webhook_url: str | None
    photo: BinaryIO | None

    @property
    def is_id_alone(self) -> bool:
        """Whether this names a stored product and says nothing about it."""
        return self.photo is None and not (self.designation or self.description or self.image_url)


@dataclass(frozen=True, slots=True)
class LabelledProduct:
    """A labelled product as it was sent; `photo` holds bytes that nobody has looked at yet."""

    product_id: str
    designation: str | None
    description: str | None
    code: int
    image_id: str | None
    photo: BinaryIO | None


@asynccontextmanager
async def submitted_product(
    request: Request, settings: Settings, bodies: LargeBodies
) -> AsyncIterator[SubmittedProduct]:
    """The product in the body; its photo can be read within the block. Raises InvalidInput."""
    async with sent_product(request, settings, bodies, FIELDS, _product) as product:
        yield product


@asynccontextmanager
async def labelled_product(request: Request, settings: Settings, bodies: LargeBodies) -> AsyncIterator[LabelledProduct]:
    """The labelled product in the body; its photo can be read within the block. Raises InvalidInput."""
    async with sent_product(request, settings, bodies, LABELLED_FIELDS, _labelled) as product:
        yield product


@asynccontextmanager
async def labelled_form(
    pieces: AsyncGenerator[bytes, None], headers: Headers, settings: Settings
) -> AsyncIterator[LabelledProduct]:
    """The same of a form whose pieces come from elsewhere."""
    async with product_form(pieces, headers, settings, LABELLED_FIELDS, _labelled) as product:
        yield product


def _product(sent: SentFields, settings: Settings) -> SubmittedProduct:
    product = SubmittedProduct(
        product_id=sent.text("product_id", LONGEST_ID),
        designation=sent.text("designation", settings.max_designation_characters),
        description=sent.text("description", settings.max_description_characters),
        image_url=sent.text("image_url", LONGEST_URL),
        webhook_url=named_webhook(sent.text("webhook_url", LONGEST_URL) or None, settings, "body.webhook_url"),
        photo=sent.photo,
    )
    if product.image_url is not None:
        if product.photo is not None:
            raise InvalidInput("Send an image or an image_url, not both.", where="body.image_url", code="TWO_IMAGES")
        check_url(product.image_url, settings.outgoing_rules, where="body.image_url", code="IMAGE_URL_REFUSED")
    by_id = product.product_id is not None and product.is_id_alone
    if not (product.image_url or by_id):
        _require_text_or_photo(product)
    return product


def _labelled(sent: SentFields, settings: Settings) -> LabelledProduct:
    product_id, code = sent.text("product_id", LONGEST_ID), sent.code("prdtypecode")
    if product_id is None or code is None:
        missing = "product_id" if product_id is None else "prdtypecode"
        message = f"A labelled product needs a {missing}."
        raise InvalidInput(message, where=f"body.{missing}", code="MISSING_FIELD")
    product = LabelledProduct(
        product_id=product_id,
        designation=sent.text("designation", settings.max_designation_characters),
        description=sent.text("description", settings.max_description_characters),
        code=code,
        image_id=sent.text("image_id", LONGEST_ID),
        photo=sent.photo,
    )
    _require_text_or_photo(product)
    return product


def _require_text_or_photo(product: SubmittedProduct | LabelledProduct) -> None:
    if product.photo is None and product_text(product.designation, product.description) is None:
        raise InvalidInput("A product needs a readable text or an image.", code="EMPTY_PRODUCT")
