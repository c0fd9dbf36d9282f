"""The suite of the user's own data, with cartoons that are found by their colour."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.contest.faces import PEOPLE, evaluators, shot, skin_of
from tests.vision.swap_models import draw_face, points_at
from vplugin.errors import SourceError
from vplugin.frame import Face
from vplugin.train.contest.contestants import UNCHANGED, Given
from vplugin.train.contest.folder import FolderSuite, Pair, listed, pairs_of
from vplugin.train.contest.scoring import evaluate

NAMES = ("000", "a_b", "b")
HIGH, WIDE = 300, 400


def points(person: int, place: int) -> np.ndarray:
    return points_at(190 + 3 * place, 150 + person, 30, wobble=None)


def picture(person: int, place: int, skin: int | None = None) -> np.ndarray:
    """A person in a large picture; another skin is a swap."""
    made = np.full((HIGH, WIDE, 3), 60, np.uint8)
    draw_face(made, points(person, place), PEOPLE[person if skin is None else skin])
    made[0, :2, 0] = person, place  # so that the finder knows
    return made


def find(image: np.ndarray) -> list[Face]:
    if image[150, 190].max() == 60:
        return []
    person, place = (int(value) for value in image[0, :2, 0])
    return [Face(np.array([150, 100, 230, 220], np.float32), points=points(person, place))]


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image[..., ::-1])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for person, name in enumerate(NAMES):
        for place in range(12):
            save(tmp_path / "targets" / name / f"{place:03d}.png", picture(person, place))
    for target, source in ((0, 1), (1, 0), (2, 0)):
        folder = tmp_path / "made" / f"{NAMES[target]}_{NAMES[source]}"
        for place in range(12):
            save(folder / f"{place:03d}.png", picture(target, place, source))
    return tmp_path


def suite_of(root: Path, **options) -> FolderSuite:
    options = {"frames": 3, "results": {"made": root / "made"}} | options
    pairs = [Pair("000", "a_b"), Pair("a_b", "000"), Pair("b", "000")]
    return FolderSuite(root / "targets", root / "targets", pairs, find, **options)


def test_cases_are_frames_of_pairs(root: Path) -> None:
    suite = suite_of(root)
    cases = list(suite.cases())
    assert len(suite) == len(cases) == 9
    assert [case.name for case in cases[:4]] == [
        "000_a_b/0", "000_a_b/4", "000_a_b/8", "a_b_000/0",
    ]  # fmt: skip
    assert [case.person for case in cases] == ["a_b"] * 3 + ["000"] * 6
    assert [case.group for case in cases] == [0] * 6 + [1] * 3, "a pair and its reverse"
    one = cases[1]
    assert one.truth is None
    assert one.target.picture.shape[0] < HIGH, "only what is around the face"
    assert skin_of(one.target.crop(128)[None])[0] + 128 == pytest.approx(PEOPLE[0], abs=2)
    assert skin_of(one.sources[0].crop(128)[None])[0] + 128 == pytest.approx(PEOPLE[1], abs=2)
    (made,) = Given("made").answers([one], 128)
    assert skin_of(made.crop[None])[0] + 128 == pytest.approx(PEOPLE[1], abs=2)


def test_the_whole_contest(root: Path) -> None:
    table = evaluate(suite_of(root, moving=1), [Given("made")], evaluators(), draws=50)
    assert list(table.rows) == [UNCHANGED, "made"]
    assert table.rows["made"]["id_retrieval"].value.mean == 1
    assert table.rows[UNCHANGED]["id_target"].value.mean == pytest.approx(1)
    assert "psnr_face" not in table.rows["made"]
    assert np.isfinite(table.rows["made"]["flicker"].value.mean)


def test_frames_without_a_face_are_left_out_and_counted(root: Path) -> None:
    save(root / "targets" / "b" / "004.png", np.full((HIGH, WIDE, 3), 60, np.uint8))
    suite = suite_of(root)
    assert len(list(suite.cases())) == 8
    assert suite.remarks == ("1 frames in which no face was found are left out.",)


def test_clips_are_frames_in_a_row(root: Path) -> None:
    clips = list(suite_of(root, moving=2).clips())
    assert [len(clip) for clip in clips] == [12, 12]
    assert [case.track for case in clips[0]] == [0] * 12
    assert clips[0][3].time == pytest.approx(0.12)


def test_what_does_not_fit_is_said(root: Path) -> None:
    for file in (root / "made" / "b_000").iterdir():
        save(file, np.zeros((128, 128, 3), np.uint8))
    with pytest.raises(SourceError, match=r"made: b_000: is 128x128, and its target 400x300"):
        list(suite_of(root).cases())
    for file in list((root / "made" / "000_a_b").iterdir())[1:]:
        file.unlink()
    with pytest.raises(SourceError, match="000_a_b: has 1 frames, and the target 12"):
        list(suite_of(root).cases())
    (root / "made" / "a_b_000").rename(root / "made" / "other")
    suite = suite_of(root)
    with pytest.raises(SourceError, match="has no a_b_000"):
        list(suite._cases(suite.pairs[1], *_footage(root)))


def _footage(root: Path) -> tuple:
    from vplugin.train.contest.footage import Footage

    return Footage(root / "targets" / "a_b"), [0]


def test_a_source_must_show_a_face(root: Path) -> None:
    save(root / "targets" / "a_b" / "000.png", np.full((HIGH, WIDE, 3), 60, np.uint8))
    with pytest.raises(SourceError, match="a_b: no face was found"):
        list(suite_of(root).cases())


WHERE = Path("list.txt")


def test_names_of_pairs_may_hold_underscores() -> None:
    there = dict.fromkeys(NAMES, WHERE)
    assert pairs_of(there, there, ["000_a_b", "a_b_000", "b_000"], WHERE) == [
        Pair("000", "a_b"),
        Pair("a_b", "000"),
        Pair("b", "000"),
    ]
    with pytest.raises(SourceError, match=r"list.txt: '000_c' is not the name of a target and"):
        pairs_of(there, there, ["000_c"], WHERE)
    with pytest.raises(SourceError, match="names no pairs"):
        pairs_of(there, there, [], WHERE)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("pairs.txt", "071_054\n# no\n\n054 071  # back\n", ["071_054", "054_071"]),
        ("test.json", '[["071", "054"]]', ["071_054", "054_071"]),
    ],
)
def test_lists(tmp_path: Path, name: str, text: str, wanted: list[str]) -> None:
    (tmp_path / name).write_text(text)
    assert listed(tmp_path / name) == wanted


@pytest.mark.parametrize(("name", "text"), [("a.json", "[1, 2]"), ("b.json", "{"), ("c.txt", None)])
def test_lists_that_are_none(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=f"{name}: cannot be read"):
        listed(tmp_path / name)


def test_the_cartoon_is_where_it_says() -> None:
    assert shot(PEOPLE[0], 1).mask(128)[64, 64]
