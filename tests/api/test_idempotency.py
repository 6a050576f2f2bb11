"""The Idempotency-Key: sending a product again is safe."""

import io
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image

from shared.identifiers import new_id
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.work import do_work

LAMP = {"product_id": "7", "designation": "Lampe de chevet"}


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": new_id()}


def photo(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


def form(boundary: str, *parts: tuple[str, bytes]) -> tuple[bytes, dict[str, str]]:
    """A multipart body written by hand, and the header that announces it."""
    body = b""
    for name, content in parts:
        file = b'; filename="a.png"' if name == "image" else b""
        body += b"--%b\r\nContent-Disposition: form-data; name=%b%b\r\n\r\n" % (boundary.encode(), name.encode(), file)
        body += content + b"\r\n"
    return body + b"--%b--\r\n" % boundary.encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def test_fifty_at_once_are_one_job(client: httpx.Client, key: dict[str, str]) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: client.post("/api/predict", json=LAMP, headers=key), range(50)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len(client.get("/api/jobs").json()["items"]) == 1


def test_the_same_form_with_another_boundary_is_the_same_job(client: httpx.Client, key: dict[str, str]) -> None:
    texts = [("product_id", b"7"), ("designation", b"Lampe de chevet"), ("image", photo())]
    ids = set()
    for boundary, parts in (("one", texts), ("another", texts[::-1])):
        body, announced = form(boundary, *parts)
        ids.add(client.post("/api/predict", content=body, headers=key | announced).raise_for_status().json()["id"])

    assert len(ids) == 1


def test_json_and_form_of_the_same_product_are_the_same_job(client: httpx.Client, key: dict[str, str]) -> None:
    body, announced = form("one", ("product_id", b"7"), ("designation", b"Lampe de chevet"))

    first = client.post("/api/predict", json=LAMP, headers=key)
    second = client.post("/api/predict", content=body, headers=key | announced)

    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize("other", [{"designation": "Lampe"}, {"product_id": "8"}, {"description": "verte"}])
def test_other_content_is_a_conflict(client: httpx.Client, key: dict[str, str], other: dict[str, str]) -> None:
    client.post("/api/predict", json=LAMP, headers=key).raise_for_status()

    answer = client.post("/api/predict", json=LAMP | other, headers=key)

    assert_problem(answer, 409, "IDEMPOTENCY_KEY_REUSED")


def test_another_photo_is_a_conflict(client: httpx.Client, key: dict[str, str]) -> None:
    client.post("/api/predict", files={"image": ("a", photo("red"))}, headers=key).raise_for_status()

    answer = client.post("/api/predict", files={"image": ("a", photo("blue"))}, headers=key)

    assert_problem(answer, 409, "IDEMPOTENCY_KEY_REUSED")


def test_the_job_is_the_same_after_it_ended(api: RunningApi, client: httpx.Client, key: dict[str, str]) -> None:
    first = client.post("/api/predict", json=LAMP, headers=key)
    do_work(api.database)

    again = client.post("/api/predict", json=LAMP, headers=key | {"Prefer": "wait=5"})

    assert again.status_code == 200
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.json()["id"], again.json()["status"]) == (first.json()["id"], "succeeded")


def test_keys_belong_to_their_accounts(api: RunningApi, key: dict[str, str]) -> None:
    ids = {api.somebody().post("/api/predict", json=LAMP, headers=key).json()["id"] for _ in range(2)}

    assert len(ids) == 2


def test_a_key_lives_as_long_as_its_job(api: RunningApi, client: httpx.Client, key: dict[str, str]) -> None:
    first = client.post("/api/predict", json=LAMP, headers=key).json()["id"]
    do_work(api.database)
    client.delete(f"/api/jobs/{first}").raise_for_status()

    answer = client.post("/api/predict", json={"designation": "Autre chose"}, headers=key)

    assert answer.status_code == 202
    assert answer.json()["id"] != first


def test_quotes_around_a_key_are_not_part_of_it(client: httpx.Client) -> None:
    name = new_id()
    plain = client.post("/api/predict", json=LAMP, headers={"Idempotency-Key": name})
    quoted = client.post("/api/predict", json=LAMP, headers={"Idempotency-Key": f'"{name}"'})

    assert plain.json()["id"] == quoted.json()["id"]


@pytest.mark.parametrize("odd", ["", '""', "two words", "x" * 256, "é"])
def test_an_odd_key_is_refused(client: httpx.Client, odd: str) -> None:
    answer = client.post("/api/predict", json=LAMP, headers={"Idempotency-Key": odd.encode()})

    assert_problem(answer, 422, "INVALID_IDEMPOTENCY_KEY")
