"""How much light reaches each pixel: bumps, cavities, shadows, and what spreads under the skin.

Works on quads: a picture's pixel is 2 x 2 samples, and light changes more slowly than paint, so it
is found once for the nearest sample of each pixel, then spread like light under skin.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import clamp, compiled
from vplugin.synth.parts import Floats, Material
from vplugin.synth.raster import Singles
from vplugin.synth.shadow import ShadowMap, softly_lit, softly_through, thinness
from vplugin.synth.surface import HEIGHT, NORMAL, NOTHING, THIN

Bytes = npt.NDArray[np.uint8]

_SKIN, _EYE = int(Material.SKIN), int(Material.EYE)
# Where the neighbourhood is looked at for cavities: twelve directions, near and wide (mm).
_AROUND = np.array(
    [
        (1.0, 0.0, 5.0), (-0.5, 0.866, 5.0), (-0.5, -0.866, 5.0),
        (0.866, 0.5, 12.0), (-0.866, 0.5, 12.0), (0.0, -1.0, 12.0),
        (0.5, -0.866, 24.0), (0.5, 0.866, 24.0), (-1.0, 0.0, 24.0),
        (0.0, 1.0, 42.0), (-0.866, -0.5, 42.0), (0.866, -0.5, 42.0),
    ]
)  # fmt: skip
_TURNS = np.array([(1.0, 0.0), (0.9659, 0.2588), (0.866, 0.5), (0.7071, 0.7071)])
# Columns of ``reached``: cavity, key light, then the irradiance.
CAVITY, KEY, FLESH, DEPTH = 0, 1, 2, 3
REACHED = 4


@compiled
def bend(surface: Singles, material: Bytes, nearness: Singles, camera: Floats) -> None:
    """Turns the normals by the paint's height (Mikkelsen 2010, from differences in the picture)."""
    height, width = material.shape
    focal, cx, cy = camera[0], camera[1], camera[2]
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            kind = material[y, x]
            if kind in (NOTHING, _EYE):
                continue
            if (
                material[y, x - 1] != kind
                or material[y, x + 1] != kind
                or material[y - 1, x] != kind
                or material[y + 1, x] != kind
            ):
                continue
            across = surface[y, x + 1, HEIGHT] - surface[y, x - 1, HEIGHT]
            down = surface[y + 1, x, HEIGHT] - surface[y - 1, x, HEIGHT]
            if across == 0.0 and down == 0.0:
                continue
            z0, z1 = 1.0 / nearness[y, x - 1], 1.0 / nearness[y, x + 1]
            z2, z3 = 1.0 / nearness[y - 1, x], 1.0 / nearness[y + 1, x]
            pixel = 2.0 * z0 / focal
            if abs(z1 - z0) > 4.0 * pixel + 1.0 or abs(z3 - z2) > 4.0 * pixel + 1.0:
                continue
            u, v = (x + 0.5 - cx) / focal, (y + 0.5 - cy) / focal
            step = 1.0 / focal
            ax, ay, az = (u + step) * z1 - (u - step) * z0, v * (z1 - z0), z1 - z0
            bx, by, bz = u * (z3 - z2), (v + step) * z3 - (v - step) * z2, z3 - z2
            n = surface[y, x, NORMAL : NORMAL + 3]
            nx, ny, nz = n[0], n[1], n[2]
            rx, ry, rz = by * nz - bz * ny, bz * nx - bx * nz, bx * ny - by * nx
            sx, sy, sz = ny * az - nz * ay, nz * ax - nx * az, nx * ay - ny * ax
            det = ax * rx + ay * ry + az * rz
            if det == 0.0:
                continue
            gx, gy, gz = (
                (across * rx + down * sx) / det,
                (across * ry + down * sy) / det,
                (across * rz + down * sz) / det,
            )
            steep = math.sqrt(gx * gx + gy * gy + gz * gz)
            soft = 1.0 / (1.0 + 0.6 * steep)
            nx, ny, nz = nx - gx * soft, ny - gy * soft, nz - gz * soft
            length = math.sqrt(nx * nx + ny * ny + nz * nz)
            n[0], n[1], n[2] = nx / length, ny / length, nz / length


@compiled
def _cavity(
    x: int, y: int, z: float, normal: Singles, nearness: Singles, camera: Floats, turn: int
) -> float:
    """The share of the sky that the neighbourhood leaves open, 0 to 1."""
    height, width = nearness.shape
    focal, cx, cy = camera[0], camera[1], camera[2]
    px, py = (x + 0.5 - cx) / focal * z, (y + 0.5 - cy) / focal * z
    cos, sin = _TURNS[turn, 0], _TURNS[turn, 1]
    closed = 0.0
    for n in range(12):
        radius = _AROUND[n, 2]
        a, b = _AROUND[n, 0] * radius, _AROUND[n, 1] * radius
        i = x + round((cos * a - sin * b) * focal / z)
        j = y + round((sin * a + cos * b) * focal / z)
        if i < 0 or j < 0 or i >= width or j >= height or nearness[j, i] <= 0.0:
            continue
        deep = 1.0 / nearness[j, i]
        dx = (i + 0.5 - cx) / focal * deep - px
        dy = (j + 0.5 - cy) / focal * deep - py
        dz = deep - z
        distance = dx * dx + dy * dy + dz * dz
        if distance < 0.04:
            continue
        rise = (dx * normal[0] + dy * normal[1] + dz * normal[2]) / math.sqrt(distance)
        fade = 1.0 / (1.0 + distance / (6.0 * radius * radius))
        closed += clamp(rise - 0.10, 0.0, 1.0) * fade
    open_ = 1.0 - closed * (2.1 / 12.0)
    return clamp(open_, 0.06, 1.0)


