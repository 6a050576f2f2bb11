"""The categories at GET /api/taxonomy."""

import csv
import io
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete, insert

from api.csv_text import csv_text
from shared.bundles import activate, add_bundle
from shared.tables import BundleRow, Product
from shared.taxonomy import RAKUTEN, Category
from tests.api.conftest import RunningApi
from tests.support.bundles import fake_bundle


def test_without_a_bundle_it_is_rakutens(client: httpx.Client) -> None:
    items = client.get("/api/taxonomy").json()["items"]

    assert len(items) == len(RAKUTEN) == 27
    assert items[0] == {"code": 10, "name": "Livres d'occasion", "name_en": "Second-hand books", "products": 0}


def test_labelled_products_are_counted(api: RunningApi, client: httpx.Client) -> None:
    with api.database.begin() as connection:
        connection.execute(insert(Product), [{"product_id": f"{n}", "prdtypecode": 2583} for n in range(3)])

    counts = {item["code"]: item["products"] for item in client.get("/api/taxonomy").json()["items"]}

    assert (counts[2583], counts[10]) == (3, 0)


def test_an_active_bundle_names_its_own_categories(api: RunningApi, client: httpx.Client, tmp_path: Path) -> None:
    categories = (Category(1, "Vélos"), Category(2, "Trottinettes"))
    manifest = fake_bundle(tmp_path / "bundle", "bikes-1").manifest.model_copy(update={"classes": categories})
    with api.database.begin() as connection:
        add_bundle(connection, manifest)
        activate(connection, "bikes-1")

    items = client.get("/api/taxonomy").json()["items"]

    assert [(item["code"], item["name"], item["name_en"]) for item in items] == [
        (1, "Vélos", None),
        (2, "Trottinettes", None),
    ]
    with api.database.begin() as connection:
        connection.execute(delete(BundleRow))


def test_csv_for_those_who_ask(client: httpx.Client) -> None:
    answer = client.get("/api/taxonomy", headers={"Accept": "text/csv"})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert (rows[1]["code"], rows[1]["name"], rows[1]["products"]) == ("40", "Jeux vidéo d'import", "0")


@pytest.mark.parametrize(
    ("accept", "is_csv"),
    [
        ("text/csv", True),
        ("text/csv;q=0.9, application/json;q=0.1", True),
        ("application/json, text/csv;q=0.5", False),
        ("text/csv;q=0", False),
        ("text/csv;q=nonsense", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_the_form_follows_the_accept_header(client: httpx.Client, accept: str, is_csv: bool) -> None:
    answer = client.get("/api/taxonomy", headers={"Accept": accept})

    assert answer.headers["content-type"].startswith("text/csv") is is_csv


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(cell: str) -> None:
    (row,) = list(csv.reader(io.StringIO(csv_text(["name"], [[cell]]), newline="")))[1:]

    assert row == [f"'{cell}"]


def test_numbers_stay_numbers() -> None:
    assert csv_text(["a"], [[-1]]) == "a\r\n-1\r\n"
