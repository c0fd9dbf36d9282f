"""Eight real faces that installed packages carry, with five points and boxes marked by hand.

For tests only: nothing is trained or tuned on them. The marks were made by eye on crops enlarged
six to eight times; coordinates are those of pixel centres, the first pixel's centre is (0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from insightface.data import get_image
from skimage import data


@dataclass(frozen=True)
class RealFace:
    """One face marked by hand.

    Attributes:
        name: For messages.
        box: x0, y0, x1, y1: forehead to chin, ear to ear where seen.
        points: (5, 2): left eye in the picture, other eye, nose tip, mouth corners. Eyes are
            the middle between the corners.
    """

    name: str
    box: tuple[float, float, float, float]
    points: npt.NDArray[np.float64]

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes."""
        return float(np.hypot(*(self.points[1] - self.points[0])))


def _face(
    name: str, box: tuple[float, float, float, float], *points: tuple[float, float]
) -> RealFace:
    return RealFace(name, box, np.array(points))


def real_faces() -> list[tuple[str, npt.NDArray[np.uint8], list[RealFace]]]:
    """Name, picture (H, W, 3) uint8 RGB, and its faces."""
    friends = [
        _face(
            "eyes down, tilted",
            (62, 262, 168, 397),
            (86, 329),
            (129, 308),
            (119.5, 338),
            (114, 369),
            (149, 350.5),
        ),
        _face(
            "half profile",
            (268, 147, 378, 267),
            (290, 211),
            (320, 195),
            (304, 226),
            (312, 244),
            (341, 232),
        ),
        _face(
            "smile",
            (468, 283, 575, 416),
            (491, 319),
            (539, 332),
            (509, 360),
            (484, 369),
            (537, 377),
        ),
        _face(
            "laugh",
            (747, 355, 850, 480),
            (760, 398),
            (803, 403),
            (776, 427),
            (769, 438),
            (809, 440),
        ),
        _face(
            "near profile",
            (906, 72, 1010, 207),
            (916, 117),
            (944, 114),
            (919, 151),
            (932, 168),
            (961, 167),
        ),
        _face(
            "eyes down",
            (1132, 272, 1228, 400),
            (1149, 326),
            (1194, 324),
            (1166, 349),
            (1153, 366),
            (1197, 363),
        ),
    ]
    astronaut = _face(
        "astronaut",
        (180, 75, 270, 180),
        (202.5, 100.5),
        (247, 103),
        (222, 126),
        (203, 140),
        (246, 138),
    )
    grey = _face("grey", (14, 2, 84, 111), (36, 50), (72.5, 49.5), (49, 75), (36, 91.5), (68, 89.5))
    return [
        ("t1", _rgb("t1"), friends),
        ("astronaut", np.asarray(data.astronaut()), [astronaut]),
        ("Tom_Hanks_54745", _rgb("Tom_Hanks_54745"), [grey]),
    ]


def _rgb(name: str) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(get_image(name), cv2.COLOR_BGR2RGB), np.uint8)
