"""The task ``detector``: where faces are in a picture, with five points.

Learned from collages of rendered people (:mod:`vplugin.train.collage`), judged on collages of other
people in other places. Exported with the outputs of SCRFD as insightface knows them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, model_validator

from vplugin.nets.house.detector import STRIDES, Detector, DetectorShape, Found
from vplugin.train.assign import Faces, anchors_of, detection_losses
from vplugin.train.collage import Collage, Collages, Style
from vplugin.train.evaluate import Judged, average_precision, judge, recall_at
from vplugin.train.export import export_onnx
from vplugin.train.faces import FaceSource
from vplugin.train.people import BackSource, Crowd, PeopleSource
from vplugin.train.places import PlaceSource, ThingSource
from vplugin.train.recipe import Data, Recipe, Seeds
from vplugin.train.shards import Item, open_or_render
from vplugin.train.task import Batch, Losses, Metrics, Task
from vplugin.vision.detect import ScrfdDetector

__all__ = ["DetectorRecipe", "DetectorTask"]

_MOST = 16  # faces of a picture that are learned from
_CONSIDERED = 300  # best anchors of a picture in evaluations: a fresh network says thousands
_KINDS = ("score", "bbox", "kps")
OUTPUTS = tuple(f"{kind}_{stride}" for kind in _KINDS for stride in STRIDES)


class DetectorRecipe(Recipe):
    """What the detector's recipe says besides."""

    faces: Seeds | None = Field(default=None, description="Of the bank of faces, used as well")
    face_size: int = Field(default=256, ge=64, description="Side of its pictures, px")
    face_variants: int = Field(default=2, ge=1, description="Its pictures of each person")
    largest: float = Field(default=1.1, gt=0, description="Largest faces, in sides of a picture")
    places: Seeds = (0, 2048)
    backs: Seeds = (0, 256)
    things: Seeds = (0, 2048)
    held_out_places: Seeds = (9_000_000, 9_000_200)
    held_out_backs: Seeds = (9_000_000, 9_000_032)
    held_out_things: Seeds = (9_000_000, 9_000_256)
    sides: tuple[int, ...] = Field(default=(256, 320, 384), description="Sides of pictures, px")
    alarms: float = Field(
        default=0.003, gt=0, description="False alarms a held-out picture at a score of 0.5"
    )
    many_alarms: float = Field(default=0.1, gt=0, description="The same at a score of 0.3")
    calibrated: int = Field(default=400, ge=1, description="Held-out pictures that decide on them")
    judged: int = Field(default=200, ge=1, description="Held-out pictures of an evaluation")
    widths: tuple[int, int, int, int, int] = Field(
        default=DetectorShape.widths, description="Channels at strides 2 to 32"
    )
    blocks: tuple[int, int, int, int] = Field(
        default=DetectorShape.blocks, description="Residual blocks at strides 4 to 32"
    )
    neck: int = Field(default=DetectorShape.neck, ge=4, description="Channels of the pyramid")
    head: int = Field(default=DetectorShape.head, ge=0, description="Convolutions of a head")

    @model_validator(mode="after")
    def _held_out_apart(self) -> Self:
        pairs = {"places": self.held_out_places, "backs": self.held_out_backs,
                 "things": self.held_out_things}  # fmt: skip
        for name, (first, end) in pairs.items():
            seeds: Seeds = getattr(self, name)
            if seeds[0] < end and first < seeds[1]:
                raise ValueError(f"{name} and held_out_{name} share seeds")
        return self


