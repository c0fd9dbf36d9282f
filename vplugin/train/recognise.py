"""What the tasks that tell people apart have in common: the bank of portraits, losses, figures.

Three losses pull together. Classification of the training people with an additive margin on the
cosine (CosFace, Wang et al. 2018, eq. 4), and what only procedural people allow: linear readouts of
the embedding must give the person's own parameters, and the plain portrait of the person
(:mod:`vplugin.train.goals`), so that people never seen are told apart by how they differ, not by
whom of the training people they resemble.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from pathlib import Path
from typing import ClassVar, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize, smooth_l1_loss

from vplugin.errors import TrainError
from vplugin.train.augment import Camera, Framing, frame_matrix, occluded, photographed, warped
from vplugin.train.bank import PeopleRecipe, pictures_of
from vplugin.train.between import Between, between_people, fold
from vplugin.train.checkpoint import save
from vplugin.train.export import export_onnx, tidy
from vplugin.train.goals import Goals
from vplugin.train.landmarks import GENTLE
from vplugin.train.photos import PhotoPortraits
from vplugin.train.plain import PlainSource
from vplugin.train.portraits import PortraitSource
from vplugin.train.shards import Shards, Source, open_or_render
from vplugin.train.task import Batch, Losses, Metrics, Task

__all__ = ["SIDE", "RecogniserRecipe", "RecogniserTask", "Taught", "accepted_share"]

SIDE = 112  # of ArcFace's crop, px
_MIDDLE = (63.5, 55.5)  # of that crop in a portrait of 128 px
_FRAMING = Framing(turn=2.5, scale=0.035, shift=0.016, squeeze=0.012)
_CAMERA = Camera(cast=0.1, dark=0.1, blur=0.2, small=0.2, noise=0.3, jpeg=0.4, strength=0.8)
_NEARLY = Framing(turn=1.5, scale=0.02, shift=0.01, squeeze=0.0)
_FURTHEST = 60.0  # degrees of yaw in evaluations
_AT_ONCE = 64
_MEASURED = 3000  # people that the last step of a recogniser is measured on

Picture = npt.NDArray[np.uint8]


class RecogniserRecipe(PeopleRecipe):
    """Fields of these tasks."""

    margin: float = Field(default=0.15, ge=0, le=1, description="Taken off the true cosine")
    sharpness: float = Field(default=20.0, gt=0, description="Cosines are multiplied by this")
    parameters: float = Field(default=15.0, ge=0, description="Weight of the person's parameters")
    plain: float = Field(default=15.0, ge=0, description="Weight of the person's plain portrait")
    components: int = Field(default=96, ge=1, description="Of plain portraits, that are learned")
    people: int | None = Field(
        default=None, ge=1, description="Room for so many people; null: as many as there are"
    )
    patches: float = Field(default=0.1, ge=0, le=1, description="Share of crops with a patch")
    stretch: float = Field(default=1.5, gt=0, le=3, description="How much people differ in shape")
    photos: Path | None = Field(default=None, description="Folders of people, in place of a bank")
    aligned: str = Field(default="ffhq_512", description="Template those photos are aligned to")


class Taught(nn.Module):
    """A net, and what teaches it: a direction for each person and a readout of parameters.

    Args:
        net: (N, 3, S, S) → (N, E), of any length.
        width: E.
        people: How many.
        parameters: How many each of them has; 0: photographs have none, and nothing is read out.
        components: Of plain portraits that each of them has; 0 likewise.
    """

    mean: Tensor
    spread: Tensor
    goals: Tensor  # (people, components)
    weights: Tensor

    def __init__(
        self, net: nn.Module, width: int, people: int, parameters: int, components: int = 0
    ) -> None:
        super().__init__()
        self.net = net
        self.directions = nn.Parameter(torch.randn(people, width) * 0.05)
        self.readout = nn.Linear(width, parameters) if parameters else None
        self.register_buffer("mean", torch.zeros(parameters))
        self.register_buffer("spread", torch.ones(parameters))
        self.plain = nn.Linear(width, components) if components else None
        self.register_buffer("goals", torch.zeros(people, components), persistent=False)
        self.register_buffer("weights", torch.ones(components), persistent=False)

    def forward(self, crops: Tensor) -> Tensor:
        embedding: Tensor = self.net(crops)
        return embedding

    def told(self, direction: Tensor) -> Tensor:
        """The parameters that embeddings of length 1 tell, normalised: (N, K)."""
        assert self.readout is not None
        return _read(self.readout, direction)

    def portrayed(self, direction: Tensor) -> Tensor:
        """The components of a plain portrait that embeddings of length 1 tell: (N, K)."""
        assert self.plain is not None
        return _read(self.plain, direction)


def _read(readout: nn.Linear, direction: Tensor) -> Tensor:
    """A linear readout in float32 of directions, whose values get variance 1 first."""
    scaled = direction * direction.shape[1] ** 0.5
    return linear(scaled, readout.weight, readout.bias)


RecipeT = TypeVar("RecipeT", bound=RecogniserRecipe)


class RecogniserTask(Task[RecipeT]):
    """Learns who a face is from :class:`vplugin.train.portraits.PortraitSource`.

    Attributes:
        width: Numbers of an embedding.
    """

    best = "tar"
    width: ClassVar[int]
    train: Shards
    held_out: Shards

    @abstractmethod
    def net(self) -> nn.Module:
        """A fresh net: (N, 3, S, S) RGB in -1…1 → (N, :attr:`width`)."""

    @abstractmethod
    def last(self, net: nn.Module) -> tuple[nn.Linear, nn.BatchNorm1d]:
        """Its last linear layer, and the normalisation after it."""

    @abstractmethod
    def part(self, crop: Picture) -> Picture:
        """What the net sees of ArcFace's crop (112, 112, 3)."""

    def prepare(self) -> None:
        """Open the bank and sort it by person."""
        recipe, source = self.recipe, self._source()
        self.train = open_or_render(source, recipe.data, recipe.data.train)
        self.held_out = open_or_render(source, recipe.data, recipe.data.held_out)
        numbers = self.train.column("person")
        if np.intersect1d(numbers, self.held_out.column("person")).size:
            raise TrainError("somebody is both learned from and held out", mend="other data ranges")
        self._first, self._last = int(numbers.min()), int(numbers.max())
        _, judged = np.unique(self._judged_people(), return_counts=True)
        if len(judged) < 2 or judged.max() < 2:
            raise TrainError(
                "too few pictures are held out to judge by",
                where="data.held_out",
                mend="two people at least, one of them with two pictures",
            )
        # Sorted by person: where each begins, and how many pictures there are of each.
        _, begins, counts = np.unique(numbers, return_index=True, return_counts=True)
        self._begins, self._counts = begins[counts > 1], counts[counts > 1]

    def _source(self) -> Source:
        recipe = self.recipe
        if recipe.photos is not None:
            return PhotoPortraits(recipe.photos, recipe.aligned)
        return PortraitSource(recipe.data.size, recipe.variants, recipe.stretch)

    def build(self) -> Taught:
        """A fresh network with its teachers."""
        rows = self.train.column("identity")
        rows = rows[:, np.isfinite(rows).all(0)]
        spread = rows.std(0)
        spread[spread < 1e-4] = np.inf  # always the same: nothing to learn
        room = self.recipe.people or self._last - self._first + 1
        components = len(self._goals.weights) if self._goals else 0
        taught = Taught(self.net(), self.width, room, rows.shape[1], components)
        taught.mean.copy_(torch.from_numpy(rows.mean(0)))
        taught.spread.copy_(torch.from_numpy(spread))
        if self._goals:
            people, goals = self._goals.of(self._plain(self._first, self._last), self.part)
            taught.goals[torch.from_numpy(people - self._first)] = torch.from_numpy(goals)
            taught.weights.copy_(torch.from_numpy(self._goals.weights))
        return taught

    @cached_property
    def _goals(self) -> Goals | None:
        if self.recipe.photos is not None or not self.recipe.plain:
            return None
        bank = self._plain(self._first, self._last)
        return Goals(bank, self.part, self.recipe.components)

    def _plain(self, first: int, last: int) -> Shards:
        """Plain portraits of these people, ``last`` included."""
        return open_or_render(PlainSource(self.recipe.stretch), self.recipe.data, (first, last + 1))

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """Two pictures of each of N/2 people.

        ``pictures`` (N, 3, S, S) uint8, ``people`` (N,), ``identity`` (N, K).
        """
        del step
        rows = []
        for one in generator.integers(len(self._begins), size=(self.recipe.batch + 1) // 2):
            for other in generator.choice(self._counts[one], 2, replace=False):
                item = self.train[int(self._begins[one] + other)]
                rows.append((self._crop(item["image"], generator), item))
        pictures, items = zip(*rows[: self.recipe.batch], strict=True)
        identity = np.stack([item["identity"] for item in items])
        return {
            "pictures": pictures_of(list(pictures)),
            "people": torch.tensor([int(item["person"]) - self._first for item in items]),
            "identity": torch.from_numpy(identity[:, np.isfinite(identity).all(0)]),
        }

    def _crop(self, portrait: Picture, generator: np.random.Generator) -> Picture:
        picture = _framed(portrait, generator, _FRAMING)
        if generator.random() < 0.5:
            picture = np.asarray(cv2.flip(picture, 1), np.uint8)
        if generator.random() < self.recipe.patches:
            picture, _ = occluded(picture, generator)
        return self.part(photographed(picture, generator, _CAMERA))

    def losses(self, model: torch.nn.Module, batch: Batch) -> Losses:
        """``people``, and of rendered people ``parameters`` and ``plain``."""
        assert isinstance(model, Taught)
        direction = normalize(model(normalised(batch["pictures"]))).float()
        cosine = linear(direction, normalize(model.directions)).float()
        margins = torch.zeros_like(cosine).scatter_(1, batch["people"][:, None], self.recipe.margin)
        people = cross_entropy(self.recipe.sharpness * (cosine - margins), batch["people"])
        found = {"people": people}
        if model.readout is not None and self.recipe.parameters:
            goal = (batch["identity"] - model.mean) / model.spread
            told = smooth_l1_loss(model.told(direction).float(), goal)
            found["parameters"] = self.recipe.parameters * told
        if model.plain is not None:
            shown = smooth_l1_loss(
                model.portrayed(direction).float(), model.goals[batch["people"]], reduction="none"
            )
            found["plain"] = self.recipe.plain * (shown.mean(0) * model.weights).mean()
        return found

    def evaluate(self, model: torch.nn.Module) -> Metrics:
        """As :meth:`verified`, and how much of two variances is read out.

        ``told``: of the parameters'; ``portrayed``: of the plain portraits'.
        """
        assert isinstance(model, Taught)
        found = self.verified(model.net)
        embeddings, people, identity = self._embedded(model.net)
        device = model.mean.device
        if self._goals is not None:
            bank = self._plain(int(people.min()), int(people.max()))
            known, goals = self._goals.of(bank, self.part)
            goals = goals[np.searchsorted(known, people)]
            shown = model.portrayed(torch.from_numpy(embeddings).to(device)).cpu().numpy()
            weights = self._goals.weights
            apart = float(np.mean(((shown - goals) * weights) ** 2))
            found = {**found, "portrayed": 1 - apart / float(np.mean((goals * weights) ** 2))}
        if model.readout is None:
            return found
        told = model.told(torch.from_numpy(embeddings).to(device)).cpu().numpy()
        mean, spread = model.mean.cpu().numpy(), model.spread.cpu().numpy()
        goal = ((identity - mean) / spread)[:, np.isfinite(spread)]
        missed = float(np.mean((told[:, np.isfinite(spread)] - goal) ** 2))
        return {**found, "told": 1 - missed / float(np.mean(goal**2))}

    def verified(self, net: nn.Module) -> Metrics:
        """Verification of held-out people turned by up to 60 degrees, all pairs.

        Args:
            net: (N, 3, S, S) in -1…1 → (N, E).

        Returns:
            ``tar`` and ``tar_2``: shares of pairs of one person accepted where 1 in 1000 and 1 in
            100 pairs of two people are; ``cosine`` and ``other``: the mean cosines of either.
        """
        embeddings, people, _ = self._embedded(net)
        cosines = embeddings @ embeddings.T
        same = np.equal.outer(people, people)
        upper = np.triu(np.ones_like(same), 1)
        one, two = cosines[same & upper], cosines[~same & upper]
        return {
            "tar": accepted_share(one, two, 1e-3),
            "tar_2": accepted_share(one, two, 1e-2),
            "cosine": float(one.mean()),
            "other": float(two.mean()),
        }

    def _embedded(
        self, net: nn.Module
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Held-out embeddings of length 1 (N, E), whose they are, and their parameters."""
        pictures, people, identity = self._examined
        device = next(net.parameters()).device
        parts = []
        for start in range(0, len(pictures), _AT_ONCE):
            batch = pictures_of(pictures[start : start + _AT_ONCE]).to(device)
            parts.append(normalize(net(normalised(batch))).float().cpu().numpy())
        return np.concatenate(parts), people, identity

    def _judged(self) -> npt.NDArray[np.int64]:
        """Numbers of the held-out pictures that are turned little enough."""
        return np.flatnonzero(np.abs(self.held_out.column("yaw")) <= _FURTHEST)

    def _judged_people(self) -> npt.NDArray[np.int64]:
        return np.asarray(self.held_out.column("person")[self._judged()], np.int64)

    @cached_property
    def _examined(self) -> tuple[list[Picture], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Held-out crops, whose they are, and their parameters; the same in every evaluation."""
        kept = self._judged()
        pictures = []
        for index in kept:
            generator = np.random.default_rng((41, int(index)))
            picture = _framed(self.held_out[int(index)]["image"], generator, _NEARLY)
            pictures.append(self.part(photographed(picture, generator, GENTLE)))
        identity = self.held_out.column("identity")[kept]
        identity = identity[:, np.isfinite(identity).all(0)]
        return pictures, self.held_out.column("person")[kept], identity

    def export(self, model: torch.nn.Module, path: Path) -> None:
        """ArcFace's contract: (N, 3, S, S) RGB in -1…1 → (N, E), by what differs between people.

        Beside the file stands ``net.pt``, the same net for whoever learns from it.
        """
        assert isinstance(model, Taught)
        fold(*self.last(model.net), self.between(model.net))
        save(path.with_name("net.pt"), {"weights": model.net.state_dict()})
        side = self.part(np.zeros((SIDE, SIDE, 3), np.uint8)).shape[0]
        example = torch.zeros(1, 3, side, side)
        export_onnx(model.net, example, path, inputs=["input"], outputs=["embedding"])
        tidy(path)

    @torch.no_grad()
    def between(self, net: nn.Module) -> Between:
        """See :func:`.between.between_people`; measured on training people, after ``last``."""
        generator = np.random.default_rng((43, self.recipe.seed))
        some = generator.permutation(len(self._begins))[:_MEASURED]
        pictures, people, found = [], [], []
        for one in some:
            for place in range(self._begins[one], self._begins[one] + self._counts[one]):
                pictures.append(self._crop(self.train[int(place)]["image"], generator))
                people.append(one)
        hook = self.last(net)[1].register_forward_hook(lambda _m, _i, out: found.append(out))
        try:
            for start in range(0, len(pictures), _AT_ONCE):
                net(normalised(pictures_of(pictures[start : start + _AT_ONCE])))
        finally:
            hook.remove()
        return between_people(torch.cat(found).float().numpy(), np.array(people))


def _framed(portrait: Picture, generator: np.random.Generator, framing: Framing) -> Picture:
    """ArcFace's crop of a portrait, a little off, as a detector's points would make it."""
    matrix = frame_matrix(generator, framing, _MIDDLE, SIDE, SIDE)
    border = cv2.BORDER_REPLICATE
    return np.asarray(warped(np.ascontiguousarray(portrait), matrix, SIDE, border=border), np.uint8)


def normalised(pictures: Tensor) -> Tensor:
    """uint8 RGB as ArcFace takes it."""
    return (pictures.float() - 127.5) / 127.5


def accepted_share(
    same: npt.NDArray[np.float32], different: npt.NDArray[np.float32], false: float
) -> float:
    """Share of pairs of one person above the cosine that ``false`` of the other pairs reach."""
    return float((same > np.quantile(different, 1 - false)).mean())
