"""The refine net begins as the identity, keeps to its region and listens to the embedding."""

from __future__ import annotations

import pytest
import torch

from vplugin.nets.reliableswap.refine import Refiner, RefinerSize
from vplugin.vision.lower import REGION


def refiner() -> Refiner:
    torch.manual_seed(0)
    return Refiner(RefinerSize(latent=8, base=4, blocks=1)).eval()


def awake() -> Refiner:
    net = refiner()
    torch.nn.init.normal_(net.head.weight, std=0.5)
    return net


@pytest.mark.parametrize("side", [128, 256])
def test_it_begins_as_the_identity(side: int) -> None:
    pictures = torch.rand(2, 3, side, side)
    torch.testing.assert_close(refiner()(pictures, torch.randn(2, 8)), pictures)


@pytest.mark.parametrize("side", [128, 256])
def test_nothing_changes_outside_of_its_region(side: int) -> None:
    pictures = torch.rand(2, 3, side, side)
    made = awake()(pictures, torch.randn(2, 8)).detach()
    changed = (made - pictures).abs().amax((0, 1))
    top, bottom, left, right = (round(share * side) for share in REGION)
    inside = torch.zeros(side, side, dtype=torch.bool)
    inside[top + 1 : bottom, left + 1 : right - 1] = True
    assert float(changed[~inside].max()) == 0
    assert float(changed[bottom - 1, side // 2]) > 0  # the chin may reach the edge
    assert float(changed[inside].mean()) > 0.01


def test_the_embedding_steers_it() -> None:
    pictures, lower = torch.rand(1, 3, 128, 128), torch.randn(1, 8, requires_grad=True)
    net = awake()
    net(pictures, lower).square().mean().backward()
    assert lower.grad is not None
    assert float(lower.grad.abs().max()) > 0
    one, other = net(pictures, lower), net(pictures, -lower)
    assert float((one - other).detach().abs().max()) > 1e-3
