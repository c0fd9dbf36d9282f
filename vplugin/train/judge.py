"""How good a swapped clip is, against the exact truth that only procedural people have.

For one role of a :class:`~vplugin.synth.script.Script`: the clip as it was, the clip after the
swap, and the swapped picture rendered (:func:`~vplugin.synth.swap.swap_truth`) are looked at side
by side. "Target unchanged" is always a row: the truth keeps the target's skin, light and outline,
so whoever changes nothing has a good PSNR already.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from skimage.metrics import structural_similarity

from vplugin.synth.parts import Segment
from vplugin.synth.person import Person
from vplugin.synth.script import Script
from vplugin.synth.swap import swap_truth
from vplugin.vision.align import similarity, template, warp

__all__ = ["Judgement", "Measures", "Moment", "judge", "strip"]

Rgb = npt.NDArray[np.uint8]  # (H, W, 3)
Embed = Callable[[Rgb, npt.NDArray[np.float32]], npt.NDArray[np.float32]]
Landmarks = Callable[[Rgb, npt.NDArray[np.float32]], npt.NDArray[np.float32]]

_FACE = (Segment.SKIN, Segment.NOSE, Segment.UPPER_LIP, Segment.LOWER_LIP, Segment.INNER_MOUTH,
         Segment.LEFT_BROW, Segment.RIGHT_BROW, Segment.LEFT_EYE, Segment.RIGHT_EYE)  # fmt: skip
_MOVING = 48  # frames in a row that are looked at for jitter and flicker
_SIDE = 112  # of the aligned crop in which flicker is measured


@dataclass(frozen=True)
class Moment:
    """One frame, three ways.

    Attributes:
        seconds: When.
        before: As it was, RGB.
        after: After the swap.
        truth: What it should be.
        inside: (H, W) bool, where the face is.
        points: (5, 2) px, the face's five points.
    """

    seconds: float
    before: Rgb
    after: Rgb
    truth: Rgb
    inside: npt.NDArray[np.bool_]
    points: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Measures:
    """One row of the table; means over the moments, NaN where nothing was measured.

    Attributes:
        psnr: Inside the face against the truth, dB; infinite where there is no difference.
        ssim: The same, structural similarity.
        to_source: Cosine of the identity embeddings of the face and of the source's pictures.
        to_target: The same with the face as it was before.
        jitter: Second difference over time of the landmarks found, in hundredths of the distance
            between the eyes.
        flicker: Mean change from frame to frame of what was altered, in levels of 255.
    """

    psnr: float
    ssim: float
    to_source: float
    to_target: float
    jitter: float = float("nan")
    flicker: float = float("nan")


@dataclass(frozen=True)
class Judgement:
    """What came out.

    Attributes:
        rows: By name: ``target unchanged``, ``swapped``, ``exact truth``.
        moments: The frames behind it.
    """

    rows: Mapping[str, Measures]
    moments: tuple[Moment, ...]

    def figures(self) -> dict[str, dict[str, float | None]]:
        """As JSON can hold it."""
        return {
            name: {f.name: _finite(getattr(row, f.name)) for f in fields(row)}
            for name, row in self.rows.items()
        }


def judge(
    before: Path,
    after: Path,
    truth: Mapping[str, Any],
    script: Script,
    role: int,
    source: Person,
    source_pictures: Sequence[tuple[Rgb, npt.NDArray[np.float32]]],
    *,
    embed: Embed | None = None,
    landmarks: Landmarks | None = None,
    count: int = 8,
) -> Judgement:
    """Compare a clip and its swapped version with the truth.

    Args:
        before: The rendered clip.
        after: The same clip after the swap: as many frames, of the same size.
        truth: The clip's sidecar (:func:`vplugin.synth.clip.read_truth`).
        script: What the clip was rendered from.
        role: Who was replaced.
        source: Who replaces them.
        source_pictures: Pictures of the source with the five points of the face in each.
        embed: Picture and five points to a raw identity embedding; None leaves likeness out.
        landmarks: Picture and box to 106 landmarks, for jitter; None leaves it out.
        count: How many frames are compared with the truth; each is rendered anew.

    Raises:
        ValueError: The role is nowhere to be seen, or the clips have different frames.
    """
    seen = _seen(truth, role)
    if not seen:
        raise ValueError(f"role {role} is nowhere visible in {before}")
    chosen = [seen[round(at)] for at in np.linspace(0, len(seen) - 1, min(count, len(seen)))]
    run = _longest_run(seen)[:_MOVING]
    pairs = dict(_pairs(before, after, {*chosen, *run}))
    moments = tuple(_moment(truth, script, role, source, index, *pairs[index]) for index in chosen)
    faces = [_face(truth, role, index) for index in run]
    moving = [[pairs[index][side] for index in run] for side in (0, 1)]
    wanted = _mean_embedding(source_pictures, embed) if embed else None
    rows: dict[str, Measures] = {}
    for name, pick in (
        ("target unchanged", "before"),
        ("swapped", "after"),
        ("exact truth", "truth"),
    ):
        rows[name] = _stills(moments, pick, wanted, embed)
    for name, shown in (("target unchanged", moving[0]), ("swapped", moving[1])):
        restless = _jitter(shown, faces, landmarks) if landmarks else float("nan")
        rows[name] = replace(rows[name], jitter=restless, flicker=_flicker(moving[0], shown, faces))
    return Judgement(rows, moments)


def strip(moments: Sequence[Moment], height: int = 200) -> Rgb:
    """One picture: a column a moment, rows before, after and truth, each cut around the face."""
    columns = []
    for moment in moments:
        x0, y0, x1, y1 = _around(moment)
        cut = [picture[y0:y1, x0:x1] for picture in (moment.before, moment.after, moment.truth)]
        columns.append(
            np.vstack([cv2.resize(c, (height, height), interpolation=cv2.INTER_AREA) for c in cut])
        )
    return np.hstack(columns).astype(np.uint8)


def _seen(truth: Mapping[str, Any], role: int) -> list[int]:
    """Frames in which a role's face is whole enough to be judged."""
    return [
        index
        for index, frame in enumerate(truth["frames"])
        if any(
            f["role"] == role and f["inside"] > 0.9 and abs(f["pose"][0]) < 60
            for f in frame["faces"]
        )
    ]


