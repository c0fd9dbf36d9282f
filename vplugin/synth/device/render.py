"""Renders many scenes on a device: compiled code makes them, torch draws their samples.

On the processor, by the same compiled code as :func:`vplugin.synth.render.render`: heads, hair,
clothes and things, what covers which region, the backdrop out of focus, and the truth about faces.
On the device, for all pictures of a batch together: the nearest triangle of each sample, maps of
shadows, paints, light, strands, glass, resolving and developing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from vplugin.errors import RuntimeMissingError
from vplugin.synth import compose
from vplugin.synth.backdrop import draw_backdrop
from vplugin.synth.camera import Camera
from vplugin.synth.device.batch import Batch, Ready, batched
from vplugin.synth.device.develop import developed
from vplugin.synth.device.light import pixels_of, reached
from vplugin.synth.device.planes import Planes, resolved, started
from vplugin.synth.device.raster import rasterise
from vplugin.synth.device.shade import glaze, shade
from vplugin.synth.device.shadow import shadow_maps
from vplugin.synth.device.strands import draw_strands
from vplugin.synth.device.surface import bend, describe, projected
from vplugin.synth.raster import Singles
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Scene
from vplugin.synth.staging import casting, lighting, sides, staged, truths
from vplugin.synth.truth import Seen

# Samples that are drawn together, where the caller does not say how many pictures are. Many on a
# GPU, as each step takes about as long for few; elsewhere they would only fill the memory.
_ON_GPU, _ELSEWHERE = 1 << 22, 1 << 18


class _Prepared(NamedTuple):
    """A scene with its backdrop; ``ready`` is None where nothing is before that."""

    scene: Scene
    backdrop: Singles
    ready: Ready | None


def render_on(
    scenes: Sequence[Scene],
    size: int | tuple[int, int],
    device: str | torch.device = "cuda",
    *,
    together: int | None = None,
    threads: int = 1,
) -> list[Rendering]:
    """The pictures of scenes and the truth about them, nearly as :func:`synth.render` makes them.

    Points, boxes and vectors of faces are the very same; pictures are within a tolerance that
    docs/people.md states and tests hold. On a GPU the bytes may differ from one run to the next.

    Args:
        scenes: What is seen.
        size: Pixels along each side, or (width, height); one for all.
        device: ``cpu`` or ``cuda`` (``cuda:1``), where samples are drawn.
        together: Scenes that are drawn together; None: on a GPU as many as have 4 million samples.
        threads: That make the scenes for the device, while it draws those before.

    Returns:
        One for each scene, in their order.

    Raises:
        ValueError: If a side is below 8 pixels.
        RuntimeMissingError: If torch has no such device here; there is no other in its stead.
    """
    where, (width, height) = _device(device), sides(size)
    samples = _ON_GPU if where.type == "cuda" else _ELSEWHERE
    count = together or max(1, samples // (4 * width * height))
    out: list[Rendering] = []
    for prepared in _prepared(scenes, (width, height), count, threads):
        ready = [one.ready for one in prepared if one.ready is not None]
        cameras = [one.scene.camera for one in prepared if one.ready is not None]
        with torch.inference_mode():
            drawn = iter(_drawn(ready, cameras, width, height, where) if ready else ())
        for one in prepared:
            out.append(
                _empty(one) if one.ready is None else _seen(one.scene, one.ready, next(drawn))
            )
    return out


class _Drawn(NamedTuple):
    """One picture, back on the processor: pixels, then samples; see `planes.py`."""

    rgb: npt.NDArray[np.uint8]
    far: npt.NDArray[np.float32]
    segments: npt.NDArray[np.uint8]
    subjects: npt.NDArray[np.uint8]
    alpha: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32]
    segment: npt.NDArray[np.uint8]
    subject: npt.NDArray[np.uint8]


def _device(name: str | torch.device) -> torch.device:
    """The device that is asked for, if it is there."""
    device = torch.device(name)
    if device.type == "cuda":
        there = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= there:
            raise RuntimeMissingError(
                f"torch finds {there} CUDA devices, so people cannot be drawn there",
                where=str(device),
                mend="install torch for CUDA on a machine with such a GPU, or ask for cpu",
            )
    elif device.type != "cpu":
        raise RuntimeMissingError(
            "people are drawn on cpu and cuda only", where=str(device), mend="ask for one of them"
        )
    return device


def _prepared(
    scenes: Sequence[Scene], size: tuple[int, int], count: int, threads: int
) -> Iterator[list[_Prepared]]:
    """So many scenes at a time; the next ones are made while those are drawn."""
    ahead: list[Future[_Prepared]] = []
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(scenes) + count, count):
            now, some = ahead, scenes[first : first + count]
            ahead = [pool.submit(_prepare, scene, *size) for scene in some]
            if now:
                yield [future.result() for future in now]


def _prepare(scene: Scene, width: int, height: int) -> _Prepared:
    backdrop, stage = draw_backdrop(scene.backdrop, width, height), staged(scene, width, height)
    region = stage.region
    if region is None:
        return _Prepared(scene, backdrop, None)
    meshes, light = (stage.solid(), stage.glass()), lighting(scene, backdrop)
    thrown = casting(scene, stage, region)
    return _Prepared(scene, backdrop, Ready(stage, region, *meshes, thrown, *light, backdrop))


def _drawn(
    ready: Sequence[Ready],
    cameras: Sequence[Camera],
    width: int,
    height: int,
    device: torch.device,
) -> Iterator[_Drawn]:
    """Each scene's picture."""
    batch = batched(ready, width, height, device)
    planes = _planes(batch)
    pixels = resolved(planes, batch.shape)
    samples = (plane.view(batch.shape) for plane in (planes.depth, planes.segment, planes.subject))
    found = (developed(pixels.colour, cameras), *pixels[1:], *samples)
    yield from (_Drawn(*one) for one in zip(*(x.cpu().numpy() for x in found), strict=True))


