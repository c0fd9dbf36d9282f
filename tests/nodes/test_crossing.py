"""Three enrolled people who walk past each other: whoever is who, none wears another's face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
import pytest

from tests.nodes.swap_bench import SOURCE_POINTS, bench_in, face_of, skin_of
from tests.vision.swap_models import draw_face, points_at, save_arcface, smooth_picture
from vplugin.colour import paste_rgb
from vplugin.frame import Face, Frame
from vplugin.nodes.track import Track
from vplugin.picture import Picture, PictureFormat
from vplugin.testing.harness import Harness
from vplugin.vision.embed import Embedder

SIZE, FRAMES = (640, 360), 72
AS_IT_IS = {"match": False}


@dataclass(frozen=True)
class Walker:
    """A person: a skin that the recogniser knows it by, a source to wear, and a way to go."""

    skin: tuple[int, int, int]
    worn: tuple[int, int, int]
    start: tuple[float, float]
    step: tuple[float, float]
    eyes: float

    def face(self, number: int) -> Face:
        x, y = (self.start[i] + number * self.step[i] for i in (0, 1))
        return face_of(points_at(x, y, self.eyes, wobble=None), None)


WALKERS = {
    "ada": Walker((60, 90, 210), (225, 120, 110), (70, 170), (7.0, 0.2), 26),
    "bob": Walker((215, 205, 60), (120, 190, 120), (570, 180), (-7.0, 0.0), 30),
    "eve": Walker((180, 60, 190), (150, 98, 66), (330, 190), (0.6, -0.4), 34),
}


@pytest.fixture
def swap(tmp_path, monkeypatch) -> Harness:
    """The swap node with a reference and a source for each person."""
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path / "store"))
    # A recogniser of skins: the tiny one knows no people.
    monkeypatch.setattr(
        Embedder,
        "embed",
        lambda self, crops: crops[:, 50:85, 40:72].mean(axis=(1, 2), dtype=np.float32) - 128,
    )
    save_arcface(tmp_path / "face.onnx")
    for name, walker in WALKERS.items():
        for kind, skin in (("reference", walker.skin), ("source", walker.worn)):
            picture = smooth_picture(640, 640, 4)
            draw_face(picture, SOURCE_POINTS, skin)
            cv2.imwrite(str(tmp_path / f"{name}-{kind}.png"), picture[..., ::-1])
    people = [
        {
            "select": {"reference": f"{name}-reference.png", "threshold": 0.85},
            "source": f"{name}-source.png",
        }
        for name in WALKERS
    ]
    return bench_in(tmp_path)(people=people, embedder="face.onnx", colour=AS_IT_IS)


def _hidden(face: Face, nearer: list[Face]) -> bool:
    """Whether the middle of a face lies behind another one, so that no detector finds it."""
    x, y = face.points[2]
    return any(
        one.box[0] - 5 < x < one.box[2] + 5 and one.box[1] < y < one.box[3] for one in nearer
    )


def _clip() -> Iterator[tuple[Frame, dict[str, Face]]]:
    """Frames with the faces that can be seen, in an order that says nothing; who they are."""
    shape = PictureFormat("yuv444p", *SIZE)
    backdrop = smooth_picture(*SIZE, 2)
    for number in range(FRAMES):
        rgb, seen = backdrop.copy(), {}
        faces = {name: walker.face(number) for name, walker in WALKERS.items()}
        by_depth = sorted(WALKERS, key=lambda name: WALKERS[name].eyes)
        for place, name in enumerate(by_depth):
            draw_face(rgb, faces[name].points, WALKERS[name].skin)
            nearer = [faces[other] for other in by_depth[place + 1 :]]
            if not _hidden(faces[name], nearer):
                seen[name] = faces[name]
        planes = paste_rgb(Picture.blank(shape).planes, shape, rgb, np.ones(SIZE[::-1], bool))
        order = sorted(seen, key=lambda name: (number * 7 + len(name) + ord(name[0])) % 5)
        found = tuple(seen[name] for name in order)
        yield Frame(Picture(shape, planes), number, Fraction(1, 25), faces=found), seen


def _mixed_up(number: int, after: Frame, seen: dict[str, Face]) -> list[str]:
    """Those in plain sight who wear neither their own source nor their own face."""
    everybody = {name: walker.face(number) for name, walker in WALKERS.items()}
    wrong = []
    for name, face in seen.items():
        rest = [other for key, other in everybody.items() if key != name]
        if any(_near(face, one) for one in rest):
            continue
        colour = skin_of(after, face)
        known = {key: walker.worn for key, walker in WALKERS.items()}
        known["own"] = WALKERS[name].skin
        like = min(known, key=lambda key: float(np.abs(colour - known[key]).sum()))
        if like not in (name, "own"):
            wrong.append(f"{name} as {like}")
    return wrong


def _near(face: Face, other: Face) -> bool:
    """Whether the other face, or what is pasted on it, may cover the cheeks of this one."""
    reach = 0.5 * face.eye_distance + 1.1 * (other.box[2] - other.box[0]) / 2
    return bool(abs(face.points[2][0] - other.points[2][0]) < reach)


@pytest.mark.parametrize("tracked", [True, False], ids=["tracked", "untracked"])
def test_people_who_cross_are_never_mixed_up(swap, tracked):
    track = Harness(Track, cut=0.0)
    wrong, worn = [], 0
    for frame, seen in _clip():
        if tracked:
            before = len(track.outcome.video)
            track.push(frame)
            (frame,) = track.outcome.video[before:]
        swap.push(frame)
        after = swap.outcome.video[-1]
        wrong += [f"frame {frame.pts}: {one}" for one in _mixed_up(frame.pts, after, seen)]
        worn += len(after.patches)
    assert wrong == []
    assert worn > 2.4 * FRAMES  # nearly everybody, nearly always
    assert any(len(seen) < 3 for _, seen in _clip())  # somebody was behind somebody
