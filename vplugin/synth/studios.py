"""Backdrops with nothing far away: paper, gradients, curtains, brick walls, lights out of focus."""

from __future__ import annotations

from vplugin.synth.canvas import Canvas, Look, Outline, Pattern, View, grey, tinted
from vplugin.synth.draw import Draw


def _muted(draw: Draw, low: float = 0.06, high: float = 0.7) -> tuple[float, float, float]:
    """A colour that walls and papers have: mostly greyish, any lightness."""
    lightness = low + (high - low) * draw.uniform() * draw.uniform()
    return tinted(draw.uniform(), draw.uniform(0.0, 0.55) * draw.uniform(), lightness)


def _glow(canvas: Canvas, draw: Draw, strength: float) -> None:
    """A soft spot of light on what is painted, as of a lamp beside the camera."""
    x, y = draw.uniform(0.0, canvas.aspect), draw.uniform(0.1, 0.7)
    size = draw.uniform(0.35, 0.9)
    look = Look(grey(strength), opacity=0.35, feather=size)
    canvas.ellipse((x, y), (size, size), look)


def plain(draw: Draw, aspect: float) -> Canvas:
    """A wall or a paper in one colour, with light falling off to a side."""
    canvas = Canvas(aspect)
    colour = _muted(draw)
    dark = draw.uniform(0.55, 1.0)
    second = (colour[0] * dark, colour[1] * dark, colour[2] * dark)
    look = Look(
        colour, second, Pattern.FADE, noise=draw.uniform(0.0, 0.10), grain=draw.uniform(2, 9),
        seed=draw.integer(0, 9999),
    )  # fmt: skip
    if draw.chance(0.5):
        canvas.rectangle(-0.1, -0.1, aspect + 0.1, 1.1, look)
    else:
        canvas.sheet((-0.1, -0.1), (0.0, 1.2), (aspect + 0.2, 0.0), look)
    return canvas


def studio(draw: Draw, aspect: float) -> Canvas:
    """Photographers' paper or painted cloth: mottled, lighter behind the head."""
    canvas = Canvas(aspect)
    colour = _muted(draw, 0.03, 0.6)
    dark = draw.uniform(0.15, 0.7)
    edge = (colour[0] * dark, colour[1] * dark, colour[2] * dark)
    rough = draw.uniform(0.0, 0.45)
    seed = draw.integer(0, 9999)
    base = Look(edge, noise=rough, grain=draw.uniform(2, 7), seed=seed)
    canvas.rectangle(-0.1, -0.1, aspect + 0.1, 1.1, base)
    x, y = aspect * draw.uniform(0.3, 0.7), draw.uniform(0.25, 0.7)
    reach = draw.uniform(0.35, 0.8)
    light = Look(
        colour, opacity=0.9, feather=reach, noise=rough, grain=draw.uniform(2, 7), seed=seed + 1
    )
    canvas.ellipse((x, y), (reach, reach * 0.9), light)
    return canvas


def gradient(draw: Draw, aspect: float) -> Canvas:
    """Two coloured lights on a wall."""
    canvas = Canvas(aspect)
    base = tinted(draw.uniform(), draw.uniform(0.2, 0.9), draw.uniform(0.03, 0.45))
    other = tinted(draw.uniform(), draw.uniform(0.2, 0.9), draw.uniform(0.03, 0.6))
    slope = draw.uniform(-0.6, 0.6)
    look = Look(base, other, Pattern.FADE)
    canvas.sheet((-0.7, -0.7), (aspect + 1.4, slope), (-slope, 2.4), look)
    _glow(canvas, draw, draw.uniform(0.3, 1.0))
    return canvas


def curtain(draw: Draw, aspect: float) -> Canvas:
    """Hanging cloth in folds."""
    canvas = Canvas(aspect)
    colour = tinted(draw.uniform(), draw.uniform(0.0, 0.8), draw.uniform(0.05, 0.7))
    look = Look(
        colour, pattern=Pattern.FOLDS, across=aspect * draw.uniform(5, 16), noise=0.12, grain=3,
        seed=draw.integer(0, 9999),
    )  # fmt: skip
    canvas.rectangle(-0.05, -0.05, aspect + 0.05, 1.05, look)
    shade = Look(grey(0.0), opacity=draw.uniform(0.0, 0.5), feather=0.5)
    canvas.ellipse((aspect * draw.uniform(), 0.9), (0.5, 0.3), shade)
    return canvas


