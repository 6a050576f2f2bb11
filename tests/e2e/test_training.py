"""From listings to answers through the public interfaces alone: posted, corrected, trained on, activated, asked."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.bundle import Bundle
from tests.support.service import ROOT, Service, ended, prepare_data, running_service
from training.products import Product

DATA = ROOT.parent / "shared" / "data" / "luma"
WEIGHTS = ROOT.parent / "shared" / "weights" / "vgg16_imagenet_notop.weights.h5"
CATEGORIES = 4  # the first of the 15: what is shown here takes no more
CORRECTED = 3
ROUNDING = 0.02  # probabilities move by so much with the company that a photo has in a bfloat16 batch

pytestmark = pytest.mark.skipif(
    not (DATA.is_dir() and WEIGHTS.is_file()), reason="real listings and VGG16's weights are not beside the project"
)


@dataclass(frozen=True)
class Retrained:
    """A service whose bundle was trained on what it was sent, and what the training run said of it."""

    service: Service
    data_dir: Path
    listings: dict[str, dict[str, str]]
    corrected: list[dict[str, str]]
    before: str
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def retrained(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, tiny_bundle: Bundle
) -> Iterator[Retrained]:
    folder = tmp_path_factory.mktemp("retrained")
    prepare_data(folder / "data", migrated_sqlite, tiny_bundle)
    listings = _listings()
    sent, corrected = listings[:-CORRECTED], listings[-CORRECTED:]
    with running_service(folder / "data") as service:
        service.wait_until_ready()
        with service.client() as client:
            for code, name in {row["prdtypecode"]: row["category"] for row in listings}.items():
                client.put(f"/api/taxonomy/{code}", json={"name": name}).raise_for_status()
            for listing in sent:
                _post(client, "/api/data-ingest", listing, prdtypecode=listing["prdtypecode"])
            for listing in corrected:
                (job,) = ended(client, [_post(client, "/api/predict", listing).json()["id"]])
                path = f"/api/predictions/{job['prediction']['id']}/correction"
                client.post(path, json={"code": int(listing["prdtypecode"])}).raise_for_status()
        summary = _train(folder / "data", folder / "summary.json")
        by_id = {row["productid"]: row for row in listings}
        before = tiny_bundle.manifest.version
        yield Retrained(service, folder / "data", by_id, corrected, before, summary)


def test_what_was_posted_and_corrected_is_what_was_trained_on(retrained: Retrained) -> None:
    assert sum(retrained.summary["rows"].values()) == len(retrained.listings)
    with retrained.service.client() as client:
        model = client.get(f"/api/models/{retrained.summary['version']}").raise_for_status().json()
    assert model["active"]


def test_the_gate_compared_with_the_bundle_before(retrained: Retrained) -> None:
    gate = retrained.summary["gate"]

    assert gate["active"] == retrained.before
    assert gate["macro_f1"] >= gate["active_macro_f1"]
    assert (gate["passes"], retrained.summary["activated"]) == (True, True)


def test_the_service_answers_every_held_out_product_as_the_evaluation_did(retrained: Retrained) -> None:
    with (Path(retrained.summary["report"]) / "predictions.csv").open(newline="") as file:
        evaluated = list(csv.DictReader(file))
    assert len(evaluated) == retrained.summary["rows"]["test"]

    with retrained.service.client() as client:
        for row in evaluated:
            listing = retrained.listings.get(row["product_id"])
            if listing is None:  # one that was corrected: its id is that of the prediction
                continue
            (job,) = ended(client, [_post(client, "/api/predict", listing).json()["id"]])
            answer = job["prediction"]

            assert answer["model_version"] == retrained.summary["version"]
            assert (answer["category"]["code"], answer["modality"]) == (int(row["answer"]), row["modality"])
            assert answer["confidence"] == pytest.approx(float(row["confidence"]), abs=ROUNDING)


def test_the_export_is_read_back_as_the_same_products(retrained: Retrained, tmp_path: Path) -> None:
    from shared.database import Database
    from shared.settings import load_settings
    from shared.store import ObjectStore
    from training.datasets import from_service, open_dataset

    with retrained.service.client() as client:
        exported = client.get("/api/products/export").raise_for_status()
    (tmp_path / "export.zip").write_bytes(exported.content)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", "export.zip", "export"], cwd=tmp_path, check=True)

    settings = load_settings(data_dir=retrained.data_dir)
    database = Database(settings.database)
    held = from_service(database, ObjectStore(settings.store))
    database.close()
    stored = [product for product in held.products if not product.product_id.startswith("prediction:")]

    assert _as_read(open_dataset(tmp_path / "export").products) == _as_read(stored)


def _as_read(products: Sequence[Product]) -> dict[str, tuple[str | None, str | None, int]]:
    """What the models would read of each product, by its id."""
    return {product.product_id: (product.text, product.photo_hash, product.code) for product in products}


def _listings() -> list[dict[str, str]]:
    with (DATA / "products.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    chosen = sorted({int(row["prdtypecode"]) for row in rows})[:CATEGORIES]
    return [row for row in rows if int(row["prdtypecode"]) in chosen]


def _post(client: httpx.Client, path: str, listing: dict[str, str], **more: str) -> httpx.Response:
    photo = DATA / "images" / "image_train" / f"image_{listing['imageid']}_product_{listing['productid']}.jpg"
    fields = {"designation": listing["designation"], "description": listing["description"], **more}
    fields["product_id"] = listing["productid"]
    return client.post(path, data=fields, files={"image": (photo.name, photo.read_bytes())}).raise_for_status()


def _train(data_dir: Path, summary: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "cli", "train", "--from-service", "--vgg16-weights", str(WEIGHTS)]
    command += ["--activate", "--json", str(summary), "--data-dir", str(data_dir)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return dict(json.loads(summary.read_text()))
