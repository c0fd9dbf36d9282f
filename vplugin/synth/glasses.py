"""Glasses: rims, lenses, bridge and arms, fitted to eyes, nose and ears."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vplugin.synth.exact import PI, cosines, powers, sines
from vplugin.synth.form import Body, ears
from vplugin.synth.outfit import Piece, Stuff, piece
from vplugin.synth.parts import Floats, Material, Segment
from vplugin.synth.solids import Solid, ball, joined, net, tube

_CORNERS = 40


class Frame(NamedTuple):
    """A shape of glasses; lengths for an eye distance of 63 mm.

    Attributes:
        wide: Half the width of a lens, mm.
        tall: Half its height.
        square: 2 is an ellipse, more is boxier.
        lift: How much the outer upper corner is raised, mm (cat-eye).
        drop: How much the inner lower part is drawn in, share (aviator).
        thick: Radius of the rim, mm; 0 is rimless.
        flat: The rim's height by its depth.
        half: Whether the rim is only above.
    """

    wide: float
    tall: float
    square: float
    lift: float = 0.0
    drop: float = 0.0
    thick: float = 1.3
    flat: float = 1.0
    half: bool = False


FRAMES = {
    "round": Frame(22.0, 21.0, 2.0, thick=1.0),
    "oval": Frame(24.0, 16.5, 2.2, thick=1.1),
    "square": Frame(26.0, 19.5, 4.5, thick=1.9, flat=1.3),
    "rectangle": Frame(26.0, 14.5, 4.0, thick=1.6),
    "thick": Frame(26.5, 20.0, 3.6, 1.5, thick=2.9, flat=1.4),
    "cat_eye": Frame(25.0, 16.5, 2.5, 11.0, thick=2.2, flat=1.2),
    "aviator": Frame(28.0, 23.5, 2.4, 1.0, 0.35, thick=0.9),
    "rimless": Frame(25.5, 16.0, 3.0, thick=0.0),
    "half_rim": Frame(26.0, 16.0, 3.2, 1.0, thick=1.5, half=True),
    "oversized": Frame(30.0, 27.0, 2.7, 2.0, thick=2.2, flat=1.2),
    "sport": Frame(32.0, 19.0, 3.0, 2.0, 0.2, thick=1.4),
}


def _outline(frame: Frame, side: float) -> Floats:
    """(K, 2) mm around the centre of a lens; ``side`` is -1 for the person's right."""
    turn = np.arange(_CORNERS) * (2.0 * PI / _CORNERS)
    c, s = cosines(turn), sines(turn)
    power = 2.0 / frame.square
    u = np.where(c < 0.0, -1.0, 1.0) * powers(np.abs(c), power)
    v = np.where(s < 0.0, -1.0, 1.0) * powers(np.abs(s), power)
    x, y = frame.wide * u, frame.tall * v
    outer = np.clip(u, 0.0, 1.0) * np.clip(-v, 0.0, 1.0)
    y = y - frame.lift * outer
    x = x + 0.45 * frame.lift * outer
    inner = np.clip(-u, 0.0, 1.0) * np.clip(v, 0.0, 1.0)
    x = x + frame.drop * frame.wide * inner
    return np.stack([side * x, y], -1)


class _Fit(NamedTuple):
    """Where glasses sit: centres of the lenses' plane, how it bends, the ears' roots."""

    scale: float
    centre: Floats
    apart: float
    ears: Floats

    def forward(self, by: float) -> _Fit:
        """The same, nearer to the viewer (mm)."""
        return self._replace(centre=self.centre - np.array([0.0, 0.0, by]))

    def placed(self, flat: Floats, out: float = 0.0) -> Floats:
        """Points (..., 2) of the front's plane in space; it bends back at the sides."""
        x, y = flat[..., 0], flat[..., 1]
        z = self.centre[2] - out + 0.0032 * x * x + 0.06 * y
        return np.stack([self.centre[0] + x, self.centre[1] + y, z], -1)


def _fit(body: Body, slip: float) -> _Fit:
    """On this face; ``slip`` is how far (mm) they have slid down the nose."""
    right, left = body.eyes[0], body.eyes[1]
    apart = float(left[0] - right[0])
    middle = 0.5 * (right + left)
    skin = body.parts[0].vertices
    near = np.abs(skin[:, 0] - middle[0]) < 4.0
    near &= np.abs(skin[:, 1] - middle[1] - 2.0) < 7.0
    front = float(skin[near, 2].min()) if near.any() else -22.0
    centre = np.array([middle[0], middle[1] + 1.5 + slip, front - 1.5 - 0.4 * slip])
    roots = []
    for points, side in zip(ears(body), (-1.0, 1.0), strict=True):
        low, high = points.min(axis=0), points.max(axis=0)
        inside = high[0] if side < 0.0 else low[0]
        roots.append([inside + side * 3.0, low[1] + 7.0, low[2] + 7.0])
    return _Fit(apart / 63.0, centre, apart, np.array(roots))


def _in_the_way(fit: _Fit, body: Body, frame: Frame, half: float) -> float:
    """How far (mm) cheeks and lids stand out through the lenses, 0 to 9."""
    skin = body.parts[0].vertices
    x, y = np.abs(skin[:, 0] - fit.centre[0]) - half, skin[:, 1] - fit.centre[1] - 2.0
    near = (np.abs(x) < 0.9 * frame.wide) & (np.abs(y) < 0.95 * frame.tall) & (skin[:, 2] < 30.0)
    if not near.any():
        return 0.0
    lens = fit.placed(skin[near, :2] - fit.centre[:2])
    return float(np.clip((lens[:, 2] + 2.0 - skin[near, 2]).max(), 0.0, 9.0))


