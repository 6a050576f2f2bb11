"""The labelled product, as every reader of a data set yields it and training takes it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shared.preparation import product_text
from shared.taxonomy import Category
from training.photos import Photo


@dataclass(frozen=True)
class Product:
    """One labelled product: its texts, its photo, and its category's code."""

    product_id: str
    designation: str | None
    description: str | None
    photo: Photo | None
    code: int

    @cached_property
    def text(self) -> str | None:
        """Title and description as the models read them, None when nothing readable is there."""
        return product_text(self.designation, self.description)

    @cached_property
    def photo_hash(self) -> str | None:
        """SHA-256 of the photo's bytes in hex, None without a photo. Raises OSError when it can't be read."""
        return None if self.photo is None else self.photo.sha256


def class_order(products: Iterable[Product], taxonomy: Sequence[Category]) -> tuple[Category, ...]:
    """The categories that occur among `products`, in numeric order of their codes.

    This order is the one label encoding of a bundle: index i of every model's logits is element i here.
    A code that the taxonomy doesn't know is named after itself.
    """
    named = {category.code: category for category in taxonomy}
    codes = sorted({product.code for product in products})
    return tuple(named.get(code, Category(code, str(code))) for code in codes)


def labels(products: Sequence[Product], classes: Sequence[Category]) -> NDArray[np.int32]:
    """Class indices of `products` in the order of `classes`: shape (n,), int32. KeyError for an unknown code."""
    index = {category.code: position for position, category in enumerate(classes)}
    return np.array([index[product.code] for product in products], dtype=np.int32)


def fingerprint(products: Iterable[Product]) -> str:
    """SHA-256 in hex over all rows and photos; the order of the rows does not matter."""
    digest = hashlib.sha256()
    for product in sorted(products, key=lambda each: each.product_id):
        fields = (product.product_id, product.designation, product.description, product.photo_hash, product.code)
        digest.update(repr(fields).encode())
    return digest.hexdigest()
