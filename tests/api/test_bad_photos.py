"""Photos that are none, or too large, are refused; odd ones that are photos are not; all in bounded memory."""

import base64
import io
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from PIL import Image

from tests.api.expect import assert_problem
from tests.api.process import ApiProcess, api_process
from tests.conftest import RedisServer
from tests.support.photos import BROKEN, GOOD, encoded, jpeg, png_of

NOISE = encoded(Image.effect_noise((200, 200), 60).convert("RGB"), "JPEG")
PNG = b"\x89PNG\r\n\x1a\n"


def forged(width: int, height: int) -> bytes:
    """A small PNG whose header claims another size."""
    png = png_of(1, 1)
    claim = png[12:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + png[24:29]
    return png[:12] + claim + zlib.crc32(claim).to_bytes(4, "big") + png[33:]


# Each is something else as well, and no whole photo.
POLYGLOTS = {
    "script that begins like a GIF": b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)//",
    "page that begins like a PNG": PNG + b"<html><script>alert(1)</script></html>",
    "page that begins like a JPEG": b"\xff\xd8\xff\xe0<html><script>alert(1)</script></html>",
    "archive that ends like a photo": b"PK\x03\x04" + bytes(100) + jpeg(),
    "document with a photo in it": b"%PDF-1.7\n" + jpeg() + b"\n%%EOF",
    "program with a photo behind it": b"#!/bin/sh\n" + jpeg(),
    "WebP that is a sound": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20),
}
CLAIMS = {
    "more pixels than it has": forged(4_000, 4_000),
    "no width": forged(0, 10),
    "no height": forged(10, 0),
}
TOO_LARGE = {
    "13,000 x 13,000 pixels": png_of(13_000, 13_000),
    "a claim of 2^31 - 1 pixels a side": forged(2**31 - 1, 2**31 - 1),
    "just over 50 megapixels": forged(7_072, 7_072),
    "a line of 50,000,001 pixels": forged(50_000_001, 1),
}


def submit(client: httpx.Client, photo: bytes) -> Iterator[httpx.Response]:
    """The answers to a photo sent as a form, and as JSON."""
    yield client.post("/api/predict", files={"image": ("photo.jpg", photo, "image/jpeg")})
    yield client.post("/api/predict", json={"image": base64.b64encode(photo).decode()})


@pytest.mark.parametrize(
    "photo", [*BROKEN.values(), *POLYGLOTS.values(), *CLAIMS.values()], ids=[*BROKEN, *POLYGLOTS, *CLAIMS]
)
def test_what_is_no_whole_photo_is_refused(client: httpx.Client, photo: bytes) -> None:
    for answer in submit(client, photo):
        problem = assert_problem(answer, 422, "BROKEN_IMAGE")
        assert problem["errors"][0]["where"] == "body.image"


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_small_file_of_too_many_pixels_is_refused(client: httpx.Client, name: str) -> None:
    assert len(TOO_LARGE[name]) < 200_000

    for answer in submit(client, TOO_LARGE[name]):
        problem = assert_problem(answer, 422, "IMAGE_TOO_LARGE")
        assert problem["errors"][0]["where"] == "body.image"


@pytest.mark.parametrize("cut", [1, 2, 20, 200, 2_000])
def test_a_photo_that_breaks_off_anywhere_is_refused(client: httpx.Client, cut: int) -> None:
    for answer in submit(client, NOISE[:-cut] if cut > 2 else NOISE[:cut]):
        assert_problem(answer, 422, "BROKEN_IMAGE")


@pytest.mark.parametrize("name", GOOD)
def test_odd_photos_of_every_kind_are_accepted(client: httpx.Client, name: str) -> None:
    for answer in submit(client, GOOD[name]):
        assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("hidden", [b"PK\x03\x04 an archive", b"<script>alert(1)</script>", b"%PDF-1.7"])
def test_what_hides_behind_a_photo_is_never_handed_out(client: httpx.Client, hidden: bytes) -> None:
    for answer in submit(client, NOISE + hidden):
        assert answer.status_code == 202

        shown = client.get(answer.json()["prediction"]["photo"])

        assert shown.headers["content-type"] == "image/jpeg"
        assert hidden not in shown.content
        assert Image.open(io.BytesIO(shown.content)).size == (200, 200)


@pytest.fixture(scope="module")
def process(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api_process(tmp_path_factory.mktemp("photos"), shared_redis.broker_url) as running:
        yield running


def test_refused_photos_cost_no_memory(process: ApiProcess) -> None:
    client = process.somebody()
    with process.memory_within(64):
        for photo in (*BROKEN.values(), *POLYGLOTS.values(), *CLAIMS.values(), *TOO_LARGE.values()):
            for answer in submit(client, photo):
                assert answer.status_code == 422


def test_the_largest_photos_are_checked_and_shown_in_bounded_memory(process: ApiProcess) -> None:
    """Eight at once, each of which takes 200 MiB and more while it is decoded."""
    photo = encoded(Image.new("RGBA", (7_000, 7_000), (200, 30, 40, 128)), "PNG", compress_level=1)
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        clients = [stack.enter_context(httpx.Client(base_url=process.url, timeout=120)) for _ in range(8)]
        for client in clients:
            client.headers["Authorization"] = f"Bearer {process.token_of(process.add_account())}"

        def send(client: httpx.Client) -> httpx.Response:
            return client.post("/api/predict", files={"image": photo}).raise_for_status()

        with process.memory_within(1_200):
            answers = list(pool.map(send, clients))
            address = answers[0].json()["prediction"]["photo"]
            shown = list(pool.map(lambda client: client.get(address, params={"size": 96}).content, clients))
            full = list(pool.map(lambda client: client.get(address).content, clients[:4]))

    assert len(set(shown)) == 1
    assert Image.open(io.BytesIO(shown[0])).size == (96, 96)
    assert Image.open(io.BytesIO(full[0])).size == (4_096, 4_096)
