"""What people see of a photo: a JPEG of our own making, never the bytes that were sent."""

import io

import numpy as np
import pytest
from PIL import Image

from shared.errors import BrokenImage, ImageTooLarge
from shared.images import keep_image
from shared.store import ObjectStore
from shared.thumbnails import LONGEST_SIDE, photo_as_jpeg, stored_photo_as_jpeg
from tests.support.photos import BROKEN, GOOD, encoded, png_of

RED, BLUE, WHITE = (200, 30, 40), (30, 60, 200), (255, 255, 255)
CLOSE = 12  # of 255, for a JPEG


def shown(photo: bytes, longest: int = LONGEST_SIDE) -> Image.Image:
    picture = Image.open(io.BytesIO(photo_as_jpeg(io.BytesIO(photo), longest)))
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    return picture


def halves(left: tuple[int, ...], right: tuple[int, ...], size: tuple[int, int] = (64, 48)) -> Image.Image:
    picture = Image.new("RGB" if len(left) == 3 else "RGBA", size, left)
    picture.paste(right, (size[0] // 2, 0, *size))
    return picture


def is_close(picture: Image.Image, place: tuple[float, float], colour: tuple[int, ...]) -> bool:
    pixel = picture.getpixel((int(place[0] * picture.width), int(place[1] * picture.height)))
    assert isinstance(pixel, tuple)
    return bool(np.abs(np.subtract(pixel, colour)).max() < CLOSE)


@pytest.mark.parametrize("photo", GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("longest", [16, LONGEST_SIDE])
def test_every_accepted_photo_can_be_shown(photo: bytes, longest: int) -> None:
    assert max(shown(photo, longest).size) <= longest


@pytest.mark.parametrize("photo", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_broken(photo: bytes) -> None:
    with pytest.raises(BrokenImage):
        photo_as_jpeg(io.BytesIO(photo), 96)


def test_too_many_pixels_are_refused() -> None:
    with pytest.raises(ImageTooLarge):
        photo_as_jpeg(io.BytesIO(png_of(7_072, 7_072)), 96)


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [
        ((64, 48), 96, (64, 48)),
        ((64, 48), 32, (32, 24)),
        ((48, 64), 32, (24, 32)),
        ((1000, 500), 96, (96, 48)),
        ((999, 333), 96, (96, 32)),
        ((1, 50_000), 96, (1, 96)),
        ((50_000, 1), LONGEST_SIDE, (LONGEST_SIDE, 1)),
        ((5_000, 2_500), LONGEST_SIDE, (4096, 2048)),
        ((1, 1), 16, (1, 1)),
    ],
)
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_the_longer_side_fits_and_the_shape_stays(
    form: str, size: tuple[int, int], longest: int, expected: tuple[int, int]
) -> None:
    assert shown(encoded(Image.new("RGB", size), form), longest).size == expected


@pytest.mark.parametrize("longest", [16, 32, 200])
def test_colours_are_where_they_were(longest: int) -> None:
    for form in ("PNG", "JPEG"):
        picture = shown(encoded(halves(RED, BLUE, (400, 300)), form), longest)
        assert is_close(picture, (0.2, 0.5), RED)
        assert is_close(picture, (0.8, 0.5), BLUE)


@pytest.mark.parametrize("longest", [16, 2000])
def test_a_photo_is_upright(longest: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: its left is the top
    picture = shown(encoded(halves(RED, BLUE, (400, 300)), "JPEG", exif=exif), longest)

    assert picture.height > picture.width
    assert is_close(picture, (0.5, 0.2), RED)
    assert is_close(picture, (0.5, 0.8), BLUE)


@pytest.mark.parametrize("longest", [16, 2000])
def test_transparency_is_white(longest: int) -> None:
    picture = shown(encoded(halves((*BLUE, 0), (*BLUE, 255), (400, 300)), "PNG"), longest)

    assert is_close(picture, (0.2, 0.5), WHITE)
    assert is_close(picture, (0.8, 0.5), BLUE)


def test_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in (RED, BLUE)]
    picture = shown(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]))

    assert is_close(picture, (0.5, 0.5), RED)


def test_nothing_but_pixels_is_handed_on() -> None:
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    photo = encoded(halves(RED, BLUE), "JPEG", exif=exif, comment=b"<script>alert(2)</script>")
    photo += b"<script>alert(3)</script>PK\x03\x04"

    assert b"script" in photo
    assert b"script" not in photo_as_jpeg(io.BytesIO(photo), LONGEST_SIDE)


def test_a_stored_photo_is_read_from_the_store(store: ObjectStore) -> None:
    sha256, _ = keep_image(store, io.BytesIO(encoded(halves(RED, BLUE), "PNG")))

    assert Image.open(io.BytesIO(stored_photo_as_jpeg(store, sha256, 32))).size == (32, 24)


def test_a_photo_that_the_store_does_not_have_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(FileNotFoundError):
        stored_photo_as_jpeg(store, "0" * 64, 32)
