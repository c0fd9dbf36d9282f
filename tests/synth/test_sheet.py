"""Portraits, sheets and folders of people."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from vplugin.errors import SinkError
from vplugin.synth.person import Person
from vplugin.synth.sheet import (
    VIEWS,
    contact_sheet,
    portrait,
    portraits,
    write_people,
    write_picture,
)

pytestmark = pytest.mark.timeout(600)  # on a fresh machine the renderer is compiled first


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_portraits_show_the_face_whole_and_as_asked(view) -> None:
    [face] = portrait(Person.from_seed(3), 96, view).faces
    assert face.inside == 1.0
    assert face.pose[0] == pytest.approx(view.pose.yaw, abs=3.0)
    width = face.box[2] - face.box[0]
    assert 96 * 0.2 < width < 96 * 0.7


def test_contact_sheet() -> None:
    pictures = [np.full((6, 5, 3), 10 * k, np.uint8) for k in range(5)]
    sheet = contact_sheet(pictures, 3, gap=2)
    assert sheet.shape == (14, 19, 3)
    assert sheet[0, 0, 0] == 0
    assert sheet[13, 8, 0] == 40
    assert sheet[7, 3, 0] == sheet[13, 18, 0] == 255


def test_people_and_their_file(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    file = write_people(
        tmp_path / "cast", {"ada": 1, "ben": 2}, 64, VIEWS[:2], lambda *n: told.append(n)
    )
    facts = yaml.safe_load(file.read_text())
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert facts["licence"] == "Apache-2.0"
    assert "Nobody" in facts["provenance"]
    assert [(one["name"], one["seed"]) for one in facts["people"]] == [("ada", 1), ("ben", 2)]
    for one in facts["people"]:
        assert [entry["file"] for entry in one["pictures"]] == [
            f"{one['name']}/front.jpg",
            f"{one['name']}/left.jpg",
        ]
        for entry in one["pictures"]:
            assert cv2.imread(str(file.parent / entry["file"])).shape == (64, 64, 3)
            x0, y0, x1, y1 = entry["box"]
            assert all(x0 < x < x1 and y0 < y < y1 for x, y in entry["points"])


def test_a_person_looks_the_same_each_time() -> None:
    first, again, other = (next(portraits([seed], VIEWS, 48)) for seed in (5, 5, 6))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_pictures_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="no such kind"):
        write_picture(np.zeros((4, 4, 3), np.uint8), tmp_path / "a.gif")
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match=r"a file, not a folder|cannot be made|exists"):
        write_picture(np.zeros((4, 4, 3), np.uint8), tmp_path / "file" / "a.png")
