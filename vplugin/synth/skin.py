"""Paint of skin, per pixel in face coordinates: tone, blood, spots, pores, wrinkles, lips.

Colour is what pigment and blood absorb: both are added up as amounts and turned into a colour at
the end, so that a freckle, a flush or a lip fits every tone.
"""

from __future__ import annotations

import numpy as np

from vplugin.synth.ageing import childhood
from vplugin.synth.exact import clamp, compiled, exponential, flat_noise, smoothstep
from vplugin.synth.expression import Expression
from vplugin.synth.parts import Floats
from vplugin.synth.person import Person, wrinkled
from vplugin.synth.skin_detail import creases, lines, mottle, pores, spot
from vplugin.synth.skin_map import (
    LOWER_BORDER,
    LOWER_LID,
    MOUTH_LINE,
    UPPER_BORDER,
    UPPER_LID,
    curve,
    hill,
    unrolled,
)
from vplugin.synth.skin_map import skin_label as skin_label
from vplugin.synth.undercoat import ENTRIES, undercoat, undercoat_parameters

# Where the parameters are in the array that the kernel reads.
(
    _SEED, _MELANIN, _BLOOD, _YELLOW, _TAN, _MOTTLE, _FLUSH, _FRECKLES, _MOLES, _SPOTS, _BLEMISHES,
    _PORES, _WEB, _CIRCLES, _OIL, _LIPS, _LIP_EDGE, _STUBBLE, _STUBBLE_GREY, _SCAR, _LIPSTICK,
    _LIP_R, _LIP_G, _LIP_B, _LIP_GLOSS, _SHADOW, _SHADE_R, _SHADE_G, _SHADE_B, _LINER, _BLUSH,
    _POWDER, _LINES,
) = range(33)  # fmt: skip
_SCARS = {"none": 0.0, "brow": 1.0, "cheek": 2.0, "chin": 3.0, "lip": 4.0}
_LIP_HUES = ((0.28, 0.09, 0.06), (0.42, 0.02, 0.03), (0.55, 0.10, 0.17), (0.22, 0.02, 0.13))
_SHADE_HUES = (
    (0.16, 0.09, 0.06), (0.40, 0.17, 0.16), (0.20, 0.10, 0.24), (0.08, 0.13, 0.28),
    (0.08, 0.18, 0.13),
)  # fmt: skip


def _hue(colours: tuple[tuple[float, float, float], ...], at: float) -> list[float]:
    """A colour between the listed ones, ``at`` from 0 to 1."""
    place = at * (len(colours) - 1)
    k = min(int(place), len(colours) - 2)
    share = place - k
    return [a + (b - a) * share for a, b in zip(colours[k], colours[k + 1], strict=True)]


def _strengths(person: Person, e: Expression) -> list[float]:
    """Of the lines: forehead, frown, crow's feet and folds left and right, chin, neck."""
    old, skin = wrinkled(person), person.skin
    give = 0.35 + 0.65 * min(1.0, max(0.0, (person.age - 16.0) / 30.0))
    give *= 1.0 - 0.8 * childhood(person.age)
    raised = max(0.0, (e.brow_inner + e.brow_left + e.brow_right) / 3.0)
    crow = old * (0.35 + 0.9 * skin.crow)
    folds = 0.55 * old
    return [
        old * (0.3 + 1.2 * skin.forehead) + 1.1 * raised * give,
        0.7 * old + 1.2 * e.brow_knit * give,
        *(crow + (0.55 * smile + 0.6 * e.squint) * give for smile in (e.smile_left, e.smile_right)),
        *(folds + (0.8 * smile + 0.5 * e.sneer) * give for smile in (e.smile_left, e.smile_right)),
        0.75 * old,
        0.1 * give + 0.75 * old,
    ]


def skin_parameters(person: Person, expression: Expression) -> Floats:
    """What :func:`paint` reads, (K,) float64."""
    tone, skin, make_up, beard = person.tone, person.skin, person.make_up, person.beard
    shaven = 0.4 * min(1.0, max(0.0, person.sex)) * min(1.0, max(0.0, (person.age - 15.0) / 8.0))
    full = beard.style in ("stubble", "short", "full", "long")
    stubble = max(shaven, 0.75) if full else shaven
    lip = _hue(_LIP_HUES, make_up.lip_hue)
    depth = 1.35 - 0.9 * make_up.lip_depth
    powder = 1.0 - 0.7 * make_up.powder
    given = [
        float(person.texture), tone.melanin, tone.blood, tone.yellow, tone.tan,
        skin.mottle * powder, skin.flush * powder, skin.freckles * powder, skin.moles,
        skin.age_spots * powder, skin.blemishes * powder, skin.pores,
        min(1.0, 0.1 + 0.9 * wrinkled(person)), skin.circles * powder,
        skin.oil * (1.0 - 0.6 * make_up.powder), skin.lips, skin.lip_border, stubble, beard.greying,
        _SCARS[skin.scar], make_up.lipstick, *(depth * c for c in lip), make_up.lip_gloss,
        make_up.shadow, *_hue(_SHADE_HUES, make_up.shadow_hue), make_up.liner, make_up.blush,
        make_up.powder,
    ]  # fmt: skip
    below = undercoat_parameters(person.hair, beard)
    return np.array([*given, *_strengths(person, expression), *below], np.float64)


