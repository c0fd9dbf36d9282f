"""Drawing by unmasking (MaskGIT, Chang et al. 2022): all codes at once, the surest stay."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Unmasking", "unmask"]


@dataclass(frozen=True)
class Unmasking:
    """How codes are drawn.

    Attributes:
        steps: T, readings of the network.
        temperature: Of the choice which codes stay: more is more varied. It falls as 1 − i / T.
            (Show-o's sampler multiplies it by that factor again at every step, so that nearly all
            chance is gone after the first few; this one does not.)
        sharpness: By which the logits are multiplied before a code is drawn; 1 as published.
    """

    steps: int = 24
    temperature: float = 1.0
    sharpness: float = 1.0


def unmask(
    predict: Callable[[Tensor], Tensor],
    codes: Tensor,
    mask: int,
    how: Unmasking,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill in what is masked.

    Args:
        predict: (N, T) codes, some of them ``mask`` → (N, T, V) logits of the codes.
        codes: (N, T) int64 to begin with: all ``mask``, or those of a picture of which a part is to
            be drawn again; as many masked in every row.
        mask: Number of the masked code.
        how: Steps and temperature.
        generator: Where chance comes from, on the device of the codes.

    Returns:
        (N, T) codes below ``mask``; those that were given are as they were.
    """
    masked = int((codes[0] == mask).sum()) if len(codes) else 0
    for step in range(1, how.steps + 1):
        unknown = codes == mask
        logits = predict(codes).float() * how.sharpness
        chances = logits.softmax(-1)
        drawn = torch.multinomial(chances.flatten(0, 1), 1, generator=generator).view_as(codes)
        filled = torch.where(unknown, drawn, codes)
        again = _left(masked, step, how.steps, int(unknown[0].sum()))
        if again == 0:
            return filled
        sure = chances.gather(-1, drawn[..., None])[..., 0].clamp_min(1e-20).log()
        noise = -(-_uniform(sure, generator).log()).log()
        sure = sure + how.temperature * (1 - step / how.steps) * noise
        least = sure.masked_fill(~unknown, torch.inf).topk(again, -1, largest=False).indices
        codes = filled.scatter(1, least, mask)
    return codes


def _left(masked: int, step: int, steps: int, unknown: int) -> int:
    """How many stay masked after a step; each step settles at least one, the last one all."""
    if step == steps:
        return 0
    wanted = math.floor(masked * math.cos(0.5 * math.pi * step / steps))
    return min(max(1, wanted), unknown - 1)


def _uniform(like: Tensor, generator: torch.Generator | None) -> Tensor:
    drawn = torch.rand(like.shape, generator=generator, device=like.device)
    return drawn.clamp(1e-20, 1 - 1e-7)
