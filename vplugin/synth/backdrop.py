"""What lies behind the people: a place drawn in perspective, thrown out of focus as a lens does.

Nothing here shows a face or a figure: to a detector everything in it is background.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth import rooms, streets, studios
from vplugin.synth.camera import SMALL_HEIGHT
from vplugin.synth.canvas import Canvas, Look, Picture, grey
from vplugin.synth.defocus import defocused, enlarged
from vplugin.synth.draw import Draw
from vplugin.synth.parameters import Group, choice, number

# Discs of this radius in pixels are round enough; more pixels would only cost time.
_DISC = 5.0
# In a small picture rounder discs cannot be seen.
_SMALL_DISC = 1.2
_SMALLEST = 72
_LARGEST = 640


class Ambient(NamedTuple):
    """Mean linear RGB of the light that a backdrop gives from its four sides."""

    top: tuple[float, float, float]
    bottom: tuple[float, float, float]
    left: tuple[float, float, float]
    right: tuple[float, float, float]


@dataclass(frozen=True)
class Backdrop(Group):
    """Which place is behind, and how the camera sees it."""

    kind: str = choice(
        {
            "studio": 1.0, "gradient": 0.4, "room": 1.4, "office": 1.2, "bookshelf": 0.6,
            "kitchen": 0.7, "street": 1.5, "shops": 0.9, "park": 1.3, "beach": 0.6, "stage": 0.6,
            "bokeh": 0.6, "brick": 0.7, "curtain": 0.4, "plain": 0.8,
        },
        "What kind of place.",
    )  # fmt: skip
    seed: float = number(0, 1e9, 0, 0, "", "Which of the places of this kind; a whole number.")
    blur: float = number(
        0, 0.12, 0.016, 0.014, "heights", "Radius of a point out of focus, of the picture's height."
    )
    warmth: float = number(-1, 1, 0, 0.2, "share", "Light of the place: bluish to orange.")
    brightness: float = number(-3, 2, -0.1, 0.5, "stops", "Of the place.")
    saturation: float = number(0, 1.6, 0.85, 0.2, "factor", "Of its colours; 0 is grey.")
    mirrored: str = choice({"no": 1, "yes": 1}, "Whether left and right are exchanged.")

    @classmethod
    def from_draw(cls, draw: Draw) -> Backdrop:
        """One drawn from the priors, with a place of its own."""
        return cls.drawn(draw, seed=draw.of("place").integer(0, 1_000_000_000))

    def ambient(self) -> Ambient:
        """The light that it throws on what stands in front of it."""
        return ambient_of(draw_backdrop(self, 32, 32))


_PAINTERS: dict[str, Callable[[Draw, float], Canvas]] = {
    "studio": studios.studio,
    "gradient": studios.gradient,
    "room": rooms.room,
    "office": rooms.office,
    "bookshelf": rooms.bookshelf,
    "kitchen": rooms.kitchen,
    "street": streets.street,
    "shops": streets.shops,
    "park": streets.park,
    "beach": streets.beach,
    "stage": rooms.stage,
    "bokeh": studios.bokeh,
    "brick": studios.brick,
    "curtain": studios.curtain,
    "plain": studios.plain,
}


def draw_backdrop(backdrop: Backdrop, width: int, height: int) -> Picture:
    """The place, out of focus.

    Args:
        backdrop: Which.
        width: Of the picture, 1 or more.
        height: Of the picture, 1 or more.

    Returns:
        (H, W, 3) float32, linear RGB, 0 to 1 and more where lamps shine.

    Raises:
        ValueError: If the picture has no size.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width}x{height} pixels cannot be painted; take 1 or more")
    return _picture(backdrop, width, height).copy()


# The frames of a shot have one backdrop; two, as the speakers of an interview have two.
@lru_cache(maxsize=2)
def _picture(backdrop: Backdrop, width: int, height: int) -> Picture:
    tall, wide, radius = _working_size(backdrop.blur, width, height)
    canvas = _PAINTERS[backdrop.kind](Draw(int(backdrop.seed), backdrop.kind), width / height)
    _mood(canvas, Draw(int(backdrop.seed), "mood"))
    sharp = canvas.painted(tall, wide)
    if backdrop.mirrored == "yes":
        sharp = np.ascontiguousarray(sharp[:, ::-1])
    # A lens is never sharper than about half a pixel here; it also hides the edges of small cells.
    soft = defocused(sharp, max(radius, 0.7))
    same = (tall, wide) == (height, width)
    picture = np.ascontiguousarray(soft[..., :3]) if same else enlarged(soft, height, width)
    return _lit(picture, backdrop)


def _mood(canvas: Canvas, draw: Draw) -> None:
    """Pools of light and of shade over the whole place, as real rooms and skies have them."""
    for _ in range(draw.integer(1, 5)):
        place = (draw.uniform(-0.1, canvas.aspect + 0.1), draw.uniform(-0.1, 1.1))
        size = draw.uniform(0.4, 1.1)
        light = grey(1.0, 0.12) if draw.chance(0.35) else grey(0.0)
        pool = Look(light, opacity=draw.uniform(0.05, 0.32), feather=size)
        canvas.ellipse(place, (size, size * draw.uniform(0.6, 1.2)), pool)


def _working_size(blur: float, width: int, height: int) -> tuple[int, int, float]:
    """Height and width to paint at, and the radius of a point there."""
    disc = _SMALL_DISC if height <= SMALL_HEIGHT else _DISC
    wanted = height if blur * height <= disc else int(disc / blur)
    tall = min(height, _LARGEST, max(_SMALLEST, wanted))
    wide = max(1, (width * tall + height // 2) // height)
    return tall, wide, blur * tall


def _lit(picture: Picture, backdrop: Backdrop) -> Picture:
    """Brightness, warmth and saturation; the result is float32."""
    stops = backdrop.brightness
    # 2 ** stops, exact to a share of 0.1 %: a square of a short series needs no libm.
    part = 1.0 + stops * (0.08664 + stops * (0.003753 + stops * 0.000108))
    gain = part * part * part * part
    gain = gain * gain
    warm = 0.28 * backdrop.warmth
    tint = np.array([gain * (1.0 + warm), gain, gain * (1.0 - warm)], np.float32)
    mean = picture[..., 0] * np.float32(0.25) + picture[..., 1] * np.float32(0.6)
    mean = (mean + picture[..., 2] * np.float32(0.15))[..., None]
    colour = mean + (picture - mean) * np.float32(backdrop.saturation)
    lit: Picture = np.maximum(colour * tint, np.float32(0.0))
    return lit


def ambient_of(picture: npt.NDArray[np.float32]) -> Ambient:
    """Means of the four sides of a picture.

    Args:
        picture: (H, W, 3) float32, linear RGB.

    Returns:
        Linear RGB, lamps counted at most as 4.
    """
    height, width = picture.shape[:2]
    tall, wide = max(1, height // 3), max(1, width // 3)
    sides = (picture[:tall], picture[-tall:], picture[:, :wide], picture[:, -wide:])
    return Ambient(*(_mean(side) for side in sides))


def _mean(side: npt.NDArray[np.float32]) -> tuple[float, float, float]:
    # Whole numbers: a sum of floats would depend on how NumPy splits it up.
    steps = np.minimum(side.reshape(-1, 3), np.float32(4.0)) * np.float32(65536.0)
    total = steps.astype(np.int64).sum(axis=0)
    r, g, b = (int(value) / (65536.0 * steps.shape[0]) for value in total)
    return r, g, b
