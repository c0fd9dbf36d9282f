"""The plain loop that people write with insightface, OpenCV and PyAV: what `swap_graph` is beside.

    python -m benchmarks.swap_loop CLIP OUTPUT SWAP.onnx SOURCE.jpg FRAMES PRESET CRF THREADS

FaceAnalysis finds and recognises the faces of a BGR frame, INSwapper swaps the largest and pastes
it back, libx264 encodes. No sound, no tracking, no mask of what lies before a face.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from insightface.app import FaceAnalysis
from insightface.model_zoo.inswapper import INSwapper

import vplugin

__all__ = ["swap_loop"]

Array = np.ndarray[Any, Any]


def swap_loop(
    clip: str,
    output: str,
    model: str,
    source: str,
    frames: int,
    preset: str,
    crf: int,
    threads: int,
) -> None:
    """Swap the largest face of each frame; the models are those of `models/house` and the file."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # insightface calls what skimage deprecates
        root = str(Path(vplugin.__file__).parent)
        app = FaceAnalysis(name="house", root=root, allowed_modules=["detection", "recognition"])
        app.prepare(ctx_id=-1, det_size=(640, 640))
        swapper = INSwapper(model, None)
        face = max(app.get(cv2.imread(source)), key=_area)
        pictures = _swapped(clip, app, swapper, face, frames)
        _encode(pictures, output, preset, crf, threads)


def _swapped(
    clip: str, app: FaceAnalysis, swapper: INSwapper, source: Any, frames: int
) -> Iterator[Array]:
    with av.open(clip) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == frames:
                return
            picture = frame.to_ndarray(format="bgr24")
            faces = app.get(picture)
            if faces:
                target = max(faces, key=_area)
                picture = swapper.get(picture, target, source, paste_back=True)
            yield picture


def _encode(pictures: Iterator[Array], output: str, preset: str, crf: int, threads: int) -> None:
    with av.open(output, "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.pix_fmt, stream.options = "yuv420p", {"preset": preset, "crf": str(crf)}
        stream.codec_context.thread_count = threads
        for picture in pictures:
            if not stream.codec_context.is_open:
                stream.height, stream.width = picture.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())


def _area(face: Any) -> float:
    return float((face.bbox[2] - face.bbox[0]) * (face.bbox[3] - face.bbox[1]))


if __name__ == "__main__":
    clip, output, model, source, frames, preset, crf, threads = sys.argv[1:]
    swap_loop(clip, output, model, source, int(frames), preset, int(crf), int(threads))
