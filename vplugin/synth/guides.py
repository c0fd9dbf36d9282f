"""Growing guides: single hairs that follow a flow, gravity and the head, step by step.

Kernels only: what a style means is decided in `hair_cuts.py`, `beard.py` and `tails.py`;
`strands.py` grows many hairs around each guide.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from vplugin.synth.exact import clamp, compiled, mix, noise, smoothstep
from vplugin.synth.parts import Floats
from vplugin.synth.scalp import (
    AXIS_Z,
    CENTRE_Y,
    CENTRE_Z,
    laid_on,
    pushed_out,
    quarter_turn,
)


class Guide(IntEnum):
    """Columns of what steers a guide."""

    LENGTH = 0  # mm
    LIFT = 1  # 0 lies on the skin, 1 stands on it
    COMB_X = 2  # the combed direction in the head frame, its length the strength
    COMB_Y = 3
    COMB_Z = 4
    WHORL = 5  # how much it runs away from the whorl
    GRAVITY = 6  # pull, 1/step
    HEIGHT = 7  # mm it keeps over the skin
    KEEP = 8  # stiffness: how much of its direction it keeps from step to step
    CUT = 9  # y in mm where it is cut off
    FACE = 10  # quarter turns from the front that it keeps clear of, 0 = none
    BEHIND = 11  # -1 falls before the shoulder, 1 behind it
    WANDER = 12  # irregularity
    COMBED = 13  # mm along the hair over which the comb holds
    TIE = 14  # 0: loose; else drawn towards the tie of this number (from 1) and ends there
    KIND = 15  # hairs follow guides of their own kind only
    HUG = 16  # pull back to the skin where it stands off, 0 to 1


GUIDE_COLUMNS = len(Guide)


@compiled
def normalised(x: float, y: float, z: float) -> tuple[float, float, float]:
    """The unit vector in this direction."""
    length = np.sqrt(x * x + y * y + z * z) + 1e-12
    return x / length, y / length, z / length


@compiled
def grow_guides(
    head: Floats,
    torso: Floats,
    roots: Floats,
    plan: Floats,
    ties: Floats,
    whorl: Floats,
    seed: int,
    guides: Floats,
) -> None:
    """Simulates one guide from each root.

    Args:
        head: See :class:`~vplugin.synth.scalp.Surface`.
        torso: Likewise.
        roots: (G, 9) place, normal, face coordinates.
        plan: (G, 17) by :class:`Guide`.
        ties: (T, 3) mm where tied hair meets.
        whorl: (3,) mm the crown's whorl.
        seed: Of the irregularity.
        guides: (G, K, 3) mm, filled: points at equal distances along each guide.
    """
    count = guides.shape[1]
    path = np.empty((65, 3))
    for g in range(roots.shape[0]):
        length = plan[g, Guide.LENGTH]
        steps = int(clamp(length / 5.0, 5.0, 64.0))
        step = length / steps
        x, y, z = roots[g, 0], roots[g, 1], roots[g, 2]
        nx, ny, nz = roots[g, 3], roots[g, 4], roots[g, 5]
        lift = plan[g, Guide.LIFT]
        dx, dy, dz = 0.0, 0.0, 0.0
        path[0, 0], path[0, 1], path[0, 2] = x, y, z
        used = 0
        tied = plan[g, Guide.TIE] > 0.5
        knot = max(0, int(plan[g, Guide.TIE] + 0.5) - 1)
        for i in range(steps):
            if i > 0:
                nx, ny, nz = outward(x, y, z)
            cx, cy, cz = plan[g, Guide.COMB_X], plan[g, Guide.COMB_Y], plan[g, Guide.COMB_Z]
            far = i * step
            hold = 1.0 - smoothstep(0.4, 1.0, far / (plan[g, Guide.COMBED] + 1e-6))
            if tied:
                cx, cy, cz = normalised(ties[knot, 0] - x, ties[knot, 1] - y, ties[knot, 2] - z)
                # From the forehead first back, then to the tie.
                cz += 1.5 * smoothstep(115.0, 40.0, z)
                hold = 1.0
            away = plan[g, Guide.WHORL]
            if away != 0.0:
                wx, wy, wz = x - whorl[0], y - whorl[1], z - whorl[2]
                # At the whorl itself no direction is the right one.
                away *= smoothstep(2.0, 24.0, np.sqrt(wx * wx + wy * wy + wz * wz))
                wx, wy, wz = normalised(wx, wy, wz)
                cx, cy, cz = cx + away * wx, cy + away * wy, cz + away * wz
            # Near the skin the comb works along it.
            inward = cx * nx + cy * ny + cz * nz
            along = (1.0 - smoothstep(4.0, 40.0, far) * (0.0 if tied else 0.1)) * (
                1.0 - lift * lift
            )
            cx, cy, cz = (
                cx - along * inward * nx,
                cy - along * inward * ny,
                cz - along * inward * nz,
            )
            wander = plan[g, Guide.WANDER]
            if wander > 0.0:
                cx += wander * noise(x * 0.03, y * 0.03, z * 0.03 + g * 7.1, seed)
                cy += wander * noise(x * 0.03, y * 0.03, z * 0.03 + g * 7.1, seed + 1)
                cz += wander * noise(x * 0.03, y * 0.03, z * 0.03 + g * 7.1, seed + 2)
            if i == 0:
                cx, cy, cz = normalised(cx, cy, cz)
                dx = mix(cx, nx, lift)
                dy = mix(cy, ny, lift)
                dz = mix(cz, nz, lift)
                dx, dy, dz = normalised(dx, dy, dz)
            keep = plan[g, Guide.KEEP]
            comb = hold * (1.0 - keep)
            pull = plan[g, Guide.GRAVITY] * min(step, 12.0) * 0.1
            tx = dx * keep + cx * comb
            ty = dy * keep + cy * comb + pull
            tz = dz * keep + cz * comb
            clear = plan[g, Guide.FACE]
            if clear > 0.0 and y > CENTRE_Y - 75.0:
                turn = quarter_turn(x, CENTRE_Z - z)
                # Hair behind the ears is in front of them as long as it is above them.
                clear = min(clear, mix(0.66, clear, smoothstep(-70.0, -25.0, y)))
                if turn < clear:
                    # Around the head, away from the face.
                    lean = plan[g, Guide.COMB_X]
                    lean = x if abs(lean) < 0.05 or abs(x) > 40.0 else lean
                    side = 1.0 if lean >= 0.0 else -1.0
                    ax, az = (CENTRE_Z - z) * side, x * side
                    size = np.sqrt(ax * ax + az * az) + 1e-9
                    push = 3.5 * (clear - turn) * smoothstep(-95.0, -70.0, y)
                    tx, tz = tx + push * ax / size, tz + push * az / size
            behind = plan[g, Guide.BEHIND]
            if behind != 0.0 and y > 15.0:
                turn = quarter_turn(x, AXIS_Z - z)
                lack = (1.6 - turn) if behind > 0.0 else (0.42 - turn)
                if (behind > 0.0 and lack > 0.0) or (behind < 0.0 and lack < 0.0):
                    tz += 1.3 * abs(behind) * lack * smoothstep(15.0, 75.0, y)
                # On a shoulder hair stays near the neck.
                aside = smoothstep(55.0, 120.0, abs(x)) * smoothstep(80.0, 150.0, y)
                tx -= (1.1 if x >= 0.0 else -1.1) * aside
            dx, dy, dz = normalised(tx, ty, tz)
            px, py, pz = x + dx * step, y + dy * step, z + dz * step
            near = plan[g, Guide.HEIGHT] * smoothstep(0.0, 25.0, far + step)
            hug = plan[g, Guide.HUG]
            if hug > 0.0:
                qx, qy, qz = laid_on(head, px, py, pz, near)
                px, py, pz = mix(px, qx, hug), mix(py, qy, hug), mix(pz, qz, hug)
            px, py, pz = pushed_out(head, torso, px, py, pz, near, 4.0 + near * 0.5)
            dx, dy, dz = normalised(px - x, py - y, pz - z)
            if py > plan[g, Guide.CUT] and py > y:
                share = clamp((plan[g, Guide.CUT] - y) / (py - y), 0.0, 1.0)
                px, py, pz = mix(x, px, share), mix(y, py, share), mix(z, pz, share)
                x, y, z = px, py, pz
                used = i + 1
                path[used, 0], path[used, 1], path[used, 2] = x, y, z
                break
            x, y, z = px, py, pz
            used = i + 1
            path[used, 0], path[used, 1], path[used, 2] = x, y, z
            if tied:
                gx, gy, gz = ties[knot, 0] - x, ties[knot, 1] - y, ties[knot, 2] - z
                if gx * gx + gy * gy + gz * gz < step * step * 1.5:
                    break
        _resampled(path, used, guides, g, count)


@compiled
def outward(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Away from the middle of the head, below it away from the neck."""
    low = smoothstep(10.0, 80.0, y)
    return normalised(
        x,
        (y - CENTRE_Y) * (1.0 - low),
        z - mix(CENTRE_Z, AXIS_Z, low),
    )


@compiled
def _resampled(path: Floats, used: int, guides: Floats, g: int, count: int) -> None:
    total = 0.0
    for i in range(used):
        total += _distance(path, i)
    done, i = 0.0, 0
    for k in range(count):
        goal = total * k / (count - 1)
        piece = _distance(path, i) if i < used else 0.0
        while i < used - 1 and done + piece < goal:
            done += piece
            i += 1
            piece = _distance(path, i)
        share = clamp((goal - done) / (piece + 1e-12), 0.0, 1.0)
        j = min(i + 1, used)
        for axis in range(3):
            guides[g, k, axis] = mix(path[i, axis], path[j, axis], share)


@compiled
def _distance(path: Floats, i: int) -> float:
    dx = path[i + 1, 0] - path[i, 0]
    dy = path[i + 1, 1] - path[i, 1]
    dz = path[i + 1, 2] - path[i, 2]
    return float(np.sqrt(dx * dx + dy * dy + dz * dz))
