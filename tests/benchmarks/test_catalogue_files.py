"""The benchmarks' catalogues, made small: every product is another one, and 5 % change when they are sent again."""

import csv
import io
import zipfile
from hashlib import sha256
from pathlib import Path

from PIL import Image

from benchmarks.catalogue_files import photo_catalogue, text_catalogue


def test_no_two_titles_are_the_same_not_even_in_two_catalogues(tmp_path: Path) -> None:
    files = [text_catalogue(300, first, tmp_path) for first in (0, 300)]

    rows = [row for file in files for row in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))]

    assert len({row["designation"] for row in rows}) == len({row["productid"] for row in rows}) == 600


def test_photos_are_found_by_rakutens_names_and_differ(tmp_path: Path) -> None:
    with zipfile.ZipFile(photo_catalogue(40, folder=tmp_path)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("products.csv").decode())))
        photos = [archive.read(f"images/image_{row['imageid']}_product_{row['productid']}.jpg") for row in rows]

    assert len({sha256(photo).digest() for photo in photos}) == 40
    with Image.open(io.BytesIO(photos[0])) as first:
        first.load()
        assert first.size == (500, 500)


def test_a_catalogue_that_is_sent_again_has_every_twentieth_row_changed(tmp_path: Path) -> None:
    def content(path: Path) -> tuple[list[str], list[bytes]]:
        with zipfile.ZipFile(path) as archive:
            photos = [archive.read(name) for name in archive.namelist() if name.startswith("images/")]
            return archive.read("products.csv").decode().splitlines()[1:], photos

    titles, photos = content(photo_catalogue(100, folder=tmp_path))
    titles_again, photos_again = content(photo_catalogue(100, changed=True, folder=tmp_path))

    assert [row for row in range(100) if titles[row] != titles_again[row]] == [0, 40, 80]
    assert [row for row in range(100) if photos[row] != photos_again[row]] == [20, 60]


def test_the_same_arguments_give_the_same_catalogue(tmp_path: Path) -> None:
    one, same = (text_catalogue(50, folder=tmp_path / name).read_bytes() for name in ("one", "same"))

    assert one == same
