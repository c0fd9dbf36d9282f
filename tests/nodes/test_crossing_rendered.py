"""Two rendered people who walk past each other, enrolled by the pictures that ship: no mix-ups.

Everything is the stock one: detector, landmarks, tracker, recogniser. The truth is the renderer's.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vplugin.colour import paste_rgb
from vplugin.frame import Face, Frame
from vplugin.node import Context
from vplugin.nodes.detect import Detect
from vplugin.nodes.swap import SOURCE, Swap
from vplugin.nodes.track import Track
from vplugin.picture import Picture, PictureFormat
from vplugin.synth.casting import uncovered
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.render import render
from vplugin.synth.rendering import FaceTruth
from vplugin.synth.scene import Scene, Subject
from vplugin.testing.harness import Harness

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PEOPLE = Path(__file__).parents[2] / "examples" / "people"
SEEDS = {"ada": 22, "ben": 3}  # as in examples/interview.py
WORN = {"ada": "chika", "ben": "deniz"}
SIZE, FRAMES = (640, 360), 30


def _scene(share: float) -> Scene:
    """Ada walks to the right in front, Ben to the left behind her; both look about."""
    room = Scene.from_seed(5, 0)
    ways = {"ada": (-310 + 620 * share, 900.0), "ben": (330 - 660 * share, 1130.0)}
    subjects = tuple(
        Subject(
            uncovered(Person.from_seed(SEEDS[name])),
            pose=Pose(yaw=12 * np.sin(5 * share + len(name) * z)),
            place=(x, 0.0, z),
        )
        for name, (x, z) in ways.items()
    )
    camera = replace(room.camera, field_of_view=38.0)
    return replace(room, subjects=subjects, occluders=(), camera=camera)


@pytest.fixture(scope="module")
def clip() -> list[tuple[Frame, dict[str, FaceTruth]]]:
    """Frames, and the truth of the faces in each."""
    made = []
    shape = PictureFormat("yuv420p", *SIZE)
    for number in range(FRAMES):
        drawn = render(_scene(number / (FRAMES - 1)), SIZE)
        everywhere = np.ones(SIZE[::-1], bool)
        planes = paste_rgb(Picture.blank(shape).planes, shape, drawn.rgb, everywhere)
        frame = Frame(Picture(shape, planes), number, Fraction(1, 25))
        made.append((frame, dict(zip(SEEDS, drawn.faces, strict=True))))
    return made


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Harness]:
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "store"))
    people = [{"select": {"reference": name}, "source": WORN[name]} for name in SEEDS]
    context = Context(name="swap", base=str(PEOPLE))
    return [
        Harness(Detect, runtime="onnxruntime"),
        Harness(Track),
        Harness(Swap, context=context, people=people, model="copy", runtime="onnxruntime"),
    ]


def _through(chain: list[Harness], frame: Frame) -> Frame:
    for harness in chain:
        before = len(harness.outcome.video)
        harness.push(frame)
        (frame,) = harness.outcome.video[before:]
    return frame


def _owner(face: Face, truth: dict[str, FaceTruth]) -> str | None:
    """Whose face it is: the nearest, unless it is far from both."""
    away = {
        name: float(np.hypot(*(one.points[2] - 0.5 - face.points[2])))
        for name, one in truth.items()
        if one.occluded < 0.5
    }
    nearest = min(away, key=lambda name: away[name], default=None)
    return nearest if nearest is not None and away[nearest] < face.eye_distance / 2 else None


def test_two_people_who_cross_are_never_mixed_up(clip, chain):
    wrong, worn, seen = [], 0, 0
    for number, (frame, truth) in enumerate(clip):
        after = _through(chain, frame)
        seen += sum(one.occluded < 0.3 for one in truth.values())
        for face in after.faces:
            name, source = _owner(face, truth), face.attributes.get(SOURCE)
            if name is not None and source is not None:
                worn += 1
                if source != WORN[name]:
                    wrong.append(f"frame {number}: {name} as {source}")
    assert wrong == []
    assert worn > 0.8 * seen > FRAMES
    assert any(one.occluded > 0.9 for _, truth in clip for one in truth.values())
    sides = [np.sign(truth["ada"].points[2, 0] - truth["ben"].points[2, 0]) for _, truth in clip]
    assert (sides[0], sides[-1]) == (-1, 1)  # they did pass each other
    for harness in chain:
        harness.finish()