def _longest_run(seen: Sequence[int]) -> list[int]:
    runs: list[list[int]] = [[seen[0]]]
    for index in seen[1:]:
        if index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return max(runs, key=len)


def _face(truth: Mapping[str, Any], role: int, index: int) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(f for f in truth["frames"][index]["faces"] if f["role"] == role)
    return found


def _pairs(before: Path, after: Path, wanted: set[int]) -> Iterator[tuple[int, tuple[Rgb, Rgb]]]:
    """The wanted frames of both clips."""
    with av.open(str(before)) as one, av.open(str(after)) as two:
        both = zip(one.decode(video=0), two.decode(video=0), strict=True)
        for index, (left, right) in enumerate(both):
            if index in wanted:
                yield index, (_rgb(left), _rgb(right))


def _rgb(frame: av.VideoFrame) -> Rgb:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _moment(
    truth: Mapping[str, Any],
    script: Script,
    role: int,
    source: Person,
    index: int,
    before: Rgb,
    after: Rgb,
) -> Moment:
    seconds = float(index / _rate(truth))
    subject = script.roles_at(seconds).index(role)
    size = (int(truth["width"]), int(truth["height"]))
    exact = swap_truth(source, script.scene_at(seconds), size, subject)
    inside = np.isin(exact.segments, _FACE) & (exact.subjects == subject + 1)
    points = np.array(_face(truth, role, index)["points"], np.float32)
    return Moment(seconds, before, after, exact.rgb, inside, points)


def _rate(truth: Mapping[str, Any]) -> float:
    above, _, below = str(truth["rate"]).partition("/")
    return float(above) / float(below or 1)


