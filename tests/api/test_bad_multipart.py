"""Forms that make no sense are refused; what a file is called means nothing: photos are stored under our own names."""

import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from shared.images import image_key
from shared.store import ObjectStore
from shared.tables import Prediction
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.process import MIB, ApiProcess, api_process
from tests.conftest import RedisServer
from tests.support.photos import jpeg
from tests.support.waiting import wait_for

FORM = "multipart/form-data; boundary=b"


def part(name: str, content: str | bytes = "x", more: str = "") -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"


def send(client: httpx.Client, *parts: bytes, content_type: str = FORM) -> httpx.Response:
    """Post a form written by hand: a well-behaved client would not send some of these."""
    return client.post("/api/predict", content=b"".join(parts) + b"--b--\r\n", headers={"Content-Type": content_type})


def fields(count: int) -> bytes:
    return b"".join(part(f"field{number}") for number in range(count))


FILE = '; filename="x"'
NONSENSE: dict[str, tuple[bytes, str, str]] = {
    "no boundary": (part("designation"), "multipart/form-data", "INVALID_FORM"),
    "an empty boundary": (part("designation"), "multipart/form-data; boundary=", "INVALID_FORM"),
    "another boundary": (part("designation"), "multipart/form-data; boundary=c", "INVALID_FORM"),
    "a boundary of 10 KB": (part("designation"), f"multipart/form-data; boundary={'b' * 10_000}", "INVALID_FORM"),
    "2,000 fields": (fields(2_000), FORM, "INVALID_FORM"),
    "seven fields": (fields(7), FORM, "INVALID_FORM"),
    "2,000 files": (part("image", more=FILE) * 2_000, FORM, "INVALID_FORM"),
    "two photos": (part("image", more=FILE) * 2, FORM, "INVALID_FORM"),
    "no form at all": (b"this is no form\r\n", FORM, "INVALID_FORM"),
    "a part without a name": (b"--b\r\n\r\nno name\r\n", FORM, "INVALID_FORM"),
    "a part without headers": (b"--b\r\n", FORM, "INVALID_FORM"),
    "a header without an end": (b"--b\r\nContent-Disposition: form-data; name=" + b"x" * 50_000, FORM, "INVALID_FORM"),
    "2,000 headers": (b"--b\r\n" + b"X-A: b\r\n" * 2_000 + b"\r\nx\r\n", FORM, "INVALID_FORM"),
    "a text of 1 MiB": (part("designation", "x" * MIB), FORM, "INVALID_FORM"),
    "a text twice": (part("designation") * 2, FORM, "DUPLICATE_FIELD"),
    "an unknown field": (part("colour"), FORM, "UNKNOWN_FIELD"),
    "a photo as text": (part("image", "a path?"), FORM, "WRONG_TYPE"),
    "a text as a file": (part("designation", more=FILE), FORM, "WRONG_TYPE"),
    "a NUL": (part("designation", "a\0b"), FORM, "INVALID_TEXT"),
    "Latin-1": (part("designation", "é".encode("latin-1")), FORM, "INVALID_TEXT"),
    "half a character": (part("designation", b"caf\xc3"), FORM, "INVALID_TEXT"),
    "a surrogate": (part("designation", b"\xed\xa0\x80"), FORM, "INVALID_TEXT"),
    "UTF-16": (part("designation", "é".encode("utf-16")), f"{FORM}; charset=utf-16", "INVALID_TEXT"),
    "nothing": (b"", FORM, "EMPTY_PRODUCT"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_forms_that_make_no_sense_are_refused(client: httpx.Client, name: str) -> None:
    body, content_type, code = NONSENSE[name]

    assert_problem(send(client, body, content_type=content_type), 422, code)


def test_a_form_that_breaks_off_is_refused(client: httpx.Client) -> None:
    whole = part("designation", "lampe") + part("image", jpeg(), FILE)

    for broken in (whole, whole[:-100], whole[:100], b""):
        answer = client.post("/api/predict", content=broken, headers={"Content-Type": FORM})

        assert_problem(answer, 422, "INVALID_FORM")


@pytest.mark.parametrize("charset", ["latin-1", "zlib", "rot13", "no-such-charset", "idna", "unicode_escape", "utf-7"])
def test_texts_are_utf_8_whatever_charset_is_claimed(client: httpx.Client, charset: str) -> None:
    answer = send(client, part("designation", "Bücher \\u0041 +AEE-"), content_type=f"{FORM}; charset={charset}")

    assert answer.json()["prediction"]["designation"] == "Bücher \\u0041 +AEE-"


NAMES = {
    "a way up": "../../x",
    "an absolute path": "/etc/passwd",
    "a Windows path": "..\\..\\x.jpg",
    "CR LF": "a\r\nX-Evil: 1.jpg",
    "a quote": 'a";b=".jpg',
    "10 KB": "x" * 10_000,
    "nothing": "",
    "a NUL": "a\0.jpg",
    "a page": "<script>.svg",
    "another script": "é漢🎲.jpg",
}
REFUSED = {"10 KB"}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_file_is_called_means_nothing(api: RunningApi, client: httpx.Client, name: str) -> None:
    answer = send(client, part("image", jpeg(), f'; filename="{NAMES[name]}"'))

    if name in REFUSED:
        assert_problem(answer, 422, "INVALID_FORM")
        return
    assert answer.status_code == 202, answer.text
    with api.database.read() as connection:
        stored = connection.scalars(select(Prediction.image).where(Prediction.job_id == answer.json()["id"])).one()
    assert stored == hashlib.sha256(jpeg()).hexdigest()
    assert ObjectStore(api.settings.store).get(image_key(stored)) == jpeg()


def test_only_our_own_names_are_on_the_disk(api: RunningApi, client: httpx.Client) -> None:
    for name in NAMES.values():
        send(client, part("image", jpeg(), f'; filename="{name}"'))

    store = api.settings.data_dir / "store"
    found = {str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()}
    assert image_key(hashlib.sha256(jpeg()).hexdigest()) in found
    assert all(key == image_key(Path(key).name) for key in found)
    assert sorted(path.name for path in api.settings.data_dir.iterdir() if path.is_dir()) == ["store"]


@pytest.fixture(scope="module")
def process(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api_process(tmp_path_factory.mktemp("forms"), shared_redis.broker_url) as running:
        yield running


def pieces(first: bytes, piece: bytes, count: int) -> Iterator[bytes]:
    yield first
    for _ in range(count):
        yield piece


def test_a_large_file_costs_disk_and_no_memory(process: ApiProcess) -> None:
    body = pieces(part("image", b"", FILE)[:-2], bytes(MIB), 150)

    with process.memory_within(64):
        answer = process.somebody().post("/api/predict", content=body, headers={"Content-Type": FORM}, timeout=120)

    assert_problem(answer, 422, "INVALID_FORM")  # its last boundary never came


def test_a_file_without_an_end_is_cut_off_at_its_limit(process: ApiProcess) -> None:
    sent = list[int]()

    def endless() -> Iterator[bytes]:
        yield part("image", b"", FILE)[:-2]
        for _ in range(2_000):
            sent.append(1)
            yield bytes(MIB)

    with process.memory_within(64):
        answer = process.somebody().post("/api/predict", content=endless(), headers={"Content-Type": FORM}, timeout=120)

    assert_problem(answer, 413, "BODY_TOO_LARGE")
    assert len(sent) < 300


@pytest.mark.parametrize(
    "piece",
    [b"X-A: b\r\n" * 1_000, b"x" * 65_536, part("designation")],
    ids=["headers", "one header", "fields"],
)
def test_endless_headers_and_fields_cost_no_memory(process: ApiProcess, piece: bytes) -> None:
    body = pieces(b"--b\r\nContent-Disposition: form-data; name=", piece, 400)

    with process.memory_within(64):
        answer = process.somebody().post("/api/predict", content=body, headers={"Content-Type": FORM})

    assert_problem(answer, 422, "INVALID_FORM")


def test_uploads_wait_on_the_disk_whose_reserve_is_watched(process: ApiProcess) -> None:
    host, port = process.url.removeprefix("http://").split(":")
    account = process.add_account()
    head = f"POST /api/predict HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {process.token_of(account)}\r\n"
    head += f"Content-Type: {FORM}\r\nContent-Length: {20 * MIB}\r\n\r\n"

    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + part("image", b"", FILE)[:-2] + bytes(8 * MIB))
        wait_for(lambda: spooled(process), 20, "a file in the data folder")


def spooled(process: ApiProcess) -> bool:
    """Whether the process has a file without a name open in its data folder."""
    folder = Path("/proc") / str(process.process_id) / "fd"
    opened = [os.readlink(link) for link in folder.iterdir()]
    data_dir = str(process.settings.data_dir.resolve())
    return any(name.startswith(data_dir) and name.endswith("(deleted)") for name in opened)
