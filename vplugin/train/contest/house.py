"""The house models that a contest looks through: one session each, closed with the block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from vplugin.models.runtime import open_session
from vplugin.models.session import Session
from vplugin.models.store import resolve
from vplugin.train.contest.evaluators import HouseReader
from vplugin.vision.attributes import AttributeReader
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.mesh_view import NetSight
from vplugin.vision.parse import Parser

__all__ = ["House", "house"]


@dataclass(frozen=True, eq=False)
class House:
    """What they see by.

    Attributes:
        reader: Pose, expression, gaze and openness, to judge by.
        sight: Landmarks and what is face, for the row ``mesh``.
    """

    reader: HouseReader
    sight: NetSight


@contextmanager
def house(runtime: str = "onnxruntime", device: str = "cpu") -> Iterator[House]:
    """Open them.

    Args:
        runtime: As :func:`vplugin.models.runtime.open_session`.
        device: The same.

    Raises:
        ModelError: One is missing, damaged, or would not run.
    """
    with ExitStack() as stack:

        def opened(name: str) -> Session:
            session = open_session(resolve(f"house/{name}").path, runtime=runtime, device=device)
            stack.callback(session.close)
            return session

        landmarks = Landmarker(opened("landmarks"))
        reader = HouseReader(AttributeReader(opened("attributes")), landmarks)
        yield House(reader, NetSight(landmarks, Parser(opened("parser"))))
