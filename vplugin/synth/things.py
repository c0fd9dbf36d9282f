"""Things that come between a face and a camera: microphones, phones, cups, books, bars, leaves."""

from __future__ import annotations

import numpy as np

from vplugin.synth.canvas import tinted
from vplugin.synth.draw import Draw
from vplugin.synth.exact import PI, cosines, sines
from vplugin.synth.fabric import Weave
from vplugin.synth.parts import Floats, Material, Part, Segment
from vplugin.synth.solids import Solid, ball, box, joined, sheet, tube

Colour = tuple[float, float, float]


def made(
    solid: Solid, material: Material, colour: Colour, gloss: float = 0.4, pattern: int = 0,
    seed: int = 0, opacity: float = 1.0,
) -> Part:  # fmt: skip
    """A part of a thing."""
    return Part(
        solid.vertices, solid.triangles, material, Segment.PROP, solid.texture, colour=colour,
        gloss=gloss, pattern=pattern, seed=seed, opacity=opacity,
    )  # fmt: skip


def turned_body(heights: Floats, radii: Floats, around: int = 28) -> Solid:
    """A body of revolution about the y axis: (R,) heights and radii in mm."""
    turn = np.arange(around) * (2.0 * PI / around)
    x = radii[:, None] * sines(turn)[None]
    z = -radii[:, None] * cosines(turn)[None]
    return sheet(np.stack([x, heights[:, None] + 0.0 * x, z], -1), round_=True)


def microphone(draw: Draw) -> list[Part]:
    """A hand-held microphone, its head at the origin, its handle down."""
    dark = tinted(draw.uniform(), 0.2, draw.uniform(0.005, 0.06))
    grille = draw.choice(((0.25, 0.25, 0.26), (0.03, 0.03, 0.03), (0.5, 0.42, 0.25)))
    if draw.chance(0.3):
        cap = ball((0.0, 0.0, 0.0), (31.0, 33.0, 31.0), 12, 20)
        head = made(cap, Material.FELT, tinted(draw.uniform(), draw.uniform(0.0, 0.8), 0.15), 0.05)
    else:
        mesh = ball((0.0, 0.0, 0.0), (26.0, 27.0, 26.0), 12, 20)
        head = made(mesh, Material.METAL, grille, 0.5, int(Weave.GRILLE))
    ring = turned_body(np.array([4.0, 4.5, 12.0, 12.5]), np.array([20.0, 27.0, 27.0, 20.0]))
    heights = np.array([14.0, 15.0, 30.0, 60.0, 150.0, 185.0, 187.0])
    handle = turned_body(heights, np.array([8.0, 21.0, 19.0, 16.5, 12.5, 12.0, 2.0]))
    return [
        head,
        made(ring, Material.METAL, grille, 0.7),
        made(handle, Material.PLASTIC, dark, 0.5),
    ]


def stand_microphone(draw: Draw) -> list[Part]:
    """A microphone on a stand that comes from below or aside."""
    lean = draw.uniform(-0.6, 0.6)
    black = (0.012, 0.012, 0.013)
    steel = draw.choice(((0.3, 0.3, 0.3), (0.05, 0.05, 0.05)))
    body = turned_body(np.array([-60.0, -58, -20, 10, 40, 42]), np.array([5.0, 24, 26, 26, 22, 4]))
    path = np.array([[0.0, 40.0, 0.0], [lean * 200.0, 240.0, 30.0], [lean * 500.0, 620.0, 60.0]])
    ring = np.arange(28) * (2.0 * PI / 28.0)
    if draw.chance(0.5):
        screen = np.stack([70.0 * sines(ring), -70.0 * cosines(ring) - 5.0, 0.0 * ring + 45.0], -1)
        hoop = made(tube(screen, 3.0, 6, closed=True), Material.PLASTIC, black, 0.3)
        extra = [hoop]
    else:
        extra = []
    return [
        made(body, Material.METAL, steel, 0.5, int(Weave.GRILLE)),
        made(tube(path, 9.0, 10), Material.METAL, black, 0.4),
        *extra,
    ]


