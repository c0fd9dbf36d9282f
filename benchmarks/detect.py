"""Faces in a 1080p frame, from decoded planes to boxes and points in its pixels, against the peers.

    python benchmarks/detect.py [--threads N] [--model YUNET.onnx] [--cpu-time]

All use the same YuNet or the same SCRFD-shaped network (random weights, 3 GMAC at 640 × 384), on
onnxruntime's CPU provider with the same threads. Ours makes its small copy by swscale from the YUV
planes. The peers, as their users do, convert the whole frame to BGR first (OpenCV's `cvtColor`, its
fastest way), then OpenCV's FaceDetectorYN gets a resized copy, insightface resizes by itself.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import skimage.data
import torch
import typer
from insightface.model_zoo import SCRFD
from rich.table import Table
from torch import nn

from benchmarks.common import alternate, console, machine
from vplugin.colour import paste_rgb
from vplugin.media.picture_io import Scaler
from vplugin.models.runtime import open_session
from vplugin.models.store import MIRROR
from vplugin.picture import ColourTags, Picture, PictureFormat
from vplugin.vision.cut import CUT_SIZE, CutDetector
from vplugin.vision.detect import Detector, open_detector

WIDTH, HEIGHT, SMALL = 1920, 1080, (640, 360)


def decoded() -> Picture:
    """A 1080p 4:2:0 picture with a face in it."""
    face = cv2.resize(skimage.data.astronaut(), (1080, 1080), interpolation=cv2.INTER_CUBIC)
    rgb = np.full((HEIGHT, WIDTH, 3), 96, np.uint8)
    rgb[:, 420:1500] = face
    format = PictureFormat("yuv420p", WIDTH, HEIGHT, ColourTags(1))
    everywhere = np.ones((HEIGHT, WIDTH), np.bool_)
    return Picture(format, paste_rgb(Picture.blank(format).planes, format, rgb, everywhere))


def save_scrfd(path: Path, channels: int = 64) -> Path:
    """A network with SCRFD's outputs: 3 GMAC at 640 × 384, between scrfd_2.5g and det_10g."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            wide = [3, channels // 2, channels, channels * 2, channels * 3, channels * 3]
            self.steps = nn.ModuleList(
                nn.Sequential(
                    nn.Conv2d(a, b, 3, 2, 1), nn.ReLU(), nn.Conv2d(b, b, 3, 1, 1), nn.ReLU()
                )
                for a, b in pairwise(wide)
            )
            self.heads = nn.ModuleList(nn.Conv2d(w, 30, 1) for w in wide[3:])

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            levels = []
            for index, step in enumerate(self.steps):
                x = step(x)
                if index >= 2:
                    levels.append(self.heads[index - 2](x).permute(0, 2, 3, 1).reshape(-1, 15))
            scores = [torch.sigmoid(level[:, :1] * 3 - 2) for level in levels]
            return (*scores, *(y[:, 1:5].abs() for y in levels), *(y[:, 5:] for y in levels))

    torch.manual_seed(0)
    names = [f"{kind}_{s}" for kind in ("score", "box", "points") for s in (8, 16, 32)]
    torch.onnx.export(
        Net().eval(),
        (torch.zeros(1, 3, 384, 640),),
        str(path),
        input_names=["picture"],
        output_names=names,
        dynamic_axes={
            "picture": {2: "height", 3: "width"},
            **{name: {0: f"rows_{name}"} for name in names},
        },
        dynamo=False,
    )
    return path


def ours(detector: Detector, picture: Picture) -> Callable[[], object]:
    """From planes to faces in the picture's pixels."""
    scaler = Scaler()

    def work() -> object:
        view = scaler.view(picture, SMALL[0])
        found = detector.detect([view.rgb])[0]
        return view.boxes_to_picture(found.boxes), found.points

    return work


def to_bgr(yuv: np.ndarray) -> np.ndarray:
    """The whole frame, as the peers take it."""
    return cv2.cvtColor(yuv, cv2.COLOR_YUV2BGR_I420)


def opencv(model: Path, yuv: np.ndarray) -> Callable[[], object]:
    """FaceDetectorYN on a resized copy."""
    net = cv2.FaceDetectorYN.create(str(model), "", SMALL, 0.5, 0.4)
    return lambda: net.detect(cv2.resize(to_bgr(yuv), SMALL))


def insightface(session: object, yuv: np.ndarray, size: tuple[int, int]) -> Callable[[], object]:
    """SCRFD.detect as its app calls it."""
    peer = SCRFD(session=session)
    return lambda: peer.detect(to_bgr(yuv), input_size=size, det_thresh=0.5)


def main(
    threads: int = 1,
    runs: int = 20,
    model: Path | None = None,
    cpu_time: bool = False,
) -> None:
    """Print a table of milliseconds a frame."""
    model = model or Path(os.environ.get(MIRROR, "../shared/models"), "yunet/yunet_n_dynamic.onnx")
    cv2.setNumThreads(threads)
    picture = decoded()
    yuv = np.concatenate([plane.ravel() for plane in picture.planes]).reshape(-1, WIDTH)
    luma = Scaler().rgb(picture, *CUT_SIZE, order="gray")
    scaler, cuts = Scaler(), CutDetector()
    with tempfile.TemporaryDirectory() as folder:
        scrfd = save_scrfd(Path(folder) / "scrfd.onnx")
        contestants: dict[str, Callable[[], object]] = {
            "small copy alone": lambda: scaler.view(picture, SMALL[0]),
            "cut detection": lambda: (
                scaler.rgb(picture, *CUT_SIZE, order="gray"),
                cuts.update(luma, 0.0),
            ),
        }
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        provider = ["CPUExecutionProvider"]
        for runtime in ("onnxruntime", "openvino"):
            for name, path in (("YuNet", model), ("SCRFD", scrfd)):
                if path.is_file():
                    session = open_session(path, runtime=runtime, threads=threads)
                    contestants[f"{name}, ours, {runtime}"] = ours(open_detector(session), picture)
        if model.is_file():
            contestants["YuNet, OpenCV FaceDetectorYN"] = opencv(model, yuv)
        peer = onnxruntime.InferenceSession(str(scrfd), options, provider)
        contestants["SCRFD, insightface 640×640"] = insightface(peer, yuv, (640, 640))
        contestants["SCRFD, insightface 640×384"] = insightface(peer, yuv, (640, 384))
        clock = time.process_time if cpu_time else time.perf_counter
        times = alternate(contestants, runs=runs, clock=clock)
    table = Table(title=f"faces in a 1080p frame, {threads} thread(s) · {machine()}")
    table.add_column("what")
    table.add_column("CPU ms" if cpu_time else "ms", justify="right")
    table.add_column("times ours on onnxruntime", justify="right")
    for name, spent in times.items():
        own = times.get(f"{name.partition(',')[0]}, ours, onnxruntime")
        table.add_row(name, f"{spent:.2f}", f"{spent / own:.2f}×" if own else "")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
