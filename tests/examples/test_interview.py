"""The film and the people that ship: what they promise, and that they are what their seeds give."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import av
import cv2
import numpy as np
import pytest
import yaml

from vplugin.synth.clip import read_truth
from vplugin.synth.render import render

pytestmark = pytest.mark.timeout(600)  # on a fresh machine the renderer is compiled first

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIP = EXAMPLES / "media" / "interview.mp4"
TRUTH = EXAMPLES / "media" / "interview.json.gz"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("interview", EXAMPLES / "interview.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["interview"] = module
    spec.loader.exec_module(module)
    return module


def test_the_script_is_what_the_page_says(example: ModuleType) -> None:
    script = example.interview()
    assert 12.0 <= script.seconds <= 15.0
    assert len(script.roles) == 2
    assert len(script.cuts) == 1
    yaws = [script.scene_at(0.2 * k).subjects[0].pose.yaw for k in range(35)]
    assert max(yaws) - min(yaws) > 25.0
    assert not set(example.GUESTS.values()) & set(example.PEOPLE.values())


def test_a_hand_passes_before_the_mouth(example: ModuleType) -> None:
    script = example.interview()
    mouths = []
    for time in (9.2, 10.1, 11.5):
        [face] = render(script.scene_at(time), (160, 90)).faces
        mouths.append(float(face.visible68[48:].mean()))
    assert mouths[1] < 0.3 < mouths[0]
    assert mouths[2] > 0.3


def test_the_film_is_whole_and_small(example: ModuleType) -> None:
    script, truth = example.interview(), read_truth(TRUTH)
    assert CLIP.stat().st_size <= 4_000_000
    assert TRUTH.stat().st_size <= 1_500_000
    with av.open(str(CLIP)) as opened:
        video, sound = opened.streams.video[0], opened.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (1280, 720, 30)
        times = [packet.pts for packet in opened.demux(video) if packet.pts is not None]
        assert len(times) == len(set(times)) == round(script.seconds * 30)
        assert (sound.rate, sound.channels) == (48000, 1)
    assert len(truth["frames"]) == len(times)
    assert truth["cuts"] == list(script.cuts)
    assert [role["seed"] for role in truth["roles"]] == list(example.GUESTS.values())


def test_the_truth_fits_the_script(example: ModuleType) -> None:
    """Of the frames' geometry: of pictures, the renderer's own tests speak."""
    script, truth = example.interview(), read_truth(TRUTH)
    for number in (20, 150, 330):
        faces = render(script.scene_at(number / 30), (1280, 720)).faces
        for face, told in zip(faces, truth["frames"][number]["faces"], strict=True):
            assert np.array(told["landmarks68"]) == pytest.approx(face.landmarks68, abs=1.5)


def test_people_and_their_pictures(example: ModuleType) -> None:
    facts = yaml.safe_load((EXAMPLES / "people" / "people.yaml").read_text())
    assert {one["name"]: one["seed"] for one in facts["people"]} == example.PEOPLE
    assert len(facts["people"]) == 6
    assert "Nobody" in facts["provenance"]
    for one in facts["people"]:
        assert len(one["pictures"]) == 3
        for entry in one["pictures"]:
            file = EXAMPLES / "people" / entry["file"]
            assert file.stat().st_size <= 100_000
            assert cv2.imread(str(file)).shape == (512, 512, 3)
