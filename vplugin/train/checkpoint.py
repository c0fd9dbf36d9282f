"""Files of weights: written by rename, so that a run killed at any moment leaves a whole one."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vplugin.errors import TrainError

__all__ = ["load", "load_weights", "put_random_states", "put_weights", "random_states", "save"]


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint, replacing an older one.

    Raises:
        TrainError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        torch.save(dict(content), part)
        os.replace(part, path)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError for a full disk
        raise TrainError(f"cannot be written: {error}", where=path, mend="make room") from error
    finally:
        part.unlink(missing_ok=True)  # there only where it failed, or was interrupted


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint; nothing but tensors, numbers and texts is accepted from it.

    Raises:
        TrainError: It is missing, damaged or not a checkpoint.
    """
    if not path.exists():
        raise TrainError("there is no such checkpoint", where=path, mend="name another")
    try:
        if not zipfile.is_zipfile(path):
            raise pickle.UnpicklingError("it is damaged or of another kind")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        what = str(error).splitlines()[0]
        raise TrainError(f"not a checkpoint: {what}", where=path, mend="train anew") from None
    if not isinstance(content, dict) or "weights" not in content:
        raise TrainError("not a checkpoint of ours", where=path, mend="name another file")
    return content


def load_weights(path: Path, model: torch.nn.Module) -> None:
    """Put a checkpoint's averaged weights into a network.

    Raises:
        TrainError: They are not there, or of another network.
    """
    put_weights(model, load(path)["weights"], path)


def put_weights(model: torch.nn.Module, weights: Mapping[str, Any], where: Path) -> None:
    """Load a state, all of it.

    Raises:
        TrainError: It is of another network.
    """
    try:
        model.load_state_dict(dict(weights))
    except RuntimeError as error:
        what = " ".join(str(error).split())[:160]
        raise TrainError(
            f"of another network ({what})", where=where, mend="use the recipe it was trained with"
        ) from None


def random_states() -> dict[str, Any]:
    """Where the global generators stand. (Batches do not use them; dropout does.)"""
    states: dict[str, Any] = {"torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state_all()
    return states


def put_random_states(states: Mapping[str, Any]) -> None:
    """Put them back."""
    torch.set_rng_state(states["torch"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(states["cuda"])
