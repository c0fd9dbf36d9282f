"""The light of a scene: one key that throws shadows, fill, rim and what the surroundings give back.

Directions are seen from the subject: azimuth 0 comes from the camera, 90 from the picture's right;
elevation 90 from straight above.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vplugin.synth.draw import Draw
from vplugin.synth.exact import PI, cosine, sine
from vplugin.synth.parameters import Group, choice, number
from vplugin.synth.parts import Floats

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Light(Group):
    """Where light comes from, how strong, how large and of which colour."""

    preset: str = choice(
        {"studio": 2, "window": 2, "indoor": 3, "outdoor": 2, "overcast": 2, "stage": 0.7},
        "What kind of place gives the light.",
    )
    azimuth: float = number(-180, 180, 30, 45, "degrees", "Of the key light.")
    elevation: float = number(-30, 90, 35, 18, "degrees", "Of the key light.")
    strength: float = number(0, 4, 1.15, 0.15, "factor", "Of the key light.")
    softness: float = number(0, 1, 0.5, 0.25, "share", "Point (0) to very large source (1).")
    kelvin: float = number(1800, 12000, 5600, 700, "kelvin", "Colour of the key light.")
    fill: float = number(0, 1, 0.22, 0.1, "share", "Fill light from the camera's other side.")
    rim: float = number(0, 2, 0.2, 0.25, "factor", "Light from behind.")
    rim_azimuth: float = number(-180, 180, 150, 30, "degrees", "Of the rim light.")
    rim_kelvin: float = number(1800, 12000, 6500, 1500, "kelvin", "Colour of the rim light.")
    ambient: float = number(0, 1.5, 0.34, 0.1, "factor", "What the surroundings give back.")
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
    "studio": {"azimuth": 38, "elevation": 35, "softness": 0.45, "fill": 0.25, "rim": 0.45},
    "window": {"azimuth": 65, "elevation": 20, "softness": 0.6, "fill": 0.1, "kelvin": 6800},
    "indoor": {"azimuth": 25, "elevation": 55, "kelvin": 3900, "ambient": 0.42, "fill": 0.2},
    "outdoor": {"azimuth": 45, "elevation": 48, "strength": 1.5, "softness": 0.12, "fill": 0.1},
    "overcast": {"elevation": 55, "strength": 0.7, "softness": 1.0, "ambient": 0.8, "fill": 0.3},
    "stage": {"azimuth": 55, "elevation": 45, "softness": 0.15, "ambient": 0.12, "rim": 0.9},
}

# Kelvin, then linear RGB as a camera balanced half-way to the light shows it.
_COLOURS = (
    (1800.0, 1.0, 0.42, 0.12),
    (2500.0, 1.0, 0.55, 0.25),
    (3500.0, 1.0, 0.73, 0.50),
    (4500.0, 1.0, 0.87, 0.76),
    (5600.0, 1.0, 0.97, 0.94),
    (7000.0, 0.90, 0.95, 1.05),
    (9000.0, 0.79, 0.90, 1.15),
    (12000.0, 0.70, 0.86, 1.25),
)


def colour_of(kelvin: float) -> tuple[float, float, float]:
    """Linear RGB of luminance 1 of a light of this colour temperature."""
    lower = max(n for n, row in enumerate(_COLOURS[:-1]) if row[0] <= max(kelvin, 1800.0))
    a, b = _COLOURS[lower], _COLOURS[lower + 1]
    share = min(1.0, (kelvin - a[0]) / (b[0] - a[0]))
    red, green, blue = (a[n] + (b[n] - a[n]) * share for n in (1, 2, 3))
    grey = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return red / grey, green / grey, blue / grey


def direction_to(azimuth: float, elevation: float) -> tuple[float, float, float]:
    """Unit vector from the subject to a light, scene's space; degrees as in :class:`Light`."""
    a, e = azimuth * PI / 180.0, elevation * PI / 180.0
    level = cosine(e)
    return sine(a) * level, -sine(e), -cosine(a) * level


def light_rows(light: Light, top: Colour, side: Colour, bottom: Colour) -> tuple[Floats, Floats]:
    """What the kernels take.

    Args:
        light: The scene's.
        top: Mean linear RGB of the backdrop above.
        side: At the sides.
        bottom: Below.

    Returns:
        (4, 8) key, fill, rim and the ambient: direction to the light, radiance, 1 if it throws
        shadows, size 0 to 1; and (3, 3) what comes from above, from the level and from below.
    """
    sky = np.array(
        [
            _tinted(top, light.surroundings, light.ambient * 1.15),
            _tinted(side, light.surroundings, light.ambient * 0.85),
            _tinted(bottom, light.surroundings, light.ambient * 0.55),
        ]
    )
    key, rim = colour_of(light.kelvin), colour_of(light.rim_kelvin)
    side_of_fill = -55.0 if light.azimuth > 0 else 55.0
    mean = (sky[0] + sky[1] + sky[2]) / 3.0
    rows = (
        (direction_to(light.azimuth, light.elevation), key, light.strength, 1.0, light.softness),
        (direction_to(side_of_fill, 12.0), _between(key, 0.4), 0.75 * light.fill, 0.0, 1.0),
        (direction_to(light.rim_azimuth, 28.0), rim, 1.1 * light.rim, 0.0, 0.45),
        ((0.0, -1.0, 0.0), (float(mean[0]), float(mean[1]), float(mean[2])), 1.0, 0.0, 1.0),
    )
    table = [[*d, *(c * strength for c in colour), s, w] for d, colour, strength, s, w in rows]
    return np.array(table), sky


def _between(colour: Colour, share: float) -> Colour:
    """Nearer to white by 1 - share."""
    return (
        1.0 + (colour[0] - 1.0) * share,
        1.0 + (colour[1] - 1.0) * share,
        1.0 + (colour[2] - 1.0) * share,
    )


def _tinted(colour: Colour, share: float, strength: float) -> list[float]:
    """White of this strength, by ``share`` in the hue and a little in the brightness of colour."""
    grey = max(0.02, 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2])
    strength *= 1.0 + share * (min(1.4, 0.55 + grey) - 1.0)
    return [strength * (1.0 + share * (min(2.0, c / grey) - 1.0)) for c in colour]
