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

from vplugin.vision.mesh_choice import Chooser, plausible, presence
from vplugin.vision.mesh_light import (
    Relight,
    desaturated,
    grained,
    greyness,
    measured,
    painted,
    relit,
    spared,
)
from vplugin.vision.mesh_mask import coverage, smoothstep
from vplugin.vision.mesh_memory import Memories
from vplugin.vision.mesh_model import FaceModel, Fit, face_model
from vplugin.vision.mesh_texture import Box, doubled, textured
from vplugin.vision.mesh_view import (
    MESH,
    MeshView,
    Seen,
    Sight,
    State,
    completed,
    prepared,
    state_of,
)
from vplugin.vision.mesh_warp import draw, read
from vplugin.vision.source import Source
from vplugin.vision.swap import Swapped

__all__ = ["MeshStyle", "MeshSwapper"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.float64]

_SIGMA = 0.16  # eye distances, of what counts as light
_MEASURED = 96  # width of the copies on which light is measured
_EYES_MM = 63.0
_WINK = 0.4  # openness of one eye over the other's from which each is judged by itself
_EYES, _MOUTH, _LIPS = (1, 2), 3, 4  # numbers of the regions
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


@dataclass(frozen=True, eq=False)
class _Ground:
    """What is where in the new face, on a crop of half the size.

    Attributes:
        mask: (h, h) how much of the new face shows.
        regions: (h, h) as :attr:`Surface.regions`.
        carried: (h, h, 6) of the mesh: reach, skin, places, lids.
    """

    mask: Floats
    regions: npt.NDArray[np.uint8]
    carried: Floats

    @property
    def both(self) -> Floats:
        """(h, h) where both faces show skin."""
        return np.asarray(self.mask * np.clip(self.carried[..., 1], 0.0, 1.0))

    @property
    def own(self) -> Floats:
        """(h, h, 2) where in the crop the target's own face has what lies here."""
        return self.carried[..., 2:4]

    @property
    def lids(self) -> Floats:
        """(h, h, 2) 1 in the opening of each eye, 0 off its lids."""
        return self.carried[..., 4:]


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
        return completed(
            [side for view in source.views for side in prepared(self._model, self._sight, view)]
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
            if not np.isfinite(seen[index].landmarks).all():
                faces[index], masks[index] = crops[index], 0.0
                continue
            memory = self._memory.of(track, time)
            target = self._understood(crops[index], memory.steady(seen[index], crops.shape[1]))
            chosen = self._chooser.choose(views, target.fit, target.state, track, time)
            eyes = memory.settled(_own_eyes(target.state, chosen[0][0].state))
            faces[index], masks[index] = self._made(target, chosen, eyes)
            shown = plausible(target.fit, target.marks, points[index]) * seen[index].trust
            masks[index] *= np.float32(memory.faded(shown * presence(chosen[0][0], target.fit)))
        return Swapped(faces, masks, finished=True)

    def new_shot(self) -> None:
        """See :meth:`vplugin.vision.swap.Swapper.new_shot`."""
        self._memory.clear()
        self._chooser.clear()

    def _understood(self, crop: Floats, seen: Seen) -> _Target:
        fit = self._model.fit(seen.landmarks)
        return _Target(
            crop, seen.landmarks, seen.face, fit, state_of(seen.landmarks, seen.lids, seen.mouth)
        )

    def _made(
        self, target: _Target, chosen: Sequence[tuple[MeshView, float]], eyes: tuple[float, float]
    ) -> tuple[Floats, Floats]:
        """The new face (S, S, 3) and how much of it shows (S, S)."""
        model, main = self._model, chosen[0][0]
        size = target.crop.shape[0]
        vertices = sum(
            (share * model.dressed(view.fit, target.fit, _KEEP) for view, share in chosen),
            np.zeros_like(model.mean),
        )
        surface = draw(model, vertices, size // 2, 0.5)
        texture = textured(surface, chosen, target.fit.scale)
        own = model.placed(target.fit)[:, :2]
        carried = surface.carry(np.column_stack([model.reach, model.skin, own, model.lids]))
        distance = _EYES_MM * target.fit.scale
        face = _resized(target.face, surface.size)
        mask = coverage(
            carried[..., 0],
            np.clip(carried[..., 1], 0.0, 1.0),
            face,
            texture.face,
            distance / 2,
            self.style.feather,
        )
        made = target.crop.copy()
        box = _box(mask)
        if box is not None:
            ground = _Ground(mask, surface.regions, carried)
            part = _twice(box)
            rgb = texture.read(box)
            shaded = self._lit(rgb, texture.small, target.crop, part, ground, distance / size)
            self._own(shaded, box, target, ground, eyes, main.state)
            made[part] = shaded
        return made, doubled(mask)

    def _lit(
        self, rgb: Floats, small: Floats, crop: Floats, part: Box, ground: _Ground, eyes: float
    ) -> Floats:
        """The new face, a part of the crop, in the target's light.

        Args:
            rgb: (h, w, 3) of the part, float32 RGB in 0–1.
            small: (S/2, S/2, 3) the same of the whole crop.
            crop: (S, S, 3) the target.
            part: Rows and columns of the crop.
            ground: What is where.
            eyes: Eye distance as a share of the crop's width.
        """
        if not self.style.match:
            return rgb
        side = min(_MEASURED, len(small))
        size = crop.shape[0]
        face, goal, both = (_resized(image, side) for image in (small, crop, ground.both))
        grey = greyness(goal, both)
        if grey > 0:
            rgb, face = desaturated(rgb, grey), desaturated(face, grey)
        sigma = _SIGMA * eyes * side
        ratio = np.float32(side / size)
        places = (_resized(ground.own, side) + np.float32(0.5)) * ratio - np.float32(0.5)
        bent = read(goal, np.ascontiguousarray(places))
        light = measured(face, goal, bent, both, sigma, self.style.light)
        gain = _featured(light, face, bent, ground, sigma)
        lit = relit(rgb, *(_enlarged(image, size)[part] for image in (gain, light.low)))
        low = relit(face, gain, light.low)
        lows = (_enlarged(low, size)[part], _enlarged(goal, size)[part])
        return grained(lit, crop[part], *lows, _enlarged(both, size)[part])

    def _own(
        self,
        shaded: Floats,
        box: Box,
        target: _Target,
        ground: _Ground,
        eyes: tuple[float, float],
        source: State,
    ) -> None:
        """Lay the target's own mouth and eyes over the new face, in place."""
        # Lips that were apart in the source's picture do not close by themselves.
        gaps = (target.state.mouth, source.mouth - target.state.mouth)
        mouth = max(float(smoothstep(gap, *_OPEN_MOUTH)) for gap in gaps)
        if max(*eyes, mouth) < 0.02:
            return
        inside = (ground.regions[box] == _MOUTH).astype(np.float32)
        weight = np.asarray(cv2.GaussianBlur(inside, (3, 3), 0)) * np.float32(mouth)
        lids = smoothstep(ground.lids[box], 0.0, 0.6) * np.asarray(eyes, np.float32)
        weight = np.maximum(weight, lids.max(axis=-1))
        inner = _box(weight)
        if inner is None:
            return
        part = _twice(inner)
        places = doubled(np.ascontiguousarray(ground.own[box][inner]))
        seen = read(target.crop, places)
        shaded[part] += (seen - shaded[part]) * doubled(weight[inner])[..., None]


def _featured(light: Relight, face: Floats, bent: Floats, ground: _Ground, sigma: float) -> Floats:
    """The gains of light, on lips and eyeballs by what the target's own are like.

    Args:
        light: Measured on skin.
        face: (h, h, 3) the new face, small.
        bent: (h, h, 3) the target, bent to lie under it.
        ground: What is where.
        sigma: Of the low frequencies, in pixels of these.
    """
    lips, *eyes = (
        _resized((ground.regions == number) * ground.mask, len(face)) for number in (_LIPS, *_EYES)
    )
    gain = painted(light, face, bent, lips, sigma)
    for eye in eyes:
        gain = spared(gain, face, bent, eye)
    return gain


def _box(weight: Floats) -> Box | None:
    """Rows and columns where a map is not 0, and one more on each side."""
    rows, columns = weight.max(axis=1).nonzero()[0], weight.max(axis=0).nonzero()[0]
    if rows.size == 0:
        return None
    height, width = weight.shape
    return (
        slice(max(0, int(rows[0]) - 1), min(height, int(rows[-1]) + 2)),
        slice(max(0, int(columns[0]) - 1), min(width, int(columns[-1]) + 2)),
    )


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
    # Two eyes of two people look wrong even where one would do, unless one of them winks.
    if min(target.eyes) < _WINK * max(target.eyes):
        return shares[0], shares[1]
    return max(shares), max(shares)


def _twice(box: Box) -> Box:
    rows, columns = box
    return slice(2 * rows.start, 2 * rows.stop), slice(2 * columns.start, 2 * columns.stop)


def _enlarged(field: Array, size: int) -> Floats:
    return np.asarray(cv2.resize(field, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)


def _resized(image: Array, side: int) -> Array:
    if image.shape[0] == side:
        return image
    way = cv2.INTER_AREA if image.shape[0] > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side, side), interpolation=way))


def _keep() -> Places:
    """(106,) how much of a landmark's unexplained offset is taken from the source."""
    share = np.ones(106)
    share[:33] = 0.0  # the outline is the target's
    share[33:43] = share[87:97] = 0.7  # lids move
    share[52:72] = 0.6  # and lips more so
    return share


_KEEP = _keep()
_KEEP.setflags(write=False)
