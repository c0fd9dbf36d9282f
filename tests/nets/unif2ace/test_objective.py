"""D3Diff in float64: the identities of the module's docstring, every mask of a small picture."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from vplugin.nets.unif2ace.objective import (
    D3Diff,
    answer_loss,
    cosine_chances,
    mask_codes,
    score_entropy,
)
from vplugin.nets.unif2ace.sequences import IGNORED

N, V = 5, 7


def batch(seed: int = 1, pictures: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """Logits that ask for a gradient, codes, and 1, 3, 5 … masked ones."""
    random = torch.Generator().manual_seed(seed)
    logits = torch.randn(pictures, N, V, generator=random, dtype=torch.float64) * 2
    codes = torch.randint(0, V, (pictures, N), generator=random)
    masked = torch.arange(N)[None] <= torch.arange(0, 2 * pictures, 2)[:, None]
    return logits.requires_grad_(), codes, masked


def wrong(logits: Tensor, codes: Tensor) -> Tensor:
    return -logits.log_softmax(-1).gather(-1, codes[..., None])[..., 0]


def ratio_of(masked: Tensor) -> Tensor:
    return masked.sum(1, keepdim=True).double() / N


def gradient(value: Tensor, logits: Tensor) -> Tensor:
    return torch.autograd.grad(value, logits, retain_graph=True)[0]


def test_score_entropy_of_a_softmax_is_r_times_the_cross_entropy() -> None:
    logits, codes, masked = batch()
    m = ratio_of(masked)
    wanted = ((1 - m) / m * wrong(logits, codes) * masked).sum(1)
    found = score_entropy(logits, codes, masked, "exact")
    assert (found - wanted).abs().max() < 1e-12
    assert wanted[0] > 1
    assert gradient(found.sum() - wanted.sum(), logits).abs().max() < 1e-12


def test_the_papers_ratio_has_another_value_and_the_same_gradient() -> None:
    logits, codes, masked = batch()
    paper, exact = (score_entropy(logits, codes, masked, kind) for kind in ("paper", "exact"))
    assert (paper - exact).abs().min() > 0.01
    assert gradient(paper.sum() - exact.sum(), logits).abs().max() < 1e-12


def test_what_is_not_normalised_pulls_the_sum_of_the_logits_to_the_share_that_is_seen() -> None:
    logits, codes, masked = batch()
    m = ratio_of(masked)
    found = score_entropy(logits, codes, masked, "unnormalised")
    z = torch.logsumexp(logits, -1) - math.log(V)
    r = (1 - m) / m
    wanted = ((z.exp() / m - r * z + r * wrong(logits, codes)) * masked).sum(1)
    assert gradient(found.sum() - wanted.sum(), logits).abs().max() < 1e-12
    exact = score_entropy(logits, codes, masked, "exact")
    assert gradient(found.sum() - exact.sum(), logits).abs().max() > 0.01
    with torch.no_grad():  # the pull is nought where exp(z) = 1 - m
        settled = logits - z[..., None] + (1 - m[:2]).log()[0]
    settled = settled[:1].requires_grad_()
    one = score_entropy(settled, codes[:1], masked[:1], "unnormalised").sum()
    per_place = gradient(one, settled).sum(-1)
    assert per_place.abs().max() < 1e-12


def test_score_entropy_is_nought_where_the_scores_are_true() -> None:
    logits = torch.full((1, N, V), -60.0, dtype=torch.float64)
    logits[..., 2] = 60
    masked = torch.arange(N)[None] < 2
    codes = torch.full((1, N), 2)
    assert score_entropy(logits, codes, masked, "exact").abs().max() < 1e-9
    assert score_entropy(logits, codes + 1, masked, "exact").min() > 10


@pytest.mark.parametrize("codes", [1, 2, 16, 256])
def test_chances_of_the_cosine_schedule(codes: int) -> None:
    found = cosine_chances(codes)
    u = (np.arange(200_000) + 0.5) / 200_000
    count = np.maximum(1, np.round(codes * np.cos(math.pi / 2 * u))).astype(int)
    wanted = np.bincount(count, minlength=codes + 1)[1:] / len(u)
    np.testing.assert_allclose(found.numpy(), wanted, atol=2e-5)


LOSSES = [
    D3Diff(N, mask=1, score=0),
    D3Diff(N, mask=0, score=0.3),
    D3Diff(N, mask=0, score=0.3, rate="elbo"),
    D3Diff(N, mask=1, score=2.56 / N, scores="exact"),
    D3Diff(N, mask=1, score=2.56 / N, rate="elbo"),
]


def toy(seed: int = 4) -> tuple[Tensor, Tensor]:
    """A network of one table: the logits of a place depend on how many codes are masked, and on it.

    (N, N, V) by count, place and code; and the true codes.
    """
    random = torch.Generator().manual_seed(seed)
    table = torch.randn(N, N, V, generator=random, dtype=torch.float64)
    codes = torch.randint(0, V, (1, N), generator=random)
    return table.requires_grad_(), codes


def moments(loss: D3Diff) -> tuple[Tensor, float]:
    """Mean of the gradient over every mask, and the trace of its variance; one picture a batch.

    The masked-token loss divides by the masked codes of a batch. Of one picture alone they would
    be its own: here it divides by what a large batch has of them on average.
    """
    table, codes = toy()
    chances, _ = loss.law()
    expected = float((cosine_chances(N) * torch.arange(1, N + 1)).sum())
    mean, square = torch.zeros_like(table), 0.0
    for count in range(1, N + 1):
        places = list(combinations(range(N), count))
        for chosen in places:
            masked = torch.zeros(1, N, dtype=torch.bool)
            masked[0, list(chosen)] = True
            parts = loss.loss(table[count - 1][None], codes, masked)
            value = sum(v * (count / expected if k == "mask" else 1) for k, v in parts.items())
            one = gradient(value, table)
            chance = float(chances[count - 1]) / len(places)
            mean, square = mean + chance * one, square + chance * float(one.square().sum())
    return mean, square - float(mean.square().sum())


@pytest.mark.parametrize("loss", LOSSES, ids=["mask", "score", "elbo", "d3diff", "d3diff elbo"])
def test_the_drawn_form_expects_the_same_gradient_and_varies_less(loss: D3Diff) -> None:
    drawn = D3Diff(N, loss.mask, loss.score, loss.scores, loss.rate, "drawn")
    (mean, variance), (same, less) = moments(loss), moments(drawn)
    assert mean.abs().max() > 0.01
    # With this rate the paper's form cannot count a picture of which nothing is seen; it weighs 0.
    assert (mean - same).abs().max() < 1e-12
    assert less < variance


@pytest.mark.parametrize(
    ("loss", "weighted", "drawn"),
    [
        (D3Diff(256, 1, 0), 163, 163),
        (D3Diff(256, 1, 0.01), 37, 45),
        (D3Diff(256, 0, 1), 10, 25),
        (D3Diff(256, 0, 1, rate="elbo"), 26, 39),
    ],
)
def test_how_many_independent_codes_a_picture_is_worth(
    loss: D3Diff, weighted: int, drawn: int
) -> None:
    """The figures of the docstring: 1 / the variance of the mean of codes of variance 1."""
    count = torch.arange(1, 257, dtype=torch.float64)
    chances, weights = cosine_chances(256), loss.weights()
    whole = (chances * weights).sum()
    assert round(float(whole**2 / (chances * weights**2 / count).sum())) == weighted
    assert round(float(whole / (chances * weights / count).sum())) == drawn


def test_d3diff_moves_weight_to_low_shares() -> None:
    law = {name: D3Diff(256, score=a, form="drawn").law()[0] for name, a in (("m", 0), ("d", 0.01))}
    low = {name: float(chances[:128].sum()) for name, chances in law.items()}
    assert low["d"] > low["m"] + 0.15


def test_weighted_losses_are_those_of_the_formulas() -> None:
    logits, codes, masked = batch()
    said = D3Diff(N, mask=2, score=0.5, scores="exact").loss(logits, codes, masked)
    mean = (wrong(logits, codes) * masked).sum() / masked.sum()
    assert said["mask"].item() == pytest.approx(2 * mean.item())
    m = ratio_of(masked)
    each = ((1 - m) / m * wrong(logits, codes) * masked).sum(1)
    assert said["score"].item() == pytest.approx(0.5 * each.mean().item())


def test_a_network_without_normalisation_has_no_drawn_form() -> None:
    with pytest.raises(ValueError, match="no drawn form"):
        D3Diff(scores="unnormalised", form="drawn")


def test_counts_follow_the_law_stratum_by_stratum() -> None:
    loss = D3Diff(8, form="drawn")
    counts = loss.counts(4000, torch.Generator().manual_seed(1))
    assert counts.min() >= 1
    found = torch.bincount(counts, minlength=9)[1:] / 4000
    assert (found - loss.law()[0]).abs().max() <= 2 / 4000
    assert not torch.equal(counts, counts.sort().values)


def test_masks_have_as_many_codes_as_said_anywhere() -> None:
    counts = torch.tensor([1, 3, 6] * 50)
    masked = mask_codes(counts, 6, torch.Generator().manual_seed(2))
    assert torch.equal(masked.sum(1), counts)
    assert masked[::3].float().mean(0).min() > 0


def test_answers_are_learned_word_after_word() -> None:
    logits = torch.zeros(1, 3, 4)
    logits[0, 0, 2] = logits[0, 1, 3] = 50.0
    right = torch.tensor([[IGNORED, 2, 3]])
    assert answer_loss(logits, right) < 1e-6
    assert answer_loss(logits, torch.tensor([[IGNORED, 3, 2]])) > 10
    assert answer_loss(logits, torch.tensor([[1, 2, IGNORED]])) < 1e-6
