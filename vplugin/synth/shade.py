"""Surface and light to colour: skin, eyes, teeth, cloth, metal, glass. Linear light throughout."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vplugin.synth.assembly import GLOSS, OPACITY, RED, Mesh
from vplugin.synth.exact import clamp, compiled, smoothstep
from vplugin.synth.parts import Floats, Indices, Material
from vplugin.synth.raster import Singles
from vplugin.synth.reach import CAVITY, DEPTH, KEY, front, irradiance
from vplugin.synth.surface import GLOSSY, NORMAL, NOTHING, ROUGH, WET, side, towards, weights

Bytes = npt.NDArray[np.uint8]

_EYE, _CLOTH = int(Material.EYE), int(Material.CLOTH)
_METAL, _FELT = int(Material.METAL), int(Material.FELT)


@compiled
def lobe(facing: float, half: float, meet: float, rough: float) -> float:
    """A specular lobe of GGX with Kelemen's visibility, times pi (as irradiance is).

    Args:
        facing: Cosine between normal and light.
        half: Cosine between normal and the half vector.
        meet: Cosine between light and the half vector.
        rough: 0 mirror to 1.
    """
    a = rough * rough
    a = a * a
    d = half * half * (a - 1.0) + 1.0
    return facing * a / (d * d * 4.0 * max(meet * meet, 0.1))


@compiled
def _fresnel(cosine: float, base: float) -> float:
    a = 1.0 - clamp(cosine, 0.0, 1.0)
    square = a * a
    return base + (1.0 - base) * square * square * a


@compiled
def mirrored(
    nx: float,
    ny: float,
    nz: float,
    vx: float,
    vy: float,
    vz: float,
    lights: Floats,
    sky: Floats,
    key: float,
    out: Floats,
) -> None:
    """What a wet, smooth surface shows of lights and surroundings, before Fresnel.

    Args:
        nx: Normal.
        ny: Normal.
        nz: Normal.
        vx: Unit vector from the surface to the eye.
        vy: The same.
        vz: The same.
        lights: As of :func:`vplugin.synth.reach.irradiance`.
        sky: The same.
        key: Share of the key light.
        out: (3,) written.
    """
    c = 2.0 * (nx * vx + ny * vy + nz * vz)
    rx, ry, rz = c * nx - vx, c * ny - vy, c * nz - vz
    up = clamp(0.5 - 0.9 * ry, 0.0, 1.0)
    for channel in range(3):
        out[channel] = (1.0 - up) * sky[2, channel] * 0.5 + up * sky[0, channel]
    for n in range(lights.shape[0] - 1):
        # A disc under this angle, as bright as its irradiance says; bounded, or it would sparkle.
        wide = min(0.26, 0.10 + 0.30 * lights[n, 7])
        away = 1.0 - (rx * lights[n, 0] + ry * lights[n, 1] + rz * lights[n, 2])
        edge = 0.5 * wide * wide
        bright = smoothstep(1.35 * edge, 0.65 * edge, away) * min(24.0, 1.0 / (wide * wide))
        if lights[n, 6] > 0.0:
            bright *= 0.15 + 0.85 * key
        for channel in range(3):
            out[channel] += bright * lights[n, 3 + channel]


@compiled
def _gleam(
    sample: Singles, kind: int, vx: float, vy: float, vz: float, cavity: float, key: float,
    lights: Floats, sky: Floats, out: Floats,
) -> None:  # fmt: skip
    """Adds what the surface's gloss reflects to ``out`` (3,)."""
    nx, ny, nz = sample[NORMAL], sample[NORMAL + 1], sample[NORMAL + 2]
    gloss, rough, wet = sample[GLOSSY], sample[ROUGH], sample[WET]
    seen = nx * vx + ny * vy + nz * vz
    for n in range(lights.shape[0] - 1):
        lx, ly, lz = lights[n, 0], lights[n, 1], lights[n, 2]
        facing = nx * lx + ny * ly + nz * lz
        if facing <= 0.0:
            continue
        hx, hy, hz = lx + vx, ly + vy, lz + vz
        length = math.sqrt(hx * hx + hy * hy + hz * hz)
        if length < 1e-6:
            continue
        half = (nx * hx + ny * hy + nz * hz) / length
        meet = (lx * hx + ly * hy + lz * hz) / length
        size = 0.22 * lights[n, 7]
        wide = clamp(rough + size, 0.08, 1.0)
        strength = 0.75 * lobe(facing, half, meet, wide)
        strength += 0.35 * lobe(facing, half, meet, clamp(0.55 * rough + size, 0.07, 1.0))
        strength *= 2.0 * gloss * _fresnel(meet, 0.032)
        open_ = key if lights[n, 6] > 0.0 else cavity * cavity
        if wet > 0.0:
            moist = lobe(facing, half, meet, 0.16 + size) * _fresnel(meet, 0.04)
            strength += wet * min(0.6 * moist, 0.4) * cavity
        strength *= open_
        for channel in range(3):
            tint = sample[channel] * 16.0 if kind == _METAL else 1.0
            out[channel] += min(strength, 1.2) * tint * lights[n, 3 + channel]
    rim = (_fresnel(seen, 0.03) - 0.02) * (0.25 + 0.75 * wet) * gloss * cavity * (1.0 - 0.6 * rough)
    up = clamp(0.5 - 0.5 * ny, 0.0, 1.0)
    for channel in range(3):
        around = (1.0 - up) * sky[2, channel] + up * sky[0, channel]
        tint = sample[channel] * 16.0 if kind == _METAL else 1.0
        out[channel] += rim * tint * around