def phone(draw: Draw) -> list[Part]:
    """A telephone seen from behind."""
    colour = tinted(draw.uniform(), draw.uniform(0.0, 0.6), draw.choice((0.01, 0.3, 0.65)))
    body = box((0.0, 0.0, 0.0), (73.0, 148.0, 9.0), 3.0)
    lenses = [
        ball((-22.0 + 14.0 * (k % 2), -58.0 + 16.0 * (k // 2), -5.0), (5.5, 5.5, 2.0), 7, 12)
        for k in range(draw.integer(1, 4))
    ]
    return [
        made(body, Material.PLASTIC, colour, 0.75),
        made(joined(lenses), Material.PLASTIC, (0.004, 0.004, 0.006), 0.95),
    ]


def cup(draw: Draw) -> list[Part]:
    """A mug or a paper cup."""
    colour = tinted(draw.uniform(), draw.uniform(0.0, 0.8), draw.uniform(0.05, 0.75))
    if draw.chance(0.4):
        body = turned_body(
            np.array([-60.0, -61, -60, -52, -51, 55, 56]), np.array([20.0, 40, 41, 41, 40, 30, 2])
        )
        lid = turned_body(np.array([-66.0, -66, -58, -56]), np.array([2.0, 36, 42, 42]))
        seed = draw.integer(0, 999)
        return [
            made(body, Material.PAPER, colour, 0.1, int(Weave.STRIPES), seed),
            made(lid, Material.PLASTIC, draw.choice(((0.7, 0.7, 0.7), (0.02, 0.02, 0.02))), 0.4),
        ]
    body = turned_body(
        np.array([40.0, 42, 42, 38, -44, -45, -44, 34]), np.array([2.0, 36, 38, 40, 41, 40, 38, 36])
    )
    turn = np.linspace(-1.4, 1.4, 14)
    path = np.stack([38.0 + 24.0 * cosines(turn), 30.0 * sines(turn), 0.0 * turn], -1)
    return [
        made(body, Material.PLASTIC, colour, 0.7),
        made(tube(path, 5.0, 8, up=(0.0, 0.0, 1.0)), Material.PLASTIC, colour, 0.7),
    ]


def glass(draw: Draw) -> list[Part]:
    """A drinking glass or a wine glass, see-through."""
    if draw.chance(0.5):
        profile = np.array([-50.0, 10.0, 36.0, 44.0]), np.array([30.0, 38.0, 26.0, 5.0])
        stem = turned_body(np.array([44.0, 100, 106, 108]), np.array([4.0, 4, 30, 32]))
    else:
        profile = np.array([-60.0, 0.0, 56.0, 58.0]), np.array([36.0, 33.0, 29.0, 4.0])
        stem = turned_body(np.array([57.0, 60.0]), np.array([29.0, 29.0]))
    clear = (0.8, 0.85, 0.87)
    drink = tinted(draw.uniform(0.95, 1.15), draw.uniform(0.2, 0.9), draw.uniform(0.1, 0.5))
    inside = turned_body(np.array([-20.0, -19, 30, 40]), np.array([2.0, 33, 28, 5]))
    return [
        made(inside, Material.LENS, drink, 0.3, opacity=0.75),
        made(turned_body(*profile), Material.LENS, clear, 0.95, opacity=0.14),
        made(stem, Material.LENS, clear, 0.95, opacity=0.25),
    ]


def book(draw: Draw) -> list[Part]:
    """A book held open before a face: two covers with a spine."""
    colour = tinted(draw.uniform(), draw.uniform(0.1, 0.8), draw.uniform(0.03, 0.5))
    wide, tall = draw.uniform(110.0, 160.0), draw.uniform(170.0, 240.0)
    angle = draw.uniform(0.1, 0.35)
    x = np.array([-1.0, -0.95, -0.06, 0.0, 0.06, 0.95, 1.0]) * wide
    z = np.abs(x) * -angle
    y = np.linspace(-0.5, 0.5, 5) * tall
    points = np.stack(np.broadcast_arrays(x[None], y[:, None], z[None] + 0.0 * y[:, None]), -1)
    texture = np.stack(
        np.broadcast_arrays(x[None] - 0.5 * wide, y[:, None], 0.0 * points[..., 0]), -1
    )
    pages = sheet(points * np.array([0.97, 0.96, 1.0]) + np.array([0.0, 0.0, 6.0]))
    seed = draw.integer(0, 999)
    return [
        made(sheet(points, texture), Material.PAPER, colour, 0.3, int(Weave.LETTERS), seed),
        made(pages, Material.PAPER, (0.7, 0.68, 0.6), 0.05),
    ]


def paper(draw: Draw) -> list[Part]:
    """A sheet of paper, a little bent."""
    wide, tall = 210.0 * draw.uniform(0.5, 1.0), 297.0 * draw.uniform(0.5, 1.0)
    u, v = np.linspace(-0.5, 0.5, 9), np.linspace(-0.5, 0.5, 9)
    x, y = np.broadcast_arrays(u[None] * wide, v[:, None] * tall)
    z = (
        draw.uniform(-120, 120) * u[None] * u[None]
        + draw.uniform(-60, 60) * v[:, None] * v[:, None]
    )
    points = np.stack([x, y, z], -1)
    texture = np.stack([x, y, 0.0 * x], -1)
    pattern = int(Weave.LETTERS) if draw.chance(0.6) else 0
    return [made(sheet(points, texture), Material.PAPER, (0.75, 0.75, 0.73), 0.1, pattern, 3)]


def bars(draw: Draw) -> list[Part]:
    """A railing or a fence close to the camera."""
    colour = tinted(draw.uniform(0.0, 0.15), draw.uniform(0.0, 0.6), draw.uniform(0.01, 0.4))
    step, size = draw.uniform(45.0, 110.0), draw.uniform(3.0, 11.0)
    lean = draw.uniform(-60.0, 60.0)
    solids = [
        tube(np.array([[x * step - lean, -320.0, 0.0], [x * step + lean, 320.0, 0.0]]), size, 10)
        for x in range(-3, 4)
    ]
    return [
        made(joined(solids), Material.METAL if draw.chance(0.4) else Material.PLASTIC, colour, 0.4)
    ]


def branch(draw: Draw) -> list[Part]:
    """Twigs with leaves hanging into the picture."""
    green = tinted(draw.uniform(0.2, 0.33), draw.uniform(0.5, 0.85), draw.uniform(0.06, 0.3))
    path = np.zeros((8, 3))
    for k in range(1, 8):
        path[k] = path[k - 1] + np.array(
            [draw.uniform(25, 50), draw.normal(4, 16), draw.normal(0, 8)]
        )
    path -= path[4]
    twig = made(tube(path, np.linspace(5.0, 1.5, 8), 7), Material.PLASTIC, (0.08, 0.05, 0.03), 0.1)
    leaves = [_leaf(draw, path[draw.integer(0, 8)]) for _ in range(draw.integer(8, 26))]
    return [twig, made(joined(leaves), Material.PLASTIC, green, 0.3)]


def _leaf(draw: Draw, root: Floats) -> Solid:
    size = draw.uniform(22.0, 55.0)
    turn, tilt = draw.uniform(0.0, 2.0 * PI), draw.uniform(-0.7, 0.7)
    c, s = cosines(np.array([turn]))[0], sines(np.array([turn]))[0]
    along = np.array([c, s, tilt])
    side = np.array([-s, c, 0.3 * tilt])
    share = np.linspace(0.0, 1.0, 7)
    wide = 0.36 * 4.0 * share * (1.0 - share) * (1.2 - 0.5 * share)
    across = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    points = root + size * (
        share[:, None, None] * along + (wide[:, None] * across[None])[..., None] * side
    )
    points[..., 2] += 0.12 * size * np.abs(across)[None]
    return sheet(points)
