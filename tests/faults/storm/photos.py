"""Photos that are told apart by their answer: their red is a class, and the rest is noise that fills the disk."""

import io
import random
from functools import lru_cache

from PIL import Image

from shared.taxonomy import RAKUTEN

PHOTOS = 400  # so many different ones: some are sent again and again
SIDE = 96
_SHADES = 9  # of red between one class and the next


@lru_cache(PHOTOS)
def photo(number: int) -> bytes:
    """A PNG, which keeps every pixel as it is; another number, another photo."""
    noise = random.Random(number)
    size = SIDE, SIDE
    red = Image.new("L", size, photo_class(number) * _SHADES + _SHADES // 2)
    green, blue = (Image.frombytes("L", size, noise.randbytes(SIDE * SIDE)) for _ in range(2))
    out = io.BytesIO()
    Image.merge("RGB", (red, green, blue)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def photo_class(number: int) -> int:
    """The place among the classes that the predictor must read in this photo."""
    return number % len(RAKUTEN)


def class_of_red(red: float) -> int:
    """The class that a photo of so much red shows."""
    return int(red) // _SHADES