@compiled
def _one(
    sample: Singles, kind: int, u: float, v: float, cavity: float, key: float,
    glow: Singles, lights: Floats, sky: Floats, mirror: Floats, out: Floats,
) -> None:  # fmt: skip
    """The colour of one sample into ``out`` (3,), given what light falls on it."""
    length = math.sqrt(u * u + v * v + 1.0)
    vx, vy, vz = -u / length, -v / length, -1.0 / length
    nx, ny, nz = sample[NORMAL], sample[NORMAL + 1], sample[NORMAL + 2]
    if kind == _EYE:
        # The lids' shade and lashes: deeper than what the cavity says.
        cavity *= cavity
        mirrored(nx, ny, nz, vx, vy, vz, lights, sky, key * clamp(2.0 * cavity, 0.0, 1.0), mirror)
        shine = _fresnel(nx * vx + ny * vy + nz * vz, 0.045) * (0.3 + 0.7 * cavity)
        for channel in range(3):
            out[channel] = sample[channel] * glow[channel] * (0.22 + 0.66 * cavity)
            out[channel] += shine * mirror[channel]
        return
    for channel in range(3):
        out[channel] = sample[channel] * glow[channel]
    if kind == _METAL:
        mirrored(nx, ny, nz, vx, vy, vz, lights, sky, key, mirror)
        for channel in range(3):
            out[channel] = 0.3 * out[channel] + sample[channel] * mirror[channel] * cavity
        return
    if kind in (_CLOTH, _FELT):
        # Fibres stand up at the edge and catch light.
        a = 1.0 - clamp(nx * vx + ny * vy + nz * vz, 0.0, 1.0)
        sheen = 0.35 * a * a * a
        for channel in range(3):
            out[channel] *= 1.0 + sheen
    _gleam(sample, kind, vx, vy, vz, cavity, key, lights, sky, out)


