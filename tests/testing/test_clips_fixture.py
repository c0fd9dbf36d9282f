"""The fixture ``clips``; the clips themselves are tested with the source that reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av


def test_clip_is_made_where_the_test_works(clips: Callable[..., Path], tmp_path: Path) -> None:
    path = clips("in.mkv", frames=7, audio=None)
    assert path == tmp_path / "in.mkv"
    with av.open(str(path)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 7
