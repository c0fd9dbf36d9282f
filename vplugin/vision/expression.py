"""Giving a redrawn face the expression of the face that was there before: LivePortrait's nets.

Three models of public contracts (reliableswap.md §5.4; LivePortrait, arXiv 2407.03168): a motion
net says pose, expression and canonical key points of a face, a feature net its appearance as a
volume, a generator draws the volume with its key points moved. Only the expression is changed;
pose, scale and place stay those of the redrawn face.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.align import template
from vplugin.vision.session import Session

__all__ = ["Areas", "ExpressionRestorer", "Motion", "MotionNet", "mixed_expression"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Areas = Literal["all", "upper", "lower"]

_POINTS = 21
_LOOK = 256  # width of what the motion and the feature net see
_BINS = 66  # of an angle, where the net gives chances: 3° each, −97.5° for the first
_UPPER = (1, 2, 6, 10, 11, 12, 13, 15, 16)
_LOWER = (3, 7, 14, 17, 18, 19, 20)
#: Key points that an area may move; 0, 4, 5, 8 and 9 hold the head and never move.
_AREAS: Mapping[Areas, tuple[int, ...]] = MappingProxyType(
    {"all": _UPPER + _LOWER, "upper": _UPPER, "lower": _LOWER}
)
#: Outputs of the motion net in the order of the common export, and the values of each.
_OUTPUTS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "pitch": (1, _BINS),
        "yaw": (1, _BINS),
        "roll": (1, _BINS),
        "scale": (1,),
        "translation": (3,),
        "expression": (3 * _POINTS,),
        "motion_points": (3 * _POINTS,),
    }
)
_SHORT = MappingProxyType({"t": "translation", "exp": "expression", "kp": "motion_points"})
#: Names of the generator's inputs: where the points shall go → where they are in the volume. The
#: common export has them the wrong way round: its ``source`` is where they shall go.
_GENERATOR = MappingProxyType({"source": "target", "kp_driving": "kp_source"})


@dataclass(frozen=True, eq=False)
class Motion:
    """What the motion net says of one face.

    Attributes:
        rotation: (3, 3), of the head; key points are multiplied with it from the left.
        scale: Of the face in the crop.
        translation: (2,) to the right and down. The paper's third value is dropped, as its
            authors' own code does.
        expression: (21, 3), how far each key point is from where it rests.
        points: (21, 3) canonical key points of the person.
    """

    rotation: npt.NDArray[np.float64]
    scale: float
    translation: Array
    expression: Floats
    points: Floats

    def key_points(self, expression: Floats) -> Floats:
        """Key points of this face with some expression: s·(kp·R + exp) + t, (21, 3)."""
        moved = self.scale * (self.points @ self.rotation + expression)
        moved[:, :2] += self.translation
        return np.asarray(moved, np.float32)


def mixed_expression(have: Floats, wanted: Floats, factor: float, areas: Areas) -> Floats:
    """An expression (21, 3) nearer to another: f·wanted + (1 − f)·have for the points of an area.

    Args:
        have: (21, 3).
        wanted: (21, 3).
        factor: 0 leaves ``have``, 1 is ``wanted``, more exaggerates.
        areas: Which part of the face.
    """
    mixed, points = have.copy(), list(_AREAS[areas])
    mixed[points] = factor * wanted[points] + (1.0 - factor) * have[points]
    return mixed


class MotionNet:
    """The motion net: RGB in 0–1, (1, 3, 256, 256), to seven outputs.

    They are known by LivePortrait's own names (pitch, yaw, roll, t, exp, scale, kp) or taken in
    the order of the common export (pitch, yaw, roll, scale, translation, expression, points).
    Angles are degrees, or 66 bins of 3°.

    Args:
        session: The loaded model.
        name: For reports and errors.

    Raises:
        ContractError: The model is not of this contract.
    """

    def __init__(self, session: Session, name: str = "motion") -> None:
        self.name = name
        self._session = session
        names = [_SHORT.get(one.name, one.name) for one in session.outputs]
        self._order = names if set(names) == set(_OUTPUTS) else list(_OUTPUTS)
        shapes = [tuple(one.shape) for one in session.outputs]
        fits = len(shapes) == len(_OUTPUTS) and all(
            _values(shape) in (None, *_OUTPUTS[kind])
            for kind, shape in zip(self._order, shapes, strict=True)
        )
        if not fits or not _looks(session):
            raise _refusal(
                session, name, "a motion net takes (1, 3, 256, 256) and gives 7 outputs", shapes
            )

    def look(self, blob: Floats) -> Motion:
        """The motion of one face, (1, 3, 256, 256) RGB in 0–1."""
        given = self._session.run({self._session.inputs[0].name: blob})
        found = {kind: np.asarray(one[0]) for kind, one in zip(self._order, given, strict=True)}
        angles = [_degrees(found[kind]) for kind in ("pitch", "yaw", "roll")]
        return Motion(
            _rotation(*angles),
            float(found["scale"].reshape(-1)[0]),
            found["translation"].reshape(-1)[:2],
            found["expression"].reshape(_POINTS, 3),
            found["motion_points"].reshape(_POINTS, 3),
        )


class _Generator:
    """Draws a volume (1, 32, 16, 64, 64) with its key points moved: (1, 3, 512, 512) RGB in 0–1."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        shapes = [tuple(one.shape) for one in session.outputs]
        self.side = shapes[0][-1]
        volumes = [one.name for one in session.inputs if len(one.shape) == 5]
        points = {one.name for one in session.inputs if len(one.shape) == 3}
        pair = next((pair for pair in _GENERATOR.items() if set(pair) == points), None)
        if len(volumes) != 1 or pair is None or len(shapes[0]) != 4 or shapes[0][1] != 3:
            raise _refusal(
                session,
                name,
                "a generator takes a volume (1, 32, 16, 64, 64) and points (1, 21, 3) named source "
                "and target, or kp_driving and kp_source, and gives (1, 3, 512, 512)",
                shapes,
            )
        self._volume, (self._wanted, self._have) = volumes[0], pair

    def draw(self, volume: Array, wanted: Floats, have: Floats) -> Floats:
        """A picture (512, 512, 3) RGB in 0–1."""
        feeds = {self._volume: volume, self._wanted: wanted[None], self._have: have[None]}
        made = np.asarray(self._session.run(feeds)[0][0], np.float32)
        return np.asarray(np.clip(made, 0.0, 1.0).transpose(1, 2, 0))


