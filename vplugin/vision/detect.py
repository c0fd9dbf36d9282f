"""Face detectors: from upright RGB pictures to boxes and five points.

Two contracts are spoken: SCRFD as insightface exports it (same results as
``insightface.model_zoo`` for the same file) and YuNet. :func:`open_detector` tells them apart by
the model's inputs and outputs. Not for opening model files, and not for making the small copies of
frames that detectors look at; both are handed in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.errors import ContractError, PictureError
from vplugin.vision.detections import Detections
from vplugin.vision.session import Session

__all__ = ["Detector", "ScrfdDetector", "YunetDetector", "open_detector", "sniff_contract"]

Array: TypeAlias = npt.NDArray[Any]
Size: TypeAlias = tuple[int, int]  # width, height
Contract: TypeAlias = Literal["scrfd", "yunet"]

_KNOWN = "use an SCRFD of insightface (6, 9, 10 or 15 outputs) or a YuNet (12 named outputs)"


class Detector(ABC):
    """Finds faces in upright RGB pictures.

    Args:
        session: The model; the caller closes it.
        where: Its file or name, for error messages.

    Raises:
        ContractError: The model's inputs or outputs are not those of this detector.

    Attributes:
        contract: Its name.
        border: Side-length convention of its NMS, see :func:`vplugin.vision.nms.nms`.
    """

    contract: ClassVar[Contract]
    border: ClassVar[float]

    def __init__(self, session: Session, *, where: str | Path = "model") -> None:
        self.where = where
        self._session = session
        self._input, shape = _input_of(session, where)
        batch, _, height, width = shape
        if isinstance(batch, int) and batch > 1:
            raise self._error(
                f"its batch size is fixed at {batch}", "export it with a batch of 1 or a free one"
            )
        fixed = isinstance(width, int) and isinstance(height, int)
        self.fixed_size: Size | None = (int(width), int(height)) if fixed else None  # type: ignore[arg-type]
        shapes = [tuple(output.shape) for output in session.outputs]
        free = not isinstance(batch, int) and all(
            len(shape) == 3 and not isinstance(shape[0], int) for shape in shapes
        )
        self._batches = free

    @property
    @abstractmethod
    def strides(self) -> tuple[int, ...]:
        """Pixels per cell of each output level, fine to coarse."""

    @abstractmethod
    def _blob(self, pictures: Sequence[Array]) -> Array:
        """(N, 3, H, W) float32, what the model takes, of equally sized RGB pictures."""

    @abstractmethod
    def _decode(self, outputs: Sequence[Array], size: Size, score: float) -> Detections:
        """All candidates of one picture; outputs are (rows, values), size that of the canvas."""

    def detect(
        self,
        pictures: Sequence[Array],
        *,
        score: float = 0.5,
        iou: float = 0.4,
        canvas: Size | None = None,
        max_faces: int = 0,
    ) -> list[Detections]:
        """Find the faces in each picture.

        Args:
            pictures: (H, W, 3) uint8 RGB, upright, any sizes; equal ones share a batch if the model
                has one.
            score: Least confidence, 0–1.
            iou: NMS threshold.
            canvas: (width, height) that each picture is scaled into, keeping its shape, at the top
                left as insightface does; grown to whole cells of the model. None shows a picture to
                the model as it is. A model of fixed size has the canvas it has.
            max_faces: Keep at most so many, large and central ones first; 0 keeps all.

        Returns:
            For each picture its faces in its own pixels, best first.

        Raises:
            ContractError: The model's results have not the promised shapes.
            PictureError: A picture is not (H, W, 3) uint8.
        """
        found = self.candidates(pictures, score=score, canvas=canvas)
        return [
            faces.suppressed(iou, border=self.border).foremost(max_faces, *_size(picture))
            for faces, picture in zip(found, pictures, strict=True)
        ]

    def candidates(
        self, pictures: Sequence[Array], *, score: float, canvas: Size | None = None
    ) -> list[Detections]:
        """As :meth:`detect`, before overlapping boxes are suppressed; in no order."""
        results: list[Detections] = [Detections.empty()] * len(pictures)
        fitted = [self._fit(picture, canvas) for picture in pictures]
        for group in self._groups([_size(picture) for picture, _ in fitted]):
            size = _size(fitted[group[0]][0])
            outputs = self._run([fitted[index][0] for index in group])
            for row, index in enumerate(group):
                faces = self._decode([output[row] for output in outputs], size, score)
                finite = faces.take(np.all(np.isfinite(faces.boxes), axis=1))
                results[index] = finite.moved(1.0 / fitted[index][1])
        return results

    def _groups(self, sizes: Sequence[Size]) -> Iterator[list[int]]:
        """Indices of pictures that the model can take at once."""
        if not self._batches:
            yield from ([index] for index in range(len(sizes)))
            return
        for size in dict.fromkeys(sizes):
            yield [index for index, other in enumerate(sizes) if other == size]

    def _fit(self, picture: Array, canvas: Size | None) -> tuple[Array, float]:
        """The picture on its canvas, and the scale it was brought to."""
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise PictureError(
                f"a detector takes (H, W, 3) uint8 RGB, not {picture.shape} {picture.dtype}"
            )
        size, scale = self.fixed_size or self._whole_cells(canvas or _size(picture)), 1.0
        if self.fixed_size or canvas:
            picture, scale = _letterbox(picture, size)
        right, below = size[0] - picture.shape[1], size[1] - picture.shape[0]
        if right or below:
            picture = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_CONSTANT)
        return picture, scale

    def _whole_cells(self, size: Size) -> Size:
        """Grown so that every level has whole cells."""
        step = max(self.strides)
        return -(-size[0] // step) * step, -(-size[1] // step) * step

    def _run(self, pictures: Sequence[Array]) -> list[Array]:
        """Outputs as (N, rows, values) float32."""
        count = len(pictures)
        outputs = []
        for info, raw in zip(
            self._session.outputs,
            self._session.run({self._input: self._blob(pictures)}),
            strict=True,
        ):
            output = np.asarray(raw, np.float32)
            if output.ndim == 2 and count == 1:
                output = output[None]
            if output.ndim != 3 or len(output) != count:
                raise self._error(f"output {info.name!r} has shape {output.shape}", _KNOWN)
            outputs.append(output)
        return outputs

    def _cells(self, rows: int, size: Size, stride: int) -> int:
        """Anchors per cell of a level with so many rows."""
        cells = (size[0] // stride) * (size[1] // stride)
        anchors, rest = divmod(rows, cells) if cells else (0, 1)
        if rest or anchors not in (1, 2):
            raise self._error(
                f"{rows} rows at stride {stride} for {cells} cells of {size[0]}x{size[1]} pixels",
                "export it with a free picture size, or with one that its strides divide",
            )
        return anchors

    def _error(self, what: str, mend: str) -> ContractError:
        return ContractError(f"not a {self.contract} model: {what}", where=self.where, mend=mend)


class ScrfdDetector(Detector):
    """SCRFD and its kin, as insightface exports them.

    Input RGB, (x − 127.5) / 128. Outputs: scores of all levels, then distances to the box's sides,
    then (optionally) offsets to the points, in strides from the cell's corner; 3 levels (6 or 9
    outputs) or 5 (10 or 15), one or two anchors a cell.
    """

    contract = "scrfd"
    border = 1.0

    def __init__(self, session: Session, *, where: str | Path = "model") -> None:
        count = len(session.outputs)
        if count not in (6, 9, 10, 15):
            raise ContractError(f"a model of {count} outputs is no SCRFD", where=where, mend=_KNOWN)
        self._levels = 5 if count % 5 == 0 else 3
        self._has_points = count // self._levels == 3
        super().__init__(session, where=where)
        for index, output in enumerate(session.outputs):
            width = (1, 4, 10)[index // self._levels]
            last = output.shape[-1] if output.shape else None
            if len(output.shape) not in (0, 2, 3) or (isinstance(last, int) and last != width):
                raise self._error(
                    f"output {output.name!r} has shape {tuple(output.shape)}, not (…, {width})",
                    _KNOWN,
                )

    @property
    def strides(self) -> tuple[int, ...]:
        """8, 16, 32 and, with five levels, 64, 128."""
        return (8, 16, 32, 64, 128)[: self._levels]

    def _blob(self, pictures: Sequence[Array]) -> Array:
        return _blob(pictures, scale=1 / 128.0, mean=127.5, bgr=False)

    def _decode(self, outputs: Sequence[Array], size: Size, score: float) -> Detections:
        return Detections.join(
            [
                self._decode_level(outputs[level :: self._levels], size, stride, score)
                for level, stride in enumerate(self.strides)
            ]
        )

    def _decode_level(
        self, outputs: Sequence[Array], size: Size, stride: int, score: float
    ) -> Detections:
        """Candidates of one level: scores, sides and points as (rows, values)."""
        scores = outputs[0][:, 0]
        anchors = self._cells(len(scores), size, stride)
        rows = np.flatnonzero(scores >= score)
        corner = _corners(rows // anchors, size, stride)
        sides = outputs[1][rows] * np.float32(stride)
        boxes = np.concatenate([corner - sides[:, :2], corner + sides[:, 2:]], axis=1)
        points = None
        if self._has_points:
            offsets = outputs[2][rows].reshape(-1, 5, 2) * np.float32(stride)
            points = corner[:, None] + offsets
        return Detections(boxes, scores[rows], points)


class YunetDetector(Detector):
    """YuNet of libfacedetection, as its authors and OpenCV export it.

    Input BGR, 0–255. Outputs ``cls_s``, ``obj_s``, ``bbox_s``, ``kps_s`` for s = 8, 16, 32, one
    anchor a cell: score = √(cls · obj); centre = (cell + d) · s, size = exp(d) · s, point =
    (cell + d) · s.
    """

    contract = "yunet"
    border = 0.0
    names: ClassVar[frozenset[str]] = frozenset(
        f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)
    )

    def __init__(self, session: Session, *, where: str | Path = "model") -> None:
        self._place = {output.name: index for index, output in enumerate(session.outputs)}
        missing = sorted(self.names - self._place.keys())
        if missing:
            raise ContractError(
                f"no YuNet: it has no output {missing[0]!r}", where=where, mend=_KNOWN
            )
        super().__init__(session, where=where)

    @property
    def strides(self) -> tuple[int, ...]:
        """8, 16, 32."""
        return (8, 16, 32)

    def _blob(self, pictures: Sequence[Array]) -> Array:
        return _blob(pictures, scale=1.0, mean=0.0, bgr=True)

    def _decode(self, outputs: Sequence[Array], size: Size, score: float) -> Detections:
        return Detections.join(
            [self._decode_level(outputs, size, stride, score) for stride in self.strides]
        )

    def _decode_level(
        self, outputs: Sequence[Array], size: Size, stride: int, score: float
    ) -> Detections:
        """Candidates of one level."""
        classes, objects, sides, points = (
            outputs[self._place[f"{kind}_{stride}"]] for kind in ("cls", "obj", "bbox", "kps")
        )
        if self._cells(len(classes), size, stride) != 1:
            raise self._error(f"two anchors a cell at stride {stride}", _KNOWN)
        scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
        rows = np.flatnonzero(scores >= score)
        corner = _corners(rows, size, stride)
        step = np.float32(stride)
        with np.errstate(over="ignore"):  # an absurd size is dropped with the other infinite boxes
            half = np.exp(sides[rows, 2:]) * (step / 2)
        centre = corner + sides[rows, :2] * step
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        offsets = points[rows].reshape(-1, 5, 2) * step
        return Detections(boxes, scores[rows], (corner[:, None] + offsets).astype(np.float32))


def sniff_contract(session: Session, *, where: str | Path = "model") -> Contract:
    """Which detector contract a model keeps, by its inputs and outputs.

    Raises:
        ContractError: Neither of the two.
    """
    _input_of(session, where)
    names = {output.name for output in session.outputs}
    if names >= YunetDetector.names:
        return "yunet"
    if len(names) in (6, 9, 10, 15):
        return "scrfd"
    raise ContractError(
        f"{len(names)} outputs ({', '.join(sorted(names)[:4])} …) are no face detector known here",
        where=where,
        mend=_KNOWN,
    )


def open_detector(session: Session, *, where: str | Path = "model") -> Detector:
    """The detector for a model.

    Raises:
        ContractError: The model is no face detector of a known contract.
    """
    kinds: dict[Contract, type[Detector]] = {"scrfd": ScrfdDetector, "yunet": YunetDetector}
    return kinds[sniff_contract(session, where=where)](session, where=where)


def _input_of(session: Session, where: str | Path) -> tuple[str, Sequence[int | str | None]]:
    """Name and shape of the one picture input."""
    shapes = [tuple(tensor.shape) for tensor in session.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in (3, *_free(shapes[0][1])):
        raise ContractError(
            f"no face detector: inputs of shape {shapes} are not one (N, 3, H, W) picture",
            where=where,
            mend=_KNOWN,
        )
    return session.inputs[0].name, shapes[0]


def _free(size: int | str | None) -> tuple[str | None, ...]:
    """The size itself where it is not fixed."""
    return () if isinstance(size, int) else (size,)


def _size(picture: Array) -> Size:
    return int(picture.shape[1]), int(picture.shape[0])


def _letterbox(picture: Array, size: Size) -> tuple[Array, float]:
    """Scaled to fit, with insightface's rounding; and the scale."""
    height, width = picture.shape[:2]
    shape = float(height) / width
    if shape > float(size[1]) / size[0]:
        new_height = size[1]
        new_width = max(1, int(new_height / shape))
    else:
        new_width = size[0]
        new_height = max(1, int(new_width * shape))
    scale = float(new_height) / height
    if (new_width, new_height) != (width, height):
        picture = np.asarray(cv2.resize(picture, (new_width, new_height)))
    return picture, scale


def _blob(pictures: Sequence[Array], *, scale: float, mean: float, bgr: bool) -> Array:
    """(N, 3, H, W) float32 of (value − mean) · scale."""
    return np.asarray(
        cv2.dnn.blobFromImages(list(pictures), scale, mean=(mean, mean, mean), swapRB=bgr),
        np.float32,
    )


def _corners(cells: npt.NDArray[np.intp], size: Size, stride: int) -> npt.NDArray[np.float32]:
    """Top left pixel of cells by number, as (N, 2) x, y."""
    columns = size[0] // stride
    return np.stack([cells % columns, cells // columns], axis=1).astype(np.float32) * np.float32(
        stride
    )
