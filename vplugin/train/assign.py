"""What each anchor of a detector should say, and how wrong what it says is.

Anchors are assigned by how well they already do (task-aligned assignment: Feng et al., "TOOD",
2021, eq. 6-7): a face takes the anchors near its centre whose score and box agree best with it, and
their target is that agreement. Losses: quality focal loss (Li et al., 2020) for scores, distance
IoU (Zheng et al., 2020) for boxes, smooth L1 for points in shares of the face.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from vplugin.nets.house.detector import ANCHORS, STRIDES, Found

__all__ = ["Anchors", "Faces", "anchors_of", "detection_losses", "overlap"]

_BEST = 9  # anchors a face may take
_SCORE_POWER, _OVERLAP_POWER = 0.5, 4.0
_REACH = 1.5  # strides round the centre of a face within which anchors may be taken
_WEIGHTS = {"score": 2.0, "box": 2.0, "point": 0.4}


class Anchors(NamedTuple):
    """All anchors of a picture size: corner (A, 2) px of the cell, stride (A, 1) px."""

    corner: Tensor
    stride: Tensor


class Faces(NamedTuple):
    """The truth of a batch, padded to the same number of faces.

    Attributes:
        boxes: (N, G, 4) px.
        points: (N, G, 5, 2) px.
        weight: (N, G, 5) how much each point counts.
        state: (N, G) 1 a face, 0 padding, -1 not to be judged: neither face nor background.
    """

    boxes: Tensor
    points: Tensor
    weight: Tensor
    state: Tensor


class _Said(NamedTuple):
    """What the network says in pixels: (N, A) logits, (N, A, 4) boxes, (N, A, 5, 2) points."""

    logits: Tensor
    boxes: Tensor
    points: Tensor


class _Target(NamedTuple):
    """Per anchor: (N, A) quality 0-1, (N, A) index of its face, (N, A) whether it counts."""

    quality: Tensor
    face: Tensor
    counts: Tensor


def anchors_of(height: int, width: int, device: torch.device) -> Anchors:
    """The anchors in the order of a network's rows."""
    corners, strides = [], []
    for stride in STRIDES:
        down, across = torch.meshgrid(
            torch.arange(height // stride), torch.arange(width // stride), indexing="ij"
        )
        cells = torch.stack([across, down], -1).reshape(-1, 1, 2).expand(-1, ANCHORS, 2)
        corners.append(cells.reshape(-1, 2).float() * stride)
        strides.append(torch.full((len(corners[-1]), 1), float(stride)))
    return Anchors(torch.cat(corners).to(device), torch.cat(strides).to(device))


def detection_losses(found: Found, faces: Faces, anchors: Anchors) -> dict[str, Tensor]:
    """Weighted losses: score, box, point.

    Args:
        found: The network's outputs; float32 is used inside.
        faces: The truth.
        anchors: Of the picture size.
    """
    said = _said(found, anchors)
    target = _assign(said, faces, anchors)
    score = _quality_focal(said.logits, target)
    total = target.quality.sum().clamp(min=1.0)
    rows, places = torch.nonzero(target.quality > 0, as_tuple=True)
    quality, index = target.quality[rows, places], target.face[rows, places]
    boxes, points = faces.boxes[rows, index], faces.points[rows, index]
    box = (_distance_iou_loss(said.boxes[rows, places], boxes) * quality).sum()
    size = (boxes[:, 2:] - boxes[:, :2]).clamp(min=4).prod(-1).sqrt()[:, None, None]
    wrong = (said.points[rows, places] - points) / size
    wrong = functional.smooth_l1_loss(wrong, torch.zeros_like(wrong), beta=0.05, reduction="none")
    point = (wrong.sum(-1) * faces.weight[rows, index]).mean(-1) * quality * 10
    losses = {"score": score, "box": box, "point": point.sum()}
    return {name: loss * (_WEIGHTS[name] / total) for name, loss in losses.items()}


def _said(found: Found, anchors: Anchors) -> _Said:
    logits = torch.cat(found.scores, 1)[..., 0].float()
    sides = torch.cat(found.sides, 1).float() * anchors.stride
    boxes = torch.cat([anchors.corner - sides[..., :2], anchors.corner + sides[..., 2:]], -1)
    offsets = torch.cat(found.points, 1).float()
    offsets = offsets.reshape(*offsets.shape[:2], 5, 2)
    points = anchors.corner[:, None] + offsets * anchors.stride[:, None]
    return _Said(logits, boxes, points)


@torch.no_grad()
def _assign(said: _Said, faces: Faces, anchors: Anchors) -> _Target:
    """Each face's best anchors; an anchor that several want goes to the best overlap."""
    iou = overlap(faces.boxes[:, :, None], said.boxes[:, None])  # (N, G, A)
    real = faces.state > 0
    near = _near(faces.boxes, anchors) & real[..., None]
    fit = said.logits.sigmoid()[:, None] ** _SCORE_POWER * iou.clamp(min=1e-3) ** _OVERLAP_POWER
    fit = torch.where(near, fit, -1.0)
    best = fit.topk(min(_BEST, fit.shape[-1]), dim=-1)
    taken = torch.zeros_like(near).scatter_(-1, best.indices, best.values > 0)
    rivals = taken.sum(1, keepdim=True) > 1
    winner = torch.zeros_like(taken).scatter_(1, torch.where(near, iou, -1).argmax(1, True), True)
    taken &= winner | ~rivals
    fit = fit * taken
    peak = fit.amax(-1, keepdim=True).clamp(min=1e-12)
    top = (iou * taken).amax(-1, keepdim=True).clamp(min=0.1)  # a face is never a target of 0
    quality, face = (fit / peak * top).max(1)
    quality = torch.where(quality > 0.02, quality, 0.0)
    spared = (_inside(faces.boxes, anchors) & (faces.state < 0)[..., None]).any(1)
    return _Target(quality, face, ~spared | (quality > 0))


def _near(boxes: Tensor, anchors: Anchors) -> Tensor:
    """(N, G, A): the cell's corner lies in the middle of the face, or right beside its centre."""
    centre = (boxes[..., :2] + boxes[..., 2:])[:, :, None] / 2
    off = (anchors.corner - centre).abs()
    half = (boxes[..., 2:] - boxes[..., :2])[:, :, None] / 2
    middle = (off < 0.7 * half).all(-1)
    close = (off <= 0.75 * anchors.stride).all(-1)
    far = (off > torch.maximum(_REACH * anchors.stride, 0.35 * half)).any(-1)
    return (middle & ~far) | close


def _inside(boxes: Tensor, anchors: Anchors) -> Tensor:
    """(N, G, A): the cell's corner lies in the box."""
    low, high = boxes[:, :, None, :2], boxes[:, :, None, 2:]
    return ((anchors.corner >= low) & (anchors.corner <= high)).all(-1)


def _quality_focal(logits: Tensor, target: _Target) -> Tensor:
    """Sum over anchors of |σ − q|² · cross entropy."""
    entropy = functional.binary_cross_entropy_with_logits(logits, target.quality, reduction="none")
    far = (logits.sigmoid() - target.quality).abs().square()
    return (entropy * far * target.counts).sum()


def overlap(one: Tensor, other: Tensor) -> Tensor:
    """IoU of boxes (…, 4) that are broadcast against each other."""
    low = torch.maximum(one[..., :2], other[..., :2])
    high = torch.minimum(one[..., 2:], other[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = (one[..., 2:] - one[..., :2]).prod(-1) + (other[..., 2:] - other[..., :2]).prod(-1)
    return shared / (areas - shared).clamp(min=1e-6)


def _distance_iou_loss(boxes: Tensor, wanted: Tensor) -> Tensor:
    """1 − IoU + squared distance of the centres over that of the hull's corners: (K,)."""
    low = torch.minimum(boxes[:, :2], wanted[:, :2])
    high = torch.maximum(boxes[:, 2:], wanted[:, 2:])
    hull = (high - low).square().sum(-1).clamp(min=1e-6)
    apart = ((boxes[:, :2] + boxes[:, 2:] - wanted[:, :2] - wanted[:, 2:]) / 2).square().sum(-1)
    return 1 - overlap(boxes, wanted) + apart / hull
