"""The main jobs on several hosts, with real models: what comes in at one is answered, told and erased by others."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator

import httpx
import pyarrow
import pytest
import xlsxwriter
from pyarrow import parquet

from shared.bundle import Bundle
from shared.images import image_key
from shared.store import NETWORK_PART
from tests.scale_out.conftest import Clients
from tests.shared.catalogues.zips import packed
from tests.support.catalogues import photo_of
from tests.support.ports import free_port
from tests.support.receiver import Receiver, receiver
from tests.support.service import ended, submit
from tests.support.smoke import assert_all_well, smoke
from tests.support.stack import IO_WORKERS, Shared, Stack, running_stack
from tests.support.waiting import wait_for

MODEL_WORKERS = 2  # each loads TensorFlow
ROWS = 40
HEADER = ("productid", "designation", "image")


@pytest.fixture(scope="module")
def listener() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture(scope="module")
def smokes_port() -> int:
    """Where `scripts/smoke.sh` waits for its webhook."""
    return free_port()


@pytest.fixture(scope="module")
def stack(
    shared: Shared,
    tiny_bundle: Bundle,
    listener: Receiver,
    smokes_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    outgoing = {
        "allow_http": True,
        "allowed_networks": "127.0.0.0/8",
        "allowed_ports": f"{listener.port},{smokes_port}",
    }
    with running_stack(folder, shared, tiny_bundle, MODEL_WORKERS, sweep_seconds=1, **outgoing) as running:
        yield running


@pytest.mark.parametrize("number", range(2))
def test_the_script_that_tries_any_service_finds_each_api_well(stack: Stack, smokes_port: int, number: int) -> None:
    assert_all_well(smoke(stack.running("api")[number].url, SMOKE_RECEIVER=f"127.0.0.1:{smokes_port}"))


def rows(word: str, *, photos: bool = False) -> list[tuple[str, str, str]]:
    names = [f"photos/{number}.jpg" if photos else "" for number in range(ROWS)]
    return [(str(number), f"{word} {number}", names[number]) for number in range(ROWS)]


def as_csv(table: list[tuple[str, str, str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([HEADER, *table])
    return written.getvalue().encode()


def as_zip(table: list[tuple[str, str, str]]) -> bytes:
    photos = {name: photo_of(1000 + number) for number, (*_, name) in enumerate(table)}
    return packed({"products.csv": as_csv(table), **photos})


def as_parquet(table: list[tuple[str, str, str]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(dict(zip(HEADER[:2], list(zip(*table, strict=True))[:2], strict=True))), out)
    return out.getvalue()


def as_workbook(table: list[tuple[str, str, str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate([HEADER, *table]):
            sheet.write_row(number, 0, row[:2])
    return out.getvalue()


def send(client: httpx.Client, content: bytes, file_format: str) -> str:
    files = {"file": (f"products.{file_format}", content)}
    return str(client.post("/api/catalogs", files=files).raise_for_status().json()["id"])


def test_a_product_with_a_photo_that_one_api_takes_is_polled_at_the_other(clients: Clients) -> None:
    one, another = clients
    photo = photo_of(1)
    sent = {"data": {"designation": "Piscine gonflable ronde"}, "files": {"image": photo}}

    job_id = one.post("/api/predict", **sent).raise_for_status().json()["id"]

    (job,) = ended(another, [job_id])
    assert (job["status"], job["prediction"]["modality"]) == ("succeeded", "text+image")
    shown = another.get(f"/api/images/{hashlib.sha256(photo).hexdigest()}").raise_for_status()
    assert shown.headers["content-type"] == "image/jpeg"


def test_whoever_waits_at_one_api_is_answered_by_a_worker_elsewhere(clients: Clients) -> None:
    for client in clients:
        answer = client.post("/api/predict", json={"designation": "Chaise longue"}, headers={"Prefer": "wait=30"})

        assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")


@pytest.mark.parametrize(
    ("file_format", "written"), [("zip", as_zip), ("parquet", as_parquet), ("xlsx", as_workbook), ("csv", as_csv)]
)
def test_a_catalogue_of_any_format_has_the_same_results_at_both_apis(
    clients: Clients, file_format: str, written: Callable[[list[tuple[str, str, str]]], bytes]
) -> None:
    one, another = clients
    has_photos = file_format == "zip"
    job_id = send(one, written(rows(f"Chaise {file_format}", photos=has_photos)), file_format)

    (job,) = ended(another, [job_id])

    assert (job["status"], job["counts"]["succeeded"]) == ("succeeded", ROWS)
    where = f"/api/jobs/{job_id}/results"
    pages = [client.get(where, params={"limit": 100}).raise_for_status().json() for client in clients]
    assert pages[0] == pages[1]
    assert {row["modality"] for row in pages[0]["items"]} == {"text+image" if has_photos else "text"}
    for answer_format in ("csv", "parquet"):
        files = [client.get(where, params={"format": answer_format}).raise_for_status().content for client in clients]
        assert files[0] == files[1]
    assert another.get(where, params={"format": "xlsx"}).raise_for_status().content.startswith(b"PK")


def test_a_large_file_goes_to_the_bucket_in_parts_as_it_comes(stack: Stack, clients: Clients) -> None:
    one, another = clients
    before = stack.shared.bucket.keys("catalogues")
    words = "Piscine gonflable ronde avec pompe. " * 2_500
    lines = [f"{number},Piscine {number},{words}\n" for number in range(2 * NETWORK_PART // len(words))]
    content = "".join(["productid,designation,description\n", *lines]).encode()

    job_id = send(one, content, "csv")

    (key,) = stack.shared.bucket.keys("catalogues") - before
    assert stack.shared.bucket.parts(key) > 1
    (job,) = ended(another, [job_id])
    assert job["counts"]["succeeded"] == len(lines)


def test_a_file_that_breaks_off_leaves_nothing_in_the_bucket(stack: Stack, clients: Clients) -> None:
    one, _ = clients
    before = stack.shared.bucket.keys("catalogues")
    content = b"productid,designation\n" + bytes(2 * NETWORK_PART)

    def breaks_off() -> Iterator[bytes]:
        yield content
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        one.post("/api/catalogs", content=breaks_off(), headers={"Content-Type": "text/csv"})

    wait_for(lambda: not stack.shared.bucket.unfinished(), 30, "the end of the upload")
    assert stack.shared.bucket.keys("catalogues") == before


def test_a_webhook_is_told_once_whichever_worker_tells_it(stack: Stack, clients: Clients, listener: Receiver) -> None:
    one, another = clients
    made = one.post("/api/webhooks", json={"url": listener.url("/told")}).raise_for_status().json()

    jobs = submit(another, *[f"Lampe {number}" for number in range(20)])
    ended(another, jobs)

    deliveries = f"/api/webhooks/{made['id']}/deliveries"

    def delivered() -> bool:
        found = one.get(deliveries, params={"limit": 100}).raise_for_status().json()["items"]
        return len(found) == len(jobs) and {each["status"] for each in found} == {"delivered"}

    wait_for(delivered, 60, "all deliveries")
    one.delete(f"/api/webhooks/{made['id']}").raise_for_status()
    assert sorted(each.event["data"]["id"] for each in listener.at("/told")) == sorted(jobs)


def test_what_is_deleted_at_one_api_goes_from_the_bucket(stack: Stack, clients: Clients) -> None:
    one, another = clients
    photo, bucket = photo_of(2), stack.shared.bucket
    before = bucket.keys("catalogues")
    product = one.post("/api/predict", files={"image": photo}).raise_for_status().json()["id"]
    catalogue = send(one, as_workbook(rows("Table")), "xlsx")
    ended(one, [product, catalogue])
    kept = image_key(hashlib.sha256(photo).hexdigest())
    assert kept in bucket.keys("images")
    assert len(bucket.keys("catalogues") - before) == 2, "the workbook, and the table that was made of it"

    for job_id in (product, catalogue):
        another.delete(f"/api/jobs/{job_id}").raise_for_status()

    wait_for(lambda: kept not in bucket.keys("images"), 60, "the photo's end")
    wait_for(lambda: bucket.keys("catalogues") == before, 60, "the file's end")


def test_no_host_keeps_anything_that_others_need(stack: Stack) -> None:
    for host in stack.hosts:
        names = {path.name for path in host.data_dir.iterdir()}
        kept = {name for name in names if not name.startswith("__autograph")}  # that is TensorFlow's
        assert kept <= {"cache", "tmp"}
        assert list(host.data_dir.glob("tmp/*")) == []
        assert ("cache" in kept) == (host.kind == "model")


def test_doctor_finds_nothing_wrong_from_any_host(stack: Stack) -> None:
    done = stack.run("doctor")

    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout
    assert done.stdout.count("model worker, process") == MODEL_WORKERS
    assert done.stdout.count("io worker, process") == IO_WORKERS
