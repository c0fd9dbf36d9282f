"""What hair does to the skin below it: no bright scalp under dense hair, a shadow on shaved cheeks.

The paint of skin calls :func:`undercoat` last; the strands themselves are drawn over it.
"""

from __future__ import annotations

import numpy as np

from vplugin.synth.beard import Beard, beard_density, beard_region
from vplugin.synth.exact import compiled, fractal, mix, smoothstep
from vplugin.synth.hair_colour import Colour, between, scaled
from vplugin.synth.hair_cuts import CUTS
from vplugin.synth.hair_style import HairStyle, hairline_of, natural_colour, tone
from vplugin.synth.hairline import TABLE, hair_density
from vplugin.synth.parts import Floats

_HAIR, _BEARD = 0, TABLE + 5
_COVER = _BEARD + 10
_HAIR_COLOUR, _BEARD_COVER, _BEARD_COLOUR, _PART, _FADE = (_COVER + k for k in (1, 4, 5, 8, 9))
ENTRIES = _COVER + 10
_GREY: Colour = (0.26, 0.255, 0.25)
# y and z in mm above which, and before which, no beard grows and no scalp begins.
_BROWS, _EARS = -30.0, 60.0


def undercoat_parameters(hair: HairStyle, beard: Beard) -> Floats:
    """(66,) what :func:`undercoat` reads."""
    out = np.zeros(ENTRIES)
    cut = CUTS[hair.style]
    out[_HAIR : _HAIR + TABLE + 5] = hairline_of(hair)
    out[_BEARD : _BEARD + 10] = beard_region(beard)
    out[_COVER] = 0.9 if cut.top > 20.0 else (0.75 if cut.top > 6.0 else 0.5)
    colour = between(scaled(tone(hair)[0], 0.7), _GREY, hair.greying)
    out[_HAIR_COLOUR : _HAIR_COLOUR + 3] = colour
    out[_BEARD_COVER] = 0.0 if beard.style == "none" else 0.25
    shadow = between(scaled(natural_colour(hair), 0.8), _GREY, max(beard.greying, hair.greying))
    out[_BEARD_COLOUR : _BEARD_COLOUR + 3] = shadow
    parted = cut.flow == "part" and cut.top > 20.0
    out[_PART] = {"left": 30.0, "right": -30.0, "middle": 0.0}[hair.part] if parted else 1e3
    out[_FADE] = cut.fade if min(cut.sides, cut.back) <= 10.0 else -9.0
    return out


@compiled
def undercoat(x: float, y: float, z: float, given: Floats, out: Floats) -> None:
    """Darkens what the paint of skin has put into ``out``.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
        given: Of :func:`undercoat_parameters`.
        out: As of ``skin.paint``: albedo r g b (changed), gloss (changed), …
    """
    if y < _BROWS or z > _EARS - 25.0:
        density = hair_density(given[_HAIR : _HAIR + TABLE + 5], x, y, z)
        if density > 0.0:
            cover = given[_COVER] * density
            rise = -(y + 20.0) / np.sqrt(x * x + (y + 20.0) * (y + 20.0) + (z - 78.0) * (z - 78.0))
            # Clipped sides are a shade lighter than the top.
            cover *= mix(0.62, 1.0, smoothstep(given[_FADE] - 0.2, given[_FADE] + 0.05, rise))
            line = given[_PART] * smoothstep(190.0, 60.0, z)
            near = smoothstep(3.2, 0.8, abs(x - line)) * smoothstep(150.0, 110.0, z)
            cover *= 1.0 - 0.75 * near * smoothstep(0.25, 0.4, rise)
            grain = 1.0 + 0.25 * fractal(x * 0.9, y * 0.9, z * 0.9, 77, 2)
            cover = min(0.97, cover * grain)
            for c in range(3):
                out[c] = mix(out[c], given[_HAIR_COLOUR + c], cover)
            out[3] *= 1.0 - 0.7 * cover
    if given[_BEARD_COVER] > 0.0 and y > _BROWS and z < 95.0:
        density = beard_density(given[_BEARD : _BEARD + 10], x, y, z)
        if density > 0.0:
            cover = given[_BEARD_COVER] * density
            cover *= 1.0 + 0.3 * fractal(x * 1.1, y * 1.1, z * 1.1, 78, 2)
            for c in range(3):
                # Roots shine bluish through the skin.
                out[c] = mix(out[c], given[_BEARD_COLOUR + c] + 0.012 * c, cover)
            out[3] *= 1.0 - 0.5 * cover
