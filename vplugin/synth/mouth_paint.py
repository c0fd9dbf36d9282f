"""Paint of what is wet: teeth, gums, tongue, the mouth's walls, the margins of the lids."""

from __future__ import annotations

from vplugin.synth.exact import clamp, compiled, flat_noise, smoothstep
from vplugin.synth.parts import Floats, Material

_TEETH = int(Material.TEETH)
_SEED, _MELANIN, _WEB = 0, 1, 12


@compiled
def _tooth(x: float, y: float, z: float, given: Floats, out: Floats) -> None:
    """Enamel: bluish and clear at the edge, yellower at the neck and with age, dark far back."""
    seed = int(given[_SEED])
    upper = y < 73.6 and not (y > 72.7 and z > -12.6)
    from_edge = 74.2 - y if upper else y - 72.8
    neck = smoothstep(3.0, 9.5, from_edge)
    clear = smoothstep(1.6, 0.2, from_edge)
    age = given[_WEB]
    stain = 0.05 * flat_noise(x * 0.8, y * 0.5, seed + 71) + 0.05 * flat_noise(
        x * 0.13, 0.5, seed + 72
    )
    deep = smoothstep(-8.0, 26.0, z)
    shade = (1.0 - 0.72 * deep) * (1.0 + stain)
    yellow = 0.10 + 0.28 * age + 0.35 * neck
    out[0] = shade * (0.72 - 0.06 * age - 0.10 * clear)
    out[1] = shade * (0.68 - 0.10 * age - 0.09 * yellow - 0.08 * clear)
    out[2] = shade * (0.60 - 0.10 * age - 0.30 * yellow - 0.03 * clear)
    out[3], out[4], out[5], out[6], out[7] = 0.75, 0.18, 0.0, 0.25, 0.8


@compiled
def _lid(x: float, y: float, row: float, given: Floats, out: Floats) -> None:
    """The margin of a lid from the skin (row 0) to the eyeball (1), and flesh in the corners."""
    a = abs(x)
    corner = smoothstep(22.5, 18.0, a)
    dark = 0.9 - 0.62 * given[_MELANIN]
    wet = smoothstep(0.5, 1.0, row)
    grain = 1.0 + 0.08 * flat_noise(x * 1.3, y * 1.3, int(given[_SEED]) + 73)
    out[0] = grain * (0.58 * dark + (0.58 - 0.58 * dark) * max(wet, corner))
    out[1] = grain * (0.34 * dark + (0.29 - 0.34 * dark) * max(wet, corner))
    out[2] = grain * (0.27 * dark + (0.26 - 0.27 * dark) * max(wet, corner))
    out[3], out[4], out[5], out[6], out[7] = 0.4 + 0.4 * wet, 0.4 - 0.2 * wet, 0.0, 0.3, wet


@compiled
def paint_mouth(x: float, y: float, z: float, material: int, given: Floats, out: Floats) -> None:
    """Paints one place of teeth, of the mouth's flesh or of the inside of the lids.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm; of the tongue 40 more.
        z: Face coordinates, mm; of lids 0 at the skin, 1 at the eyeball.
        material: TEETH or MOUTH.
        given: From :func:`vplugin.synth.skin.skin_parameters`.
        out: (8,) albedo r g b, gloss, roughness, height mm, thin, wet; all but height 0 to 1.
    """
    if material == _TEETH:
        _tooth(x, y, z, given, out)
        return
    if y < 30.0:
        _lid(x, y, z, given, out)
        return
    seed = int(given[_SEED])
    tongue = y > 106.0
    deep = smoothstep(-9.0, 24.0, z)
    grain = flat_noise(x * 0.9, z * 0.9, seed + 74)
    shade = (1.0 - 0.93 * deep) * (1.0 + 0.06 * grain)
    red, green, blue = 0.50, 0.20, 0.19
    if tongue:
        deep = smoothstep(-4.0, 34.0, z)
        coat = smoothstep(-4.0, 14.0, z) * smoothstep(16.0, 6.0, abs(x))
        shade = (1.0 - 0.88 * deep) * (1.0 + 0.10 * grain)
        red, green, blue = 0.52 + 0.04 * coat, 0.20 + 0.08 * coat, 0.19 + 0.07 * coat
    brown = 1.0 - 0.35 * given[_MELANIN]
    out[0], out[1], out[2] = shade * red * brown, shade * green * brown, shade * blue * brown
    out[3] = (0.35 if tongue else 0.5) * (1.0 - 0.95 * deep)
    out[4] = clamp(0.46 + 0.1 * grain, 0.1, 0.7)
    out[5] = 0.07 * grain if tongue else 0.05 * grain
    out[6] = 0.2
    out[7] = (0.25 if tongue else 0.6) * (1.0 - deep)
