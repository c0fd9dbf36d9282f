"""Backdrops indoors: living rooms, offices, bookshelves, kitchens and stages, in metres.

The eye is 1.1 to 1.7 m above the floor; y points down, so the floor lies at +height.
"""

from __future__ import annotations

from typing import NamedTuple

from vplugin.synth.canvas import Canvas, Colour, Look, Pattern, View, grey, tinted
from vplugin.synth.draw import Draw
from vplugin.synth.furniture import (
    cupboard,
    desk,
    lamp,
    plant,
    rug,
    shelf,
    sofa,
    table,
    television,
    timber,
)


class Shell(NamedTuple):
    """The inside of a room: its canvas and where its walls are."""

    canvas: Canvas
    left: float
    right: float
    ceiling: float
    floor: float
    back: float
    wall: Colour


def _wall_colour(draw: Draw) -> Colour:
    if draw.chance(0.6):
        return grey(draw.uniform(0.3, 0.8), draw.uniform(-0.04, 0.12))
    return tinted(draw.uniform(), draw.uniform(0.05, 0.5), draw.uniform(0.15, 0.65))


def _floor_look(draw: Draw, deep: float) -> Look:
    pattern = draw.choice((Pattern.PLANKS, Pattern.TILES, Pattern.CLOUDS), (4, 2, 2))
    seed = draw.integer(0, 9999)
    if pattern is Pattern.PLANKS:
        return Look(timber(draw), grey(0.02), pattern, 60, deep / 1.2, seed, 0.15, 30)
    if pattern is Pattern.TILES:
        return Look(grey(draw.uniform(0.1, 0.6), 0.05), grey(0.15), pattern, 26, deep * 2, seed)
    carpet = tinted(draw.uniform(), draw.uniform(0.0, 0.5), draw.uniform(0.06, 0.4))
    return Look(carpet, tuple(0.8 * c for c in carpet), pattern, 80, 60, seed)  # type: ignore[arg-type]


def shell(draw: Draw, aspect: float, wide: float = 5.0) -> Shell:
    """An empty room with floor, ceiling and three walls."""
    view = View.turned(draw.uniform(-0.45, 0.45), draw.uniform(1.1, 2.0), draw.uniform(0.35, 0.58))
    canvas = Canvas(aspect, view)
    floor, tall = draw.uniform(1.1, 1.65), draw.uniform(2.5, 3.2)
    ceiling = floor - tall
    left = -draw.uniform(0.35, 0.65) * wide
    right = left + wide
    back = draw.uniform(2.8, 6.5)
    wall = _wall_colour(draw)
    near = 0.1
    deep = back - near
    canvas.surface((left, floor, near), (wide, 0, 0), (0, 0, deep), _floor_look(draw, deep))
    white = Look(grey(draw.uniform(0.45, 0.8), 0.03), noise=0.03)
    canvas.surface((left, ceiling, near), (wide, 0, 0), (0, 0, deep), white)
    dark = tuple(0.72 * c for c in wall)
    lit = Look(wall, dark, Pattern.FADE, noise=0.06, seed=draw.integer(0, 999))  # type: ignore[arg-type]
    canvas.surface((left, ceiling, back), (wide, 0, 0), (0, tall, 0), lit)
    canvas.surface((left, ceiling, near), (0, 0, deep), (0, tall, 0), lit.scaled(0.8))
    canvas.surface((right, ceiling, back), (0, 0, -deep), (0, tall, 0), lit.scaled(0.65))
    skirting = Look(grey(0.55, 0.04))
    canvas.surface((left, floor - 0.1, back - 0.01), (wide, 0, 0), (0, 0.1, 0), skirting)
    return Shell(canvas, left, right, ceiling, floor, back, wall)


