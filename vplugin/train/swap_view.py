"""How far a swapper is while it learns: a few figures, and a sheet of samples to look at.

Not the evaluation that is published (``vplugin evaluate swap``): the encoders here are those that
the swapper learns from.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vplugin.train.bank import pictures_of
from vplugin.train.encoders import Encoders

__all__ = ["Answer", "figures", "write_sheet"]

Picture = npt.NDArray[np.uint8]
Answer = tuple[Picture, Picture, Picture, Picture]  # target, source, answer, truth

_SHOWN = 10  # rows of the sheet
_AT_ONCE = 64
_CHANGED = 8.0  # levels between target and truth from which a pixel is to change


def figures(
    answers: Sequence[Answer], encoders: Encoders, device: torch.device
) -> dict[str, float]:
    """Means over the pairs.

    ``truth``, ``source``, ``target``: cosine of the answer's identity to theirs; ``lower``: of its
    lower face to the truth's, with FixerNet; ``psnr``: to the truth where truth and target differ,
    ``untouched``: what the target itself has there.
    """
    targets, sources, made, truths = (list(column) for column in zip(*answers, strict=True))
    who = [_embedded(encoders.identity, one, device) for one in (made, truths, sources, targets)]
    found = {
        name: float((who[0] * other).sum(1).mean())
        for name, other in zip(("truth", "source", "target"), who[1:], strict=True)
    }
    if encoders.has_fixer:
        lower = [_embedded(encoders.lower, one, device) for one in (made, truths)]
        found["lower"] = float((lower[0] * lower[1]).sum(1).mean())
    found["psnr"] = _psnr(made, truths, targets)
    found["untouched"] = _psnr(targets, truths, targets)
    return found


def _embedded(encode: object, pictures: list[Picture], device: torch.device) -> Tensor:
    assert callable(encode)
    parts = []
    for start in range(0, len(pictures), _AT_ONCE):
        batch = pictures_of(pictures[start : start + _AT_ONCE]).to(device)
        parts.append(encode(batch.float() / 127.5 - 1))
    return torch.cat(parts)


def _psnr(made: list[Picture], truths: list[Picture], targets: list[Picture]) -> float:
    """dB over all pixels that are to change."""
    errors: list[npt.NDArray[np.float64]] = []
    for one, truth, target in zip(made, truths, targets, strict=True):
        change = np.abs(truth.astype(np.float64) - target).max(-1) > _CHANGED
        errors.append(((one.astype(np.float64) - truth) ** 2)[change].ravel())
    error = float(np.mean(np.concatenate(errors))) if errors else 0.0
    return float(10 * np.log10(255.0**2 / max(error, 1e-9)))


def write_sheet(path: Path, answers: Sequence[Answer]) -> None:
    """Source, target, answer, truth of some pairs, one row each, as a PNG.

    Args:
        path: Of the PNG; replaced by rename.
        answers: The pairs; those shown are spread over them.
    """
    places = np.linspace(0, len(answers) - 1, min(_SHOWN, len(answers))).astype(int)
    rows = []
    for place in places:
        target, source, made, truth = answers[int(place)]
        rows.append(np.hstack([source, target, made, truth]))
    given, data = cv2.imencode(".png", np.vstack(rows)[..., ::-1])
    if given:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.write_bytes(data.tobytes())
        os.replace(part, path)
