"""Looks of toys, games, collectibles and things for babies."""

from math import cos, pi, sin

from training.demo.canvas import Canvas, mix, shade
from training.demo.palette import BLACK, BRIGHT, DEEP, GREY, KRAFT, PASTEL, SILVER, WHITE, WOOD, pick

SKIN = (236, 196, 164)


def figurine(canvas: Canvas) -> None:
    """1140: a big-headed figure on a round base."""
    suit, hair = pick(BRIGHT, canvas.generator), pick(DEEP, canvas.generator)
    canvas.ellipse(0.5, 0.91, 0.3, 0.06, BLACK)
    canvas.rectangle(0.39, 0.7, 0.48, 0.9, shade(suit, 0.6))
    canvas.rectangle(0.52, 0.7, 0.61, 0.9, shade(suit, 0.6))
    canvas.polygon([(0.36, 0.5), (0.64, 0.5), (0.62, 0.74), (0.38, 0.74)], suit)
    canvas.line([(0.37, 0.54), (0.24, 0.66)], 0.07, suit)
    canvas.line([(0.63, 0.54), (0.76, 0.44)], 0.07, suit)
    canvas.line([(0.78, 0.5), (0.84, 0.2)], 0.025, SILVER)
    canvas.rectangle(0.3, 0.12, 0.7, 0.5, SKIN, 0.13)
    canvas.polygon([(0.27, 0.3), (0.3, 0.06), (0.5, 0.02), (0.7, 0.06), (0.73, 0.3), (0.6, 0.2), (0.4, 0.2)], hair)
    for x in (0.41, 0.59):
        canvas.ellipse(x, 0.34, 0.035, 0.05, BLACK)


def trading_card(canvas: Canvas) -> None:
    """1160: one upright card with a yellow border, a picture and lines of rules."""
    canvas.shadow(0.22, 0.05, 0.78, 0.95)
    canvas.rectangle(0.22, 0.05, 0.78, 0.95, (240, 206, 70), 0.03)
    element = pick(BRIGHT, canvas.generator)
    canvas.rectangle(0.26, 0.09, 0.74, 0.91, mix(element, WHITE, 0.45))
    canvas.rectangle(0.29, 0.18, 0.71, 0.52, mix(element, BLACK, 0.35))
    points = []
    for step in range(16):
        radius = 0.14 if step % 2 == 0 else 0.07
        points.append((0.5 + radius * cos(step * pi / 8), 0.35 + radius * sin(step * pi / 8)))
    canvas.polygon(points, (250, 230, 120))
    canvas.rectangle(0.29, 0.11, 0.58, 0.15, BLACK)
    for number in range(5):
        canvas.line([(0.3, 0.6 + number * 0.06), (0.7, 0.6 + number * 0.06)], 0.012, shade(element, 0.4))


def miniatures(canvas: Canvas) -> None:
    """1180: ranks of small unpainted soldiers, and two many-sided dice."""
    tone = mix(GREY, pick(DEEP, canvas.generator), 0.25)
    for row in range(2):
        for column in range(4):
            x, y = 0.14 + column * 0.22 + row * 0.05, 0.22 + row * 0.3
            canvas.ellipse(x, y + 0.13, 0.08, 0.03, BLACK)
            cloak = [(x - 0.05, y + 0.13), (x - 0.035, y - 0.04), (x + 0.035, y - 0.04), (x + 0.05, y + 0.13)]
            canvas.polygon(cloak, tone)
            canvas.ellipse(x, y - 0.075, 0.032, 0.038, shade(tone, 1.2))
            canvas.line([(x + 0.06, y + 0.1), (x + 0.07, y - 0.13)], 0.012, shade(tone, 0.6))
    for x, colour in ((0.32, 0), (0.6, 1)):
        die = BRIGHT[(colour + int(canvas.generator.integers(5))) % len(BRIGHT)]
        hexagon = [(x + 0.1 * sin(step * pi / 3), 0.84 + 0.11 * cos(step * pi / 3)) for step in range(6)]
        canvas.polygon(hexagon, die)
        canvas.polygon([hexagon[1], hexagon[3], hexagon[5]], mix(die, WHITE, 0.35))


