from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import ValidationError

from vplugin.errors import SourceError, SourceMissingError
from vplugin.node import Context
from vplugin.nodes.decode import Decode, DecodeParams
from vplugin.testing.clips import make_clip, number_of


def opened(base, **params) -> Decode:
    node = Decode(DecodeParams.model_validate({"threads": 1, **params}), "decode")
    node.open(Context(name="decode", base=str(base)))
    return node


def read(node: Decode) -> list[int]:
    shown = []
    while (frame := node.read()) is not None:
        shown.append(number_of(frame.picture))
    return shown


@pytest.mark.parametrize(
    ("trim", "wanted"),
    [
        ({}, range(50)),
        ({"in": "00:00:00.4", "out": 0.8}, range(10, 20)),
        ({"in": "40f"}, range(40, 50)),
        ({"out": "1/5"}, range(5)),
    ],
)
def test_reads_a_file_relative_to_the_graph(tmp_path, trim, wanted):
    make_clip(tmp_path / "a.mp4", frames=50)
    node = opened(tmp_path, uri="a.mp4", trim=trim)
    info = node.info()
    assert (info.frames, info.live, info.title) == (len(wanted), False, "a.mp4")
    assert read(node) == list(wanted)
    assert node.tail().frame is None
    assert node.report()["frames"] == len(wanted)
    node.close()


def test_frames_carry_what_a_sink_in_the_same_process_needs(tmp_path):
    make_clip(tmp_path / "a.mp4", frames=3)
    node = opened(tmp_path, uri="a.mp4")
    frame = node.read()
    assert frame is not None
    assert frame.original.frame.pts == frame.pts
    assert frame.original.tracks.others[0].kind == "audio"
    assert frame.original.packets
    assert frame.duration == 512
    assert frame.time_base == Fraction(1, 12800)
    node.close()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "uri"),
        ({"uri": "a", "trim": {"in": "soon"}}, "is not a time"),
        ({"uri": "a", "trim": {"on": 1}}, "trim.on"),
        ({"uri": "a", "threads": -1}, "greater than or equal"),
        ({"uri": "a", "timeout": 0}, "greater than 0"),
        ({"uri": "a", "on_truncated": "perhaps"}, "accept"),
        ({"uri": "a", "path": "b"}, "path"),
    ],
)
def test_wrong_parameters_are_refused(params, words):
    with pytest.raises(ValidationError, match=words):
        DecodeParams.model_validate(params)


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"uri": "nothing.mp4"}, SourceMissingError),
        ({"uri": "."}, SourceError),
        ({"uri": "a.mp4", "track": 3}, SourceError),
        ({"uri": "a.mp4", "live": True, "trim": {"in": 1}}, SourceError),
        ({"uri": "udp://127.0.0.1:19999", "timeout": 0.2}, SourceError),
    ],
)
def test_what_cannot_be_opened_leaves_a_node_that_can_be_closed(tmp_path, params, kind):
    make_clip(tmp_path / "a.mp4", frames=3)
    node = Decode(DecodeParams.model_validate(params))
    with pytest.raises(kind):
        node.open(Context(base=str(tmp_path)))
    assert node.report() == {} or "ended" in node.report()
    node.close()


def test_a_node_that_is_not_open_says_so():
    with pytest.raises(SourceError, match="not open"):
        Decode(DecodeParams(uri="a")).read()


def test_a_file_can_be_played_live(tmp_path):
    make_clip(tmp_path / "a.mp4", frames=10)
    node = opened(tmp_path, uri="a.mp4", live=True)
    assert node.info().live
    first = node.read()
    assert first is not None
    sound = list(first.original.packets)
    assert sound
    node.dropped(first, "late")
    second = node.read()
    assert second is not None
    assert list(second.original.packets[: len(sound)]) == sound
    assert len(read(node)) == 8
    assert node.report()["dropped"] == {"late": 1}
    node.close()


def test_stop_before_and_while_open(tmp_path):
    make_clip(tmp_path / "a.mp4", frames=10)
    for live in (True, False):
        node = Decode(DecodeParams(uri="a.mp4", live=live))
        node.stop()
        node.open(Context(base=str(tmp_path)))
        assert node.read() is None
        node.close()
