"""Catalogues as nobody should send them, through the whole service: one row error each, and never a 500."""

import json
import zipfile
from io import BytesIO
from typing import Any

import httpx
import pytest

from tests.shared.catalogues.zips import REFUSED
from tests.support.photos import jpeg
from tests.support.service import Service, ended

CSV, NDJSON, ZIP = "text/csv", "application/x-ndjson", "application/zip"


def run(service: Service, content: bytes, media_type: str) -> tuple[dict[str, Any], dict[int, str]]:
    """The job of a file once it has ended, and its row errors' codes by row."""
    with service.client() as client:
        sent = client.post("/api/catalogs", content=content, headers={"Content-Type": media_type})
        (job,) = ended(client, [sent.raise_for_status().json()["id"]])
        return job, errors(client, job["id"])


def errors(client: httpx.Client, job_id: str) -> dict[int, str]:
    page = client.get(f"/api/jobs/{job_id}/errors", params={"limit": 200}).raise_for_status().json()
    return {each["row"]: each["code"] for each in page["items"]}


def test_every_kind_of_bad_row_in_one_table_costs_itself_alone(service: Service) -> None:
    good = "good,{},Chaise longue d'été à côté,\n"
    bad = [
        (b"1,missing everything" + b",\n", "MALFORMED_ROW"),
        (b'2,,"a bare quote,\n', "MALFORMED_ROW"),
        (b"3,,too,many,cells\n", "MALFORMED_ROW"),
        (b"4,,\xff\xfe,\n", "INVALID_TEXT"),
        (b"5,,a\0b,\n", "INVALID_TEXT"),
        (b"6,," + b"x" * 10_000_000 + b",\n", "TOO_LONG"),
        (b"7,," + b"x" * 1_001 + b",\n", "TOO_LONG"),
        (b"8,,,https://127.0.0.1/photo.jpg\n", "IMAGE_URL_REFUSED"),
        (b"9,,,https://2130706433/photo.jpg\n", "IMAGE_URL_REFUSED"),
        (b"10,,,https://[::ffff:127.0.0.1]/photo.jpg\n", "IMAGE_URL_REFUSED"),
        (b"11,,,http://example.com/photo.jpg\n", "IMAGE_URL_REFUSED"),
        (b"12,,," + b"0" * 64 + b"\n", "IMAGE_UNKNOWN"),
        (b"13,,,photos/1.jpg\n", "IMAGE_NOT_FOUND"),
        (b"14,,   ,\n", "EMPTY_PRODUCT"),
        (b"not-a-stored-product,,,\n", "UNKNOWN_PRODUCT"),
        (b"x" * 201 + b",,a title,\n", "TOO_LONG"),
    ]
    lines = [b"productid,imageid,designation,image\n"]
    for number, (line, _) in enumerate(bad):
        lines += [good.format(number).encode(), line]
    lines.append(good.format(len(bad)).encode())

    job, found = run(service, b"".join(lines), CSV)

    assert found == {2 * number + 1: code for number, (_, code) in enumerate(bad)}
    counted = {"total": 2 * len(bad) + 1, "succeeded": len(bad) + 1, "failed": len(bad)}
    assert {name: job["counts"][name] for name in counted} == counted
    assert job["status"] == "partially_succeeded"


def test_every_invalid_json_text_is_one_row_error(service: Service) -> None:
    good = json.dumps({"title": "Chaise longue"}).encode()
    bad = [
        (b"", None),  # a blank line is no row
        (b"{", "INVALID_JSON"),
        (b'{"title": NaN}', "INVALID_JSON"),
        (b'{"title": 1e999}', "INVALID_JSON"),
        (b'{"title": "\\ud800"}', "INVALID_JSON"),
        (b'{"title": 9223372036854775808}', "INVALID_JSON"),
        (b'{"title": "a", "title": "b"}', "INVALID_JSON"),
        (b'{"title": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "INVALID_JSON"),
        (b"\xff", "INVALID_JSON"),
        (b'{"title": true}', "WRONG_TYPE"),
        (b'"a string"', "INVALID_JSON"),  # a row is an object
        (b'{"title": "a", "image": "%%%"}', "INVALID_BASE64"),
        (b'{"title": "a", "image": "aGVsbG8="}', "BROKEN_IMAGE"),
    ]
    lines = [each for line, _ in bad for each in (good, line)]

    job, found = run(service, b"\n".join(lines), NDJSON)

    assert [code for _, code in sorted(found.items())] == [code for _, code in bad if code]
    assert job["counts"]["succeeded"] == len(bad)


def test_a_damaged_photo_in_an_archive_costs_its_row(service: Service) -> None:
    photos = {
        "image_1_product_1.jpg": jpeg(),
        "image_2_product_2.jpg": jpeg()[:-100],
        "image_3_product_3.jpg": b"text named .jpg",
        "image_4_product_4.jpg": b"",
        "image_5_product_5.jpg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    }
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("t.csv", "productid,imageid\n" + "".join(f"{n},{n}\n" for n in range(1, 6)))
        for name, photo in photos.items():
            archive.writestr(f"images/image_train/{name}", photo)

    job, found = run(service, content.getvalue(), ZIP)

    assert found == dict.fromkeys((1, 2, 3, 4), "BROKEN_IMAGE")
    assert job["counts"]["succeeded"] == 1


@pytest.mark.parametrize("name", REFUSED)
def test_an_archive_that_is_an_attack_fails_its_job_with_a_reason(service: Service, name: str) -> None:
    content, code = REFUSED[name]
    with service.client() as client:
        sent = client.post("/api/catalogs", content=content, headers={"Content-Type": ZIP})
        if not content:
            assert (sent.status_code, sent.json()["code"]) == (422, "EMPTY_BODY")
            return
        (job,) = ended(client, [sent.raise_for_status().json()["id"]])

    assert (job["status"], job["error"]["code"]) == ("failed", code)
    assert job["error"]["message"]
