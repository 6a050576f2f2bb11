"""The categories at /api/taxonomy."""

import csv
import io
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete, insert

from api.csv_text import csv_text
from shared.bundles import activate, add_bundle
from shared.tables import BundleRow, CategoryRow, Product
from shared.taxonomy import RAKUTEN, Category
from shared.users import Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.bundles import fake_bundle


def test_without_a_bundle_it_is_rakutens(client: httpx.Client) -> None:
    items = client.get("/api/taxonomy").json()["items"]

    assert len(items) == len(RAKUTEN) == 27
    first = {"code": 10, "name": "Livres d'occasion", "name_en": "Second-hand books", "products": 0, "predicted": False}
    assert items[0] == first


def test_labelled_products_are_counted(api: RunningApi, client: httpx.Client) -> None:
    with api.database.begin() as connection:
        connection.execute(insert(Product), [{"product_id": f"{n}", "prdtypecode": 2583} for n in range(3)])

    counts = {item["code"]: item["products"] for item in client.get("/api/taxonomy").json()["items"]}

    assert (counts[2583], counts[10]) == (3, 0)


def test_a_published_bundle_makes_its_categories_known_and_the_active_ones_predicts_them(
    api: RunningApi, client: httpx.Client, tmp_path: Path
) -> None:
    categories = (Category(1, "Vélos"), Category(2, "Trottinettes"))
    manifest = fake_bundle(tmp_path / "bundle", "bikes-1").manifest.model_copy(update={"classes": categories})
    with api.database.begin() as connection:
        add_bundle(connection, manifest)
        activate(connection, "bikes-1")

    items = client.get("/api/taxonomy").json()["items"]

    assert [(item["code"], item["name"], item["name_en"]) for item in items if item["predicted"]] == [
        (1, "Vélos", None),
        (2, "Trottinettes", None),
    ]
    assert len(items) == len(RAKUTEN) + 2
    with api.database.begin() as connection:
        connection.execute(delete(BundleRow))
        connection.execute(delete(CategoryRow).where(CategoryRow.code < 10))


def test_an_administrator_declares_a_category_and_renames_it(api: RunningApi) -> None:
    admin = api.somebody(Role.ADMIN)

    new = admin.put("/api/taxonomy/7", json={"name": "Velos", "name_en": "Bicycles"})
    renamed = admin.put("/api/taxonomy/7", json={"name": "Vélos"})

    assert (new.status_code, renamed.status_code) == (201, 200)
    assert new.json() == {"code": 7, "name": "Velos", "name_en": "Bicycles"}
    assert renamed.json() == {"code": 7, "name": "Vélos", "name_en": None}
    found = next(item for item in admin.get("/api/taxonomy").json()["items"] if item["code"] == 7)
    assert found == {"code": 7, "name": "Vélos", "name_en": None, "products": 0, "predicted": False}


@pytest.mark.parametrize(
    "names", [{}, {"name": ""}, {"name": " "}, {"name": "x" * 201}, {"name": "a\0b"}, {"name": 7}, {"nom": "Vélos"}]
)
def test_what_is_no_name_is_refused(api: RunningApi, names: dict[str, object]) -> None:
    assert_problem(api.somebody(Role.ADMIN).put("/api/taxonomy/8", json=names), 422, "VALIDATION")


@pytest.mark.parametrize("code", ["-1", "2147483648", "seven", "1e3"])
def test_what_is_no_code_is_not_found(api: RunningApi, code: str) -> None:
    assert_problem(api.somebody(Role.ADMIN).put(f"/api/taxonomy/{code}", json={"name": "Vélos"}), 404, "NOT_FOUND")


def test_csv_for_those_who_ask(client: httpx.Client) -> None:
    answer = client.get("/api/taxonomy", headers={"Accept": "text/csv"})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = [row for row in csv.DictReader(io.StringIO(answer.text)) if row["code"] == "40"]
    assert (row["name"], row["products"], row["predicted"]) == ("Jeux vidéo d'import", "0", "False")


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
    assert csv_text(["a"], [[-1]]) == '"a"\r\n-1\r\n'
