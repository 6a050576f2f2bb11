"""The catalogue of labelled products: GET /api/products."""

import httpx
import pytest

from shared.users import Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem


@pytest.fixture(scope="module")
def held(api: RunningApi) -> list[int]:
    """Numbers of five products, oldest first; the first and the last are of category 60."""
    admin = api.somebody(Role.ADMIN)
    codes = (60, 10, 10, 40, 60)
    products = [
        {"product_id": f"p-{n}", "designation": f"produit {n}", "prdtypecode": code} for n, code in enumerate(codes)
    ]
    return [admin.post("/api/data-ingest", json=product).json()["id"] for product in products]


def ids(client: httpx.Client, **params: object) -> list[int]:
    answer = client.get("/api/products", params={name: str(value) for name, value in params.items()})
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_everybody_sees_them_newest_first(client: httpx.Client, held: list[int]) -> None:
    assert ids(client) == held[::-1]


def test_of_one_category(client: httpx.Client, held: list[int]) -> None:
    assert ids(client, code=60) == [held[4], held[0]]


def test_by_its_own_id(client: httpx.Client, held: list[int]) -> None:
    assert ids(client, product_id="p-3") == [held[3]]
    assert ids(client, product_id="p-") == []


def test_pages_lead_through_all_of_them_once(client: httpx.Client, held: list[int]) -> None:
    found, cursor = list[int](), None
    while True:
        page = client.get("/api/products", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        found += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == held[::-1]


@pytest.mark.parametrize("number", ["0", "999999", "9" * 19, "9" * 20, "-1", "1e3", "p-1", "٧"])
def test_there_is_no_product_of_another_number(client: httpx.Client, held: list[int], number: str) -> None:
    assert_problem(client.get(f"/api/products/{number}"), 404, "NOT_FOUND")


def test_what_is_no_cursor_is_refused(client: httpx.Client) -> None:
    assert_problem(client.get("/api/products", params={"cursor": "bm9uZQ=="}), 422, "INVALID_CURSOR")