@compiled
def _lip_share(x: float, y: float, z: float, edge: float) -> float:
    """1 on the red of the lips, 0 off it; ``edge`` is the width of the border, mm."""
    a = abs(x)
    if a > 26.0 or y < 58.0 or y > 88.0 or z > 12.0:
        return 0.0
    line = curve(MOUTH_LINE, x)
    border = y - curve(UPPER_BORDER, x) if y < line else curve(LOWER_BORDER, x) - y
    return smoothstep(-edge, edge, border) * smoothstep(25.6, 23.0, a)


@compiled
def _stubble(x: float, y: float, z: float) -> float:
    """Where a beard grows, 0 to 1."""
    a = abs(x)
    cheek = smoothstep(-6.0, 8.0, y - (62.0 - 0.45 * max(0.0, z)) + 0.10 * a)
    lip = smoothstep(52.0, 56.0, y) * smoothstep(30.0, 24.0, a)
    under = 1.0 - smoothstep(128.0, 150.0, y)
    side = 1.0 - smoothstep(58.0, 72.0, z)
    bare = hill(x, y, 0.0, 87.0, 14.0, 4.0) * 0.5
    return max(cheek, lip) * under * side * (1.0 - bare)


@compiled
def _scarred(kind: float, x: float, y: float) -> float:
    """1 on the scar, if there is one."""
    if kind == 1.0:
        along, away = y + 24.0, x - 41.0 - 0.25 * (y + 24.0)
        return line_of(away, along, 0.9, 9.0)
    if kind == 2.0:
        along, away = y - 50.0, x + 40.0 + 0.9 * (y - 50.0)
        return line_of(away, along, 1.3, 11.0)
    if kind == 3.0:
        along, away = x - 8.0, y - 104.0 - 0.2 * x
        return line_of(away, along, 1.0, 7.0)
    if kind == 4.0:
        along, away = y - 61.0, x - 9.0 - 0.1 * (y - 61.0)
        return line_of(away, along, 0.8, 6.0)
    return 0.0


@compiled
def line_of(away: float, along: float, wide: float, long: float) -> float:
    """1 on a stroke of this half width and half length, 0 off it."""
    u, v = away / wide, along / long
    left = 1.0 - u * u - v * v
    return left if left > 0.0 else 0.0


@compiled
def _blended(out: Floats, red: float, green: float, blue: float, share: float) -> None:
    out[0] += (red - out[0]) * share
    out[1] += (green - out[1]) * share
    out[2] += (blue - out[2]) * share


