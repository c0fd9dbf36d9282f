from __future__ import annotations

from fractions import Fraction

import av
import pytest

from vplugin.media.packets import PacketBag, Stamps, Timeline

MS = Fraction(1, 1000)


def packet(pts: int | None, duration: int = 20, dts: int | None = None) -> av.Packet:
    made = av.Packet(b"x")
    made.time_base, made.pts, made.duration = MS, pts, duration
    made.dts = pts if dts is None else dts
    return made


def frame(pts: int | None, duration: int = 40) -> av.VideoFrame:
    made = av.VideoFrame(16, 16)
    made.time_base, made.pts, made.duration = MS, pts, duration
    return made


@pytest.mark.parametrize(
    ("given", "expected", "repaired"),
    [
        ([0, 40, 80], [0, 40, 80], 0),
        ([-80, -40, 0], [-80, -40, 0], 0),
        ([0, 40, 1000], [0, 40, 1000], 0),
        ([None, None, None], [0, 40, 80], 3),
        ([100, None, 180], [100, 140, 180], 1),
        ([100, 100, 140, 180], [100, 120, 140, 180], 1),
        ([100, 90, 140], [100, 120, 140], 1),
        ([100, 100, 100, 140, 180], [100, 120, 140, 160, 180], 3),
    ],
)
def test_pts_increase_and_repairs_are_counted(given, expected, repaired):
    stamps = Stamps()
    frames = [frame(pts) for pts in given]
    assert [stamps.stamp(one) for one in frames] == expected
    assert [one.pts for one in frames] == expected
    assert stamps.repaired == repaired


def joined(timeline: Timeline, steps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(track, pts) before → (track, pts) after."""
    result = []
    for track, pts in steps:
        made = packet(pts)
        timeline.join(made, track)
        result.append((track, made.pts))
    return result


def test_a_restart_is_shifted_for_every_track_alike():
    timeline = Timeline()
    first = [(0, 5000), (1, 5000), (0, 5020), (1, 5020)]
    again = [(0, 0), (1, 0), (0, 20), (1, 20)]
    assert joined(timeline, first) == first
    assert joined(timeline, again) == [(0, 5040), (1, 5040), (0, 5060), (1, 5060)]
    assert timeline.joins == 1
    assert joined(timeline, [(1, -3000), (0, -3000)]) == [(1, 5080), (0, 5080)]
    assert timeline.joins == 2


def test_gaps_forward_and_reordering_are_left_alone():
    timeline = Timeline()
    steps = [(0, 0), (0, 80), (0, 40), (0, 99000)]
    assert joined(timeline, steps) == steps
    assert timeline.joins == 0


def test_a_tracks_time_never_runs_back_over_a_restart():
    timeline = Timeline()
    joined(timeline, [(0, 5000), (1, 5030)])
    (_, picture), (_, sound) = joined(timeline, [(0, 30), (1, 0)])
    assert (picture, sound) == (5050, 5050)


def test_a_bag_gives_packets_once_and_in_order():
    bag = PacketBag()
    made = [packet(pts) for pts in (0, 20, 10)]
    for one in made:
        bag.add(one, "audio", 1)
    assert list(bag.take()) == made
    assert bag.take() == ()


def test_end_markers_of_the_demuxer_are_no_packets():
    bag = PacketBag()
    bag.add(av.Packet(), "audio", 1)
    assert bag.take() == ()


def test_a_bag_keeps_the_span_and_cuts_subtitles():
    bag = PacketBag(end=Fraction(1))
    bag.begin(Fraction(1, 2))
    for kind, pts, duration in [
        ("audio", 470, 20),
        ("audio", 490, 20),
        ("audio", 990, 20),
        ("audio", 1000, 20),
        ("subtitle", 100, 300),
        ("subtitle", 200, 1000),
    ]:
        bag.add(packet(pts, duration), kind, {"audio": 1, "subtitle": 2}[kind])
    kept = [(one.pts, one.dts, one.duration) for one in bag.take()]
    assert kept == [(490, 490, 20), (990, 990, 20), (500, 500, 700)]
    assert bag.finished([1])
    assert not bag.finished([1, 2])


def test_a_full_bag_loses_the_oldest_and_counts():
    bag = PacketBag(limit=3)
    for pts in range(5):
        bag.add(packet(pts), "audio", 1)
    assert [one.pts for one in bag.take()] == [2, 3, 4]
    assert bag.lost == 2
