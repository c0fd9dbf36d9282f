"""Golden runs: every stock graph on real faces in motion, judged by what came out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from vplugin.cli import main
from vplugin.graph import load

from .conftest import Box, Clip

ROOT = Path(__file__).parents[2]
GRAPHS = sorted((ROOT / "graphs").glob("*.yaml"))

Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Video:
    """A decoded file."""

    times: list[Fraction]
    pictures: list[Rgb]
    sounds: int

    @classmethod
    def read(cls, path: Path) -> Video:
        with av.open(str(path)) as opened:
            frames = list(opened.decode(video=0))
        with av.open(str(path)) as opened:
            sounds = sum(1 for packet in opened.demux(audio=0) if packet.size)
        times = [frame.pts * frame.time_base for frame in frames]
        return cls(times, [frame.to_ndarray(format="rgb24") for frame in frames], sounds)


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stock graphs name their files from the root of the repository."""
    monkeypatch.chdir(ROOT)


def run(name: str, folder: Path, *more: str, **variables: Path | str) -> dict[str, Any]:
    """Run a stock graph by the command line; returns its report."""
    settings = [*more, *(f"vars.{key}={value}" for key, value in variables.items())]
    options = [word for setting in settings for word in ("--set", setting)]
    report = folder / "report.json"
    assert main(["run", f"graphs/{name}.yaml", *options, "--report", str(report), "-q"]) == 0
    facts: dict[str, Any] = json.loads(report.read_text())
    return facts


def region(picture: Rgb, box: Box) -> Rgb:
    x0, y0, x1, y1 = box
    return picture[y0:y1, x0:x1]


def outside(before: Rgb, after: Rgb, boxes: list[Box]) -> float:
    """PSNR in dB of what lies outside some boxes."""
    first, second = before.copy(), after.copy()
    for box in boxes:
        region(first, box)[:] = region(second, box)[:] = 0
    return float(peak_signal_noise_ratio(first, second))


def change(before: Rgb, after: Rgb, box: Box) -> float:
    """Mean absolute difference in a box, of 255."""
    first, second = region(before, box).astype(int), region(after, box).astype(int)
    return float(np.abs(first - second).mean())


def check_journey(report: dict[str, Any], before: Video, after: Video) -> None:
    """Every frame once, at its time, with its sound."""
    stream = report["streams"]["decode"]
    assert stream["admitted"] == stream["finished"] == len(before.times) == 30
    assert after.times == before.times
    assert after.sounds == before.sounds > 40
    assert report["nodes"]["encode"]["report"]["fidelity"]["verdict"] == "exact"


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_every_line_is_explained(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    assert [line for line in lines if "#" not in line] == []


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_defaults_are_what_make_demo_leaves(path: Path) -> None:
    spec = (
        load(str(path), environ={}) if "environ" in load.__code__.co_varnames else load(str(path))
    )
    assert spec.vars["input"] in ("out/media/astronaut.mp4", "out/media/people.mp4")
    assert spec.vars["output"].startswith("out/")
    assert Path(spec.vars.get("source", "examples/people/ada")).is_dir()
    assert spec.name == path.stem


def test_noop(astronaut: Clip, tmp_path: Path) -> None:
    result = tmp_path / "out.mp4"
    report = run("noop", tmp_path, input=astronaut.path, output=result)
    before, after = Video.read(astronaut.path), Video.read(result)
    check_journey(report, before, after)
    for a, b in zip(before.pictures, after.pictures, strict=True):
        assert peak_signal_noise_ratio(a, b) > 40
        assert structural_similarity(a, b, channel_axis=2) > 0.97


def test_swap(astronaut: Clip, tmp_path: Path) -> None:
    result = tmp_path / "out.mp4"
    report = run("swap", tmp_path, input=astronaut.path, output=result)
    before, after = Video.read(astronaut.path), Video.read(result)
    check_journey(report, before, after)
    assert report["nodes"]["detect"]["report"]["faces_per_frame"] == {"1": 30}
    assert report["nodes"]["track"]["report"]["tracks"] == 1
    assert report["nodes"]["swap"]["report"]["faces"]["swapped"] == 30
    changes = []
    for a, b, faces in zip(before.pictures, after.pictures, astronaut.faces, strict=True):
        assert outside(a, b, faces) > 38
        changes.append(change(a, b, faces[0]))
    assert min(changes) > 4
    assert max(changes) < 2 * min(changes), "the new face stays what it is"


@pytest.mark.parametrize("style", ["pixelate", "fill"])
def test_blur(style: str, people: Clip, tmp_path: Path) -> None:
    result = tmp_path / "out.mp4"
    report = run("blur", tmp_path, f"blur.style={style}", input=people.path, output=result)
    before, after = Video.read(people.path), Video.read(result)
    check_journey(report, before, after)
    assert report["nodes"]["blur"]["report"]["faces"]["covered"] >= 90
    for a, b, faces in zip(before.pictures, after.pictures, people.faces, strict=True):
        # A cover is larger than a face, and these faces fill their portraits.
        covers = [(max(0, x0 - 12), y0 - 12, x1 + 12, y1 + 24) for x0, y0, x1, y1 in faces]
        assert outside(a, b, covers) > 38
        assert min(change(a, b, face) for face in faces) > 3


def test_people(people: Clip, tmp_path: Path) -> None:
    result = tmp_path / "out.mp4"
    report = run("people", tmp_path, input=people.path, output=result)
    before, after = Video.read(people.path), Video.read(result)
    check_journey(report, before, after)
    assert report["nodes"]["swap"]["report"]["faces"] == {"not selected": 30, "swapped": 60}
    for a, b, (left, _, right) in zip(before.pictures, after.pictures, people.faces, strict=True):
        assert outside(a, b, [left, right]) > 38, "who stands in the middle keeps her face"
        assert change(a, b, left) > 2
        assert change(a, b, right) > 2


@pytest.mark.parametrize(
    ("reference", "swapped"), [("ada", 30), ("ben", 30), ("luis", 0), ("fatima", 0)]
)
def test_nobody_but_whom_a_reference_shows_is_replaced(
    people: Clip, tmp_path: Path, reference: str, swapped: int
) -> None:
    source = ROOT / "examples" / "people" / "chika"
    shown = ROOT / "examples" / "people" / reference
    cast = f"swap.people=[{{select: {{reference: {shown}}}, source: {source}}}]"
    report = run("people", tmp_path, cast, input=people.path, output=tmp_path / "out.mp4")
    said = report["nodes"]["swap"]["report"]
    assert said["faces"].get("swapped", 0) == swapped
    assert said["faces"]["not selected"] == 90 - swapped
    assert said.get("unused", []) == ([] if swapped else ["chika"])


@pytest.mark.slow
def test_live(astronaut: Clip, tmp_path: Path) -> None:
    result = tmp_path / "out.mkv"
    # A busy machine may be late all the time; that frames are given up then is tested elsewhere.
    report = run("live", tmp_path, "limits.max_age=20s", input=astronaut.path, output=result)
    after = Video.read(result)
    stream = report["streams"]["decode"]
    assert stream["live"]
    assert stream["admitted"] + sum(stream["dropped"].values()) == 30
    assert stream["admitted"] == stream["finished"] + sum(stream["lost"].values())
    assert len(after.times) == stream["finished"] > 0
    assert all(a < b for a, b in zip(after.times, after.times[1:], strict=False))
    assert report["max_in_flight"] <= 4
