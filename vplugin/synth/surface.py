"""From the number of a triangle to what the surface is there: paint, normal, height.

One call of a paint per sample; light comes later (`shade.py`).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vplugin.synth.assembly import BLUE, GREEN, MATERIAL, RED, SEED, SUBJECT, Mesh
from vplugin.synth.exact import clamp, compiled, fractal, smoothstep
from vplugin.synth.eye_paint import paint_eye
from vplugin.synth.fabric import paint_cloth
from vplugin.synth.mouth_paint import paint_mouth
from vplugin.synth.parts import Floats, Indices, Material, Segment
from vplugin.synth.raster import Singles
from vplugin.synth.skin import paint
from vplugin.synth.skin_map import skin_label

Bytes = npt.NDArray[np.uint8]

# Channels of a surface sample: albedo is 0 to 2, the normal 8 to 10.
GLOSSY, ROUGH, HEIGHT, THIN, WET, NORMAL = 3, 4, 5, 6, 7, 8
CHANNELS = 11
# No material: the sample shows the backdrop.
NOTHING = 255

_SKIN, _EYE = int(Material.SKIN), int(Material.EYE)
_TEETH, _MOUTH = int(Material.TEETH), int(Material.MOUTH)
_PLAIN = int(Segment.SKIN)
# Of the eyeball, mm: where the middle of the cornea's sphere is, and how wide the iris is.
_CORNEA, _IRIS = 5.2, 5.9


@compiled
def _plain_skin(x: float, y: float, z: float, row: Floats, out: Floats) -> None:
    """Skin that belongs to no face: hands."""
    seed = int(row[SEED])
    blotch = fractal(x * 0.08, y * 0.08, z * 0.08, seed, 2)
    fine = fractal(x * 0.9, y * 0.9, z * 0.9, seed + 9, 2)
    shade = 1.0 + 0.10 * blotch + 0.05 * fine
    out[0] = row[RED] * shade
    out[1] = row[GREEN] * (shade - 0.05 * blotch)
    out[2] = row[BLUE] * (shade - 0.06 * blotch)
    out[3], out[4], out[5], out[6], out[7] = 0.35, 0.5, 0.12 * fine, 0.2, 0.0


@compiled
def _bulged(texture: Floats, axes: Floats, normal: Floats) -> None:
    """Turns the eyeball's normal into that of the cornea, where that is."""
    x, y, z = texture[0], texture[1], texture[2]
    inside = smoothstep(_IRIS + 0.5, _IRIS - 0.6, math.sqrt(x * x + y * y))
    if inside <= 0.0 or z > 0.0:
        return
    z += _CORNEA * inside
    along = 0.0
    for axis in range(3):
        old = normal[axis]
        normal[axis] = axes[3 * axis] * x + axes[3 * axis + 1] * y + axes[3 * axis + 2] * z
        along += old * normal[axis]
    if along < 0.0:
        # Triangles may turn either way.
        normal[0], normal[1], normal[2] = -normal[0], -normal[1], -normal[2]


@compiled
def weights(
    x: float, y: float, places: Floats, i: int, j: int, k: int
) -> tuple[float, float, float]:
    """Of the three corners, true to perspective."""
    ux, uy = places[i, 0], places[i, 1]
    vx, vy = places[j, 0] - ux, places[j, 1] - uy
    wx, wy = places[k, 0] - ux, places[k, 1] - uy
    scale = 1.0 / (vx * wy - vy * wx)
    dx, dy = x - ux, y - uy
    b = (dx * wy - dy * wx) * scale
    c = (vx * dy - vy * dx) * scale
    a = (1.0 - b - c) * places[i, 2]
    b, c = b * places[j, 2], c * places[k, 2]
    scale = 1.0 / (a + b + c)
    return a * scale, b * scale, c * scale


