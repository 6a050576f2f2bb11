"""Looks of things for the house, the garden, the kitchen and the pet."""

from math import cos, pi, sin

from training.demo.canvas import Canvas, mix, shade
from training.demo.palette import BLACK, BRIGHT, DEEP, GREY, PASTEL, SILVER, WHITE, WOOD, pick


def chest_of_drawers(canvas: Canvas) -> None:
    """1560: a wooden chest with drawers on legs, before a wall."""
    wood = pick(WOOD, canvas.generator)
    canvas.rectangle(-0.3, 0.8, 1.3, 1.3, (190, 170, 150))
    canvas.shadow(0.08, 0.2, 0.92, 0.84)
    for x in (0.13, 0.81):
        canvas.polygon([(x, 0.8), (x + 0.06, 0.8), (x + 0.045, 0.96), (x + 0.015, 0.96)], shade(wood, 0.6))
    canvas.rectangle(0.06, 0.14, 0.94, 0.2, shade(wood, 1.15))
    canvas.rectangle(0.08, 0.2, 0.92, 0.82, wood)
    for number in range(3):
        top = 0.24 + number * 0.19
        canvas.rectangle(0.12, top, 0.88, top + 0.16, shade(wood, 0.85))
        canvas.line([(0.14, top + 0.05), (0.86, top + 0.055)], 0.005, shade(wood, 0.7))
        canvas.rectangle(0.44, top + 0.06, 0.56, top + 0.085, BLACK)


def bed(canvas: Canvas) -> None:
    """1920: a made bed with two pillows and a patterned duvet, seen from above."""
    cloth, pattern = pick(PASTEL, canvas.generator), pick(BRIGHT, canvas.generator)
    canvas.shadow(0.05, 0.05, 0.95, 0.95)
    canvas.rectangle(0.05, 0.05, 0.95, 0.95, WHITE, 0.03)
    for x in (0.11, 0.53):
        canvas.rectangle(x, 0.09, x + 0.36, 0.27, shade(cloth, 0.92), 0.05)
    canvas.rectangle(0.05, 0.33, 0.95, 0.95, cloth, 0.03)
    canvas.rectangle(0.05, 0.33, 0.95, 0.42, mix(pattern, WHITE, 0.4))
    for row in range(5):
        for column in range(8):
            x = 0.11 + column * 0.112 + (row % 2) * 0.05
            canvas.ellipse(min(x, 0.91), 0.48 + row * 0.1, 0.022, 0.022, mix(pattern, WHITE, 0.2))


def jam_jar(canvas: Canvas) -> None:
    """1940: a glass jar with a checked lid and a label."""
    fruit = pick((BRIGHT[0], BRIGHT[4], BRIGHT[2], DEEP[0], DEEP[3]), canvas.generator)
    canvas.shadow(0.24, 0.24, 0.76, 0.94)
    canvas.rectangle(0.24, 0.24, 0.76, 0.94, mix(fruit, WHITE, 0.12), 0.08)
    canvas.rectangle(0.28, 0.3, 0.32, 0.86, mix(fruit, WHITE, 0.5), 0.02)
    lid = pick(BRIGHT, canvas.generator)
    canvas.rectangle(0.22, 0.08, 0.78, 0.26, WHITE, 0.03)
    for row in range(3):
        for column in range(10):
            if (row + column) % 2 == 0:
                x, y = 0.23 + column * 0.054, 0.085 + row * 0.057
                canvas.rectangle(x, y, x + 0.054, y + 0.057, lid)
    canvas.rectangle(0.3, 0.46, 0.7, 0.8, (250, 244, 226), 0.04)
    canvas.line([(0.36, 0.56), (0.64, 0.56)], 0.02, DEEP[5])
    canvas.ellipse(0.5, 0.68, 0.06, 0.06, fruit)


def vase(canvas: Canvas) -> None:
    """2060: a slender vase with dry stems."""
    glaze = pick((*PASTEL, *DEEP), canvas.generator)
    for number in range(7):
        angle = (number - 3) * 0.17 + float(canvas.generator.normal(0, 0.04))
        tip = (0.5 + 0.5 * sin(angle), 0.5 - 0.48 * cos(angle))
        canvas.line([(0.5, 0.5), tip], 0.01, (150, 130, 80))
        canvas.ellipse(tip[0], tip[1], 0.03, 0.045, (206, 176, 120))
    canvas.shadow(0.36, 0.5, 0.64, 0.95)
    canvas.polygon(
        [(0.44, 0.46), (0.56, 0.46), (0.55, 0.56), (0.68, 0.74), (0.6, 0.95), (0.4, 0.95), (0.32, 0.74), (0.45, 0.56)],
        glaze,
    )
    canvas.ellipse(0.5, 0.46, 0.06, 0.015, shade(glaze, 0.6))
    canvas.line([(0.35, 0.74), (0.65, 0.74)], 0.02, mix(glaze, WHITE, 0.5))


