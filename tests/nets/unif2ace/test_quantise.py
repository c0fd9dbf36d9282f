from __future__ import annotations

import pytest
import torch

from vplugin.nets.unif2ace.quantise import FiniteScalar, Quantiser, Signs

QUANTISERS = [FiniteScalar((4, 3)), FiniteScalar((8, 5, 5, 5)), Signs(3)]
BY_KIND = pytest.mark.parametrize("quantiser", QUANTISERS)


@BY_KIND
def test_every_code_has_values_that_give_it_again(quantiser: Quantiser) -> None:
    side = 32
    codes = (torch.arange(side * side) % quantiser.codes)[None]
    values = quantiser.values(codes, side)
    assert values.shape == (1, quantiser.channels, side, side)
    assert values.abs().max() <= 1
    assert torch.equal(quantiser.indices(values), codes)


@BY_KIND
def test_rounding_lands_on_the_values_of_its_code_and_lets_the_gradient_through(
    quantiser: Quantiser,
) -> None:
    features = torch.randn(
        2, quantiser.channels, 32, 32, generator=torch.Generator().manual_seed(1)
    )
    features = (features * 3).requires_grad_()
    values = quantiser(features)
    codes = quantiser.indices(values)
    assert torch.allclose(values, quantiser.values(codes, 32), atol=1e-5)
    assert len(codes.unique()) == quantiser.codes or quantiser.codes > 500
    values.sum().backward()
    assert features.grad is not None
    assert (features.grad > 0).float().mean() > 0.9


def test_signs_are_bits_the_first_channel_the_highest() -> None:
    picture = torch.tensor([1.0, -1.0, 1.0])[None, :, None, None]
    assert Signs(3).indices(picture).item() == 0b101
    assert Signs(13).codes == 8192


def test_levels_multiply() -> None:
    assert FiniteScalar((8, 5, 5, 5)).codes == 1000