def teddy(canvas: Canvas) -> None:
    """1280: a plush bear."""
    fur = pick((*WOOD, PASTEL[0], PASTEL[1]), canvas.generator)
    light = mix(fur, WHITE, 0.5)
    canvas.shadow(0.24, 0.3, 0.76, 0.92)
    for x in (0.26, 0.74):
        canvas.ellipse(x, 0.6, 0.1, 0.15, shade(fur, 0.9))
        canvas.ellipse(0.5 + (x - 0.5) * 0.8, 0.88, 0.13, 0.1, shade(fur, 0.9))
        canvas.ellipse(0.5 + (x - 0.5) * 0.8, 0.9, 0.07, 0.055, light)
        canvas.ellipse(0.5 + (x - 0.5) * 0.75, 0.13, 0.09, 0.09, fur)
        canvas.ellipse(0.5 + (x - 0.5) * 0.75, 0.13, 0.05, 0.05, light)
    canvas.ellipse(0.5, 0.68, 0.24, 0.25, fur)
    canvas.ellipse(0.5, 0.7, 0.14, 0.16, light)
    canvas.ellipse(0.5, 0.3, 0.24, 0.22, fur)
    canvas.ellipse(0.5, 0.38, 0.11, 0.09, light)
    canvas.ellipse(0.5, 0.34, 0.04, 0.03, BLACK)
    for x in (0.41, 0.59):
        canvas.ellipse(x, 0.26, 0.025, 0.03, BLACK)


def board_game(canvas: Canvas) -> None:
    """1281: a board of squares with pawns and a die."""
    first, second = pick(PASTEL, canvas.generator), pick(DEEP, canvas.generator)
    canvas.shadow(0.06, 0.06, 0.94, 0.94)
    canvas.rectangle(0.06, 0.06, 0.94, 0.94, shade(second, 0.6))
    for row in range(6):
        for column in range(6):
            x, y = 0.1 + column * 0.1334, 0.1 + row * 0.1334
            canvas.rectangle(x, y, x + 0.128, y + 0.128, first if (row + column) % 2 else second)
    for number in range(4):
        x, y = (float(value) for value in canvas.generator.uniform(0.2, 0.8, 2))
        pawn = BRIGHT[number]
        canvas.polygon([(x - 0.05, y + 0.09), (x + 0.05, y + 0.09), (x, y - 0.05)], shade(pawn, 0.85))
        canvas.ellipse(x, y - 0.05, 0.035, 0.035, pawn)
    canvas.rectangle(0.68, 0.68, 0.8, 0.8, WHITE, 0.02)
    for dot in (0.71, 0.74, 0.77):
        canvas.ellipse(dot, dot, 0.012, 0.012, BLACK)


def drone(canvas: Canvas) -> None:
    """1300: a drone with four rotors."""
    body = pick((GREY, WHITE, BLACK, BRIGHT[4]), canvas.generator)
    canvas.line([(0.16, 0.22), (0.84, 0.78)], 0.035, shade(body, 0.7))
    canvas.line([(0.84, 0.22), (0.16, 0.78)], 0.035, shade(body, 0.7))
    for x in (0.16, 0.84):
        for y in (0.22, 0.78):
            canvas.ellipse(x, y, 0.16, 0.06, SILVER)
            canvas.line([(x - 0.15, y - 0.015), (x + 0.15, y + 0.015)], 0.02, BLACK)
            canvas.ellipse(x, y, 0.03, 0.03, BLACK)
    canvas.shadow(0.36, 0.38, 0.64, 0.62)
    canvas.rectangle(0.34, 0.37, 0.66, 0.63, body, 0.08)
    canvas.ellipse(0.5, 0.58, 0.06, 0.06, BLACK)
    canvas.ellipse(0.5, 0.58, 0.03, 0.03, (70, 110, 160))
    canvas.rectangle(0.42, 0.42, 0.58, 0.45, pick(BRIGHT, canvas.generator))


