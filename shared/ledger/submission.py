"""What somebody submits, and what it comes to."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from shared.lanes import Lane


class ProductInput(NamedTuple):
    """What is known of a product before it is predicted.

    `image` is the SHA-256 of a stored photo, `image_url` where one is to be fetched from; never both.
    """

    product_id: str | None = None
    designation: str | None = None
    description: str | None = None
    image: str | None = None
    image_url: str | None = None

    @property
    def input_hash(self) -> str:
        """SHA-256 over all that the models see: equal hashes mean equal answers from one bundle."""
        return _hash(self.designation, self.description, self.image)

    @property
    def content_hash(self) -> str:
        """SHA-256 over all that was said of the product."""
        return _hash(self.product_id, self.designation, self.description, self.image, self.image_url)


@dataclass(frozen=True, slots=True)
class Submission:
    """One product that somebody submits, perhaps under a key that makes it safe to submit again.

    `photo_bytes` is the size of a photo that has just been stored; None for one that has a row already. A webhook that
    is told of it is named by `webhook_url`, or has been found already (`webhook_endpoint_id`). `request_id` is what the
    log calls the request that it came with.
    """

    owner_id: str
    product: ProductInput
    deadline: timedelta
    idempotency_key: str | None = None
    photo_bytes: int | None = None
    webhook_url: str | None = None
    webhook_endpoint_id: str | None = None
    request_id: str | None = None

    @property
    def content_hash(self) -> str:
        """SHA-256 over all that was submitted: equal hashes mean the same request, however it was written."""
        content = self.product.content_hash
        return content if self.webhook_url is None else _hash(content, self.webhook_url)

    @property
    def lane(self) -> Lane:
        """Where it waits first: a product whose photo must be fetched waits for no model before that is there."""
        return Lane.INTERACTIVE if self.product.image_url is None else Lane.IO


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that a submission came to, the lane on which it waits, and whether it had come before."""

    job_id: str
    lane: Lane
    replayed: bool = False


def _hash(*parts: str | None) -> str:
    """SHA-256 over some texts. Each says how long it is, so that no two lists of texts are written alike."""
    written = "".join(["-" if part is None else f"{len(part)}:{part}" for part in parts])
    return hashlib.sha256(written.encode()).hexdigest()
