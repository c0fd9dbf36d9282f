"""The compiled painter behind :class:`vplugin.synth.canvas.Canvas`: rows of numbers to pixels.

Exact arithmetic only, one thread. A surface in perspective is a homography from the picture to its
own coordinates, so textures are right and edges are anti-aliased by its derivative.
"""

from __future__ import annotations

from math import floor, sqrt

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import clamp, compiled, flat_noise, hashed

Floats = npt.NDArray[np.float64]
Row = npt.NDArray[np.float64]
Picture = npt.NDArray[np.float32]
Shade = tuple[float, float, float, float, float]

# 3 for kind, frame and outline, 9 of place, 16 of the look.
ROW = 28
_NEAR = 0.05


@compiled
def lattice(x: int, y: int, seed: int) -> float:
    """A random number in [0, 1) of a cell."""
    value: float = hashed(x, y, 0, seed)
    return value


@compiled
def value_noise2(x: float, y: float, seed: int) -> float:
    """Smooth noise in [0, 1]."""
    value: float = 0.5 + 0.5 * flat_noise(x, y, seed)
    return value


@compiled
def _joint(u: float, v: float, wide: float, size: float) -> float:
    """1 on the joints of a grid of cells, 0 inside; ``size`` is the footprint of a pixel."""
    across = min(u, 1.0 - u)
    down = min(v, 1.0 - v)
    edge = min(across, down)
    return clamp((wide - edge) / (size + 0.02) + 0.5, 0.0, 1.0)


