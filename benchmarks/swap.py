"""The swap stage with a network of inswapper's size: our runtimes against insightface, one run.

    python benchmarks/swap.py [--runtimes onnxruntime,openvino:bf16] [--threads N] [--runs N]

insightface: `INSwapper.get(..., paste_back=True)` on a 1080p BGR array. Ours: region read from a
1080p YUV 4:2:0 frame, crop, network, mask, patch; so conversions that insightface leaves to its
caller are on our bill. The crop it makes is compared with insightface's for the same file.
Weights are random, generated once; that costs the same time. On a busy machine trust the CPU ratio.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import platformdirs
import typer
from insightface.app.common import Face as PeerFace
from insightface.model_zoo.inswapper import INSwapper
from rich.table import Table

from benchmarks.common import console, machine
from benchmarks.swapper_model import made, parameters
from vplugin.errors import ModelError
from vplugin.frame import Face, Frame
from vplugin.models.onnx_file import load_graph
from vplugin.models.runtime import RuntimeFacts, Session, open_session
from vplugin.picture import Picture, PictureFormat
from vplugin.vision.align import similarity, template, warp
from vplugin.vision.blend import HostCompositor
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.match import LookSmoother
from vplugin.vision.onnx_facts import read_emap
from vplugin.vision.source import Source, View
from vplugin.vision.stage import ColourStyle, Job, SwapStage
from vplugin.vision.swap_model import ModelSwapper

WIDTH, HEIGHT, EYES = 1920, 1080, 62.0


def main(
    runtimes: str = "onnxruntime:cpu,openvino:f32,openvino:bf16,torch:f32,torch:bf16",
    threads: int = 0,
    runs: int = 5,
    folder: Path | None = None,
) -> None:
    """Print a table: insightface first, then every runtime that really runs here."""
    warnings.simplefilter("ignore")  # insightface calls what skimage deprecates
    path = made(folder or Path(platformdirs.user_cache_path("vplugin")) / "benchmarks")
    console.print(f"{path}: {parameters(path) / 1e6:.1f} M parameters · {machine()}")
    peer = INSwapper(str(path), _peer_session(path, threads))
    target, source = PeerFace(kps=_points()), PeerFace(embedding=_identity())
    image = _image()
    crop, _ = peer.get(image, target, source, paste_back=False)
    works: dict[str, Callable[[], object]] = {
        "insightface": lambda: peer.get(image, target, source, paste_back=True)
    }
    told = {"insightface": (f"onnxruntime {onnxruntime.__version__} CPU f32", "")}
    with ExitStack() as stack:
        for runtime in runtimes.split(","):
            try:
                session = open_session(path, runtime=runtime, threads=threads or None)
            except ModelError as error:
                told[runtime] = ("does not run here", error.what[:60])
                continue
            stack.callback(session.close)
            works[runtime], swapped = _ours(path, session)
            found = psnr(swapped, crop[..., ::-1])
            told[runtime] = (_words(session.ran), f"{found:.1f}")
        _print(told, turns(works, runs))


def _ours(path: Path, session: Session) -> tuple[Callable[[], object], np.ndarray]:
    """Our stage on a session, and the crop that it makes of insightface's crop."""
    swapper = ModelSwapper(session, "inswapper", emap=read_emap(path, load_graph).matrix)
    view = View(np.zeros((8, 8, 3), np.uint8), _points())
    identity = _identity()
    prepared = swapper.prepare(Source("x", (view,), identity / np.linalg.norm(identity)))
    style, colour = MaskStyle("box", 0.3), ColourStyle(match=False)
    stage = SwapStage(swapper, HostCompositor(), style, colour, LookSmoother(0))
    frame = _frame()
    job = Job(frame.faces[0], prepared)
    swapped = _crop(swapper, prepared)
    return lambda: stage.run(frame.evolve(), [job], 1.0, "swap"), swapped


def _print(told: dict[str, tuple[str, str]], times: dict[str, tuple[float, float]]) -> None:
    table = Table(title="swap stage, one face, 1080p")
    for head in ("what", "ran on", "wall ms", "CPU ms", "wall ratio", "CPU ratio", "crop PSNR"):
        table.add_column(head, justify="left" if head in ("what", "ran on") else "right")
    wall, cpu = times["insightface"]
    for name, (ran, found) in told.items():
        if name not in times:
            table.add_row(name, ran, "", "", "", "", found)
            continue
        mine = times[name]
        ratios = f"{wall / mine[0]:.2f}×", f"{cpu / mine[1]:.2f}×"
        table.add_row(name, ran, f"{mine[0]:.0f}", f"{mine[1]:.0f}", *ratios, found)
    console.print(table)
    console.print("Fastest of all turns; contestants take turns. CPU: seconds of all threads.")


def turns(works: dict[str, Callable[[], object]], runs: int) -> dict[str, tuple[float, float]]:
    """Least wall and CPU milliseconds of each; the least is what other load disturbs least."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for turn in range(runs + 1):
        for name, work in works.items():
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            taken = (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3
            if turn:  # the first warms up
                found[name].append(taken)
    return {
        name: (min(wall for wall, _ in taken), min(cpu for _, cpu in taken))
        for name, taken in found.items()
    }


def _words(facts: RuntimeFacts) -> str:
    version = facts.version.split("-")[0]
    return f"{facts.runtime} {version} {facts.provider} {facts.precision}"


def _crop(swapper: ModelSwapper, prepared: np.ndarray) -> np.ndarray:
    """What the network makes of the very crop that insightface cuts from the RGB picture."""
    matrix = similarity(_points(), template("arcface_128").at(128))
    crop = warp(np.ascontiguousarray(_image()[..., ::-1]), matrix, (128, 128), border="black")
    made_crops = swapper.swap(crop[None].astype(np.float32) / 255, None, [prepared], [None])
    return made_crops.crops[0] * 255


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """In dB, for values in 0–255."""
    return float(10 * np.log10(255.0**2 / np.mean((a.astype(float) - b.astype(float)) ** 2)))


def _peer_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """As insightface opens it, with as many threads as ours."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # it warns of the unused emap
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _identity() -> np.ndarray:
    return np.random.default_rng(3).normal(0, 1, 512).astype(np.float32)


def _points() -> np.ndarray:
    plain = (template("arcface_112").at(112) - 56) * (EYES / 35.24)
    return (plain + np.array([WIDTH / 2, HEIGHT / 2])).astype(np.float32)


def _image() -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    return cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def _frame() -> Frame:
    format = PictureFormat("yuv420p", WIDTH, HEIGHT)
    planes = tuple(
        np.random.default_rng(1).integers(16, 236, shape, np.uint8) for shape in format.plane_shapes
    )
    points = _points()
    box = np.concatenate([points.min(axis=0) - EYES, points.max(axis=0) + EYES])
    face = Face(box.astype(np.float32), points=points, track=1)
    return Frame(Picture(format, planes), 0, Fraction(1, 25), faces=(face,))


if __name__ == "__main__":
    typer.run(main)
