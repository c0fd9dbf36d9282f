"""Backdrops outdoors: streets, shop windows, parks and beaches, in metres.

The eye is about 1.6 m above the ground; y points down.
"""

from __future__ import annotations

from vplugin.synth.canvas import Canvas, Colour, Look, Outline, Pattern, View, grey, tinted
from vplugin.synth.draw import Draw


def _mixed(a: Colour, b: Colour, share: float) -> Colour:
    return (
        a[0] + share * (b[0] - a[0]),
        a[1] + share * (b[1] - a[1]),
        a[2] + share * (b[2] - a[2]),
    )


def _sky(canvas: Canvas, draw: Draw, night: bool) -> Colour:
    """Fills the picture with a sky; returns its colour at the horizon."""
    if night:
        low = tinted(draw.uniform(0.55, 0.75), 0.6, draw.uniform(0.01, 0.06))
        high = tinted(0.63, 0.7, 0.008)
    elif draw.chance(0.45):
        low = grey(draw.uniform(0.5, 1.3), draw.uniform(-0.08, 0.05))
        high = (low[0] * 0.8, low[1] * 0.83, low[2] * 0.88)
    else:
        warm = draw.uniform(0.0, 0.5) * draw.uniform(0.0, 0.5)
        low = (0.75 + warm, 0.82, 1.0 - warm)
        high = tinted(0.58, draw.uniform(0.4, 0.75), draw.uniform(0.5, 1.0))
    look = Look(high, low, Pattern.FADE)
    canvas.rectangle(-0.1, -0.1, canvas.aspect + 0.1, canvas.view.horizon + 0.02, look)
    if not night and draw.chance(0.6):
        cloud = Look(low, grey(1.15), Pattern.CLOUDS, 3.0, 4.0, draw.integer(0, 999), opacity=0.55)
        canvas.rectangle(-0.1, -0.1, canvas.aspect + 0.1, canvas.view.horizon, cloud)
    return low


def _building(draw: Draw, night: bool) -> Look:
    wall = draw.choice(
        (
            grey(draw.uniform(0.15, 0.6), draw.uniform(0.0, 0.15)),
            tinted(draw.uniform(0.0, 0.1), draw.uniform(0.3, 0.6), draw.uniform(0.15, 0.45)),
            tinted(draw.uniform(0.55, 0.65), 0.3, draw.uniform(0.1, 0.4)),
        )
    )
    glass = grey(draw.uniform(0.08, 0.35), -0.15)
    if night:
        wall = (wall[0] * 0.05, wall[1] * 0.05, wall[2] * 0.07)
        glass = (0.75, 0.62, 0.45)
    return Look(wall, glass, Pattern.WINDOWS, 1, 1, draw.integer(0, 9999), 0.12, 30)


def _block(
    canvas: Canvas, draw: Draw, near: float, deep: float, x: float, floor: float, night: bool
) -> None:
    """A house along the street: the face to the street and the face to us."""
    tall = draw.uniform(6.0, 22.0)
    look = _building(draw, night)
    storeys, bays = max(2, int(tall / 3.1)), max(2, int(deep / 2.6))
    top = floor - tall
    thick = 9.0 if x > 0 else -9.0
    ends = Look(look.colour, look.second, look.pattern, 3, storeys, look.seed, 0.1, 20)
    if x > 0:
        canvas.surface((x, top, near), (thick, 0, 0), (0, tall, 0), ends.scaled(0.7))
    else:
        canvas.surface((x + thick, top, near), (-thick, 0, 0), (0, tall, 0), ends.scaled(0.7))
    side = Look(look.colour, look.second, look.pattern, bays, storeys, look.seed, 0.1, 20)
    canvas.surface((x, top, near), (0, 0, deep), (0, tall, 0), side)
    cornice = Look(look.colour).scaled(1.25)
    canvas.surface((x * 0.985, top, near), (0, 0, deep), (0, 0.4, 0), cornice)
    shop = Look(
        tinted(draw.uniform(), draw.uniform(0, 0.7), draw.uniform(0.05, 0.4)), grey(0.06),
        Pattern.GOODS, bays * 3, 1, draw.integer(0, 999),
    )  # fmt: skip
    lit = shop.scaled(2.5 if night else 0.8)
    canvas.surface((x * 0.99, floor - 2.6, near), (0, 0, deep), (0, 2.5, 0), lit)
    sign = Look(
        tinted(draw.uniform(), draw.uniform(0.2, 0.9), draw.uniform(0.1, 0.8)), grey(0.7),
        Pattern.TEXT, 6, 1, draw.integer(0, 999),
    )  # fmt: skip
    canvas.surface(
        (x * 0.97, floor - 3.3, near + 0.1), (0, 0, deep - 0.2), (0, 0.55, 0),
        sign.scaled(1.6 if night else 1.0),
    )  # fmt: skip


