"""Measures on numbers: each has an answer that is known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from vplugin.train.contest import measures

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(
    ("ours", "theirs", "wanted"),
    [
        ([[2.0, 0.0]], [[5.0, 0.0]], 1.0),
        ([[1.0, 0.0]], [[0.0, 3.0]], 0.0),
        ([[1.0, 1.0]], [[-2.0, -2.0]], -1.0),
        ([[1.0, 0.0]], [[1.0, 1.0]], np.sqrt(0.5)),
        ([[0.0, 0.0]], [[1.0, 1.0]], 0.0),
    ],
)
def test_cosine(ours: list, theirs: list, wanted: float) -> None:
    np.testing.assert_allclose(measures.cosine(np.array(ours), np.array(theirs)), wanted)


def test_retrieval_finds_the_nearest_and_no_tie() -> None:
    gallery = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    answers = np.array([[9.0, 1.0], [9.0, 1.0], [0.1, 2.0], [1.0, 1.0]])
    found = measures.retrieved(answers, gallery, np.array([0, 1, 1, 0]))
    assert found.tolist() == [1, 0, 1, 0], "the last lies between two"


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 0.0), (1.0, 1.0), (0.3, 0.3), (-0.2, -0.2)])
def test_transfer_is_the_share_of_the_way(share: float, wanted: float) -> None:
    target, source = RNG.uniform(size=(2, 5, 40))
    read = target + share * (source - target)
    np.testing.assert_allclose(measures.transfer(read, target, source), wanted, atol=1e-12)


def test_transfer_ignores_what_is_across_and_knows_nothing_of_twins() -> None:
    target, source = np.zeros((1, 3)), np.array([[2.0, 0, 0]])
    assert measures.transfer(np.array([[1.0, 7, -7]]), target, source) == pytest.approx([0.5])
    assert np.isnan(measures.transfer(source, target, target)).all()


def test_angles_go_the_short_way() -> None:
    found = measures.angle_error(np.array([[179.0, 3, 0]]), np.array([[-179.0, 0, 1]]))
    np.testing.assert_allclose(found, 2.0)


def test_expression_and_openness() -> None:
    assert measures.expression_error(np.array([[3.0, 4.0]]), np.zeros((1, 2))) == pytest.approx(
        [np.sqrt(12.5)]
    )
    assert measures.openness_error(np.array([[0.5, 0.2, 0.9]]), np.array([[0.2, 0.2, 0.6]])) == (
        pytest.approx([0.2])
    )


@pytest.mark.parametrize(
    ("lids", "wanted"), [((0.3, 0.3), 0.3), ((0.3, 0.01), 0.1), ((0.0, 0.0), np.nan)]
)
def test_gaze_counts_open_eyes_only(lids: tuple[float, float], wanted: float) -> None:
    answer = np.array([[[0.1, 0.0], [0.3, 0.4]]])
    found = measures.gaze_error(answer, np.zeros((1, 2, 2)), np.array([lids]))
    np.testing.assert_allclose(found, wanted)


def test_frechet_of_normals_is_the_textbook_one() -> None:
    one = RNG.normal(size=(60_000, 3)) * (1.0, 2.0, 3.0)
    two = RNG.normal(size=(60_000, 3)) * (2.0, 2.0, 1.0) + (1.0, 0.0, 0.0)
    assert measures.frechet_distance(one, two) == pytest.approx(1 + 1 + 0 + 4, rel=0.03)
    assert measures.frechet_distance(one, one) == pytest.approx(0, abs=1e-9)


def test_frechet_of_fewer_samples_than_dimensions() -> None:
    few = RNG.normal(size=(4, 30))
    assert measures.frechet_distance(few, few + 2.0) == pytest.approx(30 * 4.0)


def test_identity_variance() -> None:
    still = np.tile(RNG.normal(size=8), (5, 1)) * np.arange(1, 6)[:, None]
    assert measures.identity_variance(still) == pytest.approx(0, abs=1e-12)
    assert measures.identity_variance(np.array([[1.0, 0], [0, 1.0]])) == pytest.approx(0.5)
