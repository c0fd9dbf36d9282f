from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vplugin.engine.arena import REGION, ArenaBook, LocalMemory, SharedMemory, Writer
from vplugin.errors import ArenaError
from vplugin.picture import PictureFormat

FORMAT = PictureFormat("yuv420p", 62, 46)


def planes(value: int, form: PictureFormat = FORMAT):
    return tuple(np.full(shape, value, form.layout.dtype) for shape in form.plane_shapes)


@pytest.fixture
def book():
    book = ArenaBook(shared=True)
    yield book
    book.close()


def test_a_slot_is_free_again_when_its_last_holder_lets_go(book):
    slot = book.grant(1000)
    assert slot.size >= 1000
    book.retain(slot)
    book.release(slot)
    assert book.used == 1
    book.release(slot)
    assert book.used == 0
    again = book.grant(1000)
    assert again.offset == slot.offset
    assert again.generation == slot.generation + 1


@pytest.mark.parametrize("act", ["retain", "release"])
def test_a_slot_given_back_cannot_be_used(book, act):
    slot = book.grant(10)
    book.release(slot)
    with pytest.raises(ArenaError, match="given back"):
        getattr(book, act)(slot)
    book.grant(10)
    with pytest.raises(ArenaError, match="given back"):
        getattr(book, act)(slot)


def test_the_limit(book):
    book.limit = 3 * 4096
    book.grant(4000)
    book.grant(4000)
    with pytest.raises(ArenaError, match=r"limits\.memory"):
        book.grant(8000)


@given(st.lists(st.tuples(st.integers(1, 40_000), st.booleans()), max_size=40))
def test_slots_never_overlap_and_counts_add_up(steps):
    book = ArenaBook(shared=True)
    held = []
    for nbytes, keep in steps:
        slot = book.grant(nbytes)
        for other in held:
            apart = slot.offset + slot.size + 64 <= other.offset
            assert apart or other.offset + other.size + 64 <= slot.offset
        if keep:
            held.append(slot)
        else:
            book.release(slot)
        assert book.used == len(held)
    assert book.nbytes <= os.fstat(book.fd).st_blocks * 512
    book.close()


def test_a_picture_that_no_slot_can_hold(book):
    with pytest.raises(ArenaError, match="too large"):
        book.grant(REGION)


def test_slots_do_not_cross_regions(book, monkeypatch):
    monkeypatch.setattr("vplugin.engine.arena.REGION", 16 * 4096)
    slots = [book.grant(5 * 4096) for _ in range(8)]
    assert [slot.offset // 4096 for slot in slots] == [0, 6, 16, 22, 32, 38, 48, 54]


def test_planes_come_back_read_only_and_without_a_copy(book):
    memory, other = SharedMemory(book.fd), SharedMemory(book.fd)
    slot = book.grant(FORMAT.nbytes)
    memory.write(slot, 0, FORMAT, planes(7))
    seen = other.read(slot, 0, FORMAT)
    assert all((plane == 7).all() for plane in seen)
    memory.write(slot, 0, FORMAT, planes(9))
    assert all((plane == 9).all() for plane in seen)
    with pytest.raises(ValueError, match="read-only"):
        seen[0][0, 0] = 1


@pytest.mark.parametrize("shared", [True, False])
def test_a_slot_that_was_given_away_is_not_read(book, shared):
    memory = SharedMemory(book.fd) if shared else LocalMemory()
    slot = book.grant(FORMAT.nbytes)
    memory.write(slot, 0, FORMAT, planes(1))
    book.release(slot)
    new = book.grant(FORMAT.nbytes)
    memory.write(new, 0, FORMAT, planes(2))
    with pytest.raises(ArenaError, match="another frame"):
        memory.read(slot, 0, FORMAT)


def test_local_memory_hands_the_objects_over_or_copies_them():
    slot = ArenaBook(shared=False).grant(1)
    mine = planes(3)
    assert _write_read(LocalMemory(), slot, mine)[0] is mine[0]
    copied = _write_read(LocalMemory(copy=True), slot, mine)
    mine[0][:] = 4
    assert (copied[0] == 3).all()


def _write_read(memory, slot, content):
    memory.write(slot, 0, FORMAT, content)
    return memory.read(slot, 0, FORMAT)


def test_a_writer_fills_its_slots_and_asks_for_more_when_they_do_not_suffice(book):
    memory = SharedMemory(book.fd)
    asked = []

    def more(nbytes):
        asked.append(nbytes)
        return book.grant(nbytes)

    small = PictureFormat("yuv420p", 16, 16)
    writer = Writer(memory, (book.grant(2 * small.nbytes),), more)
    places = [writer.put(small, planes(n, small)) for n in (1, 2)]
    assert places[0][0] == places[1][0]
    assert asked == []
    large = writer.put(FORMAT, planes(3))
    assert asked == [FORMAT.nbytes]
    for value, (slot, at), form in zip((1, 2, 3), [*places, large], (small, small, FORMAT),
                                       strict=True):  # fmt: skip
        assert all((plane == value).all() for plane in memory.read(slot, at, form))