def _car(canvas: Canvas, draw: Draw, x: float, floor: float, z: float, night: bool) -> None:
    """A parked or driving car, seen from before or behind."""
    paint = tinted(draw.uniform(), draw.uniform(0, 0.8), draw.uniform(0.02, 0.6))
    dim = 0.1 if night else 1.0
    body = Look(paint, round=0.15).scaled(dim)
    glass = Look(grey(0.07, -0.2)).scaled(dim)
    wide = 1.75
    canvas.ball((x + wide / 2, floor, z), 0.9, Look(grey(0.0), opacity=0.3, feather=0.5))
    canvas.box((x + 0.2, floor - 1.45, z + 1.2), (x + wide - 0.2, floor - 0.85, z + 2.8), body)
    canvas.surface((x + 0.28, floor - 1.4, z + 1.15), (wide - 0.56, 0, 0), (0, 0.48, 0), glass)
    canvas.box((x, floor - 0.95, z), (x + wide, floor - 0.25, z + 4.0), body)
    for side in (x + 0.22, x + wide - 0.22):
        wheel = Look(grey(0.01), round=0.3)
        canvas.bar(
            (side, floor - 0.3, z + 0.02), (side, floor - 0.02, z + 0.02), (0.14, 0.14), wheel
        )
        light = (6.0, 5.5, 4.5) if night or draw.chance(0.2) else (0.7, 0.7, 0.68)
        lamp = Look(light if draw.chance(0.6) else (0.6 / dim, 0.02, 0.02))
        canvas.ball((side, floor - 0.68, z - 0.05), 0.1, lamp)
    canvas.surface((x + 0.5, floor - 0.55, z - 0.03), (0.75, 0, 0), (0, 0.16, 0), Look(grey(0.04)))


def tree(
    canvas: Canvas, draw: Draw, foot: tuple[float, float, float], tall: float, far: Colour
) -> None:
    """A leafy tree; ``far`` is the colour that the air gives to far things."""
    x, y, z = foot
    haze = min(0.5, z / 300.0)
    bark = Look(_mixed(tinted(0.08, 0.4, 0.08), far, haze), round=0.5)
    canvas.bar(
        (x, y, z), (x + draw.normal(0, 0.1), y - 0.6 * tall, z), (0.035 * tall, 0.015 * tall), bark
    )
    hue = draw.uniform(0.18, 0.33) if draw.chance(0.85) else draw.uniform(0.03, 0.12)
    value = draw.uniform(0.07, 0.3)
    for index in range(draw.integer(7, 14)):
        dx, dy = draw.normal(0, 0.17) * tall, draw.uniform(0.42, 0.95) * tall
        size = draw.uniform(0.14, 0.28) * tall
        light = value * (0.45 + 0.8 * (dy / tall) * draw.uniform(0.6, 1.2))
        green = _mixed(tinted(hue, 0.75, light), far, haze)
        dark = _mixed(tinted(hue, 0.8, light * 0.35), far, haze)
        look = Look(
            dark,
            green,
            Pattern.LEAVES,
            5,
            5,
            draw.integer(0, 9999) + index,
            round=0.35,
            wobble=0.55,
        )
        canvas.ball((x + dx, y - dy, z - 0.05 * index), size, look, Outline.BLOB)


def _ground(canvas: Canvas, look: Look, floor: float) -> None:
    canvas.surface((-60, floor, 0.3), (120, 0, 0), (0, 0, 140), look)


def _traffic(
    canvas: Canvas, draw: Draw, half: float, floor: float, low: Colour, night: bool
) -> None:
    """Cars, trees and lamps, the far ones first."""
    dim = 0.12 if night else 1.0
    places = sorted((draw.uniform(5.0, 45.0) for _ in range(draw.integer(2, 8))), reverse=True)
    for z in places:
        side = 1.0 if draw.chance(0.5) else -1.0
        kind = draw.uniform()
        if kind < 0.5:
            _car(canvas, draw, side * draw.uniform(0.8, half * 0.5) - 0.9, floor, z, night)
        elif kind < 0.8:
            tree(
                canvas,
                draw,
                (side * half * 0.75, floor, z),
                draw.uniform(4, 9),
                (low[0] * dim, low[1] * dim, low[2] * dim),
            )
        else:
            x = side * half * 0.65
            canvas.bar(
                (x, floor, z), (x, floor - 5.0, z), (0.07, 0.05), Look(grey(0.06), round=0.5)
            )
            bright = (7.0, 5.0, 2.6) if night else (0.6, 0.6, 0.6)
            canvas.ball((x, floor - 5.1, z), 0.2, Look(bright))


