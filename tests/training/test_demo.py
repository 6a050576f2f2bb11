import io
import subprocess
import sys
from collections import Counter

import pytest
from PIL import Image

from shared.taxonomy import RAKUTEN
from training.demo.bundle import DEMO_SEED
from training.demo.catalogue import demo_catalogue, sample_catalogue
from training.demo.looks_shared import SHARED_LOOKS
from training.demo.photos import OWN_LOOKS
from training.demo.siblings import SIBLINGS
from training.demo.words import WORDINGS
from training.products import Product

CODES = [category.code for category in RAKUTEN]


@pytest.fixture(scope="module")
def catalogue() -> list[Product]:
    return demo_catalogue(DEMO_SEED, 8, text_only_per_category=12)


@pytest.fixture(scope="module")
def sample() -> list[Product]:
    return sample_catalogue()


def test_every_category_has_words_siblings_and_looks() -> None:
    assert sorted(WORDINGS) == sorted(OWN_LOOKS) == CODES
    assert sorted(code for siblings in SIBLINGS for code in siblings.codes) == CODES
    assert sorted(code for look in SHARED_LOOKS for code in look.codes) == CODES


def test_an_ambiguous_title_with_a_shared_look_fits_one_category_only() -> None:
    for siblings in SIBLINGS:
        for look in SHARED_LOOKS:
            assert len(set(siblings.codes) & set(look.codes)) <= 1


def test_rows_per_category_are_as_asked(catalogue: list[Product]) -> None:
    assert Counter(p.code for p in catalogue if p.photo) == dict.fromkeys(CODES, 8)
    assert Counter(p.code for p in catalogue if not p.photo) == dict.fromkeys(CODES, 12)


def test_the_same_seed_gives_the_same_products_and_another_does_not() -> None:
    assert demo_catalogue(4, 1) == demo_catalogue(4, 1)
    assert not {p.photo for p in demo_catalogue(4, 1)} & {p.photo for p in demo_catalogue(5, 1)}


def test_no_text_no_photo_and_no_id_occurs_twice(catalogue: list[Product], sample: list[Product]) -> None:
    products = catalogue + sample
    for values in (
        [p.product_id for p in products],
        [p.text.casefold() for p in products if p.text],
        [p.photo for p in products if p.photo],
    ):
        assert len(values) == len(set(values))


def test_a_sample_name_is_in_no_training_text(catalogue: list[Product]) -> None:
    names = {name.casefold() for siblings in SIBLINGS for name in siblings.sample_names}
    assert not names & {name.casefold() for siblings in SIBLINGS for name in siblings.names}
    for product in catalogue:
        assert not any(name in (product.designation or "").casefold() for name in names)


def test_the_sample_covers_all_categories_and_all_kinds_of_input(sample: list[Product]) -> None:
    assert len(sample) >= 54
    assert min(Counter(p.code for p in sample).values()) >= 2
    assert set(Counter(p.code for p in sample)) == set(CODES)
    kinds = Counter((p.text is not None, p.photo is not None) for p in sample)
    assert set(kinds) == {(True, True), (True, False), (False, True)}


def test_all_is_named_as_a_demo(catalogue: list[Product], sample: list[Product]) -> None:
    assert all(p.product_id.startswith("demo-") for p in catalogue + sample)


def test_no_text_gives_its_code_away(catalogue: list[Product]) -> None:
    assert not any(str(p.code) in (p.text or "").split() for p in catalogue if p.code > 100)


def test_photos_are_jpegs_that_can_be_opened(sample: list[Product]) -> None:
    for product in sample[:27]:
        with Image.open(io.BytesIO(product.photo.read() if product.photo else b"")) as image:
            assert (image.format, image.size, image.mode) == ("JPEG", (256, 256), "RGB")


def test_the_demo_catalogue_does_not_import_tensorflow() -> None:
    code = "import sys, training.demo.bundle; sys.exit(not {'tensorflow', 'keras'}.isdisjoint(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
