"""Which products of a catalogue are so alike that a model which has seen one has seen the others."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

from shared.preparation import product_text
from training.products import Product

LONG_DESCRIPTION = 40  # characters; shorter ones ("Neuf, en bon état") say nothing about which product it is


def look_alike_groups(products: Sequence[Product]) -> list[list[int]]:
    """Row numbers of products that share a text, a photo or a long description, directly or through others.

    Texts are compared as the models read them, whatever their case, because the tokeniser lower-cases them. A
    description of LONG_DESCRIPTION characters or more is that of one product in several variants, such as
    colours; but not if several categories have it: then it is a shop's standard wording.
    Groups and their members come in rising order.
    """
    descriptions = [_long_description(product) for product in products]
    categories: dict[str, set[int]] = defaultdict(set)
    for product, description in zip(products, descriptions, strict=True):
        if description is not None:
            categories[description].add(product.code)
    parent = list(range(len(products)))  # union-find with path halving

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first_with: dict[Hashable, int] = {}
    for row, product in enumerate(products):
        description = descriptions[row]
        if description is not None and len(categories[description]) > 1:
            description = None
        for mark in _marks(product, description):
            low, high = sorted((root(row), root(first_with.setdefault(mark, row))))
            parent[high] = low
    groups: dict[int, list[int]] = defaultdict(list)
    for row in range(len(products)):
        groups[root(row)].append(row)
    return list(groups.values())


def _marks(product: Product, description: str | None) -> Iterator[tuple[str, str]]:
    """What a product has in common with its look-alikes."""
    if product.text is not None:
        yield "text", product.text.casefold()
    if product.photo_hash is not None:
        yield "photo", product.photo_hash
    if description is not None:
        yield "description", description


def _long_description(product: Product) -> str | None:
    """The description as it is compared, None when there is none or it is short."""
    text = product_text(None, product.description)
    return text.casefold() if text is not None and len(text) >= LONG_DESCRIPTION else None