def window(room: Shell, draw: Draw, x: float, bright: float) -> None:
    """A window in the back wall, with a view washed out by daylight, and curtains or none."""
    canvas, z = room.canvas, room.back - 0.02
    wide, tall = draw.uniform(0.8, 1.8), draw.uniform(1.1, 1.7)
    top = room.ceiling + draw.uniform(0.3, 0.6)
    frame = Look(grey(0.6, 0.02))
    canvas.surface((x - 0.06, top - 0.06, z), (wide + 0.12, 0, 0), (0, tall + 0.12, 0), frame)
    sky = tinted(0.58, draw.uniform(0.0, 0.35), bright)
    ground = tinted(draw.uniform(0.15, 0.35), 0.5, bright * 0.3)
    panes = draw.integer(1, 4)
    for pane in range(panes):
        left = x + pane * wide / panes
        share = wide / panes - 0.05
        look = Look(sky, ground, Pattern.CLOUDS, 2, 3, draw.integer(0, 999))
        canvas.surface((left, top, z - 0.01), (share, 0, 0), (0, tall, 0), look)
    if draw.chance(0.25):
        slats = Look(grey(0.75, 0.04), grey(0.35), Pattern.STRIPES, 26)
        canvas.surface((x, top, z - 0.05), (0, tall, 0), (wide, 0, 0), slats)
    elif draw.chance(0.6):
        cloth = Look(
            tinted(draw.uniform(), draw.uniform(0, 0.6), draw.uniform(0.1, 0.8)),
            pattern=Pattern.FOLDS, across=5, seed=draw.integer(0, 999),
        )  # fmt: skip
        for side in (x - 0.35, x + wide - 0.1):
            canvas.surface((side, top - 0.15, z - 0.1), (0.45, 0, 0), (0, tall + 0.5, 0), cloth)


def pictures(room: Shell, draw: Draw, count: int) -> None:
    """Framed pictures on the back wall: abstract ones, landscapes, never a face."""
    for _ in range(count):
        wide, tall = draw.uniform(0.25, 0.9), draw.uniform(0.25, 0.8)
        x = draw.uniform(room.left, room.right - wide)
        y = draw.uniform(room.ceiling + 0.35, room.floor - 1.5)
        z = room.back - 0.02
        frame = Look(draw.choice((grey(0.02), grey(0.7), timber(draw))))
        room.canvas.surface((x, y, z), (wide, 0, 0), (0, tall, 0), frame)
        mat = Look(grey(0.75))
        edge = 0.03
        room.canvas.surface(
            (x + edge, y + edge, z - 0.01), (wide - 2 * edge, 0, 0), (0, tall - 2 * edge, 0), mat
        )
        edge = draw.uniform(0.04, 0.10)
        art = Look(
            tinted(draw.uniform(), draw.uniform(0.1, 0.8), draw.uniform(0.05, 0.6)),
            tinted(draw.uniform(), draw.uniform(0.1, 0.8), draw.uniform(0.05, 0.6)),
            draw.choice((Pattern.CLOUDS, Pattern.FADE, Pattern.STRIPES, Pattern.VEINS)),
            draw.uniform(1, 4), draw.uniform(1, 4), draw.integer(0, 9999),
        )  # fmt: skip
        room.canvas.surface(
            (x + edge, y + edge, z - 0.02), (wide - 2 * edge, 0, 0), (0, tall - 2 * edge, 0), art
        )


def _door(room: Shell, draw: Draw) -> None:
    x, z = draw.uniform(room.left, room.right - 1.0), room.back - 0.02
    wood = Look(timber(draw) if draw.chance(0.5) else grey(0.6))
    room.canvas.surface(
        (x - 0.07, room.floor - 2.12, z), (1.04, 0, 0), (0, 2.12, 0), wood.scaled(1.2)
    )
    room.canvas.surface((x, room.floor - 2.05, z - 0.01), (0.9, 0, 0), (0, 2.05, 0), wood)
    room.canvas.ball((x + 0.82, room.floor - 1.0, z - 0.05), 0.03, Look(grey(0.7, 0.2), round=0.8))


def _along(place: Shell, draw: Draw, wide: float) -> float:
    """Where something of this width stands along the back wall."""
    return draw.uniform(place.left, max(place.left + 0.1, place.right - wide))


def _furnished(place: Shell, draw: Draw) -> None:
    """Furniture against the back wall, then what stands before it."""
    canvas, floor, back = place.canvas, place.floor, place.back
    if draw.chance(0.5):
        rug(canvas, draw, _along(place, draw, 2.0), floor, back - 0.6)
    if draw.chance(0.45):
        at = (_along(place, draw, 1.2), floor, back - 0.35)
        shelf(canvas, draw, at, (draw.uniform(0.8, 2.0), draw.uniform(0.9, 2.2)))
    for _ in range(draw.integer(0, 3)):
        cupboard(canvas, draw, _along(place, draw, 1.4), floor, back - 0.46)
    if draw.chance(0.3):
        television(
            canvas, draw, _along(place, draw, 1.4), floor - draw.uniform(1.4, 1.8), back - 0.03
        )
    if draw.chance(0.5):
        sofa(canvas, draw, _along(place, draw, 2.0), floor, back - 1.1)
    if draw.chance(0.4):
        table(
            canvas, draw, _along(place, draw, 1.5), floor, max(1.2, back - draw.uniform(1.5, 2.6))
        )
    for _ in range(draw.integer(0, 3)):
        at = (_along(place, draw, 0.3), floor, back - draw.uniform(0.3, 1.5))
        plant(canvas, draw, at, draw.uniform(0.5, 1.8))
    if draw.chance(0.6):
        at = (_along(place, draw, 0.3), floor, back - draw.uniform(0.3, 1.2))
        lamp(canvas, draw, at, draw.uniform(1.2, 1.7))


