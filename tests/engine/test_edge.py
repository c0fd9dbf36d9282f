from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vplugin.engine.edge import Edge, Mailbox
from vplugin.engine.metrics import Histogram
from vplugin.engine.plan import EdgePlan
from vplugin.engine.wire import FrameMessage, Item


def item(seq: int, dead: bool = False) -> Item:
    frames = () if dead else (FrameMessage(seq, (1, 10), (), b""),)
    return Item("s", seq, frames, "dead" if dead else None, 0)


def edge(**plan) -> Edge:
    return Edge(EdgePlan("a->b", "a", "b", "frame", **plan))


def test_credits_count_what_is_promised_queued_and_leased():
    blocking = edge(capacity=2)
    blocking.promise()
    assert blocking.has_room
    blocking.promise()
    assert not blocking.has_room
    blocking.forgive()
    blocking.put(item(0))
    assert (blocking.queued, blocking.held, blocking.load) == (1, 1, 2)
    assert blocking.take().seq == 0
    assert (blocking.queued, blocking.leased, blocking.load) == (0, 1, 2)
    blocking.settle()
    assert blocking.has_room


def test_tombstones_take_no_credit():
    blocking = edge(capacity=1)
    for seq in range(5):
        blocking.put(item(seq, dead=True))
    assert blocking.load == 0
    assert blocking.take().dead
    assert blocking.leased == 0


@pytest.mark.parametrize(
    ("full", "queued"),
    [("drop_oldest", [(0, "full"), (1, None), (2, None)]),
     ("drop_newest", [(0, None), (1, None), (2, "full")])],
)  # fmt: skip
def test_a_full_queue_drops_as_it_says(full, queued):
    dropping = edge(capacity=2, full=full)
    gone = [seq for seq in range(3) for _ in dropping.put(item(seq))[1]]
    assert [(i.seq, i.reason) for i in dropping.queue] == queued
    assert len(gone) == (full == "drop_oldest")
    assert dropping.dropped == 1
    assert dropping.load == 2


def test_nothing_is_taken_back_from_the_consumer():
    dropping = edge(capacity=1, full="drop_oldest")
    dropping.put(item(0))
    dropping.take()
    kept, gone = dropping.put(item(1))
    assert kept.reason == "full"
    assert gone == []


def test_every_goes_by_presentation_time():
    thin = edge(every=1.0)
    kept = [seq for seq in range(35) if not thin.put(item(seq))[0].dead]
    assert kept == [0, 10, 20, 30]


@given(st.lists(st.sampled_from(["promise", "put", "take", "settle"])), st.integers(1, 4))
def test_load_never_exceeds_capacity(steps, capacity):
    blocking = edge(capacity=capacity)
    seq = 0
    for step in steps:
        if step == "promise" and blocking.has_room:
            blocking.promise()
        elif step == "put" and blocking.held:
            blocking.forgive()
            blocking.put(item(seq))
            seq += 1
        elif step == "take" and blocking.queue:
            blocking.take()
        elif step == "settle" and blocking.leased:
            blocking.settle()
        assert 0 <= blocking.load <= capacity


@pytest.mark.parametrize(
    ("join", "seconds", "expected"),
    [("latest", 0.0, 2), ("nearest", 0.0, 1), ("nearest", 0.19, 2), ("latest", 9.0, None)],
)
def test_mailbox(join, seconds, expected):
    box = Mailbox(EdgePlan("a->b", "a", "b", "x", join=join, max_age=1.0, capacity=2))
    assert box.pick(0.0) is None
    gone = [old.seq for seq in range(3) for old in box.put(item(seq))]
    assert gone == ([0, 1] if join == "latest" else [0])
    assert box.put(item(3, dead=True)) == []
    picked = box.pick(seconds)
    assert (picked and picked.seq) == expected


@given(st.lists(st.floats(0.001, 1e4), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 1]))
def test_quantiles_are_right_to_four_percent(values, share):
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = sorted(values)[max(0, -(-round(share * len(values) * 1000) // 1000) - 1)]
    assert histogram.quantile(share) == pytest.approx(exact, rel=0.041)
    assert histogram.count == len(values)


def test_no_values_no_quantile():
    assert Histogram().quantile(0.5) is None
