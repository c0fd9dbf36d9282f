"""The house nets: shapes, sizes, and that they can say what they must be able to say."""

from __future__ import annotations

import pytest
import torch

from vplugin.nets.house.attributes import ANSWERS, AttributeNet
from vplugin.nets.house.identity import IdentityNet
from vplugin.nets.house.landmarks import LandmarkNet, _expectation
from vplugin.nets.house.parser import ParserNet
from vplugin.nets.house.trunk import Trunk, TrunkSize

SMALL = TrunkSize(stem=4, widths=(4, 8, 8, 12), depths=(0, 1, 0, 1))


def _pictures(side: int, count: int = 2) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(3)) * 255


@pytest.mark.parametrize("side", [64, 96])
def test_trunk_gives_strides_4_to_32(side: int) -> None:
    features = Trunk(SMALL)(_pictures(side))
    assert [tuple(x.shape) for x in features] == [
        (2, width, side // stride, side // stride)
        for width, stride in zip(SMALL.widths, (4, 8, 16, 32), strict=True)
    ]


@pytest.mark.parametrize(
    ("net", "side", "shapes"),
    [
        (LandmarkNet(SMALL), 192, [(2, 212)]),
        (LandmarkNet(SMALL), 128, [(2, 212)]),
        (AttributeNet(SMALL), 96, [(2, len(ANSWERS))]),
        (IdentityNet(), 112, [(2, 512)]),
        (ParserNet(SMALL), 96, [(2, 19, 96, 96), (2, 1, 96, 96)]),
    ],
)
def test_outputs_have_the_shapes_of_the_contract(
    net: torch.nn.Module, side: int, shapes: list[tuple[int, ...]]
) -> None:
    with torch.inference_mode():
        given = net.eval()(_pictures(side))
    outputs = [given] if isinstance(given, torch.Tensor) else list(given)
    assert [tuple(one.shape) for one in outputs] == shapes
    assert all(one.dtype == torch.float32 and bool(torch.isfinite(one).all()) for one in outputs)


@pytest.mark.parametrize(
    ("net", "most"),
    [
        (LandmarkNet(), 2.5e6),
        (IdentityNet(), 5e6),
        (ParserNet(), 2.1e6),
        (AttributeNet(), 2e6),
    ],
)
def test_nets_are_small(net: torch.nn.Module, most: float) -> None:
    assert sum(weight.numel() for weight in net.parameters()) <= most


@pytest.mark.parametrize(
    ("row", "column", "place"),
    [(0, 0, (-0.875, -0.75)), (3, 7, (0.875, 0.75)), (1, 4, (0.125, -0.25))],
)
def test_a_sharp_heat_map_says_the_centre_of_its_cell(
    row: int, column: int, place: tuple[float, float]
) -> None:
    heat = torch.full((1, 1, 4, 8), -50.0)
    heat[0, 0, row, column] = 50.0
    assert torch.allclose(_expectation(heat)[0, 0], torch.tensor(place), atol=1e-5)


def test_landmarks_of_the_contract_are_half_a_pixel_before_the_edges() -> None:
    net = LandmarkNet(SMALL).eval()
    pictures = _pictures(192)
    with torch.inference_mode():
        edges, contract = net.detailed(pictures).points.flatten(1), net(pictures)
    assert torch.allclose(edges - contract, torch.full_like(edges, 1 / 192), atol=1e-6)


def test_answers_keep_their_ranges_and_units() -> None:
    net = AttributeNet(SMALL).eval()
    with torch.no_grad():
        net.answers.weight.zero_()
        net.answers.bias.fill_(2.0)
        row = net(_pictures(96))[0]
    for value, answer in zip(row.tolist(), ANSWERS, strict=True):
        assert value == pytest.approx(2 * answer.scale if answer.kind == "value" else 0.8808, 1e-3)
