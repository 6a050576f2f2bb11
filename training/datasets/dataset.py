"""A data set: labelled products with the names of their categories, and what was found while reading them."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.taxonomy import Category
from training.datasets.report import DataReport
from training.products import Product


@dataclass(frozen=True)
class Dataset:
    """Usable labelled products with ids that occur once; photos stay where they are.

    `name` is what the bundle's manifest calls it; `taxonomy` has one category for each code that occurs.
    """

    name: str
    products: Sequence[Product]
    taxonomy: Sequence[Category]
    report: DataReport
