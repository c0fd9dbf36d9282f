from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.train.stand_in import drawn_face, drawn_place
from vplugin.train import collage
from vplugin.train.augment import Camera
from vplugin.train.collage import Collage, Collages, Style
from vplugin.train.shards import Item

CLEAR = Camera(0, 0, 0, 0, 0, 0, 0, strength=0)
ONE = {"counts": (0.0, 1.0), "patched": 0.0, "things": 0.0}


def dark_place() -> Item:
    return {"image": np.zeros((64, 64, 3), np.uint8)}


def marked_face(seed: int) -> Item:
    """A grey body on nothing, its points single bright spots of red, green and blue."""
    item = dict(drawn_face(seed))
    image = np.full_like(item["image"], 40)
    for point, colour in zip(item["points"], [(255, 0, 0)] * 2 + [(0, 255, 0)] + [(0, 0, 255)] * 2,
                             strict=True):  # fmt: skip
        x, y = point.round().astype(int)
        image[y - 2 : y + 3, x - 2 : x + 3] = colour
    item["points"] = item["points"].round()
    return item | {"image": image}


def made(count: int, side: int = 160, *, style: Style, things: list[Item] | None = None,
         camera: Camera = CLEAR) -> list[Collage]:  # fmt: skip
    faces = [marked_face(i) for i in range(6)]
    collages = Collages(faces, [dark_place()], [things] if things else [], style, camera)
    return [collages.make(np.random.default_rng(i), side) for i in range(count)]


def test_points_lie_on_what_they_mark() -> None:
    checked = 0
    for one in made(60, style=Style(smallest=40, own_place=0.5, any_turn=0.3, **ONE)):
        for points, weight in zip(one.points, one.weight, strict=True):
            for channel, point, counts in zip((0, 0, 1, 2, 2), points, weight, strict=True):
                if counts < 1 or not (point.min() > 4 and point.max() < 155):
                    continue
                x, y = point.round().astype(int)
                pixel = one.picture[y, x].astype(int)
                assert pixel[channel] > 90
                assert pixel[channel] > 1.5 * np.delete(pixel, channel).max()
                checked += 1
    assert checked > 100


def test_mirrored_faces_keep_the_order_of_points() -> None:
    for one in made(40, style=Style(smallest=40, turn=0, any_turn=0, **ONE)):
        for points in one.points:
            assert points[0, 0] < points[1, 0]
            assert points[3, 0] < points[4, 0]


def test_boxes_hold_the_points_and_stay_in_the_picture() -> None:
    for one in made(60, style=Style(any_turn=0.3, patched=0.5)):
        assert len(one.boxes) == len(one.points) == len(one.weight) == len(one.state)
        assert one.boxes.min(initial=0) >= 0
        assert one.boxes.max(initial=0) <= 160
        assert set(one.state) <= {1.0, -1.0}
        for box, points in zip(one.boxes, one.points, strict=True):
            inside = ((points > 1) & (points < 159)).all(1)
            size = np.tile(0.06 * (box[2:] - box[:2]), (5, 1)) + 1
            assert ((points > box[:2] - size) & (points < box[2:] + size)).all(1)[inside].all()


def test_the_mean_number_of_people_follows_the_style() -> None:
    found = made(200, style=Style(counts=(0.5, 0.0, 0.5), largest=0.2, things=0))
    counts = [len(one.state) for one in found]
    assert 0.75 < np.mean(counts) < 1.2
    assert any(count == 0 for count in counts)


def test_a_hidden_face_need_not_be_found() -> None:
    cover = {"image": np.full((32, 32, 3), 200, np.uint8), "alpha": np.full((32, 32), 255, "u1")}
    seen = made(60, style=Style(**(ONE | {"things": 0.0})), things=[cover])
    hidden = made(60, style=Style(**(ONE | {"things": 30.0})), things=[cover])
    assert sum((one.state > 0).sum() for one in hidden) < 0.5 * sum(
        (one.state > 0).sum() for one in seen
    )


@pytest.mark.parametrize("smallest", [2.0, 40.0])
def test_tiny_faces_are_not_judged(smallest: float) -> None:
    style = Style(smallest=smallest, largest=smallest / 160 + 0.001, **ONE)
    states = np.concatenate([one.state for one in made(40, style=style)])
    assert (states > 0).any() == (smallest > 10)


def test_the_same_generator_gives_the_same_picture() -> None:
    collages = Collages(
        [drawn_face(i) for i in range(4)],
        [drawn_place(i) for i in range(4)],
        [[{key: drawn_face(9)[key] for key in ("image", "alpha")}]],
    )
    for seed in range(12):
        one, other = (collages.make(np.random.default_rng(seed), 96) for _ in range(2))
        assert one.picture.shape == (96, 96, 3)
        for mine, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (lambda picture: picture, 1),
        (lambda picture: np.full_like(picture, 9), -1),
        (lambda picture: np.random.default_rng(0).integers(0, 30, picture.shape, np.uint8), -1),
    ],
    ids=["as it is", "nothing", "noise"],
)
def test_faces_that_the_camera_lost_need_not_be_found(
    spoil: Callable[[np.ndarray], np.ndarray], wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collage, "photographed", lambda picture, *_: spoil(picture))
    states = [s for one in made(12, style=Style(smallest=40, **ONE)) for s in one.state]
    assert len(states) >= 8
    assert np.mean(np.equal(states, wanted)) > 0.85


def test_who_is_turned_away_need_not_be_found() -> None:
    away = marked_face(1) | {"visible": np.array([True, False, False, False, False])}
    collages = Collages([away], [dark_place()], [], Style(smallest=40, **ONE), CLEAR)
    states = [s for i in range(8) for s in collages.make(np.random.default_rng(i), 160).state]
    assert set(states) == {-1}
