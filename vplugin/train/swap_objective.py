"""What a swapper's generator and discriminator minimise on one batch of one kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample

from vplugin.train import swap_losses as terms
from vplugin.train.encoders import Encoders, Told
from vplugin.train.swap_losses import Kind

__all__ = ["Objective", "Swapping", "Weights", "Work", "glanced"]

_FEATURES = (0.25, 0.5, 1.0)  # weights of the encoder's maps at strides 4, 8, 16


class Weights(BaseModel):
    """Of each term; nought leaves it out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    adversarial: float = Field(default=1.0, ge=0, description="Realism, by the discriminator")
    matching: float = Field(default=2.0, ge=0, description="Weak feature matching to the target")
    identity: float = Field(default=10.0, ge=0, description="1 - cosine to the source")
    lower: float = Field(default=0.5, ge=0, description="The same by FixerNet")
    reconstruction: float = Field(default=10.0, ge=0, description="L1 where source is target")
    kept: float = Field(default=4.0, ge=0, description="L1 to the target where it stays")
    tone: float = Field(default=4.0, ge=0, description="L1 to the target's light and colours")
    truth: float = Field(default=5.0, ge=0, description="L1 to the truth of a triplet")
    perceptual: float = Field(default=1.0, ge=0, description="Features of that truth")
    truth_identity: float = Field(default=5.0, ge=0, description="1 - cosine to that truth")
    truth_lower: float = Field(default=0.5, ge=0, description="The same by FixerNet")


class Swapping(nn.Module):
    """Generator and discriminator, trained side by side.

    Args:
        generator: Target (N, 3, S, S) and latent (N, Z) → (N, 3, S, S).
        discriminator: (N, 3, S, S) → of each scale the maps, the last of them the verdict.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator

    def forward(self, target: Tensor, latent: Tensor) -> Tensor:
        """The swapped picture, see :class:`vplugin.nets.reliableswap.simswap.Generator`."""
        answer: Tensor = self.generator(target, latent)
        return answer


@dataclass(frozen=True, eq=False)
class Work:
    """One batch. Pictures are (N, 3, S, S) float RGB in -1…1.

    Attributes:
        kind: Of all of it.
        target, source, truth: Pictures; truth is the target itself where the kind has none. The
            source may be larger than the others.
        kept: (N, 1, S, S) in 0…1, where the target stays as it is.
        real: Photos that no proxy pipeline has touched.
    """

    kind: Kind
    target: Tensor
    source: Tensor
    truth: Tensor
    kept: Tensor
    real: Tensor


@dataclass(frozen=True)
class Objective:
    """The sum that is minimised, term by term.

    Attributes:
        encoders: Who is who; with FixerNet its terms are there too.
        weights: Of the terms.
        triplet_run: Whether this run has triplets at all.
        naive: Whether synthetic truths are learnt from.
        released: Compute what the public code does instead of what the paper says.
        unsteady: How much encoders see an answer moved and noisy, see :func:`glanced`.
    """

    encoders: Encoders
    weights: Weights
    triplet_run: bool
    naive: bool = False
    released: bool = False
    unsteady: float = 0.0

    def losses(self, model: Swapping, work: Work) -> Mapping[str, Tensor]:
        """Weighted terms of the generator, then those of the discriminator."""
        told = self.encoders.told(work.source)
        answer = model(work.target, told.latent).float()
        found = self._realism(model.discriminator, answer, work)
        found |= self._identity(answer, told, work) | self._pictures(answer, work)
        weights = self.weights.model_dump()
        kept = {name: weights[name] * term for name, term in found.items() if weights[name]}
        return kept | {"discriminator": self._discriminator(model.discriminator, answer, work)}

    def _realism(self, judge: nn.Module, answer: Tensor, work: Work) -> dict[str, Tensor]:
        judge.requires_grad_(False)  # gradients pass through to the answer, none to the weights
        verdicts = judge(answer)
        with torch.no_grad():
            wanted = judge(work.target)
        judge.requires_grad_(True)
        return {
            "adversarial": terms.hinge_loss_of_generator(verdicts),
            "matching": terms.feature_matching_loss(verdicts, wanted),
        }

    def _discriminator(self, judge: nn.Module, answer: Tensor, work: Work) -> Tensor:
        real = work.target if self.released else work.real
        fakes = terms.hinge_loss_of_fakes(judge(answer.detach()))
        return terms.hinge_loss_of_reals(judge(real)) + fakes

    def _identity(self, answer: Tensor, told: Told, work: Work) -> dict[str, Tensor]:
        encoders, kind = self.encoders, work.kind
        seen = glanced(answer, self.unsteady)
        who = encoders.identity(seen)
        found = {"identity": terms.embedding_loss(who, told.identity)}
        if kind.cycle:
            truth = _still(encoders.identity, work.truth)
            found["truth_identity"] = terms.truth_embedding_loss(who, truth, kind)
        if told.lower is not None:
            lower = encoders.lower(seen)
            found["lower"] = terms.embedding_loss(lower, told.lower)
            if kind.cycle:
                truth = _still(encoders.lower, work.truth)
                found["truth_lower"] = terms.truth_embedding_loss(lower, truth, kind)
        return found

    def _pictures(self, answer: Tensor, work: Work) -> dict[str, Tensor]:
        kind = work.kind
        found: dict[str, Tensor] = {}
        if kind == Kind.SAME:
            found["reconstruction"] = terms.reconstruction_loss(
                answer, work.target, kind, triplet_run=self.triplet_run, released=self.released
            )
        if not kind.triplet:
            found["kept"] = terms.masked_loss(answer, work.target, work.kept)
            found["tone"] = terms.tone_loss(answer, work.target)
        if kind.cycle or (self.naive and kind.triplet):
            found["truth"] = terms.pixel_loss(answer, work.truth, kind, naive=self.naive)
        if kind.cycle and self.weights.perceptual:
            features = self.encoders.features
            found["perceptual"] = terms.perceptual_loss(
                answer, work.truth, kind, features, _FEATURES, released=self.released
            )
        return found


def glanced(pictures: Tensor, amount: float) -> Tensor:
    """Pictures as a hasty look sees them: a little turned, scaled and shifted, with noise.

    A generator that is told by an encoder alone finds patterns that nobody sees and the encoder
    takes for a face. They do not survive another crop (expectation over transformations, Athalye et
    al. 2018), what makes a face does.

    Args:
        pictures: (N, 3, S, S) in -1…1.
        amount: 1 as described, 0 not at all.
    """
    if not amount:
        return pictures
    count, device = len(pictures), pictures.device
    turn, grow, across, down = (
        spread * amount * torch.randn(count, device=device) for spread in (0.05, 0.03, 0.03, 0.03)
    )
    cosine, sine = (1 + grow) * torch.cos(turn), (1 + grow) * torch.sin(turn)
    rows = torch.stack([cosine, -sine, across, sine, cosine, down], 1).view(count, 2, 3)
    grid = affine_grid(rows, list(pictures.shape), align_corners=False)
    moved = grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    return moved + 0.04 * amount * torch.randn_like(moved)


def _still(encode: object, pictures: Tensor) -> Tensor:
    """An embedding that nothing is learned through."""
    assert callable(encode)
    with torch.no_grad():
        found: Tensor = encode(pictures)
    return found
