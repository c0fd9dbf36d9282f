"""Mixture of experts for a whole picture: copy it, damp it, or add what an encoder saw of it.

Rows that draw choose two of copy, copy, zero, noise; rows that answer two of copy, copy and the
encoders of the original pixels, which know what the codes lost. One choice serves the whole
picture. It is made from the picture's places alone: pooling the answer would tell the future
(section 3.2 of the notes), and so nothing is done again while an answer grows.

Where the paper is silent: the layer is ``h + Y(norm h) − norm h``, and the chosen gates sum to 1,
so that copy with copy changes nothing; *noise* is what the share of masked codes is embedded as.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from vplugin.nets.unif2ace.sequences import Task

__all__ = ["Resampler", "SequenceExperts", "SequenceSettings", "Surroundings", "ratio_waves"]

_WAVES = 32


@dataclass(frozen=True)
class SequenceSettings:
    """Which experts there are, and who chooses.

    Attributes:
        encoders: Channels of each encoder's features, by name: the last experts of rows that
            answer.
        copies: Experts that do nothing, in either group.
        chosen: How many speak at once.
        control: ``routed``: the picture chooses, as the paper has it; ``static``: each layer has a
            fixed choice, only its weights are learned; ``always``: no choice, all encoders (or the
            noise) are added.
        places: Of a picture.
        width: Of the resampled features.
    """

    encoders: Mapping[str, int] = field(default_factory=dict)
    copies: int = 2
    chosen: int = 2
    control: Literal["routed", "static", "always"] = "routed"
    places: int = 256
    width: int = 64

    def names(self, task: Task) -> tuple[str, ...]:
        """Experts of a group, in order."""
        last = tuple(self.encoders) if task == Task.ANSWER else ("zero", "noise")
        return (*["copy"] * self.copies, *last)


class Surroundings(NamedTuple):
    """What a layer knows beside its stream.

    Attributes:
        task: Of the rows.
        image: Where the picture stands in the stream; None where it is not there (any more).
        features: (N, places, width) of each encoder, resampled; rows that answer.
        ratio: (N,) share of the codes that are masked; rows that draw.
    """

    task: Task
    image: slice | None
    features: Mapping[str, Tensor]
    ratio: Tensor | None


class Resampler(nn.Module):
    """An encoder's features at the places of the codes: learned questions look at them once.

    One for each encoder, shared by all layers.

    Args:
        channels: Of the encoder.
        settings: Places and width.
    """

    def __init__(self, channels: int, settings: SequenceSettings) -> None:
        super().__init__()
        self.questions = nn.Parameter(torch.randn(settings.places, settings.width) * 0.5)
        self.enter = nn.Linear(channels, settings.width)
        self.norm = nn.LayerNorm(settings.width)
        self.key, self.value, self.out = (
            nn.Linear(settings.width, settings.width) for _ in range(3)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, channels), for an embedding T = 1 → (N, places, width)."""
        seen = self.norm(self.enter(features))
        asked = self.questions.to(seen.dtype).expand(len(seen), -1, -1)
        parts = (asked[:, None], self.key(seen)[:, None], self.value(seen)[:, None])
        found = nn.functional.scaled_dot_product_attention(*parts)[:, 0]
        out: Tensor = self.out(found) + asked
        return out


