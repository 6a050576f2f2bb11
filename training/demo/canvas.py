"""A small drawing surface: shapes in unit coordinates, turned and moved as one, over a studio backdrop."""

import io
from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]

SIDE = 256  # of the finished photo, in pixels
_FINE = 2 * SIDE  # drawn at twice the size, so that edges come out smooth
_NOISE = 4.0  # standard deviation of the grain, in grey levels of 255
JPEG_QUALITY = 88


class Canvas:
    """One product photo in the making; (0, 0) is the product's upper left corner and (1, 1) its lower right."""

    def __init__(self, backdrop: Colour, generator: np.random.Generator) -> None:
        self.generator = generator
        self._image = _studio(backdrop, generator)
        self._draw = ImageDraw.Draw(self._image)
        angle = float(generator.normal(0.0, 0.05))
        scale = float(generator.uniform(0.76, 0.88)) * _FINE
        shift = generator.uniform(-0.035, 0.035, 2) * _FINE + _FINE / 2
        self._turn = (scale * cos(angle), scale * sin(angle))
        self._shift = (float(shift[0]), float(shift[1]))

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([self._placed(point) for point in points], fill=fill)

    def rectangle(
        self, left: float, top: float, right: float, bottom: float, fill: Colour, corner: float = 0.0
    ) -> None:
        """A filled rectangle, with rounded corners if `corner` (their radius) is given."""
        if corner <= 0:
            self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], fill)
            return
        centres = [
            (right - corner, bottom - corner),
            (left + corner, bottom - corner),
            (left + corner, top + corner),
            (right - corner, top + corner),
        ]
        points = []
        for quarter, (x, y) in enumerate(centres):
            for step in range(6):
                angle = (quarter + step / 5) * pi / 2
                points.append((x + corner * cos(angle), y + corner * sin(angle)))
        self.polygon(points, fill)

    def ellipse(self, x: float, y: float, width: float, height: float, fill: Colour) -> None:
        """A filled ellipse around (x, y) with these half axes."""
        steps = [2 * pi * step / 40 for step in range(40)]
        self.polygon([(x + width * cos(angle), y + height * sin(angle)) for angle in steps], fill)

    def line(self, points: Sequence[Point], width: float, fill: Colour) -> None:
        """A line of this width through the points."""
        placed = [self._placed(point) for point in points]
        self._draw.line(placed, fill=fill, width=max(1, round(width * _FINE)), joint="curve")

    def shadow(self, left: float, top: float, right: float, bottom: float) -> None:
        """A soft shadow of a thing with these bounds, a little below it and to the right."""
        small = Image.new("L", (64, 64), 0)
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        placed = [self._placed((x + 0.03, y + 0.035)) for x, y in corners]
        ImageDraw.Draw(small).polygon([(x * 64 / _FINE, y * 64 / _FINE) for x, y in placed], fill=110)
        mask = small.filter(ImageFilter.GaussianBlur(2.2)).resize((_FINE, _FINE), Image.Resampling.BILINEAR)
        self._image.paste((20, 20, 30), (0, 0), mask)

    def jpeg(self) -> bytes:
        """The finished photo with its grain: JPEG, SIDE x SIDE pixels."""
        pixels = np.asarray(self._image.reduce(2), dtype=np.int16)
        grain = self.generator.normal(0.0, _NOISE, (SIDE, SIDE, 1)).astype(np.int16)
        noisy: NDArray[np.uint8] = np.clip(pixels + grain, 0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(noisy).save(file, "JPEG", quality=JPEG_QUALITY)
        return file.getvalue()

    def _placed(self, point: Point) -> Point:
        x, y = point[0] - 0.5, point[1] - 0.5
        along, across = self._turn
        return (self._shift[0] + along * x - across * y, self._shift[1] + across * x + along * y)


def shade(colour: Colour, factor: float) -> Colour:
    """The colour made darker (factor < 1) or lighter (> 1)."""
    red, green, blue = (min(255, max(0, round(part * factor))) for part in colour)
    return (red, green, blue)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour in the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return (red, green, blue)


def _studio(backdrop: Colour, generator: np.random.Generator) -> Image.Image:
    """A plain backdrop, lit from one side."""
    light = generator.uniform(0.92, 1.06, (2, 2, 1))
    corners = np.clip(np.array(backdrop) * light, 0, 255).astype(np.uint8)
    return Image.fromarray(corners).resize((_FINE, _FINE), Image.Resampling.BILINEAR)