def street(draw: Draw, aspect: float) -> Canvas:
    """A street between houses, by day or night, with cars, trees and signs."""
    slope = draw.uniform(-0.55, 0.55)
    canvas = Canvas(aspect, View.turned(slope, draw.uniform(1.1, 2.4), draw.uniform(0.4, 0.62)))
    night = draw.chance(0.25)
    floor = 1.6
    low = _sky(canvas, draw, night)
    dim = 0.12 if night else 1.0
    asphalt = Look(grey(draw.uniform(0.08, 0.25), 0.02), noise=0.2, grain=60).scaled(dim)
    _ground(canvas, asphalt, floor)
    half = draw.uniform(4.0, 8.0)
    far_house = Look(_mixed(grey(0.3), low, 0.5), grey(0.2), Pattern.WINDOWS, 14, 6, noise=0.1)
    canvas.surface((-22, floor - 16, 95), (44, 0, 0), (0, 16, 0), far_house.scaled(dim))
    for side in (-1.0, 1.0):
        path = Look(grey(draw.uniform(0.25, 0.45), 0.05), grey(0.2), Pattern.TILES, 5, 70).scaled(
            dim
        )
        x = side * half
        canvas.surface((x * 0.6, floor - 0.02, 0.3), (x * 0.4, 0, 0), (0, 0, 95), path)
        z = 88.0
        while z > 0.5:
            deep = min(z - 0.3, draw.uniform(7.0, 16.0))
            _block(canvas, draw, z - deep, deep, x, floor, night)
            z -= deep + (draw.uniform(0, 3) if draw.chance(0.2) else 0.0)
    _traffic(canvas, draw, half, floor, low, night)
    return canvas


def shops(draw: Draw, aspect: float) -> Canvas:
    """A row of shop windows close behind, with goods, signs and reflections."""
    canvas = Canvas(aspect, View.turned(draw.uniform(-0.8, 0.8), draw.uniform(1.1, 2.0), 0.5))
    floor, far = 1.6, draw.uniform(2.5, 6.0)
    bright = draw.uniform(0.3, 1.8)
    path = Look(grey(0.3, 0.04), grey(0.18), Pattern.TILES, 60, 60, noise=0.15, grain=40)
    _ground(canvas, path, floor)
    front = Look(
        tinted(draw.uniform(), draw.uniform(0, 0.6), draw.uniform(0.05, 0.5)), grey(0.3),
        Pattern.BRICKS, 150, 60, draw.integer(0, 999), 0.1,
    )  # fmt: skip
    canvas.surface((-20, floor - 8, far), (40, 0, 0), (0, 8, 0), front)
    x = -9.0
    while x < 9.0:
        wide = draw.uniform(1.4, 3.0)
        goods = Look(
            tinted(draw.uniform(), draw.uniform(0, 0.5), 0.5), grey(draw.uniform(0.1, 0.6), 0.1),
            Pattern.GOODS, wide * draw.uniform(2, 6), draw.integer(2, 5), draw.integer(0, 9999),
        ).scaled(bright)  # fmt: skip
        canvas.surface((x, floor - 2.5, far - 0.04), (wide, 0, 0), (0, 2.2, 0), goods)
        for _ in range(draw.integer(0, 5)):
            lamp = Look(tinted(0.1, draw.uniform(0, 0.5), draw.uniform(2, 9)))
            canvas.ball(
                (x + draw.uniform(0, wide), floor - draw.uniform(2.0, 2.4), far - 0.1), 0.05, lamp
            )
        sign = Look(
            tinted(draw.uniform(), draw.uniform(0.1, 0.9), draw.uniform(0.05, 0.9)), grey(0.85),
            Pattern.TEXT, 4, 1, draw.integer(0, 999),
        )  # fmt: skip
        canvas.surface((x, floor - 3.1, far - 0.1), (wide, 0, 0), (0, 0.45, 0), sign)
        glare = Look(grey(0.8), opacity=draw.uniform(0.0, 0.2), feather=0.2)
        canvas.surface((x + 0.2, floor - 2.5, far - 0.1), (0.5, 0, 0), (0.4, 2.2, 0), glare)
        x += wide + draw.uniform(0.15, 0.8)
    return canvas


