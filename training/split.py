"""The split into train, validation and test: stratified, seeded, and never through a group of look-alikes."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeAlias

import numpy as np

from training.look_alikes import look_alike_groups
from training.products import Product

SplitMethod: TypeAlias = Literal["grouped", "random"]
_Group: TypeAlias = list[int]


@dataclass(frozen=True, slots=True)
class Split:
    """The three parts, each in the order of the product ids."""

    train: list[Product]
    validation: list[Product]
    test: list[Product]


def split_products(
    products: Sequence[Product],
    *,
    validation_share: float,
    test_share: float,
    seed: int,
    method: SplitMethod = "grouped",
) -> Split:
    """Divide products so that each category keeps its shares; "grouped" keeps look-alikes together as well.

    The shares are of the products that have a text and a photo, because only those can compare the text
    model, the photo model and both; products with one of the two are for training. "grouped" sends every group of
    look-alikes (`training/look_alikes.py`) to one part as a whole, so that the test is of products that are new;
    to training if no member has both. "random" takes every product for itself. Every category is in training,
    whatever that leaves of the shares. The same products and seed give the same split, in whatever order they come.

    Raises ValueError when the shares leave nothing to train on.
    """
    if min(validation_share, test_share) < 0 or validation_share + test_share >= 1:
        raise ValueError("The validation and test shares must be at least 0 and sum to less than 1.")
    ordered = sorted(products, key=lambda product: product.product_id)
    groups = look_alike_groups(ordered) if method == "grouped" else [[row] for row in range(len(ordered))]
    complete = [product.text is not None and product.photo is not None for product in ordered]
    shares = {"test": test_share, "validation": validation_share}
    parts: dict[str, list[_Group]] = {"train": [], "validation": [], "test": []}
    for members in _by_category(ordered, groups, seed):
        for part, chosen in _divide(members, complete, shares).items():
            parts[part].extend(chosen)
    codes = [product.code for product in ordered]
    # The photo model needs a photo of every category, so far as there is one; then the others' turn.
    for rows in ({row for row, whole in enumerate(complete) if whole}, set(range(len(ordered)))):
        _train_on_every_category(parts, {row: codes[row] for row in rows})
    return Split(
        **{name: [ordered[row] for row in sorted(chain.from_iterable(chosen))] for name, chosen in parts.items()}
    )


def _by_category(products: Sequence[Product], groups: Sequence[_Group], seed: int) -> list[list[_Group]]:
    """Shuffled groups, gathered under the category most of a group's members have (the lower code on a tie)."""
    gathered: dict[int, list[_Group]] = defaultdict(list)
    for group in groups:
        counts = Counter(products[row].code for row in group)
        gathered[min(counts, key=lambda code: (-counts[code], code))].append(group)
    generator = np.random.default_rng(seed)
    shuffled = []
    for code in sorted(gathered):
        members = gathered[code]
        shuffled.append([members[position] for position in generator.permutation(len(members))])
    return shuffled


def _divide(groups: Sequence[_Group], complete: Sequence[bool], shares: dict[str, float]) -> dict[str, list[_Group]]:
    """One category's groups by part.

    A held-out part first takes what fits into what it still needs. What fits nowhere comes after that, smallest
    first, where more than half of it is needed: a large group does not take up a small category's shares.
    """
    sizes = {id(group): sum(complete[row] for row in group) for group in groups}
    wanted = _quotas(sum(sizes.values()), shares)
    parts: dict[str, list[_Group]] = {"train": [], "validation": [], "test": []}
    left_over = []
    for group in groups:
        size = sizes[id(group)]
        part = max(wanted, key=lambda name: wanted[name])
        if size == 0:
            parts["train"].append(group)
        elif size <= wanted[part]:
            parts[part].append(group)
            wanted[part] -= size
        else:
            left_over.append(group)
    for group in sorted(left_over, key=lambda group: sizes[id(group)]):
        size = sizes[id(group)]
        part = max(wanted, key=lambda name: wanted[name])
        if size <= 2 * wanted[part]:
            wanted[part] -= size
        else:
            part = "train"
        parts[part].append(group)
    return parts


def _quotas(complete: int, shares: dict[str, float]) -> dict[str, int]:
    """How many complete products of a category each held-out part takes; one at least stays for training."""
    quotas: dict[str, int] = {}
    for name, share in shares.items():
        wanted = round(complete * share)
        if share > 0 and complete >= len(shares) + 1:
            wanted = max(1, wanted)
        quotas[name] = max(0, min(wanted, complete - 1 - sum(quotas.values())))
    return quotas


def _train_on_every_category(parts: dict[str, list[_Group]], codes: Mapping[int, int]) -> None:
    """Move the smallest held-out group with a category that training lacks there, until it lacks none.

    `codes` has the categories of the rows that count.
    """
    trained = {codes[row] for group in parts["train"] for row in group if row in codes}
    for code in sorted({*codes.values()}):
        if code in trained:
            continue
        _, group, part = min(
            (len(group), group, part)
            for part in ("validation", "test")
            for group in parts[part]
            if any(codes.get(row) == code for row in group)
        )
        parts[part].remove(group)
        parts["train"].append(group)
        trained.update(codes[row] for row in group if row in codes)
