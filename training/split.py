"""The split into train, validation and test: stratified, seeded, and never through a group of look-alikes."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.products import Product


@dataclass(frozen=True, slots=True)
class Split:
    """The three parts, each in the order of the product ids."""

    train: list[Product]
    validation: list[Product]
    test: list[Product]


def split_products(products: Sequence[Product], *, validation_share: float, test_share: float, seed: int) -> Split:
    """Divide products so that each category keeps its shares and look-alikes stay together.

    The shares are of the products that have a text and a photo, because only those can compare the text
    model, the photo model and both; products with one of the two are for training. Products with the same
    prepared text or the same photo form a group, and a group goes to one part as a whole: to training if
    no member has both. The same products and seed give the same split, in whatever order they come.

    Raises ValueError when the shares leave nothing to train on.
    """
    if min(validation_share, test_share) < 0 or validation_share + test_share >= 1:
        raise ValueError("The validation and test shares must be at least 0 and sum to less than 1.")
    ordered = sorted(products, key=lambda product: product.product_id)
    shares = {"test": test_share, "validation": validation_share}
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for members in _by_category(ordered, seed):
        wanted = _quotas(ordered, members, shares)
        for group in members:
            size = sum(_is_complete(ordered[row]) for row in group)
            # Largest need first; a group that fits nowhere is training's.
            part = max(wanted, key=lambda name: wanted[name])
            if size == 0 or wanted[part] < max(1, (size + 1) // 2):
                part = "train"
            else:
                wanted[part] -= size
            parts[part].extend(group)
    return Split(**{name: [ordered[row] for row in sorted(rows)] for name, rows in parts.items()})


def look_alike_groups(products: Sequence[Product]) -> list[list[int]]:
    """Row numbers of products that share a prepared text or a photo, directly or through others.

    Texts are the same whatever their case, because the tokeniser lower-cases them. Union-find with path
    halving; groups and their members come in rising order.
    """
    parent = list(range(len(products)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first_with: dict[tuple[str, str], int] = {}
    for row, product in enumerate(products):
        text = None if product.text is None else product.text.casefold()
        for kind, value in (("text", text), ("photo", product.photo_hash)):
            if value is not None:
                other = first_with.setdefault((kind, value), row)
                low, high = sorted((root(row), root(other)))
                parent[high] = low
    groups: dict[int, list[int]] = defaultdict(list)
    for row in range(len(products)):
        groups[root(row)].append(row)
    return list(groups.values())


def _is_complete(product: Product) -> bool:
    return product.text is not None and product.photo is not None


def _by_category(products: Sequence[Product], seed: int) -> list[list[list[int]]]:
    """Shuffled groups, gathered under the category most of a group's members have (the lower code on a tie)."""
    gathered: dict[int, list[list[int]]] = defaultdict(list)
    for group in look_alike_groups(products):
        counts = Counter(products[row].code for row in group)
        gathered[min(counts, key=lambda code: (-counts[code], code))].append(group)
    generator = np.random.default_rng(seed)
    shuffled = []
    for code in sorted(gathered):
        groups = gathered[code]
        shuffled.append([groups[position] for position in generator.permutation(len(groups))])
    return shuffled


def _quotas(products: Sequence[Product], groups: Sequence[Sequence[int]], shares: dict[str, float]) -> dict[str, int]:
    """How many complete products of a category each held-out part takes; one at least stays for training."""
    complete = sum(_is_complete(products[row]) for group in groups for row in group)
    quotas: dict[str, int] = {}
    for name, share in shares.items():
        wanted = round(complete * share)
        if share > 0 and complete >= len(shares) + 1:
            wanted = max(1, wanted)
        quotas[name] = max(0, min(wanted, complete - 1 - sum(quotas.values())))
    return quotas