@compiled
def _pattern(
    code: int, u: float, v: float, across: float, down: float, seed: int, size: float
) -> Shade:
    """Of a point of a surface: share of the second colour, gain, and three tints.

    Args:
        code: A ``Pattern``.
        u, v: 0 to 1.
        across, down: Repeats.
        seed: Of its noise.
        size: How much of the surface one pixel covers.
    """
    x, y = u * across, v * down
    if code == 1:
        return v, 1.0, 1.0, 1.0, 1.0
    if code == 2 or code == 3 or code == 4:
        row = floor(y)
        if code == 2:
            x += 0.5 * (row - 2.0 * floor(0.5 * row))
        elif code == 4:
            x += 3.0 * lattice(int(row), 7, seed)
        column = floor(x)
        fx, fy = x - column, y - row
        foot = size * max(across, down)
        wide = 0.07 if code == 2 else (0.03 if code == 3 else 0.02)
        if code == 2:
            line = max(
                clamp((wide * 0.5 - min(fx, 1.0 - fx)) / (size * across + 0.02) + 0.5, 0.0, 1.0),
                clamp((wide - min(fy, 1.0 - fy)) / (size * down + 0.02) + 0.5, 0.0, 1.0),
            )
        else:
            line = _joint(fx, fy, wide, foot)
        fade = clamp(1.5 - foot, 0.0, 1.0)
        spread = 0.5 if code == 2 else (0.12 if code == 3 else 0.55)
        gain = 1.0 + spread * fade * (lattice(int(column), int(row), seed) - 0.5)
        if code == 4:
            gain *= 0.88 + 0.24 * value_noise2(x * 2.0, y * 24.0, seed + 3)
        return line * fade + (1.0 - fade) * 0.1, gain, 1.0, 1.0, 1.0
    if code == 5:
        column, row = floor(x), floor(y)
        fx, fy = x - column, y - row
        chance = lattice(int(column), int(row), seed)
        inside = 1.0 - _joint(fx, fy, 0.2, size * max(across, down))
        warm = lattice(int(column), int(row), seed + 1)
        gain = 1.0
        if inside > 0.5:
            gain = 0.15 + 1.6 * chance * chance + (0.5 * fy - 0.2)
        return inside, gain, 1.0, 1.0 - 0.2 * warm, 1.0 - 0.45 * warm
    if code == 6:
        wave = value_noise2(x * 2.0, v * 0.7, seed) * 0.7 + value_noise2(x * 5.0, v, seed + 1) * 0.3
        fall = x + 0.4 * wave
        fold = fall - floor(fall)
        hill = 4.0 * fold * (1.0 - fold)
        return 0.0, 0.45 + 0.7 * hill * (0.6 + 0.4 * wave), 1.0, 1.0, 1.0
    if code == 7 or code == 14:
        row = floor(y)
        fy = y - row
        shelf = 0.07 if code == 7 else 0.05
        if fy > 1.0 - shelf:
            return 1.0, 1.0, 1.0, 1.0, 1.0
        x += 0.7 * value_noise2(x * 0.5, row, seed + 9)
        column = floor(x)
        fx = x - column
        i, j = int(column), int(row)
        tall = 0.2 * lattice(i, j, seed + 5) if code == 7 else 0.75 * lattice(i, j, seed + 5)
        if lattice(i, j, seed + 6) < 0.07 or fy < 0.08 + tall:
            return 1.0, 0.3 + 0.25 * fy, 1.0, 1.0, 1.0
        tone = lattice(i, j, seed)
        gain = (0.15 + 1.5 * tone * tone) * (0.55 + 1.8 * fx * (1.0 - fx))
        if code == 7 and 0.3 < fy - tall < 0.42 and tone > 0.3:
            gain *= 0.5 + 1.2 * lattice(i, j, seed + 4)
        warm = lattice(i, j, seed + 2)
        cool = lattice(i, j, seed + 3)
        return 0.0, gain, 0.5 + warm, 0.45 + 0.5 * cool, 0.25 + 0.9 * (1.0 - warm) * cool + 0.15
    if code == 8:
        fold = x - floor(x)
        edge = min(abs(fold - 0.5), min(fold, 1.0 - fold))
        side = 1.0 if fold > 0.5 else -1.0
        return clamp(0.5 + side * edge / (size * across + 1e-6), 0.0, 1.0), 1.0, 1.0, 1.0, 1.0
    if code == 9:
        odd = floor(x) + floor(y)
        return odd - 2.0 * floor(0.5 * odd), 1.0, 1.0, 1.0, 1.0
    if code == 10:
        row = floor(y)
        fy = y - row
        start = lattice(int(row), 3, seed)
        stop = 0.55 + 0.4 * lattice(int(row), 4, seed)
        blank = lattice(int(row), 5, seed) < 0.12
        ink = 0.0
        if 0.25 < fy < 0.75 and 0.06 < u < stop and not blank:
            letter = floor(x * 3.0)
            gap = lattice(floor(letter * 0.28 + start * 3.0), int(row), seed + 1)
            ink = 0.0 if gap < 0.12 else 0.55 + 0.45 * lattice(int(letter), int(row), seed + 2)
        return ink, 1.0, 1.0, 1.0, 1.0
    if code == 11:
        big = value_noise2(x, y, seed)
        fine = value_noise2(x * 3.1, y * 3.1, seed + 1)
        leaf = value_noise2(x * 9.0, y * 9.0, seed + 2)
        share = clamp((0.5 * big + 0.3 * fine + 0.3 * leaf - 0.4) * 4.0, 0.0, 1.0)
        return share, 0.45 + 0.9 * leaf + 0.3 * (1.0 - v), 1.0, 1.0, 1.0
    if code == 12:
        dx, dy = 2.0 * u - 1.0, 2.0 * v - 1.0
        return clamp(sqrt(dx * dx + dy * dy), 0.0, 1.0), 1.0, 1.0, 1.0, 1.0
    if code == 13:
        total = 0.0
        weight = 0.5
        for octave in range(4):
            total += weight * value_noise2(x, y, seed + octave)
            x, y, weight = x * 2.03, y * 2.03, weight * 0.5
        return clamp((total - 0.38) * 4.0, 0.0, 1.0), 1.0, 1.0, 1.0, 1.0
    if code == 15:
        dx, dy = 2.0 * u - 1.0, 2.0 * v - 1.0
        reach = sqrt(dx * dx + dy * dy) * across
        fold = reach - floor(reach)
        return 1.0 if fold > 0.5 else 0.0, 1.0, 1.0, 1.0, 1.0
    if code == 16:
        bend = value_noise2(x, y, seed) + 0.5 * value_noise2(x * 2.3, y * 2.3, seed + 1)
        fold = 3.0 * bend
        fold -= floor(fold)
        edge = min(fold, 1.0 - fold)
        return clamp(1.0 - edge * 6.0, 0.0, 1.0), 0.9 + 0.2 * bend, 1.0, 1.0, 1.0
    return 0.0, 1.0, 1.0, 1.0, 1.0


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
            shade = _pattern(code, inside_u, inside_v, row[19], row[20], seed, size)
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
            shade = _pattern(int(row[18]), turn, on, row[19], row[20], int(row[21]), 0.0)
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


