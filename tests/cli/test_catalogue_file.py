"""Files and folders as they are sent as catalogues."""

import gzip
import os
import zipfile
from pathlib import Path

import pytest
import typer

from cli.catalogue_file import CatalogueFile, catalogue_file, format_of, stem_of
from shared.catalogues.archive import open_archive
from shared.catalogues.rows import Limits
from shared.catalogues.source import Format
from shared.errors import InvalidInput
from shared.settings import Settings
from tests.support.catalogues import photo_of, write_csv

HEADER = ("productid", "imageid", "designation")


def folder_of(path: Path) -> Path:
    """A catalogue in Rakuten's layout."""
    folder = path / "spring"
    write_csv(folder / "X_test.csv", HEADER, [(1, 10, "Chaise"), (2, 20, "Table")])
    photos = folder / "images" / "image_test"
    photos.mkdir(parents=True)
    for number in (1, 2):
        (photos / f"image_{number}0_product_{number}.jpg").write_bytes(photo_of(number))
    (folder / "LICENSE.txt").write_text("Ours.")
    (folder / ".hidden.csv").write_text("x")
    return folder


def sent(file: CatalogueFile) -> bytes:
    return b"".join(file.body(lambda count: None))


@pytest.mark.parametrize(
    ("name", "format", "stem"),
    [
        ("spring.csv", Format.CSV, "spring"),
        ("spring.2026.TSV", Format.TSV, "spring.2026"),
        ("spring.txt", Format.CSV, "spring"),
        ("spring.ndjson", Format.NDJSON, "spring"),
        ("spring.jsonl.gz", Format.NDJSON, "spring"),
        ("spring.parquet", Format.PARQUET, "spring"),
        ("spring.xlsx", Format.XLSX, "spring"),
        ("spring.zip", Format.ZIP, "spring"),
    ],
)
def test_a_files_name_says_what_it_is(name: str, format: Format, stem: str) -> None:
    assert (format_of(Path(name)), stem_of(Path(name))) == (format, stem)


def test_a_name_that_does_not_say_it_is_a_question() -> None:
    with pytest.raises(typer.BadParameter, match=r"spring\.dat ends in none of \.csv, .*--format"):
        format_of(Path("spring.dat"))


def test_a_text_is_said_to_be_compressed_if_it_is_whatever_its_name(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.csv.gz", tmp_path / "b.csv"
    plain.write_bytes(b"designation\nChaise\n")
    packed.write_bytes(gzip.compress(b"designation\nChaise\n"))

    with catalogue_file(plain, Format.CSV) as one, catalogue_file(packed, Format.CSV) as other:
        assert (one.gzip, other.gzip) == (False, True)
        assert other.headers["Content-Encoding"] == "gzip"


def test_its_bytes_can_be_sent_more_than_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(os.urandom(700_000))

    with catalogue_file(path, Format.CSV) as file:
        body = file.body(lambda count: None)
        assert b"".join(body) == b"".join(body) == path.read_bytes()


def test_what_is_written_to_a_file_meanwhile_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"designation\n")

    with catalogue_file(path, Format.CSV) as file:
        path.write_bytes(b"designation\nChaise\n")
        assert sent(file) == b"designation\n"


def test_a_folder_is_sent_as_a_zip_of_its_table_and_its_photos(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)

    with catalogue_file(folder, format_of(folder)) as file:
        (tmp_path / "sent.zip").write_bytes(sent(file))

    assert (file.name, stem_of(folder), file.headers["Content-Type"]) == ("spring.zip", "spring", "application/zip")
    with zipfile.ZipFile(tmp_path / "sent.zip") as archive:
        photo = "images/image_test/image_10_product_1.jpg"
        assert archive.namelist() == ["X_test.csv", photo, "images/image_test/image_20_product_2.jpg"]
        assert archive.read("X_test.csv") == (folder / "X_test.csv").read_bytes()
        assert archive.read(photo) == photo_of(1)
        assert archive.getinfo(photo).compress_type == zipfile.ZIP_STORED


def test_photos_may_lie_behind_a_link_even_one_that_leads_round_in_circles(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "images").rename(tmp_path / "elsewhere")
    (folder / "images").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "round").symlink_to(folder)

    with catalogue_file(folder, Format.ZIP) as file, zipfile.ZipFile(file.content) as archive:
        assert archive.namelist() == ["X_test.csv", *(f"images/image_test/image_{n}0_product_{n}.jpg" for n in (1, 2))]


@pytest.mark.parametrize("name", ["products.txt", "products.TAB"])
def test_a_folders_table_is_one_that_the_service_finds_in_the_zip(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("designation\nChaise\n")

    with catalogue_file(tmp_path, Format.ZIP) as file, zipfile.ZipFile(file.content) as archive:
        assert archive.namelist() == [name]
        with open_archive(file.content, Limits.of(Settings())) as opened:
            assert opened.table_name == name


@pytest.mark.parametrize(
    ("names", "said"), [([], "holds no table"), (["a.csv", "b.xlsx"], r"holds 2 tables \(a\.csv, b\.xlsx\)")]
)
def test_a_folder_without_one_table_is_no_catalogue(tmp_path: Path, names: list[str], said: str) -> None:
    for name in names:
        (tmp_path / name).touch()

    with pytest.raises(InvalidInput, match=said), catalogue_file(tmp_path, Format.ZIP):
        pass
