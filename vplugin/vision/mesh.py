"""A swap without swap weights: the source's pictures, bent to the target's pose and expression.

A face model fitted to 106 landmarks of source and target gives the shape of the source's face with
the target's pose and expression; the source's pixels are carried there by a mesh, take on the
target's light, and are laid over what is face in the target and nothing before it. Gaze, blinks
and the inside of an open mouth are the target's own. Not here: finding faces and pasting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.vision.mesh_choice import Chooser, presence
from vplugin.vision.mesh_light import gains, relit
from vplugin.vision.mesh_mask import coverage, smoothstep
from vplugin.vision.mesh_memory import Memories
from vplugin.vision.mesh_model import FaceModel, Fit, face_model
from vplugin.vision.mesh_view import MESH, MeshView, Seen, Sight, State, prepared, state_of
from vplugin.vision.mesh_warp import Surface, draw, enlarged, read, sampled
from vplugin.vision.source import Source
from vplugin.vision.swap import Swapped

__all__ = ["MeshStyle", "MeshSwapper"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.float64]

_SIGMA = 0.16  # eye distances, of what counts as light
_MEASURED = 112  # width of the copies on which light is measured
_EYES_MM = 63.0
_OPEN_MOUTH = (0.035, 0.1)  # gap over the eye distance from which the target's own mouth shows


@dataclass(frozen=True)
class MeshStyle:
    """How a mesh swap looks.

    Attributes:
        feather: Width of the soft border of the outline, eye distances.
        light: 0–1, how much of the target's light is taken on.
        match: Whether colour and light are matched at all.
    """

    feather: float = 0.17
    light: float = 1.0
    match: bool = True


@dataclass(frozen=True, eq=False)
class _Target:
    """A face to be replaced, understood."""

    crop: Floats  # (S, S, 3)
    marks: Places  # (106, 2)
    face: Floats  # (h, h)
    fit: Fit
    state: State


class MeshSwapper:
    """A :class:`vplugin.vision.swap.Swapper` that needs landmarks and a parser, but no swap net.

    Args:
        sight: Looks at faces.
        model: The shape of faces; the one that ships if None.
    """

    name = "mesh"
    template = MESH
    sizes = (160, 208, 256, 320, 384, 448, 512, 640)
    match_colour = True

    def __init__(self, sight: Sight, model: FaceModel | None = None) -> None:
        self.style = MeshStyle()
        self._sight = sight
        self._model = model or face_model()
        self._chooser = Chooser()
        self._memory = Memories()

    def prepare(self, source: Source) -> tuple[MeshView, ...]:
        """Understand each picture of a source, once."""
        return tuple(
            side for view in source.views for side in prepared(self._model, self._sight, view)
        )

    def swap(
        self,
        crops: Floats,
        points: Array,
        sources: Sequence[tuple[MeshView, ...]],
        tracks: Sequence[int | None],
        time: float = 0.0,
    ) -> Swapped:
        """See :meth:`vplugin.vision.swap.Swapper.swap`."""
        faces, masks = np.empty_like(crops), np.empty(crops.shape[:3], np.float32)
        seen = self._sight.look(crops, points)
        for index, views in enumerate(sources):
            track = tracks[index]
            memory = self._memory.of(track, time)
            target = self._understood(crops[index], memory.steady(seen[index], crops.shape[1]))
            chosen = self._chooser.choose(views, target.fit, target.state, track, time)
            eyes = memory.settled(_own_eyes(target.state, chosen[0][0].state))
            faces[index], masks[index] = self._made(target, chosen, eyes)
        return Swapped(faces, masks, finished=True)

    def new_shot(self) -> None:
        """See :meth:`vplugin.vision.swap.Swapper.new_shot`."""
        self._memory.clear()
        self._chooser.clear()

    def _understood(self, crop: Floats, seen: Seen) -> _Target:
        fit = self._model.fit(seen.landmarks)
        return _Target(crop, seen.landmarks, seen.face, fit, state_of(seen.landmarks))

    def _made(
        self, target: _Target, chosen: Sequence[tuple[MeshView, float]], eyes: tuple[float, float]
    ) -> tuple[Floats, Floats]:
        """The new face (S, S, 3) and how much of it shows (S, S)."""
        size = target.crop.shape[0]
        half = size // 2
        model, main = self._model, chosen[0][0]
        vertices = model.dressed(main.fit, target.fit, _KEEP)
        surface = draw(model, vertices, half, half / size)
        rgb, alpha = self._texture(surface, target, chosen, size)
        distance = _EYES_MM * target.fit.scale
        reach = surface.carry(model.reach[:, None])[..., 0]
        face = _resized(target.face, half)
        mask = coverage(reach, face, alpha, distance * half / size, self.style.feather)
        mask *= np.float32(presence(main, target.fit))
        shaded = self._lit(rgb, target.crop, mask, surface, distance / size)
        self._own(shaded, target, surface, eyes)
        return shaded, enlarged(mask, size)

    def _texture(
        self,
        surface: Surface,
        target: _Target,
        chosen: Sequence[tuple[MeshView, float]],
        size: int,
    ) -> tuple[Array, Floats]:
        """The source's pixels (S, S, 3) uint8 in place, and where they are face (h, h)."""
        layers = [
            self._layer(surface, view, target.fit.scale / view.fit.scale, size)
            for view, _ in chosen
        ]
        if len(layers) == 1:
            rgba, alpha = layers[0]
            return np.ascontiguousarray(rgba[..., :3]), alpha
        (now, first), (before, second) = layers
        share = chosen[0][1]
        rgb = cv2.addWeighted(now[..., :3], share, before[..., :3], 1.0 - share, 0.0)
        mixed = cv2.addWeighted(first, share, second, 1.0 - share, 0.0)
        return np.asarray(rgb), np.asarray(mixed, np.float32)

    def _layer(
        self, surface: Surface, view: MeshView, scale: float, size: int
    ) -> tuple[Array, Floats]:
        """One picture of the source carried over (S, S, 4), and where it shows face (h, h)."""
        facing = smoothstep(view.normals, 0.02, 0.25)
        carried = surface.carry(np.column_stack([view.vertices[:, :2], facing]), -8.0)
        places = enlarged(np.ascontiguousarray(carried[..., :2]), size)
        rgba = sampled(view.levels, places, 1.0 / scale)
        alpha = _resized(np.ascontiguousarray(rgba[..., 3]), surface.size)
        seen = alpha.astype(np.float32) * np.float32(1 / 255) * np.maximum(carried[..., 2], 0.0)
        return rgba, seen

    def _lit(self, rgb: Array, crop: Floats, mask: Floats, surface: Surface, eyes: float) -> Floats:
        """The new face in the target's light; ``eyes`` is a share of the crop's width."""
        unit = np.float32(1 / 255)
        if not self.style.match:
            return rgb.astype(np.float32) * unit
        side = min(_MEASURED, surface.size)
        skin = surface.carry(self._model.skin[:, None])[..., 0] * mask
        small, goal = _resized(rgb, side).astype(np.float32) * unit, _resized(crop, side)
        gain = gains(small, goal, _resized(skin, side), _SIGMA * eyes * side, self.style.light)
        return relit(rgb.astype(np.float32) * unit, gain)

    def _own(
        self, shaded: Floats, target: _Target, surface: Surface, eyes: tuple[float, float]
    ) -> None:
        """Lay the target's own mouth and eyes over the new face, in place."""
        mouth = float(smoothstep(target.state.mouth, *_OPEN_MOUTH))
        shares = (eyes[0], eyes[1], mouth)
        if max(shares) < 0.02:
            return
        own = self._model.placed(target.fit)
        values = np.column_stack([own[:, :2], self._model.lids])
        carried = surface.carry(values)
        weight = np.zeros((surface.size, surface.size), np.float32)
        for number in (0, 1):
            weight = np.maximum(
                weight, smoothstep(carried[..., 2 + number], 0.0, 0.6) * shares[number]
            )
        inside = cv2.GaussianBlur((surface.regions == 3).astype(np.float32), (3, 3), 0)
        weight = np.maximum(weight, inside * mouth)
        size = shaded.shape[0]
        columns, rows = weight.max(axis=0).nonzero()[0], weight.max(axis=1).nonzero()[0]
        if columns.size == 0:
            return
        step = size / surface.size
        part = tuple(
            slice(max(0, int((found[0] - 1) * step)), min(size, int((found[-1] + 2) * step)))
            for found in (rows, columns)
        )
        places = enlarged(np.ascontiguousarray(carried[..., :2]), size)[part]
        seen = read(target.crop, places)
        shaded[part] += (seen - shaded[part]) * enlarged(weight, size)[part][..., None]


