from __future__ import annotations

import numpy as np
import pytest
import torch

from vplugin.nets.house.detector import STRIDES, Detector, DetectorShape, Found
from vplugin.train.assign import Faces, anchors_of, detection_losses, overlap

SIDE = 128
SHAPE = DetectorShape((4, 4, 8, 8, 8), (1, 1, 1, 1), 8, 1)


def faces(*boxes: tuple[float, ...], state: float = 1.0) -> Faces:
    box = torch.tensor(boxes).reshape(1, -1, 4)
    middle = (box[..., None, :2] + box[..., None, 2:]) / 2
    points = middle.expand(1, box.shape[1], 5, 2).clone()
    return Faces(box, points, torch.ones(1, box.shape[1], 5), torch.full((1, box.shape[1]), state))


def said(box: tuple[float, ...], at: int, logit: float = 4.0, *, all_points: float = 0.0) -> Found:
    """Every anchor silent, except number ``at``, which says the box."""
    anchors = anchors_of(SIDE, SIDE, torch.device("cpu"))
    rows = len(anchors.corner)
    scores, sides = torch.full((1, rows, 1), -8.0), torch.ones(1, rows, 4)
    points = torch.full((1, rows, 10), all_points)
    corner, stride = anchors.corner[at], anchors.stride[at]
    given = torch.tensor(box)
    scores[0, at] = logit
    sides[0, at] = torch.cat([corner - given[:2], given[2:] - corner]) / stride
    points[0, at] = (((given[:2] + given[2:]) / 2 - corner) / stride).repeat(5)
    split = [2 * (SIDE // s) ** 2 for s in STRIDES]
    return Found(*(tuple(one.split(split, 1)) for one in (scores, sides, points)))


def anchor_at(x: float, y: float, stride: int) -> int:
    anchors = anchors_of(SIDE, SIDE, torch.device("cpu"))
    right = (anchors.stride[:, 0] == stride) & (anchors.corner == torch.tensor([x, y])).all(1)
    return int(torch.nonzero(right)[0])


def test_rows_are_those_of_the_network() -> None:
    found = Detector(SHAPE).eval()(torch.zeros(1, 3, 64, 96))
    anchors = anchors_of(64, 96, torch.device("cpu"))
    assert [one.shape[1] for one in found.scores] == [2 * 8 * 12, 2 * 4 * 6, 2 * 2 * 3]
    assert [tuple(one.shape[2:]) for one in (found.scores[0], found.sides[0], found.points[0])] == [
        (1,), (4,), (10,)
    ]  # fmt: skip
    assert len(anchors.corner) == sum(one.shape[1] for one in found.scores)
    assert anchors.corner[:4].tolist() == [[0, 0], [0, 0], [8, 0], [8, 0]]
    assert anchors.corner[-1].tolist() == [64, 32]


def test_saying_the_truth_costs_nearly_nothing() -> None:
    box = (40.0, 36.0, 88.0, 92.0)
    at = anchor_at(64, 64, 16)
    right = detection_losses(said(box, at), faces(box), anchors_of(SIDE, SIDE, torch.device("cpu")))
    off = (30.0, 36.0, 78.0, 92.0)
    wrong = detection_losses(said(off, at), faces(box), anchors_of(SIDE, SIDE, torch.device("cpu")))
    assert float(right["box"]) < 0.1
    assert float(right["score"]) < 0.1
    assert float(wrong["box"]) > 3 * float(right["box"])
    assert float(wrong["point"]) > float(right["point"])


@pytest.mark.parametrize(
    ("box", "at"),
    [
        ((60.0, 60.0, 70.0, 71.0), (64, 64, 8)),
        ((0.0, 40.0, 24.0, 80.0), (16, 64, 16)),
        ((4.0, 4.0, 124.0, 120.0), (64, 64, 32)),
    ],
)
def test_silence_about_a_face_is_worse_than_finding_it(box, at) -> None:
    anchors, number = anchors_of(SIDE, SIDE, torch.device("cpu")), anchor_at(*at)
    loud = detection_losses(said(box, number), faces(box), anchors)["score"]
    silent = detection_losses(said(box, number, -8.0), faces(box), anchors)["score"]
    assert float(loud) < 0.5 * float(silent)


def test_a_false_alarm_costs_unless_the_place_is_not_judged() -> None:
    box, anchors = (40.0, 36.0, 88.0, 92.0), anchors_of(SIDE, SIDE, torch.device("cpu"))
    alarm = said(box, anchor_at(64, 64, 16))
    nobody = detection_losses(alarm, faces(box, state=0.0), anchors)
    spared = detection_losses(alarm, faces(box, state=-1.0), anchors)
    assert float(nobody["score"]) > 1.0
    assert float(spared["score"]) < 0.1
    assert float(nobody["box"]) == float(spared["box"]) == 0.0


def test_points_count_by_their_weight() -> None:
    box, anchors = (40.0, 36.0, 88.0, 92.0), anchors_of(SIDE, SIDE, torch.device("cpu"))
    truth = faces(box)
    truth.points[:, :, 0] += 20
    found = said(box, anchor_at(64, 64, 16))
    seen = detection_losses(found, truth, anchors)["point"]
    truth.weight[:, :, 0] = 0
    hidden = detection_losses(found, truth, anchors)["point"]
    assert float(seen) > 2 * float(hidden)


def test_overlap_of_boxes() -> None:
    one = torch.tensor([[0.0, 0, 10, 10]])
    other = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [3, 3, 3, 3]])
    np.testing.assert_allclose(overlap(one, other), [1, 1 / 3, 0, 0], atol=1e-6)


def test_a_step_against_the_gradient_helps() -> None:
    torch.manual_seed(0)
    model, anchors = Detector(SHAPE), anchors_of(SIDE, SIDE, torch.device("cpu"))
    pictures = torch.randn(2, 3, SIDE, SIDE)
    one = faces((40.0, 36.0, 88.0, 92.0), (8.0, 8.0, 22.0, 26.0))
    truth = Faces(*(part.repeat(2, *[1] * (part.ndim - 1)) for part in one))
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    seen = []
    for _ in range(25):
        losses = detection_losses(model(pictures), truth, anchors)
        total = torch.stack(list(losses.values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        seen.append(float(total.detach()))
    assert seen[-1] < 0.6 * seen[0]
