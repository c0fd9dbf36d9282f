"""The main job on real input: another face in a moving picture, from file to file.

    make demo

Renders ten seconds of camera move over a photograph in the public domain (examples/media.py),
fetches the detector, runs graphs/swap.yaml on it, and writes what came of it to out/demo.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import media
import numpy as np

from vplugin.cli import main as vplugin
from vplugin.cli.strips import make_strips

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "out" / "demo"


def main() -> int:
    """Run the demo; returns the exit status."""
    OUT.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)  # the paths in the stock graphs start from here
    print("Rendering the input (once) …", flush=True)
    source = media.main()[0]
    if vplugin(["models", "pull", "yunet"]) != 0:
        print(
            "The face detector is needed once. Without a network, put a mirror's folder into "
            "VPLUGIN_MODEL_MIRROR (docs/models.md) and call `make demo` again.",
            file=sys.stderr,
        )
        return 1
    result, page = OUT / "swapped.mp4", OUT / "report.html"
    graph = str(ROOT / "graphs" / "swap.yaml")
    settings = [f"vars.input={source}", f"vars.output={result}"]
    options = [word for setting in settings for word in ("--set", setting)]
    if status := vplugin(["run", graph, *options, "--html", str(page)]):
        return status
    write_strip(source, result, OUT / "before_after.jpg")
    print(f"\nInput   {_short(source)}\nResult  {_short(result)}\nReport  {_short(page)}")
    return 0


def write_strip(source: Path, result: Path, path: Path) -> None:
    """One picture: above before, below after, at the moments when most was altered."""
    strips = sorted(make_strips(source, result, count=4), key=lambda strip: strip.time)
    width = min(strip.before.shape[1] for strip in strips)
    rows = [
        np.hstack([_middle(picture, width) for picture in pictures])
        for pictures in ([s.before for s in strips], [s.after for s in strips])
    ]
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


def _middle(picture: media.Rgb, width: int) -> media.Rgb:
    left = (picture.shape[1] - width) // 2
    return picture[:, left : left + width]


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    raise SystemExit(main())
