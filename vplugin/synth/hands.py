"""A hand with an arm: palm, five fingers with joints and nails, in several poses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vplugin.synth.exact import PI, cosine, sine
from vplugin.synth.parts import Floats, Material, Part, Segment
from vplugin.synth.solids import Solid, ball, crossed, joined, tube, unit

# Of index, middle, ring and little finger: where it begins (x, y mm) and its length.
_FINGERS = ((-29.0, -44.0, 73.0), (-9.5, -50.0, 81.0), (10.0, -47.0, 75.0), (27.5, -37.0, 59.0))
_SIZES = (9.3, 9.6, 9.0, 7.8)


class Grip(NamedTuple):
    """How a hand is held.

    Attributes:
        curl: For each of the four fingers how much it is bent, 0 to 1.
        spread: Degrees between neighbouring fingers.
        thumb: Degrees by which the thumb stands off.
        across: How far the thumb lies over the palm, 0 to 1.
    """

    curl: tuple[float, float, float, float]
    spread: float
    thumb: float
    across: float


GRIPS = {
    "flat": Grip((0.04, 0.03, 0.04, 0.07), 1.5, 28.0, 0.15),
    "relaxed": Grip((0.22, 0.28, 0.32, 0.36), 3.0, 34.0, 0.3),
    "spread": Grip((0.05, 0.03, 0.05, 0.08), 13.0, 52.0, 0.0),
    "point": Grip((0.04, 0.85, 0.92, 0.95), 2.0, 25.0, 0.9),
    "fist": Grip((0.98, 1.0, 1.0, 0.98), 1.0, 25.0, 1.0),
    "hold": Grip((0.62, 0.62, 0.62, 0.62), 1.0, 40.0, 0.85),
    "clasp": Grip((0.36, 0.38, 0.40, 0.44), 3.5, 46.0, 0.5),
    "victory": Grip((0.05, 0.04, 0.95, 0.98), 16.0, 25.0, 1.0),
    "pinch": Grip((0.55, 0.2, 0.16, 0.14), 9.0, 40.0, 0.8),
}


def _direction(aside: float, bend: float) -> Floats:
    """A unit vector: up, leaning aside (degrees, positive to +x), bent towards the palm (+z)."""
    a, b = aside * PI / 180.0, bend * PI / 180.0
    return np.array([sine(a) * cosine(b), -cosine(a) * cosine(b), sine(b)])


def _chain(
    root: Floats, aside: float, bends: tuple[float, ...], lengths: tuple[float, ...]
) -> Floats:
    """Points of a finger's joints (J, 3)."""
    points, at, bend = [root], root, 0.0
    for step, length in zip(bends, lengths, strict=True):
        bend += step
        at = at + length * _direction(aside, bend)
        points.append(at)
    return np.array(points)


def _rounded(joints: Floats) -> Floats:
    """The bones with their corners taken off: (3 J - 2, 3)."""
    points = [joints[0]]
    for before, here, after in zip(joints, joints[1:], joints[2:], strict=False):
        points += [here + 0.25 * (before - here), here + 0.06 * (before + after - 2.0 * here)]
        points.append(here + 0.25 * (after - here))
    points.append(joints[-1])
    return np.array(points)


def _finger(joints: Floats, size: float) -> tuple[Solid, Solid]:
    """Flesh and nail of one finger."""
    path = _rounded(joints)
    share = np.arange(len(path)) / (len(path) - 1.0)
    radii = size * (1.04 - 0.30 * share)
    radii[2::3] *= 1.07
    if size > 11.0:
        radii[0] *= 1.35
        radii[1] *= 1.1
    ahead = unit(path[-1:] - path[-2:-1])[0]
    tip = [path[-1] + ahead * radii[-1] * a for a in (0.45, 0.78, 0.96)]
    sizes = [radii[-1] * b for b in (0.90, 0.63, 0.28)]
    # The root lies inside of the palm, however much the finger is bent.
    start = path[0] + (np.array([0.0, 18.0, 0.0]) if size < 11.0 else np.array([3.0, 8.0, -2.0]))
    whole = np.concatenate([start[None], path, np.array(tip)])
    flesh = tube(
        whole,
        np.concatenate([[size * (0.9 if size < 11.0 else 1.5)], radii, sizes]),
        12,
        up=(1.0, 0.0, 0.02),
    )
    side = unit(crossed(ahead, np.array([1.0, 0.0, 0.0])))
    back = side if side[2] < 0.0 or (abs(side[2]) < 0.3 and side[1] < 0.0) else -side
    at = path[-1] + back * radii[-1] * 0.74 - ahead * radii[-1] * 0.05
    nail = ball((0.0, 0.0, 0.0), (radii[-1] * 0.72, radii[-1] * 0.98, radii[-1] * 0.30), 7, 10)
    across = crossed(ahead, back)
    x, y, z = (nail.vertices[:, k : k + 1] for k in range(3))
    return flesh, nail._replace(vertices=at + x * across + y * ahead - z * back)


