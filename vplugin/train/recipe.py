"""The recipe of a training run: everything that decides what comes out, in one YAML file.

A recipe is data: the same recipe, renderer and libraries give the same run. Each task adds its own
fields in a subclass (``DetectorRecipe``). Reading says what is wrong, where and how to mend it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from vplugin.errors import TrainError
from vplugin.graph.explain import describe_unknown, known_keys

__all__ = ["MAY_CHANGE", "Data", "Optimiser", "Recipe", "Seeds", "differences", "in_yaml", "read"]

# What a run may have otherwise when it is resumed: how long it goes on, where and on what it runs
# and how often it looks up, where its data lie. Anything else decides what is learned from what:
# half a run of each would be neither, and its recipe.yaml true of neither.
MAY_CHANGE = frozenset(
    [
        "steps",
        "minutes",
        "device",
        "threads",
        "loaders",
        "evaluate_every",
        "save_every",
        "output",
        "data.folder",
        "data.workers",
        "data.any_version",
    ]
)

Seeds = Annotated[tuple[int, int], Field(description="First seed and the one after the last")]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Optimiser(_Settings):
    """AdamW with a warm-up and a cosine; the weights that are kept are a running average."""

    rate: float = Field(default=1e-3, gt=0, le=1, description="Learning rate after the warm-up")
    final: float = Field(default=0.02, ge=0, le=1, description="Share of the rate left at the end")
    warmup: int = Field(default=100, ge=0, description="Steps of linear warm-up")
    decay: float = Field(default=0.02, ge=0, description="Weight decay; not for biases and norms")
    betas: tuple[float, float] = Field(default=(0.9, 0.99), description="AdamW's averages")
    clip: float = Field(default=5.0, gt=0, description="Gradients are scaled down to this norm")
    average: float = Field(default=0.998, ge=0, lt=1, description="Decay of the weights' average")


class Data(_Settings):
    """Which scenes are rendered, and where they are kept. Never any photograph."""

    train: Seeds = Field(default=(0, 4000), description="Seeds of training scenes")
    held_out: Seeds = Field(default=(9_000_000, 9_000_400), description="Seeds for evaluation")
    size: int = Field(default=256, ge=16, le=2048, description="Side of a rendered picture, px")
    folder: Path | None = Field(default=None, description="Of the shards; null: the user's cache")
    workers: int = Field(default=2, ge=1, le=256, description="Processes that render")
    any_version: bool = Field(default=False, description="Use shards of another renderer version")

    @model_validator(mode="after")
    def _disjoint(self) -> Data:
        for name, (first, end) in (("train", self.train), ("held_out", self.held_out)):
            if first < 0 or end <= first:
                raise ValueError(f"{name} must be two seeds, the second larger")
        if self.train[0] < self.held_out[1] and self.held_out[0] < self.train[1]:
            raise ValueError("train and held_out share seeds: the evaluation would be worthless")
        return self


class Recipe(_Settings):
    """What all tasks have in common."""

    task: str = Field(description="Which task: detector, landmarks, …")
    seed: int = Field(default=1, ge=0, description="Of weights, batches and augmentation")
    steps: int | None = Field(default=None, ge=1, description="Length of the run in steps")
    minutes: float | None = Field(default=None, gt=0, description="Length of the run in minutes")
    batch: int = Field(default=32, ge=1, le=65536, description="Pictures a step")
    device: Literal["cpu", "cuda"] = Field(default="cpu", description="Where the network runs")
    bf16: bool = Field(default=True, description="Autocast to bfloat16")
    threads: int = Field(default=1, ge=1, le=256, description="Of torch on the CPU")
    loaders: int = Field(default=1, ge=0, le=64, description="Processes making batches; 0: none")
    evaluate_every: int = Field(default=500, ge=1, description="Steps between evaluations")
    save_every: int = Field(default=200, ge=1, description="Steps between checkpoints")
    output: Path = Field(default=Path("out/train"), description="Folder for what the run writes")
    start: Path | None = Field(default=None, description="Checkpoint whose weights are the start")
    optimiser: Optimiser = Field(default=Optimiser(), description="How weights move")
    data: Data = Field(default=Data(), description="What is learned from")

    @model_validator(mode="after")
    def _one_length(self) -> Recipe:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("give either steps or minutes, the other null: --set minutes=null")
        return self


RecipeT = TypeVar("RecipeT", bound=Recipe)


def read(path: Path, kind: type[RecipeT], changes: dict[str, Any] | None = None) -> RecipeT:
    """Read a recipe.

    Args:
        path: The YAML file.
        kind: The model of the task's recipes.
        changes: Values by dotted key that replace those of the file: ``{"data.size": 128}``; a
            length in steps replaces one in minutes, and the other way round.

    Raises:
        TrainError: It cannot be read, or something in it is wrong; names the key.
    """
    data = read_mapping(path)
    for key, value in (changes or {}).items():
        _put(data, key, value)
    for length, other in (("steps", "minutes"), ("minutes", "steps")):
        if (changes or {}).get(length) is not None and other not in (changes or {}):
            data.pop(other, None)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise _explained(error.errors()[0], kind, path, changes or {}) from None


def _explained(
    first: ErrorDetails, kind: type[Recipe], path: Path, changes: Mapping[str, Any]
) -> TrainError:
    """The first mistake, and whether it is the file's or a change's."""
    key, unknown = ".".join(str(part) for part in first["loc"]), first["type"] == "extra_forbidden"
    said = [
        name
        for name in changes
        if f"{key}.".startswith(f"{name}.") or (unknown and name.startswith(f"{key}."))
    ]
    where = f"--set {said[0]}={in_yaml(changes[said[0]])}" if said else str(path)
    if unknown:
        what, mend = describe_unknown(first["loc"], known_keys(kind, first["loc"][:-1]))
        return TrainError(what, where=where, mend=mend)
    what = first["msg"].removeprefix("Value error, ")
    return TrainError(f"{key or 'the recipe'}: {what}", where=where, mend="see docs/training.md")


def in_yaml(value: object) -> str:
    """A value on one line, as it is written behind ``--set KEY=``."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def differences(old: Recipe, new: Recipe) -> dict[str, tuple[Any, Any]]:
    """What two recipes of a task have unlike: old and new value by dotted key."""
    before, after = _flat(old.model_dump(mode="json")), _flat(new.model_dump(mode="json"))
    return {
        key: (before.get(key), after.get(key))
        for key in before | after
        if before.get(key) != after.get(key)
    }


def _flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in data.items():
        found |= (
            _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return found


def read_mapping(path: Path) -> dict[str, Any]:
    """A YAML file's mapping.

    Raises:
        TrainError: There is no such file, it is not YAML, or not a mapping.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainError(
            f"cannot be read: {error.strerror}", where=path, mend="give a recipe file"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = str(error).splitlines()[0]
        raise TrainError(f"not YAML: {line}", where=path, mend="mend the file") from None
    if not isinstance(data, dict):
        raise TrainError("not a mapping of keys to values", where=path, mend="see docs/training.md")
    return data


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key."""
    *parents, last = key.split(".")
    for parent in parents:
        inner = data.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise TrainError(f"{parent} has no keys of its own", mend=f"--set {parent}=VALUE")
        data = inner
    data[last] = value
