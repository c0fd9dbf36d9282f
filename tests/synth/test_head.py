"""The head: what opens and closes, where landmarks are, what is the same on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.synth.anatomy import mean_anatomy
from vplugin.synth.expression import Expression
from vplugin.synth.head import Head, build_head
from vplugin.synth.landmarks import ORDER_68
from vplugin.synth.parts import Floats, Segment
from vplugin.synth.person import Person

REST = Expression(gaze_y=0.0)
MIRROR = np.array([-1.0, 1.0, 1.0])
# iBUG's numbers, each with its mirror image's.
PAIRS68 = (
    *((k, 16 - k) for k in range(17)), *((17 + k, 26 - k) for k in range(5)),
    *((k, k) for k in range(27, 31)), (31, 35), (32, 34), (33, 33), (36, 45), (37, 44), (38, 43),
    (39, 42), (40, 47), (41, 46), (48, 54), (49, 53), (50, 52), (51, 51), (55, 59), (56, 58),
    (57, 57), (60, 64), (61, 63), (62, 62), (65, 67), (66, 66),
)  # fmt: skip


def mean_head(expression: Expression = REST) -> Head:
    return build_head(Person(), expression)


def mouth_gap(head: Head) -> float:
    """Between the lips' middles, mm."""
    return float(head.landmarks68[66, 1] - head.landmarks68[62, 1])


def eye_gap(head: Head, left: bool) -> float:
    upper, lower = (44, 46) if left else (38, 40)
    return float(head.landmarks68[lower, 1] - head.landmarks68[upper, 1])


def mouth_width(head: Head) -> float:
    return float(head.landmarks68[54, 0] - head.landmarks68[48, 0])


class TestMeanHead:
    def test_proportions_are_those_of_people(self) -> None:
        points = mean_head().landmarks68
        assert 61 < mean_head().iris[1, 0] - mean_head().iris[0, 0] < 65
        assert 44 < points[54, 0] - points[48, 0] < 56  # mouth
        assert 28 < points[39, 0] - points[36, 0] < 32  # an eye
        assert 105 < points[8, 1] - points[27, 1] < 125  # nasion to chin
        assert 128 < points[16, 0] - points[0, 0] < 142  # face

    def test_the_mean_is_symmetric(self) -> None:
        points = mean_head().landmarks68
        for a, b in PAIRS68:
            np.testing.assert_allclose(points[a], points[b] * MIRROR, atol=0.35)

    def test_order_of_106_agrees_with_68(self) -> None:
        head = mean_head()
        assert len(set(ORDER_68)) == 68
        np.testing.assert_array_equal(head.landmarks106[list(ORDER_68)], head.landmarks68)

    @pytest.mark.parametrize(
        ("number", "x", "y"),
        [
            (0, 0, 113), (86, 0, 41), (80, 0, 52), (53, 0, 81), (71, 0, 65), (72, 0, -1),
            (38, -31.5, 0), (92, 31.5, 0), (35, -46, -0.6), (93, 46, -0.6), (39, -16, 2),
            (89, 16, 2), (43, -55, -19), (101, 55, -19), (52, -25, 72), (61, 25, 72),
            (1, -69, 2), (17, 69, 2), (78, -11, 51), (84, 11, 51), (40, -31, -4), (94, 31, -4),
            (33, -31, 5.5), (87, 31, 5.5), (50, -12, -24), (102, 12, -24),
        ],
    )  # fmt: skip
    def test_numbers_of_2d106det(self, number: int, x: float, y: float) -> None:
        np.testing.assert_allclose(mean_head().landmarks106[number, :2], (x, y), atol=2.2)

    def test_five_points_are_eyes_nose_and_corners(self) -> None:
        head = mean_head()
        np.testing.assert_array_equal(head.points5[:2], head.iris)
        np.testing.assert_array_equal(head.points5[2], head.landmarks68[30])
        np.testing.assert_array_equal(head.points5[3:], head.landmarks68[[48, 54]])
        assert head.points5[0, 0] < 0 < head.points5[1, 0]

    def test_contour_runs_from_ear_to_ear_over_the_chin(self) -> None:
        contour = mean_head().landmarks68[:17]
        assert (np.diff(contour[:, 0]) > -1).all()
        assert int(np.argmax(contour[:, 1])) == 8

    def test_parts_fit_together(self) -> None:
        head = mean_head()
        assert len(head.parts) == len(head.turning)
        for part, turning in zip(head.parts, head.turning, strict=True):
            assert len(part.vertices) == len(part.texture) == len(turning)
            assert part.triangles.min() >= 0
            assert part.triangles.max() < len(part.vertices)
            assert np.isfinite(part.vertices).all()
            assert 0 <= turning.min() <= turning.max() <= 1
        labels = head.parts[0].labels
        assert labels is not None
        assert {Segment.LEFT_EAR, Segment.RIGHT_EAR} <= set(labels)

    def test_shoulders_stay_and_the_face_turns(self) -> None:
        head = mean_head()
        vertices, turning = head.parts[0].vertices, head.turning[0]
        assert (turning[vertices[:, 1] < 60] == 1).all()
        assert (turning[vertices[:, 1] > 215] == 0).all()


