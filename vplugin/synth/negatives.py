"""Things that detectors take for faces although they are none, each on a transparent ground.

Skin, hands, ears, backs of heads, animals, clocks, sockets, cars, balls: pasted into backgrounds of
training pictures. Nothing here shows a person's face, drawn or sculpted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth import animals
from vplugin.synth.canvas import Canvas, Colour, Look, Outline, Pattern, View, grey, tinted
from vplugin.synth.defocus import defocused
from vplugin.synth.draw import Draw


class Negative(NamedTuple):
    """A picture of a thing that is no face.

    Attributes:
        rgb: (S, S, 3) float32, linear; where alpha is 0 it is 0.
        alpha: (S, S) float32, 0 to 1.
        kind: What it is.
    """

    rgb: npt.NDArray[np.float32]
    alpha: npt.NDArray[np.float32]
    kind: str


def _skin(draw: Draw) -> Colour:
    dark = draw.uniform()
    light = (0.66 - 0.58 * dark, 0.43 - 0.39 * dark, 0.33 - 0.305 * dark)
    red = draw.uniform(0.92, 1.1)
    return (min(0.9, light[0] * red), light[1], light[2] * draw.uniform(0.85, 1.1))


def _flesh(draw: Draw, round_: float = 0.75) -> Look:
    return Look(
        _skin(draw), noise=draw.uniform(0.05, 0.2), grain=draw.uniform(4, 14),
        seed=draw.integer(0, 9999), round=round_, wobble=draw.uniform(0.15, 0.5),
    )  # fmt: skip


def _crease(canvas: Canvas, draw: Draw, strength: float) -> None:
    a = (draw.uniform(0.25, 0.75), draw.uniform(0.25, 0.75))
    b = (a[0] + draw.normal(0, 0.15), a[1] + draw.normal(0, 0.15))
    dark = Look((0.08, 0.02, 0.01), opacity=strength, feather=0.02)
    canvas.line(a, b, (draw.uniform(0.006, 0.02), 0.003), dark)


def _blob(canvas: Canvas, draw: Draw) -> None:
    """Skin without a face: a shoulder, a knee, a belly."""
    radii = (draw.uniform(0.25, 0.48), draw.uniform(0.25, 0.48))
    shape = Outline.BLOB if draw.chance(0.6) else Outline.ELLIPSE
    look = _flesh(draw)
    canvas.ellipse((0.5, 0.5), radii, look, outline=shape)
    for _ in range(draw.integer(0, 4)):
        _crease(canvas, draw, draw.uniform(0.1, 0.6))
    if draw.chance(0.3):
        canvas.ellipse((0.5 + draw.normal(0, 0.1), 0.55), (0.025, 0.035), Look((0.09, 0.03, 0.02)))


def _limb(canvas: Canvas, draw: Draw) -> None:
    """A bent arm or a leg, perhaps with a sleeve."""
    look = _flesh(draw)
    bend = (draw.uniform(0.2, 0.8), draw.uniform(0.3, 0.7))
    size = draw.uniform(0.09, 0.2)
    for end in ((draw.uniform(0.0, 1.0), -0.05), (draw.uniform(0.0, 1.0), 1.05)):
        canvas.line(bend, end, (size, size * draw.uniform(0.7, 1.2)), look)
    _crease(canvas, draw, 0.3)
    if draw.chance(0.5):
        cloth = Look(
            tinted(draw.uniform(), draw.uniform(0, 0.7), draw.uniform(0.05, 0.5)),
            pattern=Pattern.FOLDS, across=3, seed=draw.integer(0, 99), round=0.5,
        )  # fmt: skip
        canvas.line((bend[0], 0.05), (bend[0], -0.05), (size * 1.5, size * 1.6), cloth)


def _hand(canvas: Canvas, draw: Draw) -> None:
    """A hand with fingers together, apart or closed."""
    look = _flesh(draw)
    spread, closed = draw.uniform(0.0, 0.35), draw.chance(0.35)
    canvas.line((0.5, 0.75), (0.5 + draw.normal(0, 0.1), 1.1), (0.13, 0.16), look)
    dark = Look((0.1, 0.03, 0.02), opacity=0.5, feather=0.01)
    canvas.ellipse((0.5, 0.62), (0.19, 0.2), look, outline=Outline.ROUNDED)
    for k in range(4):
        x = 0.36 + 0.093 * k
        lean = (k - 1.5) * spread * 0.35
        length = (0.30, 0.36, 0.34, 0.26)[k] * (0.42 if closed else 1.0)
        root, tip = (x, 0.52), (x + lean * length * 2, 0.5 - length)
        canvas.line(root, tip, (0.047, 0.038), look)
        if not closed:
            nail = Look((0.6, 0.35, 0.28), round=0.4)
            canvas.ellipse((tip[0], tip[1] + 0.0), (0.018, 0.022), nail)
            for share in (0.36, 0.68):
                at = (root[0] + share * (tip[0] - root[0]), root[1] + share * (tip[1] - root[1]))
                canvas.line((at[0] - 0.02, at[1]), (at[0] + 0.02, at[1]), (0.003, 0.003), dark)
        if k < 3:
            canvas.line((x + 0.046, 0.52), (x + 0.046, 0.44), (0.004, 0.003), dark)
    side = draw.uniform(0.0, 0.15)
    canvas.line((0.36, 0.68), (0.2 - side, 0.48), (0.06, 0.042), look)


def _ear(canvas: Canvas, draw: Draw) -> None:
    """An ear alone."""
    look = _flesh(draw, 0.5)
    canvas.ellipse((0.5, 0.45), (0.26, 0.4), look)
    canvas.ellipse((0.47, 0.8), (0.13, 0.14), look)
    inside = look.scaled(0.62)
    canvas.ellipse((0.52, 0.42), (0.19, 0.31), inside)
    canvas.ellipse((0.47, 0.46), (0.16, 0.26), look)
    canvas.ellipse((0.44, 0.52), (0.09, 0.13), look.scaled(0.4))
    if draw.chance(0.5):
        hair = Look(tinted(0.07, 0.5, draw.uniform(0.01, 0.3)), noise=0.5, grain=30, wobble=0.4)
        canvas.ellipse((0.65, 0.1), (0.5, 0.2), hair, outline=Outline.BLOB)


def _back_of_head(canvas: Canvas, draw: Draw) -> None:
    """Somebody seen from behind: hair, ears, a neck."""
    skin = _flesh(draw, 0.5)
    colour = tinted(draw.uniform(0.04, 0.1), draw.uniform(0.1, 0.7), draw.uniform(0.008, 0.4))
    hair = Look(
        colour, noise=0.55, grain=draw.uniform(8, 26), seed=draw.integer(0, 999), round=0.75,
        wobble=0.1,
    )  # fmt: skip
    cloth = Look(tinted(draw.uniform(), draw.uniform(0, 0.7), draw.uniform(0.02, 0.5)), round=0.4)
    canvas.line((0.5, 0.6), (0.5, 0.95), (0.15, 0.17), skin)
    canvas.ellipse((0.5, 1.08), (0.48, 0.24), cloth)
    if draw.chance(0.7):
        for side in (-1.0, 1.0):
            canvas.ellipse((0.5 + side * 0.26, 0.45), (0.045, 0.085), skin)
    canvas.ellipse((0.5, 0.38), (0.26, 0.32), hair, outline=Outline.BLOB)
    if draw.chance(0.5):
        canvas.line((0.5, 0.4), (0.5, draw.uniform(0.6, 0.95)), (0.25, 0.22), hair)


def _clock(canvas: Canvas, draw: Draw) -> None:
    """A round clock with hands."""
    rim = Look(
        tinted(draw.uniform(0, 0.15), draw.uniform(0, 0.7), draw.uniform(0.02, 0.5)), round=0.6
    )
    face = Look(grey(draw.uniform(0.5, 0.85), draw.uniform(0, 0.1)))
    canvas.ellipse((0.5, 0.5), (0.46, 0.46), rim)
    canvas.ellipse((0.5, 0.5), (0.41, 0.41), face)
    ink = Look(grey(0.015))
    c, s = 1.0, 0.0
    for k in range(12):
        # 30 degrees further, without the C library's sine.
        c, s = c * 0.8660254037844387 - s * 0.5, c * 0.5 + s * 0.8660254037844387
        long = 0.33 if k % 3 == 2 else 0.36
        canvas.line(
            (0.5 + 0.39 * c, 0.5 + 0.39 * s), (0.5 + long * c, 0.5 + long * s), (0.008, 0.008), ink
        )
    for reach, wide in ((0.2, 0.016), (0.32, 0.01)):
        x, y = draw.uniform(-1, 1), draw.uniform(-1, 1)
        scale = reach / max(0.2, abs(x) + abs(y))
        canvas.line((0.5, 0.5), (0.5 + x * scale, 0.5 + y * scale), (wide, wide * 0.6), ink)
    canvas.ellipse((0.5, 0.5), (0.02, 0.02), ink)


def _socket(canvas: Canvas, draw: Draw) -> None:
    """A mains socket or a switch: two holes and a slit."""
    plate = Look(grey(draw.uniform(0.45, 0.85), draw.uniform(0, 0.08)))
    canvas.sheet((0.12, 0.1), (0.76, 0), (0, 0.8), plate, Outline.ROUNDED)
    dark = Look(grey(0.01))
    if draw.chance(0.5):
        canvas.ellipse((0.5, 0.5), (0.27, 0.27), plate.scaled(0.75))
        for x in (0.4, 0.6):
            canvas.ellipse((x, 0.5), (0.035, 0.035), dark)
    else:
        for x in (0.37, 0.63):
            canvas.rectangle(x - 0.02, 0.32, x + 0.02, 0.48, dark)
        if draw.chance(0.7):
            canvas.ellipse((0.5, 0.65), (0.06, 0.05), dark)
        else:
            canvas.rectangle(0.4, 0.63, 0.6, 0.68, dark)
    canvas.ellipse((0.5, 0.15), (0.018, 0.018), Look(grey(0.3), round=0.7))


def _car(canvas: Canvas, draw: Draw) -> None:
    """The front of a car."""
    paint = tinted(draw.uniform(), draw.uniform(0, 0.85), draw.uniform(0.02, 0.6))
    body = Look(paint, round=0.35)
    for x in (0.16, 0.84):
        canvas.line((x, 0.72), (x, 0.92), (0.07, 0.07), Look(grey(0.01)))
    canvas.sheet((0.2, 0.12), (0.6, 0), (0, 0.4), body, Outline.ROUNDED)
    canvas.sheet((0.25, 0.17), (0.5, 0), (0, 0.26), Look(grey(0.06, -0.2), grey(0.3), Pattern.FADE),
                 Outline.ROUNDED)  # fmt: skip
    canvas.sheet((0.06, 0.42), (0.88, 0), (0, 0.42), body, Outline.ROUNDED)
    for x in (0.2, 0.8):
        lamp = Look(grey(draw.uniform(0.5, 1.5)), round=0.4)
        canvas.ellipse((x, 0.56), (0.085, draw.uniform(0.05, 0.085)), Look(grey(0.05)))
        canvas.ellipse((x, 0.56), (0.065, 0.05), lamp)
    grille = Look(grey(0.02), grey(0.25), Pattern.STRIPES, draw.uniform(4, 14))
    canvas.sheet((0.34, 0.52), (0.32, 0), (0, draw.uniform(0.08, 0.16)), grille, Outline.ROUNDED)
    canvas.rectangle(0.14, 0.74, 0.86, 0.78, Look(grey(0.03)))
    canvas.rectangle(0.39, 0.7, 0.61, 0.77, Look(grey(0.7), grey(0.02), Pattern.TEXT, 2, 1))


def _ball(canvas: Canvas, draw: Draw) -> None:
    """A ball of some sport, a fruit, a balloon."""
    kind = draw.integer(0, 4)
    colour = tinted(draw.uniform(), draw.uniform(0.2, 0.9), draw.uniform(0.1, 0.7))
    if kind == 0:
        look = Look(grey(0.75), grey(0.02), Pattern.CHECKS, 5, 5, round=0.8)
    elif kind == 1:
        look = Look(colour, grey(0.8), Pattern.STRIPES, draw.uniform(2, 6), round=0.8)
    elif kind == 2:
        look = Look(tinted(draw.uniform(0.02, 0.09), 0.8, 0.5), noise=0.12, grain=30, round=0.85)
    else:
        look = Look(colour, round=0.85)
    canvas.ellipse((0.5, 0.5), (0.42, 0.42), look)
    if kind == 2:
        for x in (0.28, 0.5, 0.72):
            canvas.line((x, 0.12), (0.5 + 1.3 * (x - 0.5), 0.88), (0.008, 0.008), Look(grey(0.02)))
    if kind == 3 and draw.chance(0.5):
        for x, y in ((0.42, 0.33), (0.56, 0.31), (0.5, 0.45)):
            canvas.ellipse((x, y), (0.04, 0.04), Look(grey(0.006)))
    canvas.ellipse((0.36, 0.32), (0.07, 0.05), Look(grey(1.0), opacity=0.4, feather=0.04))


def _cushion(canvas: Canvas, draw: Draw) -> None:
    """A cushion or a folded piece of clothing with buttons."""
    look = Look(
        tinted(draw.uniform(), draw.uniform(0, 0.7), draw.uniform(0.05, 0.7)),
        tinted(draw.uniform(), draw.uniform(0, 0.7), draw.uniform(0.05, 0.7)),
        draw.choice((Pattern.PLAIN, Pattern.STRIPES, Pattern.CHECKS, Pattern.CLOUDS)),
        draw.uniform(3, 10), draw.uniform(3, 10), draw.integer(0, 999), 0.1, 8, round=0.5,
    )  # fmt: skip
    lean = draw.normal(0, 0.06)
    canvas.sheet((0.1, 0.12 - lean), (0.8, 2 * lean), (-2 * lean, 0.76), look, Outline.ROUNDED)
    for _ in range(draw.integer(0, 4)):
        at = (draw.uniform(0.25, 0.75), draw.uniform(0.25, 0.75))
        canvas.ellipse(at, (0.05, 0.05), Look(grey(0.0), opacity=0.35, feather=0.05))
        canvas.ellipse(at, (0.02, 0.02), Look(grey(0.2), round=0.8))
    for _ in range(draw.integer(1, 5)):
        fold = Look(grey(0.0), opacity=0.25, feather=0.03)
        a, b = (draw.uniform(0.15, 0.85), draw.uniform(0.2, 0.8)), (draw.uniform(0.15, 0.85), 0.8)
        canvas.line(a, b, (0.01, 0.02), fold)


def _frame(canvas: Canvas, draw: Draw) -> None:
    """A framed landscape or pattern, without anybody in it."""
    wide = draw.uniform(0.3, 0.46)
    tall = draw.uniform(0.3, 0.46)
    wood = tinted(draw.uniform(0.03, 0.13), draw.uniform(0, 0.8), draw.uniform(0.02, 0.5))
    canvas.rectangle(0.5 - wide, 0.5 - tall, 0.5 + wide, 0.5 + tall, Look(wood, noise=0.2))
    wide, tall = wide - 0.05, tall - 0.05
    sky = Look(tinted(0.58, 0.4, 0.7), tinted(0.1, 0.3, 0.8), Pattern.FADE)
    canvas.rectangle(0.5 - wide, 0.5 - tall, 0.5 + wide, 0.5 + tall, sky)
    low = 0.5 + draw.uniform(-0.1, 0.15)
    land = Look(
        tinted(draw.uniform(0.1, 0.4), 0.5, 0.2), tinted(draw.uniform(0.1, 0.4), 0.6, 0.35),
        Pattern.LEAVES, 6, 4, draw.integer(0, 99),
    )  # fmt: skip
    canvas.rectangle(0.5 - wide, low, 0.5 + wide, 0.5 + tall, land)
    for _ in range(draw.integer(0, 4)):
        hill = Look(tinted(draw.uniform(0.2, 0.7), 0.4, draw.uniform(0.1, 0.4)))
        canvas.ellipse(
            (0.5 + draw.uniform(-0.6, 0.6) * wide, low), (0.35 * wide, 0.15 * tall), hill
        )


def _sign(canvas: Canvas, draw: Draw) -> None:
    """A sign or a poster with text."""
    ground = tinted(draw.uniform(), draw.uniform(0, 0.9), draw.uniform(0.05, 0.8))
    ink = grey(0.02) if sum(ground) > 0.6 else grey(0.8)
    look = Look(
        ground, ink, Pattern.TEXT, draw.uniform(3, 12), draw.uniform(2, 12), draw.integer(0, 999)
    )
    shape = draw.choice((Outline.FULL, Outline.ROUNDED, Outline.ELLIPSE))
    canvas.sheet((0.06, 0.15), (0.88, 0.0), (0.0, 0.7), look, shape)


def _food(canvas: Canvas, draw: Draw) -> None:
    """Bread, pizza, a plate: round, brown, with spots."""
    canvas.ellipse((0.5, 0.5), (0.46, 0.46), Look(grey(0.7), round=0.2))
    crust = Look(
        tinted(draw.uniform(0.04, 0.1), draw.uniform(0.5, 0.8), draw.uniform(0.2, 0.6)),
        tinted(draw.uniform(0.0, 0.12), 0.7, 0.3), Pattern.CLOUDS, 6, 6, draw.integer(0, 999),
        0.3, 12, round=0.35, wobble=0.15,
    )  # fmt: skip
    canvas.ellipse((0.5, 0.5), (0.38, 0.38), crust, outline=Outline.BLOB)
    for _ in range(draw.integer(5, 14)):
        spot = Look(tinted(draw.choice((0.0, 0.08, 0.28)), 0.8, draw.uniform(0.05, 0.4)), round=0.4)
        size = draw.uniform(0.02, 0.06)
        canvas.ellipse((draw.uniform(0.25, 0.75), draw.uniform(0.25, 0.75)), (size, size), spot)


def _flower(canvas: Canvas, draw: Draw) -> None:
    """A blossom with petals around a middle."""
    colour = tinted(draw.uniform(), draw.uniform(0.2, 0.9), draw.uniform(0.3, 0.9))
    petal = Look(colour, _scaled(colour, 0.4), Pattern.RADIAL, round=0.4)
    c, s = 1.0, 0.0
    for _ in range(8):
        c, s = c * 0.7071067811865476 - s * 0.7071067811865476, (c + s) * 0.7071067811865476
        canvas.ellipse((0.5 + 0.25 * c, 0.5 + 0.25 * s), (0.19, 0.10), petal, (c, s))
    middle = Look(tinted(draw.uniform(0.05, 0.15), 0.8, draw.uniform(0.1, 0.6)), noise=0.5, grain=9)
    canvas.ellipse((0.5, 0.5), (0.14, 0.14), middle)


def _scaled(colour: Colour, gain: float) -> Colour:
    """A colour, brighter or darker."""
    return colour[0] * gain, colour[1] * gain, colour[2] * gain


def _wood(canvas: Canvas, draw: Draw) -> None:
    """A board with knots."""
    colour = tinted(draw.uniform(0.04, 0.1), draw.uniform(0.4, 0.7), draw.uniform(0.15, 0.5))
    board = Look(colour, _scaled(colour, 0.5), Pattern.VEINS, 1.5, 6, draw.integer(0, 999), 0.2)
    canvas.rectangle(0.05, 0.05, 0.95, 0.95, board)
    for _ in range(draw.integer(1, 4)):
        at = (draw.uniform(0.2, 0.8), draw.uniform(0.2, 0.8))
        size = draw.uniform(0.04, 0.12)
        knot = Look(_scaled(colour, 0.5), _scaled(colour, 0.15), Pattern.RINGS, 4)
        canvas.ellipse(at, (size, size * draw.uniform(0.5, 1.0)), knot)


_PAINTERS: dict[str, tuple[float, Callable[[Canvas, Draw], None]]] = {
    "skin": (2.5, _blob),
    "limb": (2.0, _limb),
    "hand": (2.5, _hand),
    "ear": (1.5, _ear),
    "back_of_head": (2.0, _back_of_head),
    "dog": (1.5, animals.dog),
    "cat": (1.2, animals.cat),
    "owl": (0.8, animals.owl),
    "ape": (1.0, animals.ape),
    "bear": (0.8, animals.bear),
    "clock": (1.0, _clock),
    "socket": (1.0, _socket),
    "car": (1.0, _car),
    "ball": (1.0, _ball),
    "cushion": (1.0, _cushion),
    "frame": (0.8, _frame),
    "sign": (0.8, _sign),
    "food": (0.6, _food),
    "flower": (0.5, _flower),
    "wood": (0.5, _wood),
}
KINDS = tuple(_PAINTERS)


def paint_negative(draw: Draw, size: int, kind: str | None = None) -> Negative:
    """One thing that is no face.

    Args:
        draw: Where the numbers come from.
        size: Pixels along each side, 8 or more.
        kind: One of ``KINDS``, or None to draw one.

    Raises:
        ValueError: If there is no such kind, or the picture is too small.
    """
    if size < 8:
        raise ValueError(f"a picture of {size} pixels is too small; take 8 or more")
    weights = [weight for weight, _ in _PAINTERS.values()]
    chosen = kind if kind is not None else draw.of("kind").choice(KINDS, weights)
    if chosen not in _PAINTERS:
        raise ValueError(f"no negative is called {chosen!r}; there are {', '.join(KINDS)}")
    light = (draw.of("light").uniform(-0.7, 0.7), draw.of("light").uniform(-0.8, 0.1))
    canvas = Canvas(1.0, View(light=light))
    _PAINTERS[chosen][1](canvas, draw.of(chosen))
    soft = defocused(canvas.painted(size, size), 0.7 + size * 0.012 * draw.of("blur").uniform())
    alpha = np.ascontiguousarray(soft[..., 3])
    rgb = soft[..., :3] / np.maximum(alpha, np.float32(1e-6))[..., None]
    return Negative(np.ascontiguousarray(rgb), alpha, chosen)
