"""Photos for tests: good ones of every kind that sellers upload, and bad ones."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

ORIENTATION = 0x0112


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def plain(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    return Image.new(mode, size)


def jpeg() -> bytes:
    return encoded(plain(), "JPEG")


def oriented(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encoded(plain(), "JPEG", exif=exif)


def palette_with_transparency() -> bytes:
    return encoded(plain().convert("P"), "PNG", transparency=0)


def animated(form: str) -> bytes:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    return encoded(frames[0], form, save_all=True, append_images=frames[1:])


def multi_picture() -> bytes:
    """An MPO: two JPEGs in one file, as stereo cameras and some telephones write them."""
    return encoded(plain(), "MPO", save_all=True, append_images=[plain()])


def png_of(width: int, height: int) -> bytes:
    """A grey PNG of any size, made without holding its pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    deflate = zlib.compressobj(9)
    line = bytes(1 + width)
    pixels = b"".join(deflate.compress(line) for _ in range(height)) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


GOOD = {
    "jpeg": jpeg(),
    "cmyk": encoded(plain("CMYK"), "JPEG"),
    "grey jpeg": encoded(plain("L"), "JPEG"),
    "progressive": encoded(plain(), "JPEG", progressive=True),
    "palette with transparency": palette_with_transparency(),
    "16-bit grey": encoded(plain("I;16"), "PNG"),
    "grey with alpha": encoded(plain("LA"), "PNG"),
    "rgba": encoded(plain("RGBA"), "PNG"),
    "one bit": encoded(plain("1"), "PNG"),
    "webp": encoded(plain(), "WEBP"),
    "animated gif": animated("GIF"),
    "animated webp": animated("WEBP"),
    "mpo": multi_picture(),
    "1x1": encoded(plain(size=(1, 1)), "PNG"),
    "1x50000": encoded(plain("L", (1, 50_000)), "PNG"),
    **{f"orientation {number}": oriented(number) for number in range(1, 9)},
}

BROKEN = {
    "truncated jpeg": encoded(Image.effect_noise((200, 200), 50), "JPEG")[:-2000],
    "zero bytes": b"",
    "text": b"this is no photo",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "tiff": encoded(plain(), "TIFF"),
    "bmp": encoded(plain(), "BMP"),
    "png header only": png_of(4, 4)[:40],
}
