from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from vplugin.engine.arena import ArenaBook, SharedMemory, Writer
from vplugin.engine.codec import FrameCodec, bounded
from vplugin.errors import WireError
from vplugin.frame import Face, Frame
from vplugin.picture import ColourTags, Picture, PictureFormat, Rect


def frame_of(pixel: str, **rest) -> Frame:
    form = PictureFormat(pixel, 61, 47, ColourTags(9, True, 9, 16), (4, 3), 90, True)
    rng = np.random.default_rng(1)
    planes = tuple(
        (rng.integers(0, 1 << form.layout.depth, shape) << form.layout.padding).astype(
            form.layout.dtype
        )
        for shape in form.plane_shapes
    )
    return Frame(Picture(form, planes), 12345678901, Fraction(1001, 30000), "cam", 7, **rest)


@pytest.fixture
def book():
    book = ArenaBook(shared=True)
    yield book
    book.close()


def there_and_back(book, frame):
    memory = SharedMemory(book.fd)
    codec = FrameCodec(memory)
    message = codec.pack(frame, Writer(memory, (), book.grant))
    return message, FrameCodec(memory).unpack(message, frame.stream, frame.seq)


@pytest.mark.parametrize("pixel", ["yuv420p", "nv12", "yuv422p10le", "p010le", "gbrp", "rgb24"])
def test_a_frame_comes_back_with_all_it_had(book, pixel):
    face = Face(np.array([1, 2, 30, 40], np.float32), 0.5, np.ones((5, 2), np.float32),
                np.zeros((106, 2), np.float32), 3, np.ones(512, np.float32),
                {"hat": True, "words": ["a", "b"], "age": np.float32(3.5)})  # fmt: skip
    frame = frame_of(pixel, faces=(face,), cut=True, duration=33,
                     data={"text": "ä", "n": {"a": [1, 2.5, None]}, "t": Fraction(1, 3),
                           "m": np.arange(6).reshape(2, 3)})  # fmt: skip
    with frame.edit(Rect(3, 5, 20, 21), node="one", track=3) as rgb:
        rgb[:] = 255 - rgb
    with frame.edit(Rect(33, 15, 9, 9), node="two") as rgb:
        rgb[4] = 0
    _, back = there_and_back(book, frame)
    assert back.format == frame.format
    assert (back.pts, back.time_base, back.stream, back.seq) == (
        frame.pts, frame.time_base, "cam", 7,
    )  # fmt: skip
    assert (back.cut, back.duration) == (True, 33)
    assert back.data["text"] == "ä"
    assert back.data["n"] == {"a": [1, 2.5, None]}
    assert back.data["t"] == Fraction(1, 3)
    np.testing.assert_array_equal(back.data["m"], frame.data["m"])
    whole = frame.format.bounds
    for ours, theirs in zip(frame.planes(whole), back.planes(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [(p.rect, p.node, p.track) for p in back.patches] == [
        (p.rect, p.node, p.track) for p in frame.patches
    ]
    seen = back.faces[0]
    assert (seen.track, seen.score) == (3, 0.5)
    assert seen.attributes == {"hat": True, "words": ["a", "b"], "age": 3.5}
    for name in ("box", "points", "landmarks", "embedding"):
        np.testing.assert_array_equal(getattr(seen, name), getattr(face, name))


def test_what_a_node_passes_on_is_not_copied_again(book):
    memory = SharedMemory(book.fd)
    message, _ = there_and_back(book, frame_of("yuv420p"))
    codec = FrameCodec(memory)
    frame = codec.unpack(message, "cam", 7)
    with frame.edit(Rect(0, 0, 8, 8), node="n") as rgb:
        rgb[:] = 0
    slot = book.grant(4000)
    again = codec.pack(frame, Writer(memory, (slot,), book.grant))
    assert again.slots == (message.slots[0], slot)


def test_patches_that_outweigh_the_picture_become_one(book):
    frame = frame_of("yuv420p")
    for value in range(3):
        with frame.edit(frame.format.bounds, node=f"n{value}") as rgb:
            rgb[:] = value * 50
    merged = bounded(frame)
    assert len(merged.patches) == 1
    assert merged.patches[0].node == "n0+n1+n2"
    for a, b in zip(frame.planes(frame.format.bounds), merged.planes(frame.format.bounds),
                    strict=True):  # fmt: skip
        np.testing.assert_array_equal(a, b)


def test_what_cannot_travel_is_said(book):
    with pytest.raises(WireError, match="object cannot travel"):
        there_and_back(book, frame_of("yuv420p", data={"x": object()}))