def room(draw: Draw, aspect: float) -> Canvas:
    """A living room."""
    place = shell(draw, aspect)
    if draw.chance(0.6):
        window(place, draw, _along(place, draw, 1.8), draw.uniform(0.8, 4.0))
    pictures(place, draw, draw.integer(0, 5))
    if draw.chance(0.35):
        _door(place, draw)
    _furnished(place, draw)
    return place.canvas


def bookshelf(draw: Draw, aspect: float) -> Canvas:
    """A wall of books."""
    place = shell(draw, aspect)
    deep = draw.uniform(0.35, 0.6)
    for step in range(3):
        wide = (place.right - place.left) / 3.0
        at = (place.left + step * wide, place.floor, place.back - deep)
        shelf(place.canvas, draw, at, (wide - draw.uniform(0.0, 0.25), draw.uniform(2.0, 2.6)))
    if draw.chance(0.4):
        at = (draw.uniform(-1.2, 1.2), place.floor, place.back - 0.9)
        plant(place.canvas, draw, at, draw.uniform(0.8, 1.6))
    if draw.chance(0.4):
        at = (draw.uniform(-1.2, 1.2), place.floor, place.back - 0.8)
        lamp(place.canvas, draw, at, draw.uniform(1.2, 1.7))
    return place.canvas


def office(draw: Draw, aspect: float) -> Canvas:
    """Desks, screens, ceiling panels, glass."""
    place = shell(draw, aspect, draw.uniform(6.0, 9.0))
    canvas = place.canvas
    for row in range(3):
        for column in range(3):
            x = place.left + (column + 0.3) * (place.right - place.left) / 3.0
            z = 1.0 + row * (place.back - 1.0) / 3.0
            bright = Look(grey(draw.uniform(1.0, 4.0), -0.02))
            canvas.surface((x, place.ceiling + 0.01, z), (1.2, 0, 0), (0, 0, 0.5), bright)
    if draw.chance(0.7):
        for step in range(3):
            x = place.left + 0.3 + step * (place.right - place.left) / 3.0
            window(place, draw, x, draw.uniform(0.8, 3.0))
    else:
        pictures(place, draw, draw.integer(1, 4))
    if draw.chance(0.4):
        at = (draw.uniform(place.left, place.right - 1.0), place.floor, place.back - 0.4)
        shelf(canvas, draw, at, (draw.uniform(0.8, 2.4), draw.uniform(0.8, 2.0)))
    for z in (place.back - 1.3, place.back - 2.5):
        for _ in range(draw.integer(0, 3)):
            desk(
                canvas, draw, draw.uniform(place.left, place.right - 1.5), place.floor, max(z, 1.4)
            )
    if draw.chance(0.5):
        at = (draw.uniform(place.left, place.right), place.floor, place.back - 1.0)
        plant(canvas, draw, at, draw.uniform(0.8, 1.5))
    return canvas


