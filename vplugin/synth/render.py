"""Draws a scene: the one place where head, hair, wear, things, light and backdrop meet.

The calls made to the other modules (all mm are float64, all colours linear RGB; a *turning* is 1
for what moves with the head, 0 for what stays with the shoulders):

* ``head.build_head(person, expression) -> Head`` with ``parts``, ``turning`` (one (V,) array per
  part), ``points5 (5, 3)``, ``landmarks68``, ``landmarks106``, ``iris (2, 3)``, ``outline (N, 3)``
  (hairline, ears, jaw: its projection's bounds are the face box).
* ``skin.skin_parameters(person, expression) -> (K,) float64`` once a subject, and the jitted
  ``skin.paint(x, y, z, given, out)`` once a sample of ``Material.SKIN``: face coordinates in, and
  in ``out[0]`` how many mm wide the sample is (finer detail than that must fade); out is float64
  (8,): albedo r g b, gloss 0..1, roughness 0..1, height mm (wrinkles, pores; the engine
  differentiates it), thin 0..1 (light shines through: ears, nose wings), wet 0..1 (lips, lid rim).
  Likewise ``eye_paint.eye_parameters(person)`` and ``eye_paint.paint_eye(x, y, z, given, out)`` of
  ``Material.EYE`` (texture in mm from the eyeball's centre, -z through the pupil), and
  ``mouth_paint.paint_mouth(x, y, z, material, given, out)`` of TEETH and MOUTH.
* ``wear.dress(person.wear, head) -> Outfit`` with ``parts`` and ``turning``; a part with
  ``opacity`` < 1 is drawn over the strands. ``fabric.paint_cloth(x, y, z, row, out)`` paints
  CLOTH, FELT, PAPER, PLASTIC and METAL; out as above, the row is one of ``assembly.Mesh.rows``.
* ``props.Prop.parts() -> tuple[Part, ...]`` in the scene's space; skin of hands is
  ``Material.SKIN`` with ``colour`` its tone and ``label`` HAND.
* ``hair.grow(person, head, detail) -> tuple[Strands, ...]`` (scalp hair, brows, lashes, beard) in
  the head frame; the person's ``wear`` says which hat covers it. The engine poses the points.
* ``strand_raster.draw_strands(colour, depth, segment, cover, subject, points, radii, colours,
  tips, starts, look, focal, centre, light, map)``, jitted, once for each ``Strands``, farthest
  first. Buffers are supersampled (twice the picture): ``colour (h, w, 3) float32`` linear light
  (premultiplied is not used: the backdrop is already there), ``depth (h, w) float32`` mm, inf where
  nothing, ``segment (h, w) uint8``, ``cover (h, w) float32`` 0..1 how much is not backdrop,
  ``subject (h, w) uint8``. ``points (P, 3)`` mm in the scene's space; ``radii (S,)`` mm;
  ``look (6,)``: label, gloss, opacity, subject + 1, seed, 0. ``focal`` samples, ``centre (2,)``:
  ``u = centre[0] + focal * x / z``. ``light``: (L, 8) rows of direction to the
  light x y z, radiance r g b, is-shadowed, size; the last row is the ambient (direction up).
  ``map``: light-space shadow maps, to be asked through ``shadow.lit(map, x, y, z)`` (of solids) and
  ``shadow.through(map, x, y, z)`` (of hair, 0..1 transmitted).
* ``backdrop.draw_backdrop(backdrop, width, height) -> (height, width, 3) float32`` linear, 0 to
  about 1.5, already out of focus.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth import reach
from vplugin.synth.assembly import Mesh, Placed, joined
from vplugin.synth.backdrop import ambient_of, draw_backdrop
from vplugin.synth.body import Body, Hairs, build_body
from vplugin.synth.coarse import is_small
from vplugin.synth.compose import developed, resolve
from vplugin.synth.exact import PI, cosine, sine
from vplugin.synth.light import direction_to, light_rows
from vplugin.synth.parts import Floats
from vplugin.synth.raster import Singles, projected, rasterise, widen
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Scene, Subject
from vplugin.synth.shade import glaze, shade
from vplugin.synth.shadow import ShadowMap, shadow_map
from vplugin.synth.strand_raster import draw_strands
from vplugin.synth.surface import CHANNELS, NOTHING, describe
from vplugin.synth.truth import Seen, face_truth

Bytes = npt.NDArray[np.uint8]
# Of a picture's pixels; more would cost time where nothing is.
_MARGIN = 3
_DETAILS = (0.2, 0.28, 0.4, 0.56, 0.8, 1.1, 1.6, 2.2, 3.0, 4.0)


class Region(NamedTuple):
    """The pixels of the picture that people and things may cover."""

    left: int
    top: int
    width: int
    height: int


class Buffers(NamedTuple):
    """Samples of a region, two to a pixel each way; see the module's text for what B draws into."""

    colour: Singles
    depth: Singles
    segment: Bytes
    subject: Bytes
    cover: Singles


