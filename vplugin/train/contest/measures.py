"""Measures of a swap on numbers: likeness, retrieval, transfer, pose, gaze, distributions, clips.

Each takes arrays and gives one figure per case (or one for all). Nothing here opens models or
files; measures on pixels are in :mod:`vplugin.train.contest.pictures`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "angle_error",
    "cosine",
    "expression_error",
    "frechet_distance",
    "gaze_error",
    "identity_variance",
    "openness_error",
    "retrieved",
    "transfer",
    "unit",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_TINY = 1e-12
_SHUT = 0.12  # gap of the lids over the eye's width below which there is no gaze to compare


def unit(vectors: Array) -> Floats:
    """Vectors (…, D) of length 1; what has no length stays 0."""
    wide = np.asarray(vectors, np.float64)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=-1, keepdims=True), _TINY))


def cosine(ours: Array, theirs: Array) -> Floats:
    """Cosine of the angle between vectors, row by row.

    Args:
        ours: (N, D).
        theirs: (N, D), or (D,) for all rows.

    Returns:
        (N,) in -1…1; 0 where a vector is 0.
    """
    return np.asarray((unit(ours) * unit(theirs)).sum(-1))


def retrieved(answers: Array, gallery: Array, wanted: Array) -> Floats:
    """Retrieval at 1: whether the nearest of a gallery, by cosine, is who it should be.

    Args:
        answers: (N, D) embeddings of swapped faces.
        gallery: (G, D) embeddings of everyone whose face was put in.
        wanted: (N,) row of the gallery that is right.

    Returns:
        (N,) 1 right, 0 wrong. A tie counts as wrong, so that a constant embedder is never right.
    """
    likeness = unit(answers) @ unit(gallery).T
    rows = np.arange(len(likeness))
    own = likeness[rows, wanted]
    likeness[rows, wanted] = -np.inf
    return np.asarray(own > likeness.max(axis=1), np.float64)


def transfer(read: Array, target: Array, source: Array) -> Floats:
    """Transfer fraction ⟨p̂ − p_t, p_s − p_t⟩ / ‖p_s − p_t‖²: 0 is the target, 1 the source.

    A regressor that reads parameters badly answers near their mean, so that even the exact truth is
    below 1 and the target above 0: read every figure beside those two rows.

    Args:
        read: (N, K) parameters that a regressor reads off the answers.
        target: (N, K) the target's own.
        source: (N, K) the source's own.

    Returns:
        (N,); NaN where source and target are the same.
    """
    way = np.asarray(source, np.float64) - target
    length = (way**2).sum(-1)
    done = ((np.asarray(read, np.float64) - target) * way).sum(-1)
    return np.asarray(np.where(length > _TINY, done / np.maximum(length, _TINY), np.nan))


def angle_error(answer: Array, wanted: Array) -> Floats:
    """Mean absolute difference of yaw, pitch and roll (N, 3) in degrees, the short way: (N,)."""
    off = (np.asarray(answer, np.float64) - wanted + 180.0) % 360.0 - 180.0
    return np.asarray(np.abs(off).mean(-1))


def expression_error(answer: Array, wanted: Array) -> Floats:
    """Root mean square difference of expression coefficients (N, E): (N,), in their unit."""
    off = np.asarray(answer, np.float64) - wanted
    return np.asarray(np.sqrt((off**2).mean(-1)))


def openness_error(answer: Array, wanted: Array) -> Floats:
    """Mean absolute difference of how open eyes and mouth are (N, 3), 0–1: (N,)."""
    return np.asarray(np.abs(np.asarray(answer, np.float64) - wanted).mean(-1))


def gaze_error(answer: Array, wanted: Array, lids: Array) -> Floats:
    """Mean distance between where pupils are and where they should be, in widths of an eye.

    Args:
        answer: (N, 2, 2) place of each pupil from the middle of its eye over the eye's width.
        wanted: (N, 2, 2).
        lids: (N, 2) gap of the lids over the eye's width in what is wanted; shut eyes do not count.

    Returns:
        (N,); NaN where both eyes are shut.
    """
    off = np.linalg.norm(np.asarray(answer, np.float64) - wanted, axis=-1)
    seen = np.asarray(lids) > _SHUT
    count = seen.sum(-1)
    mean = (off * seen).sum(-1) / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, mean, np.nan))


def frechet_distance(ours: Array, theirs: Array) -> float:
    """Fréchet distance between the normal distributions fitted to two sets, as FID has it.

    ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½). With few samples it is too large, by about the same for
    all: compare only sets of the same size.

    Args:
        ours: (N, D) features.
        theirs: (M, D) features.
    """
    one, two = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    means = one.mean(0) - two.mean(0)
    # tr (Σ₁Σ₂)^½ is the sum of the singular values of A·Bᵀ, where Σ₁ = AᵀA and Σ₂ = BᵀB.
    a, b = _root(one), _root(two)
    shared = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(max(0.0, means @ means + (a**2).sum() + (b**2).sum() - 2.0 * shared))


def _root(samples: Floats) -> Floats:
    """A of at most D rows with AᵀA the covariance of samples (N, D)."""
    centred = (samples - samples.mean(0)) / np.sqrt(max(len(samples) - 1, 1))
    return np.asarray(np.linalg.qr(centred)[1])


def identity_variance(embeddings: Array) -> float:
    """How much an identity wavers over the frames of a clip: 1 − ‖mean‖² of unit embeddings.

    That is their mean squared distance from their mean: 0 for one that stays the same.

    Args:
        embeddings: (T, D) of one person's face, frame by frame.
    """
    mean = unit(embeddings).mean(0)
    return float(max(0.0, 1.0 - mean @ mean))
