"""The HTML report says what the run report says, in one file."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import av
import numpy as np
import pytest

from vplugin.cli.compared import Compared
from vplugin.cli.html import write_html
from vplugin.cli.strips import make_strips
from vplugin.engine.report import LaneReport, NodeReport, Quantiles, RunReport, StreamReport
from vplugin.media.fidelity import compare
from vplugin.testing.frames import paint

Clips = Callable[..., Path]


def report(**changes: object) -> RunReport:
    nodes = {
        "decode": NodeReport(uses="decode", lane="io", processed=30, p50_ms=1.0, p95_ms=2.0),
        "swap": NodeReport(
            uses="swap",
            lane="work",
            processed=30,
            p50_ms=10.0,
            p95_ms=40.0,
            report={
                "runtime": {"runtime": "openvino", "device": "cpu", "precision": "bf16"},
                "faces": {"swapped": 29, "<none>": 1},
            },
        ),
    }
    facts: dict[str, object] = {
        "graph": "evening <show>",
        "started": "2026-11-22T17:00:00+00:00",
        "seconds": 2.0,
        "streams": {
            "decode": StreamReport(title="in.mp4", admitted=30, finished=29, lost={"late": 1})
        },
        "nodes": nodes,
        "lanes": {"work": LaneReport(kind="process", restarts=2)},
        "latency_ms": Quantiles(p50=12.3, p95=45.6),
    }
    return RunReport.model_validate({**facts, **changes})


class Words(HTMLParser):
    """The visible words, and every address the page refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    @property
    def text(self) -> str:
        return " ".join(self.words)