# From the elbow to the knuckles: height, half width, half thickness, middle (x), mm.
_ARM = (
    (320.0, 44.0, 40.0, 0.0), (240.0, 42.0, 38.0, 0.0), (180.0, 36.0, 32.0, 0.0),
    (130.0, 29.5, 24.0, 0.0), (100.0, 27.0, 19.5, 0.0), (84.0, 27.0, 18.5, 0.0),
    (68.0, 29.0, 18.5, -0.5), (50.0, 33.5, 19.5, -1.5), (30.0, 38.0, 19.5, -2.0),
    (8.0, 40.5, 17.0, -1.0), (-14.0, 41.0, 14.0, -0.5), (-32.0, 40.0, 11.5, 0.0),
    (-44.0, 37.5, 9.8, -0.5), (-52.0, 33.0, 8.0, -1.5), (-56.0, 24.0, 4.0, -2.5),
)  # fmt: skip


def _palm() -> Solid:
    """Arm and palm in one: wider above the wrist, thicker at the ball of the thumb."""
    rows = np.array(_ARM)
    turn = np.arange(24) * (2.0 * PI / 24.0)
    c = np.array([cosine(float(t)) for t in turn])
    s = np.array([sine(float(t)) for t in turn])
    # A box with round corners rather than an ellipse.
    u, v = c * (1.25 - 0.25 * c * c), s * (1.25 - 0.25 * s * s)
    x = rows[:, 3:4] + rows[:, 1:2] * u[None]
    # The little finger's knuckle lies lower than the others.
    fall = np.clip(-rows[:, :1] / 50.0, 0.0, 1.0) * np.clip(x / 40.0, 0.0, 1.0)
    y = rows[:, :1] + 13.0 * fall
    thumb = np.clip(-c, 0.0, 1.0)[None] * np.clip(1.0 - np.abs(rows[:, :1] - 32.0) / 40.0, 0.0, 1.0)
    z = 2.0 + rows[:, 2:3] * v[None] * (1.0 + 0.35 * thumb * np.clip(s, 0.0, 1.0)[None])
    points = np.stack([x, y, z], -1)
    ends = points[[0, -1]] * np.array([0.0, 1.0, 0.0]) + np.array([0.0, 0.0, 2.0])
    return _sheet(np.concatenate([ends[:1], points, ends[1:]]))


def _sheet(points: Floats) -> Solid:
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    following = np.roll(index, -1, axis=1)
    a, b, c, d = index[:-1], following[:-1], index[1:], following[1:]
    pairs = np.stack([np.stack([a, b, c], -1), np.stack([b, d, c], -1)], axis=2)
    flat = points.reshape(-1, 3)
    return Solid(flat, np.ascontiguousarray(pairs.reshape(-1, 3), np.int32), flat)


def _thumb(grip: Grip) -> tuple[Solid, Solid]:
    root = np.array([-24.0, 34.0, 8.0])
    aside = -grip.thumb + 18.0 * grip.across
    first = root + 40.0 * _direction(aside, 18.0 + 38.0 * grip.across)
    lean = aside * (1.0 - 1.1 * grip.across)
    second = first + 33.0 * _direction(lean + 25.0 * grip.across, 10.0 + 30.0 * grip.across)
    third = second + 25.0 * _direction(lean + 45.0 * grip.across, 5.0 + 30.0 * grip.across)
    flesh, nail = _finger(np.array([root, first, second, third]), 11.6)
    return flesh, nail


def hand(
    grip: Grip, tone: tuple[float, float, float], sleeve: tuple[float, float, float] | None,
    seed: int, nails: tuple[float, float, float] | None = None,
) -> list[Part]:  # fmt: skip
    """A left hand seen from its back: fingers up (-y), palm away from the viewer (+z), arm down.

    Args:
        grip: How it is held.
        tone: Linear RGB of the skin.
        sleeve: Linear RGB of a sleeve, or None for a bare arm.
        seed: Of skin and cloth.
        nails: Linear RGB of painted nails, or None.

    Returns:
        Parts in mm about the middle of the palm.
    """
    flesh, plates = [_palm()], []
    for number, ((x, y, length), size) in enumerate(zip(_FINGERS, _SIZES, strict=True)):
        bent = grip.curl[number]
        bends = (62.0 * bent, 100.0 * bent, 62.0 * bent)
        lengths = (0.46 * length, 0.29 * length, 0.19 * length)
        joints = _chain(np.array([x, y, 0.0]), (number - 1.3) * grip.spread, bends, lengths)
        body, plate = _finger(joints, size)
        flesh.append(body)
        plates.append(plate)
    body, plate = _thumb(grip)
    flesh.append(body)
    plates.append(plate)
    r, g, b = tone
    pink = nails if nails is not None else (min(1.0, 1.1 * r + 0.05), 0.95 * g + 0.02, b + 0.03)
    parts = [
        _part(joined(flesh), Material.SKIN, tone, 0.3, seed),
        _part(joined(plates), Material.PLASTIC, pink, 0.55, seed),
    ]
    if sleeve is not None:
        path = np.array([[0.0, y, 2.0] for y in (104.0, 106.0, 130.0, 170.0, 230.0, 310.0)])
        cloth = tube(path, np.array([33.0, 37.0, 38.0, 44.0, 52.0, 58.0]), 18)
        parts.append(_part(cloth, Material.CLOTH, sleeve, 0.08, seed, Segment.CLOTH))
    return parts


def _part(
    solid: Solid, material: Material, colour: tuple[float, float, float], gloss: float, seed: int,
    label: Segment = Segment.HAND,
) -> Part:  # fmt: skip
    return Part(
        solid.vertices, solid.triangles, material, label, solid.texture, colour=colour,
        gloss=gloss, seed=seed,
    )  # fmt: skip