def _edge_of_wood(canvas: Canvas, draw: Draw, hue: float, value: float, low: Colour) -> None:
    """Bushes and trees far away."""
    floor = 1.6
    wood = tinted(hue + 0.03, 0.7, value * 0.4)
    for _ in range(12):
        far = Look(
            _mixed(wood, low, 0.12),
            _mixed(tinted(hue, 0.7, value), low, 0.12),
            Pattern.LEAVES,
            4,
            4,
            draw.integer(0, 9999),
        )
        size = draw.uniform(6, 14)
        canvas.ball((draw.uniform(-50, 50), floor - 0.3 * size, 80), size, far, Outline.BLOB)


def park(draw: Draw, aspect: float) -> Canvas:
    """Grass, trees, bushes, a path, sun spots between leaves."""
    canvas = Canvas(
        aspect, View.turned(draw.uniform(-0.3, 0.3), draw.uniform(1.1, 2.6), draw.uniform(0.3, 0.6))
    )
    floor = 1.6
    low = _sky(canvas, draw, night=False)
    hue, value = draw.uniform(0.19, 0.3), draw.uniform(0.1, 0.4)
    grass = Look(
        tinted(hue, 0.75, value), tinted(hue - 0.03, 0.6, value * 1.5), Pattern.LEAVES, 60, 70,
        noise=0.3, grain=40,
    )  # fmt: skip
    _ground(canvas, grass, floor)
    if draw.chance(0.5):
        x, lean = draw.uniform(-4, 4), draw.uniform(-12, 12)
        path = Look(grey(draw.uniform(0.25, 0.5), 0.12), noise=0.15, grain=60)
        canvas.surface((x, floor - 0.01, 0.3), (2.2, 0, 0), (lean, 0, 60), path)
    _edge_of_wood(canvas, draw, hue, value, low)
    places = sorted((draw.uniform(6.0, 45.0) for _ in range(draw.integer(3, 12))), reverse=True)
    for z in places:
        x = draw.uniform(-0.6, 0.6) * z * 1.2
        if draw.chance(0.7):
            tree(canvas, draw, (x, floor, z), draw.uniform(5, 12), low)
        else:
            tree(canvas, draw, (x, floor + 0.4, z), draw.uniform(1.2, 2.5), low)
    if draw.chance(0.35):
        for _ in range(draw.integer(10, 60)):
            spot = Look(tinted(draw.uniform(0.12, 0.3), 0.4, draw.uniform(1.0, 5.0)))
            at = (draw.uniform(-6, 6), floor - draw.uniform(1.5, 7.0), draw.uniform(8, 14))
            canvas.ball(at, draw.uniform(0.03, 0.09), spot)
    return canvas


def beach(draw: Draw, aspect: float) -> Canvas:
    """Sea, sand, perhaps hills and parasols; or a field under the sky."""
    canvas = Canvas(aspect, View.turned(0.0, draw.uniform(1.1, 2.4), draw.uniform(0.3, 0.65)))
    floor = 1.6
    low = _sky(canvas, draw, night=False)
    if draw.chance(0.5):
        for step in range(3):
            hill = Look(
                _mixed(tinted(draw.uniform(0.2, 0.6), 0.4, 0.2), low, 0.6 - 0.2 * step), wobble=0.25
            )
            x, size = draw.uniform(-80, 80), draw.uniform(25, 60)
            canvas.ball((x, floor + 0.72 * size, 135 - step), size, hill, Outline.BLOB)
    sea = Look(
        tinted(draw.uniform(0.48, 0.6), draw.uniform(0.3, 0.7), draw.uniform(0.15, 0.5)),
        _mixed(low, (0.1, 0.3, 0.35), 0.4), Pattern.CLOUDS, 60, 160,
    )  # fmt: skip
    _ground(canvas, sea, floor + 0.2)
    shore = draw.uniform(8, 30)
    sand = Look(
        tinted(0.09, draw.uniform(0.2, 0.45), draw.uniform(0.35, 0.75)), noise=0.15, grain=90
    )
    canvas.surface((-60, floor, 0.3), (120, 0, 0), (0, 0, shore), sand)
    foam = Look(grey(0.9), opacity=0.7, feather=0.3)
    canvas.surface((-60, floor, shore), (120, 0, 0), (0, 0, 0.8), foam)
    for _ in range(draw.integer(0, 5)):
        x, z = draw.uniform(-8, 8), draw.uniform(7, shore)
        cloth = Look(tinted(draw.uniform(), 0.8, 0.6), grey(0.8), Pattern.STRIPES, 5, round=0.3)
        canvas.bar((x, floor, z), (x, floor - 2.0, z), (0.03, 0.03), Look(grey(0.5)))
        canvas.surface((x - 1.2, floor - 2.5, z), (2.4, 0, 0), (0, 1.0, 0), cloth, Outline.ELLIPSE)
    return canvas
