"""The compiled painter behind :class:`vplugin.synth.canvas.Canvas`: rows of numbers to pixels.

Exact arithmetic only, one thread. A surface in perspective is a homography from the picture to its
own coordinates, so textures are right and edges are anti-aliased by its derivative.
"""

from __future__ import annotations

from math import floor, sqrt

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import clamp, compiled
from vplugin.synth.patterns import Shade, pattern, value_noise2

Floats = npt.NDArray[np.float64]
Row = npt.NDArray[np.float64]
Picture = npt.NDArray[np.float32]

# 3 for kind, frame and outline, 9 of place, 16 of the look.
ROW = 28
_NEAR = 0.05


@compiled
def _cover(
    outline: int,
    u: float,
    v: float,
    steps: tuple[float, float, float, float],
    seed: int,
    wobble: float,
) -> float:
    """How much of a pixel lies inside.

    Args:
        outline: An ``Outline``.
        u, v: Of its centre.
        steps: How far u and v go from pixel to pixel, and the widths of the soft edge, which lies
            inside.
        seed: Of a blob's edge.
        wobble: How irregular it is.
    """
    step_u, step_v, soft_u, soft_v = steps
    if outline == 0:
        a = clamp((0.5 * step_u + min(u, 1.0 - u)) / (step_u + soft_u), 0.0, 1.0)
        cover: float = a * clamp((0.5 * step_v + min(v, 1.0 - v)) / (step_v + soft_v), 0.0, 1.0)
        return cover
    dx, dy = 2.0 * u - 1.0, 2.0 * v - 1.0
    step, soft = step_u + step_v, 2.0 * max(soft_u, soft_v)
    limit = 1.0
    reach = sqrt(dx * dx + dy * dy)
    if outline == 3:
        ax, ay = max(abs(dx) - 0.75, 0.0), max(abs(dy) - 0.75, 0.0)
        reach = 0.75 + sqrt(ax * ax + ay * ay)
    elif outline == 2:
        waves = value_noise2(dx * 2.0 + 9.0, dy * 2.0 + 9.0, seed)
        fine = value_noise2(dx * 6.0 + 9.0, dy * 6.0 + 9.0, seed + 1)
        limit = 1.0 - wobble * (0.65 * waves + 0.35 * fine)
    inside: float = clamp((0.5 * step + limit - reach) / (step + soft), 0.0, 1.0)
    return inside * inside * (3.0 - 2.0 * inside) if soft > 0.0 else inside


@compiled
def _to_eye(eye: Floats, x: float, y: float, z: float) -> tuple[float, float, float]:
    return x * eye[1] - z * eye[2], y, x * eye[2] + z * eye[1]


@compiled
def _blend(
    canvas: Picture, y: int, x: int, row: Row, cover: float, gain: float, shade: Shade
) -> None:
    share, own, tr, tg, tb = shade
    gain *= own
    a = cover * row[24]
    keep = 1.0 - a
    r = (row[12] + share * (row[15] - row[12])) * gain * tr
    g = (row[13] + share * (row[16] - row[13])) * gain * tg
    b = (row[14] + share * (row[17] - row[14])) * gain * tb
    canvas[y, x, 0] = canvas[y, x, 0] * keep + a * r
    canvas[y, x, 1] = canvas[y, x, 1] * keep + a * g
    canvas[y, x, 2] = canvas[y, x, 2] * keep + a * b
    canvas[y, x, 3] = canvas[y, x, 3] * keep + a


@compiled
def _mottle(u: float, v: float, row: Row) -> float:
    if row[22] <= 0.0:
        return 1.0
    seed = int(row[21]) + 77
    rough = value_noise2(u * row[23], v * row[23], seed)
    fine = value_noise2(u * row[23] * 3.7, v * row[23] * 3.7, seed + 1)
    gain: float = 1.0 + row[22] * 2.0 * (0.62 * rough + 0.38 * fine - 0.5)
    return gain


