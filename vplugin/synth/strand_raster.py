"""Draws strands into supersampled buffers: shaded, anti-aliased, hidden by what lies in front.

Light on a hair follows Marschner et al. 2003 in simple form: a white highlight shifted towards the
root, a coloured one shifted towards the tip, light through the hair from behind, and a soft body
term for everything scattered between the hairs (Zinke et al. 2008 do it properly); bell curves are
rational functions, for the sake of exactness.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import clamp, compiled, hashed, inlined, mix, smoothstep
from vplugin.synth.parts import Floats, Indices
from vplugin.synth.shadow import ShadowMap, lit, through

Plane = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
_BINS = 96
# So little shines through that the rest is left out.
_OPAQUE = 0.03


@compiled
def _bell(x: float, width: float) -> float:
    s = x / width
    s = 1.0 / (1.0 + s * s)
    return s * s


@inlined
def _shaded(
    p: tuple[float, float, float],
    t: tuple[float, float, float],
    albedo: tuple[float, float, float],
    gloss: float,
    root: float,
    shift: float,
    light: Floats,
    shadows: ShadowMap,
) -> tuple[float, float, float]:
    """Radiance of a hair at ``p`` of direction ``t``; ``root`` is 0 at its root, 1 far off."""
    length = np.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2])
    vx, vy, vz = -p[0] / length, -p[1] / length, -p[2] / length
    tv = t[0] * vx + t[1] * vy + t[2] * vz
    red, green, blue = 0.0, 0.0, 0.0
    last = light.shape[0] - 1
    for row in range(last):
        lx, ly, lz = light[row, 0], light[row, 1], light[row, 2]
        tl = t[0] * lx + t[1] * ly + t[2] * lz
        across = 1.0 - tl * tl
        across = np.sqrt(across) if across > 0.0 else 0.0
        seen, shared = 1.0, 0.0
        if light[row, 6] > 0.5:
            solid = lit(shadows, p[0], p[1], p[2])
            if solid <= 0.003:
                continue
            seen = solid * through(shadows, p[0], p[1], p[2])
            # What bright hairs scatter reaches those below them.
            shared = 0.5 * (solid - seen)
        vl = vx * lx + vy * ly + vz * lz
        aside = 1.0 - tv * tv
        aside = np.sqrt(aside) if aside > 0.0 else 0.0
        # Cosine of the angle between light and eye around the hair.
        around = clamp((vl - tl * tv) / (across * aside + 1e-6), -1.0, 1.0)
        towards = np.sqrt(0.5 + 0.5 * around)
        body = across * (0.32 + 0.34 * (0.5 + 0.5 * around))
        sum_ = tl + tv
        soft = 1.0 + light[row, 7]
        first = gloss * 0.55 * _bell(sum_ - 0.12 - shift, 0.16 * soft) * towards
        second = gloss * 0.9 * _bell(sum_ + 0.22 - shift, 0.30 * soft) * towards * towards
        behind = 0.55 * _bell(sum_, 0.4) * smoothstep(0.2, -1.0, around)
        near = 0.35 + 0.65 * root
        first *= 0.22 * near * seen
        inner = second + behind + body
        red += light[row, 3] * (first + albedo[0] * near * (seen + shared * albedo[0]) * inner)
        green += light[row, 4] * (first + albedo[1] * near * (seen + shared * albedo[1]) * inner)
        blue += light[row, 5] * (first + albedo[2] * near * (seen + shared * albedo[2]) * inner)
    up = t[0] * light[last, 0] + t[1] * light[last, 1] + t[2] * light[last, 2]
    sky = (0.75 + 0.25 * np.sqrt(max(0.0, 1.0 - up * up))) * (0.25 + 0.75 * root)
    red += light[last, 3] * albedo[0] * sky
    green += light[last, 4] * albedo[1] * sky
    blue += light[last, 5] * albedo[2] * sky
    return red, green, blue


@compiled
def _projected(points: Floats, focal: float, centre: Floats) -> Floats:
    """(P, 3) place in the picture in samples, and distance; 0 of what is not before the camera."""
    screen = np.zeros((points.shape[0], 3))
    for i in range(points.shape[0]):
        z = points[i, 2]
        if z > 20.0:
            screen[i, 0] = centre[0] + focal * points[i, 0] / z
            screen[i, 1] = centre[1] + focal * points[i, 1] / z
            screen[i, 2] = z
    return screen


@inlined
def _shade_point(
    i: int,
    s: int,
    points: Floats,
    starts: Indices,
    colours: Plane,
    tips: Plane,
    look: Floats,
    light: Floats,
    shadows: ShadowMap,
    radiance: Floats,
) -> None:
    """Fills ``radiance[i]``."""
    first, end = starts[s], starts[s + 1]
    j, k = min(i + 1, end - 1), max(i - 1, first)
    tx, ty, tz = (
        points[j, 0] - points[k, 0],
        points[j, 1] - points[k, 1],
        points[j, 2] - points[k, 2],
    )
    length = np.sqrt(tx * tx + ty * ty + tz * tz) + 1e-9
    t = (i - first) / max(1.0, end - first - 1.0)
    # Good enough for the distance from the root along the hair.
    walked = length * (i - first) / (j - k + 1e-9)
    albedo = (
        mix(colours[s, 0], tips[s, 0], t),
        mix(colours[s, 1], tips[s, 1], t),
        mix(colours[s, 2], tips[s, 2], t),
    )
    radiance[i, 0], radiance[i, 1], radiance[i, 2] = _shaded(
        (points[i, 0], points[i, 1], points[i, 2]),
        (tx / length, ty / length, tz / length),
        albedo,
        look[1],
        smoothstep(-2.0, 14.0, walked),
        0.14 * (hashed(s, 31, 0, int(look[4])) - 0.5),
        light,
        shadows,
    )


@compiled
def _ordered(screen: Floats, starts: Indices, order: Indices, owner: Indices) -> int:
    """Sorts the visible pieces (by their first point) nearest first; returns how many."""
    near, far, count = 1e18, 0.0, 0
    for s in range(starts.shape[0] - 1):
        for i in range(starts[s], starts[s + 1] - 1):
            if screen[i, 2] > 0.0 and screen[i + 1, 2] > 0.0:
                near, far = min(near, screen[i, 2]), max(far, screen[i, 2])
                count += 1
    bins = np.zeros(_BINS + 1, np.int64)
    scale = (_BINS - 1) / (far - near + 1e-6)
    for s in range(starts.shape[0] - 1):
        for i in range(starts[s], starts[s + 1] - 1):
            if screen[i, 2] > 0.0 and screen[i + 1, 2] > 0.0:
                bins[int((screen[i, 2] - near) * scale) + 1] += 1
    for b in range(_BINS):
        bins[b + 1] += bins[b]
    for s in range(starts.shape[0] - 1):
        for i in range(starts[s], starts[s + 1] - 1):
            if screen[i, 2] > 0.0 and screen[i + 1, 2] > 0.0:
                b = int((screen[i, 2] - near) * scale)
                order[bins[b]], owner[bins[b]] = i, s
                bins[b] += 1
    return count


@compiled
def draw_strands(
    colour: Plane,
    depth: Plane,
    segment: Bytes,
    cover: Plane,
    subject: Bytes,
    points: Floats,
    radii: Plane,
    colours: Plane,
    tips: Plane,
    starts: Indices,
    look: Floats,
    focal: float,
    centre: Floats,
    light: Floats,
    shadows: ShadowMap,
) -> None:
    """Draws hairs over what is there; nothing behind the depth that is there is drawn.

    Args:
        colour: (h, w, 3) linear RGB, changed.
        depth: (h, w) mm, inf where nothing is, changed where hair covers enough.
        segment: (h, w) labels, changed likewise.
        cover: (h, w) 0 to 1, how much is not backdrop, changed.
        subject: (h, w) changed like the labels.
        points: (P, 3) mm in the camera's space.
        radii: (S,) half the width at the root, mm.
        colours: (S, 3) linear RGB at the root.
        tips: (S, 3) at the tip.
        starts: (S + 1,) where each hair begins.
        look: (6,) label, gloss, opacity, subject + 1, seed, 0.
        focal: Focal length in samples.
        centre: (2,) the principal point in samples.
        light: (L, 8) direction to the light, radiance, is shadowed, size; the last row ambient.
        shadows: For ``shadow.lit`` and ``shadow.through``.
    """
    total = points.shape[0]
    height, width = depth.shape
    screen, radiance = _projected(points, focal, centre), np.full((total, 3), -1.0)
    order, owner = np.empty(total, np.int32), np.empty(total, np.int32)
    count = _ordered(screen, starts, order, owner)
    left, top, right, bottom = _bounds(screen, width, height)
    if left >= right or top >= bottom:
        return
    # Nearest first: what shines through so far, what was gathered, and where hair begins.
    clear = np.ones((bottom - top, right - left), np.float32)
    gathered = np.zeros((bottom - top, right - left, 3), np.float32)
    reached = np.full((bottom - top, right - left), np.inf, np.float32)
    solid = depth[top:bottom, left:right]
    for index in range(count):
        i, s = order[index], owner[index]
        pieces = max(1.0, starts[s + 1] - starts[s] - 1.0)
        t = (i - starts[s]) / pieces
        a = radii[s] * focal / screen[i, 2] * _thickness(t)
        b = radii[s] * focal / screen[i + 1, 2] * _thickness(t + 1.0 / pieces)
        if not _visible(solid, clear, screen, i, left, top):
            continue
        for k in range(i, i + 2):
            if radiance[k, 0] < 0.0:
                _shade_point(k, s, points, starts, colours, tips, look, light, shadows, radiance)
        _draw_piece(solid, clear, gathered, reached, screen, radiance, i, left, top, a, b, look[2])
    label, mine = np.uint8(look[0]), np.uint8(look[3])
    for y in range(bottom - top):
        for x in range(right - left):
            rest = clear[y, x]
            if rest == 1.0:
                continue
            v, u = y + top, x + left
            for c in range(3):
                colour[v, u, c] = colour[v, u, c] * rest + gathered[y, x, c]
            cover[v, u] = 1.0 - (1.0 - cover[v, u]) * rest
            if rest < 0.55:
                depth[v, u] = min(depth[v, u], reached[y, x])
                segment[v, u], subject[v, u] = label, mine


@compiled
def _bounds(screen: Floats, width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = width, height, 0, 0
    for i in range(screen.shape[0]):
        if screen[i, 2] > 0.0:
            u, v = int(clamp(screen[i, 0], -9.0, 1e6)), int(clamp(screen[i, 1], -9.0, 1e6))
            left, right = min(left, u - 2), max(right, u + 3)
            top, bottom = min(top, v - 2), max(bottom, v + 3)
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)


@compiled
def _thickness(t: float) -> float:
    """Of a hair at a share of its length: fine where it leaves the skin, and in its last third."""
    return (0.5 + 0.5 * smoothstep(-0.02, 0.12, t)) * (1.0 - 0.75 * smoothstep(0.55, 1.0, t))


@inlined
def _visible(solid: Plane, clear: Plane, screen: Floats, i: int, left: int, top: int) -> bool:
    """Whether anything of a piece may be seen: some samples along it are asked."""
    height, width = solid.shape
    u0, v0 = screen[i, 0] - left, screen[i, 1] - top
    u1, v1 = screen[i + 1, 0] - left, screen[i + 1, 1] - top
    z = min(screen[i, 2], screen[i + 1, 2]) - 1.0
    steps = int(max(abs(u1 - u0), abs(v1 - v0)) * 0.4) + 1
    for n in range(steps + 1):
        t = n / steps
        x, y = int(u0 + (u1 - u0) * t), int(v0 + (v1 - v0) * t)
        if 0 <= x < width and 0 <= y < height and clear[y, x] > _OPAQUE and solid[y, x] >= z:
            return True
    return False


@inlined
def _draw_piece(
    solid: Plane,
    clear: Plane,
    gathered: Plane,
    reached: Plane,
    screen: Floats,
    radiance: Floats,
    i: int,
    left: int,
    top: int,
    first: float,
    second: float,
    opacity: float,
) -> None:
    """Draws one straight piece, sample by sample along its longer side."""
    height, width = solid.shape
    u0, v0, z0 = screen[i, 0] - left, screen[i, 1] - top, screen[i, 2]
    u1, v1, z1 = screen[i + 1, 0] - left, screen[i + 1, 1] - top, screen[i + 1, 2]
    flat = abs(u1 - u0) >= abs(v1 - v0)
    a0, b0, a1, b1 = (u0, v0, u1, v1) if flat else (v0, u0, v1, u1)
    longer, other = (width, height) if flat else (height, width)
    along = a1 - a0
    if abs(along) < 1e-9:
        return
    slope = (b1 - b0) / along
    stretch = np.sqrt(1.0 + slope * slope)
    start = int(np.ceil(max(min(a0, a1), 0.0) - 0.5))
    stop = int(np.ceil(min(max(a0, a1), longer + 0.0) - 0.5))
    red, green, blue = radiance[i, 0], radiance[i, 1], radiance[i, 2]
    more_red, more_green, more_blue = (
        radiance[i + 1, 0] - red,
        radiance[i + 1, 1] - green,
        radiance[i + 1, 2] - blue,
    )
    for a in range(max(start, 0), min(stop, longer)):
        t = (a + 0.5 - a0) / along
        middle = b0 + (b1 - b0) * t
        half = (first + (second - first) * t) * stretch
        z = z0 + (z1 - z0) * t - 1.0
        # A hair thinner than a sample covers it in part.
        most = min(1.0, 2.0 * half) * opacity
        soft = min(1.0, half + 0.5)
        pr, pg, pb = red + more_red * t, green + more_green * t, blue + more_blue * t
        for b in range(max(int(middle - half - 0.5), 0), min(int(middle + half + 0.5) + 1, other)):
            edge = half + 0.5 - abs(b + 0.5 - middle)
            if edge <= 0.0:
                continue
            y, x = (b, a) if flat else (a, b)
            rest = clear[y, x]
            if rest <= _OPAQUE or solid[y, x] < z:
                continue
            weight = most * min(1.0, edge / soft) * rest
            gathered[y, x, 0] += weight * pr
            gathered[y, x, 1] += weight * pg
            gathered[y, x, 2] += weight * pb
            clear[y, x] = rest - weight
            if rest > 0.7 and rest - weight <= 0.7:
                reached[y, x] = z + 1.0
