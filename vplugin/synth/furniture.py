"""Furniture for backdrops: shelves, plants, lamps, sofas, desks, cupboards and what stands on them.

Places are metres in the view of the canvas; y points down, so things stand at +height of the eye.
"""

from __future__ import annotations

from vplugin.synth.canvas import Canvas, Colour, Look, Outline, Pattern, grey, tinted
from vplugin.synth.draw import Draw


def timber(draw: Draw, value: float | None = None) -> Colour:
    """A colour of wood."""
    light = value if value is not None else draw.uniform(0.04, 0.45)
    return tinted(draw.uniform(0.045, 0.10), draw.uniform(0.35, 0.75), light)


def shelf(
    canvas: Canvas, draw: Draw, low: tuple[float, float, float], size: tuple[float, float]
) -> None:
    """A bookcase with its lower left front corner at ``low``, ``size`` wide and tall."""
    (x, y, z), (wide, tall) = low, size
    wood = timber(draw)
    rows = max(1, int(tall / 0.34))
    canvas.box((x, y - tall, z), (x + wide, y, z + 0.3), Look(wood))
    books = Look(
        grey(draw.uniform(0.3, 0.7), 0.1), wood, Pattern.BOOKS, wide * draw.uniform(22, 34), rows,
        draw.integer(0, 9999),
    )  # fmt: skip
    canvas.surface(
        (x + 0.03, y - tall + 0.03, z - 0.01), (wide - 0.06, 0, 0), (0, tall - 0.06, 0), books
    )
    upright = Look(wood).scaled(0.9)
    for part in range(1, max(1, int(wide / 0.8))):
        at = x + part * wide / int(wide / 0.8)
        canvas.surface((at, y - tall, z - 0.02), (0.03, 0, 0), (0, tall, 0), upright)


def plant(canvas: Canvas, draw: Draw, foot: tuple[float, float, float], tall: float) -> None:
    """A pot plant: a pot, stems and leaves."""
    x, y, z = foot
    pot = Look(tinted(draw.uniform(0, 0.12), draw.uniform(0.1, 0.7), 0.3), round=0.5)
    size = 0.16 * tall
    canvas.bar((x, y - 0.1 * tall, z), (x, y - 0.25 * tall, z), (size * 0.8, size), pot)
    green = draw.uniform(0.22, 0.38)
    for _ in range(draw.integer(10, 26)):
        dx, dy = draw.normal(0, 0.22) * tall, draw.uniform(0.4, 1.0) * tall
        dz = draw.normal(0, 0.1) * tall
        leaf = Look(tinted(green, draw.uniform(0.5, 0.85), draw.uniform(0.02, 0.22)), round=0.4)
        tip = (x + dx, y - dy, z + dz)
        root = (x + 0.35 * dx, y - 0.3 * tall - 0.4 * (dy - 0.3 * tall), z)
        canvas.bar(root, tip, (0.05 * tall, 0.008), leaf)


def lamp(canvas: Canvas, draw: Draw, foot: tuple[float, float, float], tall: float) -> None:
    """A lamp on a stem, with its light on the air around it."""
    x, y, z = foot
    canvas.bar((x, y, z), (x, y - tall, z), (0.015, 0.012), Look(grey(0.05), round=0.7))
    bright = draw.uniform(1.2, 4.0)
    shade = Look((bright, bright * 0.72, bright * 0.42), round=0.3)
    canvas.bar((x, y - tall - 0.1, z), (x, y - tall + 0.16, z), (0.12, 0.19), shade)
    glow = Look((1.0, 0.65, 0.35), opacity=0.14, feather=0.7)
    canvas.ball((x, y - tall, z - 0.05), 0.7, glow)


def sofa(canvas: Canvas, draw: Draw, x: float, low: float, z: float) -> None:
    """A sofa with cushions; its lower left front corner."""
    cloth = Look(tinted(draw.uniform(), draw.uniform(0, 0.6), draw.uniform(0.04, 0.4)), noise=0.15)
    canvas.box((x, low - 0.85, z + 0.6), (x + 2.0, low, z + 0.9), cloth)
    canvas.box((x, low - 0.42, z), (x + 2.0, low, z + 0.6), cloth.scaled(0.9))
    for side in (x - 0.2, x + 2.0):
        canvas.box((side, low - 0.62, z), (side + 0.2, low, z + 0.85), cloth.scaled(0.8))
    for _ in range(draw.integer(0, 4)):
        own = Look(tinted(draw.uniform(), draw.uniform(0, 0.8), draw.uniform(0.1, 0.6)), round=0.3)
        at = (x + draw.uniform(0.1, 1.6), low - 0.78, z + 0.5)
        canvas.surface(at, (0.42, 0.05, 0), (-0.03, 0.4, 0), own, Outline.ROUNDED)


