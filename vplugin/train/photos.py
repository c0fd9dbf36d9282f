"""Folders of the user's own photographs in place of rendered banks, at the papers' scale.

Recognisers learn from one folder a person, as VGGFace2-HQ comes; swappers from folders of pairs, as
the public triplets come (:mod:`vplugin.train.triplets`). Photographs have no parameters, segments
or exact truths: what depends on them is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vplugin.errors import TrainError
from vplugin.train.augment import warped
from vplugin.train.pairs import PairSource
from vplugin.train.portraits import PortraitSource
from vplugin.train.shards import Item
from vplugin.train.triplets import pairs_in, read_pair
from vplugin.vision.align import similarity, template
from vplugin.vision.source import PICTURE_SUFFIXES, read_picture

__all__ = ["FolderPairs", "PhotoPortraits"]


@dataclass(frozen=True)
class PhotoPortraits:
    """Photo number ``seed`` of folders of people, in the form of the bank of portraits.

    Attributes:
        root: Holds a folder for each person.
        aligned: Template that the photos are aligned to already, such as ``ffhq_512``.
    """

    root: Path
    aligned: str = "ffhq_512"

    name = "photo-portraits"

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of :class:`vplugin.train.portraits.PortraitSource`; ``identity`` is all NaN."""
        return PortraitSource().dtype

    @cached_property
    def files(self) -> list[tuple[int, Path]]:
        """Person's number and file, in order.

        Raises:
            TrainError: There are none.
        """
        found = []
        for person, folder in enumerate(sorted(p for p in self.root.glob("*") if p.is_dir())):
            pictures = sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
            found += [(person, path) for path in pictures]
        if not found:
            raise TrainError(
                "holds no folders of photographs", where=self.root, mend="one folder a person"
            )
        return found

    def items(self, seed: int) -> Sequence[Item]:
        """The photo of this number, none beyond the last.

        Raises:
            SourceError: It cannot be read.
        """
        if seed >= len(self.files):
            return []
        person, path = self.files[seed]
        picture = read_picture(path)
        side = int(self.dtype["image"].shape[0])
        matrix = similarity(
            template(self.aligned).at(picture.shape[0]), template("arcface_128").at(side)
        )
        values: dict[str, Any] = {
            "image": warped(picture, matrix, side, border=cv2.BORDER_REPLICATE),
            "person": person,
            "yaw": 0.0,
            "identity": np.full(self.dtype["identity"].shape, np.nan, np.float32),
        }
        return [{name: np.asarray(value) for name, value in values.items()}]


@dataclass(frozen=True)
class FolderPairs:
    """Pair number ``seed`` of folders with proxies, in the form of the bank of pairs.

    Attributes:
        root: Holds a folder for each pair: source, target, output_st, output_ts (JPEG).
        size: Side of the pictures in the bank, px.
        aligned: Template that they are aligned to already.
    """

    root: Path
    size: int = 256
    aligned: str = "ffhq_512"

    name = "folder-pairs"

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of :class:`vplugin.train.pairs.PairSource`; labels, truths and weak ones are 0."""
        return PairSource(self.size).dtype

    @cached_property
    def folders(self) -> list[Path]:
        """Of the pairs, in order.

        Raises:
            TrainError: There are none.
        """
        return pairs_in(self.root)

    def items(self, seed: int) -> Sequence[Item]:
        """The pair of this number, none beyond the last.

        Raises:
            TrainError: It cannot be read.
        """
        if seed >= len(self.folders):
            return []
        pair = read_pair(self.folders[seed])
        item: dict[str, Any] = {
            name: np.zeros(self.dtype[name].shape, self.dtype[name].base)
            for name in self.dtype.names or ()
        }
        matrix = similarity(
            template(self.aligned).at(pair.source.shape[0]), template("arcface_128").at(self.size)
        )
        pictures = (pair.target, pair.source, pair.source_on_target, pair.target_on_source)
        for name, picture in zip(("a", "b", "ab", "ba"), pictures, strict=True):
            item[name] = warped(picture, matrix, self.size, border=cv2.BORDER_REPLICATE)
        item["person"] = np.array([2 * seed, 2 * seed + 1])
        item["identity"][...] = np.nan
        return [item]
