"""The main job with everything real: processes, HTTP, Redis, SQLite, and a bundle that training made."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from shared.bundle import Bundle
from tests.support.bundles import fake_bundle
from tests.support.service import PASSWORD, Service, ended, prepare_data, running_service, submit
from training.demo.catalogue import sample_catalogue
from training.products import Product

MIB = 2**20


def sample(has_text: bool, has_photo: bool) -> Product:
    """A sample product that has just this much."""
    return next(
        product
        for product in sample_catalogue()
        if (product.text is not None, product.photo is not None) == (has_text, has_photo)
    )


def post(client: httpx.Client, product: Product) -> httpx.Response:
    fields = {"designation": product.designation or "", "description": product.description or ""}
    files = {"image": ("photo.jpg", product.photo.read())} if product.photo else None
    if files is None:
        return client.post("/api/predict", json=fields)
    return client.post("/api/predict", data=fields, files=files)


def predicted(service: Service, product: Product) -> dict[str, Any]:
    with service.client() as client:
        (job,) = ended(client, [post(client, product).raise_for_status().json()["id"]])
    assert job["status"] == "succeeded"
    return job["prediction"]


@pytest.mark.parametrize(
    ("has_text", "has_photo", "modality"),
    [(True, True, "text+image"), (True, False, "text"), (False, True, "image")],
)
def test_a_product_is_answered_by_the_models_that_its_inputs_need(
    service: Service, tiny_bundle: Bundle, has_text: bool, has_photo: bool, modality: str
) -> None:
    prediction = predicted(service, sample(has_text, has_photo))

    assert prediction["modality"] == modality
    assert (prediction["text"] is not None, prediction["image"] is not None) == (has_text, has_photo)
    assert len(prediction["top"]) == 5
    assert prediction["category"]["code"] == prediction["top"][0]["code"]
    assert prediction["confidence"] == prediction["top"][0]["score"]
    assert prediction["model_version"] == tiny_bundle.manifest.version


def test_both_opinions_and_their_weights_make_the_answer(service: Service, tiny_bundle: Bundle) -> None:
    prediction = predicted(service, sample(has_text=True, has_photo=True))

    sides = (prediction["text"], prediction["image"])
    assert sum(side["weight"] for side in sides) == pytest.approx(1)
    assert prediction["text"]["weight"] == pytest.approx(tiny_bundle.manifest.fusion.text_weight)
    best = prediction["top"][0]
    shares = [
        side["weight"] * next((entry["score"] for entry in side["top"] if entry["code"] == best["code"]), 0)
        for side in sides
    ]
    assert sum(shares) <= best["score"] + 1e-4


def test_the_same_product_gets_the_same_answer(service: Service) -> None:
    product = sample(has_text=True, has_photo=True)

    first, second = predicted(service, product), predicted(service, product)

    assert first["top"] == second["top"]


def test_products_that_arrive_together_share_model_calls(service: Service) -> None:
    with service.client() as client:
        before = len(service.events("model.called"))
        with ThreadPoolExecutor(64) as senders:
            sent = senders.map(lambda number: submit(client, f"Piscine gonflable {number}"), range(64))
            jobs = [job_id for (job_id,) in sent]
        assert {job["status"] for job in ended(client, jobs)} == {"succeeded"}

    calls = service.calls(64, before)
    assert sum(calls) == 64
    assert len(calls) <= 32  # how many it is depends on how fast the API can accept beside the model


def test_products_that_waited_together_are_answered_by_one_call(service: Service) -> None:
    with service.client() as client:
        before = len(service.events("model.called"))
        with service.paused("worker-model"):
            jobs = submit(client, *[f"Piscine gonflable {number}" for number in range(64)])
        ended(client, jobs)

    assert service.calls(64, before) == [64]


def test_the_api_process_is_small_once_it_has_started(tmp_path: Path, migrated_sqlite: Path) -> None:
    prepare_data(tmp_path / "data", migrated_sqlite, fake_bundle(tmp_path / "bundle"))
    with running_service(tmp_path / "data", predictor="tests.support.predictors:Fake") as fresh:
        fresh.wait_until_ready()
        api = fresh.part("api")

        # Files of results load more, once somebody asks for Parquet.
        assert api.memory_info().rss <= 150 * MIB


def test_the_api_process_knows_no_tensorflow_whatever_it_has_done(service: Service) -> None:
    api = service.part("api")

    assert not [mapped.path for mapped in api.memory_maps() if "tensorflow" in mapped.path]


def test_the_password_of_the_administrator_is_in_no_part(service: Service) -> None:
    parts = [process for process in service.processes() if process.status() != psutil.STATUS_ZOMBIE]

    assert not [part.name() for part in parts if PASSWORD in part.environ().values()]
