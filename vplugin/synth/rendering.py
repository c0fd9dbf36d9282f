"""What comes out of the renderer: the picture and the truth about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Singles = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FaceTruth:
    """The truth about one face, in pixels of the picture (the centre of the first is 0.5, 0.5).

    Attributes:
        subject: Index in the scene's subjects.
        box: (4,) float32, x0 y0 x1 y1, tight around the face: forehead to chin, ear to ear.
        points: (5, 2) float32: the eye at the picture's left of a frontal face (the person's
            right), the other eye, nose tip, mouth corners in the same order.
        landmarks68: (68, 2) float32, iBUG's order.
        landmarks106: (106, 2) float32, in the order of insightface's 2d106det.
        iris: (2, 2) float32, centres of the pupils, ordered as ``points``.
        visible5: (5,) whether each point is neither hidden by the head itself nor by something.
        visible68: (68,) the same.
        visible106: (106,) the same.
        occluded: Share of the face in the picture that something hides (hair counts half), 0 to 1.
        inside: Share of the box that is inside the picture, 0 to 1.
        identity: (I,) float32 in [0, 1], the person's geometry and texture.
        expression: (E,) float32 in [0, 1].
        pose: (3,) float32 degrees as the camera sees the head: yaw, pitch, roll.
        attributes: Exact words and numbers, for captions and quality gates.
    """

    subject: int
    box: Singles
    points: Singles
    landmarks68: Singles
    landmarks106: Singles
    iris: Singles
    visible5: Flags
    visible68: Flags
    visible106: Flags
    occluded: float
    inside: float
    identity: Singles
    expression: Singles
    pose: Singles
    attributes: Mapping[str, str | float]


@dataclass(frozen=True)
class Rendering:
    """A picture and what is where in it.

    Attributes:
        rgb: (H, W, 3) uint8, sRGB.
        alpha: (H, W) uint8, how much of a pixel is people and things rather than backdrop.
        depth: (H, W) float32 mm from the camera's plane, inf where only backdrop is.
        segments: (H, W) uint8, see :class:`vplugin.synth.parts.Segment`.
        subjects: (H, W) uint8, index of the subject + 1; 0 for backdrop and things.
        faces: One for each subject that is before the camera, in the scene's order.
    """

    rgb: Bytes
    alpha: Bytes
    depth: Singles
    segments: Bytes
    subjects: Bytes
    faces: tuple[FaceTruth, ...]