@compiled
def paint(x: float, y: float, z: float, given: Floats, out: Floats) -> None:
    """Paints one place of the skin.

    Args:
        x: Face coordinates, mm.
        y: Face coordinates, mm.
        z: Face coordinates, mm.
        given: From :func:`skin_parameters`.
        out: (8,) in its first place the width of a sample in mm, by which detail that would be
            too fine is left out; written: albedo r g b, gloss, roughness, height mm, thin, wet,
            all but height 0 to 1.
    """
    sample = out[0]
    seed = int(given[_SEED])
    a = abs(x)
    unrolled(x, y, z, out)
    u, v = out[0], out[1]
    front = smoothstep(45.0, 15.0, z)
    ear = smoothstep(64.0, 70.0, a) * smoothstep(60.0, 72.0, z) * smoothstep(60.0, 52.0, y)
    lip = _lip_share(x, y, z, 1.2 - 0.8 * given[_LIP_EDGE])
    bare = 1.0 - lip

    # Blood: flush, lips, blemishes; uneven everywhere.
    uneven = mottle(u, v, seed)
    fine = flat_noise(u * 0.55, v * 0.55, seed + 11)
    patch = flat_noise(u * 0.24, v * 0.24, seed + 12)
    flush = hill(a, y, 40.0, 32.0, 30.0, 26.0) + 0.8 * hill(x, y, 0.0, 43.0, 19.0, 15.0)
    flush = flush * front + 0.9 * ear + 0.3 * hill(x, y, 0.0, 104.0, 26.0, 16.0) * front
    blood = given[_BLOOD] + (0.20 * uneven + 0.12 * fine + 0.08 * patch) * (0.25 + given[_MOTTLE])
    blood += given[_FLUSH] * flush * (0.55 + 0.25 * uneven + 0.2 * patch)
    blood += 0.35 * given[_FLUSH] * hill(a, y, 19.5, 45.0, 6.0, 9.0) * front
    lids = hill(a, y, 31.5, 1.0, 24.0, 14.0) * front
    blood += 0.20 * lids
    blood += lip * (0.30 + 0.75 * given[_LIPS]) * (1.0 + 0.12 * fine)

    # Pigment: sun, freckles, moles, spots, what is dark about the eyes.
    sun = hill(x, y, 0.0, -40.0, 90.0, 60.0) + 0.7 * hill(x, y, 0.0, 34.0, 60.0, 28.0)
    melanin = given[_MELANIN] + given[_TAN] * (0.10 + 0.12 * sun * front)
    melanin += (0.035 * uneven + 0.02 * flat_noise(u * 0.05, v * 0.05, seed + 5)) * given[_MOTTLE]
    below = hill(a, y, 29.0, 12.0, 17.0, 9.0) * front
    melanin += given[_CIRCLES] * (0.22 * below + 0.10 * lids) - 0.02 * ear
    blood += given[_CIRCLES] * 0.25 * below
    if given[_FRECKLES] > 0.02 and sample < 2.5:
        where = (0.25 + sun * front) * smoothstep(-0.5, 0.5, uneven + 0.3)
        chance = min(0.7, given[_FRECKLES] * where) * bare
        vary = 0.55 + 0.45 * fine
        melanin += 0.30 * vary * spot(u, v, 1.9, seed + 21, chance, 0.3, 0.85)
        melanin += 0.2 * vary * spot(u + 0.7, v - 0.4, 3.1, seed + 22, 0.6 * chance, 0.5, 1.4)
    if given[_SPOTS] > 0.02:
        chance = 0.3 * given[_SPOTS] * (0.3 + smoothstep(30.0, 60.0, a))
        melanin += 0.13 * bare * spot(u, v, 11.0, seed + 23, chance, 1.4, 4.2) * (0.8 + 0.4 * fine)
    mole = bare * spot(u, v, 15.0, seed + 24, 0.09 * given[_MOLES], 0.5, 1.5)
    melanin += 0.9 * mole * (1.1 - given[_MELANIN])
    pimple = bare * spot(u, v, 8.0, seed + 25, 0.22 * given[_BLEMISHES], 0.7, 1.9)
    blood += 0.7 * pimple
    melanin += lip * (0.05 + 0.10 * given[_MELANIN]) - lip * 0.12 * given[_MELANIN] * smoothstep(
        73.0, 78.0, y
    )

    # Relief.
    depth = lines(x, y, z, seed, given[_LINES:]) * bare
    height = 0.35 * mole + 0.18 * pimple - depth
    grain = 0.0
    if sample < 1.3:
        fade = smoothstep(1.3, 0.6, sample)
        height += fade * bare * 0.10 * given[_WEB] * creases(u, v, seed + 31, 0.55)
        if sample < 0.8:
            fade = smoothstep(0.8, 0.35, sample)
            zone = 0.35 + hill(a, y, 14.0, 36.0, 34.0, 30.0) * front
            size = 1.15 - 0.25 * zone
            grain = pores(u / size + 0.4 * fine, v / size + 0.8 * patch, seed + 32) * fade
            height -= 0.16 * (0.15 + given[_PORES]) * zone * grain * bare
            height += fade * 0.055 * flat_noise(u * 1.9, v * 1.9, seed + 33)
            height += fade * 0.04 * patch
    if lip > 0.0 and sample < 1.2:
        groove = flat_noise(x * 1.1 + 0.25 * fine, y * 0.16, seed + 34)
        groove += 0.6 * flat_noise(x * 2.3, y * 0.3, seed + 35)
        height -= lip * 0.10 * groove * smoothstep(1.2, 0.5, sample)
        blood += 0.10 * lip * groove
    melanin = max(0.0, melanin)
    blood = max(0.0, blood) + 0.25 * depth

    # Amounts become a colour.
    m = melanin * (0.75 + 0.25 * melanin)
    out[0] = 0.84 * exponential(-2.05 * m - 0.10 * blood)
    out[1] = 0.70 * exponential(-2.4 * m - 0.56 * blood - 0.04 * given[_YELLOW])
    out[2] = 0.62 * exponential(-2.72 * m - 0.44 * blood - 0.32 * given[_YELLOW])
    scar = _scarred(given[_SCAR], x, y) * front
    _blended(out, 1.15 * out[0], 1.18 * out[1], 1.2 * out[2], 0.8 * scar)
    shade = 1.0 - 0.30 * clamp(depth * 1.4, 0.0, 1.0) - 0.16 * given[_PORES] * grain * bare
    if given[_STUBBLE] > 0.0:
        beard = given[_STUBBLE] * _stubble(x, y, z) * bare
        dots = flat_noise(u * 1.7, v * 1.7, seed + 41) if sample < 0.9 else 0.0
        beard = clamp(beard * (0.42 + 0.2 * dots), 0.0, 0.7)
        # Hair under the skin takes more of the red than of the blue; grey hair hardly shows.
        beard *= 1.0 - 0.7 * given[_STUBBLE_GREY]
        out[0] *= 1.0 - 0.62 * beard
        out[1] *= 1.0 - 0.56 * beard
        out[2] *= 1.0 - 0.46 * beard

    # Make-up.
    if given[_BLUSH] > 0.0:
        rouge = given[_BLUSH] * 0.5 * hill(a, y, 45.0, 28.0, 24.0, 17.0) * front
        _blended(out, 0.95 * out[0], 0.62 * out[1], 0.68 * out[2], rouge)
    if given[_SHADOW] > 0.0 or given[_LINER] > 0.0:
        rim = curve(UPPER_LID, x) - y
        span = smoothstep(15.0, 19.0, a) * smoothstep(53.0, 46.0, a) * front
        tint = (
            given[_SHADOW] * 0.75 * smoothstep(14.0, 2.0, rim) * smoothstep(-1.5, 0.5, rim) * span
        )
        _blended(out, given[_SHADE_R], given[_SHADE_G], given[_SHADE_B], tint)
        low = y - curve(LOWER_LID, x)
        ink = smoothstep(1.9, 0.7, rim) * smoothstep(-1.0, 0.0, rim)
        ink = max(ink, 0.5 * smoothstep(1.1, 0.4, low) * smoothstep(-0.8, 0.0, low))
        _blended(out, 0.012, 0.010, 0.010, given[_LINER] * 0.9 * ink * span)
    if given[_LIPSTICK] > 0.0:
        stick = given[_LIPSTICK] * 0.9 * lip
        _blended(out, given[_LIP_R], given[_LIP_G], given[_LIP_B], stick)

    # A nostril is dark inside, whatever the light.
    across = (a - (6.6 + 0.16 * (z + 26.5))) / 3.3
    along = (z + 26.5) / 5.2
    inside = smoothstep(1.1, 0.6, across * across + along * along)
    inside *= smoothstep(51.6, 50.0, y) * smoothstep(37.0, 39.0, y)
    shade *= 1.0 - 0.95 * inside
    for k in range(3):
        out[k] = clamp(out[k] * shade, 0.004, 0.92)

    oily = hill(x, y, 0.0, -42.0, 46.0, 34.0) + hill(x, y, 0.0, 28.0, 15.0, 34.0)
    oily = min(
        1.0,
        oily + 0.6 * hill(x, y, 0.0, 104.0, 18.0, 12.0) + 0.5 * hill(a, y, 42.0, 20.0, 20.0, 14.0),
    )
    gloss = 0.22 + given[_OIL] * (0.18 + 0.42 * oily * front) + 0.06 * fine
    gloss += lip * (0.22 + 0.5 * given[_LIPSTICK] * given[_LIP_GLOSS])
    # Where the lips touch is no highlight.
    touch = smoothstep(0.0, 1.6, abs(y - curve(MOUTH_LINE, x))) if lip > 0.0 else 1.0
    gloss *= touch
    out[3] = clamp(gloss * (1.0 - 0.5 * given[_POWDER] * bare) * (1.0 - 0.9 * inside), 0.0, 1.0)
    out[4] = clamp(
        0.58 - 0.16 * given[_OIL] * oily - 0.16 * lip - 0.2 * lip * given[_LIP_GLOSS], 0.12, 0.9
    )
    out[5] = height
    wing = hill(a, y, 16.0, 45.0, 7.0, 8.0) * front
    out[6] = clamp(0.9 * ear + 0.45 * wing + 0.15 * lip, 0.0, 1.0)
    out[7] = lip * touch * (0.25 + 0.3 * given[_LIPSTICK] * given[_LIP_GLOSS])
    undercoat(x, y, z, given[given.size - ENTRIES :], out)
