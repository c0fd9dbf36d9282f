from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.nets.unif2ace.small import LAYOUT, codes, model
from vplugin.nets.unif2ace.sequence_experts import (
    SequenceExperts,
    SequenceSettings,
    Surroundings,
    ratio_waves,
)
from vplugin.nets.unif2ace.sequences import Task, answering, drawing

SETTINGS = SequenceSettings({"image": 5, "face": 7}, places=4, width=6)
CONTROLS = pytest.mark.parametrize("control", ["routed", "static", "always"])
DRAWS = drawing(LAYOUT, [[5, 6], []], codes(), slot=6)
ANSWERS = answering(LAYOUT, codes(), [[5], [5]], [[8, 9], [7, 7]])


def features(seed: int = 1) -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    return {
        "image": torch.randn(2, 9, 5, generator=random, dtype=torch.float64),
        "face": torch.randn(2, 1, 7, generator=random, dtype=torch.float64),
    }


def layer(settings: SequenceSettings = SETTINGS, depth: int = 0) -> SequenceExperts:
    torch.manual_seed(2)
    net = SequenceExperts(8, settings, depth, 1e-5)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(torch.randn(weight.shape) * 0.5)
    return net


def around(task: Task = Task.ANSWER, ratio: float = 0.5) -> Surroundings:
    resampled = {name: torch.randn(2, 4, 6) for name in SETTINGS.encoders}
    return Surroundings(task, slice(1, 5), resampled, torch.full((2,), ratio))


def choose(net: SequenceExperts, task: Task, experts: tuple[int, ...]) -> None:
    """Make the router want these experts, by a stream whose norm has a known direction."""
    with torch.no_grad():
        net.norm.weight.zero_()
        net.norm.bias.fill_(1.0)
        net.routers[task].weight.fill_(-5)
        net.routers[task].weight[list(experts)] = 5


def test_copies_change_nothing() -> None:
    net, stream = layer(), torch.randn(2, 6, 8)
    choose(net, Task.DRAW, (0, 1))
    out, weights = net(stream, around(Task.DRAW))
    assert torch.allclose(out, stream, atol=1e-6)
    assert torch.allclose(weights, torch.tensor([[0.5, 0.5, 0.0, 0.0]] * 2))


def test_zero_damps_and_noise_tells_the_share_of_masked_codes() -> None:
    net, stream = layer(), torch.randn(2, 6, 8)
    choose(net, Task.DRAW, (0, 2))
    out, _ = net(stream, around(Task.DRAW))
    assert torch.allclose(out[:, 1:5], stream[:, 1:5] - 0.5, atol=1e-6)
    choose(net, Task.DRAW, (0, 3))
    outs = [net(stream, around(Task.DRAW, ratio))[0] for ratio in (0.2, 0.2, 0.9)]
    assert torch.equal(outs[0], outs[1])
    assert not torch.allclose(outs[0], outs[2])


def test_an_encoder_is_mixed_with_the_picture() -> None:
    net, stream, where = layer(), torch.randn(2, 6, 8), around()
    choose(net, Task.ANSWER, (1, 3))
    out, _ = net(stream, where)
    keep, take = net.mixing["face"].softmax(0)
    told = net.enter["face"](where.features["face"])
    wanted = stream[:, 1:5] + 0.5 * (keep + take * told) + 0.5 - 1
    assert torch.allclose(out[:, 1:5], wanted, atol=1e-5)


@CONTROLS
def test_only_the_picture_is_changed_and_only_there(control: str) -> None:
    net, stream = layer(replace(SETTINGS, control=control, chosen=4)), torch.randn(2, 6, 8)
    for task in Task:
        out, _ = net(stream, around(task))
        moved = (out - stream).abs().amax((0, 2)) > 1e-6
        assert moved.tolist() == [False, True, True, True, True, False]
        gone = around(task)._replace(image=None)
        assert torch.equal(net(stream, gone)[0], stream)


def test_a_static_choice_is_the_same_for_all_pictures_and_not_for_all_layers() -> None:
    settings = replace(SETTINGS, control="static")
    weights = [layer(settings, depth)(torch.randn(2, 6, 8), around())[1] for depth in (0, 1)]
    for one in weights:
        assert torch.equal(one[0], one[1])
        assert one[0].sum() == pytest.approx(1)
        assert (one[0] > 0).sum() == 2
    assert not torch.equal(weights[0] > 0, weights[1] > 0)


@CONTROLS
def test_answers_hear_the_encoders_and_the_choice_is_not_told_the_answer(control: str) -> None:
    net = model(sequence=replace(SETTINGS, control=control))
    heard = [net(ANSWERS, features=features(seed)).stream for seed in (1, 2)]
    assert not torch.allclose(heard[0], heard[1])
    other = replace(ANSWERS, tokens=ANSWERS.tokens.clone())
    other.tokens[:, -2] += 1
    again = net(other, features=features()).stream
    assert torch.allclose(again[:, :-2], heard[0][:, :-2])
    weights = net(ANSWERS, features=features()).routes[0].picture
    assert weights.shape == (2, 4)


@CONTROLS
def test_every_expert_that_may_speak_learns(control: str) -> None:
    net = model(sequence=replace(SETTINGS, control=control, chosen=4))
    net(ANSWERS, features=features()).stream.square().sum().backward()
    net(DRAWS, ratio=torch.tensor([0.5, 1.0])).stream.square().sum().backward()
    silent = [
        name
        for name, weight in net.named_parameters()
        if (".enter." in name or "resamplers" in name) and weight.grad is None
    ]
    assert not [name for name in silent if control != "static"]


def test_what_is_missing_is_said() -> None:
    net = model(sequence=replace(SETTINGS, control="always"))
    with pytest.raises(ValueError, match="features 'image'"):
        net(ANSWERS)
    with pytest.raises(ValueError, match="share of their codes"):
        net(DRAWS)


def test_shares_are_told_apart() -> None:
    waves = ratio_waves(torch.tensor([0.0, 0.1, 0.11, 1.0]))
    assert torch.cdist(waves, waves)[~torch.eye(4, dtype=torch.bool)].min() > 0.1