def desk(canvas: Canvas, draw: Draw, x: float, floor: float, z: float) -> None:
    """A desk with a screen and a chair; its lower left front corner."""
    top = Look(timber(draw) if draw.chance(0.5) else grey(0.6))
    canvas.box((x, floor - 0.75, z), (x + 1.5, floor - 0.70, z + 0.75), top)
    for leg in (x + 0.05, x + 1.42):
        canvas.bar(
            (leg, floor - 0.7, z), (leg, floor, z), (0.025, 0.025), Look(grey(0.08), round=0.5)
        )
    screen = x + draw.uniform(0.1, 0.8)
    canvas.box(
        (screen, floor - 1.28, z + 0.4), (screen + 0.6, floor - 0.9, z + 0.43), Look(grey(0.02))
    )
    if draw.chance(0.6):
        shine = Look(
            tinted(draw.uniform(0.5, 0.7), 0.3, draw.uniform(0.3, 1.3)), grey(0.1), Pattern.TEXT, 9,
            14, draw.integer(0, 999),
        )  # fmt: skip
        canvas.surface((screen + 0.02, floor - 1.26, z + 0.39), (0.56, 0, 0), (0, 0.34, 0), shine)
    canvas.box(
        (screen + 0.25, floor - 0.9, z + 0.4),
        (screen + 0.35, floor - 0.75, z + 0.42),
        Look(grey(0.05)),
    )
    chair = Look(tinted(draw.uniform(), draw.uniform(0, 0.7), draw.uniform(0.02, 0.2)), round=0.3)
    at = x + draw.uniform(0.3, 0.9)
    canvas.surface((at, floor - 1.05, z - 0.3), (0.5, 0, 0), (0, 0.6, 0), chair, Outline.ROUNDED)


def things(canvas: Canvas, draw: Draw, low: tuple[float, float, float], wide: float) -> None:
    """Vases, boxes, books and bowls in a row on a top; ``low`` is its left end."""
    x, y, z = low
    at = x + 0.05
    while at < x + wide - 0.1:
        size, tall = draw.uniform(0.03, 0.11), draw.uniform(0.06, 0.38)
        look = Look(
            tinted(draw.uniform(), draw.uniform(0, 0.8), draw.uniform(0.02, 0.6)), round=0.6
        )
        kind = draw.uniform()
        if kind < 0.35:
            canvas.bar((at + size, y - size, z), (at + size, y - tall, z), (size, size * 0.5), look)
        elif kind < 0.55:
            canvas.ball((at + size, y - size, z), size, look)
        elif kind < 0.8:
            flat = Look(look.colour, grey(0.5), Pattern.STRIPES, draw.uniform(1, 4))
            canvas.box((at, y - tall, z), (at + 2 * size, y, z + 0.1), flat)
        else:
            frame = Look(grey(draw.choice((0.02, 0.6))))
            canvas.surface((at, y - tall, z), (2 * size, 0, 0), (0, tall, 0), frame)
            art = Look(
                tinted(draw.uniform(), 0.4, 0.4), tinted(draw.uniform(), 0.4, 0.2), Pattern.CLOUDS,
                2, 2, draw.integer(0, 999),
            )  # fmt: skip
            inner = (at + 0.015, y - tall + 0.015, z - 0.01)
            canvas.surface(inner, (2 * size - 0.03, 0, 0), (0, tall - 0.03, 0), art)
        at += 2 * size + draw.uniform(0.02, 0.5)


