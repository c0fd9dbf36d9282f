from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vplugin.graph.quantities import (
    Backoff,
    format_backoff,
    format_duration,
    format_size,
    parse_backoff,
    parse_duration,
    parse_size,
)

SECONDS = st.floats(min_value=0, max_value=3.6e9)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("2s", 2.0),
        ("2 s", 2.0),
        (".5s", 0.5),
        ("1e-3s", 0.001),
        ("90us", 9e-5),
        ("90µs", 9e-5),
        ("1.5min", 90.0),
        ("1h", 3600.0),
        ("3", 3.0),
        (3, 3.0),
        (0.1, 0.1),
        (0, 0.0),
    ],
)
def test_parse_duration(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "should look like"),
        ("soon", "should look like"),
        ("-1s", "should look like"),
        ("1m", "unit 'm'"),
        ("1 fortnight", "unit 'fortnight'"),
        ("1s2s", "should look like"),
        ("٣s", "should look like"),
        (True, "should look like"),
        (None, "should look like"),
        (-1, "not negative"),
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        ("1e999s", "longer"),
        (1e300, "longer"),
        ([1], "should look like"),
    ],
)
def test_parse_duration_refuses(text, says):
    with pytest.raises(ValueError, match=says):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1GiB", 2**30), ("64kB", 64000), ("1.5KiB", 1536), ("12", 12), (12, 12), ("0B", 0)],
)
def test_parse_size(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "says"),
    [("1gb", "unit 'gb'"), ("1.5B", "whole"), (0.5, "whole"), (-1, "negative"), ("GiB", "look")],
)
def test_parse_size_refuses(text, says):
    with pytest.raises(ValueError, match=says):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "backoff"),
    [
        ("0.5s..10s", (0.5, 10.0)),
        ("500ms .. 1min", (0.5, 60.0)),
        ("2s", (2.0, 2.0)),
        (2, (2.0, 2.0)),
        ([1, "2s"], (1.0, 2.0)),
    ],
)
def test_parse_backoff(text, backoff):
    assert parse_backoff(text) == Backoff(*backoff)


@pytest.mark.parametrize("text", ["10s..1s", "..", "1s..", "1s..2s..3s", [1], {}])
def test_parse_backoff_refuses(text):
    with pytest.raises(ValueError, match="should"):
        parse_backoff(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "250ms"), (1.0, "1s"), (1.5, "1.5s"), (60.0, "1min"), (7200.0, "2h"), (0.003, "3ms")],
)
def test_format_duration_is_short(seconds, text):
    assert format_duration(seconds) == text


@given(SECONDS)
def test_durations_survive_a_round_trip(seconds):
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.integers(min_value=0, max_value=2**70))
def test_sizes_survive_a_round_trip(size):
    assert parse_size(format_size(size)) == size


@given(SECONDS, SECONDS)
def test_ranges_survive_a_round_trip(one, two):
    backoff = Backoff(min(one, two), max(one, two))
    assert parse_backoff(format_backoff(backoff)) == backoff


@given(st.text() | st.floats() | st.integers() | st.none() | st.binary())
def test_anything_else_is_a_value_error(value):
    for parse in (parse_duration, parse_size, parse_backoff):
        try:
            parsed = parse(value)
        except ValueError:
            continue
        numbers = parsed if isinstance(parsed, tuple) else (parsed,)
        assert all(isinstance(part, int | float) and 0 <= part < math.inf for part in numbers)
