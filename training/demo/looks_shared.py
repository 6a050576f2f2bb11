"""Looks that products of quite different categories share: the packaging in which they are sold.

Only the text can tell what is inside. Each look is for categories whose titles are never ambiguous among
one another, so a shared look with an ambiguous title still has one answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, sin

from training.demo.canvas import Canvas, Point, mix, shade
from training.demo.palette import BLACK, BRIGHT, DEEP, GREY, KRAFT, PAPER, PASTEL, SILVER, WHITE, pick


@dataclass(frozen=True, slots=True)
class SharedLook:
    """A drawing, and the categories any of which may look like it."""

    codes: tuple[int, ...]
    draw: Callable[[Canvas], None]


def spines(canvas: Canvas) -> None:
    """A lying stack of thin cases or volumes, seen from the back."""
    count = int(canvas.generator.integers(5, 9))
    canvas.shadow(0.1, 0.12, 0.9, 0.9)
    height = 0.78 / count
    for number in range(count):
        top = 0.12 + number * height
        inset = float(canvas.generator.uniform(0.0, 0.06))
        colour = pick(DEEP + BRIGHT, canvas.generator)
        canvas.rectangle(0.1 + inset, top, 0.9 - inset, top + height * 0.92, colour, 0.01)
        canvas.rectangle(0.22 + inset, top + height * 0.35, 0.6, top + height * 0.58, mix(colour, WHITE, 0.75))


def sealed_cover(canvas: Canvas) -> None:
    """An upright flat thing with a cover picture, still in its foil."""
    colour = pick(BRIGHT + DEEP, canvas.generator)
    canvas.shadow(0.2, 0.06, 0.8, 0.94)
    canvas.rectangle(0.2, 0.06, 0.8, 0.94, colour, 0.015)
    canvas.ellipse(0.5, 0.56, 0.2, 0.2, mix(colour, WHITE, 0.4))
    canvas.polygon([(0.32, 0.76), (0.5, 0.42), (0.68, 0.76)], shade(colour, 0.6))
    canvas.rectangle(0.27, 0.13, 0.73, 0.2, WHITE)
    canvas.polygon([(0.2, 0.3), (0.5, 0.06), (0.6, 0.06), (0.2, 0.4)], mix(colour, WHITE, 0.55))  # the foil's glint


def kraft_parcel(canvas: Canvas) -> None:
    """A worn cover on wrapping paper."""
    colour = pick(DEEP, canvas.generator)
    canvas.rectangle(0.0, 0.0, 1.0, 1.0, KRAFT)
    for step in range(7):
        canvas.line([(0.0, 0.08 + step * 0.14), (1.0, 0.05 + step * 0.14)], 0.003, shade(KRAFT, 0.9))
    canvas.shadow(0.24, 0.14, 0.76, 0.86)
    canvas.rectangle(0.24, 0.14, 0.76, 0.86, mix(colour, GREY, 0.35), 0.01)
    canvas.rectangle(0.3, 0.24, 0.7, 0.36, PAPER)
    canvas.polygon([(0.66, 0.14), (0.76, 0.14), (0.76, 0.26)], PAPER)  # a creased corner


def fan(canvas: Canvas) -> None:
    """Printed sheets or cards spread like a fan."""
    for number in range(5):
        colour, lean = pick(BRIGHT, canvas.generator), (number - 2) * 0.3
        for edge, tone in ((0.0, shade(colour, 0.4)), (0.008, WHITE), (0.03, colour)):
            corners = [
                (-0.15 + edge, 0.06 + edge),
                (0.15 - edge, 0.06 + edge),
                (0.15 - edge, 0.5 - edge),
                (-0.15 + edge, 0.5 - edge),
            ]
            canvas.polygon([_swung(corner, lean) for corner in corners], tone)
        canvas.polygon([_swung(corner, lean) for corner in ((-0.08, 0.3), (0.08, 0.3), (0.0, 0.42))], WHITE)


def _swung(point: Point, angle: float) -> Point:
    """A point this far to the right and this far out, swung around the fan's pivot by an angle in radians."""
    right, out = point[0], point[1] + 0.25
    return (0.5 + right * cos(angle) + out * sin(angle), 0.95 + right * sin(angle) - out * cos(angle))


def hard_case(canvas: Canvas) -> None:
    """A closed black carrying case with a handle and two catches."""
    canvas.shadow(0.06, 0.24, 0.94, 0.86)
    canvas.line([(0.36, 0.27), (0.38, 0.13), (0.62, 0.13), (0.64, 0.27)], 0.03, BLACK)
    tone = shade(BLACK, float(canvas.generator.uniform(0.9, 1.7)))
    canvas.rectangle(0.06, 0.24, 0.94, 0.86, tone, 0.06)
    canvas.rectangle(0.06, 0.5, 0.94, 0.53, shade(tone, 0.5))
    for x in (0.24, 0.68):
        canvas.rectangle(x, 0.45, x + 0.09, 0.6, SILVER, 0.01)
    for x in (0.18, 0.34, 0.5, 0.66, 0.82):
        canvas.line([(x, 0.6), (x, 0.82)], 0.008, shade(tone, 1.5))