@compiled
def front(material: Bytes, nearness: Singles, y: int, x: int) -> int:
    """Which sample of this pixel is nearest: 0 to 3, or -1 where all show the backdrop."""
    best, place = 0.0, -1
    for n in range(4):
        j, i = 2 * y + (n >> 1), 2 * x + (n & 1)
        if material[j, i] != NOTHING and nearness[j, i] > best:
            best, place = nearness[j, i], n
    return place


@compiled
def visibility(
    surface: Singles,
    material: Bytes,
    nearness: Singles,
    shadows: ShadowMap,
    camera: Floats,
    reached: Singles,
) -> None:
    """Writes cavity, key light and depth of each pixel's nearest sample (depth 0: none)."""
    for y in range(reached.shape[0]):
        for x in range(reached.shape[1]):
            place = front(material, nearness, y, x)
            reached[y, x, DEPTH] = 0.0
            if place < 0:
                continue
            j, i = 2 * y + (place >> 1), 2 * x + (place & 1)
            z = 1.0 / nearness[j, i]
            normal = surface[j, i, NORMAL : NORMAL + 3]
            turn = (x & 1) * 2 + (y & 1)
            reached[y, x, DEPTH] = z
            reached[y, x, CAVITY] = _cavity(i, j, z, normal, nearness, camera, turn)
            reached[y, x, FLESH] = 0.0
            if material[j, i] == _SKIN:
                u, v = (i + 0.5 - camera[1]) / camera[0], (j + 0.5 - camera[2]) / camera[0]
                reached[y, x, FLESH] = thinness(shadows, u * z, v * z, z)
            reached[y, x, KEY] = key_light(
                i, j, z, normal, shadows, camera, turn + 4 * ((x >> 1) & 1)
            )


@compiled
def key_light(
    x: int, y: int, z: float, normal: Singles, shadows: ShadowMap, camera: Floats, turn: int
) -> float:
    """How much of the key light solids and hair let through to a sample, 0 to 1."""
    lift = 0.6 + 0.5 / shadows.frame[11]
    px = (x + 0.5 - camera[1]) / camera[0] * z + lift * normal[0]
    py = (y + 0.5 - camera[2]) / camera[0] * z + lift * normal[1]
    pz = z + lift * normal[2]
    return softly_lit(shadows, px, py, pz, turn) * softly_through(shadows, px, py, pz, turn)


@compiled
def calm(reached: Singles, spare: Singles) -> None:
    """Smooths cavity and key light along the surface, so that the few taps do not show."""
    height, width = reached.shape[0], reached.shape[1]
    for turn in range(2):
        step_y, step_x = (0, 1) if turn == 0 else (1, 0)
        for y in range(height):
            for x in range(width):
                z = reached[y, x, DEPTH]
                if z == 0.0:
                    continue
                a, b, total = 0.0, 0.0, 0.0
                for n in range(-2, 3):
                    j, i = y + n * step_y, x + n * step_x
                    if j < 0 or i < 0 or j >= height or i >= width:
                        continue
                    d = (reached[j, i, DEPTH] - z) * (250.0 / z)
                    weight = (3.0 - abs(n)) / (1.0 + d * d * d * d)
                    total += weight
                    a += weight * reached[j, i, CAVITY]
                    b += weight * reached[j, i, KEY]
                spare[y, x, 0], spare[y, x, 1] = a / total, b / total
        for y in range(height):
            for x in range(width):
                if reached[y, x, DEPTH] > 0.0:
                    reached[y, x, CAVITY] = spare[y, x, 0]
                    reached[y, x, KEY] = spare[y, x, 1]


