from __future__ import annotations

import os

import pytest
from pydantic import ValidationError

from tests.media.transcode import numbers_in, packets_in
from vplugin.errors import SinkError
from vplugin.frame import Tombstone
from vplugin.node import Context
from vplugin.nodes.decode import Decode, DecodeParams
from vplugin.nodes.encode import Encode, EncodeParams
from vplugin.testing.clips import make_clip


def encode(tmp_path, uri="o.mp4", **params) -> Encode:
    node = Encode(EncodeParams(uri=uri, preset="ultrafast", threads=1, **params), "encode")
    node.open(Context(name="encode", base=str(tmp_path)))
    return node


def decode(tmp_path, uri="in.mp4") -> Decode:
    node = Decode(DecodeParams(uri=uri, threads=1), "decode")
    node.open(Context(name="decode", base=str(tmp_path)))
    return node


def pump(source: Decode, sink: Encode, lost=()) -> None:
    """What the engine does: frames, tombstones for those that do not come, the tail, the end."""
    number = 0
    while (frame := source.read()) is not None:
        if number in lost:
            sink.skip(Tombstone("decode", number, "failed", frame.original))
        else:
            sink.process(frame)
        number += 1
    sink.skip(Tombstone("decode", number, "eos", source.tail()))
    assert list(sink.flush("decode")) == []


def test_a_file_from_end_to_end(tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=20)
    reader, node = decode(tmp_path), encode(tmp_path, "sub/o.mp4")
    try:
        (artifact,) = node.artifacts()
        assert artifact.final == str(tmp_path / "sub" / "o.mp4")
        assert os.path.exists(artifact.temporary)
        pump(reader, node, lost=(3, 4))
    finally:
        node.close()
        reader.close()
    made = tmp_path / "sub" / "o.mp4"
    assert numbers_in(made) == [n for n in range(20) if n not in (3, 4)]
    assert packets_in(made, "audio") == packets_in(source, "audio")
    report = node.report()
    assert report["output"] == str(made)
    assert (report["encoder"], report["frames"]) == ("libx264", 18)
    assert report["bytes"] == made.stat().st_size
    assert report["fidelity"]["verdict"] == "exact"


@pytest.mark.parametrize("end", ["abort", "close"])
def test_an_unfinished_output_is_not_kept(tmp_path, end):
    make_clip(tmp_path / "in.mp4")
    reader, node = decode(tmp_path), encode(tmp_path)
    node.process(reader.read())
    getattr(node, end)()
    node.close()
    reader.close()
    assert os.listdir(tmp_path) == ["in.mp4"]


def test_verification_can_be_left_out(tmp_path):
    make_clip(tmp_path / "in.mp4")
    reader, node = decode(tmp_path), encode(tmp_path, verify=False)
    pump(reader, node)
    node.close()
    reader.close()
    assert node.report()["fidelity"] is None
    assert (tmp_path / "o.mp4").exists()


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"uri": "o.xyz"}, "unknown file name ending '.xyz'"),
        ({"uri": "folder.mp4"}, "is a folder"),
        ({"codec": "h999"}, "unknown video codec 'h999'"),
        ({"uri": "srt://h:1"}, "cannot send to a srt:// address"),
        ({"options": {"nope": 1}}, "no option 'nope'"),
        ({"uri": "in.mp4", "overwrite": False}, "exists already"),
        ({"uri": "in.mp4/o.mp4"}, "not a folder|exists"),
    ],
)
def test_mistakes_are_found_when_it_is_opened(tmp_path, params, what):
    make_clip(tmp_path / "in.mp4", frames=1)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(SinkError, match=what) as caught:
        encode(tmp_path, **params)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["folder.mp4", "in.mp4"]


@pytest.mark.parametrize(
    "params",
    [
        {"crf": 99},
        {"bitrate": "lots"},
        {"audio": "mp3"},
        {"layout": "fast"},
        {"gop": 0},
        {"threads": -1},
        {"cfr": 18},
        {},
    ],
)
def test_values_out_of_bounds(params):
    with pytest.raises(ValidationError):
        EncodeParams(**({"uri": "o.mp4"} if params else {}), **params)


@pytest.mark.parametrize(
    ("bitrate", "bits"), [("4M", 4_000_000), ("800k", 800_000), ("1.5M", 1_500_000), (5000, 5000)]
)
def test_bit_rates_as_people_write_them(bitrate, bits):
    assert EncodeParams(uri="o.mp4", bitrate=bitrate).encoder.bitrate == bits


def test_numbers_where_words_are_expected():
    params = EncodeParams(uri="o.mp4", preset=8, options={"g": 10})
    assert (params.encoder.preset, params.encoder.options) == ("8", {"g": "10"})


def test_it_says_what_it_needs():
    assert Encode.with_source
    assert list(Encode.inputs) == ["frame"]
    assert Encode.outputs == {}
    described = EncodeParams.model_json_schema()["properties"]
    assert all(field.get("description") for field in described.values())


def test_before_it_is_opened():
    node = Encode(EncodeParams(uri="o.mp4"))
    assert node.artifacts() == ()
    assert node.report() == {}
    node.close()
