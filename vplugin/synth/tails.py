"""Hair below its tie: ponytails, plaits and buns.

A tail falls like hair that grows from the tie; a plait winds three strands of hairs about such a
course; a bun is wound about a ball.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vplugin.synth.draw import Draw
from vplugin.synth.exact import PI, compiled, cosine, hashed, mix, sine, smoothstep
from vplugin.synth.guides import GUIDE_COLUMNS, Guide, grow_guides
from vplugin.synth.parts import Floats, Indices
from vplugin.synth.scalp import CENTRE_Y, CENTRE_Z, Surface, laid_on, pushed_out

Singles = npt.NDArray[np.float32]


def tie_places(surface: Surface, ties: tuple[tuple[float, float, float], ...]) -> Floats:
    """(T, 3) mm: the ties laid on this head."""
    placed = [laid_on(surface.head, *tie, 4.0) for tie in ties]
    return np.array(placed or [(0.0, 0.0, 0.0)])


@compiled
def _away(tie: Floats) -> tuple[float, float, float]:
    x, y, z = tie[0], tie[1] - CENTRE_Y, tie[2] - CENTRE_Z
    length = np.sqrt(x * x + y * y + z * z) + 1e-9
    return x / length, y / length, z / length


def tail_roots(tie: Floats, radius: float, count: int, seed: int) -> Floats:
    """(N, 9) roots on a disc about a tie, as of ``scalp.scattered``."""
    draw = Draw(seed, "tail")
    out = np.empty((count, 9))
    outward = np.array(_away(tie))
    across, up = _frame(outward)
    spread = np.sqrt(draw.of("spread").array(count)) * radius
    turn = 2.0 * PI * draw.of("turn").array(count)
    for n in range(count):
        a, b = spread[n] * cosine(turn[n]), spread[n] * sine(turn[n])
        out[n, :3] = tie + a * across + b * up
        out[n, 3:6] = outward
        out[n, 6:9] = out[n, :3]
    return out


@compiled
def _frame(outward: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors across ``outward``: about level, and about upright."""
    across, up = np.empty(3), np.empty(3)
    x, y, z = outward[0], outward[1], outward[2]
    if abs(y) > 0.9:
        across[0], across[1], across[2] = 1.0, 0.0, 0.0
    else:
        flat = np.sqrt(x * x + z * z)
        across[0], across[1], across[2] = z / flat, 0.0, -x / flat
    up[0] = y * across[2] - z * across[1]
    up[1] = z * across[0] - x * across[2]
    up[2] = x * across[1] - y * across[0]
    return across, up


def tail_courses(
    surface: Surface,
    roots: Floats,
    length: float,
    lift: float,
    forward: bool,
    points: int,
    seed: int,
) -> Floats:
    """(G, points, 3) mm: how hair falls from a tie.

    Args:
        surface: What it falls over.
        roots: (G, 9) of :func:`tail_roots`.
        length: mm.
        lift: How far it stands off at the tie, 0 to 1.
        forward: Whether it falls before the shoulders.
        points: Of each course.
        seed: Of the irregularity.
    """
    plan = np.zeros((len(roots), GUIDE_COLUMNS))
    plan[:, Guide.LENGTH] = length * (0.82 + 0.3 * Draw(seed, "lengths").array(len(roots)))
    plan[:, Guide.LIFT] = lift
    plan[:, Guide.COMB_Y] = 1.0
    plan[:, Guide.COMB_Z] = 0.2
    plan[:, Guide.GRAVITY] = 0.45
    plan[:, Guide.KEEP] = 0.72
    plan[:, Guide.HEIGHT] = 7.0
    plan[:, Guide.CUT] = 1e6
    plan[:, Guide.WANDER] = 0.1
    plan[:, Guide.COMBED] = 60.0
    plan[:, Guide.BEHIND] = -0.8 if forward else 0.6
    out = np.empty((len(roots), points, 3))
    grow_guides(surface.head, surface.torso, roots, plan, np.zeros((1, 3)), np.zeros(3), seed, out)
    return out


