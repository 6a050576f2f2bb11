"""A running service with real models takes up another bundle, in everybody's sight, and loses nothing."""

import threading
from contextlib import closing
from pathlib import Path

import pytest

from cli.models import activate_model
from shared.bundle import MANIFEST, Bundle
from shared.database import Database
from shared.releases import publish
from shared.settings import load_settings
from shared.store import ObjectStore
from tests.support.photos import jpeg
from tests.support.service import Service, prepare_data, running_service

LATER = "later-1"


@pytest.fixture
def later(tiny_bundle: Bundle, tmp_path: Path) -> Bundle:
    """The same models under another version."""
    folder = tmp_path / LATER
    folder.mkdir()
    for file in tiny_bundle.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / MANIFEST).write_text(tiny_bundle.manifest.model_copy(update={"version": LATER}).model_dump_json())
    return Bundle.open(folder)


def test_products_are_answered_throughout_a_change_over_of_real_models(
    tiny_bundle: Bundle, later: Bundle, migrated_sqlite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir = tmp_path / "data"
    prepare_data(data_dir, migrated_sqlite, tiny_bundle)
    settings = load_settings(data_dir=data_dir, lease_seconds=60, stall_seconds=60)
    with closing(Database(settings.database)) as database:
        publish(database, ObjectStore(settings.store), later, activated=False)
    with running_service(data_dir, lease_seconds=60, stall_seconds=60) as service:
        service.wait_until_ready()
        answers, over = list[tuple[str, int]](), threading.Event()
        customers = [threading.Thread(target=ask_until, args=(service, over, answers)) for _ in range(3)]
        for customer in customers:
            customer.start()
        try:
            activate_model(settings, LATER)
            asked_before = len(answers)
        finally:
            over.set()
            for customer in customers:
                customer.join()

    versions = [version for version, _ in answers]
    assert versions[0] == tiny_bundle.manifest.version
    assert set(versions[asked_before + len(customers) :]) <= {LATER}
    assert versions[-1] == LATER
    assert len({category for _, category in answers}) == 1
    assert capsys.readouterr().out.endswith("1 of 1 workers answer with it\n")


def ask_until(service: Service, over: threading.Event, answers: list[tuple[str, int]]) -> None:
    """Send one product with a photo after the other, at least one after `over`; any that fails ends the thread."""
    product = {"data": {"designation": "Chaise longue"}, "files": {"image": jpeg()}}
    with service.client() as client:
        last = False
        while not last:
            last = over.is_set()
            job = client.post("/api/predict", headers={"Prefer": "wait=30"}, **product).raise_for_status().json()
            assert job["status"] == "succeeded", job
            answers.append((job["prediction"]["model_version"], job["prediction"]["category"]["code"]))
