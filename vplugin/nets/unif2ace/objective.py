r"""D3Diff: what masked codes are learned by, and which share of them is masked.

A picture is N codes; a share m of them is replaced by the mask, and the network says for each
masked place i how likely each code v is, p(v | what is visible), a softmax over the codes.

**Masked-token loss** (MaskGIT, Show-o): the mean of −log p(x_i) over masked places.

**Score entropy** (SEDD, RADD). With an absorbing mask the ratio of probabilities that a denoiser
needs is s*(v) = r · p(v | visible), r = (1 − m) / m. Its loss for one masked place is

    DSE = Σ_v s(v) − r log s(x) + r (log r − 1).

*With a softmax it is the masked-token loss.* Put s = r p: Σ_v s = r Σ_v p = r, so that
DSE = r − r log r − r log p(x) + r log r − r = −r log p(x). The paper feeds s = p / m instead. Then
Σ_v s = 1 / m and log s = log p − log m: the value moves by what no weight of the network changes,
the gradient is the same. Only a network that is not normalised, s = exp(logit) / m, learns
something else: with z = log Σ_v exp(logit), DSE = exp(z) / m − r z − r log p(x) + …, least at
z = log(1 − m): a pull on the sum of the logits, beside the same r-weighted cross entropy.

**So D3Diff chooses how much each share m counts.** Let l(m) be the mean cross entropy of a picture
of which k = N m codes are masked. Drawn with the chance P(k) of the cosine schedule, the
masked-token loss weighs l with k / E[k] (it is a mean over all masked codes of a batch), score
entropy with r k (it is a sum), with a rate g with g r k; D3Diff adds α times the second:

    w(k) = mask · k / E[k] + α · g · r · k.

**The same expectation without weights** (`form="drawn"`): draw k with the chance
q(k) = P(k) w(k) / Z, Z = Σ P w, and take Z times the plain mean over the picture's masked codes.
Σ_k q(k) Z l = Σ_k P(k) w(k) l: the same expected gradient to the last bit, which the tests show by
counting every mask of a small picture. How much less it varies depends on the weights: if codes
were independent, a picture of N = 256 would be worth 163 codes under the masked-token loss, 37
under the paper's D3Diff and 45 drawn, 10 under score entropy alone and 25 drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax

from vplugin.nets.unif2ace.sequences import IGNORED

__all__ = ["D3Diff", "answer_loss", "cosine_chances", "mask_codes", "score_entropy"]

Scores = Literal["paper", "exact", "unnormalised"]
Rate = Literal["plain", "elbo"]


@dataclass(frozen=True)
class D3Diff:
    """The loss, and the law of the shares that goes with it.

    Attributes:
        codes: N, of a picture.
        mask: Weight of the masked-token loss.
        score: α, weight of score entropy, which is a sum over the codes: the paper's 0.01 for 256.
        scores: What the network's answer is taken for: p / m as the paper writes, r p, or
            exp(logit − log V) / m (log V taken off, so that it begins near what it must become).
        rate: ``plain``: as the paper has it, g = 1; ``elbo``: g = (π/2) √(1 − m²) / (m r), by which
            score entropy is the bound on the likelihood under the cosine schedule.
        form: ``weighted`` as the paper has it; ``drawn`` the low-variance form.
    """

    codes: int = 256
    mask: float = 1.0
    score: float = 0.01
    scores: Scores = "paper"
    rate: Rate = "plain"
    form: Literal["weighted", "drawn"] = "weighted"

    def __post_init__(self) -> None:
        if self.form == "drawn" and self.scores == "unnormalised" and self.score:
            raise ValueError("what is not normalised is no cross entropy: there is no drawn form")

    def weights(self) -> Tensor:
        """w(k) of k = 1 … N masked codes: (N,) float64."""
        chances = cosine_chances(self.codes)
        count = torch.arange(1, self.codes + 1, dtype=torch.float64)
        ratio = count / self.codes
        mean = (chances * count).sum()
        if self.rate == "elbo":
            scored = 0.5 * math.pi * (1 - ratio**2).clamp_min(0).sqrt() / ratio * count
        else:
            scored = (1 - ratio) / ratio * count
        return self.mask * count / mean + self.score * scored

    def law(self) -> tuple[Tensor, float]:
        """Chance of each k to be drawn, (N,) float64, and Z, by which the mean is multiplied."""
        chances = cosine_chances(self.codes)
        if self.form == "weighted":
            return chances, 1.0
        weighed = chances * self.weights()
        whole = float(weighed.sum())
        return weighed / whole, whole

    def counts(self, pictures: int, generator: torch.Generator | None = None) -> Tensor:
        """How many codes to mask of each picture: (pictures,) int64, 1 … N.

        Stratified: one of each of ``pictures`` equal parts of the law, in random order.
        """
        chances, _ = self.law()
        parts = torch.arange(pictures, dtype=torch.float64)
        at = (parts + torch.rand(pictures, generator=generator, dtype=torch.float64)) / pictures
        drawn = torch.searchsorted(chances.cumsum(0), at).clamp_max(self.codes - 1) + 1
        return drawn[torch.randperm(pictures, generator=generator)]

    def loss(self, logits: Tensor, codes: Tensor, masked: Tensor) -> dict[str, Tensor]:
        """Named losses of a batch, weighted: their sum is minimised.

        Args:
            logits: (B, N, V) scores of the codes alone.
            codes: (B, N) the true ones.
            masked: (B, N) bool; every picture has a masked code.
        """
        wrong = _wrong(logits, codes)
        count = masked.sum(1)
        each = (wrong * masked).sum(1) / count
        if self.form == "drawn":
            return {"d3diff": each.mean() * self.law()[1]}
        losses = {}
        if self.mask:
            losses["mask"] = self.mask * (wrong * masked).sum() / count.sum()
        if self.score:
            entropy = score_entropy(logits, codes, masked, self.scores)
            rate = self._rate(count.to(entropy.dtype) / self.codes)
            losses["score"] = self.score * (rate * entropy).mean()
        return losses

    def _rate(self, ratio: Tensor) -> Tensor:
        """g; a picture that is masked wholly has r = 0 and counts nought: its rate is bounded."""
        if self.rate == "plain":
            return torch.ones_like(ratio)
        ratio = ratio.clamp_max(1 - 0.5 / self.codes)
        return 0.5 * math.pi * ((1 + ratio) / (1 - ratio)).sqrt()


def score_entropy(logits: Tensor, codes: Tensor, masked: Tensor, scores: Scores) -> Tensor:
    """DSE of each picture, summed over its masked codes (see the module's docstring).

    Args:
        logits: (B, N, V).
        codes: (B, N).
        masked: (B, N) bool.
        scores: What the network's answer is taken for.

    Returns:
        (B,), nought or more where the scores are exact.
    """
    logits = logits if logits.dtype == torch.float64 else logits.float()
    ratio = masked.sum(1, keepdim=True).to(logits.dtype) / masked.shape[1]
    r = (1 - ratio) / ratio
    if scores == "unnormalised":
        logs = logits - math.log(logits.shape[-1]) - ratio.log()[..., None]
    else:
        logs = log_softmax(logits, -1)
        # r is nought where everything is masked, and so is all of r p: its logarithm is not needed.
        logs = logs + (-ratio.log() if scores == "paper" else r.clamp_min(1e-30).log())[..., None]
    whole = torch.logsumexp(logs, -1).exp()
    true = logs.gather(-1, codes[..., None])[..., 0]
    entropy = whole - r * true + torch.special.xlogy(r, r) - r
    whole_picture: Tensor = (entropy * masked).sum(1)
    return whole_picture


def cosine_chances(codes: int) -> Tensor:
    """Chance that the cosine schedule masks k = 1 … N codes: (N,) float64, sums to 1.

    m = cos(πu/2) with u uniform, so that its density is 2 / (π √(1 − m²)); k is N m rounded, but at
    least 1.
    """
    edges = (torch.arange(codes + 1, dtype=torch.float64) + 0.5) / codes
    edges[0], edges[-1] = 0.0, 1.0
    return (2 / math.pi * edges.asin()).diff()


def mask_codes(counts: Tensor, codes: int, generator: torch.Generator | None = None) -> Tensor:
    """Which codes to mask: as many as said, anywhere.

    Args:
        counts: (B,) int64 of each picture.
        codes: N, of a picture.
        generator: Where chance comes from; on the CPU.

    Returns:
        (B, N) bool.
    """
    order = torch.rand(len(counts), codes, generator=generator).argsort(1).argsort(1)
    return order < counts[:, None]


def answer_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy of the next word, over the words of answers.

    Args:
        logits: (N, L, V) at each place, of what stands at the next.
        labels: (N, L) what stands *at* each place, or :data:`IGNORED`.
    """
    return cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED
    )


def _wrong(logits: Tensor, codes: Tensor) -> Tensor:
    """(B, N) −log p of the true code."""
    logits = logits if logits.dtype == torch.float64 else logits.float()
    return cross_entropy(logits.flatten(0, 1), codes.flatten(), reduction="none").view_as(codes)