class SequenceExperts(nn.Module):
    """The layer.

    Args:
        width: Of the stream.
        settings: Which experts, and who chooses.
        depth: Number of the layer; decides a static choice.
        epsilon: Of the norm.
    """

    def __init__(self, width: int, settings: SequenceSettings, depth: int, epsilon: float) -> None:
        super().__init__()
        self.settings, self.depth = settings, depth
        self.norm = nn.LayerNorm(width, epsilon)
        self.enter = nn.ModuleDict(
            {name: nn.Linear(settings.width, width) for name in settings.encoders}
        )
        self.enter["noise"] = nn.Linear(2 * _WAVES, width)
        self.mixing = nn.ParameterDict({name: nn.Parameter(torch.zeros(2)) for name in self.enter})
        self.routers = nn.ModuleList(
            nn.Linear(width, len(settings.names(task)), bias=False) for task in Task
        )
        self.static = nn.Parameter(torch.zeros(len(Task), settings.chosen))

    def forward(self, stream: Tensor, around: Surroundings) -> tuple[Tensor, Tensor]:
        """Change the picture's places.

        Args:
            stream: (N, L, width).
            around: What else is known.

        Returns:
            The same shape, and (N, experts) the weight of each expert.
        """
        names = self.settings.names(around.task)
        if around.image is None or set(names) == {"copy"}:
            return stream, stream.new_zeros(len(stream), len(names))
        picture = self.norm(stream[:, around.image])
        if self.settings.control == "always":
            change = sum((self._added(n, around) for n in names if n in self.enter), picture * 0)
            weights = stream.new_ones(len(stream), len(names))
        else:
            weights = self._weights(picture, around.task)
            change = self._mixture(picture, weights, names, around) - picture
        out = torch.zeros_like(stream)
        out[:, around.image] = change.to(stream.dtype)
        return stream + out, weights.detach()

    def _mixture(
        self, picture: Tensor, weights: Tensor, names: tuple[str, ...], around: Surroundings
    ) -> Tensor:
        """Σ weight · expert(picture)."""
        mixed = torch.zeros_like(picture)
        for name, weight in zip(names, weights.to(picture.dtype).unbind(1), strict=True):
            if name == "zero":
                continue
            given = picture
            if name != "copy":
                keep, take = self.mixing[name].softmax(0).to(picture.dtype)
                given = keep * picture + take * self._added(name, around)
            mixed = mixed + weight[:, None, None] * given
        return mixed

    def _added(self, name: str, around: Surroundings) -> Tensor:
        """What an expert adds: (N, places, width) or (N, 1, width).

        Raises:
            ValueError: The features or the ratio were not given.
        """
        if name == "noise":
            if around.ratio is None:
                raise ValueError("rows that draw must say which share of their codes is masked")
            waves = ratio_waves(around.ratio).to(self.norm.weight.dtype)
            return self.enter[name](waves)[:, None]  # type: ignore[no-any-return]
        if name not in around.features:
            raise ValueError(f"the features '{name}' were not given")
        return self.enter[name](around.features[name])  # type: ignore[no-any-return]

    def _weights(self, picture: Tensor, task: Task) -> Tensor:
        """(N, experts) float32, nought for those not chosen; they sum to 1."""
        count, chosen = len(self.settings.names(task)), self.settings.chosen
        if self.settings.control == "static":
            # Beside a copy, the experts that do something take turns from layer to layer.
            does = count - self.settings.copies
            at = [count - 1 - (self.depth + step) % does for step in range(chosen - 1)]
            fixed = torch.zeros(count, device=picture.device)
            shares = self.static[task].float().softmax(0)
            fixed = fixed.index_add(0, torch.tensor([0, *at], device=picture.device), shares)
            return fixed.expand(len(picture), -1)
        with torch.autocast(picture.device.type, enabled=False):
            router = self.routers[task]
            wanted = linear(picture.float().mean(1), router.weight.float()).softmax(-1)  # type: ignore[arg-type]
        best = wanted.topk(min(chosen, count), -1)
        shares = best.values / best.values.sum(-1, keepdim=True)
        return torch.zeros_like(wanted).scatter(-1, best.indices, shares)


def ratio_waves(ratio: Tensor) -> Tensor:
    """Waves of a share in 0…1, as places of a sequence are told: (N,) → (N, 64) float32."""
    speeds = 2.0 ** torch.linspace(0, 8, _WAVES, device=ratio.device)
    angles = ratio.float()[:, None] * speeds
    return torch.cat([angles.sin(), angles.cos()], 1)
