"""Which hair, beard and brows people have: drawn by age, by the sex axis and by skin tone.

Every combination stays possible; only the weights move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from vplugin.synth.beard import Beard
from vplugin.synth.brows import Brows
from vplugin.synth.draw import Draw
from vplugin.synth.hair_style import HairStyle

# Weight of each style at the female and at the male end of the axis.
_STYLES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "short": (0.7, 6.0), "bald": (0.03, 1.0), "buzz": (0.05, 1.8), "crew": (0.05, 2.6),
        "textured": (0.2, 2.4), "undercut": (0.15, 1.1), "quiff": (0.1, 1.9),
        "slicked": (0.2, 1.2), "bowl": (0.25, 0.35), "pixie": (1.6, 0.1), "bob": (2.8, 0.1),
        "shoulder": (3.4, 0.4), "long": (3.6, 0.35), "ponytail": (2.0, 0.2), "bun": (1.4, 0.12),
        "topknot": (0.5, 0.3), "braids": (0.8, 0.04), "braid": (0.7, 0.03), "locs": (0.5, 0.45),
        "afro": (0.7, 0.8), "mohawk": (0.08, 0.14),
    }
)  # fmt: skip
# Weight of each colour on the lightest and on the darkest skin.
_COLOURS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "black": (1.0, 9.0), "dark brown": (3.0, 2.5), "brown": (3.2, 0.5),
        "light brown": (2.6, 0.15), "dark blond": (2.2, 0.05), "blond": (1.9, 0.06),
        "platinum": (0.35, 0.05), "auburn": (0.9, 0.1), "red": (0.9, 0.04), "dyed": (0.35, 0.2),
    }
)  # fmt: skip
_BEARDS: Mapping[str, float] = MappingProxyType(
    {
        "none": 5.0, "stubble": 2.6, "short": 1.8, "full": 1.3, "long": 0.45, "moustache": 0.7,
        "goatee": 0.7, "chin": 0.25, "sideburns": 0.2,
    }
)  # fmt: skip


def _grown(age: float) -> float:
    """0 of a child, 1 of an adult."""
    return min(1.0, max(0.0, (age - 13.0) / 7.0))


def _greyed(age: float) -> float:
    """The share of white hair to be expected at this age."""
    share = min(1.0, max(0.0, (age - 32.0) / 45.0))
    return share * share


def _mixed(table: Mapping[str, tuple[float, float]], share: float) -> list[float]:
    return [low + (high - low) * share for low, high in table.values()]


def draw_hair(draw: Draw, age: float, sex: float, tone: float) -> HairStyle:
    """Hair of somebody.

    Args:
        draw: Where the numbers come from.
        age: Years.
        sex: -1 female to 1 male.
        tone: Of the skin, 0 light to 1 dark.
    """
    male = min(1.0, max(0.0, 0.5 + 0.6 * sex))
    styles = _mixed(_STYLES, male)
    names = list(_STYLES)
    if age < 14.0:
        styles[names.index("bald")] = 0.0
    old = min(1.0, max(0.0, (age - 24.0) / 40.0))
    lines = {
        "full": 7.0 - 5.0 * old * male,
        "peak": 1.2,
        "receding": 3.4 * old * male,
        "crown": 1.5 * old * male,
        "ring": 1.6 * old * old * male,
    }
    style = draw.of("style").choice(names, styles)
    line = draw.of("line").choice(list(lines), list(lines.values()))
    if line in ("crown", "ring") and style not in ("short", "crew", "buzz", "slicked"):
        style = "short" if draw.of("bald").chance(0.5) else "crew"
    curly = 0.62 if style in ("afro", "locs") else 0.18 + 0.45 * tone * tone
    grey = 0.0 if age < 28.0 else _greyed(age) * draw.of("grey").uniform(0.1, 1.6)
    drawn = HairStyle.drawn(
        draw,
        style=style,
        line=line,
        recession=0.2 + 0.5 * old,
        curl=curly,
        colour=draw.of("colour").choice(list(_COLOURS), _mixed(_COLOURS, tone)),
        greying=min(1.0, grey),
        density=0.97 - 0.25 * old,
    )
    return drawn if age >= 28.0 else replace(drawn, greying=0.0)


def draw_beard(draw: Draw, age: float, sex: float) -> Beard:
    """Beard of somebody; children and the female end of the axis have none."""
    male = min(1.0, max(0.0, 0.5 + 0.75 * sex))
    share = _grown(age) * male * male * (3.0 - 2.0 * male)
    weights = [w if word == "none" else w * share for word, w in _BEARDS.items()]
    if share < 0.15:
        weights = [float(word == "none") for word in _BEARDS]
    return Beard.drawn(
        draw,
        style=draw.of("style").choice(list(_BEARDS), weights),
        greying=min(1.0, 1.25 * _greyed(age)),
        density=0.6 + 0.3 * min(1.0, max(0.0, (age - 16.0) / 12.0)),
        patches=0.5 - 0.3 * min(1.0, max(0.0, (age - 16.0) / 12.0)),
    )


def draw_brows(draw: Draw, age: float, sex: float) -> Brows:
    """Brows of somebody."""
    old = min(1.0, max(0.0, (age - 40.0) / 40.0))
    return Brows.drawn(
        draw,
        thickness=1.0 + 0.16 * sex - 0.12 * old,
        unruly=0.22 + 0.12 * sex + 0.3 * old,
        length=1.0 + 0.1 * sex + 0.15 * old,
        lashes=1.0 - 0.22 * sex,
        bridge=0.05 + 0.05 * sex,
    )
