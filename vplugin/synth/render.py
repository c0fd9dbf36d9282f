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
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth import reach
from vplugin.synth.assembly import Mesh
from vplugin.synth.backdrop import draw_backdrop
from vplugin.synth.compose import developed, resolve
from vplugin.synth.parts import Floats
from vplugin.synth.raster import Singles, projected, rasterise
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Scene
from vplugin.synth.shade import glaze, shade
from vplugin.synth.shadow import ShadowMap, shadow_map
from vplugin.synth.staging import (
    Region,
    Stage,
    axes,
    casting,
    lighting,
    paints,
    sides,
    staged,
    truths,
)
from vplugin.synth.strand_raster import draw_strands
from vplugin.synth.surface import CHANNELS, NOTHING, describe
from vplugin.synth.truth import Seen

Bytes = npt.NDArray[np.uint8]


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
    width, height = sides(size)
    picture = draw_backdrop(scene.backdrop, width, height)
    stage = staged(scene, width, height)
    far = np.full((height, width), np.inf, np.float32)
    segments, subjects, alpha = (np.zeros((height, width), np.uint8) for _ in range(3))
    region = stage.region
    if region is None:
        return Rendering(developed(picture, scene.camera), alpha, far, segments, subjects, ())
    buffers = _draw(scene, stage, region, picture)
    resolve(*buffers, region.left, region.top, picture, far, segments, subjects, alpha)
    found = (buffers.depth, buffers.segment, buffers.subject, stage.camera)
    seen = Seen(*found, region.left, region.top, width, height)
    faces = truths(scene, stage, seen)
    rgb = developed(picture, scene.camera)
    return Rendering(rgb, alpha, far, segments, subjects, faces)


def _draw(scene: Scene, stage: Stage, region: Region, picture: Singles) -> Buffers:
    """Everything before the backdrop, in samples."""
    solid, glass, camera = stage.solid(), stage.glass(), stage.camera
    lights, sky = lighting(scene, picture)
    shadows = shadow_map(solid.vertices, solid.triangles, *casting(scene, stage, region))
    buffers = _solids(solid, stage, region, picture, (lights, sky, shadows))
    for item in sorted(stage.hairs, key=lambda item: -item.distance):
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


def _solids(
    mesh: Mesh,
    stage: Stage,
    region: Region,
    picture: Singles,
    light: tuple[Floats, Floats, ShadowMap],
) -> Buffers:
    """Backdrop and solid parts."""
    lights, sky, shadows = light
    camera = stage.camera
    shape = (2 * region.height, 2 * region.width)
    places = projected(mesh.vertices, camera[0], camera[1], camera[2])
    nearness, seen = _seen(mesh, places, shape)
    surface = np.empty((*shape, CHANNELS), np.float32)
    material = np.full(shape, NOTHING, np.uint8)
    segment, subject = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    skins, eyes = paints(stage.bodies)
    describe(
        *(mesh, places, seen, nearness, skins, eyes, axes(mesh), camera, stage.small),
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
