"""Skin is darker where hair grows, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.synth.beard import Beard
from vplugin.synth.hair_style import HairStyle
from vplugin.synth.undercoat import ENTRIES, undercoat, undercoat_parameters

CROWN, NAPE, FOREHEAD = (20.0, -115.0, 90.0), (0.0, 20.0, 165.0), (0.0, -45.0, -20.0)
CHIN, CHEEK = (0.0, 104.0, -12.0), (35.0, 20.0, -15.0)


def darkened(
    style: str, beard: str, place: tuple[float, float, float], **given: float | str
) -> float:
    """How much of the light is left, 0 to 1."""
    hair = HairStyle(style=style, colour="black", **given)  # type: ignore[arg-type]
    numbers = undercoat_parameters(hair, Beard(style=beard))
    assert numbers.shape == (ENTRIES,)
    out = np.full(8, 0.5)
    undercoat(*place, numbers, out)
    assert (out[4:] == 0.5).all()
    return float(out[:3].mean() / 0.5)


@pytest.mark.parametrize(
    ("style", "beard", "place", "low", "high"),
    [
        ("short", "none", CROWN, 0.0, 0.35),
        ("short", "none", NAPE, 0.0, 0.35),
        ("buzz", "none", CROWN, 0.35, 0.75),
        ("bald", "none", CROWN, 1.0, 1.0),
        ("short", "none", FOREHEAD, 1.0, 1.0),
        ("short", "none", CHIN, 1.0, 1.0),
        ("bald", "full", CHIN, 0.6, 0.9),
        ("bald", "full", CHEEK, 1.0, 1.0),
    ],
)
def test_where_skin_is_darkened(
    style: str, beard: str, place: tuple[float, float, float], low: float, high: float
) -> None:
    assert low <= darkened(style, beard, place) <= high


def test_the_parting_shows_skin() -> None:
    at = (0.0, -112.0, 70.0)
    assert darkened("long", "none", at, part="middle") > 2 * darkened(
        "long", "none", at, part="left"
    )