@compiled
def _rounded(nx: float, ny: float, much: float, eye: Floats) -> float:
    """Gain of the light on a ball, where its normal points at (nx, ny)."""
    if much <= 0.0:
        return 1.0
    nz = sqrt(max(0.0, 1.0 - nx * nx - ny * ny))
    light = nx * eye[5] + ny * eye[6] + 0.75 * nz
    gain: float = 1.0 + much * (0.95 * max(light, 0.0) - 0.75)
    return gain


@compiled
def _bounds(
    plane: Floats, focal: float, middle: float, horizon: float, height: int, width: int
) -> tuple[int, int, int, int]:
    """The pixels that a parallelogram can touch: x0, y0, x1, y1."""
    x0, y0, x1, y1 = 1e9, 1e9, -1e9, -1e9
    for corner in range(4):
        a = 1.0 if corner == 1 or corner == 2 else 0.0
        b = 1.0 if corner >= 2 else 0.0
        z = plane[2] + a * plane[5] + b * plane[8]
        if z < _NEAR:
            return 0, 0, width, height
        x = middle + focal * (plane[0] + a * plane[3] + b * plane[6]) / z
        y = horizon + focal * (plane[1] + a * plane[4] + b * plane[7]) / z
        x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
    left = int(clamp(floor(x0 - 1.0), 0.0, width * 1.0))
    right = int(clamp(floor(x1 + 2.0), 0.0, width * 1.0))
    top = int(clamp(floor(y0 - 1.0), 0.0, height * 1.0))
    bottom = int(clamp(floor(y1 + 2.0), 0.0, height * 1.0))
    return left, top, right, bottom


@compiled
def _paint_surface(
    canvas: Picture,
    row: Row,
    plane: Floats,
    eye: Floats,
    focal: float,
    middle: float,
    horizon: float,
) -> None:
    """One parallelogram: corner, across and down in the eye's own axes in ``plane``."""
    height, width = canvas.shape[:2]
    ox, oy, oz, ux, uy, uz, vx, vy, vz = plane
    ax, ay, az = vy * oz - vz * oy, vz * ox - vx * oz, vx * oy - vy * ox
    bx, by, bz = oy * uz - oz * uy, oz * ux - ox * uz, ox * uy - oy * ux
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    side = 1.0 if ux * ax + uy * ay + uz * az > 0.0 else -1.0
    x0, y0, x1, y1 = _bounds(plane, focal, middle, horizon, height, width)
    code, outline = int(row[18]), int(row[2])
    seed = int(row[21])
    size_u, size_v = sqrt(ux * ux + uy * uy + uz * uz), sqrt(vx * vx + vy * vy + vz * vz)
    soft_u, soft_v = row[25] / (size_u + 1e-9), row[25] / (size_v + 1e-9)
    for y in range(y0, y1):
        dy = (y + 0.5 - horizon) / focal
        for x in range(x0, x1):
            dx = (x + 0.5 - middle) / focal
            below = (nx * dx + ny * dy + nz) * side
            if below < 1e-9:
                continue
            over = side / below
            u = (ax * dx + ay * dy + az) * over
            v = (bx * dx + by * dy + bz) * over
            if u < -0.2 or v < -0.2 or u > 1.2 or v > 1.2:
                continue
            scale = over / focal
            ua, ub = (ax - u * nx) * scale, (ay - u * ny) * scale
            va, vb = (bx - v * nx) * scale, (by - v * ny) * scale
            step_u = sqrt(ua * ua + ub * ub) + 1e-9
            step_v = sqrt(va * va + vb * vb) + 1e-9
            steps = (step_u, step_v, soft_u, soft_v)
            cover = _cover(outline, u, v, steps, seed, row[27])
            if cover <= 0.0:
                continue
            size = max(step_u, step_v)
            inside_u, inside_v = clamp(u, 0.0, 0.999999), clamp(v, 0.0, 0.999999)
            shade = pattern(code, inside_u, inside_v, row[19], row[20], seed, size)
            gain = _mottle(u, v, row) * _rounded(2.0 * u - 1.0, 2.0 * v - 1.0, row[26], eye)
            _blend(canvas, y, x, row, cover, gain, shade)


