"""Catalogues with photos and bad rows, sent as jobs, and what the API says of their rows."""

import csv
import io
import zipfile
from functools import cache
from typing import Any, TypeAlias

import httpx

from tests.support.service import ended
from training.demo.catalogue import demo_catalogue
from training.photos import PhotoBytes

Row: TypeAlias = dict[str, Any]
ROWS = 60
NO_SUCH_PHOTO, BROKEN_PHOTO, ID_ALONE = 3, 7, 9  # the bad rows
HEADER = ("Référence", "Titre", "Texte", "image")
COLUMNS = "product_id:Référence,designation:Titre,description:Texte"
ZIP = "application/zip"


@cache
def archive() -> bytes:
    """ROWS drawn products as a ZIP with a table and photos; three of its rows cannot be used."""
    table, packed = io.StringIO(newline=""), io.BytesIO()
    writer = csv.writer(table)
    writer.writerow(HEADER)
    with zipfile.ZipFile(packed, "w") as file:
        for row, product in enumerate(demo_catalogue(11, 3)[:ROWS]):
            photo = f"{row}.jpg" if isinstance(product.photo, PhotoBytes) else ""
            if row in (NO_SUCH_PHOTO, BROKEN_PHOTO):
                photo = f"{row}.jpg"
            if row == BROKEN_PHOTO:
                file.writestr(f"images/{photo}", b"no photo")
            elif row != NO_SUCH_PHOTO and isinstance(product.photo, PhotoBytes):
                file.writestr(f"images/{photo}", product.photo.content)
            texts = (product.designation, product.description, photo) if row != ID_ALONE else ("", "", "")
            writer.writerow((f"SKU-{row}", *texts))
        file.writestr("catalogue.csv", table.getvalue())
    return packed.getvalue()


def send(client: httpx.Client, name: str, content: bytes | None = None, kind: str = ZIP) -> str:
    """Send a catalogue, this archive unless told otherwise, and return its job's id."""
    query = {"name": name, "columns": COLUMNS} if content is None else {"name": name}
    body = archive() if content is None else content
    answer = client.post("/api/catalogs", params=query, content=body, headers={"Content-Type": kind})
    return str(answer.raise_for_status().json()["id"])


def sent(client: httpx.Client, name: str, content: bytes | None = None, kind: str = ZIP) -> Row:
    """The same, waited for: the job when it has ended."""
    (job,) = ended(client, [send(client, name, content, kind)], seconds=120)
    return job


def rows(client: httpx.Client, job_id: str, **query: object) -> list[Row]:
    """The rows of a job that match, in the order that is asked for."""
    wanted = {"job": job_id, "limit": 200, "order": "oldest", **query}
    items: list[Row] = client.get("/api/predictions", params=wanted).raise_for_status().json()["items"]
    return items


def ids(found: list[Row]) -> list[str]:
    """The product ids of rows."""
    return [row["product_id"] for row in found]


def names(client: httpx.Client) -> dict[int, str]:
    """What the categories are called in English."""
    return {each["code"]: each["name_en"] for each in client.get("/api/taxonomy").raise_for_status().json()["items"]}