def dog_bowl(canvas: Canvas) -> None:
    """2220: a bowl of kibble with a bone on it, and a collar's ring."""
    bowl = pick(BRIGHT, canvas.generator)
    canvas.shadow(0.08, 0.5, 0.92, 0.88)
    canvas.polygon([(0.16, 0.46), (0.84, 0.46), (0.96, 0.88), (0.04, 0.88)], bowl)
    canvas.ellipse(0.5, 0.46, 0.36, 0.12, shade(bowl, 0.6))
    for _ in range(38):
        angle, radius = float(canvas.generator.uniform(0, 2 * pi)), float(canvas.generator.uniform(0, 1)) ** 0.5
        brown = pick(((150, 96, 48), (120, 74, 40), (176, 122, 70)), canvas.generator)
        canvas.ellipse(0.5 + 0.32 * radius * cos(angle), 0.42 + 0.1 * radius * sin(angle), 0.032, 0.026, brown)
    canvas.rectangle(0.38, 0.66, 0.62, 0.73, WHITE)
    for x in (0.37, 0.63):
        for y in (0.655, 0.735):
            canvas.ellipse(x, y, 0.045, 0.045, WHITE)


def garden_set(canvas: Canvas) -> None:
    """2582: a parasol over a table and two chairs on grass."""
    canvas.rectangle(-0.3, -0.3, 1.3, 0.72, (206, 226, 236))
    canvas.rectangle(-0.3, 0.66, 1.3, 1.3, (124, 160, 96))
    cloth, frame = pick(BRIGHT, canvas.generator), pick((GREY, BLACK, WHITE), canvas.generator)
    for part in range(6):
        left, right = 0.08 + part * 0.14, 0.22 + part * 0.14
        canvas.polygon([(0.5, 0.05), (left, 0.3), (right, 0.3)], cloth if part % 2 else WHITE)
    canvas.line([(0.5, 0.06), (0.5, 0.9)], 0.022, shade(frame, 0.8))
    canvas.ellipse(0.5, 0.62, 0.24, 0.05, frame)
    for side in (-1, 1):
        x = 0.5 + side * 0.36
        canvas.line([(x + side * 0.06, 0.44), (x, 0.7), (x - side * 0.12, 0.7)], 0.035, frame)
        canvas.line([(x, 0.7), (x + side * 0.03, 0.92)], 0.02, frame)
        canvas.line([(x - side * 0.11, 0.7), (x - side * 0.13, 0.92)], 0.02, frame)


def pool(canvas: Canvas) -> None:
    """2583: a round pool with rippled water and a ladder."""
    canvas.rectangle(-0.3, -0.3, 1.3, 1.3, pick(((196, 190, 170), (150, 186, 120)), canvas.generator))
    wall = pick((SILVER, GREY, WHITE, BRIGHT[1]), canvas.generator)
    canvas.ellipse(0.5, 0.6, 0.48, 0.3, shade(wall, 0.7))
    canvas.ellipse(0.5, 0.5, 0.48, 0.3, wall)
    canvas.ellipse(0.5, 0.5, 0.43, 0.26, (60, 170, 214))
    for number in range(8):
        x, y = float(canvas.generator.uniform(0.2, 0.68)), 0.32 + number * 0.048
        canvas.line([(x, y), (x + 0.05, y + 0.012), (x + 0.1, y)], 0.01, (180, 226, 242))
    for x in (0.74, 0.84):
        canvas.line([(x, 0.86), (x, 0.3), (x - 0.05, 0.26)], 0.022, WHITE)
    for y in (0.46, 0.58, 0.7):
        canvas.line([(0.74, y), (0.84, y)], 0.02, WHITE)


def drill(canvas: Canvas) -> None:
    """2585: a cordless drill."""
    body = pick((BRIGHT[2], BRIGHT[4], BRIGHT[3], BRIGHT[1]), canvas.generator)
    canvas.shadow(0.1, 0.2, 0.72, 0.44)
    canvas.line([(0.8, 0.3), (0.99, 0.3)], 0.025, SILVER)
    canvas.polygon([(0.68, 0.23), (0.82, 0.27), (0.82, 0.34), (0.68, 0.38)], GREY)
    canvas.rectangle(0.06, 0.16, 0.7, 0.44, body, 0.07)
    canvas.rectangle(0.5, 0.18, 0.6, 0.42, BLACK)
    canvas.polygon([(0.12, 0.42), (0.34, 0.42), (0.28, 0.8), (0.06, 0.8)], BLACK)
    canvas.polygon([(0.34, 0.42), (0.42, 0.42), (0.35, 0.54), (0.32, 0.54)], shade(body, 0.6))
    canvas.rectangle(0.0, 0.76, 0.4, 0.93, body, 0.03)
    canvas.rectangle(0.05, 0.81, 0.35, 0.86, BLACK)
    for number in range(4):
        canvas.rectangle(0.14 + number * 0.07, 0.22, 0.17 + number * 0.07, 0.36, shade(body, 0.6))
