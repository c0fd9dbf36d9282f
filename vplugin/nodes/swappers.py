"""Opens the swapper that a graph names, with the models that it needs; not a node."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vplugin.errors import ContractError, ModelMissingError
from vplugin.models.contract import Contract, sniff
from vplugin.models.onnx_file import load_graph
from vplugin.models.session import Session
from vplugin.models.store import Store
from vplugin.nodes.models import Models
from vplugin.vision.boost import Boost, boosted
from vplugin.vision.copy_face import CopySwapper
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.mesh import MeshSwapper
from vplugin.vision.mesh_view import NetSight
from vplugin.vision.onnx_facts import Emap, read_emap
from vplugin.vision.parse import Parser
from vplugin.vision.swap import Swapper
from vplugin.vision.swap_contract import SWAP_CONTRACTS, SwapContract, swap_contract
from vplugin.vision.swap_model import ModelSwapper

__all__ = ["AUTO", "COPY", "MESH", "WEIGHTLESS", "Swappers", "Wish"]

AUTO, MESH, COPY = "auto", "mesh", "copy"
WEIGHTLESS = (AUTO, MESH, COPY)  # no swap network


@dataclass(frozen=True)
class Wish:
    """What a graph says of the swapper.

    Attributes:
        model: One of :data:`WEIGHTLESS`, or name or file of a swap network.
        landmarks: Model for mesh.
        parser: Model for mesh.
        embedder: Recogniser, or None.
        converter: Of embeddings; None for the one that the contract names.
        boost: As :func:`vplugin.vision.boost.boosted` takes it.
    """

    model: str
    landmarks: str
    parser: str
    embedder: str | None
    converter: str | None
    boost: Boost


class Swappers:
    """Opens the swapper of a wish and keeps the models that run it.

    Args:
        models: Opens models by name.
        wish: What is wanted.

    Attributes:
        embeds: Whether the swapper that was opened needs the sources' embeddings.
    """

    def __init__(self, models: Models, wish: Wish) -> None:
        self.embeds = False
        self._models, self._wish = models, wish
        self._sessions: list[Session] = []
        self._ran: dict[str, Any] = {}
        self._facts: dict[str, Any] = {}

    def open(self) -> Swapper:
        """The swapper.

        Raises:
            ModelError: A model is missing, damaged, of another contract, or would not run.
        """
        name = self._wish.model
        if name == COPY or (name == AUTO and not self._sees()):
            return CopySwapper()
        return self._mesh() if name in WEIGHTLESS else boosted(self._network(), self._wish.boost)

    def facts(self) -> dict[str, Any]:
        """For the run report: what runs the swap network, or each of several models."""
        one = len(self._ran) == 1
        return {"runtime": next(iter(self._ran.values())) if one else self._ran, **self._facts}

    def close(self) -> None:
        """Free the models."""
        while self._sessions:
            self._sessions.pop().close()

    def _sees(self) -> bool:
        """Whether the models that mesh needs are there."""
        try:
            for name in (self._wish.landmarks, self._wish.parser):
                self._models.find(name)
        except ModelMissingError:
            return False
        return True

    def _mesh(self) -> Swapper:
        wish = self._wish
        landmarks, _ = self._opened(wish.landmarks)
        parser, _ = self._opened(wish.parser)
        marker = Landmarker(landmarks, name=wish.landmarks)
        return MeshSwapper(NetSight(marker, Parser(parser, name=wish.parser)))

    def _network(self) -> Swapper:
        name = self._wish.model
        session, path = self._opened(name)
        contract = self._models.contract(name)
        matrix: Emap | None = None
        if contract is None:
            contract, matrix = _told_by(session, path)
        elif contract == "inswapper":
            matrix = _matrix(path)
        facts = swap_contract(contract, name)
        self._check_embedder(facts)
        self.embeds = facts.embeds
        self._facts = {"contract": contract}
        if matrix is not None:
            self._facts["emap_sha256"] = matrix.sha256
        return ModelSwapper(
            session,
            contract or "",
            emap=None if matrix is None else matrix.matrix,
            converter=self._converter(facts),
            name=name,
        )

    def _check_embedder(self, facts: SwapContract) -> None:
        """Refuse a recogniser that is known to have another space than the swapper takes."""
        name = self._wish.embedder
        if not facts.embeds or name is None:
            return
        space = self._models.contract(name)
        if space is not None and space != facts.space:
            raise ContractError(
                f"{self._wish.model} takes embeddings of the contract {facts.space}, and the "
                f"embedder {name} is of the contract {space}",
                where=self._models.context.name,
                mend="leave `embedder` out, or name buffalo_l/w600k_r50",
            )

    def _converter(self, facts: SwapContract) -> Session | None:
        if facts.converter is None:
            return None
        name = self._wish.converter or facts.converter
        others = {one.converter for one in SWAP_CONTRACTS.values()} - {facts.converter}
        if name in others:
            raise ContractError(
                f"{self._wish.model} takes embeddings as {facts.converter} makes them, not {name}",
                where=f"{self._models.context.name}.converter",
                mend=f"name {facts.converter}, or leave `converter` out",
            )
        return self._opened(name)[0]

    def _opened(self, name: str) -> tuple[Session, Path]:
        session, path = self._models.open(name)
        self._sessions.append(session)
        self._ran[name] = asdict(session.ran)
        return session, path


def _told_by(session: Session, path: Path) -> tuple[Contract | None, Emap | None]:
    """The contract that a model's inputs, outputs and last weight tell, and its matrix."""
    found = sniff(session.inputs, session.outputs)
    if found != "inswapper":
        return found, None
    try:
        return found, _matrix(path)
    except ContractError:  # one of the others that take an embedding
        return None, None


def _matrix(path: Path) -> Emap:
    return read_emap(path, load_graph, Store.default().root / ".emaps")
