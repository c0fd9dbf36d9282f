"""Scalp hair: every style grows, where it should, and the same way every time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from hashlib import blake2b

import numpy as np
import pytest

from tests.synth.heads import grown, mean_head, of
from vplugin.synth.draw import Draw
from vplugin.synth.exact import compiled
from vplugin.synth.hair import grow
from vplugin.synth.hair_cuts import CUTS
from vplugin.synth.hair_priors import draw_beard, draw_brows, draw_hair
from vplugin.synth.hair_style import HairStyle
from vplugin.synth.parts import Floats, Material, Part, Segment, Strands
from vplugin.synth.person import Person
from vplugin.synth.scalp import BODY, CENTRE_Y, CENTRE_Z, Surface, build_surface, head_radius

STYLES = [style for style in CUTS if style != "bald"]


@cache
def surface() -> Surface:
    skin = mean_head().parts[0]
    return build_surface([(skin.vertices, skin.triangles, BODY)])


def hair(**given: float | str) -> tuple[Strands, ...]:
    return of(grown(HairStyle(**given)), Segment.HAIR)  # type: ignore[arg-type]


def points(strands: tuple[Strands, ...]) -> Floats:
    return np.concatenate([item.points for item in strands])


def roots(strands: tuple[Strands, ...]) -> Floats:
    return np.concatenate([item.points[item.starts[:-1]] for item in strands])


@compiled
def _heights(head: Floats, places: Floats) -> Floats:
    out = np.empty(len(places))
    for k in range(len(places)):
        x, y, z = places[k, 0], places[k, 1] - CENTRE_Y, places[k, 2] - CENTRE_Z
        out[k] = np.sqrt(x * x + y * y + z * z) - head_radius(head, x, y, z)
    return out


def over_the_head(places: Floats) -> Floats:
    """mm over the surface of skull and face; below the chin it is not asked."""
    return _heights(surface().head, places[places[:, 1] < 60.0])


@pytest.mark.parametrize("style", STYLES)
def test_every_style_grows(style: str) -> None:
    strands = hair(style=style)
    assert sum(len(item.widths) for item in strands) > 300
    for item in strands:
        assert np.isfinite(item.points).all()
        assert item.starts[-1] == len(item.points)
        assert item.colours.shape == item.tips.shape == (len(item.widths), 3)
        assert float(item.colours.min()) >= 0.0
        assert float(item.colours.max()) <= 1.0
        assert float(item.widths.min()) > 0.0


@pytest.mark.parametrize("style", STYLES)
def test_no_hair_runs_through_the_head(style: str) -> None:
    strands = hair(style=style, curl=0.4)
    over = over_the_head(points(strands))
    assert float(np.quantile(over, 0.005)) > -1.5
    # Roots below the ears are inside of what the ears' outline bounds.
    rest = np.concatenate([np.delete(item.points, item.starts[:-1], axis=0) for item in strands])
    assert float(over_the_head(rest).min()) > -2.0


def test_bald_grows_none_but_brows_and_lashes() -> None:
    labels = {item.label for item in grown(HairStyle(style="bald"))}
    assert labels == {
        Segment.LEFT_BROW,
        Segment.RIGHT_BROW,
        Segment.LEFT_EYE,
        Segment.RIGHT_EYE,
    }


def digest(strands: tuple[Strands, ...]) -> bytes:
    state = blake2b()
    for item in strands:
        for array in (item.points, item.starts, item.widths, item.colours, item.tips):
            state.update(array.tobytes())
    return state.digest()


def test_the_same_hair_gives_the_same_bytes_and_another_pattern_others() -> None:
    style = HairStyle(style="bob", curl=0.5)
    assert digest(grown(style)) == digest(grown(style))
    assert digest(grown(style)) != digest(grown(replace(style, pattern=0.77)))


@pytest.mark.parametrize(
    ("line", "inside", "bare"),
    [
        ("ring", (0.0, 0.0, 180.0), (0.0, -118.0, 78.0)),
        ("crown", (0.0, -100.0, 20.0), (0.0, -95.0, 140.0)),
        ("receding", (0.0, -118.0, 90.0), (48.0, -82.0, 0.0)),
    ],
)
def test_lines_leave_bare_what_they_say(
    line: str, inside: tuple[float, float, float], bare: tuple[float, float, float]
) -> None:
    def near(strands: tuple[Strands, ...], place: tuple[float, float, float]) -> int:
        return int((((roots(strands) - place) ** 2).sum(axis=1) < 22.0**2).sum())

    full, thin = hair(style="crew"), hair(style="crew", line=line, recession=0.9)
    assert near(thin, bare) < 0.25 * near(full, bare)
    assert near(thin, inside) > 0.5 * near(full, inside)


def test_more_detail_is_more_and_thinner_hairs() -> None:
    coarse, fine = (of(grown(HairStyle(), detail=detail), Segment.HAIR) for detail in (0.5, 1.5))
    assert len(roots(fine)) > 2 * len(roots(coarse))
    assert float(np.median(fine[1].widths)) < float(np.median(coarse[1].widths))


def test_lengths_follow_the_style() -> None:
    styles = ("crew", "bob", "long")
    lowest = [float(np.quantile(points(hair(style=s))[:, 1], 0.99)) for s in styles]
    assert lowest[0] < 60.0 < lowest[1] < 110.0 < 180.0 < lowest[2]


def test_a_fringe_covers_the_forehead() -> None:
    def before_it(fringe: str) -> int:
        at = points(hair(style="bob", fringe=fringe))
        front = (np.abs(at[:, 0]) < 25.0) & (at[:, 2] < 20.0)
        return int((front & (at[:, 1] > -60.0) & (at[:, 1] < -25.0)).sum())

    assert before_it("straight") > 20 * max(1, before_it("none"))


def test_hair_goes_over_ears_or_behind_them() -> None:
    def over(ears: str) -> int:
        at = points(hair(style="long", ears=ears, shoulders="behind"))
        return int(((at[:, 1] > -5) & (at[:, 1] < 35) & (at[:, 2] > 55) & (at[:, 2] < 95)).sum())

    assert over("free") < 0.5 * over("covered")


def test_curls_turn() -> None:
    def bending(curl: float) -> float:
        body = hair(style="shoulder", curl=curl, frizz=0.0)[1]
        each = len(body.points) // len(body.widths)
        lines = body.points.reshape(-1, each, 3)
        second = lines[:, 2:] - 2.0 * lines[:, 1:-1] + lines[:, :-2]
        return float(np.abs(second).mean())

    assert bending(0.0) * 1.5 < bending(0.4) < bending(0.7) * 1.2


def test_grey_hair_has_no_hue_and_dyed_hair_has_the_one_asked_for() -> None:
    def mean(**given: float | str) -> Floats:
        colour = np.concatenate([item.tips for item in hair(style="bob", **given)]).mean(axis=0)
        return np.asarray(colour / colour.max(), np.float64)

    assert mean(colour="red", greying=1.0).min() > 0.9
    assert mean(colour="red").argmax() == 0
    assert mean(colour="red")[2] < 0.4
    assert mean(colour="dyed", hue=2 / 3).argmax() == 2


def test_a_hat_presses_hair_down() -> None:
    skin = mean_head().parts[0]
    centre = np.array([0.0, CENTRE_Y, CENTRE_Z])
    low = (skin.vertices[:, 1] > -60.0)[skin.triangles].any(axis=1)
    shell = centre + (skin.vertices - centre) * 1.08
    hat = Part(shell, skin.triangles[~low], Material.FELT, Segment.HAT, shell)
    person = replace(Person(), hair=HairStyle(style="afro"))
    tallest = [
        points(of(grow(person, mean_head(), 0.3, worn), Segment.HAIR))[:, 1].min()
        for worn in ((), (hat,))
    ]
    assert tallest[0] < -150.0
    assert tallest[1] > shell[:, 1].min()


@pytest.mark.parametrize("age", [6.0, 40.0, 85.0])
@pytest.mark.parametrize("sex", [-1.0, 1.0])
def test_priors_follow_age_and_sex(age: float, sex: float) -> None:
    draws = [Draw(seed, "test") for seed in range(60)]
    beards = [draw_beard(draw, age, sex).style != "none" for draw in draws]
    greying = np.mean([draw_hair(draw, age, sex, 0.5).greying for draw in draws])
    lines = [draw_hair(draw, age, sex, 0.5).line for draw in draws]
    assert any(beards) == (age > 18.0 and sex > 0.0)
    assert (greying > 0.4) == (age > 80.0)
    assert ("ring" in lines) == (age > 35.0 and sex > 0.0) or age == 40.0
    assert all(draw_brows(draw, age, sex).lashes > 0 for draw in draws)
