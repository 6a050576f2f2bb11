"""A photo of any accepted kind gives the pixels of its plain RGB, upright, first frame."""

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.errors import BrokenImage, ImageTooLarge, InvalidInput
from shared.preparation import MAX_PIXELS, check_photo, photo_pixels
from tests.support.photos import encoded, oriented, png_of

SIZE = 32
LOSSY = 6.0  # mean difference that a JPEG or WebP of good quality may make, of 255


def drawing(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Four fields of different colours, different from itself in every orientation."""
    picture = Image.new("RGB", size, (250, 240, 230))
    width, height = size
    picture.paste((220, 30, 40), (0, 0, width // 2, height // 2))
    picture.paste((20, 160, 60), (width // 2, 0, width, height // 2))
    picture.paste((30, 60, 200), (0, height // 2, width // 2, height))
    return picture.convert(mode)


def pixels_of(photo: bytes | Image.Image, size: int = SIZE) -> np.ndarray:
    """The prepared pixels of encoded bytes, or of a picture encoded without loss."""
    if isinstance(photo, Image.Image):
        photo = encoded(photo.convert("RGB"), "PNG")
    return photo_pixels(io.BytesIO(photo), size)


def difference(photo: bytes, expected: Image.Image) -> float:
    """The mean difference between the pixels of a photo and those of a picture."""
    return float(np.abs(pixels_of(photo).astype(int) - pixels_of(expected)).mean())


def on_white(picture: Image.Image) -> Image.Image:
    """What is left of a picture whose left half is transparent."""
    shown = picture.convert("RGB")
    shown.paste((255, 255, 255), (0, 0, shown.width // 2, shown.height))
    return shown


def half_transparent(mode: str) -> Image.Image:
    picture = drawing(mode)
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(0, (0, 0, picture.width // 2, picture.height))
    picture.putalpha(alpha)
    return picture


def sixteen_bit_grey() -> bytes:
    eight = np.asarray(drawing("L")).astype(np.uint16)
    return encoded(Image.fromarray(eight * 257), "PNG")


def palette_with_transparency() -> tuple[bytes, Image.Image]:
    """A palette picture of which one colour is transparent, and what it shows on white."""
    picture = drawing().quantize(8)
    first = picture.getpixel((0, 0))
    shown = np.asarray(picture.convert("RGB")).copy()
    shown[np.asarray(picture) == first] = 255
    return encoded(picture, "PNG", transparency=first), Image.fromarray(shown)


def frames(form: str) -> bytes:
    others = [Image.new("RGB", (64, 48), colour) for colour in ("black", "white")]
    return encoded(drawing(), form, save_all=True, append_images=others, lossless=True)  # which a GIF ignores


NOISE = Image.effect_noise((200, 200), 60).convert("RGB")
TRANSPARENT_PALETTE, SHOWN_OF_PALETTE = palette_with_transparency()

EXACT: dict[str, tuple[bytes, Image.Image]] = {
    "png": (encoded(drawing(), "PNG"), drawing()),
    "lossless webp": (encoded(drawing(), "WEBP", lossless=True), drawing()),
    "grey png": (encoded(drawing("L"), "PNG"), drawing("L")),
    "16-bit grey png": (sixteen_bit_grey(), drawing("L")),
    "one bit png": (encoded(drawing("1"), "PNG"), drawing("1")),
    "palette png": (encoded(drawing().quantize(8), "PNG"), drawing().quantize(8)),
    "palette with transparency": (TRANSPARENT_PALETTE, SHOWN_OF_PALETTE),
    "rgba png": (encoded(half_transparent("RGB"), "PNG"), on_white(drawing())),
    "grey with alpha": (encoded(half_transparent("L"), "PNG"), on_white(drawing("L"))),
    "transparent webp": (encoded(half_transparent("RGB"), "WEBP", lossless=True), on_white(drawing())),
    "animated webp": (frames("WEBP"), drawing()),
}
CLOSE: dict[str, tuple[bytes, Image.Image]] = {
    "jpeg": (encoded(drawing(), "JPEG", quality=100, subsampling=0), drawing()),
    "grey jpeg": (encoded(drawing("L"), "JPEG", quality=100, subsampling=0), drawing("L")),
    "progressive jpeg": (encoded(drawing(), "JPEG", quality=100, subsampling=0, progressive=True), drawing()),
    "cmyk jpeg": (encoded(drawing("CMYK"), "JPEG", quality=100, subsampling=0), drawing()),
    # Without colours, which WebP keeps at half the resolution at best.
    "webp": (encoded(drawing("L").convert("RGB"), "WEBP", quality=100), drawing("L")),
    "gif": (encoded(drawing(), "GIF"), drawing()),
    "animated gif": (frames("GIF"), drawing()),
    "mpo": (
        encoded(drawing(), "MPO", quality=100, subsampling=0, save_all=True, append_images=[NOISE]),
        drawing(),
    ),
}

# How an upright picture lies in a file of this EXIF orientation.
STORED: dict[int, Image.Transpose | None] = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize(("photo", "shown"), EXACT.values(), ids=EXACT)
def test_a_photo_kept_without_loss_gives_the_same_pixels(photo: bytes, shown: Image.Image) -> None:
    np.testing.assert_array_equal(pixels_of(photo), pixels_of(shown))


@pytest.mark.parametrize(("photo", "shown"), CLOSE.values(), ids=CLOSE)
def test_a_photo_kept_with_loss_gives_nearly_the_same_pixels(photo: bytes, shown: Image.Image) -> None:
    assert difference(photo, shown) < LOSSY


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_photo_is_turned_upright(form: str, orientation: int) -> None:
    method = STORED[orientation]
    stored = drawing() if method is None else drawing().transpose(method)
    exif = Image.Exif()
    exif[0x0112] = orientation

    assert difference(encoded(stored, form, exif=exif, quality=95), drawing()) < LOSSY


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_comparison_would_notice_a_photo_that_is_not_upright(orientation: int) -> None:
    method = STORED[orientation]
    assert method is not None

    assert difference(encoded(drawing().transpose(method), "PNG"), drawing()) > 5 * LOSSY


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_means_nothing_is_ignored(orientation: int) -> None:
    assert pixels_of(oriented(orientation)).shape == (SIZE, SIZE, 3)


def test_damaged_exif_data_do_not_make_a_broken_photo() -> None:
    photo = encoded(drawing(), "JPEG", quality=100, subsampling=0, exif=b"Exif\x00\x00no tiff at all")

    assert difference(photo, drawing()) < LOSSY


@pytest.mark.parametrize("size", [(1, 1), (1, 50_000), (50_000, 1), (3, 2000)], ids=str)
def test_a_photo_of_any_shape_fills_the_square(size: tuple[int, int]) -> None:
    pixels = pixels_of(encoded(Image.new("RGB", size, (200, 100, 50)), "PNG"), 224)

    assert pixels.dtype == np.uint8
    assert pixels.shape == (224, 224, 3)
    assert (pixels == (200, 100, 50)).all()


def test_a_photo_is_read_from_a_path_as_well(tmp_path: Path) -> None:
    drawing().save(tmp_path / "photo.png")

    np.testing.assert_array_equal(photo_pixels(tmp_path / "photo.png", SIZE), pixels_of(drawing()))


def test_a_large_jpeg_decoded_at_reduced_scale_looks_the_same() -> None:
    assert difference(encoded(drawing(size=(1600, 1200)), "JPEG", quality=95), drawing(size=(1600, 1200))) < LOSSY


BROKEN = {
    "truncated jpeg": encoded(NOISE, "JPEG")[:-2000],
    "truncated progressive jpeg": encoded(NOISE, "JPEG", progressive=True)[:-6000],
    "truncated png": encoded(NOISE, "PNG")[:-2000],
    "truncated webp": encoded(NOISE, "WEBP")[:-500],
    "truncated gif": encoded(NOISE, "GIF")[:-2000],
    "png with a damaged checksum": encoded(NOISE, "PNG").replace(b"IDAT", b"IDAT\x00", 1),
    "header only": encoded(NOISE, "PNG")[:33],
    "zero bytes": b"",
    "one byte": b"\xff",
    "text": b"This is no photo." * 100,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "tiff": encoded(NOISE, "TIFF"),
    "bmp": encoded(NOISE, "BMP"),
    "ico": encoded(NOISE, "ICO"),
    "pdf": encoded(NOISE, "PDF"),
    "eps": encoded(NOISE, "EPS"),
}
READERS: list[Callable[[io.BytesIO], object]] = [check_photo, lambda photo: photo_pixels(photo, SIZE)]


@pytest.mark.parametrize("read", READERS, ids=["check", "decode"])
@pytest.mark.parametrize("photo", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_to_the_end_is_broken(photo: bytes, read: Callable[[io.BytesIO], object]) -> None:
    with pytest.raises(BrokenImage) as caught:
        read(io.BytesIO(photo))

    assert (caught.value.code, caught.value.where) == ("BROKEN_IMAGE", "body.image")


@pytest.mark.parametrize("read", READERS, ids=["check", "decode"])
@pytest.mark.parametrize("side", [7_072, 13_000, 40_000])
def test_too_many_pixels_are_refused_before_they_are_decoded(side: int, read: Callable[[io.BytesIO], object]) -> None:
    header = png_of(1, 1)
    forged = header[:16] + side.to_bytes(4, "big") * 2 + header[24:]
    forged = forged[:29] + _checksum(forged[12:29]) + forged[33:]
    assert side * side > MAX_PIXELS

    with pytest.raises(ImageTooLarge) as caught:
        read(io.BytesIO(forged))

    assert (caught.value.code, caught.value.where) == ("IMAGE_TOO_LARGE", "body.image")


@pytest.mark.parametrize("photo", [photo for photo, _ in (EXACT | CLOSE).values()], ids=[*EXACT, *CLOSE])
def test_a_check_passes_what_can_be_decoded(photo: bytes) -> None:
    check_photo(io.BytesIO(photo))


def test_both_refusals_are_the_callers_fault() -> None:
    assert issubclass(BrokenImage, InvalidInput)
    assert issubclass(ImageTooLarge, InvalidInput)


def _checksum(chunk: bytes) -> bytes:
    return zlib.crc32(chunk).to_bytes(4, "big")
