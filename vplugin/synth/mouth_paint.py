"""Paint of the inner mouth: teeth, gums, tongue and the dark behind them."""

from __future__ import annotations

from vplugin.synth.exact import compiled, smoothstep
from vplugin.synth.parts import Floats, Material

_TEETH = int(Material.TEETH)


@compiled
def paint_mouth(x: float, y: float, z: float, material: int, given: Floats, out: Floats) -> None:
    """Paints one place of teeth or of the mouth's flesh.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
        material: TEETH or MOUTH.
        given: From :func:`vplugin.synth.skin.skin_parameters`.
        out: (8,) albedo r g b, gloss, roughness, height mm, thin, wet; all but height 0 to 1.
    """
    deep = smoothstep(-12.0, 18.0, z)
    if material == _TEETH:
        out[0], out[1], out[2] = 0.75, 0.70, 0.58
    else:
        out[0], out[1], out[2] = 0.38 - 0.3 * deep, 0.12 - 0.1 * deep, 0.11 - 0.09 * deep
    out[3] = 0.7
    out[4] = 0.25
    out[5] = 0.0
    out[6] = 0.2
    out[7] = 0.8