@compiled
def irradiance(
    sample: Singles,
    kind: int,
    cavity: float,
    key: float,
    flesh: float,
    lights: Floats,
    sky: Floats,
) -> tuple[float, float, float]:
    """What falls on a surface, per channel; 1 is what makes white paint white.

    Args:
        sample: (11,) of the surface.
        kind: Its material.
        cavity: Open share of the surroundings.
        key: Share of the key light.
        flesh: How thin the flesh towards the key light is, 0 to 1.
        lights: (L, 8) direction, radiance, whether shadowed, size; the last row is the ambient.
        sky: (3, 3) what comes from above, from the level and from below.
    """
    nx, ny, nz = sample[NORMAL], sample[NORMAL + 1], sample[NORMAL + 2]
    bleed = 1.0 if kind == _SKIN else (0.35 if kind < 4 else 0.0)
    thin = sample[THIN]
    r = g = b = 0.0
    for n in range(lights.shape[0] - 1):
        facing = nx * lights[n, 0] + ny * lights[n, 1] + nz * lights[n, 2]
        wide = 0.28 * lights[n, 7]
        open_ = key if lights[n, 6] > 0.0 else 0.35 + 0.65 * cavity
        # The red of the skin carries light furthest around the edge of a shadow.
        red = clamp((facing + wide + 0.24 * bleed) / (1.0 + wide + 0.24 * bleed), 0.0, 1.0)
        green = clamp((facing + wide + 0.10 * bleed) / (1.0 + wide + 0.10 * bleed), 0.0, 1.0)
        blue = clamp((facing + wide + 0.06 * bleed) / (1.0 + wide + 0.06 * bleed), 0.0, 1.0)
        back = 0.0
        if lights[n, 6] > 0.0:
            back = (0.2 + 0.8 * thin) * flesh * clamp(0.3 - facing, 0.0, 1.0)
        soft = 0.5 * bleed * open_ * (1.0 - open_)
        r += lights[n, 3] * (red * (open_ + soft) + 0.9 * back)
        g += lights[n, 4] * (green * open_ + 0.22 * back)
        b += lights[n, 5] * (blue * open_ + 0.12 * back)
    up, level = clamp(-ny, 0.0, 1.0), 1.0 - abs(ny)
    down = clamp(ny, 0.0, 1.0)
    # Light that bounces inside a cavity takes the colour of the walls.
    shut = cavity * (1.0 - cavity)
    r += (up * sky[0, 0] + level * sky[1, 0] + down * sky[2, 0]) * (cavity + 0.9 * shut * sample[0])
    g += (up * sky[0, 1] + level * sky[1, 1] + down * sky[2, 1]) * (cavity + 0.9 * shut * sample[1])
    b += (up * sky[0, 2] + level * sky[1, 2] + down * sky[2, 2]) * (cavity + 0.9 * shut * sample[2])
    return r, g, b


@compiled
def gather(
    surface: Singles,
    material: Bytes,
    nearness: Singles,
    lights: Floats,
    sky: Floats,
    reached: Singles,
    glow: Singles,
) -> None:
    """Writes the irradiance of each pixel's nearest sample into ``glow`` (H, W, 3)."""
    for y in range(reached.shape[0]):
        for x in range(reached.shape[1]):
            if reached[y, x, DEPTH] == 0.0:
                continue
            place = front(material, nearness, y, x)
            j, i = 2 * y + (place >> 1), 2 * x + (place & 1)
            r, g, b = irradiance(
                surface[j, i],
                int(material[j, i]),
                reached[y, x, CAVITY],
                reached[y, x, KEY],
                reached[y, x, FLESH],
                lights,
                sky,
            )
            glow[y, x, 0], glow[y, x, 1], glow[y, x, 2] = r, g, b


@compiled
def spread(
    material: Bytes,
    nearness: Singles,
    reached: Singles,
    glow: Singles,
    spare: Singles,
    focal: float,
) -> None:
    """Lets light travel under the skin: red about 2.4 mm, green 0.9, blue 0.5."""
    height, width = reached.shape[0], reached.shape[1]
    for turn in range(2):
        step_y, step_x = (0, 1) if turn == 0 else (1, 0)
        for y in range(height):
            for x in range(width):
                z = reached[y, x, DEPTH]
                spare[y, x, 0], spare[y, x, 1], spare[y, x, 2] = (
                    glow[y, x, 0],
                    glow[y, x, 1],
                    glow[y, x, 2],
                )
                if z == 0.0:
                    continue
                place = front(material, nearness, y, x)
                if material[2 * y + (place >> 1), 2 * x + (place & 1)] != _SKIN:
                    continue
                pixel = 2.0 * z / focal
                reach = min(7, int(5.0 / pixel))
                if reach < 1:
                    continue
                r = g = b = wr = wg = wb = 0.0
                for n in range(-reach, reach + 1):
                    j, i = y + n * step_y, x + n * step_x
                    if j < 0 or i < 0 or j >= height or i >= width or reached[j, i, DEPTH] == 0.0:
                        continue
                    d = reached[j, i, DEPTH] - z
                    s = n * pixel
                    s = s * s + d * d
                    a = 1.0 / (1.0 + s * 0.17)
                    a *= a
                    wr += a
                    r += a * glow[j, i, 0]
                    a = 1.0 / (1.0 + s * 1.2)
                    a *= a
                    wg += a
                    g += a * glow[j, i, 1]
                    a = 1.0 / (1.0 + s * 4.0)
                    a *= a
                    wb += a
                    b += a * glow[j, i, 2]
                spare[y, x, 0], spare[y, x, 1], spare[y, x, 2] = r / wr, g / wg, b / wb
        # Not ``glow[:] = spare``: its messages of errors take seconds to compile.
        for y in range(height):
            for x in range(width):
                for channel in range(3):
                    glow[y, x, channel] = spare[y, x, channel]
