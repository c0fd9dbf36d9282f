"""Cycle triplets (arXiv 2306.05356): pairs with their two proxies, on disk and as training data.

One folder holds one pair, as the public code has it (``st``: the identity of the source on the
attributes of the target)::

    000000/source.jpg  target.jpg  output_st.jpg  output_ts.jpg

Each gives two cycle triplets, whose inputs are both synthetic and whose truth is a real photo, and
two naive ones, the other way round, for the ablation.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import TrainError
from vplugin.train.swap_losses import Kind

__all__ = ["Mixing", "Pair", "Triplet", "kind_of", "pairs_in", "read_pair", "triplet", "write_pair"]

Picture = npt.NDArray[np.uint8]
_FILES = ("source", "target", "output_st", "output_ts")
_QUALITY = 95


class Pair(NamedTuple):
    """Two photos and their two proxies, (S, S, 3) uint8 RGB, aligned and equally large.

    Attributes:
        source: C_b.
        target: C_a.
        source_on_target: C_ab, b's identity with a's attributes.
        target_on_source: C_ba.
    """

    source: Picture
    target: Picture
    source_on_target: Picture
    target_on_source: Picture


class Triplet(NamedTuple):
    """What a swapper is given, and what it should make of it.

    Attributes:
        target: Attributes are taken from it.
        source: Identity is taken from it.
        truth: The right answer.
    """

    target: Picture
    source: Picture
    truth: Picture


def triplet(pair: Pair, kind: Kind) -> Triplet:
    """One of the four triplets of a pair.

    Raises:
        ValueError: The kind is not one of triplets.
    """
    match kind:
        case Kind.NAIVE:
            return Triplet(pair.target, pair.source, pair.source_on_target)
        case Kind.NAIVE_BACK:
            return Triplet(pair.source, pair.target, pair.target_on_source)
        case Kind.CYCLE:
            return Triplet(pair.target_on_source, pair.source_on_target, pair.source)
        case Kind.CYCLE_BACK:
            return Triplet(pair.source_on_target, pair.target_on_source, pair.target)
    raise ValueError(f"{kind.name} is no kind of triplet")


def write_pair(folder: Path, pair: Pair) -> None:
    """Write a pair into a folder of its own, which appears when it is complete.

    Raises:
        TrainError: It cannot be written.
    """
    part = folder.with_name(f".{folder.name}.{os.getpid()}")
    if folder.exists():
        raise TrainError("is there already", where=folder, mend="delete it, or name another")
    try:
        part.mkdir(parents=True)
        for name, picture in zip(_FILES, pair, strict=True):
            given, data = cv2.imencode(
                ".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
            )
            if not given:
                raise OSError(f"{name} cannot be encoded")
            (part / f"{name}.jpg").write_bytes(data.tobytes())
        part.rename(folder)
    except OSError as error:
        raise TrainError(f"cannot be written: {error}", where=folder, mend="make room") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def pairs_in(root: Path) -> list[Path]:
    """The folders of pairs, in order; those that are not complete are not among them.

    Raises:
        TrainError: There is none.
    """
    found = sorted(
        path
        for path in (root.iterdir() if root.is_dir() else ())
        if not path.name.startswith(".") and all((path / f"{n}.jpg").is_file() for n in _FILES)
    )
    if not found:
        wanted = ", ".join(f"{name}.jpg" for name in _FILES)
        raise TrainError("holds no pairs", where=root, mend=f"folders with {wanted}")
    return found


def read_pair(folder: Path) -> Pair:
    """Read a pair.

    Raises:
        TrainError: A picture is missing, damaged, or of another size than the rest.
    """
    pictures = [_read(folder / f"{name}.jpg") for name in _FILES]
    if len({picture.shape for picture in pictures}) != 1:
        sizes = ", ".join(f"{picture.shape[1]}x{picture.shape[0]}" for picture in pictures)
        raise TrainError(f"its pictures differ in size: {sizes}", where=folder, mend="make it anew")
    return Pair(*pictures)


def _read(path: Path) -> Picture:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise TrainError(
            f"cannot be read: {error.strerror}", where=path, mend="delete its folder"
        ) from None
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if picture is None:
        raise TrainError("not a picture", where=path, mend="delete its folder")
    return np.asarray(picture[..., ::-1], np.uint8)


@dataclass(frozen=True)
class Mixing:
    """Which kind of batch comes when. A whole batch is of one kind.

    Attributes:
        period: Batches after which the order repeats.
        triplets: How many of them, the last ones, are triplets.
        same: Every so many-th of the others shows one person as source and target; 0: never.
        which: Triplets of which direction.
    """

    period: int = 24
    triplets: int = 4
    same: int = 2
    which: Literal["cycle", "naive"] = "cycle"

    def batches(self) -> Iterator[Kind]:
        """The kinds, without end."""
        step = 0
        while True:
            yield kind_of(step, self)
            step += 1


def kind_of(step: int, mixing: Mixing) -> Kind:
    """The kind of one batch, by its number from 0."""
    place = step % mixing.period
    if place >= mixing.period - mixing.triplets:
        first = Kind.CYCLE if mixing.which == "cycle" else Kind.NAIVE
        return Kind(first + place % 2)
    if mixing.same and place % mixing.same == 0:
        return Kind.SAME
    return Kind.VANILLA
