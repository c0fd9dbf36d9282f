"""Region → crop and back on the CPU: OpenCV against kornia. Decides what vision/align.py uses.

python benchmarks/warp.py [--threads N]
"""

from __future__ import annotations

import cv2
import kornia
import numpy as np
import torch
import typer
from rich.table import Table

from benchmarks.common import alternate, console, machine
from vplugin.picture import Rect
from vplugin.vision.align import crop_rect, invert, shifted, similarity, template, warp
from vplugin.vision.device import warp_batch


def main(threads: int = 1, runs: int = 30) -> None:
    """Print a table of both directions for three sizes of face and three batches."""
    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)
    table = Table(title=f"warp on the CPU, {threads} thread(s), ms per face · {machine()}")
    for head in (
        "face, px",
        "crop",
        "faces",
        "way",
        "OpenCV (ours)",
        "kornia",
        "torch",
        "kornia/ours",
    ):
        table.add_column(head, justify="right")
    with torch.inference_mode():
        for face in (150, 400, 800):
            for crop in (128, 256):
                for count in (1, 4):
                    for back in (False, True):
                        _row(table, face, crop, count, back, runs)
    console.print(table)
    console.print(
        f"OpenCV {cv2.__version__} uint8, area pre-shrink included where it applies; "
        f"kornia {kornia.__version__} warp_affine and torch {torch.__version__} grid_sample, "
        "float32 tensors made before the clock starts, no pre-shrink."
    )


def _row(table: Table, face: int, crop: int, count: int, back: bool, runs: int) -> None:
    points = (template("arcface_128").at(128) - 64) * (face / 88) + [960, 540]
    angle = 0.2
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = (points - [960, 540]) @ turn + [960, 540]
    matrix = similarity(points, template("arcface_128").at(crop))
    rect = crop_rect(matrix, crop, Rect(0, 0, 1920, 1080))
    forward = shifted(matrix, rect)
    matrix = invert(forward) if back else forward
    size = (rect.width, rect.height) if back else (crop, crop)
    source = (crop, crop) if back else (rect.height, rect.width)
    images = np.random.default_rng(0).integers(0, 256, (count, *source, 3), np.uint8)
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2).float().contiguous() / 255
    matrices = np.repeat(matrix[None], count, axis=0)
    floats = torch.from_numpy(matrices).float()
    times = alternate(
        {
            "ours": lambda: [warp(image, matrix, size) for image in images],
            "kornia": lambda: kornia.geometry.transform.warp_affine(
                tensor, floats, size[::-1], padding_mode="border"
            ),
            "torch": lambda: warp_batch(tensor, matrices, size),
        },
        runs=runs,
    )
    table.add_row(
        str(face),
        str(crop),
        str(count),
        "back" if back else "cut",
        *(f"{times[name] / count:.3f}" for name in ("ours", "kornia", "torch")),
        f"{times['kornia'] / times['ours']:.1f}×",
    )


if __name__ == "__main__":
    typer.run(main)