@compiled
def _paint_bar(
    canvas: Picture,
    row: Row,
    ends: Floats,
    eye: Floats,
    focal: float,
    middle: float,
    horizon: float,
) -> None:
    """One rod; ``ends`` holds two points in the eye's axes and two radii."""
    height, width = canvas.shape[:2]
    if ends[2] < _NEAR or ends[5] < _NEAR:
        return
    ax, ay = middle + focal * ends[0] / ends[2], horizon + focal * ends[1] / ends[2]
    bx, by = middle + focal * ends[3] / ends[5], horizon + focal * ends[4] / ends[5]
    ra, rb = focal * ends[6] / ends[2], focal * ends[7] / ends[5]
    far = max(ra, rb) + 2.0
    x0 = int(clamp(floor(min(ax, bx) - far), 0.0, width * 1.0))
    x1 = int(clamp(floor(max(ax, bx) + far), 0.0, width * 1.0))
    y0 = int(clamp(floor(min(ay, by) - far), 0.0, height * 1.0))
    y1 = int(clamp(floor(max(ay, by) + far), 0.0, height * 1.0))
    lx, ly = bx - ax, by - ay
    length = lx * lx + ly * ly + 1e-9
    root = sqrt(length)
    soft = 1.0 + row[25] * focal / ends[2]
    for y in range(y0, y1):
        for x in range(x0, x1):
            px, py = x + 0.5 - ax, y + 0.5 - ay
            along = clamp((px * lx + py * ly) / length, 0.0, 1.0)
            radius = ra + along * (rb - ra)
            ex, ey = px - along * lx, py - along * ly
            reach = sqrt(ex * ex + ey * ey)
            cover = clamp(0.5 + (radius - reach) / soft, 0.0, 1.0)
            if cover <= 0.0:
                continue
            over = 1.0 / (radius + 1e-9)
            turn = clamp((ex * -ly + ey * lx) / root * over * 0.5 + 0.5, 0.0, 0.999999)
            on = clamp(along, 0.0, 0.999999)
            shade = pattern(int(row[18]), turn, on, row[19], row[20], int(row[21]), 0.0)
            gain = _mottle(along * root * 0.02, turn, row)
            gain *= _rounded(clamp(ex * over, -1.0, 1.0), clamp(ey * over, -1.0, 1.0), row[26], eye)
            _blend(canvas, y, x, row, cover, gain, shade)


@compiled
def paint_rows(canvas: Picture, rows: Floats, eye: Floats) -> None:
    """Paints every row over what is there.

    Args:
        canvas: (H, W, 4) float32, linear RGB times alpha, and alpha.
        rows: (N, ``ROW``) float64: kind (0 surface, 1 ball, 2 bar), frame (0 flat, 1 room),
            outline, nine numbers of place, sixteen of the look.
        eye: (7,) focal length, cosine, sine, horizon, aspect, and the light's x and y.
    """
    height = canvas.shape[0]
    place = np.empty(9)
    for n in range(rows.shape[0]):
        row = rows[n]
        for k in range(9):
            place[k] = row[3 + k]
        kind = int(row[0])
        focal, middle, horizon = 1.0 * height, 0.0, 0.0
        if row[1] > 0.5:
            focal, middle = eye[0] * height, 0.5 * eye[4] * height
            horizon = eye[3] * height
            for k in range(0, 9, 3):
                if (kind == 0) or k == 0 or (kind == 2 and k == 3):
                    place[k], place[k + 1], place[k + 2] = _to_eye(
                        eye, place[k], place[k + 1], place[k + 2]
                    )
        if kind == 2:
            _paint_bar(canvas, row, place, eye, focal, middle, horizon)
            continue
        if kind == 1:
            radius = place[3]
            place[0] -= radius
            place[1] -= radius
            place[3], place[4], place[5] = 2.0 * radius, 0.0, 0.0
            place[6], place[7], place[8] = 0.0, 2.0 * radius, 0.0
        _paint_surface(canvas, row, place, eye, focal, middle, horizon)
