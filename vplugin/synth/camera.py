"""The camera of a scene: how much it sees and how its picture is developed."""

from __future__ import annotations

from dataclasses import dataclass

from vplugin.synth.exact import PI, cosine, sine
from vplugin.synth.parameters import Group, number

# Pictures up to this height may be drawn with less, where nobody would see the difference.
SMALL_HEIGHT = 160


@dataclass(frozen=True)
class Camera(Group):
    """A pinhole at the origin that looks along +z, and how its picture is developed."""

    field_of_view: float = number(4, 100, 26, 0, "degrees", "Vertical angle of view.")
    exposure: float = number(-5, 5, 0, 0.35, "stops", "Brighter (positive) or darker.")
    contrast: float = number(0.5, 1.6, 1, 0.08, "factor", "Slope of the tone curve at mid grey.")
    saturation: float = number(0, 1.8, 1, 0.12, "factor", "0 is black and white.")
    warmth: float = number(-1, 1, 0, 0.12, "share", "White balance: blue (-1) to orange (+1).")
    tint: float = number(-1, 1, 0, 0.06, "share", "White balance: magenta (-1) to green (+1).")
    vignette: float = number(0, 1, 0.08, 0.08, "share", "How much darker the corners are.")

    def focal(self, height: int) -> float:
        """Focal length in pixels of a picture this high."""
        half = self.field_of_view * PI / 360.0
        return 0.5 * height * cosine(half) / sine(half)
