"""Makes the moving pictures that the demo and the stock graphs run on.

They are camera moves over still pictures that anybody may use: the portrait of the astronaut Eileen
Collins that comes with scikit-image (NASA, public domain), and two people who do not exist
(examples/people). So nothing has to be downloaded, and no consent has to be asked for.

    python examples/media.py        # out/media/astronaut.mp4 and out/media/people.mp4
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import skimage.data
import skimage.io
from av.video.reformatter import ColorRange, Colorspace

from vplugin.testing.clips import tone

Rgb = npt.NDArray[np.uint8]  # (H, W, 3)

ROOT = Path(__file__).resolve().parent.parent
MEDIA = ROOT / "out" / "media"
BT709 = 1


@dataclass(frozen=True)
class Shot:
    """A clip to make.

    Attributes:
        width: Pixels.
        height: Pixels.
        seconds: Length.
        rate: Frames per second.
    """

    width: int = 1280
    height: int = 720
    seconds: int = 10
    rate: Fraction = Fraction(30)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.seconds * self.rate)


def astronaut() -> Rgb:
    """The portrait, 512 x 512."""
    return np.asarray(skimage.data.astronaut())


def group() -> Rgb:
    """Portraits of Ada, the astronaut and Ben on a wall, 1060 x 596."""
    wall = np.full((596, 1060, 3), (150, 158, 160), np.uint8)
    for place, picture in enumerate((portrait("ada"), astronaut()[:280, 80:360], portrait("ben"))):
        hung = cv2.resize(picture, (300, 300), interpolation=cv2.INTER_CUBIC)
        wall[138:438, 40 + 340 * place : 340 + 340 * place] = hung
        cv2.rectangle(wall, (36 + 340 * place, 134), (343 + 340 * place, 441), (60, 44, 30), 7)
    return wall


def portrait(name: str) -> Rgb:
    """The head of one of examples/people."""
    picture = skimage.io.imread(ROOT / "examples" / "people" / name / "front.jpg")
    return np.asarray(picture)[90:512, 45:467]


def moves(still: Rgb, shot: Shot) -> Iterator[Rgb]:
    """A slow pan and zoom with sub-pixel steps that never shows the border of the picture."""
    for number in range(shot.frames):
        picture = cv2.warpAffine(
            still,
            view(still, shot, number),
            (shot.width, shot.height),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        yield np.asarray(picture)


def view(still: Rgb, shot: Shot, number: int) -> npt.NDArray[np.float64]:
    """(2, 3) affine map from the still picture to frame ``number``, in pixels."""
    height, width = still.shape[:2]
    least = max(shot.width / width, shot.height / height)
    turn = 2 * math.pi * number / shot.frames
    zoom = least * (1.14 - 0.12 * math.cos(turn))
    x = (width - shot.width / zoom) * (0.5 + 0.45 * math.sin(turn))
    y = (height - shot.height / zoom) * (0.08 - 0.07 * math.cos(2 * turn))
    return np.array([[zoom, 0, -x * zoom], [0, zoom, -y * zoom]])


def render(path: Path, still: Rgb, shot: Shot | None = None) -> Path:
    """Encode a camera move over a still picture, with a tone: H.264 and AAC, BT.709."""
    shot = shot or Shot()
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as output:
        video, sound = _video(output, shot), output.add_stream("aac", rate=48000)
        sounds = tone(sound.codec_context, Fraction(shot.seconds))
        heard: Any = next(sounds)
        for number, rgb in enumerate(moves(still, shot)):
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            frame.pts, frame.time_base = number, 1 / shot.rate
            output.mux(video.encode(frame))
            while heard and heard.pts * heard.time_base <= number / shot.rate:
                output.mux(sound.encode(heard))
                heard = next(sounds, None)
        output.mux(video.encode(None))
        output.mux(sound.encode(None))
    return path


def _video(output: Any, shot: Shot) -> Any:
    options = {"crf": "17", "preset": "veryfast", "g": "60"}
    stream = output.add_stream("libx264", rate=shot.rate, options=options)
    stream.width, stream.height, stream.pix_fmt = shot.width, shot.height, "yuv420p"
    context = stream.codec_context
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = 1
    return stream


def main(folder: Path = MEDIA, shot: Shot | None = None) -> list[Path]:
    """Make what is not there yet."""
    stills = {"astronaut": astronaut, "people": group}
    paths = {folder / f"{name}.mp4": still for name, still in stills.items()}
    for path, still in paths.items():
        if not path.exists():
            part = path.with_name(f".{path.name}.part.mp4")
            render(part, still(), shot).rename(path)
    return list(paths)


if __name__ == "__main__":
    for made in main(*map(Path, sys.argv[1:2])):
        print(made)
