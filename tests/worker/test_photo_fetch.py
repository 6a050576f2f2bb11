"""One photo from a real server into a real store."""

import hashlib
import shutil
import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.errors import StorageFull, Unavailable
from shared.fetched_photos import KnownPhoto
from shared.images import image_key
from shared.ledger.fetch import FetchOutcome, Photo
from shared.ledger.finish import RowError
from shared.outgoing.client import Outgoing
from shared.settings import load_settings
from shared.store import ObjectStore
from tests.support.photos import jpeg, png_of
from tests.support.waiting import wait_for
from tests.support.web import Answer, Site, flood, in_turn, raw, reply, site, then
from worker.photo_fetch import IN_MEMORY, PhotoFetcher

BUSY = reply(b"", "503 Busy")
LARGE = png_of(3, 3) + bytes(2 * IN_MEMORY)  # what follows the last chunk of a PNG is no part of it


class Fetching:
    """Fetches from a site, with settings of the test's own."""

    def __init__(self, folder: Path, store: ObjectStore) -> None:
        self.stopping = threading.Event()
        self._folder = folder
        self._store = store

    def __call__(
        self, where: Site, path: str = "1.jpg", known: KnownPhoto | None = None, **settings: object
    ) -> FetchOutcome:
        usual = {"allowed_networks": "127.0.0.0/8", "allow_http": True, "allowed_ports": str(where.port)}
        ours = load_settings(data_dir=self._folder, **{"disk_reserve_bytes": 0, **usual, **settings})
        fetcher = PhotoFetcher(ours, Outgoing(ours.outgoing_rules, 2), self._store, self.stopping)
        return fetcher.fetch(f"http://127.0.0.1:{where.port}/{path}", known)


@pytest.fixture
def fetch(tmp_path: Path, store: ObjectStore) -> Fetching:
    return Fetching(tmp_path / "data", store)


@pytest.fixture
def photo_site() -> Iterator[Site]:
    with site(reply(jpeg())) as where:
        yield where


@pytest.mark.parametrize("photo", [jpeg(), LARGE], ids=["in memory", "in a file"])
def test_a_photo_is_in_the_store_when_it_is_named(fetch: Fetching, store: ObjectStore, photo: bytes) -> None:
    with site(reply(photo)) as where:
        kept = fetch(where)

    assert kept == Photo(hashlib.sha256(photo).hexdigest(), len(photo))
    assert store.get(image_key(kept.sha256)) == photo


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply(b"", "404 Not Found"), "IMAGE_FETCH_FAILED"),
        (reply(b"", "302 Found", "Location: http://169.254.169.254/"), "IMAGE_FETCH_FAILED"),
        (reply(b"<html>no photo</html>"), "BROKEN_IMAGE"),
        (reply(b""), "BROKEN_IMAGE"),
        (reply(png_of(13_000, 13_000)), "IMAGE_TOO_LARGE"),
        (reply(LARGE), "IMAGE_TOO_LARGE"),
    ],
    ids=["away", "redirect", "no photo", "nothing", "pixels", "bytes"],
)
def test_what_is_no_photo_is_a_row_error_and_leaves_nothing(
    fetch: Fetching, tmp_path: Path, answer: Answer, code: str
) -> None:
    with site(answer) as where:
        error = fetch(where, max_image_bytes=IN_MEMORY)

    assert isinstance(error, RowError)
    assert error.code == code
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_an_address_that_is_not_public_is_a_row_error(fetch: Fetching, photo_site: Site) -> None:
    error = fetch(photo_site, allowed_networks="")

    assert error == RowError("IMAGE_URL_REFUSED", "The URL leads to an address that is not public.")
    assert photo_site.requests == []


def test_a_host_that_is_busy_is_asked_again(fetch: Fetching) -> None:
    with site(in_turn(BUSY, BUSY, reply(jpeg()))) as where:
        assert isinstance(fetch(where), Photo)

    assert len(where.requests) == 3


def test_a_try_that_broke_off_leaves_nothing_in_the_next(fetch: Fetching) -> None:
    photo = jpeg()
    broken_off = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x" * 5000)
    with site(in_turn(broken_off, reply(photo))) as where:
        assert fetch(where) == Photo(hashlib.sha256(photo).hexdigest(), len(photo))


def test_a_host_that_stays_busy_is_given_up_after_three_tries(fetch: Fetching) -> None:
    with site(BUSY) as where:
        error = fetch(where)

    assert error == RowError("IMAGE_FETCH_FAILED", "The host answered with status 503.")
    assert len(where.requests) == 3