@compiled
def describe(
    mesh: Mesh,
    places: Floats,
    seen: Indices,
    nearness: Singles,
    skins: Floats,
    eyes: Floats,
    axes: Floats,
    camera: Floats,
    pairs: bool,
    surface: Singles,
    material: Bytes,
    segment: Bytes,
    subject: Bytes,
) -> None:
    """Fills the surface of each sample that a triangle is seen in.

    Args:
        mesh: Of the scene.
        places: (V, 3) projected vertices.
        seen: (h, w) numbers of triangles.
        nearness: (h, w) 1 / z.
        skins: (S, K) parameters of the subjects' skin paints; of mouths too.
        eyes: (S, E) of their eye paints.
        axes: (N, 9) for each part: rows of the rotation from its texture to the scene (eyes only).
        camera: (3,) focal length and centre in samples.
        pairs: Whether the two samples side by side in a pixel share their paint, where both show
            the same: for small pictures.
        surface: (h, w, 11) written: albedo, gloss, roughness, height, thin, wet, normal.
        material: (h, w) written, 255 where nothing.
        segment: (h, w) written.
        subject: (h, w) written.
    """
    height, width = seen.shape
    out, normal, texture = np.zeros(8), np.zeros(3), np.zeros(3)
    for y in range(height):
        before = -1
        for x in range(width):
            t = seen[y, x]
            if t < 0:
                material[y, x] = NOTHING
                before = -1
                continue
            i, j, k = mesh.triangles[t, 0], mesh.triangles[t, 1], mesh.triangles[t, 2]
            a, b, c = weights(x + 0.5, y + 0.5, places, i, j, k)
            part = mesh.part[t]
            row = mesh.rows[part]
            for axis in range(3):
                normal[axis] = (
                    a * mesh.normals[i, axis]
                    + b * mesh.normals[j, axis]
                    + c * mesh.normals[k, axis]
                )
                texture[axis] = (
                    a * mesh.texture[i, axis]
                    + b * mesh.texture[j, axis]
                    + c * mesh.texture[k, axis]
                )
            kind, who = int(row[MATERIAL]), int(row[SUBJECT])
            z = 1.0 / nearness[y, x]
            label = mesh.labels[t]
            if kind == _SKIN and who > 0 and label == _PLAIN:
                label = skin_label(texture[0], texture[1], texture[2])
            out[0] = z / camera[0]
            if pairs and part == before and label == segment[y, x - 1] and kind != _EYE:
                # Painted a moment ago, to the left of it.
                for channel in range(8):
                    out[channel] = surface[y, x - 1, channel]
            elif kind == _SKIN and who > 0:
                paint(texture[0], texture[1], texture[2], skins[who - 1], out)
            elif kind == _SKIN:
                _plain_skin(texture[0], texture[1], texture[2], row, out)
            elif kind == _EYE and who > 0:
                paint_eye(texture[0], texture[1], texture[2], eyes[who - 1], out)
                _bulged(texture, axes[part], normal)
            elif kind in (_TEETH, _MOUTH) and who > 0:
                paint_mouth(texture[0], texture[1], texture[2], kind, skins[who - 1], out)
            else:
                paint_cloth(texture[0], texture[1], texture[2], row, out)
            u, v = (x + 0.5 - camera[1]) / camera[0], (y + 0.5 - camera[2]) / camera[0]
            towards(normal, u, v, side(places, i, j, k))
            for channel in range(8):
                surface[y, x, channel] = out[channel]
            for axis in range(3):
                surface[y, x, NORMAL + axis] = normal[axis]
            material[y, x] = kind
            segment[y, x] = label
            subject[y, x] = who
            before = part if x % 2 == 0 else -1


@compiled
def towards(normal: Floats, x: float, y: float, sign: float) -> None:
    """Unit length, and turned to the side that the camera (at the origin) sees.

    Args:
        normal: (3,) changed.
        x: Where the sample is, at distance 1.
        y: The same.
        sign: -1 if the triangle's own normal points away from the camera.
    """
    view = math.sqrt(x * x + y * y + 1.0)
    length = math.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2) + 1e-12
    facing = -sign * (normal[0] * x + normal[1] * y + normal[2]) / (view * length)
    # Smooth normals look over the edge of a silhouette; a visible sample cannot.
    lift = clamp(0.03 - facing, 0.0, 1.0) / view
    for axis, along in enumerate((x, y, 1.0)):
        normal[axis] = sign * normal[axis] / length - lift * along
    length = math.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2) + 1e-12
    for axis in range(3):
        normal[axis] /= length


@compiled
def side(places: Floats, i: int, j: int, k: int) -> float:
    """-1 if the triangle's normal points away from the camera, 1 otherwise."""
    vx, vy = places[j, 0] - places[i, 0], places[j, 1] - places[i, 1]
    wx, wy = places[k, 0] - places[i, 0], places[k, 1] - places[i, 1]
    return -1.0 if vx * wy - vy * wx > 0.0 else 1.0
