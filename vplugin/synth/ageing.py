"""What age and sex add to a shape, in standard deviations of each parameter, and to its size.

A child's face is small below a large skull, round and flat-nosed; an old one sags, its nose and
ears have grown, its lips are thin. Both come on gradually; see Farkas, *Anthropometry of the Head
and Face* (1994), for the directions, the amounts are by eye.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_CHILD: Mapping[str, float] = MappingProxyType(
    {
        "skull.brow_ridge": -1.6, "skull.glabella": -1.0, "skull.forehead_bulge": 1.5,
        "skull.forehead_slope": 0.8, "skull.height": 0.9, "cheeks.length": -2.4,
        "cheeks.fullness": 1.1, "cheeks.apples": 1.6, "cheeks.width": -0.6, "cheeks.bones": -0.6,
        "jaw.length": -2.6, "jaw.width": -1.5, "jaw.square": -1.6, "jaw.taper": 0.8,
        "jaw.chin_forward": -0.8, "jaw.chin_width": -0.8, "nose.length": -2.2,
        "nose.projection": -2.0, "nose.bridge": -2.0, "nose.root": -1.4, "nose.tip_turn": 1.3,
        "nose.wings": -1.0, "nose.tip_width": -0.6, "eyes.opening": 1.1, "eyes.width": 1.2,
        "eyes.depth": -0.6, "eyes.brow_height": 0.7, "mouth.width": -1.6, "mouth.upper": 0.3,
        "mouth.height": 0.8, "ears.away": 0.5, "body.neck_width": -2.6, "body.shoulders": -2.4,
        "body.larynx": -1.5, "body.neck_length": -1.5, "cheeks.folds": -0.8,
    }
)  # fmt: skip
_OLD: Mapping[str, float] = MappingProxyType(
    {
        "nose.length": 0.8, "nose.tip_turn": -1.1, "nose.tip_size": 0.4, "ears.size": 1.3,
        "ears.lobe": 1.6, "mouth.upper": -1.3, "mouth.lower": -0.9, "mouth.corners": -0.9,
        "mouth.height": -0.6, "jaw.jowls": 1.9, "jaw.underchin": 0.9, "cheeks.folds": 2.6,
        "cheeks.fullness": -1.0, "cheeks.apples": -0.8, "skull.temples": -1.4, "eyes.hood": 1.6,
        "eyes.bags": 1.9, "eyes.opening": -0.9, "eyes.fullness": -0.6, "eyes.tilt": -0.5,
        "eyes.brow_height": -0.6, "body.stoop": 1.2, "jaw.length": -0.3,
    }
)  # fmt: skip
_MALE: Mapping[str, float] = MappingProxyType(
    {
        "skull.length": 0.4, "skull.breadth": 0.3, "skull.brow_ridge": 1.1, "skull.glabella": 0.6,
        "skull.forehead_slope": -0.6, "skull.forehead_bulge": -0.5, "cheeks.apples": -0.6,
        "cheeks.fullness": -0.3, "cheeks.bones": -0.2, "cheeks.length": 0.3, "jaw.width": 0.8,
        "jaw.square": 0.9, "jaw.taper": -0.5, "jaw.chin_width": 0.8, "jaw.chin_forward": 0.3,
        "jaw.length": 0.6, "nose.length": 0.4, "nose.projection": 0.4, "nose.bridge_width": 0.6,
        "nose.bridge": 0.3, "nose.wings": 0.5, "nose.tip_turn": -0.4, "nose.tip_size": 0.3,
        "eyes.opening": -0.5, "eyes.brow_height": -0.8, "eyes.brow_arch": -0.7, "eyes.depth": 0.3,
        "eyes.crease": -0.3, "mouth.upper": -0.6, "mouth.lower": -0.4, "mouth.width": 0.3,
        "mouth.bow": -0.3, "ears.size": 0.4, "body.neck_width": 1.3, "body.larynx": 1.5,
        "body.shoulders": 1.3, "body.neck_length": -0.2,
    }
)  # fmt: skip


def childhood(age: float) -> float:
    """1 at three years, 0 from seventeen on."""
    share = min(1.0, max(0.0, (17.0 - age) / 14.0))
    return share * (1.4 - 0.4 * share)


def oldness(age: float) -> float:
    """0 up to forty years, 1 at about eighty."""
    share = max(0.0, (age - 38.0) / 44.0)
    return min(1.25, share * (0.55 + 0.45 * share))


def aged(amounts: dict[str, float], age: float, sex: float) -> None:
    """Adds to shape parameters what age (years) and sex (-1 to 1) do."""
    young, old = childhood(age), oldness(age)
    for table, share in ((_CHILD, young), (_OLD, old), (_MALE, sex * (1.0 - 0.75 * young))):
        for name, by in table.items():
            amounts[name] += share * by


def size_of(age: float, sex: float) -> float:
    """Of the whole head, relative to the mean adult's."""
    young = childhood(age)
    return (1.0 - 0.12 * young) * (1.0 + 0.022 * sex * (1.0 - young))
