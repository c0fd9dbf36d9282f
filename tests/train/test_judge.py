from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from vplugin.synth.casting import cast
from vplugin.synth.clip import ClipSettings, read_truth, write_clip
from vplugin.synth.person import Person
from vplugin.synth.swap import swap_truth
from vplugin.train.judge import Moment, judge, strip
from vplugin.vision.align import similarity, template, warp

SIZE = (160, 128)
RATE = Fraction(5)
SOURCE = Person.from_seed(90001)


def colours(picture, points):
    """Stands in for an identity: a small aligned picture as a vector."""
    matrix = similarity(points, template("arcface_112").at(112, half_pixel=False))
    crop = warp(picture, matrix, (112, 112)).astype(np.float32)
    return crop.reshape(14, 8, 14, 8, 3).mean((1, 3)).ravel() - 128


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A clip of one person, its truth, and what a perfect swap would make of it."""
    folder = tmp_path_factory.mktemp("judge")
    script = cast(5, people=1, seconds=1.2)
    script = replace(script, shots=script.shots[:1])
    clip = folder / "clip.mp4"
    truth = read_truth(write_clip(script, clip, ClipSettings(SIZE, RATE, workers=1, crf=4)))
    perfect = folder / "perfect.mkv"
    with av.open(str(perfect), "w") as out:
        stream = out.add_stream("ffv1", RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "bgr0"
        for index in range(len(truth["frames"])):
            exact = swap_truth(SOURCE, script.scene_at(index / 5), SIZE).rgb
            out.mux(stream.encode(av.VideoFrame.from_ndarray(exact, "rgb24")))
        out.mux(stream.encode(None))
    return script, clip, perfect, truth


def judged(filmed, after, **options):
    script, clip, perfect, truth = filmed
    face = truth["frames"][0]["faces"][0]
    with av.open(str(perfect)) as opened:
        picture = next(opened.decode(video=0)).to_ndarray(format="rgb24")
    known = [(picture, np.array(face["points"], np.float32))]
    return judge(clip, after, truth, script, 0, SOURCE, known, embed=colours, count=3, **options)


@pytest.mark.slow
def test_a_perfect_swap_is_as_good_as_the_truth_and_better_than_none(filmed):
    rows = judged(filmed, filmed[2]).rows
    unchanged, perfect, exact = (
        rows[name] for name in ("target unchanged", "swapped", "exact truth")
    )
    assert perfect.psnr == exact.psnr == math.inf
    assert perfect.ssim == pytest.approx(1.0)
    assert unchanged.psnr < perfect.psnr
    assert unchanged.ssim < 1.0
    assert perfect.to_source > unchanged.to_source
    assert unchanged.to_target == pytest.approx(1.0)
    assert perfect.to_target < 1.0


@pytest.mark.slow
def test_nothing_altered_does_not_flicker_and_exact_landmarks_do_not_jitter(filmed):
    _, clip, _, truth = filmed
    known = iter([f["faces"][0]["landmarks106"] for f in truth["frames"]] * 2)
    judgement = judged(filmed, clip, landmarks=lambda picture, box: np.array(next(known)))
    row = judgement.rows["swapped"]
    assert row.flicker == 0
    assert row.jitter == 0
    assert strip(judgement.moments, 64).shape == (192, 192, 3)
    assert judgement.figures()["exact truth"]["jitter"] is None


@pytest.mark.parametrize("column", [80, 1])
def test_a_strip_shows_the_face_whole_and_large(column):
    inside = np.zeros((120, 200), bool)
    inside[50:90, column : column + 30] = True
    inside[0, 0] = True  # skin in a parting
    shown = np.where(inside[..., None], 255, 0).astype(np.uint8).repeat(3, 2)
    shown[0, 0] = 0
    moment = Moment(0.0, shown, shown, shown, inside, np.zeros((5, 2), np.float32))
    picture = strip([moment], 64)
    assert picture.shape == (192, 64, 3)
    side = 1.5 * 40 + 8
    share = 40 * 30 / side**2  # all of it is there, and no more room than meant
    assert picture.mean() / 255 == pytest.approx(share, rel=0.15)


def test_a_role_that_is_not_there_is_refused(filmed):
    script, clip, perfect, truth = filmed
    with pytest.raises(ValueError, match="role 3 is nowhere visible"):
        judge(clip, perfect, truth, script, 3, SOURCE, [], embed=colours)
