"""What lies before a face and must stay: masks of where the face is visible, from two contracts.

XSeg answers with the mask itself; a face parser of BiSeNet's contract with classes, of which those
of the face count. Our own parser also tells what lies before a face from what lies beside it. All
say it for crops of any alignment and size; joining the answer with other masks is
:func:`vplugin.vision.cutout.limited`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError
from vplugin.vision.parse import FaceClass, Parser
from vplugin.vision.session import Session

__all__ = [
    "FACE",
    "FrontOccluder",
    "LeastVisible",
    "Occluder",
    "PartsOccluder",
    "XSegOccluder",
    "open_front",
    "open_occluder",
    "open_occluders",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

#: The classes that are the face: no ears, neck or hair, and glasses, which a swap draws anew.
FACE = (
    FaceClass.SKIN,
    FaceClass.LEFT_BROW,
    FaceClass.RIGHT_BROW,
    FaceClass.LEFT_EYE,
    FaceClass.RIGHT_EYE,
    FaceClass.GLASSES,
    FaceClass.NOSE,
    FaceClass.INNER_MOUTH,
    FaceClass.UPPER_LIP,
    FaceClass.LOWER_LIP,
)

_LIKELY = 0.35  # chance of being hidden from which a pixel counts as such
_FRONT = 128  # px at which our parser looks for that: surer than at 160, and 2/3 of the work
_RIM = 0.02  # of a crop's side: what is before a face is taken to be wider by this
_SOFTNESS = 5.0  # sigma in pixels of the crop (reliableswap.md §5.4)


class Occluder(Protocol):
    """Says where a face is visible."""

    @property
    def name(self) -> str:
        """For reports."""

    def visible(self, crops: Floats) -> Floats:
        """Where the faces of crops are visible.

        Args:
            crops: (N, S, S, 3) float32 RGB in 0–1, of the faces as they are before they are drawn
                anew.

        Returns:
            (N, S, S) float32: 1 face, 0 something else.
        """


def open_occluder(
    session: Session, name: str = "occluder", face: Sequence[FaceClass] = FACE
) -> Occluder:
    """The occluder that a model is: XSeg, or a face parser.

    Args:
        session: The loaded model.
        name: For reports and errors.
        face: What counts as face to a parser.

    Raises:
        ContractError: It is neither.
    """
    shape = tuple(session.inputs[0].shape)
    if len(shape) == 4 and shape[-1] == 3:
        return XSegOccluder(session, name)
    try:
        return PartsOccluder(Parser(session, name=name), face)
    except ContractError as error:
        raise ContractError(
            error.what,
            where=name,
            mend="an occluder is XSeg (N, 256, 256, 3) → (N, 256, 256, 1), or a face parser "
            "(N, 3, H, W) → (N, 19, H, W)",
        ) from error


def open_front(session: Session, name: str, face: Sequence[FaceClass] = FACE) -> Occluder:
    """An occluder that leaves what lies beside the face alone, where the parser can tell.

    Args:
        session: A face parser: our own, or another one, of which the parts of the face count.
        name: For reports and errors.
        face: As :func:`open_occluder`.

    Raises:
        ContractError: The model is no face parser.
    """
    parser = Parser(session, name=name)
    if not parser.sees_hidden:
        return PartsOccluder(parser, face)
    return FrontOccluder(Parser(session, size=_FRONT, name=name), face)


def open_occluders(
    names: str | Sequence[str] | None,
    open_model: Callable[[str], Session],
    face: Sequence[FaceClass] = FACE,
) -> Occluder | None:
    """What a node's parameter ``occlusion`` means: nothing, one occluder, or several together.

    Args:
        names: Of models.
        open_model: Opens a model by name.
        face: As :func:`open_occluder`.

    Raises:
        ContractError: A model is neither XSeg nor a face parser.
    """
    several = (names,) if isinstance(names, str) else names or ()
    opened = [open_occluder(open_model(name), name, face) for name in several]
    return LeastVisible(opened) if len(opened) > 1 else next(iter(opened), None)


class XSegOccluder:
    """The XSeg contract: BGR in 0–1, channels last, to a mask of the same size.

    Args:
        session: The loaded model.
        name: For reports and errors.

    Raises:
        ContractError: The model is not of this contract.
    """

    def __init__(self, session: Session, name: str = "xseg") -> None:
        self.name = name
        self._session = session
        taken, given = (tuple(one[0].shape) for one in (session.inputs, session.outputs))
        fits = [len(taken), len(given)] == [4, 4] and (taken[3], given[3]) == (3, 1)
        if not fits or len(session.inputs) != 1:
            raise ContractError(
                f"has inputs and outputs of shape {taken} and {given}",
                where=name,
                mend="an XSeg model takes (N, 256, 256, 3) and gives (N, 256, 256, 1)",
            )
        side = taken[1]
        self._size = side if isinstance(side, int) and side > 0 else 256
        self._single = taken[0] == 1

    def visible(self, crops: Floats) -> Floats:
        """See :meth:`Occluder.visible`."""
        blob = np.ascontiguousarray(_resized(crops, self._size)[..., ::-1])
        step = 1 if self._single else len(blob)
        name = self._session.inputs[0].name
        parts = [
            np.asarray(self._session.run({name: blob[start : start + step]})[0], np.float32)
            for start in range(0, len(blob), step)
        ]
        return _softened(np.concatenate(parts)[..., 0], crops.shape[1])


class PartsOccluder:
    """The face by its parts: the likeliest class of a pixel is one of those of the face.

    A parser that tells what is hidden (our own) is believed there too.

    Args:
        parser: The parser.
        face: Those classes.
    """

    def __init__(self, parser: Parser, face: Sequence[FaceClass] = FACE) -> None:
        self.name = parser.name
        self._parser = parser
        self._face = [int(one) for one in face]

    def visible(self, crops: Floats) -> Floats:
        """See :meth:`Occluder.visible`."""
        parsed = self._parser.parse(_resized(crops, self._parser.size) * np.float32(255.0))
        face = np.isin(parsed.labels, self._face) & (parsed.hidden < 0.5)
        return _softened(face.astype(np.float32), crops.shape[1])


class FrontOccluder:
    """All but what lies before the face: hands, things, masks; hair and background are left alone.

    So a face that is drawn wider than it was is not cut off where the old one ended.

    Args:
        parser: One that tells what is hidden.
        face: Parts of the face; glasses stay if they are not among them.
    """

    def __init__(self, parser: Parser, face: Sequence[FaceClass] = FACE) -> None:
        self.name = parser.name
        self._parser = parser
        self._glasses = FaceClass.GLASSES not in face

    def visible(self, crops: Floats) -> Floats:
        """See :meth:`Occluder.visible`; 0 all over the thing, be it as thin as a wire."""
        given = _resized(crops, self._parser.size) * np.float32(255.0)
        logits, hidden = self._parser.raw(given)
        before = hidden > _LIKELY
        if self._glasses:
            before |= logits.argmax(1) == FaceClass.GLASSES
        if not before.any():
            return np.ones(crops.shape[:3], np.float32)
        width = 2 * max(1, round(_RIM * self._parser.size)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
        masks = [1 - cv2.dilate(one, kernel).astype(np.float32) for one in before.astype(np.uint8)]
        size = crops.shape[1]
        sharp = [cv2.resize(one, (size, size), interpolation=cv2.INTER_LINEAR) for one in masks]
        return np.minimum(_softened(np.stack(masks), size), np.stack(sharp))


class LeastVisible:
    """Visible is what several occluders agree on: the least of their masks.

    Args:
        occluders: At least one.
    """

    def __init__(self, occluders: Sequence[Occluder]) -> None:
        self.name = " + ".join(one.name for one in occluders)
        self._occluders = tuple(occluders)

    def visible(self, crops: Floats) -> Floats:
        """See :meth:`Occluder.visible`."""
        masks = [one.visible(crops) for one in self._occluders]
        return np.asarray(np.minimum.reduce(masks), np.float32)


def _resized(crops: Floats, size: int) -> Floats:
    """Crops (N, S, S, 3) at another size."""
    if crops.shape[1] == size:
        return crops
    way = cv2.INTER_AREA if crops.shape[1] > size else cv2.INTER_LINEAR
    return np.stack([cv2.resize(crop, (size, size), interpolation=way) for crop in crops])


def _softened(masks: Floats, size: int) -> Floats:
    """Masks (N, M, M) at the size of the crops, smooth, and 0 up to the middle of their border."""
    done = []
    for mask in np.clip(masks, 0.0, 1.0):
        whole = cv2.resize(mask, (size, size), interpolation=cv2.INTER_LINEAR)
        smooth = cv2.GaussianBlur(whole, (0, 0), _SOFTNESS)
        done.append((np.clip(smooth, 0.5, 1.0) - 0.5) * 2.0)
    return np.asarray(done, np.float32)
