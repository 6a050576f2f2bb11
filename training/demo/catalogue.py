"""The demo catalogue: invented products of all 27 categories, from a seed, without any download.

Titles and photos are ambiguous in different directions: siblings share wording, and other groups share a
packaging. A row whose text fits five categories and whose photo fits three others has one in common.
"""

import numpy as np

from shared.taxonomy import RAKUTEN
from training.demo.photos import draw_photo
from training.demo.texts import Listing, write_listing
from training.photos import PhotoBytes
from training.products import Product

AMBIGUOUS_TEXTS = 0.36  # share of titles that any sibling could bear
SHARED_PHOTOS = 0.34  # share of photos that show a packaging common to several categories
BOTH = 0.06  # share of products that are hard in both ways, part of the two above
SAMPLE_SEED = 20_240_501
SAMPLE_PER_CATEGORY = 3


def demo_catalogue(seed: int, rows_per_category: int, *, text_only_per_category: int = 0) -> list[Product]:
    """Labelled demo products with text and photo, `rows_per_category` of each category, ids `demo-...`.

    `text_only_per_category` more of each have no photo. No two products have the same text. The same
    arguments give the same products, byte for byte, with the same versions of Pillow and NumPy.
    """
    hardness, texts, photos = np.random.default_rng(seed).spawn(3)
    written: set[str] = set()
    products = []
    for row in range(rows_per_category + text_only_per_category):
        for category in RAKUTEN:
            ambiguous, shared = _hardness(hardness)
            listing = _unwritten(category.code, texts, written, ambiguous=ambiguous)
            photo = PhotoBytes(draw_photo(category.code, photos, shared=shared)) if row < rows_per_category else None
            product_id = f"demo-{seed}-{category.code}-{row + 1:04d}"
            products.append(Product(product_id, listing.designation, listing.description, photo, category.code))
    return products


def sample_catalogue() -> list[Product]:
    """81 demo products to try the service with, three of each category, ids `demo-sample-...`.

    None has a text or a photo of any `demo_catalogue`: their makers' names occur in no other text. Of each
    category one has both inputs and two take turns: both, text only, photo only.
    """
    hardness, texts, photos = np.random.default_rng(SAMPLE_SEED).spawn(3)
    written: set[str] = set()
    products = []
    for number in range(SAMPLE_PER_CATEGORY * len(RAKUTEN)):
        category = RAKUTEN[number % len(RAKUTEN)]
        ambiguous, shared = _hardness(hardness)
        listing = _unwritten(category.code, texts, written, ambiguous=ambiguous, sample=True)
        photo = PhotoBytes(draw_photo(category.code, photos, shared=shared))
        has_text, has_photo = _inputs_of(number)
        products.append(
            Product(
                product_id=f"demo-sample-{number + 1:03d}",
                designation=listing.designation if has_text else None,
                description=listing.description if has_text else None,
                photo=photo if has_photo else None,
                code=category.code,
            )
        )
    return products


def _inputs_of(number: int) -> tuple[bool, bool]:
    """Whether sample product `number` has a text, and whether it has a photo."""
    if number < len(RAKUTEN):
        return True, True
    return ((True, True), (True, False), (False, True))[number % 3 if number < 2 * len(RAKUTEN) else (number + 1) % 3]


def _hardness(generator: np.random.Generator) -> tuple[bool, bool]:
    """Whether the next product's title is ambiguous, and whether its photo is a shared look."""
    drawn = generator.random()
    return drawn < AMBIGUOUS_TEXTS, AMBIGUOUS_TEXTS - BOTH <= drawn < AMBIGUOUS_TEXTS - BOTH + SHARED_PHOTOS


def _unwritten(
    code: int, generator: np.random.Generator, written: set[str], *, ambiguous: bool, sample: bool = False
) -> Listing:
    """A listing whose text is not among `written`, whatever its case; it is added there."""
    while True:
        listing = write_listing(code, generator, ambiguous=ambiguous, sample=sample)
        text = f"{listing.designation} {listing.description or ''}".casefold()
        if text not in written:
            written.add(text)
            return listing
