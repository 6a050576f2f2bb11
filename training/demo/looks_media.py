"""Looks of printed matter and of games for consoles and computers."""

from training.demo.canvas import Canvas, mix, shade
from training.demo.palette import BLACK, BRIGHT, DEEP, GREY, PAPER, PASTEL, SILVER, WHITE, pick


def old_book(canvas: Canvas) -> None:
    """10: a yellowed open book."""
    tone = mix(PAPER, (200, 160, 90), float(canvas.generator.uniform(0.2, 0.5)))
    canvas.shadow(0.05, 0.2, 0.95, 0.84)
    canvas.rectangle(0.04, 0.2, 0.96, 0.84, pick(DEEP, canvas.generator), 0.02)
    canvas.polygon([(0.07, 0.24), (0.5, 0.18), (0.5, 0.8), (0.07, 0.81)], tone)
    canvas.polygon([(0.93, 0.24), (0.5, 0.18), (0.5, 0.8), (0.93, 0.81)], shade(tone, 0.93))
    for number in range(9):
        y = 0.31 + number * 0.052
        canvas.line([(0.13, y), (0.44, y - 0.03)], 0.009, shade(tone, 0.6))
        canvas.line([(0.56, y - 0.03), (0.87, y)], 0.009, shade(tone, 0.6))


def import_cartridge(canvas: Canvas) -> None:
    """40: a game cartridge with a label in two colours."""
    body = mix(GREY, pick(PASTEL, canvas.generator), 0.4)
    canvas.shadow(0.14, 0.2, 0.86, 0.86)
    canvas.rectangle(0.14, 0.2, 0.86, 0.86, body, 0.04)
    for number in range(6):
        canvas.rectangle(0.17, 0.26 + number * 0.07, 0.24, 0.29 + number * 0.07, shade(body, 0.7))
        canvas.rectangle(0.76, 0.26 + number * 0.07, 0.83, 0.29 + number * 0.07, shade(body, 0.7))
    canvas.rectangle(0.28, 0.27, 0.72, 0.68, pick(BRIGHT, canvas.generator), 0.02)
    canvas.ellipse(0.5, 0.45, 0.11, 0.11, (214, 40, 50))
    canvas.rectangle(0.32, 0.6, 0.68, 0.65, WHITE)
    canvas.rectangle(0.3, 0.8, 0.7, 0.9, (190, 160, 70))


def gamepad(canvas: Canvas) -> None:
    """50: a game controller."""
    body = pick((*BRIGHT, BLACK, BLACK, WHITE), canvas.generator)
    canvas.shadow(0.1, 0.34, 0.9, 0.74)
    canvas.polygon(
        [(0.16, 0.4), (0.84, 0.4), (0.98, 0.8), (0.86, 0.86), (0.68, 0.66), (0.32, 0.66), (0.14, 0.86), (0.02, 0.8)],
        body,
    )
    canvas.rectangle(0.14, 0.32, 0.86, 0.62, body, 0.12)
    dark = shade(body, 0.45)
    canvas.rectangle(0.24, 0.36, 0.29, 0.52, dark)
    canvas.rectangle(0.185, 0.415, 0.345, 0.465, dark)
    for x, y, colour in ((0.74, 0.37, 0), (0.8, 0.44, 1), (0.68, 0.44, 2), (0.74, 0.51, 3)):
        canvas.ellipse(x, y, 0.03, 0.03, BRIGHT[colour])
    for x in (0.38, 0.62):
        canvas.ellipse(x, 0.57, 0.065, 0.065, shade(body, 0.7))
        canvas.ellipse(x, 0.57, 0.04, 0.04, dark)


def console(canvas: Canvas) -> None:
    """60: a flat console with a slot and a light."""
    body = pick((BLACK, BLACK, WHITE, SILVER), canvas.generator)
    canvas.shadow(0.02, 0.4, 0.98, 0.74)
    canvas.polygon([(0.1, 0.3), (0.9, 0.3), (0.99, 0.44), (0.01, 0.44)], shade(body, 1.25))
    canvas.rectangle(0.01, 0.44, 0.99, 0.7, body, 0.02)
    canvas.rectangle(0.08, 0.5, 0.52, 0.53, shade(body, 0.35))
    canvas.ellipse(0.85, 0.57, 0.035, 0.035, (60, 190, 240))
    for number in range(8):
        canvas.line([(0.2 + number * 0.08, 0.33), (0.18 + number * 0.085, 0.41)], 0.012, shade(body, 0.7))
    canvas.rectangle(0.08, 0.6, 0.2, 0.64, shade(body, 0.5))


