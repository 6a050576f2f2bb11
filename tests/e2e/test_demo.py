"""`shelfwise demo`, with a small bundle already there so that nothing has to be trained."""

import csv
import subprocess
import sys
import zipfile
from pathlib import Path

import psutil
import pytest

from shared.bundle import Bundle
from tests.support.service import ROOT, prepare_data
from training.demo.catalogue import sample_catalogue
from training.products import Product


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, tiny_bundle: Bundle) -> Path:
    """The folder of a demo that has run."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    prepare_data(folder / "data", migrated_sqlite, tiny_bundle)
    command = [sys.executable, "-m", "cli", "demo", "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout)
    return folder


def test_every_sample_product_is_answered_and_written_down_beside_what_was_sent(demo: Path) -> None:
    with (demo / "results.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))

    products = sample_catalogue()
    assert [(row["productid"], row["designation"]) for row in rows] == [
        (product.product_id, product.designation or "") for product in products
    ]
    assert {row["status"] for row in rows} == {"succeeded"}
    assert all(row["prediction"] for row in rows)
    assert [row["modality"] for row in rows] == [modality_of(product) for product in products]


def test_what_was_sent_is_one_catalogue_with_photos(demo: Path) -> None:
    with zipfile.ZipFile(demo / "catalogue.zip") as archive:
        photos = [name for name in archive.namelist() if name.startswith("images/")]
        header = archive.read("catalogue.csv").decode().splitlines()[0]

    assert len(photos) == sum(product.photo is not None for product in sample_catalogue())
    assert header == "designation,description,productid,imageid"


def test_how_far_it_is_is_told(demo: Path) -> None:
    said = (demo / "said.txt").read_text()

    assert "sending: 100%" in said
    assert f"rows: 100%, succeeded, {len(sample_catalogue())} of {len(sample_catalogue())}" in said


def test_the_bundles_measured_figures_are_printed(demo: Path, tiny_bundle: Bundle) -> None:
    said = (demo / "said.txt").read_text()

    metrics = tiny_bundle.manifest.metrics
    for figures in (metrics.text, metrics.image, metrics.fused):
        assert f"accuracy {figures.accuracy:.3f}" in said
    assert f"{len(sample_catalogue())} of {len(sample_catalogue())} products answered" in said


def test_the_service_that_it_started_has_ended(demo: Path) -> None:
    assert processes_of(demo / "data") == []


def modality_of(product: Product) -> str:
    sides = (("text", product.text), ("image", product.photo))
    return "+".join(name for name, side in sides if side is not None)


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Every process, whoever started it, that was told of this data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), process.environ().get("SHELFWISE_DATA_DIR", "")]
        except psutil.Error:  # it has ended meanwhile, or is somebody else's
            continue
        if any(str(data_dir) in each for each in told):
            found.append(process)
    return found
