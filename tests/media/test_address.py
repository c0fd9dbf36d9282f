from __future__ import annotations

import pytest

from vplugin.media.address import Address


@pytest.mark.parametrize(
    ("uri", "scheme", "target", "live"),
    [
        ("clip.mp4", "file", "/base/clip.mp4", False),
        ("/abs/clip.mp4", "file", "/abs/clip.mp4", False),
        ("file:///abs/clip.mp4", "file", "/abs/clip.mp4", False),
        ("-", "pipe", "-", False),
        ("lavfi://testsrc2=size=64x48", "lavfi", "testsrc2=size=64x48", False),
        ("v4l2:///dev/video0", "v4l2", "/dev/video0", True),
        ("udp://127.0.0.1:19000", "udp", "udp://127.0.0.1:19000", True),
        ("RTSP://host/cam", "rtsp", "RTSP://host/cam", True),
        ("https://host/a.m3u8", "https", "https://host/a.m3u8", None),
    ],
)
def test_addresses_are_understood(uri, scheme, target, live):
    address = Address.parse(uri, "/base")
    assert (address.scheme, address.target, address.live) == (scheme, target, live)


@pytest.mark.parametrize(
    ("uri", "title"),
    [
        ("rtsp://user:secret@cam:8554/one?token=secret", "rtsp://cam:8554/one"),
        ("rtmp://host/app/secret", "rtmp://host/app/…"),
        ("https://host/a.m3u8?sig=secret", "https://host/a.m3u8"),
        ("clip.mp4", "clip.mp4"),
        ("-", "standard input"),
    ],
)
def test_titles_hold_no_secrets(uri, title):
    assert Address.parse(uri).title == title
