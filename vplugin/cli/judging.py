"""Opens what ``vplugin evaluate`` needs: models that swap, models that judge, a finder of faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from vplugin.errors import ModelError
from vplugin.frame import Face
from vplugin.models.onnx_file import load_graph
from vplugin.models.session import Session
from vplugin.node import Context
from vplugin.nodes.models import Models
from vplugin.nodes.sources import RECOGNISER, FaceReader
from vplugin.nodes.swappers import Swappers, Wish
from vplugin.train.contest.cases import Rgb
from vplugin.train.contest.contestants import Contestant, Cropped, Staged
from vplugin.train.contest.evaluators import (
    Evaluators,
    Judges,
    Reader,
    checked,
    checked_parameters,
)
from vplugin.train.photo_pairs import LivePortraitReenactor, MeshReenactor, Reenactor
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.embed import Embedder
from vplugin.vision.expression import ExpressionRestorer, MotionNet
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.mesh_view import NetSight
from vplugin.vision.onnx_facts import normalises_itself
from vplugin.vision.parse import Parser
from vplugin.vision.swap import Swapper

__all__ = ["Opener"]

_LANDMARKS, _PARSER = "house/landmarks", "house/parser"  # that mesh would need
_FEATHER = 0.35  # the stock one of the swap node for networks


class Opener:
    """Opens models by name, and closes them with a stack.

    Args:
        stack: Closes them.
        runtime: As :func:`vplugin.models.runtime.open_session`.
        device: The same.
    """

    def __init__(self, stack: ExitStack, runtime: str, device: str) -> None:
        self._stack = stack
        self._models = Models(Context("evaluate", device=device), runtime, device)

    def open(self, name: str) -> tuple[Session, Path]:
        """A model by its catalogue name or file.

        Raises:
            ModelError: It is missing, damaged, or would not run.
        """
        session, path = self._models.open(name)
        self._stack.callback(session.close)
        return session, path

    def embedder(self, name: str) -> Embedder:
        """A recogniser, or what has its contract."""
        session, path = self.open(name)
        return Embedder(session, normalises_itself=normalises_itself(load_graph(path)), name=name)

    def evaluators(self, judges: Judges, reader: Reader) -> Evaluators:
        """Those that are named.

        Raises:
            ModelError: One is missing or of another contract.
        """
        identity, lower, parameters = (
            None if name is None else self.embedder(name)
            for name in (judges.identity, judges.lower, judges.parameters)
        )
        return Evaluators(
            None if identity is None else checked(identity, 112, "an identity evaluator").embed,
            None if lower is None else checked(lower, 56, "a lower-face evaluator").embed,
            None if parameters is None else checked_parameters(parameters),
            reader,
        )

    def networks(
        self, names: Sequence[str], embedder: str | None, fixer: str | None, *, paste: bool
    ) -> list[Contestant]:
        """Swap networks.

        Args:
            names: Catalogue names or files.
            embedder: The recogniser that they were trained with.
            fixer: The FixerNet of those that are told of lower faces.
            paste: Whether they are judged as the node pastes them, or by their crops alone.

        Raises:
            ModelError: One is missing or of another contract, or needs an embedder.
        """
        opened = [self._network(name, embedder, fixer) for name in names]
        needed = next((swapper.name for swapper, embeds in opened if embeds), None)
        if needed is None or embedder is not None:
            embed = None if needed is None or embedder is None else self.embedder(embedder).of_face
            rows = _rows(names)
            return [
                self._contestant(swapper, row, embed, paste=paste)
                for row, (swapper, _) in zip(rows, opened, strict=True)
            ]
        raise ModelError(
            "needs the embedding of the source",
            where=needed,
            mend=f"name the recogniser it was trained with: --embedder FILE, or {RECOGNISER}",
        )

    def _network(self, name: str, embedder: str | None, fixer: str | None) -> tuple[Swapper, bool]:
        """A swap network, and whether it needs embeddings."""
        wish = Wish(name, _LANDMARKS, _PARSER, embedder, None, 1, fixer)
        swappers = Swappers(self._models, wish)
        self._stack.callback(swappers.close)
        return swappers.open(), swappers.embeds

    def _contestant(
        self,
        swapper: Swapper,
        row: str,
        embed: Callable[..., np.ndarray] | None,
        *,
        paste: bool,
    ) -> Contestant:
        if not paste:
            return Cropped(swapper, row, embed)
        return Staged(swapper, MaskStyle("box", _FEATHER), match=False, name=row, embed=embed)

    def house_parser(self) -> Parser:
        """The parser that ships."""
        return Parser(self.open(_PARSER)[0])

    def reenactor(self, nets: Sequence[str]) -> Reenactor:
        """LivePortrait's motion net, feature net and generator, or ``mesh`` where none are named.

        Raises:
            ModelError: A model is missing or of another contract.
        """
        if not nets:
            landmarks = Landmarker(self.open(_LANDMARKS)[0])
            return MeshReenactor(NetSight(landmarks, self.house_parser()))
        motion, feature, generator = nets
        sessions = [self.open(name)[0] for name in nets]
        return LivePortraitReenactor(
            ExpressionRestorer(
                MotionNet(sessions[0], motion), sessions[1], sessions[2], (feature, generator)
            )
        )

    def finder(self) -> Callable[[Rgb], Sequence[Face]]:
        """Finds the faces of pictures, by the house models."""
        reader = FaceReader(self._models, "house/detector", None)
        self._stack.callback(reader.close)
        return reader.find


def _rows(names: Sequence[str]) -> list[str]:
    """Short names where they tell files apart, else whole ones."""
    stems = [Path(name).stem if name.endswith(".onnx") else name for name in names]
    return [
        stem if stems.count(stem) == 1 else name for stem, name in zip(stems, names, strict=True)
    ]
