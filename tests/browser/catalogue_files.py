"""Catalogue files of every kind, for a page's file chooser, and jobs that were made of them."""

import gzip
import io
import json
from typing import Any

import httpx
import openpyxl
import pyarrow
from playwright.sync_api import FilePayload
from pyarrow import parquet

from tests.shared.catalogues.zips import packed
from tests.support.catalogues import photo_of
from tests.support.service import ended

ROWS = (
    ("A-1", "Piscine gonflable ronde", "Facile à monter"),
    ("A-2", "Chaise longue", ""),
    ("A-3", "Table basse", "Chêne"),
)
HEADER = ("product_id", "title", "description")
# A file as a French shop's back office writes it: nobody knows its columns, and there is a comma in a name.
FRENCH = (
    "Réf;Intitulé, court;Texte;Prix\r\n"
    'A-1;Piscine gonflable;"Ronde, 3 m\r\nfacile à monter";39,90\r\n'
    'A-2;"Chaise ""longue""";;59,00\r\n'
    "A-3;Table à thé;Chêne massif;120,00\r\n"
).encode("cp1252")


def payload(name: str, content: bytes) -> FilePayload:
    """A file of this name and content, as somebody chooses it."""
    return {"name": name, "mimeType": "", "buffer": content}


def csv_of(separator: str = ",") -> bytes:
    return "".join(separator.join(row) + "\n" for row in (HEADER, *ROWS)).encode()


def workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (HEADER, *ROWS):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def parquet_file() -> bytes:
    out = io.BytesIO()
    columns = {name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)}
    parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


def json_lines() -> bytes:
    return "".join(json.dumps(dict(zip(HEADER, row, strict=True))) + "\n" for row in ROWS).encode()


def archive() -> bytes:
    """A table and photos for two of its rows."""
    table = "product_id,title,image\nA-1,Piscine gonflable ronde,1.jpg\nA-2,,2.jpg\nA-3,Table basse,\n"
    return packed({"table.csv": table.encode(), "images/1.jpg": photo_of(1), "images/2.jpg": photo_of(2)})


FILES = {
    "table.csv": csv_of(),
    "table.tsv": csv_of("\t"),
    "table.csv.gz": gzip.compress(csv_of()),
    "table.jsonl": json_lines(),
    "table.parquet": parquet_file(),
    "table.xlsx": workbook(),
    "table.zip": archive(),
}


def jobs(client: httpx.Client, kind: str = "catalogue") -> list[dict[str, Any]]:
    """An account's jobs, newest first."""
    items: list[dict[str, Any]] = client.get("/api/jobs", params={"kind": kind}).raise_for_status().json()["items"]
    return items


def only_job(client: httpx.Client) -> dict[str, Any]:
    """The one job of an account, when it has ended."""
    (job,) = jobs(client)
    return ended(client, [job["id"]])[0]


def send(client: httpx.Client, content: bytes, path: str = "/api/catalogs", **query: str) -> str:
    """Send a CSV, and return its job's id."""
    answer = client.post(path, params=query, content=content, headers={"Content-Type": "text/csv"})
    return str(answer.raise_for_status().json()["id"])
