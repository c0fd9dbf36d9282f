from __future__ import annotations

import pytest
import torch

from tests.nets.unif2ace.small import LAYOUT, codes, model
from vplugin.nets.unif2ace.experts import (
    FeedForward,
    TokenExperts,
    TokenSettings,
    balance_of,
    upcycle,
)
from vplugin.nets.unif2ace.sequences import answering, drawing

SETTINGS = TokenSettings(hidden=6, shared=1, routed=4, chosen=2)


def experts(settings: TokenSettings = SETTINGS, width: int = 8) -> TokenExperts:
    torch.manual_seed(3)
    net = TokenExperts(width, settings)
    with torch.no_grad():
        for weight in net.parameters():
            weight.normal_()
    return net


def test_the_answer_is_the_shared_expert_and_the_best_routed_ones_by_their_gates() -> None:
    net, x = experts(), torch.randn(1, 5, 8)
    said, _, load = net(x)
    rise, start = net.rise.weight.view(5, 6, 8), net.rise.bias.view(5, 6)
    fall = net.fall.weight.view(8, 5, 6)
    assert net.router is not None
    gates = net.router(x).softmax(-1)
    counted = torch.zeros(4)
    for place in range(5):
        token = x[0, place]

        def expert(number: int, token: torch.Tensor = token) -> torch.Tensor:
            hidden = rise[number] @ token + start[number]
            hidden = torch.nn.functional.gelu(hidden, approximate="tanh")
            return fall[:, number] @ hidden + net.bias[number]

        wanted = expert(0)
        for best in gates[0, place].topk(2).indices.tolist():
            wanted = wanted + gates[0, place, best] * expert(best + 1)
            counted[best] += 1
        assert torch.allclose(said[0, place], wanted, atol=1e-4)
    assert torch.allclose(load, counted / counted.sum())


def test_balance_is_one_for_all_alike_and_more_for_favourites() -> None:
    even, chosen = torch.full((4, 4), 0.25), torch.eye(4)
    assert balance_of(even, chosen)[0] == pytest.approx(1)
    one = torch.zeros(4, 4)
    one[:, 0] = 1
    assert balance_of(one, one)[0] == pytest.approx(4)


def test_balance_pulls_on_the_router() -> None:
    net = experts()
    net(torch.randn(2, 9, 8))[1].backward()
    assert net.router is not None
    assert net.router.weight.grad is not None
    assert net.router.weight.grad.abs().sum() > 0
    assert net.rise.weight.grad is None


@pytest.mark.parametrize(("shared", "hidden"), [(1, 8), (2, 6), (0, 12)])
def test_upcycled_experts_begin_as_the_dense_layer(shared: int, hidden: int) -> None:
    torch.manual_seed(1)
    dense = FeedForward(8, 24)
    settings = TokenSettings(hidden=hidden, shared=shared, routed=4, chosen=2)
    net = experts(settings)
    upcycle(dense, net)
    x = torch.randn(2, 3, 8)
    assert torch.allclose(net(x)[0], dense(x), atol=1e-5)
    assert dense(x).std() > 0.05


def test_slices_must_fit() -> None:
    with pytest.raises(ValueError, match="3 slices of 6 are not 24"):
        upcycle(FeedForward(8, 24), experts())


def test_without_a_router_only_the_task_parts_the_experts() -> None:
    net = experts(TokenSettings(hidden=6, shared=1, routed=0, chosen=0))
    said, balance, load = net(torch.randn(1, 2, 8))
    assert said.shape == (1, 2, 8)
    assert balance == 0
    assert load.shape == (0,)


@pytest.mark.parametrize("given", [{"chosen": 5}, {"shared": 0, "chosen": 0}])
def test_somebody_must_speak(given: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="expert"):
        TokenSettings(**{"hidden": 6, "routed": 4} | given)


@pytest.mark.parametrize("groups", [1, 2])
def test_each_task_has_its_group(groups: int) -> None:
    net = model(token=TokenSettings(6, 1, 4, 2, groups=groups))
    draws = drawing(LAYOUT, [[5, 6]], codes(1), slot=6)
    answers = answering(LAYOUT, codes(1), [[5]], [[8]])
    before = [net(rows).stream for rows in (draws, answers)]
    with torch.no_grad():
        for block in net.blocks:
            block.feed[0].bias[:, 0] += 1
    after = [net(rows).stream for rows in (draws, answers)]
    changed = [not torch.allclose(a, b) for a, b in zip(before, after, strict=True)]
    assert changed == [groups == 1, True]
    output = net(draws)
    assert output.balance >= 0.9
    assert [route.token.shape for route in output.routes] == [(4,), (4,)]
