"""What becomes of a catalogue's rows and photos, with real files in a real store, on a real database."""

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from shared.catalogues.source import Format
from shared.images import image_key
from shared.tables import Batch, Image, Product
from shared.usage import usage_of
from tests.conftest import add_owner
from tests.support.intake import counts
from tests.support.photos import jpeg
from tests.worker.intakes import HEADER, Intakes, zip_of
from worker import chunks


def test_bad_rows_are_errors_among_good_ones(intakes: Intakes) -> None:
    job_id = intakes.send(
        HEADER.encode() + "1,,théâtre d'été à côté,\n2,,café\n".encode() + b"3,,\xff\xfe,\n4,,,\n5,,five,\n"
    )

    intakes.read()

    assert [(number, error) for number, _, _, error in intakes.rows(job_id) if error] == [
        (1, "MALFORMED_ROW"),
        (2, "INVALID_TEXT"),
        # The fourth is an id alone, of no stored product.
        (3, "UNKNOWN_PRODUCT"),
    ]
    assert counts(intakes.database, job_id)[:4] == ("running", 5, 0, 3)


def test_photos_in_an_archive_are_stored_and_named(intakes: Intakes) -> None:
    table = HEADER + "100,7,one,\n101,8,two,\n"
    photo = jpeg()
    job_id = intakes.send(zip_of(table, {"image_7_product_100.jpg": photo}), Format.ZIP)

    intakes.read()

    (_, _, image, _), (_, _, none, _) = intakes.rows(job_id)
    assert none is None
    assert intakes.store.get(image_key(image)) == photo
    with intakes.database.read() as connection:
        assert connection.execute(select(Image.sha256, Image.size)).all() == [(image, len(photo))]


def test_what_is_no_photo_is_an_error_of_its_row(intakes: Intakes) -> None:
    table = HEADER + "100,7,one,\n101,8,two,\n"
    photos = {"image_7_product_100.jpg": b"no photo", "image_8_product_101.jpg": jpeg()}
    job_id = intakes.send(zip_of(table, photos), Format.ZIP)

    intakes.read()

    assert [error for *_, error in intakes.rows(job_id)] == ["BROKEN_IMAGE", None]


def test_a_photo_past_its_limit_is_an_error_of_its_row(intakes: Intakes) -> None:
    intakes.settings = intakes.settings.model_copy(update={"max_image_bytes": 2_000})
    table = HEADER + "100,7,one,\n101,8,two,\n"
    photos = {"image_7_product_100.jpg": jpeg() + bytes(5_000), "image_8_product_101.jpg": jpeg()}
    job_id = intakes.send(zip_of(table, photos), Format.ZIP)

    intakes.read()

    assert [error for *_, error in intakes.rows(job_id)] == ["IMAGE_TOO_LARGE", None]


def test_a_photo_that_a_column_names_and_the_archive_lacks_is_an_error(intakes: Intakes) -> None:
    table = "title,image\none,images/1.jpg\ntwo,images/2.jpg\n"
    job_id = intakes.send(zip_of(table, {"1.jpg": jpeg()}), Format.ZIP)

    intakes.read()

    assert [error for *_, error in intakes.rows(job_id)] == [None, "IMAGE_NOT_FOUND"]


def test_a_photo_in_the_row_itself_is_stored(intakes: Intakes) -> None:
    photo = jpeg()
    lines = [{"title": "one", "image": b64encode(photo).decode()}, {"title": "two", "image": "%%%"}]
    job_id = intakes.send("\n".join(map(json.dumps, lines)).encode(), Format.NDJSON)

    intakes.read()

    (_, _, image, none), (*_, error) = intakes.rows(job_id)
    assert (none, error) == (None, "INVALID_BASE64")
    assert intakes.store.get(image_key(image)) == photo


def test_a_photo_that_was_sent_before_can_be_named_by_its_hash(intakes: Intakes) -> None:
    table = HEADER + "100,7,one,\n"
    intakes.send(zip_of(table, {"image_7_product_100.jpg": jpeg()}), Format.ZIP)
    intakes.read()
    with intakes.database.read() as connection:
        sha256 = connection.scalars(select(Image.sha256)).one()
    content = f"title,image\none,{sha256}\ntwo,{'0' * 64}\n".encode()
    mine = intakes.send(content)
    others = Intakes(intakes.database, intakes.store, intakes.settings, add_owner(intakes.database, "another"))
    theirs = others.send(content)

    intakes.read()

    assert [error for *_, error in intakes.rows(mine)] == [None, "IMAGE_UNKNOWN"]
    assert [error for *_, error in intakes.rows(theirs)] == ["IMAGE_UNKNOWN", "IMAGE_UNKNOWN"]


