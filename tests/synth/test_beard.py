"""Beards grow where they should, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from tests.synth.heads import grown, mean_head, of
from vplugin.synth.beard import Beard, beard_density, beard_region
from vplugin.synth.parts import Segment

CHIN, LIP, CHEEK, NECK = (0.0, 104.0, -12.0), (14.0, 60.0, -22.0), (60.0, 60.0, 45.0), (0, 112, 40)
MOUTH, NOSE, FOREHEAD, EYE = (5.0, 72.0, -20.0), (0.0, 40.0, -40.0), (0, -50, -20), (31, 0, -10)


@pytest.mark.parametrize(
    ("style", "grows", "bare"),
    [
        ("stubble", (CHIN, LIP, CHEEK, NECK), ()),
        ("full", (CHIN, LIP, CHEEK), ()),
        ("long", (CHIN, LIP, CHEEK), ()),
        ("moustache", (LIP,), (CHIN, CHEEK, NECK)),
        ("goatee", (LIP, CHIN), (CHEEK,)),
        ("chin", (CHIN,), (LIP, CHEEK)),
        ("sideburns", ((66.0, 30.0, 55.0),), (CHIN, LIP)),
        ("none", (), (CHIN, LIP, CHEEK)),
    ],
)
def test_regions(
    style: str,
    grows: tuple[tuple[float, float, float], ...],
    bare: tuple[tuple[float, float, float], ...],
) -> None:
    region = beard_region(Beard(style=style, patches=0.0))
    for place in grows:
        assert beard_density(region, *place) > 0.4, place
    for place in (*bare, MOUTH, NOSE, FOREHEAD, EYE):
        assert beard_density(region, *place) == 0.0, place


@pytest.mark.parametrize("style", ["stubble", "short", "full", "long", "moustache", "goatee"])
def test_hairs_are_labelled_and_start_below_the_nose(style: str) -> None:
    (beard,) = of(grown(beard=Beard(style=style)), Segment.BEARD)
    roots = beard.points[beard.starts[:-1]]
    assert len(roots) > 100
    assert roots[:, 1].min() > -25.0
    middle = np.abs(roots[:, 0]) < 20.0
    assert roots[middle, 1].min() > mean_head().points5[2, 1]


def test_lengths_follow_the_style() -> None:
    lowest = [
        float(of(grown(beard=Beard(style=style)), Segment.BEARD)[0].points[:, 1].max())
        for style in ("stubble", "full", "long")
    ]
    assert lowest[0] < lowest[1] - 5.0 < lowest[2] - 25.0


def test_none_is_none() -> None:
    assert not of(grown(beard=Beard(style="none")), Segment.BEARD)


def test_greying_turns_it_white() -> None:
    dark, white = (
        of(grown(beard=Beard(style="full", greying=grey)), Segment.BEARD)[0].colours.mean()
        for grey in (0.0, 1.0)
    )
    assert white > 5.0 * dark
