"""Each loss reaches the generator, or does not, as its name and the released code have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from vplugin.train import swap_losses as losses
from vplugin.train.swap_losses import Kind

SIDE = 8
TARGET, TRUTH = (
    torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(n)) for n in (1, 2)
)
FILTER = torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(3))
MASK = torch.zeros(2, 1, SIDE, SIDE)
MASK[:, :, :4] = 1


def features(pictures: Tensor) -> Sequence[Tensor]:
    return [torch.nn.functional.conv2d(pictures, FILTER).relu(), pictures.mean((2, 3))]


def embedding(pictures: Tensor) -> Tensor:
    return normalize(pictures.flatten(1)[:, :16])


def verdicts(pictures: Tensor) -> Sequence[Sequence[Tensor]]:
    deep = torch.nn.functional.conv2d(pictures, FILTER)
    return [[pictures, deep, deep.mean(1, keepdim=True)]]


Loss = Callable[[Tensor, Kind], Tensor]
ALL, CYCLES = set(Kind), {Kind.CYCLE, Kind.CYCLE_BACK}
CASES: dict[str, tuple[Loss, set[Kind]]] = {
    "generator": (lambda y, _: losses.hinge_loss_of_generator(verdicts(y)), ALL),
    "fakes": (lambda y, _: losses.hinge_loss_of_fakes(verdicts(y)), ALL),
    "matching": (lambda y, _: losses.feature_matching_loss(verdicts(y), verdicts(TARGET)), ALL),
    "tone": (lambda y, _: losses.tone_loss(y, TARGET), ALL),
    "identity": (lambda y, _: losses.embedding_loss(embedding(y), embedding(TRUTH)), ALL),
    "truth identity": (
        lambda y, k: losses.truth_embedding_loss(embedding(y), embedding(TRUTH), k), CYCLES,
    ),
    "reconstruction": (lambda y, k: losses.reconstruction_loss(y, TARGET, k), {Kind.SAME}),
    "reconstruction in a triplet run": (
        lambda y, k: losses.reconstruction_loss(y, TARGET, k, triplet_run=True), {Kind.SAME},
    ),
    "reconstruction as released": (
        lambda y, k: losses.reconstruction_loss(y, TARGET, k, triplet_run=True, released=True),
        set(),
    ),
    "pixels": (lambda y, k: losses.pixel_loss(y, TRUTH, k), CYCLES),
    "pixels, naive": (
        lambda y, k: losses.pixel_loss(y, TRUTH, k, naive=True),
        CYCLES | {Kind.NAIVE, Kind.NAIVE_BACK},
    ),
    "perceptual": (
        lambda y, k: losses.perceptual_loss(y, TRUTH, k, features, (1.0, 0.5)), CYCLES,
    ),
    "perceptual as released": (
        lambda y, k: losses.perceptual_loss(y, TRUTH, k, features, (1.0, 0.5), released=True),
        set(),
    ),
    "mask": (lambda y, _: losses.masked_loss(y, TARGET, MASK), ALL),
    "attributes": (lambda y, _: losses.attribute_loss(features(y), features(TARGET)), ALL),
    "swap back": (lambda y, _: losses.swap_back_loss(y, TARGET), ALL),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", list(CASES))
def test_gradient_reaches_the_generator_where_it_should(name: str, kind: Kind) -> None:
    loss, reached = CASES[name]
    generator = torch.full((1,), 0.3, requires_grad=True)
    value = loss(TARGET * generator + 0.1 * TRUTH, kind)
    assert value.ndim == 0
    if value.requires_grad:
        value.backward()
    moved = generator.grad is not None and float(generator.grad.abs()) > 1e-6
    assert moved == (kind in reached)


def test_a_mask_hides_the_rest() -> None:
    other = TARGET.clone()
    other[:, :, 4:] += 1
    assert float(losses.masked_loss(other, TARGET, MASK)) == 0
    other[:, :, :4] += 0.5
    assert float(losses.masked_loss(other, TARGET, MASK)) == pytest.approx(0.5)


@pytest.mark.parametrize(("value", "reals", "fakes"), [(2.0, 0, 3), (0.0, 1, 1), (-2.0, 3, 0)])
def test_hinge(value: float, reals: float, fakes: float) -> None:
    said = [[torch.zeros(1), torch.full((1, 1, 2, 2), value)]]
    assert float(losses.hinge_loss_of_reals(said)) == reals
    assert float(losses.hinge_loss_of_fakes(said)) == fakes


def test_tone_is_of_light_and_colour_only() -> None:
    pattern = torch.tensor([0.3, -0.3]).repeat(SIDE // 2).expand(1, 3, SIDE, SIDE)
    assert float(losses.tone_loss(pattern, torch.zeros_like(pattern))) < 1e-6
    assert float(losses.tone_loss(pattern + 0.2, torch.zeros_like(pattern))) > 0.19
