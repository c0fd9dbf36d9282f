"""What a picture is drawn from: triangle parts and strands, with a material and a label each.

Geometry is in millimetres and floats of 64 bits. The axes are a camera's: x to the right of the
picture, y down, z away from the viewer. A head's own frame has its origin midway between the
centres of the eyeballs and looks along -z; so +x is the person's left.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]


class Segment(IntEnum):
    """Labels of the segmentation; 0 to 18 are those of face parsers (CelebAMask-HQ order).

    Left and right are the person's own.
    """

    BACKGROUND = 0
    SKIN = 1
    LEFT_BROW = 2
    RIGHT_BROW = 3
    LEFT_EYE = 4
    RIGHT_EYE = 5
    GLASSES = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    EARRING = 9
    NOSE = 10
    INNER_MOUTH = 11
    UPPER_LIP = 12
    LOWER_LIP = 13
    NECK = 14
    NECKLACE = 15
    CLOTH = 16
    HAIR = 17
    HAT = 18
    BEARD = 19
    HAND = 20
    PROP = 21
    MASK = 22


class Material(IntEnum):
    """How a part takes light and what paints it."""

    SKIN = 0
    EYE = 1
    TEETH = 2
    MOUTH = 3
    CLOTH = 4
    PLASTIC = 5
    METAL = 6
    LENS = 7
    FELT = 8
    PAPER = 9


@dataclass(frozen=True)
class Part:
    """A mesh of one material.

    Attributes:
        vertices: (V, 3) mm.
        triangles: (T, 3) indices of vertices, the outside seen counter-clockwise or not: both
            sides are drawn.
        material: What paints it.
        label: The segment of its pixels, where ``labels`` does not say otherwise.
        texture: (V, 3) coordinates that the material's paint reads, carried along as the mesh
            moves; for skin the *face coordinates* of the neutral mean face, in mm.
        labels: (T,) a segment for each triangle, or None.
        colour: Linear RGB, the base colour of materials that have one.
        gloss: 0 (matt) to 1.
        pattern: Of cloth: 0 plain, 1 stripes, 2 checks, 3 knit, 4 print, 5 denim.
        seed: For the paint's own noise.
        opacity: 1, or less for a lens or a veil.
    """

    vertices: Floats
    triangles: Indices
    material: Material
    label: Segment
    texture: Floats
    labels: npt.NDArray[np.uint8] | None = None
    colour: tuple[float, float, float] = (0.5, 0.5, 0.5)
    gloss: float = 0.2
    pattern: int = 0
    seed: int = 0
    opacity: float = 1.0


@dataclass(frozen=True)
class Strands:
    """Hairs, each a line of points.

    Attributes:
        points: (P, 3) mm, one hair after the other from root to tip.
        starts: (S + 1,) where each hair begins in ``points``; the last is P.
        widths: (S,) at the root, mm (a drawn hair stands for many, so 0.1 to 0.8).
        colours: (S, 3) linear RGB at the root.
        tips: (S, 3) linear RGB at the tip.
        label: Segment of its pixels.
        gloss: Strength of the highlights, 0 to 1.
        opacity: Of one hair where it covers a pixel, 0 to 1.
    """

    points: Floats
    starts: Indices
    widths: npt.NDArray[np.float32]
    colours: npt.NDArray[np.float32]
    tips: npt.NDArray[np.float32]
    label: Segment
    gloss: float = 0.5
    opacity: float = 0.9
