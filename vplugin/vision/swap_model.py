"""Runs swap networks of every public contract: a crop and an identity in, a crop out.

One adapter for all of them; what differs between contracts is data
(:mod:`vplugin.vision.swap_contract`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.align import similarity, template, warp, yaw
from vplugin.vision.lower import LowerEmbedder
from vplugin.vision.session import Session, TensorInfo
from vplugin.vision.source import Source
from vplugin.vision.swap import Swapped
from vplugin.vision.swap_contract import EMBEDDING, LOWER, Crop, swap_contract

__all__ = ["ModelSwapper"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


class ModelSwapper:
    """A swap network, run exactly as its contract says.

    Args:
        session: The loaded model. Its inputs are told apart by the names ``target`` and
            ``source``, else by their shapes; they may be float32 or float16.
        contract: Name of a row of :data:`~vplugin.vision.swap_contract.SWAP_CONTRACTS`.
        emap: (512, 512), for contracts that need it: the last initializer of the model file
            (:func:`vplugin.vision.onnx_facts.read_emap`).
        converter: For contracts that need it: a model that carries embeddings (1, 512) of
            w600k_r50 into the space that the swapper was trained with.
        fixer: For contracts that need it: the FixerNet that the swapper was trained with.
        name: For reports; the contract's if empty.

    Raises:
        ContractError: The model, the converter or the fixer is not of this contract.
    """

    match_colour = False

    def __init__(
        self,
        session: Session,
        contract: str,
        *,
        emap: Array | None = None,
        converter: Session | None = None,
        fixer: LowerEmbedder | None = None,
        name: str = "",
    ) -> None:
        self.name = name or contract
        self.contract = contract
        self.facts = swap_contract(contract, self.name)
        self.template = template(self.facts.template)
        self._session, self._converter, self._fixer = session, converter, fixer
        self._target, self._source = self._inputs()
        self.sizes = (self._side(),)
        self._single = self._target.shape[0] == 1 or self._source.shape[0] == 1
        self._mean = np.asarray(self.facts.mean, np.float32)
        self._deviation = np.asarray(self.facts.deviation, np.float32)
        self._check_outputs()
        self._emap = self._checked_emap(emap)
        self._check_converter()
        self._check_fixer()

    def prepare(self, source: Source) -> Floats:
        """What the model takes of a source: (512,), (640,) or (3, S, S) float32.

        Raises:
            ContractError: The source has no embedding, or one of another length.
        """
        if self.facts.crop is not None:
            return _portrait(source, self.facts.crop)
        embedding = self._embedding_of(source)
        if self.facts.identity == "emap":
            return _unit(embedding @ self._emap)
        if self.facts.identity == "direction":
            return embedding
        if self.facts.identity == "lower":
            return self._with_lower(embedding, source)
        made = self._converted(embedding * np.float32(source.length))
        return _unit(made) if self.facts.normalised else made

    def new_shot(self) -> None:
        """See :meth:`Swapper.new_shot`; nothing is kept."""

    def swap(
        self,
        crops: Array,
        points: Array,
        sources: Sequence[Any],
        tracks: Sequence[int | None],
        time: float = 0.0,
    ) -> Swapped:
        """See :meth:`vplugin.vision.swap.Swapper.swap`; as one batch where the model takes one."""
        images = ((crops - self._mean) / self._deviation).transpose(0, 3, 1, 2)
        identities = np.stack(list(sources))
        step = 1 if self._single else len(images)
        parts = [
            self._run(images[start : start + step], identities[start : start + step])
            for start in range(0, len(images), step)
        ]
        made = np.concatenate([part[0] for part in parts]).astype(np.float32)
        if self.facts.signed:
            made = made * np.float32(0.5) + np.float32(0.5)
        masks = None
        if len(parts[0]) > 1:
            masks = np.concatenate([part[1][:, 0] for part in parts]).astype(np.float32)
            masks = np.clip(masks, 0.0, 1.0)
        return Swapped(np.clip(made.transpose(0, 2, 3, 1), 0.0, 1.0), masks)

    def _run(self, images: Array, identities: Array) -> Sequence[Array]:
        feeds = {
            self._target.name: np.ascontiguousarray(images, self._target.dtype),
            self._source.name: np.ascontiguousarray(identities, self._source.dtype),
        }
        made = self._session.run(feeds)
        if made[0].shape != images.shape:
            raise ContractError(
                f"answered with shape {made[0].shape} to crops of shape {images.shape}",
                where=self.name,
                mend=f"a model of the {self.contract} contract answers with a crop of the same "
                "size",
            )
        return made

    def _inputs(self) -> tuple[TensorInfo, TensorInfo]:
        """The target's and the source's."""
        inputs, rank = list(self._session.inputs), 2 if self.facts.crop is None else 4
        if len(inputs) != 2:
            raise self._unlike(f"has {len(inputs)} inputs")
        inputs.sort(key=lambda one: (one.name != "target", one.name == "source", -len(one.shape)))
        target, source = inputs
        if len(target.shape) != 4 or len(source.shape) != rank:
            shapes = f"{tuple(target.shape)} and {tuple(source.shape)}"
            raise self._unlike(f"takes inputs of shape {shapes}")
        if rank == 4 and (target.name, source.name) != ("target", "source"):
            raise self._unlike(f"its inputs are named {target.name} and {source.name}")
        crop = self.facts.crop
        wanted = (self.facts.numbers,) if crop is None else (3, crop.size, crop.size)
        if any(
            isinstance(n, int) and n != w for n, w in zip(source.shape[1:], wanted, strict=True)
        ):
            raise self._unlike(f"takes sources of shape {tuple(source.shape)}")
        return target, source

    def _side(self) -> int:
        """Width of the target crops."""
        side = self._target.shape[2]
        if not isinstance(side, int) or side < 1:
            return self.facts.sizes[0]
        if side not in self.facts.sizes:
            raise self._unlike(f"takes crops of {side} pixels")
        return side

    def _check_outputs(self) -> None:
        outputs = self._session.outputs
        if not 1 <= len(outputs) <= (2 if self.facts.masks else 1):
            raise self._unlike(f"has {len(outputs)} outputs")

    def _checked_emap(self, emap: Array | None) -> Floats:
        matrix = np.zeros(0, np.float32) if emap is None else np.asarray(emap, np.float32)
        if self.facts.identity == "emap" and matrix.shape != (EMBEDDING, EMBEDDING):
            raise self._unlike(f"has an emap of shape {matrix.shape}")
        return matrix

    def _check_converter(self) -> None:
        if self.facts.identity != "converted":
            return
        if self._converter is None:
            raise ContractError(
                "takes converted embeddings, and no converter is configured",
                where=self.name,
                mend=f"set `converter`, for example to {self.facts.converter}",
            )
        shapes = [tuple(one.shape) for one in (*self._converter.inputs, *self._converter.outputs)]
        if len(shapes) != 2 or any(len(shape) != 2 for shape in shapes):
            raise ContractError(
                f"the converter has inputs and outputs of shape {shapes}",
                where=self.name,
                mend=f"a converter takes (1, 512) and gives (1, 512), as {self.facts.converter}",
            )

    def _check_fixer(self) -> None:
        if self.facts.identity != "lower":
            return
        if self._fixer is None:
            raise ContractError(
                "is told of lower faces, and no FixerNet is configured",
                where=self.name,
                mend=f"set `fixer`, for example to {self.facts.fixer}",
            )
        if self._fixer.width not in (None, LOWER):
            raise ContractError(
                f"is told of lower faces in {LOWER} numbers, and {self._fixer.name} gives "
                f"{self._fixer.width}",
                where=self.name,
                mend="use the FixerNet that it was trained with",
            )

    def _embedding_of(self, source: Source) -> Floats:
        if source.embedding is None:
            raise ContractError(
                f"{self.name} needs the embedding of {source.name}, and no embedder is configured",
                mend="set `embedder` to the recogniser that the model was trained with, such as "
                f"{self.facts.recogniser}",
            )
        if source.embedding.shape != (EMBEDDING,):
            raise ContractError(
                f"{self.name} takes embeddings of length {EMBEDDING}, "
                f"not of shape {source.embedding.shape}",
                mend="use the recogniser that the model was trained with",
            )
        return source.embedding

    def _converted(self, embedding: Floats) -> Floats:
        """What the converter makes of a raw embedding; it takes one at a time."""
        if self._converter is None:  # refused when it was opened
            return embedding
        entry = self._converter.inputs[0]
        made = self._converter.run({entry.name: embedding[None].astype(entry.dtype)})[0]
        return np.asarray(made[0], np.float32)

    def _with_lower(self, embedding: Floats, source: Source) -> Floats:
        """Identity and lower face side by side, (640,)."""
        if self._fixer is None:  # refused when it was opened
            return embedding
        return np.concatenate([_unit(embedding), self._fixer.of_views(source.views)])

    def _unlike(self, what: str) -> ContractError:
        side, rows = self.facts.sizes[0], f"(1, {self.facts.numbers})"
        if self.facts.crop is not None:
            rows = f"(1, 3, {self.facts.crop.size}, {self.facts.crop.size})"
        extra = " and an emap of (512, 512)" if self.facts.identity == "emap" else ""
        return ContractError(
            what,
            where=self.name,
            mend=f"a model of the {self.contract} contract takes target (1, 3, {side}, {side}) and "
            f"source {rows} and gives a crop{' and a mask' if self.facts.masks else ''}{extra}",
        )


def _unit(vector: Array) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)


def _portrait(source: Source, crop: Crop) -> Floats:
    """The most frontal picture of a source, cut out: (3, S, S), RGB in 0–1."""
    view = min(source.views, key=lambda one: abs(yaw(one.points)))
    matrix = similarity(view.points, template(crop.template).at(crop.size))
    cut = warp(view.image, matrix, (crop.size, crop.size))
    return np.asarray(cut.transpose(2, 0, 1) / np.float32(255), np.float32)
