"""Who judges a contest: embedders disjoint from those that condition swappers, and face readers.

The same reader looks at an answer and at what is right (the exact truth, or else the target), so
that its own bias cancels; the error that it makes on the truth itself is told in the notes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.train.contest.cases import Rgb, Shot
from vplugin.train.contest.parameters import identity_names
from vplugin.vision.attributes import AttributeReader
from vplugin.vision.embed import Embedder
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.mesh_model import FaceModel, face_model
from vplugin.vision.mesh_view import state_of

__all__ = [
    "STOCK",
    "Evaluators",
    "HouseReader",
    "Judges",
    "Read",
    "Reader",
    "checked",
    "checked_parameters",
    "identity_crop",
    "lower_crop",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Embed = Callable[[Array], Array]  # (N, s, s, 3) uint8 RGB → (N, D)

_LOWER = 56  # side of the lower face in the crop of 112


def identity_crop(crops: Rgb) -> Rgb:
    """ArcFace's crops (N, 112, 112, 3) out of crops by ``arcface_128`` (N, S, S, 3).

    At 128 px nothing is resampled; at its multiples whole blocks are averaged.
    """
    scale = crops.shape[1] // 128
    cut = crops[:, : 112 * scale, 8 * scale : 120 * scale]
    if scale == 1:
        return np.ascontiguousarray(cut)
    small = [cv2.resize(one, (112, 112), interpolation=cv2.INTER_AREA) for one in cut]
    return np.stack(small).astype(np.uint8)


def lower_crop(faces: Rgb) -> Rgb:
    """FixerNet's crops (N, 56, 56, 3) out of ArcFace's (N, 112, 112, 3): nose tip, mouth, chin."""
    return np.ascontiguousarray(faces[:, 56:112, 28:84])


@dataclass(frozen=True, eq=False)
class Read:
    """What is read off one face.

    Attributes:
        pose: (3,) yaw, pitch, roll in degrees.
        open: (3,) how open the eyes and the mouth are, 0–1.
        expression: (E,) of the face model, in standard deviations: what a face does, apart from
            whose it is.
        gaze: (2, 2) place of each pupil from the middle of its eye over the eye's width.
        lids: (2,) gap of the lids over the eye's width.
    """

    pose: Floats
    open: Floats
    expression: Floats
    gaze: Floats
    lids: Floats


class Reader(Protocol):
    """Reads faces."""

    def read(self, shots: Sequence[Shot]) -> list[Read]:
        """What each of the pictures' faces does."""


class HouseReader:
    """Reads by the house models.

    Args:
        attributes: Pose and openness.
        landmarks: Expression and gaze, through the face model.
        model: The shape of faces; the one that ships if None.
    """

    def __init__(
        self, attributes: AttributeReader, landmarks: Landmarker, model: FaceModel | None = None
    ) -> None:
        self._attributes, self._landmarks = attributes, landmarks
        self._model = model or face_model()

    def read(self, shots: Sequence[Shot]) -> list[Read]:
        """See :meth:`Reader.read`."""
        return [self._one(shot) for shot in shots]

    def _one(self, shot: Shot) -> Read:
        boxes = shot.box()[None]
        known = self._attributes.of_faces(shot.picture, boxes)[0]
        marks = self._landmarks.of_faces(shot.picture, boxes)[0].astype(np.float64)
        state = state_of(marks)
        return Read(
            np.array([known.yaw, known.pitch, known.roll]),
            np.array([known.left_eye, known.right_eye, known.mouth]),
            np.asarray(self._model.fit(marks).expression, np.float64),
            np.array(state.gaze),
            np.array(state.eyes),
        )


@dataclass(frozen=True)
class Evaluators:
    """What judges; whatever is None leaves its figures out, and the table says so.

    Attributes:
        identity: ArcFace crops (N, 112, 112, 3) uint8 RGB → (N, D) embeddings.
        lower: Lower faces (N, 56, 56, 3) → (N, D) embeddings.
        parameters: ArcFace crops → (N, K) a person's parameters, in the order of
            :func:`vplugin.train.contest.parameters.identity_names`.
        reader: Pose, expression, gaze and openness.
    """

    identity: Embed | None = None
    lower: Embed | None = None
    parameters: Embed | None = None
    reader: Reader | None = None


@dataclass(frozen=True)
class Judges:
    """Which models judge: catalogue names or ONNX files; None where there is none.

    Attributes:
        identity: An ArcFace recogniser of crops of 112 px.
        lower: The same for lower faces of 56 px.
        parameters: A regressor of a person's parameters off crops of 112 px.
    """

    identity: str | None = None
    lower: str | None = None
    parameters: str | None = None


#: What judges procedural people where nothing else is named. None of them ships yet.
STOCK = Judges()


def checked(embedder: Embedder, side: int, what: str) -> Embedder:
    """The embedder, if it takes crops of this side.

    Raises:
        ContractError: It takes another.
    """
    if embedder.size != side:
        raise ContractError(
            f"takes crops of {embedder.size} px",
            where=embedder.name,
            mend=f"{what} takes crops of {side} px",
        )
    return embedder


def checked_parameters(embedder: Embedder) -> Embed:
    """A regressor of parameters.

    Raises:
        ContractError: It gives another number of parameters than a person has.
    """
    checked(embedder, 112, "a regressor of parameters")
    count, given = len(identity_names()), embedder.embed(np.zeros((1, 112, 112, 3))).shape
    if given != (1, count):
        raise ContractError(
            f"gives parameters of shape {given[1:]}",
            where=embedder.name,
            mend=f"a person has {count}, in the order of the banks' `identity`",
        )
    return embedder.embed
