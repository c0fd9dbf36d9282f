"""Heads of animals, flat but shaded: what a face detector must not take for a person."""

from __future__ import annotations

from vplugin.synth.canvas import Canvas, Colour, Look, Outline, Pattern, grey, tinted
from vplugin.synth.draw import Draw


def _fur(draw: Draw) -> Colour:
    kind = draw.uniform()
    if kind < 0.2:
        return grey(draw.uniform(0.01, 0.05), 0.1)
    if kind < 0.4:
        return grey(draw.uniform(0.35, 0.7), 0.06)
    return tinted(draw.uniform(0.05, 0.1), draw.uniform(0.3, 0.75), draw.uniform(0.06, 0.5))


def _coat(colour: Colour, draw: Draw, round_: float = 0.7) -> Look:
    return Look(
        colour, noise=0.35, grain=draw.uniform(12, 30), seed=draw.integer(0, 9999), round=round_,
        wobble=0.16,
    )  # fmt: skip


def _eye(canvas: Canvas, x: float, y: float, size: float, iris: Colour, slit: float) -> None:
    canvas.ellipse((x, y), (size * 1.25, size * 1.2), Look(grey(0.01)))
    canvas.ellipse((x, y), (size, size), Look(iris, (0.0, 0.0, 0.0), Pattern.RADIAL))
    canvas.ellipse((x, y), (size * slit, size * 0.8), Look(grey(0.002)))
    canvas.ellipse((x - 0.35 * size, y - 0.4 * size), (size * 0.2, size * 0.2), Look(grey(1.4)))


def dog(canvas: Canvas, draw: Draw) -> None:
    """A dog: hanging or pricked ears, a long snout, a black nose."""
    fur = _fur(draw)
    light = (min(0.9, fur[0] * 1.6 + 0.05), min(0.9, fur[1] * 1.6 + 0.05), fur[2] * 1.6 + 0.05)
    x = 0.5 + draw.normal(0, 0.03)
    hanging = draw.chance(0.6)
    dark = _coat((fur[0] * 0.6, fur[1] * 0.6, fur[2] * 0.6), draw)
    canvas.ellipse((x, 0.86), (0.3, 0.3), _coat(fur, draw), outline=Outline.BLOB)
    if not hanging:
        for side in (-1.0, 1.0):
            canvas.line((x + side * 0.2, 0.34), (x + side * 0.29, 0.06), (0.12, 0.02), dark)
    canvas.ellipse((x, 0.42), (0.31, 0.33), _coat(fur, draw), outline=Outline.BLOB)
    if hanging:
        for side in (-1.0, 1.0):
            start, end = (x + side * 0.25, 0.24), (x + side * 0.36, 0.62)
            canvas.line(start, end, (0.07, 0.12), dark)
    if draw.chance(0.5):
        stripe = _coat(light, draw, 0.2)
        canvas.ellipse((x, 0.3), (0.06, 0.24), stripe, outline=Outline.BLOB)
    lean = draw.normal(0, 0.05)
    canvas.ellipse((x + lean, 0.62), (0.16, 0.2), _coat(light, draw), outline=Outline.BLOB)
    black = Look(grey(0.012), round=0.8)
    canvas.ellipse((x + lean, 0.54), (0.075, 0.055), black)
    canvas.line((x + lean, 0.58), (x + lean, 0.68), (0.006, 0.006), Look(grey(0.01)))
    for side in (-1.0, 1.0):
        canvas.line(
            (x + lean, 0.68), (x + lean + side * 0.1, 0.7), (0.007, 0.005), Look(grey(0.01))
        )
        _eye(canvas, x + side * 0.13, 0.37, 0.034, tinted(0.07, 0.7, draw.uniform(0.03, 0.2)), 0.6)
    if draw.chance(0.4):
        tongue = Look((0.5, 0.12, 0.12), round=0.5)
        canvas.ellipse((x + lean, 0.77), (0.05, 0.09), tongue)


def cat(canvas: Canvas, draw: Draw) -> None:
    """A cat: pointed ears, slit pupils, whiskers."""
    fur = _fur(draw)
    canvas.ellipse((0.5, 0.9), (0.28, 0.3), _coat(fur, draw), outline=Outline.BLOB)
    for side in (-1.0, 1.0):
        canvas.line(
            (0.5 + side * 0.2, 0.36), (0.5 + side * 0.29, 0.08), (0.13, 0.012), _coat(fur, draw)
        )
        pink = Look((0.45, 0.2, 0.17), round=0.3)
        canvas.line((0.5 + side * 0.21, 0.34), (0.5 + side * 0.275, 0.14), (0.07, 0.006), pink)
    coat = _coat(fur, draw)
    canvas.ellipse((0.5, 0.48), (0.33, 0.28), coat, outline=Outline.BLOB)
    if draw.chance(0.5):
        for k in range(5):
            at = 0.38 + 0.06 * k
            mark = Look((fur[0] * 0.3, fur[1] * 0.3, fur[2] * 0.3), opacity=0.7, feather=0.01)
            canvas.line((at, 0.24), (0.44 + 0.03 * k, 0.34), (0.012, 0.004), mark)
    pale = (fur[0] * 0.5 + 0.3, fur[1] * 0.5 + 0.28, fur[2] * 0.5 + 0.25)
    for side in (-1.0, 1.0):
        canvas.ellipse(
            (0.5 + side * 0.065, 0.62), (0.085, 0.07), _coat(pale, draw), outline=Outline.BLOB
        )
        iris = tinted(draw.choice((0.13, 0.25, 0.58)), 0.6, draw.uniform(0.2, 0.6))
        _eye(canvas, 0.5 + side * 0.135, 0.45, 0.052, iris, draw.uniform(0.12, 0.6))
        for k in range(3):
            line = Look(grey(0.7), opacity=0.6)
            canvas.line(
                (0.5 + side * 0.1, 0.61 + 0.02 * k), (0.5 + side * 0.42, 0.55 + 0.06 * k),
                (0.003, 0.001), line,
            )  # fmt: skip
    canvas.ellipse((0.5, 0.565), (0.032, 0.024), Look((0.4, 0.13, 0.12), round=0.5))


