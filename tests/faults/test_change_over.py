"""Another bundle is activated while products keep coming: every one is answered, and soon by the new one."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from shared.bundle import IMAGE_MODEL
from shared.bundles import activate
from shared.database import Database
from shared.releases import bundle_key, publish
from shared.settings import load_settings
from shared.store import ObjectStore
from tests.conftest import only_on_sqlite
from tests.faults.conftest import StartService
from tests.support.bundles import fake_bundle
from tests.support.service import Service
from tests.support.waiting import wait_for

CUSTOMERS = 4
LONGEST_SECONDS = 2.0  # for a product, while a bundle that takes three seconds is loaded
CHANGE_OVER_SECONDS = 75  # five times the slack, for a busy machine


class Answers:
    """What products came to: of each the version that answered, and how long it took."""

    def __init__(self) -> None:
        self.versions: list[str] = []
        self.seconds: list[float] = []
        self.failures: list[str] = []

    def ask(self, client: httpx.Client) -> None:
        started = time.monotonic()
        answer = client.post("/api/predict", json={"designation": "Chaise longue"}, headers={"Prefer": "wait=30"})
        job = answer.json()
        if answer.status_code != 200 or job["status"] != "succeeded":
            self.failures.append(answer.text)
            return
        self.seconds.append(time.monotonic() - started)
        self.versions.append(job["prediction"]["model_version"])

    def latest(self) -> str:
        return self.versions[-1]


@contextmanager
def customers(service: Service) -> Iterator[Answers]:
    """Some who send one product after the other for the time of the block."""
    answers, over = Answers(), threading.Event()

    def keep_asking() -> None:
        with service.client() as client:
            while not over.is_set():
                answers.ask(client)

    threads = [threading.Thread(target=keep_asking) for _ in range(CUSTOMERS)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: len(answers.versions) > CUSTOMERS, 30, "the first answers")
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


class Store:
    """The rows and the files of a running service, as somebody on its machine has them."""

    def __init__(self, service: Service, folder: Path) -> None:
        self._database_url = service.database_url
        self._store = ObjectStore(load_settings(data_dir=folder / "data").store)
        self._folder = folder

    def publish(self, version: str) -> None:
        with closing(Database(self._database_url)) as database:
            publish(database, self._store, fake_bundle(self._folder / "made" / version, version), activated=False)

    def flip_a_byte(self, version: str) -> None:
        key = bundle_key(version, IMAGE_MODEL)
        content = bytearray(self._store.get(key))
        content[3] ^= 1
        self._store.put(key, bytes(content))

    def activate_unseen(self, version: str) -> None:
        """Activate a bundle without the look at its files that comes before."""
        with closing(Database(self._database_url)) as database, database.begin() as connection:
            activate(connection, version)


def test_workers_change_over_without_a_pause_and_without_a_failed_request(
    start_service: StartService, tmp_path: Path
) -> None:
    service = start_service("SlowToLoad")
    Store(service, tmp_path).publish("next-1")
    with customers(service) as answers, service.client() as admin:
        assert answers.latest() == "fake-1"

        admin.post("/api/models/next-1/activate").raise_for_status()

        wait_for(lambda: answers.latest() == "next-1", CHANGE_OVER_SECONDS, "an answer of the new bundle")
        wait_for(lambda: admin.get("/api/models/next-1").json()["workers"] == 1, 5, "the worker saying so")
    assert answers.failures == []
    assert max(answers.seconds) < LONGEST_SECONDS


@only_on_sqlite
def test_a_change_over_needs_nobody_to_send_anything(start_service: StartService, tmp_path: Path) -> None:
    service = start_service()
    Store(service, tmp_path).publish("next-1")
    with service.client() as admin:
        admin.post("/api/models/next-1/activate").raise_for_status()

        wait_for(lambda: admin.get("/api/models/next-1").json()["workers"] == 1, CHANGE_OVER_SECONDS, "the change-over")


@only_on_sqlite
def test_a_bundle_with_a_flipped_byte_is_refused_and_the_old_one_goes_on(
    start_service: StartService, tmp_path: Path
) -> None:
    service = start_service()
    store = Store(service, tmp_path)
    store.publish("bad-1")
    store.flip_a_byte("bad-1")
    with customers(service) as answers, service.client() as admin:
        at_the_door = admin.post("/api/models/bad-1/activate")
        store.activate_unseen("bad-1")
        reason = wait_for(lambda: admin.get("/api/models/bad-1").json()["refused"], CHANGE_OVER_SECONDS, "a refusal")

        asked_until_now = len(answers.versions)
        wait_for(lambda: len(answers.versions) > asked_until_now + CUSTOMERS, 30, "answers after the refusal")
        listed = {model["version"]: model for model in admin.get("/api/models").json()["items"]}
    assert at_the_door.status_code == 409
    assert at_the_door.json()["detail"] == reason == f"bad-1: {IMAGE_MODEL} differs from the hash in the manifest."
    assert (listed["fake-1"]["active"], listed["bad-1"]["active"]) == (True, False)
    assert answers.failures == []
    assert set(answers.versions) == {"fake-1"}