class TestExpressions:
    def test_lips_are_closed_at_rest(self) -> None:
        assert abs(mouth_gap(mean_head())) < 1e-6

    @pytest.mark.parametrize("seed", range(8))
    def test_lips_are_closed_on_everybody(self, seed: int) -> None:
        points = build_head(Person.from_seed(seed), REST).parts[0].vertices
        gaps = points[mean_anatomy().lips[1]] - points[mean_anatomy().lips[0]]
        assert np.abs(gaps[:, 1]).max() < 0.12

    @pytest.mark.parametrize(
        ("expression", "low", "high"),
        [
            (Expression(jaw=1), 28, 55),
            (Expression(jaw=0.3), 7, 20),
            (Expression(gap=1), 4, 14),
            (Expression(funnel=1), 3, 12),
            (Expression(smile_left=1, smile_right=1), -0.5, 0.5),
        ],
    )
    def test_mouths_open(self, expression: Expression, low: float, high: float) -> None:
        assert low <= mouth_gap(mean_head(expression)) <= high

    def test_a_blink_closes_one_eye_exactly(self) -> None:
        head = mean_head(Expression(blink_left=1, gaze_y=0))
        assert abs(eye_gap(head, left=True)) < 0.05
        assert eye_gap(head, left=False) == eye_gap(mean_head(), left=False)

    @pytest.mark.parametrize("seed", range(6))
    def test_closed_lids_meet_on_everybody_and_hide_the_eyeball(self, seed: int) -> None:
        anatomy = mean_anatomy()
        head = build_head(Person.from_seed(seed), Expression(blink_left=1, blink_right=1))
        points = head.parts[0].vertices
        for rims, eye in zip(anatomy.lids, head.eyes, strict=True):
            np.testing.assert_allclose(points[rims[0]], points[rims[1]], atol=0.4)
            away = points[rims[0]] - eye
            radius = np.sqrt((away * away).sum(axis=1))
            assert radius.min() > 12 * 0.85

    @pytest.mark.parametrize("seed", range(6))
    def test_open_lids_stay_outside_the_eyeball(self, seed: int) -> None:
        anatomy = mean_anatomy()
        head = build_head(Person.from_seed(seed), Expression(lids_up=0.8))
        size = np.linalg.norm(head.parts[1].vertices[-1] - head.eyes[0]) / 12
        rims = head.parts[0].vertices[anatomy.lids[0].reshape(-1)] - head.eyes[0]
        assert np.linalg.norm(rims, axis=1).min() > 12 * size

    def test_wide_eyes_are_wider(self) -> None:
        assert eye_gap(mean_head(Expression(lids_up=1)), True) > eye_gap(mean_head(), True) + 1

    def test_smiles_widen_and_lift_on_their_side(self) -> None:
        rest, smile = mean_head().landmarks68, mean_head(Expression(smile_left=1)).landmarks68
        assert smile[54, 1] < rest[54, 1] - 3
        assert smile[54, 0] > rest[54, 0] + 3
        np.testing.assert_allclose(smile[48], rest[48], atol=0.01)

    @pytest.mark.parametrize(("name", "wider"), [("wide", True), ("pucker", False)])
    def test_mouth_width(self, name: str, wider: bool) -> None:
        change = mouth_width(mean_head(Expression(**{name: 1.0}))) - mouth_width(mean_head())
        assert change > 6 if wider else change < -9

    def test_brows_move_alone(self) -> None:
        rest = mean_head().landmarks68
        raised = mean_head(Expression(brow_left=1)).landmarks68
        assert raised[24, 1] < rest[24, 1] - 3
        np.testing.assert_allclose(raised[:22], rest[:22], atol=0.01)

    @pytest.mark.parametrize(("x", "y"), [(30, 0), (-30, 0), (0, 20), (0, -20)])
    def test_pupils_follow_the_gaze(self, x: float, y: float) -> None:
        moved = mean_head(Expression(gaze_x=x, gaze_y=y)).iris - mean_head().iris
        for side in moved:
            assert np.sign(np.round(side[0], 6)) == np.sign(x)
            assert np.sign(np.round(side[1], 6)) == np.sign(y)

    def test_lower_teeth_go_with_the_jaw_and_upper_ones_do_not(self) -> None:
        rest, open_ = mean_head().parts[6].vertices, mean_head(Expression(jaw=1)).parts[6].vertices
        half = len(rest) // 2
        np.testing.assert_array_equal(rest[:half], open_[:half])
        assert (open_[half:, 1] > rest[half:, 1]).all()


class TestExactness:
    def test_the_same_head_twice(self) -> None:
        def bytes_of() -> list[bytes]:
            head = build_head(Person.from_seed(11), Expression(jaw=0.4, smile_left=0.5))
            return [part.vertices.tobytes() for part in head.parts] + [head.landmarks106.tobytes()]

        assert bytes_of() == bytes_of()

    def test_landmarks_lie_on_the_skin(self) -> None:
        head = build_head(Person.from_seed(5), Expression(jaw=0.6, smile_right=0.7))
        skin: Floats = head.parts[0].vertices
        inner = {34, 38, 88, 92}
        for number, point in enumerate(head.landmarks106):
            if number not in inner:
                assert np.linalg.norm(skin - point, axis=1).min() < 4.0
