"""Makes a labelled catalogue as large as Rakuten's challenge, in its layout, to measure what training takes.

python -m benchmarks.large_catalogue --out FOLDER [--rows 85000]

Texts are the demo catalogue's, each with a reference number, so that no two are the same. Photos are drawn for a small
pool and appear under many names, as hard links: what is measured is reading and decoding, not drawing. Categories are
as unequal as the challenge's. Rows are written as they are made, in no order of categories.
"""

import argparse
import csv
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from training.demo.photos import draw_photo
from training.demo.texts import write_listing

ROWS = 85_000
PHOTOS_PER_CATEGORY = 10
SEED = 2026
AMBIGUOUS_TEXTS = SHARED_PHOTOS = 0.2
# Rows of each category among the challenge's 84,916 training rows.
CHALLENGE_ROWS: Mapping[int, int] = {
    10: 3116,
    40: 2508,
    50: 1681,
    60: 832,
    1140: 2671,
    1160: 3953,
    1180: 764,
    1280: 4870,
    1281: 2070,
    1300: 5045,
    1301: 807,
    1302: 2491,
    1320: 3241,
    1560: 5073,
    1920: 4303,
    1940: 803,
    2060: 4993,
    2220: 824,
    2280: 4760,
    2403: 4774,
    2462: 1421,
    2522: 4989,
    2582: 2589,
    2583: 10209,
    2585: 2496,
    2705: 2761,
    2905: 872,
}


def write_large_catalogue(folder: Path, rows: int, *, photos_per_category: int, seed: int) -> None:
    """Write `rows` products to `folder`, which must not exist. The same arguments give the same catalogue."""
    images = folder / "images" / "image_train"
    images.mkdir(parents=True)
    categories, texts, looks, choices = np.random.default_rng(seed).spawn(4)
    pool = _draw_pool(folder / "pool", photos_per_category, looks)
    codes = _codes(rows, categories)
    with (
        (folder / "X_train_update.csv").open("w", encoding="utf-8", newline="") as products,
        (folder / "Y_train_CVw08PX.csv").open("w", encoding="utf-8", newline="") as labels,
    ):
        product_rows, label_rows = csv.writer(products), csv.writer(labels)
        product_rows.writerow(("", "designation", "description", "productid", "imageid"))
        label_rows.writerow(("", "prdtypecode"))
        for row, code in enumerate(codes):
            listing = write_listing(code, texts, ambiguous=bool(texts.random() < AMBIGUOUS_TEXTS))
            reference = f"réf. {texts.integers(10**4):04d}-{row:06d}"
            description = listing.description and f"{listing.description} {reference}"
            product_id, image_id = 10_000_000 + row, 500_000_000 + row
            product_rows.writerow((row, f"{listing.designation} {reference}", description, product_id, image_id))
            label_rows.writerow((row, code))
            photo = pool[code][int(choices.integers(photos_per_category))]
            _link(photo, images / f"image_{image_id}_product_{product_id}.jpg")
    shutil.rmtree(folder / "pool")


def _codes(rows: int, generator: np.random.Generator) -> list[int]:
    """The category of each row: two of each at least, the rest in the challenge's proportions, shuffled."""
    known = sorted(CHALLENGE_ROWS)
    shares = np.array([CHALLENGE_ROWS[code] for code in known], dtype=np.float64)
    first = np.array((2 * known)[:rows])
    rest = generator.choice(known, size=rows - len(first), p=shares / shares.sum())
    return [int(code) for code in generator.permutation(np.concatenate([first, rest]))]


def _draw_pool(folder: Path, each: int, generator: np.random.Generator) -> dict[int, Sequence[Path]]:
    """So many photos of each category, in files."""
    folder.mkdir()
    pool: dict[int, Sequence[Path]] = {}
    for code in CHALLENGE_ROWS:
        paths = [folder / f"{code}_{number}.jpg" for number in range(each)]
        for path in paths:
            path.write_bytes(draw_photo(code, generator, shared=bool(generator.random() < SHARED_PHOTOS)))
        pool[code] = paths
    return pool


def _link(source: Path, target: Path) -> None:
    """Another name for a photo, or a copy where the file system allows no more names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def main() -> None:
    """Write a catalogue from the command line and say how long that took."""
    parser = argparse.ArgumentParser(description="Make a large labelled catalogue in Rakuten's layout.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the catalogue; must not exist")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--photos-per-category", type=int, default=PHOTOS_PER_CATEGORY)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    begun = time.monotonic()
    write_large_catalogue(
        arguments.out, arguments.rows, photos_per_category=arguments.photos_per_category, seed=arguments.seed
    )
    print(f"{arguments.rows} rows in {arguments.out}, written in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