def wear_glasses(
    body: Body, frame: Frame, rim: Stuff, lens: Stuff, size: float, slip: float
) -> list[Piece]:
    """Glasses on a face.

    Args:
        body: Whose.
        frame: Their shape.
        rim: Material of rims and arms.
        lens: Material and opacity of the lenses.
        size: Factor.
        slip: How far down the nose, mm.
    """
    fit = _fit(body, slip)
    scale = size * fit.scale
    shape = frame._replace(wide=frame.wide * scale, tall=frame.tall * scale)
    half = 0.5 * fit.apart + max(0.0, shape.wide - 0.5 * fit.apart + 7.5)
    fit = fit.forward(_in_the_way(fit, body, shape, half))
    hard: list[Solid] = []
    pieces = []
    for side in (-1.0, 1.0):
        flat = _outline(shape, side) + np.array([side * half, 2.0])
        pieces.append(piece(_lens(fit, flat), lens))
        hard += _rim(fit, shape, flat)
        hard += _arm(fit, shape, side, flat)
    hard += _bridge(fit, shape, half)
    return [piece(joined(hard), rim), *pieces]


def _lens(fit: _Fit, flat: Floats) -> Solid:
    middle = 0.5 * (flat.min(axis=0) + flat.max(axis=0))
    share = np.array([0.0, 0.35, 0.7, 1.0])[:, None, None]
    rings = middle + (flat - middle)[None] * share
    points = fit.placed(rings)
    # A lens is a little domed: what it mirrors moves when the head does.
    points[..., 2] -= 1.6 * (1.0 - share[..., 0] * share[..., 0])
    texture = np.concatenate([rings - middle, np.zeros((*rings.shape[:2], 1))], -1)
    triangles = net(len(rings), rings.shape[1], round_=True)
    return Solid(points.reshape(-1, 3), triangles, texture.reshape(-1, 3))


def _rim(fit: _Fit, frame: Frame, flat: Floats) -> list[Solid]:
    if frame.thick <= 0.0:
        return []
    if not frame.half:
        path = fit.placed(flat, 0.5)
        return [tube(path, frame.thick, 6, closed=True, flat=(1.0, frame.flat))]
    above = np.arange(_CORNERS // 2 - 1, _CORNERS + 2) % _CORNERS
    return [tube(fit.placed(flat[above], 0.5), frame.thick, 6, flat=(1.0, frame.flat))]


def _bridge(fit: _Fit, frame: Frame, half: float) -> list[Solid]:
    inner = half - frame.wide
    share = np.linspace(-1.0, 1.0, 9)
    arch = 1.0 - share * share
    thick = max(frame.thick, 0.8) * 0.95
    lines = [-0.30 * frame.tall] if frame.drop < 0.3 else [-0.30 * frame.tall, -0.82 * frame.tall]
    solids = []
    for height in lines:
        wide = inner * (1.05 if height > -0.5 * frame.tall else 1.7)
        flat = np.stack([wide * share, 2.0 + height - 3.0 * arch], -1)
        path = fit.placed(flat, 0.5)
        path[:, 2] -= 2.0 * arch
        solids.append(tube(path, thick, 6, flat=(1.0, frame.flat), up=(0.0, 0.0, -1.0)))
    if frame.thick < 1.7:
        for side in (-1.0, 1.0):
            at = fit.placed(np.array([side * max(6.0, inner * 0.8), 6.0]), -5.0)
            solids.append(ball(tuple(at), (1.6, 4.2, 2.6), 6, 8))
    return solids


def _arm(fit: _Fit, frame: Frame, side: float, flat: Floats) -> list[Solid]:
    """From the outer corner back to the ear and down behind it."""
    outer = flat[np.argmax(side * flat[:, 0] - 0.35 * flat[:, 1])]
    hinge = fit.placed(outer, 0.0)
    ear = fit.ears[0 if side < 0.0 else 1]
    wide = side * max(side * hinge[0] + 2.0, side * ear[0])
    path = np.array(
        [
            hinge, [hinge[0] + side * 2.0, hinge[1] - 1.0, hinge[2] + 4.0],
            [wide, hinge[1] + 0.25 * (ear[1] - hinge[1]), hinge[2] + 22.0],
            0.4 * np.array([wide, hinge[1], hinge[2]]) + 0.6 * ear,
            [ear[0], ear[1] - 2.0, ear[2] - 4.0], [ear[0], ear[1] - 1.0, ear[2] + 6.0],
            [ear[0] - side * 2.0, ear[1] + 12.0, ear[2] + 16.0],
            [ear[0] - side * 4.0, ear[1] + 30.0, ear[2] + 20.0],
        ]
    )  # fmt: skip
    thick = max(frame.thick, 0.9)
    radii = thick * np.array([1.1, 1.15, 1.0, 0.95, 0.95, 0.95, 0.95, 0.8])
    return [tube(path, radii, 6, flat=(1.5 if thick > 1.5 else 1.0, 0.8), up=(1.0, 0.0, 0.0))]


def rim_stuff(colour: tuple[float, float, float], metal: bool) -> Stuff:
    """What rims are made of."""
    material = Material.METAL if metal else Material.PLASTIC
    return Stuff(material, Segment.GLASSES, colour, 0.75 if metal else 0.6)


def lens_stuff(colour: tuple[float, float, float], opacity: float) -> Stuff:
    """What lenses are made of."""
    return Stuff(Material.LENS, Segment.GLASSES, colour, 0.95, opacity=opacity)
