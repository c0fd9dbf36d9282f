"""Generated frames: a moving pattern, drawn faces at known places, a number painted into each.

The number survives lossy coding, so a test can tell which frame it looks at after any journey. The
faces are cartoons: they have the right places, not the right looks, for detectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.colour import paste_rgb
from vplugin.errors import PictureError
from vplugin.frame import Face, Frame
from vplugin.picture import ColourTags, Picture, PictureFormat

__all__ = ["Scene", "face_at", "frames", "paint", "picture", "read_number"]

Rgb = npt.NDArray[np.uint8]

BITS = 16
GUARDS = 2  # a white and a black cell before the number: what they are not, is no number

# Where a face's points lie in its box: left eye, right eye, nose, mouth corners.
POINTS = np.array([[0.30, 0.40], [0.70, 0.40], [0.50, 0.60], [0.36, 0.78], [0.64, 0.78]])
SKINS = ((224, 172, 140), (150, 98, 66), (241, 205, 178), (96, 62, 44))


@dataclass(frozen=True)
class Scene:
    """What generated frames look like.

    Attributes:
        width: Pixels.
        height: Pixels.
        pixel: FFmpeg pixel format.
        faces: How many people.
        colour: Tags of the signal.
        rate: Frames per second.
        time_base: Seconds per pts unit; one frame by default.
    """

    width: int = 160
    height: int = 96
    pixel: str = "yuv420p"
    faces: int = 1
    colour: ColourTags = field(default_factory=ColourTags)
    rate: Fraction = Fraction(30)
    time_base: Fraction | None = None

    @property
    def format(self) -> PictureFormat:
        """The format of its pictures."""
        return PictureFormat(self.pixel, self.width, self.height, self.colour)

    def faces_at(self, number: int) -> tuple[Face, ...]:
        """The faces of frame ``number``."""
        return tuple(face_at(self, number, person) for person in range(self.faces))

    def frame(self, number: int, stream: str = "decode") -> Frame:
        """Frame ``number``, its faces known and tracked."""
        base = self.time_base or 1 / self.rate
        return Frame(
            picture=picture(self.format, number, self.faces_at(number)),
            pts=round(Fraction(number) / self.rate / base),
            time_base=base,
            stream=stream,
            seq=number,
            faces=self.faces_at(number),
        )


def frames(count: int = 3, *, start: int = 0, **scene: Any) -> list[Frame]:
    """Frames ``start`` … of a :class:`Scene` with the given attributes.

    Example:
        >>> [frame.pts for frame in frames(3, pixel="nv12", faces=2)]
        [0, 1, 2]
    """
    made = Scene(**scene)
    return [made.frame(number) for number in range(start, start + count)]


def face_at(scene: Scene, number: int, person: int = 0) -> Face:
    """Where a person's face is in frame ``number``: people stand in a row and sway.

    Box and points are float32 pixels; the track number is ``person``.
    """
    size = 0.45 * min(scene.height, scene.width / max(1, scene.faces))
    sway = np.sin(2 * np.pi * (number / 40 + person / 3))
    centre = np.array(
        [
            scene.width * (person + 0.5) / scene.faces + 0.15 * size * sway,
            scene.height * 0.58 + 0.05 * size * np.cos(2 * np.pi * number / 25),
        ]
    )
    corner, extent = centre - size * np.array([0.4, 0.5]), size * np.array([0.8, 1.0])
    return Face(
        box=np.concatenate([corner, corner + extent]).astype(np.float32),
        score=0.99,
        points=(corner + POINTS * extent).astype(np.float32),
        track=person,
    )


def picture(format: PictureFormat, number: int = 0, faces: Sequence[Face] = ()) -> Picture:
    """A picture in any format with pattern, faces and ``number``."""
    rgb = paint(format.width, format.height, number, faces)
    blank = Picture.blank(format)
    everywhere = np.ones(rgb.shape[:2], np.bool_)
    return Picture(format, paste_rgb(blank.planes, format, rgb, everywhere))


def paint(width: int, height: int, number: int = 0, faces: Sequence[Face] = ()) -> Rgb:
    """The same as (height, width, 3) uint8 RGB."""
    background = _background(width, height)
    rgb = np.roll(background, (number, 3 * number), axis=(0, 1))
    for face in faces:
        _draw_face(rgb, face)
    _paint_number(rgb, number)
    return rgb


def read_number(source: Frame | Picture | Rgb) -> int:
    """The number painted into a frame, a picture, or (H, W, 3) RGB.

    Raises:
        PictureError: No number is there, or it cannot be read any more.
    """
    if isinstance(source, Picture):
        source = Frame(source, 0, Fraction(1))
    if isinstance(source, Frame):
        cell, _ = _cell(source.format.width, source.format.height)
        rgb = source.read((0, 0, cell * (BITS + GUARDS), cell))
    else:
        cell, rgb = _cell(source.shape[1], source.shape[0])[0], source
    margin = cell // 4
    bits = [
        bool(np.mean(rgb[margin : cell - margin, x + margin : x + cell - margin]) > 128)
        for x in range(0, cell * (BITS + GUARDS), cell)
    ]
    if bits[:GUARDS] != [True, False]:
        raise PictureError("this picture carries no number, or it was painted over")
    return sum(bit << place for place, bit in enumerate(bits[GUARDS:]))


def _cell(width: int, height: int) -> tuple[int, bool]:
    """Size of a cell of the number in pixels, and whether there is room for it."""
    cell = min(16, width // (BITS + GUARDS), height // 2) // 2 * 2
    return cell, cell >= 2


def _paint_number(rgb: Rgb, number: int) -> None:
    """White and black cells along the top, lowest bit first, after the two guards."""
    cell, fits = _cell(rgb.shape[1], rgb.shape[0])
    if not fits:
        return
    cells = [1, 0, *((number >> place) & 1 for place in range(BITS))]
    for place, bit in enumerate(cells):
        rgb[:cell, place * cell : (place + 1) * cell] = 235 if bit else 20


@lru_cache(maxsize=8)
def _background(width: int, height: int) -> Rgb:
    """Smooth colours with some edges, so that codecs and metrics have something to do."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [
        np.sin(2 * np.pi * (x * a / max(width, 1) + y * b / max(height, 1) + c))
        for a, b, c in ((3, 1, 0.0), (1, 2, 0.3), (2, -1, 0.6))
    ]
    rgb = 128 + 70 * np.stack(waves, axis=2)
    rgb += 20 * (((x // 8 + y // 8) % 2) - 0.5)[..., None]
    background: Rgb = np.clip(rgb, 0, 255).astype(np.uint8)
    background.flags.writeable = False
    return background


def _draw_face(rgb: Rgb, face: Face) -> None:
    """An oval with eyes, nose and mouth, at the places that ``face`` says."""
    assert face.points is not None, "generated faces have points"
    left, top, right, bottom = (float(value) for value in face.box)
    fine = 4  # cv2 draws at 1/16 pixel when coordinates carry four fractional bits
    scale = 1 << fine

    def fixed(point: Any) -> tuple[int, int]:
        return round(float(point[0]) * scale), round(float(point[1]) * scale)

    middle, axes = (
        ((left + right) / 2, (top + bottom) / 2),
        ((right - left) / 2, (bottom - top) / 2),
    )
    skin = SKINS[(face.track or 0) % len(SKINS)]
    cv2.ellipse(rgb, fixed(middle), fixed(axes), 0, 0, 360, skin, -1, cv2.LINE_AA, fine)
    radius = max(1, round((right - left) * 0.07 * scale))
    for point, colour in zip(
        face.points[:3], ((30, 30, 60), (30, 30, 60), (190, 120, 100)), strict=True
    ):
        cv2.circle(rgb, fixed(point), radius, colour, -1, cv2.LINE_AA, fine)
    thickness = max(1, round((bottom - top) * 0.05))
    cv2.line(
        rgb,
        fixed(face.points[3]),
        fixed(face.points[4]),
        (150, 50, 60),
        thickness,
        cv2.LINE_AA,
        fine,
    )