def _stills(
    moments: Sequence[Moment],
    pick: str,
    wanted: npt.NDArray[np.float32] | None,
    embed: Embed | None,
) -> Measures:
    """PSNR, SSIM, and the cosines to source and target, means over the moments."""
    rows = []
    for moment in moments:
        shown: Rgb = getattr(moment, pick)
        to_source = to_target = float("nan")
        if embed is not None and wanted is not None:
            mine, old = (embed(picture, moment.points) for picture in (shown, moment.before))
            to_source, to_target = _cosine(mine, wanted), _cosine(mine, old)
        rows.append((_psnr(shown, moment), _ssim(shown, moment), to_source, to_target))
    return Measures(*(float(mean) for mean in np.mean(rows, axis=0)))


def _psnr(shown: Rgb, moment: Moment) -> float:
    wrong = shown[moment.inside].astype(np.float64) - moment.truth[moment.inside]
    error = float(np.mean(wrong**2))
    return float(10 * np.log10(255.0**2 / error)) if error else math.inf


def _ssim(shown: Rgb, moment: Moment) -> float:
    _, everywhere = structural_similarity(  # type: ignore[no-untyped-call]
        shown, moment.truth, channel_axis=2, full=True, data_range=255
    )
    return float(everywhere[moment.inside].mean())


def _cosine(one: npt.NDArray[np.float32], two: npt.NDArray[np.float32]) -> float:
    return float(one @ two / max(float(np.linalg.norm(one) * np.linalg.norm(two)), 1e-9))


def _mean_embedding(
    pictures: Sequence[tuple[Rgb, npt.NDArray[np.float32]]], embed: Embed
) -> npt.NDArray[np.float32]:
    each = [embed(picture, points) for picture, points in pictures]
    return np.asarray(np.mean([e / np.linalg.norm(e) for e in each], axis=0), np.float32)


def _jitter(
    shown: Sequence[Rgb], faces: Sequence[Mapping[str, Any]], landmarks: Landmarks
) -> float:
    """How restless the landmarks are that are found, beyond how the face itself moves."""
    found = np.stack(
        [
            landmarks(rgb, np.array(f["box"], np.float32))
            for rgb, f in zip(shown, faces, strict=True)
        ]
    )
    true = np.array([f["landmarks106"] for f in faces])
    eyes = np.array([np.linalg.norm(np.subtract(*f["points"][:2])) for f in faces])
    wobble = np.diff(found - true, n=2, axis=0)
    return float(100 * np.linalg.norm(wobble, axis=2).mean() / eyes.mean())


def _flicker(
    before: Sequence[Rgb], after: Sequence[Rgb], faces: Sequence[Mapping[str, Any]]
) -> float:
    """How much the alteration changes from one frame to the next, seen from the face."""
    altered = [
        _aligned(new, face) - _aligned(old, face)
        for old, new, face in zip(before, after, faces, strict=True)
    ]
    return float(np.abs(np.diff(np.stack(altered), axis=0)).mean())


def _aligned(picture: Rgb, face: Mapping[str, Any]) -> npt.NDArray[np.float32]:
    points = np.array(face["points"], np.float32)
    matrix = similarity(points, template("arcface_112").at(_SIDE, half_pixel=False))
    return warp(picture, matrix, (_SIDE, _SIDE)).astype(np.float32)


def _around(moment: Moment) -> tuple[int, int, int, int]:
    """A square around the face, inside the picture; skin in a parting of the hair is left out."""
    height, width = moment.inside.shape
    places = np.stack(np.nonzero(moment.inside)[::-1])
    low, high = np.percentile(places, (1, 99), axis=1)
    side = int(min(1.5 * max(high - low) + 8, height, width))
    x0, y0 = np.clip((low + high - side) / 2, 0, (width - side, height - side)).astype(int)
    return int(x0), int(y0), int(x0) + side, int(y0) + side


def _finite(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
