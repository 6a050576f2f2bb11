"""The benchmark's large catalogue, made small: it is read like any other and can be split."""

import csv
from pathlib import Path

from benchmarks.large_catalogue import CHALLENGE_ROWS, write_large_catalogue
from training.datasets import open_dataset
from training.split import split_products


def test_it_is_a_catalogue_in_rakutens_layout_that_can_be_split(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    write_large_catalogue(folder, 1_000, photos_per_category=5, seed=1)

    dataset = open_dataset(folder)

    assert (dataset.report.rows, dataset.report.usable) == (1_000, 1_000)
    assert set(dataset.report.categories) == set(CHALLENGE_ROWS)
    assert all(product.photo is not None for product in dataset.products)
    assert len({product.photo_hash for product in dataset.products}) <= 27 * 5
    assert max(dataset.report.categories, key=lambda code: dataset.report.categories[code]) == 2583
    split = split_products(dataset.products, validation_share=0.1, test_share=0.1, seed=1)
    assert min(len(split.validation), len(split.test)) > 50


def test_the_same_seed_gives_the_same_catalogue(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_large_catalogue(tmp_path / name, 60, photos_per_category=1, seed=seed)

    def content(name: str) -> list[bytes]:
        return [path.read_bytes() for path in sorted((tmp_path / name).rglob("*")) if path.is_file()]

    assert content("one") == content("same") != content("other")
    with (tmp_path / "one" / "X_train_update.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == 61