def _own_eyes(target: State, source: State) -> tuple[float, float]:
    """How much of each of the target's own eyes shows: all where lids or gaze differ much."""
    shares = []
    for side in (0, 1):
        wide, own = source.eyes[side], target.eyes[side]
        shut = max(wide, own) / max(min(wide, own), 0.02)
        away = float(np.hypot(*np.subtract(source.gaze[side], target.gaze[side])))
        found = max(
            float(smoothstep(shut, 1.7, 2.6)) if max(wide, own) > 0.12 else 0.0,
            float(smoothstep(away, 0.10, 0.2)) if min(wide, own) > 0.12 else 0.0,
        )
        shares.append(found)
    # Two eyes of two people look wrong even where one would do.
    both = max(shares) if min(target.eyes) > 0.12 else 0.0
    return max(shares[0], both), max(shares[1], both)


def _resized(image: Array, side: int) -> Array:
    if image.shape[0] == side:
        return image
    way = cv2.INTER_AREA if image.shape[0] > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side, side), interpolation=way))


def _keep() -> Places:
    """(106,) how much of a landmark's unexplained offset is taken from the source."""
    share = np.full(106, 0.6)
    share[:33] = 0.0  # the outline is the target's
    share[33:43] = share[87:97] = 0.4  # lids move
    share[52:72] = 0.3  # and lips more so
    share[72:87] = 1.0
    return share


_KEEP = _keep()
_KEEP.setflags(write=False)