def film(
    path: Path,
    altered: Callable[[int], tuple[slice, slice] | np.ndarray | None],
    numbers: range = range(60),
) -> Path:
    """A lossy clip of these frames; ``altered`` says which region of each, from 0, is inverted."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"crf": "20", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number, shown in enumerate(numbers):
            rgb = paint(320, 240, shown)
            if (region := altered(number)) is not None:
                rgb[region] = 255 - rgb[region]
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    "wanted",
    [
        "evening <show> finished",
        "29 frames out",
        "14.5 frames a second",
        "12.3 / 45.6 latency p50 / p95, ms",
        "decode in.mp4 – 30 29 0 1 late",
        "swap work 30 0 10 40 openvino · cpu · bf16",
        "faces swapped: 29, <none>: 1",
        "work (process, cpu, restarted 2×)",
    ],
)
def test_page_tells_the_facts(wanted: str, tmp_path: Path) -> None:
    assert wanted in Words(write_html(report(), tmp_path / "r.html").read_text()).text


def test_failed_run_says_why(tmp_path: Path) -> None:
    path = write_html(report(ok=False, error="swap: no <face>"), tmp_path / "new" / "r.html")
    assert "failed" in Words(path.read_text()).words
    assert "swap: no <face>" in Words(path.read_text()).text


def test_bars_are_as_long_as_the_times(tmp_path: Path) -> None:
    page = write_html(report(), tmp_path / "r.html").read_text()
    assert re.findall(r"width:([\d.]+)%", page) == ["5.0", "2.5", "100.0", "25.0"]


def test_fidelity_table(tmp_path: Path, clips: Clips) -> None:
    fidelity = compare(clips("a.mkv", frames=10), clips("b.mkv", frames=8)).model_dump(mode="json")
    node = NodeReport(uses="encode", lane="io", report={"fidelity": fidelity})
    text = Words(write_html(report(nodes={"encode": node}), tmp_path / "r.html").read_text()).text
    assert "frames and their times differs 10 frames 8 frames" in text
    assert "audio (aac)" in text


def test_pictures_are_inside_the_file(tmp_path: Path) -> None:
    before = film(tmp_path / "a.mp4", lambda number: None)
    after = film(tmp_path / "b.mp4", lambda number: (slice(60, 120), slice(100, 180)))
    page = write_html(report(), tmp_path / "r.html", Compared(before, after)).read_text()
    addresses = Words(page).addresses
    assert len(addresses) == 8
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    assert "http" not in page


def test_strips_show_where_most_was_altered(tmp_path: Path) -> None:
    before = film(tmp_path / "a.mp4", lambda number: None)

    def altered(number: int) -> tuple[slice, slice]:
        size = 60 if 20 <= number < 40 else 24
        return slice(100, 100 + size), slice(200, 200 + size)

    after = film(tmp_path / "b.mp4", altered)
    largest = max(make_strips(before, after), key=lambda strip: strip.area)
    assert 20 / 30 <= largest.time < 40 / 30
    assert largest.area == pytest.approx(60 * 60 / (320 * 240), rel=0.25)
    height, width = largest.before.shape[:2]
    assert abs(width / height - 1) < 0.25, "the crop is the altered square with a margin"
    middle = slice(height // 2 - 20, height // 2 + 20), slice(width // 2 - 20, width // 2 + 20)
    seen = largest.after[middle].astype(int)
    np.testing.assert_allclose(seen, 255 - largest.before[middle].astype(int), atol=60)


def test_strips_lie_apart_and_in_order(tmp_path: Path) -> None:
    before = film(tmp_path / "a.mp4", lambda number: None)
    after = film(tmp_path / "b.mp4", lambda number: (slice(60, 120), slice(100, 180)))
    times = [strip.time for strip in make_strips(before, after, count=3)]
    assert len(times) == 3
    assert np.diff(times).min() >= 1.9 / 6


def test_each_place_that_was_altered_has_a_strip(tmp_path: Path) -> None:
    """Three people of whom one is largest: all are seen before one is seen twice."""
    regions = [
        (slice(20, 80), slice(20, 60)),
        (slice(150, 186), slice(130, 160)),
        (slice(40, 76), slice(250, 280)),
    ]
    mask = np.zeros((240, 320), bool)
    for region in regions:
        mask[region] = True
    before = film(tmp_path / "a.mp4", lambda number: None)
    after = film(tmp_path / "b.mp4", lambda number: mask)
    strips = make_strips(before, after, count=4)
    seen = [
        [
            strip.place.y <= down.start
            and strip.place.bottom >= down.stop
            and strip.place.x <= across.start
            and strip.place.right >= across.stop
            for strip in strips
        ].count(True)
        for down, across in regions
    ]
    assert sorted(seen) == [1, 1, 2], "each strip shows one of them, whole"
    assert seen[0] == 2, "the largest is seen twice"


def test_nothing_altered_shows_whole_pictures(tmp_path: Path) -> None:
    before = film(tmp_path / "a.mp4", lambda number: None)
    strips = make_strips(before, before, count=2)
    assert [strip.area for strip in strips] == [0.0, 0.0]
    assert strips[0].before.shape[1] / strips[0].before.shape[0] == pytest.approx(4 / 3, abs=0.01)


def test_a_page_without_pictures_says_why(tmp_path: Path, clips: Clips) -> None:
    page = write_html(report(), tmp_path / "r.html", "the run was live").read_text()
    assert "No pictures of before and after: the run was live." in page
    unlike = Compared(clips("a.mp4", frames=50), clips("b.mp4", frames=25))
    page = write_html(report(), tmp_path / "r.html", unlike).read_text()
    assert "No pictures of before and after: the times or sizes" in page
    assert "data:image" not in page


def test_a_trimmed_output_is_compared_with_its_own_moments(tmp_path: Path) -> None:
    def altered(number: int) -> tuple[slice, slice] | None:
        return (slice(60, 120), slice(100, 180)) if number == 45 else None

    before = film(tmp_path / "a.mp4", lambda number: None)
    whole = film(tmp_path / "b.mp4", altered)
    cut = film(tmp_path / "c.mp4", lambda number: altered(number + 30), range(30, 50))
    assert make_strips(before, cut) == []
    assert make_strips(before, whole, begin=1.0) == [], "it lasts longer than the rest of the input"
    largest = max(make_strips(before, cut, begin=1.0), key=lambda strip: strip.area)
    assert largest.time == pytest.approx(45.5 / 30, abs=0.5 / 30)
    assert largest.area == pytest.approx(60 * 80 / (320 * 240), rel=0.25)
    others = [s.area for s in make_strips(before, cut, begin=1.0) if s.time != largest.time]
    assert max(others) == 0.0


def test_a_clip_cut_out_has_no_matching_moments(tmp_path: Path, clips: Clips) -> None:
    assert make_strips(clips("a.mp4", frames=50), clips("b.mp4", frames=25)) == []
    assert make_strips(clips("a.mp4", frames=25), clips("c.m4a", codec=None, frames=25)) == []


def test_what_cannot_be_read_has_no_pictures(tmp_path: Path, clips: Clips) -> None:
    (tmp_path / "b.mp4").write_bytes(b"no video")
    assert make_strips(clips("a.mp4"), tmp_path / "b.mp4") == []
