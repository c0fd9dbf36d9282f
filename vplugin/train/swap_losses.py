"""The losses of ReliableSwap, each a named function: as the paper means them, and as released.

A batch is of one *kind* (arXiv 2306.05356; the numbers are the public code's type codes): vanilla
pairs have no truth, or the target itself where source and target are one person; naive triplets
have a synthetic truth; cycle triplets a real photo. What the released code computes differs from
what the paper says in two places, kept behind ``released`` and proved by tests:

- its perceptual term stops the gradient of the *output* and not of the truth, so that it teaches
  nothing;
- in triplet runs its reconstruction of a person by themselves has weight nought.

All pictures are (N, 3, S, S) float RGB in -1…1; embeddings (N, E) have length 1; every function
gives a scalar, the mean over the pictures that it is about, nought where there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, l1_loss, mse_loss

__all__ = [
    "Kind",
    "attribute_loss",
    "embedding_loss",
    "feature_matching_loss",
    "hinge_loss_of_fakes",
    "hinge_loss_of_generator",
    "hinge_loss_of_reals",
    "masked_loss",
    "perceptual_loss",
    "pixel_loss",
    "reconstruction_loss",
    "swap_back_loss",
    "tone_loss",
    "truth_embedding_loss",
]

Verdicts = Sequence[Sequence[Tensor]]  # of each scale the maps; the last of each is the verdict


class Kind(IntEnum):
    """What a batch consists of. ``C_ab`` has the attributes of a and the identity of b."""

    VANILLA = 0  # two people, no truth
    SAME = 1  # one person: the target is the truth
    NAIVE = 2  # target C_a, source C_b, truth C_ab: synthetic
    NAIVE_BACK = 3  # target C_b, source C_a, truth C_ba
    CYCLE = 4  # target C_ba, source C_ab, truth C_b: a real photo
    CYCLE_BACK = 5  # target C_ab, source C_ba, truth C_a

    @property
    def triplet(self) -> bool:
        """Whether it comes from a folder of proxies."""
        return self >= Kind.NAIVE

    @property
    def cycle(self) -> bool:
        """Whether the truth is a real photo."""
        return self >= Kind.CYCLE


# ------------------------------------------------------------- realism


def hinge_loss_of_reals(verdicts: Verdicts) -> Tensor:
    """For the discriminator: ``max(0, 1 - D(real))``, the mean over scales."""
    return torch.stack([(1 - maps[-1]).relu().mean() for maps in verdicts]).mean()


def hinge_loss_of_fakes(verdicts: Verdicts) -> Tensor:
    """For the discriminator: ``max(0, 1 + D(fake))``."""
    return torch.stack([(1 + maps[-1]).relu().mean() for maps in verdicts]).mean()


def hinge_loss_of_generator(verdicts: Verdicts) -> Tensor:
    """For the generator: ``-D(fake)``."""
    return torch.stack([-maps[-1].mean() for maps in verdicts]).mean()


def feature_matching_loss(of_output: Verdicts, of_target: Verdicts) -> Tensor:
    """Weak feature matching (SimSwap): L1 of the deepest maps before the verdicts."""
    pairs = zip(of_output, of_target, strict=True)
    return torch.stack([l1_loss(a[-2], b[-2].detach()) for a, b in pairs]).mean()


# ------------------------------------------------------------ who it is


def embedding_loss(of_output: Tensor, of_source: Tensor) -> Tensor:
    """1 - cosine between output and source; for the identity encoder, and for FixerNet."""
    return (1 - (of_output * of_source.detach()).sum(1)).mean()


def truth_embedding_loss(of_output: Tensor, of_truth: Tensor, kind: Kind) -> Tensor:
    """The same towards the truth of a cycle triplet."""
    return embedding_loss(of_output, of_truth) if kind.cycle else of_output.sum() * 0


# ---------------------------------------------------- what it looks like


def reconstruction_loss(
    output: Tensor, target: Tensor, kind: Kind, *, triplet_run: bool = False, released: bool = False
) -> Tensor:
    """L1 to the target where source and target are one person.

    Args:
        output: Of the generator.
        target: Its input.
        kind: Of the batch.
        triplet_run: Whether this run has triplets at all.
        released: As the released code computes it: nought in such a run.
    """
    if kind != Kind.SAME or (released and triplet_run):
        return output.sum() * 0
    return l1_loss(output, target)


def pixel_loss(output: Tensor, truth: Tensor, kind: Kind, *, naive: bool = False) -> Tensor:
    """L1 to the truth of a cycle triplet; of a naive one too if ``naive``."""
    if not (kind.cycle or (naive and kind.triplet)):
        return output.sum() * 0
    return l1_loss(output, truth)


def perceptual_loss(
    output: Tensor,
    truth: Tensor,
    kind: Kind,
    features: Callable[[Tensor], Sequence[Tensor]],
    weights: Sequence[float],
    *,
    released: bool = False,
) -> Tensor:
    """L1 between features of output and truth of a cycle triplet.

    Args:
        output: Of the generator.
        truth: The real photo.
        kind: Of the batch.
        features: A frozen net's maps.
        weights: Of each map.
        released: Stop the gradient of the output, not of the truth, as the released code does.
    """
    if not kind.cycle:
        return output.sum() * 0
    found, wanted = features(output), features(truth)
    if released:
        found = [one.detach() for one in found]
    else:
        wanted = [one.detach() for one in wanted]
    terms = [w * l1_loss(a, b) for w, a, b in zip(weights, found, wanted, strict=True)]
    return torch.stack(terms).sum()


def masked_loss(output: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    """L1 where a mask says so: what stays (to the target), mouth (to the truth).

    Args:
        output: Of the generator.
        wanted: What it should be there.
        mask: (N, 1, S, S) in 0…1, from a parser.
    """
    return ((output - wanted).abs() * mask).sum() / (mask.sum() * output.shape[1]).clamp(min=1)


def tone_loss(output: Tensor, target: Tensor) -> Tensor:
    """L1 between pictures of 4 px a side: light and colours are the target's, whoever is in it.

    Not in the paper, whose hosts learn for weeks what is attribute; hours need it said.
    """
    return l1_loss(adaptive_avg_pool2d(output, 4), adaptive_avg_pool2d(target, 4))


def attribute_loss(of_output: Sequence[Tensor], of_target: Sequence[Tensor]) -> Tensor:
    """FaceShifter: squared difference of the attribute maps, summed over scales."""
    pairs = zip(of_output, of_target, strict=True)
    return torch.stack([mse_loss(a, b.detach()) for a, b in pairs]).sum()


def swap_back_loss(again: Tensor, target: Tensor) -> Tensor:
    """Cycle consistency: the output, swapped back with the target's identity, is the target."""
    return l1_loss(again, target)
