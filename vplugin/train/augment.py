"""What cameras, codecs and framing do to pictures, done to rendered ones.

Everything takes and gives (H, W, 3) uint8 RGB and a numpy generator; what moves pixels comes as a
matrix that moves points too. Flips need a task's own order of points and are left to the tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

__all__ = [
    "Camera", "Framing", "develop", "frame_matrix", "moved", "occluded", "photographed", "warped"
]  # fmt: skip

Picture: TypeAlias = npt.NDArray[np.uint8]
Matrix: TypeAlias = npt.NDArray[np.float64]
Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Camera:
    """How often (share of pictures) and how strongly cameras spoil pictures.

    Attributes:
        cast: Strong colour cast (stage light, wrong white balance).
        dark: Low light: exposure down, noise up.
        grey: Black and white.
        blur: Defocus, shake or smoothing.
        small: Made small and large again.
        noise: Sensor noise.
        jpeg: Blocks and ringing.
        strength: Of the ordinary variation of exposure, gamma, contrast and colour.
    """

    cast: float = 0.15
    dark: float = 0.15
    grey: float = 0.08
    blur: float = 0.3
    small: float = 0.25
    noise: float = 0.4
    jpeg: float = 0.5
    strength: float = 1.0


@dataclass(frozen=True)
class Framing:
    """How a face is cut out of its picture.

    Attributes:
        turn: Standard deviation of the angle in degrees.
        any_turn: Share of pictures turned by any angle up to 180 degrees.
        scale: Standard deviation of the logarithm of the size.
        shift: Standard deviation of the shift, in shares of the output's side.
        squeeze: Standard deviation of the logarithm of width over height.
    """

    turn: float = 12.0
    any_turn: float = 0.0
    scale: float = 0.12
    shift: float = 0.05
    squeeze: float = 0.04


def photographed(
    picture: Picture, generator: np.random.Generator, camera: Camera | None = None
) -> Picture:
    """A picture as some camera and some codec would have given it."""
    camera = camera or Camera()
    dark = generator.random() < camera.dark
    picture = develop(picture, generator, camera, dark=dark)
    if generator.random() < camera.blur:
        picture = _blurred(picture, generator)
    if generator.random() < camera.small:
        picture = _small_and_large(picture, generator)
    if dark or generator.random() < camera.noise:
        picture = _noisy(picture, generator, 14.0 if dark else 7.0)
    if generator.random() < camera.jpeg:
        picture = _jpeg(picture, int(generator.integers(22, 92)))
    return picture


def develop(
    picture: Picture, generator: np.random.Generator, camera: Camera, *, dark: bool = False
) -> Picture:
    """Exposure, gamma, contrast, white balance and saturation, as one look-up table and a mix."""
    strength = camera.strength
    level = np.linspace(0.0, 1.0, 256)[:, None]
    gamma = np.exp(generator.normal(0.0, 0.2 * strength))
    exposure = np.exp2(generator.normal(0.0, 0.35 * strength) - dark * generator.uniform(1.0, 2.8))
    gain = np.exp(generator.normal(0.0, 0.06 * strength, 3))
    if generator.random() < camera.cast:
        gain = gain * np.exp(generator.normal(0.0, 0.4, 3))
    contrast = np.exp(generator.normal(0.0, 0.15 * strength))
    lift = generator.normal(0.0, 0.03 * strength) + max(0.0, generator.normal(-0.1, 0.08))
    curve = (level**gamma * exposure * gain - 0.5) * contrast + 0.5
    table = np.clip((curve * (1 - abs(lift)) + lift) * 255 + 0.5, 0, 255).astype(np.uint8)
    picture = _bytes(cv2.LUT(picture, table.reshape(1, 256, 3)))
    colour = 0.0 if generator.random() < camera.grey else generator.normal(1.0, 0.25 * strength)
    if abs(colour - 1) > 0.05:
        grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        colour = min(1.8, max(0.0, colour))
        picture = _bytes(cv2.addWeighted(picture, colour, grey, 1 - colour, 0))
    return picture


def _blurred(picture: Picture, generator: np.random.Generator) -> Picture:
    """Smoothing, defocus by a disc, or shake along a line."""
    kind, width = generator.integers(3), max(picture.shape[:2])
    reach = 0.6 + abs(generator.normal(0.0, 0.006 * width))
    if kind == 0:
        return _bytes(cv2.GaussianBlur(picture, (0, 0), reach))
    side = 2 * int(np.ceil(reach)) + 1
    across, down = np.meshgrid(np.arange(side) - side // 2, np.arange(side) - side // 2)
    if kind == 1:
        kernel = np.clip(reach + 0.5 - np.hypot(across, down), 0, 1)
    else:
        angle = generator.uniform(0, np.pi)
        off = np.abs(across * np.sin(angle) - down * np.cos(angle))
        kernel = np.clip(1 - off, 0, 1) * (np.hypot(across, down) <= reach + 0.5)
    return _bytes(cv2.filter2D(picture, -1, kernel / kernel.sum()))


def _small_and_large(picture: Picture, generator: np.random.Generator) -> Picture:
    """Scaled down by up to four and up again, each with some filter."""
    height, width = picture.shape[:2]
    share = generator.uniform(0.25, 0.8)
    size = max(4, int(width * share)), max(4, int(height * share))
    down = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST)[generator.integers(3)]
    up = (cv2.INTER_LINEAR, cv2.INTER_CUBIC)[generator.integers(2)]
    small = cv2.resize(picture, size, interpolation=down)
    return _bytes(cv2.resize(small, (width, height), interpolation=up))


def _noisy(picture: Picture, generator: np.random.Generator, most: float) -> Picture:
    """Grain, coarser or finer, in colour or not."""
    height, width = picture.shape[:2]
    coarse = generator.random() < 0.3
    shape = (height // 2 + 1, width // 2 + 1) if coarse else (height, width)
    channels = 1 if generator.random() < 0.4 else 3
    spread = int(128 * generator.uniform(0.5, most)) / 128
    grain = np.empty((*shape, channels), np.int8)
    cv2.setRNGSeed(int(generator.integers(1 << 31)))
    cv2.randn(grain, np.zeros(channels), np.full(channels, spread))
    if coarse:
        grain = cv2.resize(grain.astype(np.float32), (width, height)).astype(np.int8)
    noise = np.asarray(grain).reshape(height, width, -1).astype(np.int16)
    return _bytes(np.clip(picture + noise, 0, 255))


def _jpeg(picture: Picture, quality: int) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return _bytes(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def _bytes(array: Array | None) -> Picture:
    """What OpenCV gives, as the type that it is."""
    return np.asarray(array, np.uint8)


# -------------------------------------------------------------------- framing


def frame_matrix(
    generator: np.random.Generator,
    framing: Framing,
    centre: tuple[float, float],
    extent: float,
    side: int,
) -> Matrix:
    """Where the pixels of a face go: (2, 3), picture → output.

    Args:
        generator: Of the variation.
        framing: How much of it.
        centre: Of what is cut out, in the picture.
        extent: Side of the square that fills the output without variation, in the picture.
        side: Of the output.
    """
    angle = generator.normal(0.0, framing.turn)
    if generator.random() < framing.any_turn:
        angle = generator.uniform(-180.0, 180.0)
    scale = side / extent * np.exp(generator.normal(0.0, framing.scale))
    squeeze = np.exp(0.5 * generator.normal(0.0, framing.squeeze))
    radians = np.deg2rad(angle)
    turn = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    linear = turn @ np.diag([scale * squeeze, scale / squeeze])
    middle = (side - 1) / 2 + generator.normal(0.0, framing.shift * side, 2)
    return np.hstack([linear, (middle - linear @ np.asarray(centre))[:, None]])


def warped(
    picture: Array, matrix: Matrix, side: int, *, border: int = cv2.BORDER_CONSTANT
) -> Array:
    """The picture moved by a matrix to (side, side), without aliasing when it shrinks."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale < 0.6:
        reach = 0.45 / scale
        picture = cv2.GaussianBlur(picture, (0, 0), reach)
    return cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=border)