@compiled
def defocused(picture: Picture, radius: float) -> Picture:
    """The picture through a round aperture; bright points become discs.

    Args:
        picture: (H, W, 4) float32.
        radius: Of the disc, pixels.

    Returns:
        (H, W, 4) float32; the border is continued outside.
    """
    height, width = picture.shape[:2]
    reach = floor(radius) + 1
    sums = np.empty((height, width + 2 * reach + 2, 4))
    for y in range(height):
        for c in range(4):
            sums[y, 0, c] = 0.0
        for x in range(width + 2 * reach + 1):
            inside = min(max(x - reach, 0), width - 1)
            for c in range(4):
                sums[y, x + 1, c] = sums[y, x, c] + picture[y, inside, c]
    out = np.zeros((height, width, 4), np.float32)
    half = np.zeros(2 * reach + 1)
    area = 0.0
    for k in range(2 * reach + 1):
        dy = abs(k - reach) * 1.0
        if dy < radius + 0.5:
            fill = clamp(radius + 0.5 - dy, 0.0, 1.0)
            half[k] = max(sqrt(max(radius * radius - dy * dy, 0.0)), 0.5 * fill)
            half[k] = min(half[k], reach * 1.0)
            area += 2.0 * half[k]
    over = 1.0 / area
    row = np.zeros((width, 4))
    for y in range(height):
        row[:] = 0.0
        for k in range(2 * reach + 1):
            if half[k] <= 0.0:
                continue
            source = sums[min(max(y + k - reach, 0), height - 1)]
            start, stop = reach + 0.5 - half[k], reach + 0.5 + half[k]
            i, j = floor(start), floor(stop)
            fi, fj = start - i, stop - j
            for x in range(width):
                for c in range(4):
                    low = source[x + i, c] + fi * (source[x + i + 1, c] - source[x + i, c])
                    top = source[x + j, c] + fj * (source[x + j + 1, c] - source[x + j, c])
                    row[x, c] += top - low
        for x in range(width):
            for c in range(4):
                out[y, x, c] = row[x, c] * over
    return out


@compiled
def enlarged(picture: Picture, height: int, width: int) -> Picture:
    """The picture at another size, by quadratic splines (smooth, never sharper).

    Args:
        picture: (h, w, 4) float32.
        height: Of the result.
        width: Of the result.

    Returns:
        (H, W, 3) float32.
    """
    old_height, old_width = picture.shape[:2]
    between = np.empty((height, old_width, 3), np.float32)
    for y in range(height):
        at = (y + 0.5) * old_height / height
        middle = floor(at)
        t = at - middle - 0.5
        a, c = 0.5 * (0.5 - t) * (0.5 - t), 0.5 * (0.5 + t) * (0.5 + t)
        above, below = max(middle - 1, 0), min(middle + 1, old_height - 1)
        for x in range(old_width):
            for k in range(3):
                between[y, x, k] = (
                    a * picture[above, x, k]
                    + (1.0 - a - c) * picture[middle, x, k]
                    + c * picture[below, x, k]
                )
    out = np.empty((height, width, 3), np.float32)
    for x in range(width):
        at = (x + 0.5) * old_width / width
        middle = floor(at)
        t = at - middle - 0.5
        a, c = 0.5 * (0.5 - t) * (0.5 - t), 0.5 * (0.5 + t) * (0.5 + t)
        left, right = max(middle - 1, 0), min(middle + 1, old_width - 1)
        for y in range(height):
            for k in range(3):
                out[y, x, k] = (
                    a * between[y, left, k]
                    + (1.0 - a - c) * between[y, middle, k]
                    + c * between[y, right, k]
                )
    return out