def test_an_id_alone_stands_for_a_stored_product(intakes: Intakes) -> None:
    labelled = intakes.send(b"productid,designation,prdtypecode\n7,a stored chair,2582\n", kind="ingest")
    intakes.read()
    job_id = intakes.send(b"productid,designation\n7,\n8,\n")

    intakes.read()

    assert counts(intakes.database, labelled)[:3] == ("succeeded", 1, 1)
    assert intakes.rows(job_id) == [(0, "a stored chair", None, None), (1, None, None, "UNKNOWN_PRODUCT")]


def test_labelled_rows_need_a_category_that_somebody_has_declared(intakes: Intakes) -> None:
    job_id = intakes.send(b"productid,designation,prdtypecode\n7,chair,2582\n8,table,7\n9,lamp,\n", kind="ingest")

    intakes.read()

    assert [(number, error) for number, _, _, error in intakes.rows(job_id)] == [
        (1, "UNKNOWN_CATEGORY"),
        (2, "MISSING_FIELD"),
    ]
    with intakes.database.read() as connection:
        assert connection.scalars(select(Product.product_id)).all() == ["7"]


def test_a_labelled_row_whose_photo_is_not_in_the_archive_and_that_has_no_text_is_empty(intakes: Intakes) -> None:
    table = "productid,imageid,designation,prdtypecode\n100,7,,2582\n101,8,,2582\n"
    job_id = intakes.send(zip_of(table, {"image_7_product_100.jpg": jpeg()}), Format.ZIP, "ingest")

    intakes.read()

    assert [(number, error) for number, _, _, error in intakes.rows(job_id)] == [(1, "EMPTY_PRODUCT")]
    with intakes.database.read() as connection:
        assert connection.scalars(select(Product.product_id)).all() == ["100"]


@pytest.mark.parametrize(
    ("content", "form", "code"),
    [
        (b"", Format.CSV, "EMPTY_CATALOGUE"),
        (HEADER.encode(), Format.CSV, "EMPTY_CATALOGUE"),
        (b"a,b\n1,2\n", Format.CSV, "NO_KNOWN_COLUMN"),
        (b"PK\x03\x04 is no archive", Format.ZIP, "BROKEN_ARCHIVE"),
        (b"PAR1 is no table", Format.PARQUET, None),
        (b"PK\x03\x04 is no workbook", Format.XLSX, None),
    ],
)
def test_a_file_that_is_no_catalogue_fails_its_job_with_a_reason(
    intakes: Intakes, content: bytes, form: Format, code: str | None
) -> None:
    job_id = intakes.send(content, form)

    intakes.read()

    job = counts(intakes.database, job_id)
    assert job.status == "failed"
    assert job.error["message"]
    assert code in (None, job.error["code"])


def test_photos_in_rows_are_held_a_few_at_a_time(intakes: Intakes) -> None:
    photo = b64encode(jpeg() + bytes(chunks.HELD_BYTES // 4)).decode()
    intakes.settings = intakes.settings.model_copy(update={"max_json_bytes": 2 * chunks.HELD_BYTES})
    lines = "\n".join(json.dumps({"title": f"{number}", "image": photo}) for number in range(6))
    intakes.send(lines.encode(), Format.NDJSON)

    intakes.read()

    with intakes.database.read() as connection:
        assert connection.scalars(select(Batch.rows).where(Batch.kind == "predict").order_by(Batch.id)).all() == [4, 2]


def test_the_photo_of_a_stored_product_is_in_use_and_charged(intakes: Intakes) -> None:
    table = "productid,imageid,designation,prdtypecode\n100,7,,2582\n"
    intakes.send(zip_of(table, {"image_7_product_100.jpg": jpeg()}), Format.ZIP, "ingest")
    intakes.read()
    with intakes.database.begin() as connection:
        before = usage_of(connection, intakes.owner).stored_bytes
        connection.execute(update(Image).values(last_used_at=datetime(2020, 1, 1, tzinfo=UTC)))
    content = b"productid,designation\n100,\n"
    intakes.send(content)

    intakes.read()

    with intakes.database.read() as connection:
        assert usage_of(connection, intakes.owner).stored_bytes == before + len(content) + len(jpeg())
        assert connection.scalars(select(Image.last_used_at)).one() > datetime(2026, 1, 1, tzinfo=UTC)