def render(scene: Scene, size: int | tuple[int, int]) -> Rendering:
    """The picture of a scene and the truth about it; the same bytes on every machine.

    Args:
        scene: What is seen.
        size: Pixels along each side, or (width, height).

    Raises:
        ValueError: If a side is below 8 pixels.
    """
    width, height = (size, size) if isinstance(size, int) else size
    if min(width, height) < 8:
        raise ValueError(f"a picture of {width}x{height} pixels is too small; take 8 or more")
    picture = draw_backdrop(scene.backdrop, width, height)
    focal = scene.camera.focal(height)
    details = [_detail(subject, focal) for subject in scene.subjects]
    small = is_small(height, details)
    bodies = [
        build_body(subject, index + 1, detail, small)
        for index, (subject, detail) in enumerate(zip(scene.subjects, details, strict=True))
    ]
    things = [Placed(part, part.vertices, 0) for prop in scene.occluders for part in prop.parts()]
    placed = [item for body in bodies for item in body.placed] + things
    hairs = [item for body in bodies for item in body.hairs]
    region = _region(placed, hairs, focal, width, height)
    far = np.full((height, width), np.inf, np.float32)
    segments, subjects, alpha = (np.zeros((height, width), np.uint8) for _ in range(3))
    if region is None:
        return Rendering(developed(picture, scene.camera), alpha, far, segments, subjects, ())
    centre = (width - 2.0 * region.left, height - 2.0 * region.top)
    camera = np.array([2.0 * focal, *centre])
    buffers = _draw(scene, bodies, placed, hairs, region, camera, picture, small)
    resolve(*buffers, region.left, region.top, picture, far, segments, subjects, alpha)
    found = (buffers.depth, buffers.segment, buffers.subject, camera)
    seen = Seen(*found, region.left, region.top, width, height)
    faces = tuple(
        face_truth(scene, index, body, seen)
        for index, body in enumerate(bodies)
        if scene.subjects[index].place[2] > 100.0
    )
    rgb = developed(picture, scene.camera)
    return Rendering(rgb, alpha, far, segments, subjects, faces)


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


def _draw(
    scene: Scene,
    bodies: Sequence[Body],
    placed: Sequence[Placed],
    hairs: Sequence[Hairs],
    region: Region,
    camera: Floats,
    picture: Singles,
    small: bool,
) -> Buffers:
    """Everything before the backdrop, in samples."""
    solid = joined([item for item in placed if item.part.opacity >= 1.0])
    glass = joined([item for item in placed if item.part.opacity < 1.0])
    ambient = ambient_of(picture[::4, ::4])
    side = tuple(0.5 * (a + b) for a, b in zip(ambient.left, ambient.right, strict=True))
    lights, sky = light_rows(scene.light, ambient.top, (side[0], side[1], side[2]), ambient.bottom)
    shadows = _shadows(scene, solid, hairs, region, small)
    buffers = _solids(solid, bodies, region, camera, picture, (lights, sky, shadows), small)
    for item in sorted(hairs, key=lambda item: -item.distance):
        draw_strands(
            buffers.colour,
            buffers.depth,
            buffers.segment,
            buffers.cover,
            buffers.subject,
            item.points,
            item.radii,
            item.colours,
            item.tips,
            item.starts,
            item.look,
            float(camera[0]),
            camera[1:],
            lights,
            shadows,
        )
    if len(glass.triangles):
        places = projected(glass.vertices, camera[0], camera[1], camera[2])
        nearness, seen = _seen(glass, places, buffers.depth.shape)
        glaze(
            *(glass, places, seen, nearness, lights, sky, camera),
            *(buffers.colour, buffers.depth, buffers.segment),
        )
    return buffers


