"""The map that keeps what differs between people: what it trusts, and folded into a net."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from vplugin.train.between import between_people, fold


def _drawn(people: int = 400, each: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of which the first 4 of 16 numbers say who, and all are noisy."""
    generator = np.random.default_rng(1)
    who = np.zeros((people, 16))
    who[:, :4] = generator.normal(0, 1, (people, 4))
    rows = np.repeat(who, each, 0) + generator.normal(0, 0.7, (people * each, 16)) + 5
    return rows, np.repeat(np.arange(people), each)


def test_directions_without_people_are_forgotten() -> None:
    rows, people = _drawn()
    found = between_people(rows, people)
    gain = np.linalg.norm(found.matrix, axis=0)
    assert gain[:4].min() > 5 * gain[4:].max()
    np.testing.assert_allclose(found.mean, rows.mean(0))


def test_pictures_of_one_person_come_nearer() -> None:
    rows, people = _drawn()
    found = between_people(rows[:800], people[:800])

    def likeness(e: np.ndarray) -> tuple[float, float]:
        e = e / np.linalg.norm(e, axis=1, keepdims=True)
        pairs = e @ e.T
        same = np.equal.outer(people[800:], people[800:]) & ~np.eye(len(e), dtype=bool)
        return float(pairs[same].mean()), float(pairs[people[800:, None] != people[800:]].mean())

    before, after = likeness(rows[800:] - 5), likeness((rows[800:] - found.mean) @ found.matrix.T)
    assert after[0] > before[0] + 0.2
    assert abs(after[1]) < 0.05


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("affine", [False, True])
def test_folded_it_gives_mapped_embeddings(bias: bool, affine: bool) -> None:
    torch.manual_seed(2)
    linear, norm = nn.Linear(8, 16, bias=bias), nn.BatchNorm1d(16, affine=affine)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    if affine:
        nn.init.uniform_(norm.weight, 0.5, 2)
        nn.init.normal_(norm.bias)
    net = nn.Sequential(linear, norm).eval()
    found = between_people(*_drawn(20))
    x = torch.randn(5, 8)
    with torch.no_grad():
        wanted = (net(x).numpy() - found.mean) @ found.matrix.T
        fold(linear, norm, found)
        np.testing.assert_allclose(net(x).numpy(), wanted, atol=1e-4)
