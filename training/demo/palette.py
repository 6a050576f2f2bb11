"""Colours of the demo photos."""

import numpy as np

from training.demo.canvas import Colour

BACKDROPS: tuple[Colour, ...] = ((240, 240, 238), (230, 232, 234), (236, 232, 226))
BRIGHT: tuple[Colour, ...] = (
    (214, 52, 56),
    (32, 108, 190),
    (244, 190, 40),
    (46, 158, 86),
    (236, 118, 40),
    (126, 70, 168),
    (24, 160, 178),
)
DEEP: tuple[Colour, ...] = (
    (112, 30, 44),
    (24, 44, 92),
    (20, 76, 68),
    (82, 44, 96),
    (120, 70, 24),
    (44, 48, 56),
    (146, 40, 78),
)
PASTEL: tuple[Colour, ...] = (
    (246, 204, 212),
    (196, 220, 242),
    (206, 234, 208),
    (250, 232, 190),
    (222, 208, 240),
    (240, 240, 232),
)
WOOD: tuple[Colour, ...] = ((176, 124, 74), (146, 96, 56), (204, 160, 108), (118, 76, 46))
PAPER: Colour = (244, 236, 216)
KRAFT: Colour = (190, 150, 104)
BLACK: Colour = (34, 34, 38)
GREY: Colour = (128, 132, 138)
SILVER: Colour = (194, 198, 204)
WHITE: Colour = (250, 250, 250)


def pick(colours: tuple[Colour, ...], generator: np.random.Generator) -> Colour:
    """One of the colours, a little varied."""
    chosen = np.array(colours[int(generator.integers(len(colours)))]) + generator.integers(-10, 11, 3)
    red, green, blue = (int(part) for part in np.clip(chosen, 0, 255))
    return (red, green, blue)