def baby_socks(canvas: Canvas) -> None:
    """1301: a pair of small striped socks."""
    wool, stripe = pick(PASTEL, canvas.generator), pick(BRIGHT, canvas.generator)
    for x in (0.14, 0.52):
        outline = [
            (x, 0.14),
            (x + 0.24, 0.14),
            (x + 0.24, 0.56),
            (x + 0.36, 0.68),
            (x + 0.34, 0.82),
            (x + 0.2, 0.86),
            (x, 0.66),
        ]
        canvas.polygon([(px + 0.02, py + 0.025) for px, py in outline], (176, 176, 180))
        canvas.polygon(outline, shade(wool, 0.97))
        canvas.rectangle(x, 0.12, x + 0.24, 0.2, stripe, 0.01)
        for number in range(4):
            y = 0.26 + number * 0.08
            canvas.rectangle(x, y, x + 0.24, y + 0.035, mix(stripe, WHITE, 0.35))
        canvas.polygon([(x + 0.28, 0.62), (x + 0.36, 0.68), (x + 0.34, 0.82), (x + 0.24, 0.85)], stripe)


def slide(canvas: Canvas) -> None:
    """1302: a garden slide on grass under the sky."""
    canvas.rectangle(-0.3, -0.3, 1.3, 0.8, (170, 210, 240))
    canvas.rectangle(-0.3, 0.74, 1.3, 1.3, (108, 170, 84))
    chute, ladder = pick(BRIGHT, canvas.generator), pick(BRIGHT, canvas.generator)
    for x in (0.12, 0.28):
        canvas.line([(x, 0.86), (x + 0.08, 0.16)], 0.03, ladder)
    for number in range(5):
        y = 0.3 + number * 0.11
        canvas.line([(0.17 - number * 0.012, y), (0.33 - number * 0.012, y)], 0.024, ladder)
    canvas.polygon([(0.36, 0.24), (0.46, 0.24), (0.94, 0.82), (0.94, 0.9), (0.8, 0.9)], chute)
    canvas.line([(0.42, 0.24), (0.88, 0.84)], 0.02, shade(chute, 0.7))
    canvas.ellipse(0.88, 0.06, 0.09, 0.09, (252, 222, 90))


def baby_bottle(canvas: Canvas) -> None:
    """1320: a feeding bottle and a dummy."""
    cap = pick(PASTEL, canvas.generator)
    canvas.shadow(0.2, 0.26, 0.52, 0.94)
    canvas.rectangle(0.2, 0.32, 0.52, 0.94, (226, 238, 244), 0.06)
    canvas.rectangle(0.21, float(canvas.generator.uniform(0.45, 0.6)), 0.51, 0.93, WHITE, 0.05)
    for number in range(6):
        canvas.line([(0.4, 0.45 + number * 0.075), (0.49, 0.45 + number * 0.075)], 0.01, (90, 140, 190))
    canvas.rectangle(0.18, 0.24, 0.54, 0.34, shade(cap, 0.8), 0.02)
    canvas.polygon([(0.26, 0.24), (0.46, 0.24), (0.4, 0.12), (0.32, 0.12)], (232, 206, 160))
    canvas.ellipse(0.36, 0.1, 0.045, 0.05, (232, 206, 160))
    canvas.ellipse(0.76, 0.74, 0.15, 0.1, shade(cap, 0.8))
    canvas.ellipse(0.76, 0.74, 0.06, 0.06, WHITE)
    canvas.ellipse(0.76, 0.58, 0.06, 0.08, KRAFT)
