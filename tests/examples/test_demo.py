"""What the demo shows: figures that were measured, a word on those that were not, and each node."""

from __future__ import annotations

import importlib.util
import math
import sys
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from rich.console import Console

from vplugin.engine.report import NodeReport, RunReport
from vplugin.errors import ModelMissingError
from vplugin.train.judge import Measures

EXAMPLES = Path(__file__).parents[2] / "examples"
NAN = math.nan
REPORT = RunReport(
    graph="swap", seconds=4.0, nodes={"swap": NodeReport(
        uses="swap", lane="work", processed=10, p50_ms=12.5, p95_ms=20.0)},
)  # fmt: skip


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    spec = importlib.util.spec_from_file_location("demo", EXAMPLES / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "demo", module)
    spec.loader.exec_module(module)
    return module


def printed(thing: object) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_figures_that_nobody_measured_are_left_out(demo: ModuleType) -> None:
    rows = {
        "target unchanged": Measures(20.0, 0.8, NAN, NAN, 0.5, 0.0),
        "exact truth": Measures(math.inf, 1.0, NAN, NAN),
    }
    text = printed(demo.table(rows))
    assert "PSNR" in text
    assert "∞" in text
    assert "like Ben" not in text
    liked = {name: Measures(20.0, 0.8, 0.625, 0.25) for name in rows}
    text = printed(demo.table(liked))
    assert "like Ben" in text
    assert "0.62" in text
    assert "flicker  " not in text


def test_without_models_the_demo_says_what_is_missing(
    demo: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ModelMissingError(name)

    monkeypatch.setattr(demo, "resolve", missing)
    with ExitStack() as stack:
        eyes = demo.open_eyes(stack)
    assert (eyes.embed, eyes.landmarks) == (None, None)
    assert "house/identity" in eyes.missing()
    assert "house/landmarks" in eyes.missing()
    assert demo.Eyes(len, len).missing() == ""


def test_landmarks_that_ship_are_looked_with(demo: ModuleType) -> None:
    with ExitStack() as stack:
        eyes = demo.open_eyes(stack)
        picture, points = demo.pictures_of("ben")[0]
        box = np.array([154.0, 159.4, 358.1, 458.4])
        found = eyes.landmarks(picture, box)
    away = np.hypot(*(found[[34, 88]] - points[:2]).T)
    assert found.shape == (106, 2)
    assert away.max() < 0.25 * np.hypot(*(points[1] - points[0]))


def test_each_node_has_its_rate_and_times(demo: ModuleType) -> None:
    assert demo.rates(REPORT) == {"swap": {"rate": 2.5, "p50_ms": 12.5, "p95_ms": 20.0}}
    text = printed(demo.nodes(REPORT))
    assert "swap" in text
    assert "12.5" in text


def test_the_source_has_three_pictures_with_points(demo: ModuleType) -> None:
    pictures = demo.pictures_of("ben")
    assert len(pictures) == 3
    for picture, points in pictures:
        assert picture.shape == (512, 512, 3)
        assert points.shape == (5, 2)
