"""Clips: every frame at its time with its truth, sound in time with mouths, nothing left behind."""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from vplugin.errors import SinkError
from vplugin.media.output_file import OutputFile
from vplugin.synth import clip as clips
from vplugin.synth.casting import cast
from vplugin.synth.clip import ClipSettings, read_truth, write_clip
from vplugin.synth.parts import Segment
from vplugin.synth.render import render

pytestmark = pytest.mark.timeout(600)  # on a fresh machine the renderer is compiled first

SMALL = ClipSettings((160, 96), Fraction(10), workers=2, crf=10, preset="veryfast")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two seconds of two people, and the truth."""
    path = tmp_path_factory.mktemp("clip") / "talk.mp4"
    script = cast(11, 2, 2.0, "Papa. Mama.")
    return path, write_clip(script, path, SMALL, progress=None)


def test_every_frame_at_its_time(made: tuple[Path, Path]) -> None:
    with av.open(str(made[0])) as opened:
        frames = list(opened.decode(video=0))
        assert [frame.pts * frame.time_base for frame in frames] == [
            Fraction(number, 10) for number in range(20)
        ]
        assert (frames[0].width, frames[0].height) == (160, 96)
        assert opened.streams.video[0].codec_context.name == "h264"
    with av.open(str(made[0])) as opened:
        samples = sum(frame.samples for frame in opened.decode(audio=0))
        assert samples == pytest.approx(2 * 48000, abs=2048)


def test_pictures_are_those_of_the_script(made: tuple[Path, Path]) -> None:
    scene = cast(11, 2, 2.0, "Papa. Mama.").scene_at(1.3)
    expected = render(scene, SMALL.size).rgb.astype(float)
    with av.open(str(made[0])) as opened:
        frame = list(opened.decode(video=0))[13].to_ndarray(format="rgb24").astype(float)
    error = np.mean((frame - expected) ** 2)
    assert 10 * np.log10(255**2 / error) > 30


def test_truth_is_that_of_the_renderer(made: tuple[Path, Path]) -> None:
    truth = read_truth(made[1])
    assert made[1] == made[0].with_suffix(".json")
    assert (truth["width"], truth["height"], truth["rate"]) == (160, 96, "10")
    assert [frame["pts"] for frame in truth["frames"]] == list(range(20))
    assert [role["text"] for role in truth["roles"]] == ["Papa.", "Mama."]
    assert len({role["seed"] for role in truth["roles"]}) == 2
    scene = cast(11, 2, 2.0, "Papa. Mama.").scene_at(1.3)
    exact = render(scene, SMALL.size)
    for face, told in zip(exact.faces, truth["frames"][13]["faces"], strict=True):
        assert told["role"] == face.subject
        assert told["box"] == pytest.approx(face.box, abs=0.01)
        assert np.array(told["landmarks68"]) == pytest.approx(face.landmarks68, abs=0.06)
        assert np.array(told["landmarks106"]) == pytest.approx(face.landmarks106, abs=0.06)
        assert told["visible106"] == "".join(str(int(flag)) for flag in face.visible106)
        x, y = np.array(told["points"])[2].astype(int)
        assert exact.segments[y, x] in (Segment.NOSE, Segment.SKIN)


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("a.mp4", (161, 96), "use an even size"),
        ("a.mp4", (160, 8), "use an even size"),
        ("a.gif", (160, 96), "no such kind of clip"),
    ],
)
def test_what_cannot_be_written(
    tmp_path: Path, name: str, size: tuple[int, int], words: str
) -> None:
    with pytest.raises(SinkError, match=words):
        write_clip(cast(1, 1, 0.2), tmp_path / name, ClipSettings(size))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_when_drawing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        write_clip(cast(1, 1, 1.0), tmp_path / "a.mp4", SMALL, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_older_clip_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"older")
    monkeypatch.setattr(clips, "_encode", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_clip(cast(1, 1, 0.2), path, SMALL)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.mp4", b"older")]


def test_a_full_disk_is_one_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: OutputFile, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(OutputFile, "write", full)
    with pytest.raises(SinkError, match="no space left"):
        write_clip(cast(1, 1, 0.2), tmp_path / "a.mp4", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_truth_may_be_packed(tmp_path: Path) -> None:
    truth = tmp_path / "deep" / "truth.json.gz"
    told = []
    write_clip(
        cast(2, 1, 0.2), tmp_path / "a.mkv", SMALL, truth, lambda *numbers: told.append(numbers)
    )
    assert len(read_truth(truth)["frames"]) == 2
    assert told == [(1, 2), (2, 2)]
    other = tmp_path / "other.json"
    other.write_text("{}")
    with pytest.raises(ValueError, match="not the truth"):
        read_truth(other)