class DetectorTask(Task[DetectorRecipe]):
    """Trains :class:`vplugin.nets.house.detector.Detector`."""

    name = "detector"
    recipe_type = DetectorRecipe
    best = "AP50"

    def prepare(self) -> None:
        """Open the banks of people and places; what is missing is rendered first."""
        recipe = self.recipe
        self._train = self._collages(
            self._crowd(), recipe.places, recipe.backs, recipe.things, Style(largest=recipe.largest)
        )
        self._held_out = self._collages(
            self._people(recipe.data.held_out),
            recipe.held_out_places,
            recipe.held_out_backs,
            recipe.held_out_things,
        )

    def _people(self, seeds: Seeds) -> Sequence[Item]:
        return open_or_render(PeopleSource(self.recipe.data.size), self.recipe.data, seeds)

    def _crowd(self) -> Sequence[Item]:
        """The people to learn from."""
        recipe, people = self.recipe, self._people(self.recipe.data.train)
        if recipe.faces is None:
            return people
        source = FaceSource(recipe.face_size, recipe.face_variants)
        return Crowd(people, open_or_render(source, recipe.data, recipe.faces))

    def _collages(
        self,
        people: Sequence[Item],
        places: Seeds,
        backs: Seeds,
        things: Seeds,
        style: Style | None = None,
    ) -> Collages:
        data: Data = self.recipe.data
        return Collages(
            people,
            open_or_render(PlaceSource(), data, places),
            [
                open_or_render(BackSource(), data, backs),
                open_or_render(ThingSource(), data, things),
            ],
            style,
        )

    def build(self) -> torch.nn.Module:
        """The network of the recipe's widths."""
        recipe = self.recipe
        return Detector(DetectorShape(recipe.widths, recipe.blocks, recipe.neck, recipe.head))

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """Collages of one side, which changes from step to step; of larger ones there are fewer."""
        side = int(generator.choice(self.recipe.sides))
        count = round(self.recipe.batch * (min(self.recipe.sides) / side) ** 2)
        made = [self._train.make(generator, side) for _ in range(max(2, count))]
        return _batch(made)

    def losses(self, model: torch.nn.Module, batch: Batch) -> Losses:
        """Score, box and point losses."""
        found = model(_normalised(batch["pictures"]))
        most = max(1, int((batch["state"] != 0).sum(1).max()))
        faces = Faces(*(batch[name][:, :most] for name in ("boxes", "points", "weight", "state")))
        height, width = batch["pictures"].shape[2:]
        return detection_losses(found, faces, anchors_of(height, width, batch["boxes"].device))

    def evaluate(self, model: torch.nn.Module) -> Metrics:
        """AP50, recall at 0.1 and 0.01 false alarms a picture, error of the points."""
        return _metrics(self._judge(model))

    def _judge(self, model: torch.nn.Module, count: int | None = None) -> Judged:
        """The network on so many held-out pictures, else the recipe's number."""
        detector, found, truths = ScrfdDetector(_TorchSession(model)), [], []
        for made in self._held_out_pictures(count or self.recipe.judged):
            said = detector.candidates([made.picture], score=0.05)[0]
            best = np.argsort(-said.scores, kind="stable")[:_CONSIDERED]
            found.append(said.take(best).suppressed(0.4, border=detector.border))
            truths.append((made.boxes, made.points, made.state > 0))
        return judge(found, truths)

    def _held_out_pictures(self, count: int) -> Iterator[Collage]:
        """Held-out pictures, the same each time."""
        for index in range(count):
            generator = np.random.default_rng((17, index))
            yield self._held_out.make(generator, int(generator.choice((320, 480))))

    def export(self, model: torch.nn.Module, path: Path) -> None:
        """SCRFD's nine outputs, (N, rows, 1 | 4 | 10); batch, height and width are free.

        A network's scores lie close together. They are spread and shifted so that the scores 0.5
        (the usual threshold) and 0.3 give the false alarms that the recipe says.
        """
        recipe = self.recipe
        judged = self._judge(model, recipe.calibrated)
        said = [recall_at(judged, alarms)[1] for alarms in (recipe.alarms, recipe.many_alarms)]
        rows = {name: {0: "batch", 1: f"rows_{name}"} for name in OUTPUTS}
        free = {"input": {0: "batch", 2: "height", 3: "width"}} | rows
        example, exported = torch.zeros(1, 3, 64, 96), _Exported(model, *_spread(*said))
        export_onnx(exported, example, path, inputs=["input"], outputs=OUTPUTS, free=free)


def _spread(half: float, less: float) -> tuple[float, float]:
    """Factor and shift of logits that make one score 0.5 and a lower one 0.3; 1 and 0 if absurd."""
    if not 0.05 < less < half < 0.95:
        return 1.0, 0.0
    high, low = (math.log(score / (1 - score)) for score in (half, less))
    factor = min(6.0, max(1.0, math.log(0.7 / 0.3) / (high - low)))
    return factor, -factor * high


class _Exported(torch.nn.Module):
    """Scores as probabilities, outputs in the contract's order.

    Args:
        model: The network.
        factor: Of the logits of the scores.
        shift: Added to them.
    """

    def __init__(self, model: torch.nn.Module, factor: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.model = model
        self.factor, self.shift = factor, shift

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found: Found = self.model(pictures)
        scores = ((one * self.factor + self.shift).sigmoid() for one in found.scores)
        return (*scores, *found.sides, *found.points)


@dataclass(frozen=True)
class _Tensor:
    """Name, shape and type, as a detector asks of a session."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str = "float32"


class _TorchSession:
    """A network that is still in training, as a session of the vision code."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = _Exported(model)
        weight = next(model.parameters())
        self._device = weight.device
        self.inputs = [_Tensor("input", ("batch", 3, "height", "width"))]
        widths = [width for width in (1, 4, 10) for _ in STRIDES]
        self.outputs = [
            _Tensor(name, ("batch", "rows", width))
            for name, width in zip(OUTPUTS, widths, strict=True)
        ]

    def run(self, inputs: Mapping[str, npt.NDArray[Any]], /) -> Sequence[npt.NDArray[Any]]:
        """Run the network."""
        with torch.inference_mode():
            pictures = torch.from_numpy(inputs["input"]).to(self._device)
            pictures = pictures.contiguous(memory_format=torch.channels_last)
            return [output.float().cpu().numpy() for output in self._model(pictures)]


def _normalised(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 → the contract's (x - 127.5) / 128."""
    return (pictures.float() - 127.5) / 128.0


def _batch(made: Sequence[Collage]) -> Batch:
    """Collages as padded tensors."""
    pictures = np.stack([one.picture for one in made])
    count = len(made)
    boxes, points = np.zeros((count, _MOST, 4), np.float32), np.zeros((count, _MOST, 5, 2), "f4")
    weight, state = np.zeros((count, _MOST, 5), np.float32), np.zeros((count, _MOST), np.float32)
    for row, one in enumerate(made):
        faces = min(_MOST, len(one.state))
        boxes[row, :faces], points[row, :faces] = one.boxes[:faces], one.points[:faces]
        weight[row, :faces], state[row, :faces] = one.weight[:faces], one.state[:faces]
    arrays = {"boxes": boxes, "points": points, "weight": weight, "state": state}
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return {"pictures": torch.from_numpy(pictures).permute(0, 3, 1, 2)} | tensors


def _metrics(judged: Judged) -> dict[str, float]:
    tenth, hundredth = recall_at(judged, 0.1), recall_at(judged, 0.01)
    errors = judged.errors[judged.right & (judged.scores > 0.5) & (judged.sizes > 20)]
    return {
        "AP50": average_precision(judged),
        "recall at 0.1 alarms": tenth[0],
        "recall at 0.01 alarms": hundredth[0],
        "score at 0.1 alarms": tenth[1],
        "point error": float(np.mean(errors)) if len(errors) else 1.0,
    }
