"""A full disk: nothing is accepted that could not be kept, and what was accepted goes on when there is room again.

Everything that a service writes lies on a disk of its own: the database, the photos and files, what is unpacked, the
socket of Redis, and the log.
"""

import io
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
import xlsxwriter
from PIL import Image
from sqlalchemy import func, select

from shared.database import Database
from shared.ledger.failure import TRIES
from shared.tables import Job
from tests.conftest import only_on_sqlite
from tests.faults.conftest import LEASE_SECONDS, StartService
from tests.support.photos import encoded
from tests.support.service import Service, ended, tries_lost
from tests.support.small_disk import MIB, SmallDisk, small_disk
from tests.support.waiting import wait_for
from tests.support.web import reply, site

pytestmark = only_on_sqlite
FULL, AWAY = (507, "STORAGE_FULL"), (503, "UNAVAILABLE")
LITTLE = MIB  # enough for the database to go on, and for no large file
ROWS = 8_000


@pytest.fixture(autouse=True)
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path, 96 * MIB) as mounted:
        yield mounted


def test_below_the_reserve_nothing_is_accepted_or_stored_and_readiness_says_so(
    disk: SmallDisk, start_service: StartService, tmp_path: Path
) -> None:
    service = start_service(disk_reserve_bytes=8 * MIB)
    with service.client() as client:
        before = files_below(tmp_path / "data" / "store")
        disk.fill(leave=4 * MIB)

        answers = [post_product(client), post_catalogue(client), post_labelled(client)]

        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [FULL] * 3
        assert files_below(tmp_path / "data" / "store") == before
        assert jobs_in(service) == 0
        assert client.get("/health/ready").json() == {
            "ready": False,
            "checks": {"database": True, "schema": True, "disk": False},
        }

        disk.free()
        answers = [post_product(client), post_catalogue(client), post_labelled(client)]
        done = ended(client, [answer.raise_for_status().json()["id"] for answer in answers])
        assert {job["status"] for job in done} == {"succeeded"}


def test_what_was_accepted_before_the_last_byte_was_taken_ends_by_itself_when_there_is_room_again(
    disk: SmallDisk, start_service: StartService
) -> None:
    service = start_service("Slow")
    with service.client() as client, customers(service) as said:
        catalogue = post_catalogue(client, rows=ROWS).raise_for_status().json()["id"]
        wait_for(lambda: client.get(f"/api/jobs/{catalogue}").json()["counts"]["succeeded"], 60, "some of its rows")

        disk.fill()
        since = time.monotonic()
        wait_for(lambda: said.refused > 20, 60, "refusals")
        late = [post_catalogue(client), post_labelled(client)]
        wait_for(lambda: kept_full(disk) > since + 4 * LEASE_SECONDS, 60, "every lease run out on a full disk")
        disk.free()

        before = said.accepted
        wait_for(lambda: said.accepted > before + 20, 60, "products afterwards")
        said.no_more()
        *products, file = ended(client, [*said.job_ids, catalogue], 120)

    assert {job["status"] for job in products} == {"succeeded"}
    assert (file["status"], file["counts"]["succeeded"]) == ("succeeded", ROWS)
    assert said.refusals <= {FULL, AWAY}
    assert {answer.status_code for answer in late} <= {507, 503}
    assert tries_lost(service) == 0


def large_photo() -> bytes:
    """A PNG of noise, which takes more than the little room that is left."""
    noise = np.random.default_rng(0).integers(0, 256, (800, 800, 3), dtype=np.uint8)
    return encoded(Image.fromarray(noise), "PNG")


def packed_photos() -> tuple[bytes, str]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("products.csv", "productid,designation,image\n1,Lampe,large.png\n2,Chaise,\n")
        archive.writestr("large.png", large_photo())
    return packed.getvalue(), "application/zip"


