"""Pairs of photographs: who is where in them, and reenactors behind one interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest

from vplugin.train.contest.cases import Rgb, Shot
from vplugin.train.photo_pairs import LivePortraitReenactor, PairMaker
from vplugin.vision.align import template
from vplugin.vision.expression import ExpressionRestorer
from vplugin.vision.parse import FaceClass, Parsed, Parser

SIZE = 64
ADA, BEN = (200, 60, 60), (60, 60, 200)
ACROSS, DOWN = 0, 1


def _shot(colour: Sequence[int], stripes: int | None = None) -> Shot:
    """A picture with a face in the middle: of one colour, or striped along an axis."""
    picture = np.full((300, 300, 3), colour, np.uint8)
    if stripes is not None:
        wave = 40 * np.sin(np.arange(300) / 4)
        shape = (300, 1, 1) if stripes == ACROSS else (1, 300, 1)
        picture = np.clip(picture + wave.reshape(shape), 0, 255).astype(np.uint8)
    return Shot(picture, template("arcface_128").at(128) + 80)


def _stripes(picture: Rgb) -> int:
    """Along which axis a picture is striped."""
    levels = picture.astype(float).mean(-1)
    return ACROSS if levels.mean(1).std() > levels.mean(0).std() else DOWN


class _Halves:
    """A parser that sees skin in the left half and background in the right one."""

    size = 32

    def parse(self, crops: Rgb) -> Parsed:
        chances = np.zeros((len(crops), len(FaceClass), self.size, self.size), np.float32)
        chances[:, FaceClass.SKIN, :, : self.size // 2] = 1
        chances[:, FaceClass.BACKGROUND, :, self.size // 2 :] = 1
        return Parsed(chances, np.zeros((len(crops), self.size, self.size), np.float32))


def test_the_proxies_show_one_person_in_the_place_of_the_other() -> None:
    asked: list[tuple[int, int]] = []

    def reenact(identity: Shot, attributes: Shot, size: int) -> Rgb:
        asked.append((_stripes(identity.picture), _stripes(attributes.picture)))
        return identity.crop(size)

    maker = PairMaker(reenact, cast(Parser, _Halves()), SIZE)
    pair = maker.pair(_shot(ADA, ACROSS), _shot(BEN, DOWN))
    assert asked == [(DOWN, ACROSS), (ACROSS, DOWN)]
    assert [_stripes(picture) for picture in (pair.target, pair.source)] == [ACROSS, DOWN]
    for proxy, photo, shown in (
        (pair.source_on_target, ADA, DOWN),
        (pair.target_on_source, BEN, ACROSS),
    ):
        assert _stripes(proxy[:, 4 : SIZE // 2 - 4]) == shown  # its skin
        assert _stripes(proxy[:, SIZE // 2 + 4 : -4]) != shown
        assert np.abs(proxy.reshape(-1, 3).mean(0) - photo).max() < 12  # colours are matched


@pytest.mark.parametrize("size", [64, 256])
def test_live_portrait_shows_the_identity_with_the_attributes(size: int) -> None:
    class Nets:
        size = 512

        def driven(self, identity: np.ndarray, attributes: np.ndarray) -> np.ndarray:
            assert identity.dtype == attributes.dtype == np.float32
            assert identity.shape == attributes.shape == (512, 512, 3)
            return np.stack([identity[..., 0], attributes[..., 1], attributes[..., 2]], -1)

    reenact = LivePortraitReenactor(cast(ExpressionRestorer, Nets()))
    made = reenact(_shot(ADA), _shot(BEN), size)
    assert made.shape == (size, size, 3)
    assert tuple(made[size // 2, size // 2]) == (ADA[0], BEN[1], BEN[2])
