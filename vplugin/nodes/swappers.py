"""Opens the swapper that a graph names, with the models that it needs; not a node."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vplugin.errors import ContractError, ModelMissingError
from vplugin.models.catalogue import Footage, Member
from vplugin.models.contract import Contract, sniff
from vplugin.models.onnx_file import load_graph
from vplugin.models.session import Session
from vplugin.models.store import Store
from vplugin.nodes.models import Models
from vplugin.nodes.sources import HOUSE_RECOGNISER
from vplugin.vision.boost import Boost, boosted
from vplugin.vision.copy_face import CopySwapper
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.lower import LowerEmbedder
from vplugin.vision.mesh import MeshSwapper
from vplugin.vision.mesh_view import NetSight
from vplugin.vision.occlusion import FACE, Occluder, open_front, open_occluders
from vplugin.vision.onnx_facts import Emap, read_emap
from vplugin.vision.parse import FaceClass, Parser
from vplugin.vision.swap import Swapper
from vplugin.vision.swap_contract import SWAP_CONTRACTS, SwapContract, swap_contract
from vplugin.vision.swap_model import ModelSwapper

__all__ = [
    "AUTO",
    "COPY",
    "HOUSE_SWAPPER",
    "MESH",
    "WEIGHTLESS",
    "Swappers",
    "Wish",
    "best_swapper",
]

AUTO, MESH, COPY = "auto", "mesh", "copy"
WEIGHTLESS = (AUTO, MESH, COPY)  # no swap network need be there

#: The swap network that ships, if one does.
HOUSE_SWAPPER = "house/reliableswap_128"


@dataclass(frozen=True)
class Wish:
    """What a graph says of the swapper.

    Attributes:
        model: One of :data:`WEIGHTLESS`, or name or file of a swap network.
        landmarks: Model for mesh.
        parser: Model for mesh.
        embedder: Recogniser; None for the one that the swapper was trained with.
        converter: Of embeddings; None for the one that the contract names.
        boost: As :func:`vplugin.vision.boost.boosted` takes it.
        fixer: FixerNet; None for the one that the swapper was trained with.
        occlusion: ``auto``, ``none``, or models that find what lies before a face.
        keep_glasses: Whether glasses lie before it.
        footage: What the clip shows, for ``auto``.
    """

    model: str
    landmarks: str
    parser: str
    embedder: str | None
    converter: str | None
    boost: Boost
    fixer: str | None = None
    occlusion: str | tuple[str, ...] = "none"
    keep_glasses: bool = False
    footage: Footage = "photographs"


def best_swapper(models: Models, wish: Wish) -> str:
    """What ``auto`` stands for: the first of these that fits.

    1. The network that ships, where the catalogue says that it beats mesh on such footage
       (:attr:`.Member.beats_mesh`: measured, not believed).
    2. Mesh, where the models that it needs are there.
    3. Copy, which needs none.

    Raises:
        ModelError: A model is there and may not be used: it is damaged, or its licence forbids it.
    """
    if (ships := _facts_of(models, HOUSE_SWAPPER)) and wish.footage in ships.beats_mesh:
        return HOUSE_SWAPPER
    sees = all(_is_there(models, name) for name in (wish.landmarks, wish.parser))
    return MESH if sees else COPY


def _is_there(models: Models, name: str) -> bool:
    try:
        models.find(name)
    except ModelMissingError:
        return False
    return True


def _facts_of(models: Models, name: str) -> Member | None:
    return models.facts(name) if _is_there(models, name) else None


class Swappers:
    """Opens the swapper of a wish and keeps the models that run it.

    Args:
        models: Opens models by name.
        wish: What is wanted.

    Attributes:
        embeds: Whether the swapper that was opened needs the sources' embeddings.
        recogniser: Whose embeddings it needs; without such a need, the one that was wished for.
    """

    def __init__(self, models: Models, wish: Wish) -> None:
        self.embeds, self.recogniser = False, wish.embedder
        self._models, self._wish = models, wish
        self._sessions: list[Session] = []
        self._ran: dict[str, Any] = {}
        self._facts: dict[str, Any] = {}
        self._name = wish.model

    def open(self) -> Swapper:
        """The swapper.

        Raises:
            ModelError: A model is missing, damaged, of another contract, or would not run.
        """
        if self._name == AUTO:
            self._name = best_swapper(self._models, self._wish)
        if self._name == COPY:
            return CopySwapper()
        return self._mesh() if self._name == MESH else boosted(self._network(), self._wish.boost)

    def occluder(self) -> Occluder | None:
        """What finds the things before faces, for the swapper that was opened.

        Raises:
            ModelError: As :meth:`open`.
        """
        wish = self._wish
        asked = wish.occlusion
        if asked == "none" or (asked == AUTO and self._name in WEIGHTLESS):
            return None
        face = [one for one in FACE if not (wish.keep_glasses and one == FaceClass.GLASSES)]
        ran: dict[str, Any] = {}

        def opened(name: str) -> Session:
            session, _ = self._models.open(name)
            self._sessions.append(session)
            ran[name] = asdict(session.ran)
            return session

        self._facts["occlusion"] = ran
        if asked == AUTO:
            return open_front(opened(wish.parser), wish.parser, face)
        return open_occluders(asked, opened, face)

    def facts(self) -> dict[str, Any]:
        """For the run report: what runs the swap network, or each of several models."""
        one = len(self._ran) == 1
        return {"runtime": next(iter(self._ran.values())) if one else self._ran, **self._facts}

    def close(self) -> None:
        """Free the models."""
        while self._sessions:
            self._sessions.pop().close()

    def _mesh(self) -> Swapper:
        wish = self._wish
        landmarks, _ = self._opened(wish.landmarks)
        parser, _ = self._opened(wish.parser)
        marker = Landmarker(landmarks, name=wish.landmarks)
        return MeshSwapper(NetSight(marker, Parser(parser, name=wish.parser)))

    def _network(self) -> Swapper:
        name = self._name
        session, path = self._opened(name)
        known = self._models.facts(name)
        contract = None if known is None else known.contract
        matrix: Emap | None = None
        if contract is None:
            contract, matrix = _told_by(session, path)
        elif contract == "inswapper":
            matrix = _matrix(path)
        facts = swap_contract(contract, name)
        self.embeds = facts.embeds
        self.recogniser = self._recogniser(facts, known, matrix)
        self._facts = {"contract": contract}
        if matrix is not None:
            self._facts["emap_sha256"] = matrix.sha256
        return ModelSwapper(
            session,
            contract or "",
            emap=None if matrix is None else matrix.matrix,
            converter=self._converter(facts),
            fixer=self._fixer(facts, known),
            name=name,
        )

    def _recogniser(
        self, facts: SwapContract, known: Member | None, matrix: Emap | None
    ) -> str | None:
        """The recogniser of the sources, as the wish says or the swapper was trained with.

        Raises:
            ContractError: The wish names one that is known to have another space.
        """
        wished = self._wish.embedder
        if not facts.embeds:
            return wished
        own = matrix is not None and matrix.is_identity  # `vplugin train swap` made it
        named = None if known is None else known.embedder
        usual = named or (HOUSE_RECOGNISER if own else facts.recogniser)
        other = None if wished in (None, usual) else self._models.facts(wished or "")
        if other is not None and other.contract is not None:
            fits = other.contract == facts.space or own
            if not fits or (named is not None and other != self._models.facts(named)):
                raise self._foreign(other.contract, facts, usual)
        return wished or usual

    def _foreign(self, contract: Contract, facts: SwapContract, usual: str) -> ContractError:
        wished = self._wish.embedder
        spaces = f"the contract {facts.space}, and the embedder {wished} is of the contract "
        if contract == facts.space:
            spaces = f"{usual}, and the embedder is {wished}, of the same contract "
        return ContractError(
            f"{self._name} takes embeddings of {spaces}{contract}",
            where=self._models.context.name,
            mend=f"leave `embedder` out, or name {usual}",
        )

    def _fixer(self, facts: SwapContract, known: Member | None) -> LowerEmbedder | None:
        if facts.fixer is None:
            return None
        name = self._wish.fixer or (known and known.fixer) or facts.fixer
        try:
            return LowerEmbedder(self._opened(name)[0], name)
        except ModelMissingError as error:
            raise ModelMissingError(
                f"{self._name} is told of lower faces too, and its FixerNet is missing "
                f"({error.what})",
                where=f"{self._models.context.name}.fixer",
                mend="name the ONNX file of `vplugin train fixer` that it was trained with",
            ) from error

    def _converter(self, facts: SwapContract) -> Session | None:
        if facts.converter is None:
            return None
        name = self._wish.converter or facts.converter
        others = {one.converter for one in SWAP_CONTRACTS.values()} - {facts.converter}
        if name in others:
            raise ContractError(
                f"{self._name} takes embeddings as {facts.converter} makes them, not {name}",
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
