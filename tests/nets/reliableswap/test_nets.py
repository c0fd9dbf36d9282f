"""The networks of ReliableSwap: published sizes, published names, shapes, where gradients go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from vplugin.nets.reliableswap.discriminator import (
    MultiScaleDiscriminator,
    PatchDiscriminator,
    ProjectedDiscriminator,
)
from vplugin.nets.reliableswap.faceshifter import FaceShifter, FaceShifterSize
from vplugin.nets.reliableswap.iresnet import (
    FIXER,
    IResNet,
    IResNetSize,
    fused,
    identity_crop,
    lower_crop,
)
from vplugin.nets.reliableswap.simswap import Generator, GeneratorSize, public_name
from vplugin.vision.align import template

SMALL = GeneratorSize(latent=24, base=4, blocks=2)
SMALL_SHIFTER = FaceShifterSize(latent=24, halvings=6, divisor=16)
SMALL_ENCODER = IResNetSize(side=56, embedding=16, depths=(1, 1, 1, 1), widths=(4, 8, 8, 16))


@pytest.mark.parametrize(
    ("build", "millions"),
    [
        (Generator, 55.05),
        (lambda: Generator(GeneratorSize(latent=640)), 57.41),
        (FaceShifter, 184.3),
        (lambda: FaceShifter(FaceShifterSize(latent=640)), 188.0),
        (lambda: FaceShifter(FaceShifterSize(halvings=6)), 113.0),
        (lambda: FaceShifter(FaceShifterSize(latent=128, halvings=6, divisor=4)), 7.1),
        (lambda: IResNet(FIXER), 31.79),
        (lambda: IResNet(IResNetSize(depths=(3, 13, 30, 3))), 65.2),
        (PatchDiscriminator, 2.77),
    ],
)
def test_as_many_parameters_as_published(build: Callable[[], nn.Module], millions: float) -> None:
    with torch.device("meta"):
        count = sum(weight.numel() for weight in build().parameters())
    assert count / 1e6 == pytest.approx(millions, rel=0.004)


def _published_shapes() -> dict[str, tuple[int, ...]]:
    """The state dict of the public SimSwap generator for 256 px, as its code lays it out."""
    convolutions = {"first_layer.1": (64, 3, 7), "last_layer.1": (3, 64, 7)}
    norms = {"first_layer.2": 64}
    for level, width in enumerate((128, 256, 512), 1):
        convolutions[f"down{level}.0"] = (width, width // 2, 3)
        convolutions[f"up{level}.1"] = (width // 2, width, 3)
        norms |= {f"down{level}.1": width, f"up{level}.2": width // 2}
    shapes: dict[str, tuple[int, ...]] = {}
    for block in range(9):
        for half in (1, 2):
            convolutions[f"BottleNeck.{block}.conv{half}.1"] = (512, 512, 3)
            shapes[f"BottleNeck.{block}.style{half}.linear.weight"] = (1024, 512)
            shapes[f"BottleNeck.{block}.style{half}.linear.bias"] = (1024,)
    for name, (outside, inside, kernel) in convolutions.items():
        shapes[f"{name}.weight"] = (outside, inside, kernel, kernel)
        shapes[f"{name}.bias"] = (outside,)
    for name, width in norms.items():
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{part}"] = (width,)
        shapes[f"{name}.num_batches_tracked"] = ()
    return shapes


def test_public_simswap_weights_find_their_places() -> None:
    with torch.device("meta"):
        ours = Generator().state_dict()
    assert {public_name(k): tuple(v.shape) for k, v in ours.items()} == _published_shapes()


@pytest.mark.parametrize(
    ("kind", "small"), [(Generator, SMALL), (FaceShifter, SMALL_SHIFTER)], ids=["simswap", "aei"]
)
def test_a_gain_is_the_same_as_larger_latents(kind: Any, small: Any) -> None:
    torch.manual_seed(0)
    one, other = kind(small).eval(), kind(replace(small, gain=8.0)).eval()
    other.load_state_dict(one.state_dict())
    target, latent = torch.rand(1, 3, 128, 128), torch.randn(1, 24)
    with torch.inference_mode():
        torch.testing.assert_close(one(target, 8 * latent), other(target, latent))


@pytest.mark.parametrize("side", [64, 128])
def test_simswap_keeps_the_size_and_feels_both_inputs(side: int) -> None:
    torch.manual_seed(0)
    net = Generator(SMALL).eval()
    target, latent = torch.rand(2, 3, side, side) * 2 - 1, torch.randn(2, 24, requires_grad=True)
    picture = net(target, latent)
    assert picture.shape == target.shape
    picture.square().mean().backward()
    assert latent.grad is not None
    assert float(latent.grad.abs().min()) > 0
    assert not torch.allclose(picture, net(target.flip(0), latent))


def test_faceshifter_takes_attributes_and_identity() -> None:
    torch.manual_seed(0)
    net = FaceShifter(SMALL_SHIFTER).eval()
    target, latent = torch.rand(2, 3, 128, 128) * 2 - 1, torch.randn(2, 24, requires_grad=True)
    maps = net.encoder(target)
    assert [one.shape[-1] for one in maps] == [2, 4, 8, 16, 32, 64, 128]
    assert tuple(one.shape[1] for one in maps) == SMALL_SHIFTER.attributes()
    picture = net.generate(maps, latent)
    assert picture.shape == target.shape
    assert float(picture.detach().abs().max()) <= 1
    picture.square().mean().backward()
    assert latent.grad is not None
    assert float(latent.grad.abs().max()) > 0


def test_embeddings_have_length_one_whatever_the_light() -> None:
    torch.manual_seed(0)
    net = IResNet(SMALL_ENCODER).eval()
    found = net(torch.rand(3, 3, 56, 56) * 2 - 1)
    assert found.shape == (3, 16)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))


@pytest.mark.parametrize("scale", [1, 2])
def test_crops_are_the_templates(scale: int) -> None:
    """A point of the 128 px template lies, in the crop, where the 112 px template has it."""
    wide, narrow = template("arcface_128").at(128 * scale), template("arcface_112").at(112)
    pictures = torch.zeros(1, 3, 128 * scale, 128 * scale)
    for number, (x, y) in enumerate(np.round(wide).astype(int)):
        pictures[0, :, y, x] = number + 1
    crop = identity_crop(pictures)
    assert crop.shape == (1, 3, 112, 112)
    for x, y in narrow:
        about = crop[0, 0, int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3]
        assert float(about.max()) > 0
    lower = lower_crop(crop)
    assert lower.shape == (1, 3, 56, 56)
    assert set(lower[0, 0].unique().tolist()) - {0.0} == {x / scale**2 for x in (3.0, 4.0, 5.0)}


def test_values_of_both_embeddings_weigh_the_same() -> None:
    torch.manual_seed(0)
    identity, lower = (nn.functional.normalize(torch.randn(64, n)) for n in (512, 128))
    both = fused(identity, lower)
    assert both.shape == (64, 640)
    assert both[:, :512].std().item() == pytest.approx(both[:, 512:].std().item(), rel=0.05)


def test_each_scale_judges_a_smaller_picture() -> None:
    found = MultiScaleDiscriminator(scales=2, base=4)(torch.zeros(2, 3, 64, 64))
    assert [tuple(maps[-1].shape) for maps in found] == [(2, 1, 6, 6), (2, 1, 2, 2)]


def test_projected_verdicts_leave_the_features_as_they_are() -> None:
    class Maps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 8, 3, 2, 1)])

        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            fine = self.layers[0](x)
            return [fine, self.layers[1](fine)]

    judge = ProjectedDiscriminator(Maps(), (4, 8), hidden=4).train()
    assert judge.training
    assert not judge.features.training
    pictures = torch.rand(2, 3, 32, 32, requires_grad=True)
    verdicts = judge(pictures)
    sum(one[-1].mean() for one in verdicts).backward()
    assert pictures.grad is not None
    assert float(pictures.grad.abs().max()) > 0
    assert all(weight.grad is None for weight in judge.features.parameters())
