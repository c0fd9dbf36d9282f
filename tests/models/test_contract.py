from __future__ import annotations

import numpy as np
import pytest

from vplugin.models import contract
from vplugin.models.session import TensorInfo


def tensors(*shapes, names=()):
    names = names or [f"t{number}" for number in range(len(shapes))]
    return tuple(TensorInfo(n, s, "float32") for n, s in zip(names, shapes, strict=True))


PICTURE = (1, 3, 256, 256)
YUNET = [f"{kind}_{s}" for kind in ("cls", "obj", "bbox", "kps") for s in (8, 16, 32)]
SCRFD = [(n, w) for w in (1, 4, 10) for n in (12800, 3200, 800)]


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        (tensors((1, 3, 128, 128), (1, 512)), tensors((1, 3, 128, 128)), "inswapper"),
        (tensors((1, 512), (1, 3, 256, 256)), tensors((1, 3, 256, 256)), "inswapper"),
        (tensors((1, 3, 128, 128), (1, 256)), tensors((1, 3, 128, 128)), None),
        (tensors(("N", 3, 128, 128), ("N", 640)), tensors(("N", 3, 128, 128)), "reliableswap"),
        (tensors((1, 640), PICTURE), tensors(PICTURE), "reliableswap"),
        (tensors((1, 640), (1, 3, 512, 512)), tensors((1, 3, 512, 512)), None),
        (tensors((1, 640), PICTURE), tensors(PICTURE, (1, 1, 256, 256)), None),
        (tensors((1, 512), PICTURE), tensors(PICTURE, (1, 1, 256, 256)), "hyperswap"),
        (tensors((1, 512), PICTURE), tensors(PICTURE, PICTURE), None),
        (tensors((1, 3, 112, 112), PICTURE), tensors(PICTURE), "blendswap"),
        (tensors(PICTURE, PICTURE), tensors(PICTURE), "uniface"),
        (tensors(PICTURE, PICTURE), tensors(PICTURE, PICTURE), None),
        (tensors((1, 512)), tensors((1, 512)), "crossface"),
        (tensors((1, 512)), tensors((1, 256)), None),
        (tensors(("N", 3, "H", "W")), tensors(*[("N", "A", 1)] * 12, names=YUNET), "yunet"),
        (tensors((1, 3, "?", "?")), tensors(*SCRFD), "scrfd"),
        (tensors((1, 3, "?", "?")), tensors(*SCRFD[:6]), "scrfd"),
        (tensors((1, 3, 64, 64)), tensors(*[(1, 7)] * 9), None),
        (tensors(("?", 3, 112, 112)), tensors((1, 512)), "arcface"),
        (tensors((1, 3, 192, 192)), tensors((1, 212)), "landmark_2d106"),
        (tensors((1, 3, 192, 192)), tensors((1, 3309)), "landmark_3d68"),
        (tensors((1, 3, 96, 96)), tensors((1, 3)), "genderage"),
        (tensors((1, 1, 112, 112)), tensors((1, 512)), None),
        (tensors((1, 3, 112)), tensors((1, 512)), None),
        (tensors((1, 3, 112, 112)), tensors((1, 128)), None),
        (tensors((1, 3, 512, 512)), tensors((1, 19, 512, 512)), "bisenet"),
        (tensors((1, 3, "?", "?")), tensors(("N", 19, "?", "?"), ("N", 1, "?", "?")), "bisenet"),
        (tensors((1, 3, 512, 512)), tensors((1, 18, 512, 512)), None),
    ],
)
def test_sniff(inputs, outputs, expected):
    assert contract.sniff(inputs, outputs) == expected


MOTION = [(1, 1), (1, 1), (1, 1), (1, 1), (1, 3), (1, 21, 3), (1, 21, 3)]
BINS = [(1, 66), (1, 66), (1, 66), (1, 3), (1, 63), (1, 1), (1, 63)]
VOLUME = (1, 32, 16, 64, 64)


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        ([(1, 3, 512, 512)], [(1, 3, 512, 512)], "enhancer"),
        ([(1, 3, 256, 256)], [(1, 3, 256, 256)], "enhancer"),
        ([(1, 3, 512, 512), (1,)], [(1, 3, 512, 512), (1, 256)], "enhancer"),
        ([(1, 3, 512, 512)], [(1, 3, 1024, 1024)], None),
        ([(1, 3, 64, 64)], [(1, 3, 64, 64)], None),
        ([("N", 256, 256, 3)], [("N", 256, 256, 1)], "xseg"),
        ([(1, 256, 256, 3)], [(1, 256, 256, 3)], None),
        ([(1, 3, 256, 256)], MOTION, "liveportrait_motion"),
        ([(1, 3, 256, 256)], BINS, "liveportrait_motion"),
        ([(1, 3, 256, 256)], MOTION[:6], None),
        ([(1, 3, 256, 256)], [VOLUME], "liveportrait_feature"),
        ([VOLUME, (1, 21, 3), (1, 21, 3)], [(1, 3, 512, 512)], "liveportrait_generator"),
        ([(1, 3, 512, 512)], [(1, 19, 512, 512)] * 3, "bisenet"),
        ([(1, 3, 512, 512)], [(1, 19, 512, 512), (1, 2, 64, 64)], None),
    ],
)
def test_sniff_what_redraws_faces_or_finds_what_lies_before_them(inputs, outputs, expected):
    assert contract.sniff(tensors(*inputs), tensors(*outputs)) == expected


@pytest.mark.parametrize(
    ("found", "wanted", "fits"),
    [
        ("inswapper", "inswapper", True),
        ("inswapper", "ghost", True),
        ("hyperswap", "inswapper", False),
        ("arcface", "arcface_w600k", True),
        ("arcface_w600k", "arcface", False),
        (None, "ghost", False),
    ],
)
def test_what_a_model_may_be(found, wanted, fits):
    assert contract.looks_like(found, wanted) is fits


@pytest.mark.parametrize(("kind", "low", "high"), [("yunet", 0, 255), ("inswapper", 0, 1)])
def test_probe_is_in_range_and_always_the_same(kind, low, high):
    inputs = tensors(("N", 3, "H", 64), (1, 512), names=["image", "vector"])
    feeds = contract.probe(inputs, kind, {"image": (2, 3, 32, 64)})
    again = contract.probe(inputs, kind, {"image": (2, 3, 32, 64)})
    assert feeds["image"].shape == (2, 3, 32, 64)
    assert feeds["image"].min() >= low
    assert high * 0.8 < feeds["image"].max() <= high
    assert np.linalg.norm(feeds["vector"]) == pytest.approx(1.0)
    assert all(np.array_equal(feeds[name], again[name]) for name in feeds)


def test_free_sizes_are_filled():
    assert contract.concrete(("N", 3, "H", "W")) == (1, 3, 640, 640)
    assert contract.concrete(("N", 512)) == (1, 512)
