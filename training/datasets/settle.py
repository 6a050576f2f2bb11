"""Rows that repeat or contradict each other: one way to decide, whatever order the rows come in."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from typing import TypeAlias

from training.datasets.report import Finding, Tally
from training.datasets.rows import LabelledRow
from training.products import Product

_Key: TypeAlias = Callable[[Product], str]


def settled(rows: Iterable[LabelledRow], tally: Tally) -> list[LabelledRow]:
    """Rows of different ids, none of them empty, and none that contradict each other.

    Of rows with one id, or with one content, only those stay whose category more than half of them have: with two
    categories for the same thing one at least is wrong, and one against one nobody knows which. Rows that repeat
    another in all fields go; several contents under one id stay, under numbered ids.
    """
    filled = []
    for row in rows:
        if row.product.text is None and row.product.photo is None:
            tally.note(Finding.EMPTY, row.where)
        else:
            filled.append(row)
    agreed = _agreed(filled, lambda product: product.product_id, Finding.CONFLICTING_ID, tally)
    single = _one_id_each(agreed, tally)
    return _agreed(single, _content, Finding.CONFLICTING_CONTENT, tally)


def _agreed(rows: Iterable[LabelledRow], key: _Key, conflict: Finding, tally: Tally) -> list[LabelledRow]:
    """The rows whose category more than half of the rows of their key have."""
    rows = list(rows)
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    keys = [key(row.product) for row in rows]
    for value, row in zip(keys, rows, strict=True):
        counts[value][row.product.code] += 1
    kept = []
    for value, row in zip(keys, rows, strict=True):
        if 2 * counts[value][row.product.code] > counts[value].total():
            kept.append(row)
        else:
            tally.note(conflict, row.where)
    return kept


def _one_id_each(rows: Iterable[LabelledRow], tally: Tally) -> list[LabelledRow]:
    """Rows of an id: the first of each content, numbered in the order of the contents when there are several."""
    by_id: dict[str, dict[str, LabelledRow]] = defaultdict(dict)
    for row in rows:
        contents = by_id[row.product.product_id]
        if contents.setdefault(_all_fields(row.product), row) is not row:
            tally.note(Finding.DUPLICATE, row.where)
    single: list[LabelledRow] = []
    for product_id, contents in by_id.items():
        if len(contents) == 1:
            single.extend(contents.values())
            continue
        free = (name for name in (f"{product_id}#{number}" for number in count(1)) if name not in by_id)
        for content, name in zip(sorted(contents), free, strict=False):
            row = contents[content]
            tally.note(Finding.SAME_ID, row.where)
            single.append(replace(row, product=replace(row.product, product_id=name)))
    return single


def _content(product: Product) -> str:
    """What the models see of a product, as a hash."""
    return _hash((product.text.casefold() if product.text else None, product.photo_hash))


def _all_fields(product: Product) -> str:
    return _hash((product.designation, product.description, product.photo_hash))


def _hash(fields: tuple[str | None, ...]) -> str:
    """Short for texts that would otherwise be held twice."""
    return hashlib.sha256(repr(fields).encode()).hexdigest()