def _units(place: Shell, draw: Draw, front: Look, z: float) -> None:
    """Cupboards below and above, the worktop, the hood, and pots."""
    canvas, floor, wide = place.canvas, place.floor, place.right - place.left
    hob = draw.uniform(place.left, place.right - 0.8)
    units = 7
    for index in range(units):
        x = place.left + index * wide / units
        share = wide / units - 0.015
        canvas.box((x, floor - 0.86, z), (x + share, floor - 0.1, z + 0.6), front)
        knob = Look(grey(0.4), round=0.7)
        canvas.bar(
            (x + 0.1, floor - 0.75, z - 0.02), (x + 0.3, floor - 0.75, z - 0.02), (0.01, 0.01), knob
        )
        if draw.chance(0.75) and not x - 0.5 < hob < x + share:
            canvas.box(
                (x, floor - 2.25, z + 0.28), (x + share, floor - 1.5, z + 0.6), front.scaled(0.95)
            )
    top = Look(draw.choice((grey(0.05), grey(0.6), timber(draw))), noise=0.15)
    canvas.box((place.left, floor - 0.92, z - 0.03), (place.right, floor - 0.86, z + 0.6), top)
    canvas.box(
        (hob, floor - 2.6, z + 0.3), (hob + 0.5, floor - 1.75, z + 0.6), Look(grey(0.35), round=0.3)
    )
    for _ in range(draw.integer(3, 10)):
        x, tall = draw.uniform(place.left, place.right), draw.uniform(0.08, 0.3)
        size = draw.uniform(0.03, 0.1)
        pot = Look(tinted(draw.uniform(), draw.uniform(0, 0.8), draw.uniform(0.05, 0.6)), round=0.6)
        at = z + draw.uniform(0.05, 0.4)
        canvas.bar(
            (x, floor - 0.92 - size, at), (x, floor - 0.92 - tall, at), (size, size * 0.8), pot
        )


def kitchen(draw: Draw, aspect: float) -> Canvas:
    """Cupboards, a worktop, tiles, a fridge, pots."""
    place = shell(draw, aspect, 4.5)
    canvas, floor, z = place.canvas, place.floor, place.back - 0.6
    front = Look(timber(draw) if draw.chance(0.4) else grey(draw.uniform(0.1, 0.75), 0.05))
    tiles = Look(grey(draw.uniform(0.3, 0.75), 0.05), grey(0.35), Pattern.TILES, 30, 7)
    wide = place.right - place.left
    canvas.surface((place.left, floor - 1.5, place.back - 0.03), (wide, 0, 0), (0, 0.65, 0), tiles)
    _units(place, draw, front, z)
    if draw.chance(0.5):
        x = draw.choice((place.left, place.right - 0.7))
        canvas.box(
            (x, floor - 1.9, z - 0.05),
            (x + 0.7, floor, z + 0.6),
            Look(grey(draw.uniform(0.3, 0.8))),
        )
    if draw.chance(0.4):
        window(
            place, draw, draw.uniform(place.left + 0.5, place.right - 1.5), draw.uniform(1.0, 4.0)
        )
    return canvas


def stage(draw: Draw, aspect: float) -> Canvas:
    """A dark stage: coloured lights with beams, a screen or a curtain."""
    canvas = Canvas(aspect, View.turned(draw.uniform(-0.3, 0.3), 1.2, draw.uniform(0.5, 0.75)))
    hue = draw.uniform()
    dark = Look(tinted(hue, 0.6, draw.uniform(0.004, 0.04)), grey(0.003), Pattern.FADE)
    canvas.rectangle(-0.1, -0.1, aspect + 0.1, 1.1, dark)
    if draw.chance(0.5):
        cloth = Look(tinted(draw.uniform(0.9, 1.05), 0.85, draw.uniform(0.03, 0.2)),
                     pattern=Pattern.FOLDS, across=18, seed=draw.integer(0, 999))  # fmt: skip
        canvas.surface((-5, -4, 7.0), (10, 0, 0), (0, 5.3, 0), cloth)
    else:
        shine = Look(tinted(hue + 0.3, 0.6, draw.uniform(0.1, 0.9)), tinted(hue, 0.7, 0.05),
                     Pattern.CLOUDS, 3, 2, draw.integer(0, 999))  # fmt: skip
        canvas.surface((-2.2, -2.6, 7.0), (4.4, 0, 0), (0, 2.6, 0), shine)
    planks = Look(timber(draw, 0.06), grey(0.005), Pattern.PLANKS, 30, 5)
    canvas.surface((-6, 1.3, 0.2), (12, 0, 0), (0, 0, 6.8), planks)
    for _ in range(draw.integer(3, 9)):
        x, lean = draw.uniform(-4, 4), draw.normal(0, 1.2)
        own = tinted(draw.choice((hue, hue + 0.33, draw.uniform())), draw.uniform(0.2, 0.9), 1.0)
        beam = Look(own, opacity=draw.uniform(0.04, 0.2), feather=0.3)
        canvas.bar((x, -3.0, 6.0), (x + lean, 1.4, 5.0), (0.08, draw.uniform(0.4, 0.9)), beam)
        canvas.ball((x, -3.0, 6.0), 0.14, Look(tuple(9.0 * c for c in own)))  # type: ignore[arg-type]
    return canvas