def moved(points: Array, matrix: Matrix) -> npt.NDArray[np.float32]:
    """Points (…, 2) moved by a matrix."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


def occluded(
    picture: Picture, generator: np.random.Generator, most: float = 0.35
) -> tuple[Picture, npt.NDArray[np.bool_]]:
    """A patch over the picture: flat, striped, noisy, or a piece of the picture itself.

    Args:
        picture: What is hidden in part.
        generator: Of what and where.
        most: Largest side of the patch, as a share of the picture's.

    Returns:
        The picture and (H, W) what is hidden.
    """
    height, width = picture.shape[:2]
    hidden = np.zeros((height, width), np.uint8)
    centre = generator.uniform(0, width), generator.uniform(0, height)
    axes = generator.uniform(0.05, most, 2) * min(height, width)
    angle = float(generator.uniform(0, 180))
    if generator.random() < 0.5:
        cv2.ellipse(hidden, (centre, (axes[0], axes[1]), angle), 1, -1)
    else:
        corners = cv2.boxPoints((centre, (axes[0], axes[1]), angle))
        cv2.fillConvexPoly(hidden, corners.astype(np.int32), 1)
    mask = hidden.astype(bool)
    result = picture.copy()
    result[mask] = _filling(picture, generator)[mask]
    return result, mask


def _filling(picture: Picture, generator: np.random.Generator) -> Picture:
    """What a patch shows."""
    height, width = picture.shape[:2]
    kind, colour = generator.integers(4), generator.integers(0, 256, 3)
    if kind == 0:
        shift = int(generator.integers(1, height)), int(generator.integers(1, width))
        return np.roll(picture, shift, (0, 1))
    filling = np.broadcast_to(colour, picture.shape).astype(np.uint8)
    if kind == 1:
        stripes = (np.arange(width) // max(2, int(generator.integers(2, 12)))) % 2
        other = generator.integers(0, 256, 3).astype(np.uint8)
        filling = np.where(stripes[None, :, None] == 1, filling, other)
    if kind == 2:
        light = np.linspace(generator.uniform(0.3, 1), generator.uniform(0.3, 1), height)
        filling = (filling * light[:, None, None]).astype(np.uint8)
    return np.ascontiguousarray(filling)
