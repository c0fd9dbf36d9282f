"""The light of a scene: one key that throws shadows, fill, rim and what the surroundings give back.

Directions are seen from the subject: azimuth 0 comes from the camera, 90 from the picture's right;
elevation 90 from straight above.
"""

from __future__ import annotations

from dataclasses import dataclass

from vplugin.synth.draw import Draw
from vplugin.synth.parameters import Group, choice, number


@dataclass(frozen=True)
class Light(Group):
    """Where light comes from, how strong, how large and of which colour."""

    preset: str = choice(
        {"studio": 2, "window": 2, "indoor": 3, "outdoor": 2, "overcast": 2, "stage": 0.7},
        "What kind of place gives the light.",
    )
    azimuth: float = number(-180, 180, 30, 45, "degrees", "Of the key light.")
    elevation: float = number(-30, 90, 35, 18, "degrees", "Of the key light.")
    strength: float = number(0, 4, 1, 0.15, "factor", "Of the key light.")
    softness: float = number(0, 1, 0.5, 0.25, "share", "Point (0) to very large source (1).")
    kelvin: float = number(1800, 12000, 5600, 700, "kelvin", "Colour of the key light.")
    fill: float = number(0, 1, 0.3, 0.12, "share", "Fill light from the camera's other side.")
    rim: float = number(0, 2, 0.2, 0.25, "factor", "Light from behind.")
    rim_azimuth: float = number(-180, 180, 150, 30, "degrees", "Of the rim light.")
    rim_kelvin: float = number(1800, 12000, 6500, 1500, "kelvin", "Colour of the rim light.")
    ambient: float = number(0, 1.5, 0.45, 0.12, "factor", "What the surroundings give back.")
    surroundings: float = number(0, 1, 0.5, 0.2, "share", "How much of the backdrop's colour.")

    @classmethod
    def from_draw(cls, draw: Draw) -> Light:
        """One of a preset, drawn by weight."""
        return cls.of_preset(draw.of("preset").choice(_NAMES, _WEIGHTS), draw)

    @classmethod
    def of_preset(cls, preset: str, draw: Draw) -> Light:
        """A light of this kind; the side it comes from is drawn too."""
        side = 1.0 if draw.of("side").chance(0.5) else -1.0
        means: dict[str, float | str] = {"preset": preset, **_MEANS[preset]}
        means["azimuth"] = side * float(means.get("azimuth", 30.0))
        means["rim_azimuth"] = -side * 150.0
        return cls.drawn(draw, **means)


_PRESET = Light.parameters()[0]
_NAMES, _WEIGHTS = _PRESET.words, _PRESET.weights
_MEANS: dict[str, dict[str, float]] = {
    "studio": {"azimuth": 38, "elevation": 35, "softness": 0.65, "fill": 0.35, "rim": 0.45},
    "window": {"azimuth": 65, "elevation": 20, "softness": 0.8, "fill": 0.15, "kelvin": 6800},
    "indoor": {"azimuth": 25, "elevation": 55, "kelvin": 3900, "ambient": 0.55, "fill": 0.25},
    "outdoor": {"azimuth": 45, "elevation": 48, "strength": 1.35, "softness": 0.12, "fill": 0.1},
    "overcast": {"elevation": 75, "strength": 0.6, "softness": 1.0, "ambient": 0.85, "rim": 0.1},
    "stage": {"azimuth": 55, "elevation": 45, "softness": 0.15, "ambient": 0.12, "rim": 0.9},
}