def blister(canvas: Canvas) -> None:
    """A hanging card with a clear bubble over something small."""
    card = pick(BRIGHT + PASTEL, canvas.generator)
    canvas.shadow(0.22, 0.05, 0.78, 0.95)
    canvas.rectangle(0.22, 0.05, 0.78, 0.95, card, 0.03)
    canvas.ellipse(0.5, 0.12, 0.06, 0.025, pick(PASTEL, canvas.generator))
    canvas.rectangle(0.28, 0.19, 0.72, 0.3, WHITE, 0.02)
    canvas.rectangle(0.28, 0.38, 0.72, 0.88, mix(SILVER, WHITE, 0.5), 0.08)
    content = pick(DEEP, canvas.generator)
    canvas.rectangle(0.36, 0.5, 0.64, 0.8, content, 0.1)
    canvas.line([(0.33, 0.45), (0.33, 0.8)], 0.012, WHITE)


def pouch(canvas: Canvas) -> None:
    """A standing pouch, gathered at the neck by a cord."""
    colour = pick(DEEP + PASTEL, canvas.generator)
    canvas.shadow(0.2, 0.3, 0.8, 0.92)
    canvas.polygon([(0.3, 0.08), (0.7, 0.08), (0.62, 0.28), (0.38, 0.28)], shade(colour, 0.85))
    canvas.polygon([(0.38, 0.26), (0.62, 0.26), (0.84, 0.6), (0.78, 0.92), (0.22, 0.92), (0.16, 0.6)], colour)
    canvas.rectangle(0.36, 0.25, 0.64, 0.29, KRAFT, 0.015)
    canvas.line([(0.5, 0.29), (0.58, 0.42), (0.55, 0.5)], 0.014, KRAFT)
    for x in (0.34, 0.5, 0.66):
        canvas.line([(0.5 + (x - 0.5) * 0.5, 0.32), (x, 0.85)], 0.008, shade(colour, 0.75))


def bucket(canvas: Canvas) -> None:
    """A lidded plastic bucket with a plain label."""
    colour = pick(BRIGHT, canvas.generator)
    canvas.shadow(0.18, 0.2, 0.82, 0.94)
    canvas.polygon([(0.16, 0.2), (0.84, 0.2), (0.76, 0.94), (0.24, 0.94)], WHITE)
    canvas.rectangle(0.12, 0.1, 0.88, 0.22, colour, 0.03)
    canvas.rectangle(0.24, 0.4, 0.76, 0.72, mix(colour, WHITE, 0.25), 0.02)
    canvas.rectangle(0.3, 0.47, 0.7, 0.53, WHITE)
    canvas.rectangle(0.3, 0.58, 0.58, 0.62, WHITE)
    canvas.line([(0.18, 0.24), (0.3, 0.34), (0.7, 0.34), (0.82, 0.24)], 0.012, GREY)


def folded_stack(canvas: Canvas) -> None:
    """Folded cloths or cushions on top of each other."""
    canvas.shadow(0.1, 0.2, 0.9, 0.88)
    for number in range(4):
        top = 0.2 + number * 0.17
        colour = pick(PASTEL, canvas.generator)
        canvas.rectangle(0.1, top, 0.9, top + 0.16, shade(colour, 0.95), 0.07)
        canvas.line([(0.14, top + 0.08), (0.88, top + 0.08)], 0.006, shade(colour, 0.75))
        canvas.line([(0.2, top + 0.03), (0.84, top + 0.03)], 0.006, WHITE)


def brown_box(canvas: Canvas) -> None:
    """A shipping box of corrugated board with tape."""
    tone = shade(KRAFT, float(canvas.generator.uniform(0.85, 1.12)))
    canvas.shadow(0.1, 0.28, 0.92, 0.9)
    canvas.polygon([(0.1, 0.3), (0.3, 0.12), (0.95, 0.12), (0.75, 0.3)], shade(tone, 1.12))
    canvas.polygon([(0.75, 0.3), (0.95, 0.12), (0.95, 0.7), (0.75, 0.9)], shade(tone, 0.75))
    canvas.rectangle(0.1, 0.3, 0.75, 0.9, tone)
    canvas.polygon([(0.38, 0.3), (0.48, 0.3), (0.66, 0.12), (0.58, 0.12)], shade(tone, 0.86))
    canvas.rectangle(0.38, 0.3, 0.48, 0.52, shade(tone, 0.86))
    canvas.rectangle(0.16, 0.68, 0.34, 0.82, WHITE)


def gift_box(canvas: Canvas) -> None:
    """A gift box with a ribbon and a bow."""
    colour, ribbon = pick(DEEP + BRIGHT, canvas.generator), pick(PASTEL, canvas.generator)
    canvas.shadow(0.14, 0.3, 0.86, 0.92)
    canvas.rectangle(0.14, 0.34, 0.86, 0.92, colour)
    canvas.rectangle(0.1, 0.26, 0.9, 0.42, shade(colour, 1.2), 0.01)
    canvas.rectangle(0.45, 0.26, 0.55, 0.92, ribbon)
    canvas.ellipse(0.4, 0.2, 0.11, 0.065, ribbon)
    canvas.ellipse(0.6, 0.2, 0.11, 0.065, ribbon)
    canvas.ellipse(0.5, 0.22, 0.045, 0.045, shade(ribbon, 0.8))


SHARED_LOOKS: tuple[SharedLook, ...] = (
    SharedLook((2403, 2462), spines),
    SharedLook((2522, 2705, 2905), sealed_cover),
    SharedLook((10, 40), kraft_parcel),
    SharedLook((1160, 2280), fan),
    SharedLook((60, 1300, 2585), hard_case),
    SharedLook((50, 1140, 1301), blister),
    SharedLook((1180, 1940), pouch),
    SharedLook((1280, 2220, 2583), bucket),
    SharedLook((1320, 1920, 2582), folded_stack),
    SharedLook((1302, 1560), brown_box),
    SharedLook((1281, 2060), gift_box),
)
