"""Real faces in motion, small: what the stock graphs are tried on."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]

Box: TypeAlias = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels


@pytest.fixture(scope="session")
def media() -> ModuleType:
    """examples/media.py, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("media", ROOT / "examples" / "media.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["media"] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Clip:
    """A camera move over a still picture whose faces are known.

    Attributes:
        path: The file.
        faces: For each frame, generous boxes of the faces from left to right: x0, y0, x1, y1.
    """

    path: Path
    faces: list[list[Box]]


def make(media: ModuleType, path: Path, still: Any, shot: Any, boxes: Sequence[Box]) -> Clip:
    """Render a clip, and move the boxes in the still along with the camera."""
    places = []
    for number in range(shot.frames):
        matrix = media.view(still, shot, number)
        corners = [np.array([[x0, y0, 1], [x1, y1, 1]]) @ matrix.T for x0, y0, x1, y1 in boxes]
        limit = (shot.width, shot.height)
        places.append([tuple(np.clip(c, 0, limit).astype(int).ravel().tolist()) for c in corners])
    return Clip(media.render(path, still, shot), places)


@pytest.fixture(scope="session")
def astronaut(media: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """One second of a face, 640 x 360."""
    path = tmp_path_factory.mktemp("media") / "astronaut.mp4"
    return make(media, path, media.astronaut(), media.Shot(640, 360, 1), [(152, 30, 296, 240)])


@pytest.fixture(scope="session")
def people(media: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """One second of three portraits on a wall, 960 x 540; the whole portraits are the boxes."""
    path = tmp_path_factory.mktemp("media") / "people.mp4"
    boxes = [(x, 138, x + 300, 438) for x in (40, 380, 720)]
    return make(media, path, media.group(), media.Shot(960, 540, 1), boxes)