def game_cases(canvas: Canvas) -> None:
    """2462: several game cases standing side by side, fronts visible."""
    for number in range(4):
        x, y = 0.04 + (number % 2) * 0.48, 0.06 + (number // 2) * 0.47
        frame = pick((BRIGHT[1], BRIGHT[3], BLACK), canvas.generator)
        canvas.shadow(x, y, x + 0.42, y + 0.41)
        canvas.rectangle(x, y, x + 0.42, y + 0.41, frame, 0.015)
        art = pick(DEEP + BRIGHT, canvas.generator)
        canvas.rectangle(x + 0.03, y + 0.08, x + 0.39, y + 0.38, art)
        canvas.polygon([(x + 0.08, y + 0.36), (x + 0.2, y + 0.14), (x + 0.33, y + 0.36)], mix(art, WHITE, 0.5))


def download_card(canvas: Canvas) -> None:
    """2905: a code card in front of a screen's window."""
    glow = pick(BRIGHT, canvas.generator)
    canvas.shadow(0.04, 0.1, 0.96, 0.72)
    canvas.rectangle(0.04, 0.08, 0.96, 0.72, BLACK, 0.03)
    canvas.rectangle(0.08, 0.12, 0.92, 0.68, mix(glow, BLACK, 0.55))
    canvas.rectangle(0.44, 0.72, 0.56, 0.84, GREY)
    canvas.rectangle(0.3, 0.83, 0.7, 0.87, GREY, 0.01)
    canvas.rectangle(0.2, 0.56, 0.8, 0.6, shade(glow, 0.4))
    canvas.rectangle(0.2, 0.56, float(canvas.generator.uniform(0.35, 0.75)), 0.6, WHITE)
    canvas.rectangle(0.46, 0.2, 0.54, 0.36, WHITE)
    canvas.polygon([(0.36, 0.35), (0.64, 0.35), (0.5, 0.5)], WHITE)


def magazine(canvas: Canvas) -> None:
    """2280: a magazine's front page with a masthead, a picture and columns."""
    paper = mix(WHITE, PAPER, float(canvas.generator.uniform(0.0, 0.6)))
    canvas.shadow(0.18, 0.03, 0.84, 0.97)
    canvas.rectangle(0.18, 0.03, 0.84, 0.97, paper)
    canvas.rectangle(0.21, 0.06, 0.81, 0.17, pick((BRIGHT[0], BLACK, BRIGHT[1]), canvas.generator))
    picture = pick(PASTEL, canvas.generator)
    canvas.rectangle(0.21, 0.21, 0.81, 0.5, shade(picture, 0.85))
    canvas.ellipse(0.5, 0.36, 0.07, 0.09, (226, 186, 156))
    canvas.polygon([(0.36, 0.5), (0.42, 0.43), (0.58, 0.43), (0.64, 0.5)], pick(DEEP, canvas.generator))
    for column in range(3):
        for number in range(10):
            y = 0.55 + number * 0.04
            canvas.line([(0.22 + column * 0.205, y), (0.39 + column * 0.205, y)], 0.011, GREY)


def book_set(canvas: Canvas) -> None:
    """2403: a row of volumes of one series, standing."""
    colour, count = pick(DEEP, canvas.generator), int(canvas.generator.integers(6, 10))
    width = 0.92 / count
    canvas.shadow(0.04, 0.14, 0.96, 0.88)
    for number in range(count):
        left = 0.04 + number * width
        tone = shade(colour, float(canvas.generator.uniform(0.85, 1.2)))
        canvas.rectangle(left, 0.12, left + width * 0.93, 0.88, tone, 0.01)
        canvas.rectangle(left, 0.2, left + width * 0.93, 0.23, (212, 178, 90))
        canvas.rectangle(left, 0.74, left + width * 0.93, 0.77, (212, 178, 90))
        canvas.ellipse(left + width * 0.46, 0.48, width * 0.25, width * 0.25, PAPER)


def stationery(canvas: Canvas) -> None:
    """2522: a ruled notebook with a spiral, and a pen across it."""
    canvas.shadow(0.14, 0.08, 0.78, 0.92)
    canvas.rectangle(0.14, 0.08, 0.78, 0.92, WHITE, 0.02)
    for number in range(15):
        canvas.line([(0.22, 0.15 + number * 0.05), (0.76, 0.15 + number * 0.05)], 0.005, (130, 170, 220))
    canvas.line([(0.3, 0.09), (0.3, 0.91)], 0.006, (220, 90, 90))
    for number in range(14):
        canvas.ellipse(0.16, 0.13 + number * 0.057, 0.035, 0.014, GREY)
    pen = pick(BRIGHT, canvas.generator)
    canvas.line([(0.52, 0.78), (0.9, 0.22)], 0.05, pen)
    canvas.polygon([(0.495, 0.765), (0.545, 0.795), (0.49, 0.84)], BLACK)


def new_book(canvas: Canvas) -> None:
    """2705: a new book standing half open, cover and page edges visible."""
    cover = mix(pick(BRIGHT, canvas.generator), WHITE, 0.2)
    canvas.shadow(0.24, 0.06, 0.86, 0.94)
    canvas.polygon([(0.16, 0.12), (0.26, 0.06), (0.26, 0.94), (0.16, 0.88)], shade(cover, 0.65))
    canvas.rectangle(0.26, 0.06, 0.8, 0.94, cover)
    canvas.polygon([(0.8, 0.06), (0.87, 0.1), (0.87, 0.9), (0.8, 0.94)], PAPER)
    canvas.rectangle(0.32, 0.14, 0.74, 0.19, WHITE)
    canvas.rectangle(0.32, 0.22, 0.62, 0.26, WHITE)
    canvas.rectangle(0.26, 0.72, 0.8, 0.82, (206, 40, 44))  # the publisher's paper band
    canvas.rectangle(0.34, 0.755, 0.72, 0.785, WHITE)