class ExpressionRestorer:
    """Gives redrawn faces the expressions that were there before.

    Args:
        motion: The motion net.
        feature: The feature net: (1, 3, 256, 256) RGB in 0–1 → (1, 32, 16, 64, 64).
        generator: The generator.
        names: Of the feature net and the generator, for errors.

    Attributes:
        template: How crops are aligned.
        size: Width and height of crops.

    Raises:
        ContractError: A model is not of its contract.
    """

    template = template("arcface_128")
    size = 512

    def __init__(
        self,
        motion: MotionNet,
        feature: Session,
        generator: Session,
        names: tuple[str, str] = ("feature", "generator"),
    ) -> None:
        self._motion, self._feature = motion, feature
        shapes = [tuple(one.shape) for one in feature.outputs]
        if not _looks(feature) or len(shapes[0]) != 5:
            what = "a feature net takes (1, 3, 256, 256) and gives (1, 32, 16, 64, 64)"
            raise _refusal(feature, names[0], what, shapes)
        self._generator = _Generator(generator, names[1])
        if self._generator.side not in (self.size, None) and isinstance(self._generator.side, int):
            raise _refusal(generator, names[1], "a generator gives (1, 3, 512, 512)", [])

    def restore(
        self, crops: Floats, originals: Floats, factor: float = 1.0, areas: Areas = "all"
    ) -> Floats:
        """Redrawn faces with the expressions of the originals.

        Args:
            crops: (N, 512, 512, 3) float32 RGB in 0–1, of the redrawn faces.
            originals: The same of the faces before.
            factor: 0–1.2, see :func:`mixed_expression`.
            areas: Which part of the face.

        Returns:
            (N, 512, 512, 3).
        """
        pairs = zip(crops, originals, strict=True)
        return np.stack([self._one(crop, before, factor, areas) for crop, before in pairs])

    def driven(self, identity: Floats, attributes: Floats) -> Floats:
        """One person with the pose, the expression and the place of another: absolute motion.

        Args:
            identity: (512, 512, 3) float32 RGB in 0–1: who is shown.
            attributes: The same: how.

        Returns:
            (512, 512, 3).
        """
        blob = _blob(identity)
        have, wanted = self._motion.look(blob), self._motion.look(_blob(attributes))
        volume = self._feature.run({self._feature.inputs[0].name: blob})[0]
        moved = replace(wanted, points=have.points).key_points(wanted.expression)
        return self._generator.draw(volume, moved, have.key_points(have.expression))

    def _one(self, crop: Floats, before: Floats, factor: float, areas: Areas) -> Floats:
        blob = _blob(crop)
        have, wanted = self._motion.look(blob), self._motion.look(_blob(before))
        expression = mixed_expression(have.expression, wanted.expression, factor, areas)
        volume = self._feature.run({self._feature.inputs[0].name: blob})[0]
        return self._generator.draw(
            volume, have.key_points(expression), have.key_points(have.expression)
        )


