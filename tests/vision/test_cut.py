from __future__ import annotations

import cv2
import msgpack
import numpy as np
import pytest
import skimage.data

from vplugin.vision.cut import CUT_SIZE, CutDetector, unlikeness

SCENES = {
    name: cv2.cvtColor(getattr(skimage.data, name)(), cv2.COLOR_RGB2GRAY)
    for name in ("astronaut", "coffee", "chelsea", "rocket")
} | {"camera": skimage.data.camera()}


def view(name: str, x: float = 0.5, y: float = 0.5, zoom: float = 0.6) -> np.ndarray:
    """A 16:9 window of a photograph as a small luma picture."""
    photo = SCENES[name]
    height, width = photo.shape
    side = min(width, height * 16 / 9) * zoom
    matrix = np.array(
        [
            [256 / side, 0, 128 - x * width * 256 / side],
            [0, 256 / side, 72 - y * height * 256 / side],
        ]
    )
    window = cv2.warpAffine(photo, matrix, (256, 144), borderMode=cv2.BORDER_REFLECT)
    return cv2.resize(window, CUT_SIZE, interpolation=cv2.INTER_AREA)


def cuts(frames: list[np.ndarray], step: float = 0.04) -> list[int]:
    detector = CutDetector()
    return [i for i, frame in enumerate(frames) if detector.update(frame, 10 + i * step)]


def pan(name: str, count: int = 12, speed: float = 0.01) -> list[np.ndarray]:
    return [view(name, 0.4 + i * speed, 0.45) for i in range(count)]


def lit(frame: np.ndarray, gain: float, offset: float = 0) -> np.ndarray:
    return np.clip(frame.astype(np.float32) * gain + offset, 0, 255).astype(np.uint8)


PAIRS = [(a, b) for a in SCENES for b in SCENES if a != b]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_cut_is_found_at_its_frame(first, second) -> None:
    assert cuts(pan(first) + pan(second)) == [12]


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize(
    "change",
    ["pan", "fast pan", "zoom", "noise", "flash", "blackout", "fade", "dimming", "dropped frames"],
)
def test_what_is_no_cut(name, change) -> None:
    frames, step = pan(name), 0.04
    rng = np.random.default_rng(3)
    if change == "fast pan":
        frames = pan(name, speed=0.04, count=8)
    elif change == "zoom":
        frames = [view(name, zoom=0.4 * 1.03**i) for i in range(20)]
    elif change == "noise":
        frames = [lit(f + rng.normal(0, 5, f.shape), 1) for f in frames]
    elif change == "flash":
        frames[5], frames[6] = lit(frames[5], 3, 120), lit(frames[6], 2, 60)
        frames[7] = lit(frames[7], 1.2, 20)
    elif change == "blackout":
        frames[5:8] = [np.full_like(frames[0], 16)] * 3
    elif change == "fade":
        frames = [lit(f, abs(1 - i / 12)) for i, f in enumerate(pan(name, speed=0.005, count=25))]
    elif change == "dimming":
        frames = [lit(f, 0.4 if i > 5 else 1, 10 if i > 5 else 0) for i, f in enumerate(frames)]
    elif change == "dropped frames":
        frames, step = frames[::4], 0.16
    assert cuts(frames, step) == []


def test_a_new_scene_behind_black_is_one_cut_when_it_shows() -> None:
    black = [np.full_like(view("coffee"), 16)] * 3
    assert cuts(pan("astronaut") + black + pan("coffee")) == [15]


def test_a_white_set_is_a_scene_after_a_moment() -> None:
    white = np.full_like(view("coffee"), 252)
    white[10:26, 20:40] = view("coffee")[10:26, 20:40]
    found = cuts(pan("astronaut") + [white] * 20 + pan("rocket"))
    assert len(found) == 2
    assert 12 < found[0] <= 12 + 11
    assert found[1] in range(32, 44)


def test_a_change_of_shape_is_a_cut() -> None:
    assert cuts([view("coffee"), np.ascontiguousarray(view("coffee").T)]) == [1]


def test_unlikeness_bounds() -> None:
    assert unlikeness(view("coffee"), view("coffee")) < 0.01
    assert 0 < unlikeness(view("coffee"), view("astronaut")) <= 1


def test_goes_on_from_its_state() -> None:
    frames = pan("astronaut") + pan("coffee")
    whole, first, second = CutDetector(), CutDetector(), CutDetector()
    expected = [whole.update(frame, i * 0.04) for i, frame in enumerate(frames)]
    found = [first.update(frame, i * 0.04) for i, frame in enumerate(frames[:12])]
    second.restore(msgpack.unpackb(msgpack.packb(first.state())))
    found += [second.update(frame, i * 0.04) for i, frame in enumerate(frames[12:], 12)]
    assert found == expected
    assert any(expected)
