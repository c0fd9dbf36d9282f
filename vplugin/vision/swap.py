"""Swapping faces in aligned crops: the interface, and the inswapper contract.

A swapper sees crops only. Cutting them out, matching colour and blending the result back are the
same for all swappers and live in :mod:`~vplugin.vision.align`, :mod:`~vplugin.vision.match` and
:mod:`~vplugin.vision.blend`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.align import Template, template
from vplugin.vision.session import Session
from vplugin.vision.source import Source

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Swapped:
    """What a swapper made.

    Attributes:
        crops: (N, S, S, 3) float32 RGB in 0–1.
        masks: (N, S, S) float32 in 0–1, where the swapper has something to show; None: everywhere.
        finished: Whether light, colours and the border are final.
    """

    crops: npt.NDArray[np.float32]
    masks: npt.NDArray[np.float32] | None = None
    finished: bool = False


class Swapper(Protocol):
    """Puts the face of a source into crops of target faces."""

    @property
    def name(self) -> str:
        """For reports."""

    @property
    def template(self) -> Template:
        """How the crops must be aligned."""

    @property
    def sizes(self) -> Sequence[int]:
        """Widths of crops that it takes, ascending; the smallest that loses nothing is used."""

    @property
    def match_colour(self) -> bool:
        """Whether its crops still need the target's colour and light."""

    def prepare(self, source: Source) -> Any:
        """Do once per source what need not be done per frame; the result goes into :meth:`swap`."""

    def swap(
        self,
        crops: Array,
        points: Array,
        sources: Sequence[Any],
        tracks: Sequence[int | None],
        time: float = 0.0,
    ) -> Swapped:
        """Swap faces.

        Args:
            crops: (N, S, S, 3) float32 RGB in 0–1, S one of :attr:`sizes`.
            points: (N, 5, 2), in the crops.
            sources: N results of :meth:`prepare`.
            tracks: N persons' numbers, for swappers that keep something per person.
            time: Seconds, of the frame.
        """

    def new_shot(self) -> None:
        """Forget what was kept steady: another picture begins."""


class InswapperSwapper:
    """The inswapper contract, as insightface's ``INSwapper`` runs it (reliableswap.md §5.2).

    Input 0 is the target crop (N, 3, S, S), RGB in 0–1, aligned by ``arcface_128``; input 1 the
    identity (N, 512): the normalised ArcFace embedding times the model's ``emap``, normalised
    again. The output is RGB in 0–1. Only embeddings of the recogniser that the model was trained
    with (w600k_r50 for inswapper_128) mean anything to it.

    Args:
        session: The loaded model.
        emap: (512, 512) float32, the last initializer of the model file
            (:func:`vplugin.vision.onnx_facts.read_emap`).
        name: For reports.

    Raises:
        ContractError: The model is not of this contract.
    """

    template = template("arcface_128")
    match_colour = False

    def __init__(self, session: Session, emap: Array, name: str = "inswapper") -> None:
        self.name = name
        self._session = session
        self._emap = np.asarray(emap, np.float32)
        if len(session.inputs) != 2 or len(session.outputs) != 1 or self._emap.ndim != 2:
            raise ContractError(
                f"has {len(session.inputs)} inputs, {len(session.outputs)} outputs and an emap of "
                f"shape {self._emap.shape}",
                where=name,
                mend="the inswapper contract has two inputs, one output and a square emap",
            )
        image, latent = session.inputs
        if len(image.shape) != 4 or len(latent.shape) != 2:
            raise ContractError(
                f"takes inputs of shape {tuple(image.shape)} and {tuple(latent.shape)}",
                where=name,
                mend="the inswapper contract is (1, 3, 128, 128) and (1, 512)",
            )
        side = image.shape[2]
        self.sizes = (side if isinstance(side, int) and side > 0 else self.template.size,)
        self._single = image.shape[0] == 1 or latent.shape[0] == 1

    def prepare(self, source: Source) -> npt.NDArray[np.float32]:
        """The identity that the model takes: (512,) float32 of length 1.

        Raises:
            ContractError: The source has no embedding, or one of another length.
        """
        if source.embedding is None:
            raise ContractError(
                f"{self.name} needs the embedding of {source.name}, and no embedder is configured",
                mend="set `embedder` to the recogniser that the model was trained with, such as "
                "buffalo_l/w600k_r50",
            )
        if source.embedding.shape != self._emap.shape[:1]:
            raise ContractError(
                f"{self.name} takes embeddings of length {self._emap.shape[0]}, "
                f"not of shape {source.embedding.shape}",
                mend="use the recogniser that the model was trained with",
            )
        latent = source.embedding @ self._emap
        return np.asarray(latent / max(float(np.linalg.norm(latent)), 1e-12), np.float32)

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
        """See :meth:`Swapper.swap`."""
        images = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32)
        latents = np.stack(list(sources)).astype(np.float32)
        step = 1 if self._single else len(images)
        results = [
            self._run(images[start : start + step], latents[start : start + step])
            for start in range(0, len(images), step)
        ]
        made = np.concatenate(results).transpose(0, 2, 3, 1)
        return Swapped(np.clip(made, 0.0, 1.0, dtype=np.float32))

    def _run(self, images: Array, latents: Array) -> Array:
        image, latent = self._session.inputs
        made = self._session.run({image.name: images, latent.name: latents})[0]
        if made.shape != images.shape:
            raise ContractError(
                f"answered with shape {made.shape} to crops of shape {images.shape}",
                where=self.name,
                mend="a model of the inswapper contract answers with a crop of the same size",
            )
        return made
