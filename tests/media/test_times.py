from __future__ import annotations

from fractions import Fraction

import pytest

from vplugin.errors import SourceError
from vplugin.media.times import Timecode, exact_seconds

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("text", "rate", "frame"),
    [
        ("00:00:00:00", Fraction(25), 0),
        ("01:00:00:10", Fraction(25), 90010),
        ("00:01:00;02", NTSC, 1800),
        ("00:00:59;29", NTSC, 1799),
        ("00:10:00;00", NTSC, 17982),
        ("01:00:00;00", NTSC, 107892),
        ("00:01:00;04", NTSC * 2, 3600),
        ("00:01:00:00", NTSC, 1800),
        ("23:59:59:23", Fraction(24000, 1001), 24 * 86400 - 1),
    ],
)
def test_timecode_counts_frames_and_writes_them_back(text, rate, frame):
    code = Timecode.parse(text, rate)
    assert code.frame == frame
    assert str(code) == text


def test_every_drop_frame_number_is_written_once_and_follows_the_clock():
    written = {str(Timecode(frame, NTSC, drop=True)) for frame in range(20000)}
    assert len(written) == 20000
    assert not {"00:01:00;00", "00:01:00;01"} & written
    assert str(Timecode(0, NTSC, drop=True) + 107892) == "01:00:00;00"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (12, Fraction(12)),
        (10.1, Fraction(101, 10)),
        ("10.5", Fraction(21, 2)),
        ("1001/30000", Fraction(1001, 30000)),
        ("00:00:10.5", Fraction(21, 2)),
        ("2s", Fraction(2)),
        ("10.1 s", Fraction(101, 10)),
        ("250ms", Fraction(1, 4)),
        ("1.5min", Fraction(90)),
        ("1h", Fraction(3600)),
        ("1:02:03", Fraction(3723)),
        ("2:03.25", Fraction(493, 4)),
        ("250f", Fraction(250 * 1001, 30000)),
        ("00:00:01:00", Fraction(30 * 1001, 30000)),
    ],
)
def test_points_in_time_are_exact(value, seconds):
    assert exact_seconds(value, rate=NTSC) == seconds


def test_a_timecode_is_on_the_clips_own_clock():
    start = Timecode.parse("10:00:00:00", Fraction(25))
    assert exact_seconds("10:00:02:05", rate=Fraction(25), start=start) == Fraction(55, 25)


@pytest.mark.parametrize(
    "value", ["abc", "1:2:3:4:5", "", "10,5", "1/0", "00:00:00:25", "00:61:00:00"]
)
def test_what_is_no_time_is_refused_in_one_line(value):
    with pytest.raises(SourceError) as caught:
        exact_seconds(value, rate=Fraction(25))
    assert "\n" not in str(caught.value)
    assert caught.value.mend


def test_frames_cannot_be_counted_without_a_rate():
    with pytest.raises(SourceError, match="no frame rate"):
        exact_seconds("250f")
