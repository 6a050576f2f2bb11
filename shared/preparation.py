"""One preparation of text and photos, the same in training and in serving.

Text: title and description become one cleaned string, which the bundle's tokeniser turns into ids
(`shared/tokenizer.py`). Photo: any accepted image becomes one upright square RGB array. Scaling of pixel
values is inside the model's graph.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from shared.errors import BrokenImage, ImageTooLarge

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # MPO comes in through the JPEG opener
MAX_PIXELS = 50_000_000
CHECK_SIZE = 224  # pixels a side; about what models see, and all that a check needs of a JPEG
_BLOCK_BYTES = 64 * 2**20
_STRIP = 64  # rows that are brought to RGB at a time
MAX_TEXT_CHARACTERS = 4_000  # what the models can use at the very most; bounds the work on hostile input

_TAG = re.compile(r"<[^<>]*>")
_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\ufeff]")


def product_text(designation: str | None, description: str | None) -> str | None:
    """Join title and description into the string that the tokeniser reads.

    HTML entities are decoded and tags become spaces; accents, digits and case stay (the tokeniser
    normalises case). None when nothing readable is left.
    """
    raw = " ".join(part for part in (designation, description) if part)[: 2 * MAX_TEXT_CHARACTERS]
    # Tags first and once more after decoding: `&lt;br&gt;` is as much markup as `<br>`.
    text = _TAG.sub(" ", html.unescape(_TAG.sub(" ", raw)))
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    text = _SPACE.sub(" ", text).strip()[:MAX_TEXT_CHARACTERS]
    return text or None


def return_photo_memory() -> None:
    """Have this process give the memory of large photos back once they are decoded; call it at start.

    Pillow's blocks of 16 MiB are of a size that glibc keeps for later once it has seen one freed: six photos of
    50 megapixels left 375 MiB behind. Blocks above 32 MiB always go back to the system.
    """
    Image.core.set_block_size(_BLOCK_BYTES)  # type: ignore[attr-defined]  # Pillow has no public name for it


def check_photo(source: IO[bytes]) -> None:
    """Raise what `photo_pixels` would, for a third of its memory: the pixels are decoded to the last and dropped."""
    with _readable(), _opened(source, CHECK_SIZE) as image:
        image.getexif()
        image.load()


def peek_photo(source: IO[bytes]) -> None:
    """Raise what `check_photo` would as far as a file's head shows it; nothing is decoded."""
    with _readable(), _opened(source, CHECK_SIZE):
        pass


def photo_pixels(source: IO[bytes] | Path, size: int) -> NDArray[np.uint8]:
    """Decode a photo to RGB pixels, upright, first frame, transparency on white.

    Returns shape (size, size, 3), uint8, 0 to 255; the aspect ratio is not kept.
    Raises BrokenImage when it cannot be decoded to the end, ImageTooLarge beyond MAX_PIXELS.
    """
    with upright_photo(source, size) as image:
        square = flat_rgb(image).resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return np.asarray(square, dtype=np.uint8)


@contextmanager
def upright_photo(source: IO[bytes] | Path, size: int) -> Iterator[Image.Image]:
    """The first frame, decoded and upright, in the file's own mode; a JPEG only as large as `size` pixels a side need.

    Raises, also for what is done with it in the block, BrokenImage and ImageTooLarge.
    """
    with _readable(), _opened(source, size) as image:
        ImageOps.exif_transpose(image, in_place=True)  # a copy of 50 megapixels would take 200 MiB
        yield image


def flat_rgb(image: Image.Image, shrink: int = 1) -> Image.Image:
    """Bring any mode to RGB: 16-bit greys are scaled, transparent pixels show white.

    Each square of `shrink` x `shrink` pixels becomes their mean. Done strip by strip: a whole picture would be
    held several times over on the way.
    """
    flat = Image.new("RGB", (-(-image.width // shrink), -(-image.height // shrink)))
    step = max(1, _STRIP // shrink)
    for top in range(0, flat.height, step):
        end = min((top + step) * shrink, image.height)
        strip = _flat(image.crop((0, top * shrink, image.width, end)))
        flat.paste(strip.reduce(shrink), (0, top))
    return flat


@contextmanager
def _opened(source: IO[bytes] | Path, size: int) -> Iterator[Image.Image]:
    """The image, not yet decoded, for a target of `size` pixels a side. Raises ImageTooLarge."""
    with Image.open(source, formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ImageTooLarge(
                f"The image has {image.width}x{image.height} pixels; at most {MAX_PIXELS} in all are accepted.",
                where="body.image",
            )
        image.draft("RGB", (size, size))  # lets the JPEG decoder skip what a smaller target does not need
        yield image


@contextmanager
def _readable() -> Iterator[None]:
    """Bring whatever a decoder raises in the block to BrokenImage or ImageTooLarge."""
    try:
        yield
    except ImageTooLarge:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(
            f"The image has too many pixels; at most {MAX_PIXELS} are accepted.", where="body.image"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes
        raise BrokenImage(
            "The image cannot be read: it is damaged, incomplete, or not a JPEG, PNG, WebP or GIF.", where="body.image"
        ) from error


def _flat(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion would clip it to white
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return image.convert("RGB")