def test_what_will_not_get_better_is_not_asked_again(fetch: Fetching) -> None:
    with site(reply(b"", "410 Gone")) as where:
        fetch(where)

    assert len(where.requests) == 1


def test_a_stopping_process_does_not_try_again(fetch: Fetching) -> None:
    with site(BUSY) as where, ThreadPoolExecutor(1) as thread:
        fetching = thread.submit(fetch, where)
        wait_for(lambda: where.requests, 10, "the first try")
        fetch.stopping.set()
        fetching.result()

    assert len(where.requests) == 1


def test_a_full_disk_is_not_the_rows_fault(fetch: Fetching, photo_site: Site) -> None:
    with pytest.raises(StorageFull):
        fetch(photo_site, disk_reserve_bytes=2**60)

    assert photo_site.requests == []


def test_a_photo_that_fills_the_disk_is_not_the_rows_fault(fetch: Fetching, tmp_path: Path) -> None:
    large = flood(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", bytes(IN_MEMORY))
    reserve = shutil.disk_usage(tmp_path).free - 2**26
    with site(large) as where, pytest.raises(StorageFull):
        fetch(where, disk_reserve_bytes=reserve, max_image_bytes=10**9)

    assert len(where.requests) == 1


def test_a_file_that_cannot_be_written_is_not_the_rows_fault(fetch: Fetching, tmp_path: Path) -> None:
    def remove_folder(_connection: socket.socket) -> None:
        (tmp_path / "data" / "tmp").rmdir()

    with site(then(remove_folder, reply(LARGE))) as where, pytest.raises(StorageFull):
        fetch(where)


def test_a_connection_that_is_reset_is_no_trouble_of_the_disk(fetch: Fetching) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    broken_off = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x" * 5000)
    with site(then(broken_off, reset)) as where:
        error = fetch(where)

    assert error == RowError("IMAGE_FETCH_FAILED", "The connection to the host broke off.")


def test_a_store_that_is_away_is_not_the_rows_fault(fetch: Fetching, photo_site: Site, tmp_path: Path) -> None:
    (tmp_path / "data" / "store" / "images").write_text("not a folder")

    with pytest.raises(Unavailable):
        fetch(photo_site)


# --- a photo that was fetched before -------------------------------------------------------------------------------

UNCHANGED = reply(b"", "304 Not Modified")


def stored(fetch: Fetching, photo: bytes) -> KnownPhoto:
    """This photo in the store, as its host called it `"v1"`."""
    with site(reply(photo, "200 OK", 'ETag: "v1"')) as where:
        kept = fetch(where)
    assert isinstance(kept, Photo)
    assert kept.etag is not None
    return KnownPhoto(kept.sha256, kept.size, kept.etag)


def test_a_photo_that_has_not_changed_is_the_one_that_is_stored(fetch: Fetching) -> None:
    known = stored(fetch, jpeg())

    with site(UNCHANGED) as where:
        assert fetch(where, known=known) == Photo(known.sha256, known.size, '"v1"')

    assert '\r\nIf-None-Match: "v1"\r\n' in where.requests[0]


def test_a_photo_that_has_changed_is_the_new_one(fetch: Fetching, store: ObjectStore) -> None:
    known, photo = stored(fetch, jpeg()), png_of(5, 5)

    with site(reply(photo, "200 OK", 'ETag: "v2"')) as where:
        kept = fetch(where, known=known)

    assert kept == Photo(hashlib.sha256(photo).hexdigest(), len(photo), '"v2"')
    assert store.get(image_key(kept.sha256)) == photo


def test_a_photo_that_is_not_stored_any_more_is_sent_again(fetch: Fetching, store: ObjectStore) -> None:
    known = stored(fetch, jpeg())
    store.delete([image_key(known.sha256)])

    with site(reply(jpeg())) as where:
        assert fetch(where, known=known) == Photo(known.sha256, known.size)

    assert "If-None-Match" not in where.requests[0]
    assert store.get(image_key(known.sha256)) == jpeg()


def test_a_host_that_is_busy_is_asked_again_whether_it_has_changed(fetch: Fetching) -> None:
    known = stored(fetch, jpeg())

    with site(in_turn(BUSY, UNCHANGED)) as where:
        assert fetch(where, known=known) == Photo(known.sha256, known.size, '"v1"')

    assert ["If-None-Match" in request for request in where.requests] == [True, True]