def _planes(batch: Batch) -> Planes:
    """Everything, in samples."""
    solids = batch.solids
    places = projected(solids, batch.cameras)
    seen = rasterise(places, solids.triangles, solids.home[solids.triangles[:, 0]], batch.shape)
    surface, shadows = bend(batch, describe(batch, places, seen)), shadow_maps(batch)
    pixels = pixels_of(batch, surface, seen)
    light = reached(batch, surface, seen, pixels, shadows)
    planes = started(batch, surface, shade(batch, surface, pixels, light))
    for strands in batch.strands:
        draw_strands(batch, strands, shadows, planes)
    glaze(batch, planes)
    return planes


def _seen(scene: Scene, ready: Ready, drawn: _Drawn) -> Rendering:
    """The picture, and the truth that is looked up in its samples."""
    left, top, width, height = ready.region
    rows, columns = slice(2 * top, 2 * (top + height)), slice(2 * left, 2 * (left + width))
    high, wide = drawn.far.shape
    seen = Seen(
        np.ascontiguousarray(drawn.depth[rows, columns]),
        np.ascontiguousarray(drawn.segment[rows, columns]),
        np.ascontiguousarray(drawn.subject[rows, columns]),
        *(ready.stage.camera, left, top, wide, high),
    )
    pixels = (drawn.rgb, drawn.alpha, drawn.far, drawn.segments, drawn.subjects)
    return Rendering(*pixels, truths(scene, ready.stage, seen))


def _empty(prepared: _Prepared) -> Rendering:
    """The backdrop alone."""
    shape = prepared.backdrop.shape[:2]
    alpha, segments, subjects = (np.zeros(shape, np.uint8) for _ in range(3))
    rgb = compose.developed(prepared.backdrop, prepared.scene.camera)
    return Rendering(rgb, alpha, np.full(shape, np.inf, np.float32), segments, subjects, ())
