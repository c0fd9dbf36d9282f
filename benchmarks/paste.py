"""Laying a swapped face back: the region only, against insightface's whole picture, at 1080p.

    python benchmarks/paste.py [--threads N]

insightface's part is its own `INSwapper.get(..., paste_back=True)` less `paste_back=False`, with a
network that does nothing, so only alignment and paste remain. Ours lays the same crop back with
insightface's own mask, and with the outline of the face, into RGB; and, last, into a YUV 4:2:0
picture as a patch, conversions both ways included, which insightface's callers pay on top.
"""

from __future__ import annotations

import warnings
from fractions import Fraction

import cv2
import numpy as np
import typer
from insightface.app.common import Face as PeerFace
from insightface.model_zoo.inswapper import INSwapper
from rich.table import Table

from benchmarks.common import alternate, console, machine
from vplugin.frame import Frame
from vplugin.picture import Picture, PictureFormat
from vplugin.vision.align import apply, similarity, template
from vplugin.vision.blend import HostCompositor, take, working_format
from vplugin.vision.mask import face_outline, insightface_mask, polygon_mask

FACES = {150: "ordinary", 400: "large", 800: "huge"}


class Nothing:
    """Stands in for a network: gives a crop back, a little brighter."""

    def run(self, _names: object, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [np.clip(feeds["target"] * 0.8 + 0.1, 0, 1)]


def peer() -> INSwapper:
    """insightface's own code around :class:`Nothing`."""
    swapper = INSwapper.__new__(INSwapper)
    swapper.session, swapper.emap = Nothing(), np.eye(512, dtype=np.float32)
    swapper.input_names, swapper.output_names = ["target", "source"], ["output"]
    swapper.input_size, swapper.input_std, swapper.input_mean = (128, 128), 255.0, 0.0
    return swapper


def main(threads: int = 1, runs: int = 15) -> None:
    """Print a table for three sizes of face."""
    warnings.simplefilter("ignore")  # insightface calls what skimage deprecates
    cv2.setNumThreads(threads)
    table = Table(title=f"paste-back at 1080p, {threads} thread(s), ms · {machine()}")
    for head in (
        "face, px",
        "insightface\nwhole picture",
        "ours, its mask\nRGB region",
        "ours, outline\nRGB region",
        "ours, outline\nread + paste YUV",
        "ratio,\nits mask",
        "ratio,\noutline",
        "ratio,\nYUV",
    ):
        table.add_column(head, justify="right")
    for face, name in FACES.items():
        times = _times(face, runs)
        theirs = times["get"] - times["crop"]
        ours = [times[key] for key in ("same mask", "outline", "yuv")]
        table.add_row(
            f"{face} ({name})",
            f"{theirs:.2f}",
            *(f"{one:.2f}" for one in ours),
            *(f"{theirs / one:.0f}×" for one in ours),
        )
    console.print(table)
    console.print(f"OpenCV {cv2.__version__}; medians of {runs}, taking turns")


def _times(face: int, runs: int) -> dict[str, float]:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (1080, 1920, 3), np.uint8), (0, 0), 2)
    # Detectors' boxes are about 2.5 times as high as the eyes are apart, 35.2 in the template.
    points = (template("arcface_112").at(112) - 56) * (face / 88) + [960, 540]
    points = points.astype(np.float32)
    target, source = PeerFace(kps=points), PeerFace(embedding=rng.normal(0, 1, 512))
    swapper, host = peer(), HostCompositor()
    matrix = similarity(points, template("arcface_128").at(128))
    frame = _frame()
    region = take(frame, matrix, 128)
    assert region is not None
    faces = np.clip(host.crops([region]) * 0.8 + 0.1, 0, 1)
    inner = apply(matrix, points)

    def same_mask() -> None:
        host.paste([region], faces, [insightface_mask(matrix, 128, region.rect)])

    def outline() -> None:
        host.paste([region], faces, [polygon_mask(face_outline(inner), 128, 12.0)])

    def yuv() -> None:
        copy = frame.evolve()
        part = take(copy, matrix, 128)
        mask = polygon_mask(face_outline(inner), 128, 12.0)
        for edit in host.paste([part], faces, [mask]):
            copy.paste(edit.rect, edit.rgb, edit.changed, node="swap", format=working_format(copy))

    return alternate(
        {
            "get": lambda: swapper.get(image, target, source, paste_back=True),
            "crop": lambda: swapper.get(image, target, source, paste_back=False),
            "same mask": same_mask,
            "outline": outline,
            "yuv": yuv,
        },
        runs=runs,
    )


def _frame() -> Frame:
    rng = np.random.default_rng(1)
    format = PictureFormat("yuv420p", 1920, 1080)
    planes = tuple(rng.integers(16, 236, shape, np.uint8) for shape in format.plane_shapes)
    return Frame(Picture(format, planes), 0, Fraction(1, 25))


if __name__ == "__main__":
    typer.run(main)