def _seen(
    mesh: Mesh, places: Floats, shape: tuple[int, ...]
) -> tuple[Singles, npt.NDArray[np.int32]]:
    nearness, seen = np.zeros(shape, np.float32), np.full(shape, -1, np.int32)
    rasterise(places, mesh.triangles, nearness, seen)
    return nearness, seen


def _shadows(
    scene: Scene, solid: Mesh, hairs: Sequence[Hairs], region: Region, small: bool
) -> ShadowMap:
    angle = (1.5 + 17.0 * scene.light.softness) * PI / 180.0
    direction = direction_to(scene.light.azimuth, scene.light.elevation)
    points = [item.points for item in hairs]
    links = [item.links for item in hairs]
    size = 192 if max(region.width, region.height) <= 160 else (288 if region.width < 400 else 512)
    if small:
        size = 128
    return shadow_map(
        solid.vertices,
        solid.triangles,
        np.concatenate(points) if points else np.zeros((0, 3)),
        np.concatenate(links) if links else np.zeros(0),
        direction,
        sine(angle) / cosine(angle),
        size,
    )


def _solids(
    mesh: Mesh,
    bodies: Sequence[Body],
    region: Region,
    camera: Floats,
    picture: Singles,
    light: tuple[Floats, Floats, ShadowMap],
    small: bool,
) -> Buffers:
    """Backdrop and solid parts."""
    lights, sky, shadows = light
    shape = (2 * region.height, 2 * region.width)
    places = projected(mesh.vertices, camera[0], camera[1], camera[2])
    nearness, seen = _seen(mesh, places, shape)
    surface = np.empty((*shape, CHANNELS), np.float32)
    material = np.full(shape, NOTHING, np.uint8)
    segment, subject = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    skins, eyes = _paints(bodies)
    axes = _axes(mesh)
    describe(
        *(mesh, places, seen, nearness, skins, eyes, axes, camera, small),
        *(surface, material, segment, subject),
    )
    reach.bend(surface, material, nearness, camera)
    reached = np.zeros((region.height, region.width, reach.REACHED), np.float32)
    glow = np.zeros((region.height, region.width, 3), np.float32)
    spare = np.zeros_like(glow)
    reach.visibility(surface, material, nearness, shadows, camera, reached)
    reach.calm(reached, spare)
    reach.gather(surface, material, nearness, lights, sky, reached, glow)
    reach.spread(material, nearness, reached, glow, spare, camera[0])
    part = picture[
        region.top : region.top + region.height, region.left : region.left + region.width
    ]
    colour = np.ascontiguousarray(np.repeat(np.repeat(part, 2, axis=0), 2, axis=1))
    shade(surface, material, nearness, reached, glow, lights, sky, camera, colour)
    with np.errstate(divide="ignore"):
        depth = np.float32(1.0) / nearness
    cover = (seen >= 0).astype(np.float32)
    return Buffers(colour, depth, segment, subject, cover)


def _paints(bodies: Sequence[Body]) -> tuple[Floats, Floats]:
    """Parameters of the subjects' paints, a row each; one empty row where nobody is."""
    if not bodies:
        return np.zeros((1, 1)), np.zeros((1, 1))
    return np.stack([body.skin for body in bodies]), np.stack([body.eye for body in bodies])


def _axes(mesh: Mesh) -> Floats:
    """(N, 9): how each part's texture is turned in the scene, where it moved as a rigid thing.

    From three points far apart: exact for eyeballs, meaningless and unused for what bends.
    """
    axes = np.zeros((len(mesh.rows), 9))
    for index in range(len(mesh.rows)):
        if mesh.rows[index, 0] != 1.0:
            continue
        triangles = np.flatnonzero(mesh.part == index)
        if len(triangles) < 3:
            continue
        used = mesh.triangles[triangles]
        picked = (used[0, 0], used[len(used) // 3, 1], used[2 * len(used) // 3, 2], used[-1, 1])
        axes[index] = _rotation(mesh.texture[list(picked)], mesh.vertices[list(picked)]).reshape(9)
    return axes


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


class _Callable(ModuleType):
    """This module is its function: ``from vplugin.synth import render`` may mean either of them.

    Whoever imports a submodule binds it to the package, so that name cannot be the function's.
    """

    def __call__(self, scene: Scene, size: int | tuple[int, int]) -> Rendering:
        return render(scene, size)

    def __reduce__(self) -> tuple[Any, ...]:
        # May be sent to another process, as a function may.
        return import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Callable
