"""The person whose face is used: pictures on disk, the face found in each, its embedding.

A source is given as one picture, or as a folder of pictures of the same person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import SourceError, SourceMissingError
from vplugin.frame import Face

Array = npt.NDArray[Any]
Detect = Callable[[Array], Sequence[Face]]  # (H, W, 3) uint8 RGB → the faces in it
Embed = Callable[[Array, Array], npt.NDArray[np.float32]]  # image, (5, 2) points → (512,) raw

PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
_BYSTANDER = 1 / 16  # a face of less than this share of the largest one's area is not meant


@dataclass(frozen=True, eq=False)
class View:
    """One picture of a person.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        points: (5, 2) float32, the face in it.
        name: File it came from.
    """

    image: Array
    points: npt.NDArray[np.float32]
    name: str = ""


@dataclass(frozen=True, eq=False)
class Source:
    """A person whose face is used.

    Attributes:
        name: For people: file or folder.
        views: At least one picture.
        embedding: (512,) float32, L2-normalised mean over the views, or None without an embedder.
        length: Mean length of the views' raw embeddings; times ``embedding`` it is the raw one.
    """

    name: str
    views: tuple[View, ...]
    embedding: npt.NDArray[np.float32] | None = None
    length: float = 1.0


def read_picture(path: Path) -> Array:
    """Read a picture file, turned upright as its EXIF data says.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        SourceMissingError: There is no such file.
        SourceError: It is not a picture.
    """
    if not path.exists():
        raise SourceMissingError(
            "there is no such picture",
            where=path,
            mend="check the path; it is relative to the current directory",
        )
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=path) from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    if image is None:
        raise SourceError(
            "is not a picture that can be read",
            where=path,
            mend="use a JPEG, PNG, WebP or TIFF file",
        )
    return np.asarray(image)


def the_face(faces: Sequence[Face], where: Path) -> Face:
    """The one face that a source picture must show.

    Raises:
        SourceError: There is none, or there are several and none is by far the largest.
    """
    usable = sorted((face for face in faces if face.points is not None), key=lambda f: -f.area)
    if not usable:
        raise SourceError(
            "no face was found in this picture",
            where=where,
            mend="use a sharp, frontal picture with some room around the face",
        )
    if len(usable) > 1 and usable[1].area > _BYSTANDER * usable[0].area:
        raise SourceError(
            f"{len(usable)} faces are in this picture and it is not clear which one is meant",
            where=where,
            mend="crop the picture to one face",
        )
    return usable[0]


def picture_files(path: Path) -> list[Path]:
    """The picture itself, or all pictures of a folder, by name.

    Raises:
        SourceMissingError: There is nothing at ``path``.
        SourceError: The folder holds no picture.
    """
    if not path.is_dir():
        return [path]
    files = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
    if not files:
        raise SourceError(
            "this folder holds no pictures",
            where=path,
            mend=f"put pictures of one person into it ({', '.join(sorted(PICTURE_SUFFIXES))})",
        )
    return files


def load_source(path: Path, detect: Detect, embed: Embed | None = None) -> Source:
    """Load a person from a picture or a folder of pictures.

    Args:
        path: Of either.
        detect: Finds the faces in a picture.
        embed: Computes the raw embedding of a face, or None.

    Raises:
        SourceError: A picture is missing, unreadable, or does not show exactly one face.
    """
    views = []
    for file in picture_files(path):
        image = read_picture(file)
        points = the_face(detect(image), file).points
        views.append(View(image, np.asarray(points, np.float32), str(file)))
    if embed is None:
        return Source(str(path), tuple(views))
    raw = [embed(view.image, view.points) for view in views]
    length = float(np.mean([np.linalg.norm(one) for one in raw]))
    return Source(str(path), tuple(views), mean_embedding(raw), length)


def mean_embedding(embeddings: Sequence[Array]) -> npt.NDArray[np.float32]:
    """The direction in the middle of several embeddings: each normalised first, so none outweighs.

    Args:
        embeddings: (E,) each, raw.

    Returns:
        (E,) float32 of length 1.
    """
    directions = [e / max(float(np.linalg.norm(e)), 1e-12) for e in embeddings]
    mean = np.mean(directions, axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)