def brick(draw: Draw, aspect: float) -> Canvas:
    """A wall of bricks, tiles, boards or plaster, seen at an angle."""
    canvas = Canvas(aspect, View.turned(draw.uniform(-0.7, 0.7), draw.uniform(1.2, 2.4)))
    far = draw.uniform(1.2, 4.0)
    pattern = draw.choice(
        (Pattern.BRICKS, Pattern.TILES, Pattern.PLANKS, Pattern.VEINS), (4, 1.5, 2, 1)
    )
    colour = {
        Pattern.BRICKS: tinted(draw.uniform(0.0, 0.09), draw.uniform(0.1, 0.75), 0.4),
        Pattern.TILES: tinted(draw.uniform(0.0, 1.0), draw.uniform(0.0, 0.4), 0.6),
        Pattern.PLANKS: tinted(draw.uniform(0.05, 0.11), draw.uniform(0.3, 0.75), 0.35),
        Pattern.VEINS: grey(0.6, 0.05),
    }[pattern]
    across, down = {
        Pattern.BRICKS: (60.0, 60.0),
        Pattern.TILES: (50.0, 25.0),
        Pattern.PLANKS: (90.0, 3.0),
        Pattern.VEINS: (9.0, 5.0),
    }[pattern]
    gain = draw.uniform(0.35, 1.3)
    look = Look(
        colour, grey(draw.uniform(0.08, 0.45)), pattern, across, down, noise=0.3, grain=25,
        seed=draw.integer(0, 9999),
    ).scaled(gain)  # fmt: skip
    canvas.surface((-7.0, -2.5, far), (14.0, 0.0, 0.0), (0.0, 5.0, 0.0), look)
    if draw.chance(0.4):
        sign = Look(
            tinted(draw.uniform(), 0.7, 0.6), grey(0.02), Pattern.TEXT, 10, 3,
            seed=draw.integer(0, 999),
        )  # fmt: skip
        x = draw.uniform(-1.2, 0.6)
        canvas.surface((x, draw.uniform(-0.9, 0.1), far - 0.02), (0.7, 0, 0), (0, 0.4, 0), sign)
    _glow(canvas, draw, draw.uniform(0.2, 0.9))
    return canvas


def bokeh(draw: Draw, aspect: float) -> Canvas:
    """A dark place full of small lights: a city at night, a fair, a party."""
    canvas = Canvas(aspect)
    base = tinted(draw.uniform(0.5, 1.1), draw.uniform(0.2, 0.7), draw.uniform(0.004, 0.05))
    top = tinted(draw.uniform(0.5, 1.1), draw.uniform(0.2, 0.7), draw.uniform(0.004, 0.08))
    canvas.rectangle(-0.1, -0.1, aspect + 0.1, 1.1, Look(top, base, Pattern.FADE))
    for index in range(draw.integer(3, 9)):
        shade = tinted(draw.uniform(), draw.uniform(0.1, 0.7), draw.uniform(0.0, 0.09))
        look = Look(shade, seed=index, noise=0.5, feather=0.05, opacity=0.8)
        place = (draw.uniform(0.0, aspect), draw.uniform(0.3, 1.0))
        canvas.ellipse(
            place, (draw.uniform(0.04, 0.16), draw.uniform(0.1, 0.5)), look, outline=Outline.BLOB
        )
    hue = draw.uniform()
    for _ in range(draw.integer(15, 90)):
        own = draw.uniform(0.02, 0.14) if draw.chance(0.6) else hue + draw.uniform(-0.1, 0.1)
        bright = 1.0 + 12.0 * draw.uniform() * draw.uniform() * draw.uniform()
        look = Look(tinted(own, draw.uniform(0.2, 0.9), bright))
        size = draw.uniform(0.004, 0.013)
        canvas.ellipse((draw.uniform(0, aspect), draw.uniform(0.02, 0.95)), (size, size), look)
    return canvas