def workbook() -> tuple[bytes, str]:
    """Which is made a table of text on the disk before its first row is read."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("productid", "designation"))
        for number in range(1, 2_000):
            sheet.write_row(number, 0, (number, f"{number} " * 200))
    return written.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize("file", [packed_photos, workbook])
def test_a_file_that_finds_no_room_to_be_read_waits_for_it_at_no_cost(
    disk: SmallDisk, start_service: StartService, file: Callable[[], tuple[bytes, str]]
) -> None:
    service = start_service()
    content, media_type = file()
    with service.client() as client:
        with service.paused("worker-io"):
            answer = client.post("/api/catalogs", content=content, headers={"Content-Type": media_type})
            disk.fill(leave=LITTLE)
        wait_for(lambda: len(service.events("intake.given_back")) > TRIES, 60, "more tries than a fault would get")
        disk.free()

        (job,) = ended(client, [answer.raise_for_status().json()["id"]])

    assert (job["status"], job["counts"]["failed"]) == ("succeeded", 0)
    assert tries_lost(service) == 0


def test_a_photo_that_finds_no_room_is_fetched_again_at_no_cost(disk: SmallDisk, start_service: StartService) -> None:
    with site(reply(large_photo(), "200 OK", "Content-Type: image/png")) as where:
        service = start_service(allowed_networks="127.0.0.0/8", allow_http=True, allowed_ports=where.port)
        with service.client() as client:
            disk.fill(leave=LITTLE)
            sent = {"designation": "Chaise", "image_url": f"http://127.0.0.1:{where.port}/large.png"}
            answer = client.post("/api/predict", json=sent)
            wait_for(lambda: len(service.events("fetch.given_back")) > TRIES, 60, "more tries than a fault would get")
            disk.free()

            (job,) = ended(client, [answer.raise_for_status().json()["id"]])

    assert (job["status"], job["prediction"]["modality"]) == ("succeeded", "text+image")
    assert tries_lost(service) == 0


class Said:
    """What customers were answered who post products one after the other."""

    def __init__(self) -> None:
        self.job_ids: list[str] = []
        self.refusals: set[tuple[int, str]] = set()
        self.refused = 0
        self.stopping = threading.Event()

    @property
    def accepted(self) -> int:
        return len(self.job_ids)

    def add(self, answer: httpx.Response) -> None:
        if answer.status_code == 202:
            self.job_ids.append(answer.json()["id"])
        else:
            self.refusals.add((answer.status_code, answer.json()["code"]))
            self.refused += 1

    def no_more(self) -> None:
        self.stopping.set()


@contextmanager
def customers(service: Service, number: int = 4) -> Iterator[Said]:
    """Post products, each with a photo of its own, from so many threads until the block ends."""
    said = Said()

    def go_on(client: httpx.Client) -> None:
        while not said.stopping.wait(0.02):
            said.add(post_product(client))

    with service.client() as client:
        threads = [threading.Thread(target=go_on, args=(client,)) for _ in range(number)]
        for thread in threads:
            thread.start()
        try:
            yield said
        finally:
            said.no_more()
            for thread in threads:
                thread.join()


def post_product(client: httpx.Client) -> httpx.Response:
    colour = tuple(np.random.default_rng().integers(0, 256, 3))
    photo = encoded(Image.new("RGB", (32, 32), colour), "PNG")
    return client.post("/api/predict", data={"designation": "Lampe"}, files={"image": ("photo.png", photo)})


def post_catalogue(client: httpx.Client, rows: int = 3) -> httpx.Response:
    content = "productid,designation\n" + "".join(f"{number},title {number}\n" for number in range(rows))
    return client.post("/api/catalogs", content=content.encode(), headers={"Content-Type": "text/csv"})


def post_labelled(client: httpx.Client) -> httpx.Response:
    content = b"productid,designation,prdtypecode\n1,Lampe,10\n"
    return client.post("/api/data-ingest", content=content, headers={"Content-Type": "text/csv"})


def kept_full(disk: SmallDisk) -> float:
    """Take what somebody has given back meanwhile; the time."""
    disk.fill()
    return time.monotonic()


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def jobs_in(service: Service) -> int:
    with closing(Database(service.database_url)) as database, database.read() as connection:
        return connection.scalar(select(func.count()).select_from(Job)) or 0