def _blob(crop: Floats) -> Floats:
    """A crop (S, S, 3) as the nets see it: (1, 3, 256, 256)."""
    small = cv2.resize(crop, (_LOOK, _LOOK), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None], np.float32)


def _degrees(angle: Array) -> float:
    """An angle of one value, or the mean of the chances of 66 bins."""
    values = np.asarray(angle, np.float64).reshape(-1)
    if values.size == 1:
        return float(values[0])
    chances = np.exp(values - values.max())
    return float((chances / chances.sum()) @ np.arange(_BINS)) * 3.0 - 97.5


def _rotation(pitch: float, yaw: float, roll: float) -> npt.NDArray[np.float64]:
    """The transpose of Rz(roll)·Ry(yaw)·Rx(pitch), of degrees: for rows of points on its left."""
    (a, b), (c, d), (e, f) = (
        (math.cos(math.radians(angle)), math.sin(math.radians(angle)))
        for angle in (pitch, yaw, roll)
    )
    about_x = np.array([[1, 0, 0], [0, a, -b], [0, b, a]])
    about_y = np.array([[c, 0, d], [0, 1, 0], [-d, 0, c]])
    about_z = np.array([[e, -f, 0], [f, e, 0], [0, 0, 1]])
    return np.asarray((about_z @ about_y @ about_x).T)


def _values(shape: Sequence[int | str | None]) -> int | None:
    """How many values an output of this shape has for each picture; None where that is free."""
    sizes = [size for size in shape[1:] if isinstance(size, int)]
    return math.prod(sizes) if len(sizes) == len(shape) - 1 else None


def _looks(session: Session) -> bool:
    """Whether a model takes one picture of 256 pixels."""
    shape = tuple(session.inputs[0].shape)
    sides = {size for size in shape[2:] if isinstance(size, int)}
    return len(session.inputs) == 1 and len(shape) == 4 and shape[1] == 3 and sides <= {_LOOK}


def _refusal(session: Session, name: str, mend: str, shapes: Sequence[Any]) -> ContractError:
    taken = [(one.name, tuple(one.shape)) for one in session.inputs]
    return ContractError(f"takes {taken} and gives {list(shapes)}", where=name, mend=mend)