@compiled
def plait(
    surface_head: Floats,
    surface_torso: Floats,
    course: Floats,
    radius: float,
    pitch: float,
    seed: int,
    points: Floats,
    clumps: Indices,
    ranks: Singles,
) -> None:
    """Winds hairs into a plait of three.

    Args:
        surface_head: See :class:`~vplugin.synth.scalp.Surface`.
        surface_torso: Likewise.
        course: (K, 3) mm the middle of the plait.
        radius: Half its breadth, mm.
        pitch: Length of one full turn, mm.
        seed: Of everything random.
        points: (S, K', 3) mm, filled.
        clumps: (S,) filled: which of the three, and which part of it.
        ranks: (S,) filled: how far out a hair lies in its strand, 0 to 1.
    """
    last = course.shape[0] - 1
    count = points.shape[1]
    length = 0.0
    for i in range(last):
        length += np.sqrt(
            (course[i + 1, 0] - course[i, 0]) * (course[i + 1, 0] - course[i, 0])
            + (course[i + 1, 1] - course[i, 1]) * (course[i + 1, 1] - course[i, 1])
            + (course[i + 1, 2] - course[i, 2]) * (course[i + 1, 2] - course[i, 2])
        )
    along, outward = np.empty(3), np.empty(3)
    for n in range(points.shape[0]):
        which = n % 3
        clumps[n] = which * 7 + int(5.0 * hashed(n, 3, 0, seed))
        turn = 2.0 * PI * hashed(n, 1, 0, seed)
        far = np.sqrt(hashed(n, 2, 0, seed))
        ranks[n] = far
        reach = mix(0.94, 1.0, hashed(n, 4, 0, seed))
        for k in range(count):
            t = k / (count - 1) * reach
            i = min(int(t * last), last - 1)
            f = t * last - i
            for axis in range(3):
                along[axis] = course[i + 1, axis] - course[i, axis]
            size = np.sqrt(along[0] * along[0] + along[1] * along[1] + along[2] * along[2]) + 1e-9
            x = mix(course[i, 0], course[i + 1, 0], f)
            y = mix(course[i, 1], course[i + 1, 1], f)
            z = mix(course[i, 2], course[i + 1, 2], f)
            # Breadth lies across the way out of the head.
            outward[0], outward[1], outward[2] = x * 0.6, 0.0, z - 90.0
            bx = (along[1] * outward[2] - along[2] * outward[1]) / size
            by = (along[2] * outward[0] - along[0] * outward[2]) / size
            bz = (along[0] * outward[1] - along[1] * outward[0]) / size
            wide = np.sqrt(bx * bx + by * by + bz * bz) + 1e-9
            bx, by, bz = bx / wide, by / wide, bz / wide
            nx = (by * along[2] - bz * along[1]) / size
            ny = (bz * along[0] - bx * along[2]) / size
            nz = (bx * along[1] - by * along[0]) / size
            phase = 2.0 * PI * (t * length / pitch + which / 3.0)
            full = radius * mix(1.0, 0.62, t) * smoothstep(-0.05, 0.06, t)
            # The loose end below the band opens like a brush.
            end = smoothstep(0.90, 0.93, t)
            swing = full * (1.0 - end)
            thick = full * mix(0.55, 0.75 + 0.5 * smoothstep(0.93, 1.0, t), end) * far
            a = swing * 0.72 * sine(phase) + thick * cosine(turn)
            b = swing * 0.42 * sine(2.0 * phase) + thick * 0.8 * sine(turn)
            px, py, pz = x + a * bx + b * nx, y + a * by + b * ny, z + a * bz + b * nz
            px, py, pz = pushed_out(surface_head, surface_torso, px, py, pz, 1.0, 3.0)
            points[n, k, 0], points[n, k, 1], points[n, k, 2] = px, py, pz


@compiled
def wind(
    tie: Floats,
    radius: float,
    frizz: float,
    seed: int,
    points: Floats,
    clumps: Indices,
    ranks: Singles,
) -> None:
    """Winds hairs about a ball on the tie: a bun.

    Args:
        tie: (3,) mm.
        radius: Of the bun, mm.
        frizz: 0 to 1.
        seed: Of everything random.
        points: (S, K', 3) mm, filled.
        clumps: (S,) filled.
        ranks: (S,) filled.
    """
    count = points.shape[1]
    outward = np.empty(3)
    outward[0], outward[1], outward[2] = _away(tie)
    across, up = _frame(outward)
    for n in range(points.shape[0]):
        # Bands of hair that cross each other a little.
        band = int(7.0 * hashed(n, 1, 0, seed))
        clumps[n] = band
        tilt = 0.5 * (hashed(band, 2, 0, seed) - 0.5)
        level = mix(-0.35, 1.35, (band + hashed(n, 3, 0, seed)) / 7.0)
        start = 2.0 * PI * (hashed(n, 4, 0, seed))
        sweep = mix(1.6, 3.4, hashed(n, 5, 0, seed))
        deep = hashed(n, 6, 0, seed)
        ranks[n] = deep
        size = radius * mix(0.84, 1.0, deep) * (1.0 + 0.05 * (hashed(band, 7, 0, seed) - 0.5))
        stray = 1.0 + (0.25 * frizz if hashed(n, 8, 0, seed) < 0.04 else 0.0)
        for k in range(count):
            t = k / (count - 1)
            angle = start + sweep * t
            high = level + tilt * sine(angle) + 0.12 * sine(2.0 * angle + band)
            flat, rise = cosine(high), sine(high)
            a = size * flat * cosine(angle) * (1.0 + (stray - 1.0) * t)
            b = size * flat * sine(angle) * (1.0 + (stray - 1.0) * t)
            c = size * (0.78 * rise + 0.42)
            for axis in range(3):
                points[n, k, axis] = tie[axis] + a * across[axis] + b * up[axis] + c * outward[axis]