@compiled
def shade(
    surface: Singles,
    material: Bytes,
    nearness: Singles,
    reached: Singles,
    glow: Singles,
    lights: Floats,
    sky: Floats,
    camera: Floats,
    colour: Singles,
) -> None:
    """Writes the colour of every sample that shows a surface.

    Args:
        surface: (h, w, 11) samples, see `surface.py`.
        material: (h, w).
        nearness: (h, w) 1 / z.
        reached: (H, W, 4) per pixel, see `reach.py`.
        glow: (H, W, 3) irradiance per pixel.
        lights: (L, 8).
        sky: (3, 3).
        camera: (3,) focal length and centre in samples.
        colour: (h, w, 3) written.
    """
    out, mirror, own = np.zeros(3), np.zeros(3), np.zeros(3, np.float32)
    for y in range(reached.shape[0]):
        for x in range(reached.shape[1]):
            if reached[y, x, DEPTH] == 0.0:
                continue
            place = front(material, nearness, y, x)
            first = (2 * y + (place >> 1), 2 * x + (place & 1))
            cavity, key = reached[y, x, CAVITY], reached[y, x, KEY]
            n0 = surface[first[0], first[1], NORMAL : NORMAL + 3]
            slack = 3.0 + 4.0 * reached[y, x, DEPTH] / camera[0]
            for n in range(4):
                j, i = 2 * y + (n >> 1), 2 * x + (n & 1)
                kind = int(material[j, i])
                if kind == NOTHING:
                    continue
                sample = surface[j, i]
                u, v = (i + 0.5 - camera[1]) / camera[0], (j + 0.5 - camera[2]) / camera[0]
                near = 1.0 / nearness[j, i] - reached[y, x, DEPTH] < slack
                if near and kind == material[first[0], first[1]]:
                    # Light of the pixel, bent by this sample's own bump.
                    turn = (
                        (sample[NORMAL] - n0[0]) * lights[0, 0]
                        + (sample[NORMAL + 1] - n0[1]) * lights[0, 1]
                        + (sample[NORMAL + 2] - n0[2]) * lights[0, 2]
                    )
                    bend = 1.0 + clamp(0.6 * turn * key, -0.3, 0.3)
                    for channel in range(3):
                        own[channel] = glow[y, x, channel] * bend
                else:
                    own[0], own[1], own[2] = irradiance(sample, kind, cavity, key, 0.0, lights, sky)
                _one(sample, kind, u, v, cavity, key, own, lights, sky, mirror, out)
                for channel in range(3):
                    colour[j, i, channel] = out[channel]


@compiled
def glaze(
    mesh: Mesh,
    places: Floats,
    seen: Indices,
    nearness: Singles,
    lights: Floats,
    sky: Floats,
    camera: Floats,
    colour: Singles,
    depth: Singles,
    segment: Bytes,
) -> None:
    """Lays glass over what is there: tint, and the lights mirrored in it.

    Args:
        mesh: Of the see-through parts alone.
        places: (V, 3) projected.
        seen: (h, w) numbers of triangles.
        nearness: (h, w) 1 / z of the glass.
        lights: (L, 8).
        sky: (3, 3).
        camera: (3,).
        colour: (h, w, 3) changed where the glass is before ``depth``.
        depth: (h, w) mm of what is there.
        segment: (h, w) changed where the glass hides more than it shows.
    """
    normal, mirror = np.zeros(3), np.zeros(3)
    for y in range(seen.shape[0]):
        for x in range(seen.shape[1]):
            t = seen[y, x]
            if t < 0 or 1.0 / nearness[y, x] > depth[y, x]:
                continue
            i, j, k = mesh.triangles[t, 0], mesh.triangles[t, 1], mesh.triangles[t, 2]
            a, b, c = weights(x + 0.5, y + 0.5, places, i, j, k)
            for axis in range(3):
                normal[axis] = (
                    a * mesh.normals[i, axis]
                    + b * mesh.normals[j, axis]
                    + c * mesh.normals[k, axis]
                )
            u, v = (x + 0.5 - camera[1]) / camera[0], (y + 0.5 - camera[2]) / camera[0]
            towards(normal, u, v, side(places, i, j, k))
            length = math.sqrt(u * u + v * v + 1.0)
            vx, vy, vz = -u / length, -v / length, -1.0 / length
            row = mesh.rows[mesh.part[t]]
            nx, ny, nz = normal[0], normal[1], normal[2]
            mirrored(nx, ny, nz, vx, vy, vz, lights, sky, 1.0, mirror)
            shine = 0.6 * _fresnel(nx * vx + ny * vy + nz * vz, 0.05) * row[GLOSS]
            for channel in range(3):
                tint = row[RED + channel]
                # Tinted glass filters; a veil of the same opacity covers.
                kept = colour[y, x, channel] * (1.0 - row[OPACITY] * (1.0 - 0.35 * tint))
                covered = 0.25 * row[OPACITY] * tint * lights[lights.shape[0] - 1, 3 + channel]
                colour[y, x, channel] = kept + covered + shine * mirror[channel]
            if row[OPACITY] > 0.5:
                segment[y, x] = mesh.labels[t]
