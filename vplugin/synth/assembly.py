"""The triangles of a whole scene in one set of arrays, posed and placed before the camera."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import compiled, cosine, sine
from vplugin.synth.parts import Floats, Indices, Part

Bytes = npt.NDArray[np.uint8]

# Columns of ``Mesh.rows``.
MATERIAL, RED, GREEN, BLUE, GLOSS, PATTERN, SEED, OPACITY, SUBJECT = 0, 1, 2, 3, 4, 5, 6, 7, 8
ROW = 9
# What the head turns about, mm in its own frame.
PIVOT = (0.0, 85.0, 95.0)


class Mesh(NamedTuple):
    """Triangles, ready to be rasterised.

    Attributes:
        vertices: (V, 3) mm in the scene's space.
        normals: (V, 3) unit, on the side from which a part's triangles turn one way.
        texture: (V, 3) what the paint reads.
        triangles: (T, 3).
        part: (T,) row of ``rows``.
        labels: (T,) segment.
        rows: (N, 9) numbers of each part, see the column names of this module.
    """

    vertices: Floats
    normals: Floats
    texture: Floats
    triangles: Indices
    part: npt.NDArray[np.int16]
    labels: Bytes
    rows: Floats


class Placed(NamedTuple):
    """A part, its vertices in the scene's space, and whose it is (subject + 1; 0: nobody's)."""

    part: Part
    vertices: Floats
    subject: int


@compiled
def posed(points: Floats, turning: Floats, angles: Floats, place: Floats) -> Floats:
    """Points of the head frame in the scene's space; each turns by its own share.

    Args:
        points: (N, 3) mm.
        turning: (N,) or (1,) for all: 1 moves with the head, 0 stays with the body.
        angles: (4,) radians: yaw, pitch, roll of the head against the body, yaw of the body.
        place: (3,) mm of the frame's origin in the neutral pose.
    """
    out = np.empty_like(points)
    last = -1e9
    cy = sy = cp = sp = cr = sr = 0.0
    for i in range(points.shape[0]):
        t = turning[i] if turning.size > 1 else turning[0]
        if t != last:
            last = t
            cy, sy = cosine(angles[3] + t * angles[0]), sine(angles[3] + t * angles[0])
            cp, sp = cosine(t * angles[1]), sine(t * angles[1])
            cr, sr = cosine(t * angles[2]), sine(t * angles[2])
        x, y, z = points[i, 0] - PIVOT[0], points[i, 1] - PIVOT[1], points[i, 2] - PIVOT[2]
        x, y = cr * x - sr * y, sr * x + cr * y
        y, z = cp * y - sp * z, sp * y + cp * z
        x, z = cy * x - sy * z, sy * x + cy * z
        out[i, 0] = x + PIVOT[0] + place[0]
        out[i, 1] = y + PIVOT[1] + place[1]
        out[i, 2] = z + PIVOT[2] + place[2]
    return out


@compiled
def smooth_normals(vertices: Floats, triangles: Indices) -> Floats:
    """(V, 3) unit normals, the mean of those of the triangles around, by area."""
    out = np.zeros_like(vertices)
    a, b = np.zeros(3), np.zeros(3)
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        for axis in range(3):
            a[axis] = vertices[j, axis] - vertices[i, axis]
            b[axis] = vertices[k, axis] - vertices[i, axis]
        nx, ny, nz = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
        for n in (i, j, k):
            out[n, 0] += nx
            out[n, 1] += ny
            out[n, 2] += nz
    for n in range(out.shape[0]):
        length = math.sqrt(out[n, 0] ** 2 + out[n, 1] ** 2 + out[n, 2] ** 2)
        if length > 0.0:
            out[n, 0] /= length
            out[n, 1] /= length
            out[n, 2] /= length
    return out


def _row(item: Placed) -> list[float]:
    part = item.part
    numbers = [part.gloss, float(part.pattern), float(part.seed), part.opacity, float(item.subject)]
    return [float(part.material), *part.colour, *numbers]


def _labels(part: Part) -> Bytes:
    if part.labels is not None:
        return part.labels
    return np.full(len(part.triangles), int(part.label), np.uint8)


def joined(placed: Sequence[Placed]) -> Mesh:
    """All parts in one mesh, in this order.

    Parts that share the very same array of vertices share it here too, so that their normals are
    smooth across the border.
    """
    if not placed:
        none = np.zeros((0, 3))
        flat, labels = np.zeros((0, 3), np.int32), np.zeros(0, np.uint8)
        return Mesh(none, none, none, flat, np.zeros(0, np.int16), labels, np.zeros((0, ROW)))
    clouds: dict[int, tuple[int, Placed]] = {}
    total = 0
    for item in placed:
        if id(item.vertices) not in clouds:
            clouds[id(item.vertices)] = (total, item)
            total += len(item.vertices)
    firsts = [clouds[id(item.vertices)][0] for item in placed]
    vertices = np.concatenate([item.vertices for _, item in clouds.values()])
    triangles = np.concatenate(
        [item.part.triangles + np.int32(first) for item, first in zip(placed, firsts, strict=True)]
    ).astype(np.int32, copy=False)
    counts = [len(item.part.triangles) for item in placed]
    return Mesh(
        vertices,
        smooth_normals(vertices, triangles),
        np.concatenate([item.part.texture for _, item in clouds.values()]),
        triangles,
        np.repeat(np.arange(len(placed), dtype=np.int16), counts),
        np.concatenate([_labels(item.part) for item in placed]),
        np.array([_row(item) for item in placed]),
    )
