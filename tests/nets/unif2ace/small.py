"""A model so small that a test takes no time, and rows for it."""

from __future__ import annotations

import torch

from vplugin.nets.unif2ace.model import TransformerSize, Unif2ace
from vplugin.nets.unif2ace.sequences import Layout

LAYOUT = Layout(words=20, codes=12, begin=1, end=2)
SIZE = TransformerSize(layers=2, width=16, heads=2, hidden=32)
PARALLEL = TransformerSize(layers=2, width=16, heads=2, hidden=32, turned=0.5, parallel=True)


def model(size: TransformerSize = SIZE, **experts) -> Unif2ace:
    """Of large random weights, so that nothing is nearly nought; float64."""
    torch.manual_seed(5)
    net = Unif2ace(LAYOUT, size, **experts)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(torch.randn(weight.shape) * 0.3)
    return net.double().eval()


def codes(count: int = 2, places: int = 4) -> torch.Tensor:
    return torch.randint(0, LAYOUT.codes, (count, places), generator=_seeded())


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(3)
