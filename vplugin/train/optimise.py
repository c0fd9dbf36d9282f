"""How weights move: AdamW, a warm-up and a cosine, a running average of the weights."""

from __future__ import annotations

import copy
import math

import torch

from vplugin.train.recipe import Optimiser

__all__ = ["Average", "optimiser", "rate_at"]


def optimiser(model: torch.nn.Module, settings: Optimiser) -> torch.optim.AdamW:
    """AdamW; weights of more than one dimension decay, biases and norms do not."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in trained if w.ndim > 1], "weight_decay": settings.decay},
        {"params": [w for w in trained if w.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.rate, betas=settings.betas)


def rate_at(settings: Optimiser, step: int, done: float) -> float:
    """The learning rate.

    Args:
        settings: Of the recipe.
        step: From 0, for the warm-up.
        done: Share of the run that is over, for the cosine.
    """
    warm = min(1.0, (step + 1) / (settings.warmup + 1))
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, done))))
    return settings.rate * warm * (settings.final + (1 - settings.final) * cosine)


class Average:
    """A running average of a network's weights, which evaluates better than the weights.

    Args:
        model: The network that is trained.
        decay: Share of the old average that a step keeps; smaller during the first steps.

    Attributes:
        model: The averaged network.
    """

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, model: torch.nn.Module, step: int) -> None:
        """Move towards the weights after step ``step`` (from 0)."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        state = model.state_dict()
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                value.lerp_(state[name], share)
            else:
                value.copy_(state[name])

    @torch.no_grad()
    def put_buffers(self, model: torch.nn.Module) -> None:
        """Give the network our statistics, after a batch that was not finite spoilt its own."""
        ours = dict(self.model.named_buffers())
        for name, value in model.named_buffers():
            value.copy_(ours[name])
