from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vplugin.engine import wire
from vplugin.errors import WireError

INT = st.integers(-(2**62), 2**62)
NAME = st.text(max_size=20)
SLOT = st.builds(wire.Slot, st.integers(0, 2**40), st.integers(0, 2**31), st.integers(0, 2**32 - 1))
FRAME = st.builds(
    wire.FrameMessage, INT, st.tuples(st.integers(1, 2**31), st.integers(1, 2**31)),
    st.lists(SLOT, max_size=3).map(tuple), st.binary(max_size=64),
)  # fmt: skip
ITEM = st.builds(
    wire.Item, NAME, st.integers(0, 2**40), st.lists(FRAME, max_size=2).map(tuple),
    st.none() | NAME, st.integers(0, 2**62),
)  # fmt: skip
MESSAGES = st.one_of(
    st.builds(wire.Hello, NAME, st.integers(1, 2**31)),
    st.builds(wire.Ready, NAME, st.none(), st.just([])),
    st.builds(wire.Done, NAME, INT, st.lists(FRAME, max_size=2).map(tuple), st.none() | NAME, INT,
              st.none() | st.binary(max_size=32), st.none() | st.dictionaries(NAME, INT)),
    st.builds(wire.Fail, NAME, NAME, INT, NAME, NAME, st.booleans()),
    st.builds(wire.Room, NAME, INT, INT),
    st.builds(wire.End, NAME, INT, st.dictionaries(NAME, INT)),
    st.builds(wire.Closed, NAME, NAME, st.none() | NAME),
    st.builds(wire.Job, INT, NAME, st.dictionaries(NAME, ITEM, max_size=2),
              st.lists(SLOT, max_size=2).map(tuple), INT),
    st.builds(wire.Grant, INT, SLOT),
    st.builds(wire.Flush, INT, NAME, st.lists(SLOT, max_size=2).map(tuple), INT),
    st.builds(wire.Close, st.booleans()),
    st.builds(wire.Stop, NAME),
    st.builds(wire.Exit),
)  # fmt: skip


@given(MESSAGES)
def test_every_message_comes_back_the_same(message):
    back = wire.unpack(wire.pack(message))
    if isinstance(message, wire.Ready):  # lists travel as tuples
        message.artifacts = ()
    assert back == message
    assert type(back) is type(message)


def test_parts_get_their_types_back():
    slot = wire.Slot(1, 2, 3)
    item = wire.Item("s", 4, (wire.FrameMessage(5, (1, 30), (slot,), b"x"),), None, 6)
    back = wire.unpack(wire.pack(wire.Job(1, "frame", {"frame": item}, (slot,), 4)))
    assert isinstance(back, wire.Job)
    assert isinstance(back.inputs["frame"].frames[0].slots[0], wire.Slot)
    assert back.inputs["frame"].frames[0].seconds == pytest.approx(5 / 30)
    assert item.bury("late") == wire.Item("s", 4, (), "late", 6)


@given(st.binary(max_size=200))
def test_garbage_is_refused_with_one_kind_of_error(data):
    with pytest.raises(WireError):
        wire.unpack(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a message"),
        (msgpack.packb(["nonsense", 1]), "not a message"),
        (msgpack.packb(["exit", 99]), "protocol 99"),
        (msgpack.packb(["exit", 1, 2, 3]), "2 fields"),
        (msgpack.packb(["grant", 1, 1, "no slot"]), "wrong fields"),
        (msgpack.packb([["list"], 1]), "not a message"),
    ],
)
def test_what_is_wrong_is_said(data, words):
    with pytest.raises(WireError, match=words):
        wire.unpack(data)


def test_a_message_that_is_too_long_is_refused_by_its_sender():
    with pytest.raises(WireError, match="over the limit"):
        wire.pack(wire.Closed("w", "x" * (wire.MAX_BYTES + 1), None))