def owl(canvas: Canvas, draw: Draw) -> None:
    """An owl: two large discs around the eyes and a beak."""
    fur = _fur(draw)
    body = Look(
        fur, (fur[0] * 0.35, fur[1] * 0.35, fur[2] * 0.35), Pattern.LEAVES, 14, 14,
        draw.integer(0, 999), round=0.6, wobble=0.12,
    )  # fmt: skip
    canvas.ellipse((0.5, 0.75), (0.36, 0.42), body, outline=Outline.BLOB)
    canvas.ellipse((0.5, 0.4), (0.36, 0.32), body, outline=Outline.BLOB)
    if draw.chance(0.5):
        for side in (-1.0, 1.0):
            canvas.line((0.5 + side * 0.2, 0.22), (0.5 + side * 0.33, 0.04), (0.06, 0.01), body)
    pale = Look(
        (fur[0] * 0.5 + 0.3, fur[1] * 0.5 + 0.27, fur[2] * 0.5 + 0.22), fur, Pattern.RADIAL,
        noise=0.3, grain=20,
    )  # fmt: skip
    for side in (-1.0, 1.0):
        canvas.ellipse((0.5 + side * 0.15, 0.39), (0.16, 0.17), pale)
        iris = tinted(draw.uniform(0.08, 0.14), 0.9, draw.uniform(0.3, 0.8))
        _eye(canvas, 0.5 + side * 0.14, 0.38, 0.075, iris, 0.55)
    beak = Look(tinted(0.1, 0.6, 0.25), round=0.6)
    canvas.line((0.5, 0.45), (0.5, 0.56), (0.035, 0.008), beak)


def ape(canvas: Canvas, draw: Draw) -> None:
    """A monkey: bare skin around deep eyes, a wide muzzle with two slits, round ears."""
    fur = tinted(draw.uniform(0.04, 0.1), draw.uniform(0.2, 0.6), draw.uniform(0.02, 0.25))
    skin = tinted(draw.uniform(0.02, 0.07), draw.uniform(0.3, 0.6), draw.uniform(0.05, 0.5))
    bare = Look(skin, noise=0.15, grain=12, round=0.5, wobble=0.12, seed=draw.integer(0, 999))
    canvas.ellipse((0.5, 0.92), (0.4, 0.3), _coat(fur, draw), outline=Outline.BLOB)
    for side in (-1.0, 1.0):
        canvas.ellipse((0.5 + side * 0.36, 0.42), (0.09, 0.11), bare)
    canvas.ellipse((0.5, 0.42), (0.36, 0.38), _coat(fur, draw), outline=Outline.BLOB)
    for side in (-1.0, 1.0):
        canvas.ellipse((0.5 + side * 0.1, 0.38), (0.13, 0.13), bare, outline=Outline.BLOB)
    canvas.ellipse((0.5, 0.62), (0.23, 0.19), bare, outline=Outline.BLOB)
    shade = Look(grey(0.0), opacity=0.6, feather=0.03)
    for side in (-1.0, 1.0):
        canvas.ellipse((0.5 + side * 0.1, 0.36), (0.06, 0.05), shade)
        _eye(canvas, 0.5 + side * 0.1, 0.37, 0.026, tinted(0.06, 0.8, 0.06), 0.55)
        canvas.line(
            (0.5 + side * 0.02, 0.53), (0.5 + side * 0.05, 0.56), (0.014, 0.008), Look(grey(0.01))
        )
    for k in range(-4, 4):
        a, b = 0.5 + 0.035 * k, 0.5 + 0.035 * (k + 1)
        ya, yb = 0.69 - 0.001 * k * k, 0.69 - 0.001 * (k + 1) * (k + 1)
        canvas.line((a, ya), (b, yb), (0.007, 0.007), Look(grey(0.015)))


def bear(canvas: Canvas, draw: Draw) -> None:
    """A bear, a cow or the like: fur, round ears, a broad snout."""
    fur = _fur(draw)
    coat = _coat(fur, draw)
    canvas.ellipse((0.5, 0.95), (0.45, 0.35), coat, outline=Outline.BLOB)
    for side in (-1.0, 1.0):
        canvas.ellipse((0.5 + side * 0.26, 0.19), (0.1, 0.1), coat, outline=Outline.BLOB)
    canvas.ellipse((0.5, 0.45), (0.35, 0.34), coat, outline=Outline.BLOB)
    pale = (fur[0] * 0.7 + 0.12, fur[1] * 0.7 + 0.1, fur[2] * 0.7 + 0.07)
    canvas.ellipse((0.5, 0.62), (0.18, 0.15), _coat(pale, draw), outline=Outline.BLOB)
    canvas.ellipse((0.5, 0.55), (0.07, 0.05), Look(grey(0.012), round=0.7))
    canvas.line((0.5, 0.6), (0.5, 0.68), (0.008, 0.006), Look(grey(0.01)))
    for side in (-1.0, 1.0):
        _eye(canvas, 0.5 + side * 0.13, 0.39, 0.024, tinted(0.06, 0.8, 0.05), 0.6)
