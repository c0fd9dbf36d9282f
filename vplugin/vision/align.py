"""Where a face lies and how it is brought into the pose a model expects.

Templates, the similarity between a face's five points and a template, and the warp of a region into
a crop. Coordinates are those of pixel centres throughout: the first pixel's centre is (0, 0).
Not here: blending the result back (:mod:`vplugin.vision.blend`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import PictureError
from vplugin.picture import Rect

Array = npt.NDArray[Any]
Border = Literal["replicate", "black"]

_BORDERS = {"replicate": cv2.BORDER_REPLICATE, "black": cv2.BORDER_CONSTANT}
_SHRINK_BELOW = 0.5  # crop pixels per picture pixel under which linear interpolation skips samples


@dataclass(frozen=True)
class Template:
    """Five points that a model expects its faces to have.

    Attributes:
        name: As the catalogue calls it.
        size: Width and height of the square crop that ``points`` are given for.
        points: Left eye, right eye, nose tip, left and right mouth corner, (x, y) each.
    """

    name: str
    size: int
    points: tuple[tuple[float, float], ...]

    def at(self, size: int, *, half_pixel: bool = True) -> npt.NDArray[np.float64]:
        """The points in a crop of another size.

        Args:
            size: Width and height of the crop.
            half_pixel: Scale about the pixel *edges*, so that the crop shows the very same part of
                the face at every size: a factor r also shifts by (r − 1)/2. False is insightface's
                ``estimate_norm``, which scales about the first pixel's centre.

        Returns:
            (5, 2) float64.
        """
        ratio = size / self.size
        shift = (ratio - 1.0) / 2.0 if half_pixel else 0.0
        return np.asarray(self.points, np.float64) * ratio + shift


def _templates() -> Mapping[str, Template]:
    arcface = (
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    )
    frontal = (
        (39.730, 51.138),
        (72.270, 51.138),
        (56.0, 68.493),
        (42.463, 87.010),
        (69.537, 87.010),
    )
    ffhq = (
        (192.98138, 239.94708),
        (318.90277, 240.1936),
        (256.63416, 314.01935),
        (201.26117, 371.41043),
        (313.08905, 371.15118),
    )
    mtcnn = (
        (0.365629, 0.467338),
        (0.633054, 0.465859),
        (0.500191, 0.619430),
        (0.390330, 0.775988),
        (0.611789, 0.774763),
    )
    table = (
        Template("arcface_112", 112, arcface),
        Template("arcface_112_v1", 112, frontal),
        Template("arcface_128", 128, tuple((x + 8.0, y) for x, y in arcface)),
        Template("ffhq_512", 512, ffhq),
        Template("mtcnn_512", 512, tuple((x * 512.0, y * 512.0) for x, y in mtcnn)),
    )
    return MappingProxyType({template.name: template for template in table})


TEMPLATES: Mapping[str, Template] = _templates()


def template(name: str) -> Template:
    """A template by name.

    Raises:
        PictureError: There is none of that name.
    """
    if name not in TEMPLATES:
        raise PictureError(
            f"unknown alignment template {name!r}", mend=f"use one of {', '.join(TEMPLATES)}"
        )
    return TEMPLATES[name]


def similarity(points: Array, target: Array) -> npt.NDArray[np.float64]:
    """Least-squares similarity that carries points to target points (Umeyama 1991, in the plane).

    In the plane the optimum has a closed form: with centred points as complex numbers p and q it
    is multiplication by Σ conj(p)·q / Σ |p|². It never mirrors. Equals skimage's
    ``SimilarityTransform`` and insightface's ``estimate_norm``.

    Args:
        points: (…, K, 2), K ≥ 2.
        target: (…, K, 2), broadcast against ``points``.

    Returns:
        (…, 2, 3) float64.

    Raises:
        PictureError: All points of a face coincide, or are not finite.
    """
    source, goal = np.asarray(points, np.float64), np.asarray(target, np.float64)
    if not np.isfinite(source).all():
        raise _unusable()
    source_mean = source.mean(axis=-2, keepdims=True)
    goal_mean = goal.mean(axis=-2, keepdims=True)
    p, q = _complex(source - source_mean), _complex(goal - goal_mean)
    spread = (p.real**2 + p.imag**2).sum(axis=-1)
    if not np.all(spread > 1e-12):
        raise _unusable()
    turn = (np.conj(p) * q).sum(axis=-1) / spread
    shift = _complex(goal_mean)[..., 0] - turn * _complex(source_mean)[..., 0]
    first = np.stack([turn.real, -turn.imag, shift.real], axis=-1)
    second = np.stack([turn.imag, turn.real, shift.imag], axis=-1)
    return np.stack([first, second], axis=-2)


def affine(points: Array, target: Array) -> npt.NDArray[np.float64]:
    """Least-squares affine map that carries points (K, 2) to target points (K, 2): (2, 3)."""
    homogeneous = np.column_stack([np.asarray(points, np.float64), np.ones(len(points))])
    solution = np.linalg.lstsq(homogeneous, np.asarray(target, np.float64), rcond=None)[0]
    return np.asarray(solution.T)


def _unusable() -> PictureError:
    what = "the points of a face coincide or are not finite"
    return PictureError(what, mend="discard that detection")


def _complex(points: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    return points[..., 0] + 1j * points[..., 1]


def invert(matrix: Array) -> npt.NDArray[np.float64]:
    """Inverse of affine maps, (…, 2, 3)."""
    linear = np.linalg.inv(np.asarray(matrix, np.float64)[..., :2])
    return np.concatenate([linear, -linear @ np.asarray(matrix)[..., 2:]], axis=-1)


def compose(outer: Array, inner: Array) -> npt.NDArray[np.float64]:
    """The affine map that applies ``inner`` first, then ``outer``; (…, 2, 3) each."""
    linear = np.asarray(outer, np.float64)[..., :2] @ np.asarray(inner)[..., :2]
    shift = outer[..., :2] @ np.asarray(inner)[..., 2:] + outer[..., 2:]
    return np.concatenate([linear, shift], axis=-1)


def apply(matrix: Array, points: Array) -> npt.NDArray[np.float64]:
    """Carry points (…, K, 2) through affine maps (…, 2, 3)."""
    linear, shift = np.asarray(matrix, np.float64)[..., :2], np.asarray(matrix)[..., 2]
    turned = np.asarray(points, np.float64) @ np.swapaxes(linear, -1, -2)
    return np.asarray(turned + shift[..., None, :], np.float64)


def scale_of(matrix: Array) -> float:
    """Output pixels per input pixel of one map (2, 3): the root of its determinant."""
    return math.sqrt(abs(float(np.linalg.det(np.asarray(matrix, np.float64)[:, :2]))))


def shifted(matrix: Array, rect: Rect) -> npt.NDArray[np.float64]:
    """A picture→crop map turned into a map from the region ``rect`` of that picture."""
    offset = np.array([[1.0, 0.0, rect.x], [0.0, 1.0, rect.y]])
    return compose(np.asarray(matrix, np.float64), offset)


def crop_rect(matrix: Array, size: int, bounds: Rect) -> Rect:
    """The part of a picture that a crop shows, with what interpolation needs around it.

    Args:
        matrix: (2, 3), picture → crop.
        size: Width and height of the crop.
        bounds: The picture.

    Returns:
        A rectangle within ``bounds``; empty where the crop lies outside.
    """
    low, high = -0.5, size - 0.5
    corners = np.array([[low, low], [high, low], [low, high], [high, high]])
    places = apply(invert(matrix), corners)
    margin = 1.0 + 1.0 / scale_of(matrix)
    left, top = places.min(axis=0) - margin
    right, bottom = places.max(axis=0) + margin + 1.0
    return Rect.around((left, top, right, bottom)).intersect(bounds)


def warp(
    image: Array,
    matrix: Array,
    size: tuple[int, int],
    *,
    border: Border = "replicate",
    smooth: bool = False,
) -> Array:
    """Resample an image through an affine map, without aliasing where it shrinks.

    Linear interpolation looks at two pixels a side however many the output pixel covers, so below
    half size the image is first shrunk by the mean of whole blocks (``cv2.warpAffine`` takes
    INTER_AREA for linear). On the CPU this is OpenCV: ``benchmarks/warp.py`` shows it two to four
    times as fast as kornia there. For batches on a GPU see :mod:`vplugin.vision.device`.

    Args:
        image: (H, W) or (H, W, C ≤ 4), uint8, uint16 or float32.
        matrix: (2, 3), image → output.
        size: (width, height) of the output.
        border: What lies outside the image.
        smooth: Cubic interpolation in place of linear: sharper where it enlarges, and slower.

    Returns:
        (height, width[, C]) of the image's dtype.
    """
    small, map_small = shrunk(image, matrix)
    flags = cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR
    return np.asarray(
        cv2.warpAffine(small, map_small, size, flags=flags, borderMode=_BORDERS[border])
    )


def shrunk(image: Array, matrix: Array) -> tuple[Array, npt.NDArray[np.float64]]:
    """The image shrunk by whole blocks to where linear interpolation suffices, and its map.

    Args:
        image: (H, W[, C]).
        matrix: (2, 3), image → output.

    Returns:
        The image itself where the map shrinks by less than two.
    """
    exact = np.asarray(matrix, np.float64)
    scale = scale_of(exact)
    if scale >= _SHRINK_BELOW:
        return image, exact
    factor = min(math.floor(1.0 / max(scale, 1e-6)), *image.shape[:2])
    if factor < 2:
        return image, exact
    pad_y, pad_x = -image.shape[0] % factor, -image.shape[1] % factor
    if pad_y or pad_x:
        image = cv2.copyMakeBorder(image, 0, pad_y, 0, pad_x, cv2.BORDER_REPLICATE)
    size = (image.shape[1] // factor, image.shape[0] // factor)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    centre = (factor - 1) / 2.0
    return small, compose(exact, np.array([[factor, 0.0, centre], [0.0, factor, centre]]))


def yaw(points: Array) -> float:
    """How far a face looks aside: 0 frontal, about ±0.5 at 45°, positive to the picture's right.

    Args:
        points: (5, 2). The nose tip's offset from the line between the middle of the eyes and the
            middle of the mouth, in eye distances.
    """
    places = np.asarray(points, np.float64)
    eyes, mouth = places[:2].mean(axis=0), places[3:].mean(axis=0)
    across = places[1] - places[0]
    length = float(np.hypot(*across))
    if length < 1e-6:
        return 0.0
    down = mouth - eyes
    along = float((places[2] - eyes) @ down) / max(float(down @ down), 1e-9)
    return float((places[2] - eyes - along * down) @ across) / length**2
