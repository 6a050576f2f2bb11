"""Products as requests: ready bytes with a gap for the number that makes each of them another product."""

import io
import json
from collections.abc import Iterator

import numpy as np
from PIL import Image

from shared.taxonomy import RAKUTEN
from training.demo.photos import draw_photo
from training.demo.texts import write_listing

SEED = 20_261
TEXTS, PHOTOS = 540, 54
PHOTO_SIDE = 500  # pixels; about what the photos of Rakuten's challenge have
WAIT = "Prefer: wait=10\r\n"
_NUMBER = b"00000000"
_BOUNDARY = "a-boundary-that-no-photo-holds"
Request = tuple[bytes, ...]


def text_requests(token: str, wait: bool = True) -> list[Request]:
    """Demo titles and descriptions to classify; each gets its number as a last word of its title."""
    generator = np.random.default_rng(SEED)
    requests = []
    for code in _codes(TEXTS):
        listing = write_listing(code, generator, ambiguous=False)
        product = {"designation": f"{listing.designation} {_NUMBER.decode()}", "description": listing.description}
        body = json.dumps(product).encode()
        requests.append(_post(token, "application/json", body, wait))
    return requests


def photo_requests(token: str) -> list[Request]:
    """Demo photos to classify, as forms; each gets its number as a JPEG comment, so that no two files are the same."""
    requests = []
    for photo in photos():
        comment = b"\xff\xfe" + (2 + len(_NUMBER)).to_bytes(2, "big") + _NUMBER  # directly behind the start marker
        parts = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n".encode(),
            photo[:2] + comment + photo[2:],
            f"\r\n--{_BOUNDARY}--\r\n".encode(),
        )
        requests.append(_post(token, f"multipart/form-data; boundary={_BOUNDARY}", b"".join(parts), wait=True))
    return requests


def photos() -> Iterator[bytes]:
    """Demo photos of some 500 x 500 pixels as JPEG."""
    generator = np.random.default_rng(SEED)
    for code in _codes(PHOTOS):
        with Image.open(io.BytesIO(draw_photo(code, generator, shared=False))) as drawn:
            larger = drawn.resize((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.BICUBIC)
        encoded = io.BytesIO()
        larger.save(encoded, "JPEG", quality=88)
        yield encoded.getvalue()


def get_request(token: str, path: str, tag: str | None = None) -> Request:
    """A GET, conditional if a tag is given."""
    condition = f"If-None-Match: {tag}\r\n" if tag else ""
    return (f"GET {path} HTTP/1.1\r\n{_headers(token)}{condition}\r\n".encode(),)


def _post(token: str, media_type: str, body: bytes, wait: bool) -> Request:
    head = (
        f"POST /api/predict HTTP/1.1\r\n{_headers(token)}{WAIT if wait else ''}"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    before, after = (head.encode() + body).split(_NUMBER)
    return before, after


def _headers(token: str) -> str:
    return f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"


def _codes(count: int) -> Iterator[int]:
    return (RAKUTEN[number % len(RAKUTEN)].code for number in range(count))
