"""What a picture needs before its pixels: people built and placed, and the region they cover.

Whole-number work and geometry of the processor, the same whoever draws the samples afterwards:
compiled code (`render.py`) or torch (`device`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vplugin.synth.assembly import Mesh, Placed, joined
from vplugin.synth.backdrop import ambient_of
from vplugin.synth.body import Body, Hairs, build_body
from vplugin.synth.coarse import is_small
from vplugin.synth.exact import PI, cosine, sine
from vplugin.synth.light import direction_to, light_rows
from vplugin.synth.parts import Floats
from vplugin.synth.raster import Singles, widen
from vplugin.synth.rendering import FaceTruth
from vplugin.synth.scene import Scene, Subject
from vplugin.synth.truth import Seen, face_truth

# Of a picture's pixels; more would cost time where nothing is.
_MARGIN = 3
_DETAILS = (0.2, 0.28, 0.4, 0.56, 0.8, 1.1, 1.6, 2.2, 3.0, 4.0)


class Region(NamedTuple):
    """The pixels of the picture that people and things may cover."""

    left: int
    top: int
    width: int
    height: int


class Stage(NamedTuple):
    """A scene with everybody in place.

    Attributes:
        bodies: One for each subject.
        placed: Parts of bodies and of things.
        hairs: All strands.
        region: What may be covered, or None where nothing is in the picture.
        camera: (3,) focal length and principal point in samples of the region, two to a pixel.
        small: Whether less is drawn, see `coarse.py`.
    """

    bodies: tuple[Body, ...]
    placed: tuple[Placed, ...]
    hairs: tuple[Hairs, ...]
    region: Region | None
    camera: Floats
    small: bool

    def solid(self) -> Mesh:
        """All that cannot be seen through."""
        return joined([item for item in self.placed if item.part.opacity >= 1.0])

    def glass(self) -> Mesh:
        """All that can."""
        return joined([item for item in self.placed if item.part.opacity < 1.0])


class Casting(NamedTuple):
    """What the map of shadows is made of besides solids, see :func:`shadow.shadow_map`."""

    strands: Floats
    links: Floats
    direction: tuple[float, float, float]
    half_angle: float
    size: int


def sides(size: int | tuple[int, int]) -> tuple[int, int]:
    """Width and height of a picture, given both or the one that both are.

    Raises:
        ValueError: If a side is below 8 pixels.
    """
    width, height = (size, size) if isinstance(size, int) else size
    if min(width, height) < 8:
        raise ValueError(f"a picture of {width}x{height} pixels is too small; take 8 or more")
    return width, height


def staged(scene: Scene, width: int, height: int) -> Stage:
    """Builds, poses and places everybody and everything.

    Args:
        scene: What is seen.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
    """
    focal = scene.camera.focal(height)
    details = [_detail(subject, focal) for subject in scene.subjects]
    small = is_small(height, details)
    bodies = tuple(
        build_body(subject, index + 1, detail, small)
        for index, (subject, detail) in enumerate(zip(scene.subjects, details, strict=True))
    )
    things = [Placed(part, part.vertices, 0) for prop in scene.occluders for part in prop.parts()]
    placed = (*(item for body in bodies for item in body.placed), *things)
    hairs = tuple(item for body in bodies for item in body.hairs)
    region = _region(placed, hairs, focal, width, height)
    left, top = (region.left, region.top) if region is not None else (0, 0)
    camera = np.array([2.0 * focal, width - 2.0 * left, height - 2.0 * top])
    return Stage(bodies, placed, hairs, region, camera, small)


def casting(scene: Scene, stage: Stage, region: Region) -> Casting:
    """Hairs, the key light and the size of the map."""
    angle = (1.5 + 17.0 * scene.light.softness) * PI / 180.0
    direction = direction_to(scene.light.azimuth, scene.light.elevation)
    points = [item.points for item in stage.hairs]
    links = [item.links for item in stage.hairs]
    size = 192 if max(region.width, region.height) <= 160 else (288 if region.width < 400 else 512)
    return Casting(
        np.concatenate(points) if points else np.zeros((0, 3)),
        np.concatenate(links) if links else np.zeros(0),
        direction,
        sine(angle) / cosine(angle),
        128 if stage.small else size,
    )


def lighting(scene: Scene, picture: Singles) -> tuple[Floats, Floats]:
    """:func:`light.light_rows` of a scene before this backdrop (H, W, 3)."""
    ambient = ambient_of(picture[::4, ::4])
    side = tuple(0.5 * (a + b) for a, b in zip(ambient.left, ambient.right, strict=True))
    return light_rows(scene.light, ambient.top, (side[0], side[1], side[2]), ambient.bottom)


def truths(scene: Scene, stage: Stage, seen: Seen) -> tuple[FaceTruth, ...]:
    """The truth about each face before the camera."""
    return tuple(
        face_truth(scene, index, body, seen)
        for index, body in enumerate(stage.bodies)
        if scene.subjects[index].place[2] > 100.0
    )


def _detail(subject: Subject, focal: float) -> float:
    """How fine hair must be: 1 for a face (of about 150 mm) of 150 pixels.

    In steps: other hair in each frame would flicker while somebody comes nearer.
    """
    wanted = focal / max(subject.place[2], 100.0)
    return min(_DETAILS, key=lambda step: max(step / wanted, wanted / step))


def _region(
    placed: Sequence[Placed], hairs: Sequence[Hairs], focal: float, width: int, height: int
) -> Region | None:
    """Where in the picture anything is, in whole pixels; None where nothing is."""
    clouds = [item.vertices for item in placed] + [item.points for item in hairs]
    bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])
    for cloud in {id(cloud): cloud for cloud in clouds}.values():
        widen(bounds, cloud, focal, 0.5 * width, 0.5 * height)
    if bounds[0] > bounds[2]:
        return None
    left, top = max(0, int(bounds[0]) - _MARGIN), max(0, int(bounds[1]) - _MARGIN)
    right = min(width, int(max(bounds[2], 0.0)) + _MARGIN)
    bottom = min(height, int(max(bounds[3], 0.0)) + _MARGIN)
    if right <= left or bottom <= top:
        return None
    return Region(left, top, right - left, bottom - top)


def paints(bodies: Sequence[Body]) -> tuple[Floats, Floats]:
    """Parameters of the subjects' paints, a row each; one empty row where nobody is."""
    if not bodies:
        return np.zeros((1, 1)), np.zeros((1, 1))
    return np.stack([body.skin for body in bodies]), np.stack([body.eye for body in bodies])