def cupboard(canvas: Canvas, draw: Draw, x: float, floor: float, z: float) -> None:
    """A sideboard, chest of drawers or wardrobe with things on it."""
    wide = draw.uniform(0.8, 1.8)
    tall = draw.uniform(0.5, 1.1) if draw.chance(0.75) else draw.uniform(1.8, 2.2)
    front = Look(timber(draw) if draw.chance(0.6) else grey(draw.uniform(0.1, 0.7)), noise=0.08)
    canvas.box((x, floor - tall, z), (x + wide, floor - 0.08, z + 0.45), front)
    rows, columns = max(1, int(tall / 0.35)) if tall < 1.5 else 1, max(1, int(wide / 0.5))
    for row in range(rows):
        for column in range(columns):
            left = x + column * wide / columns + 0.015
            top = floor - tall + row * (tall - 0.08) / rows + 0.02
            share = wide / columns - 0.03, (tall - 0.08) / rows - 0.03
            panel = front.scaled(0.93)
            canvas.surface((left, top, z - 0.01), (share[0], 0, 0), (0, share[1], 0), panel)
            knob = (left + 0.5 * share[0], top + 0.3 * share[1], z - 0.03)
            canvas.ball(knob, 0.018, Look(grey(0.3), round=0.8))
    if tall < 1.5:
        things(canvas, draw, (x, floor - tall, z + 0.15), wide)


def television(canvas: Canvas, draw: Draw, x: float, y: float, z: float) -> None:
    """A large screen on the wall, dark or with a coloured picture without figures."""
    wide = draw.uniform(0.9, 1.5)
    tall = 0.57 * wide
    canvas.box((x, y, z - 0.06), (x + wide, y + tall, z), Look(grey(0.008)))
    if draw.chance(0.5):
        picture = Look(
            tinted(draw.uniform(), 0.6, draw.uniform(0.2, 1.0)), tinted(draw.uniform(), 0.5, 0.2),
            Pattern.CLOUDS, 3, 2, draw.integer(0, 999),
        )  # fmt: skip
        at = (x + 0.02, y + 0.02, z - 0.07)
        canvas.surface(at, (wide - 0.04, 0, 0), (0, tall - 0.04, 0), picture)


def table(canvas: Canvas, draw: Draw, x: float, floor: float, z: float) -> None:
    """A table with chairs and what stands on it."""
    wide, deep = draw.uniform(1.0, 1.8), draw.uniform(0.6, 0.9)
    look = Look(timber(draw) if draw.chance(0.7) else grey(0.6))
    leg = Look(look.colour, round=0.4).scaled(0.7)
    chair = Look(timber(draw) if draw.chance(0.6) else tinted(draw.uniform(), 0.4, 0.15))
    for _ in range(draw.integer(0, 3)):
        at = x + draw.uniform(0.0, wide - 0.45)
        _chair(canvas, chair, at, floor, z + deep + 0.1)
    for px in (x + 0.05, x + wide - 0.05):
        for pz in (z + deep - 0.05, z + 0.05):
            canvas.bar((px, floor - 0.7, pz), (px, floor, pz), (0.03, 0.025), leg)
    canvas.box((x, floor - 0.75, z), (x + wide, floor - 0.71, z + deep), look)
    things(canvas, draw, (x, floor - 0.75, z + 0.3), wide)
    for _ in range(draw.integer(0, 3)):
        at = x + draw.uniform(0.0, wide - 0.45)
        _chair(canvas, chair, at, floor, max(0.6, z - 0.4))


def _chair(canvas: Canvas, look: Look, x: float, floor: float, z: float) -> None:
    for px in (x + 0.03, x + 0.42):
        canvas.bar((px, floor - 0.95, z), (px, floor, z), (0.02, 0.02), look)
    for y in (0.92, 0.75, 0.6):
        canvas.surface((x, floor - y, z), (0.45, 0, 0), (0, 0.08, 0), look)
    canvas.box((x, floor - 0.47, z), (x + 0.45, floor - 0.43, z + 0.42), look.scaled(0.9))


def rug(canvas: Canvas, draw: Draw, x: float, floor: float, z: float) -> None:
    """A carpet on the floor."""
    look = Look(
        tinted(draw.uniform(), draw.uniform(0, 0.7), draw.uniform(0.05, 0.5)),
        tinted(draw.uniform(), draw.uniform(0, 0.7), draw.uniform(0.05, 0.5)),
        draw.choice((Pattern.STRIPES, Pattern.CHECKS, Pattern.CLOUDS, Pattern.LEAVES)),
        draw.uniform(3, 12), draw.uniform(3, 12), draw.integer(0, 999), 0.15, 20,
    )  # fmt: skip
    wide, deep = draw.uniform(1.4, 2.6), draw.uniform(0.9, 1.6)
    canvas.surface((x, floor - 0.005, max(0.3, z - deep)), (wide, 0, 0), (0, 0, deep), look)