def axes(mesh: Mesh) -> Floats:
    """(N, 9): how each part's texture is turned in the scene, where it moved as a rigid thing.

    From three points far apart: exact for eyeballs, meaningless and unused for what bends.
    """
    out = np.zeros((len(mesh.rows), 9))
    for index in range(len(mesh.rows)):
        if mesh.rows[index, 0] != 1.0:
            continue
        triangles = np.flatnonzero(mesh.part == index)
        if len(triangles) < 3:
            continue
        used = mesh.triangles[triangles]
        picked = (used[0, 0], used[len(used) // 3, 1], used[2 * len(used) // 3, 2], used[-1, 1])
        out[index] = _rotation(mesh.texture[list(picked)], mesh.vertices[list(picked)]).reshape(9)
    return out


def _rotation(before: Floats, after: Floats) -> Floats:
    """(3, 3) that turns differences of ``before`` (4, 3) into those of ``after``."""
    a, b = before[1:] - before[0], after[1:] - after[0]
    cross = np.array([_cross(a[1], a[2]), _cross(a[2], a[0]), _cross(a[0], a[1])])
    volume = a[0, 0] * cross[0, 0] + a[0, 1] * cross[0, 1] + a[0, 2] * cross[0, 2]
    if abs(volume) < 1e-6:
        return np.eye(3)
    out = np.zeros((3, 3))
    for n in range(3):
        for i in range(3):
            for j in range(3):
                out[i, j] += b[n, i] * cross[n, j] / volume
    return out


def _cross(a: Floats, b: Floats) -> list[float]:
    return [
        float(a[1] * b[2] - a[2] * b[1]),
        float(a[2] * b[0] - a[0] * b[2]),
        float(a[0] * b[1] - a[1] * b[0]),
    ]
