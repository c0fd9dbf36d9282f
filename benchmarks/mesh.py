"""The swap without swap weights against the exact truth, and against the usual weightless swap.

    python -m benchmarks.mesh [--pairs 12] [--size 448] [--strip strip.png]

Pairs of rendered people: one source seen thrice, one target in another pose, light and expression,
and the very picture that a perfect swap would give (`vplugin.synth.swap_truth`). The peer is what
tutorials do: landmarks joined by Delaunay triangles, warped (scikit-image), `cv2.seamlessClone`.
PSNR inside the face; detail (what a blur of 0.16 eye distances takes away) correlated with the
truth and with the target: **copying the target wins PSNR**, so its row comes first, and a swap is
good where detail follows the truth and not the target. All get exact landmarks; `mesh, own eyes`
sees by the house models, where they are. Time: without those models.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.table import Table
from skimage.transform import PiecewiseAffineTransform
from skimage.transform import warp as peer_warp

from benchmarks.common import alternate, console, machine
from vplugin.colour import paste_rgb
from vplugin.errors import ModelError
from vplugin.frame import Face, Frame
from vplugin.models.runtime import open_session
from vplugin.models.store import resolve
from vplugin.picture import Picture, PictureFormat
from vplugin.synth.draw import Draw
from vplugin.synth.expression import Expression
from vplugin.synth.light import Light
from vplugin.synth.parts import Segment
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.render import render
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Camera, Scene, Subject
from vplugin.synth.swap import swap_truth
from vplugin.vision.align import apply, compose, similarity, warp
from vplugin.vision.blend import HostCompositor
from vplugin.vision.copy_face import CopySwapper
from vplugin.vision.cutout import MaskStyle
from vplugin.vision.landmarks import Landmarker
from vplugin.vision.match import LookSmoother
from vplugin.vision.mesh import MeshSwapper
from vplugin.vision.mesh_view import NetSight, Seen, Sight
from vplugin.vision.parse import Parser
from vplugin.vision.source import Source, View
from vplugin.vision.stage import ColourStyle, Job, SwapStage
from vplugin.vision.swap import Swapper

FACE = (
    Segment.SKIN, Segment.LEFT_BROW, Segment.RIGHT_BROW, Segment.LEFT_EYE, Segment.RIGHT_EYE,
    Segment.NOSE, Segment.INNER_MOUTH, Segment.UPPER_LIP, Segment.LOWER_LIP, Segment.BEARD,
)  # fmt: skip
YAWS = (0, 35, -35, 20, -20, 10, -12, 28, -28, 5, 40, -8)
Rgb = np.ndarray


class Exact(Sight):
    """Sees what was rendered."""

    def __init__(self, pictures: Iterable[Rendering]) -> None:
        self._known = [
            (five(p), p.faces[0].landmarks106 - 0.5, np.isin(p.segments, FACE).astype(np.float32))
            for p in pictures
        ]

    def look(self, crops: np.ndarray, points: np.ndarray) -> list[Seen]:
        """The rendered face that has these five points."""
        return [self._one(len(crop), places) for crop, places in zip(crops, points, strict=True)]

    def _one(self, size: int, places: np.ndarray) -> Seen:
        def miss(own: np.ndarray) -> float:
            return float(np.abs(apply(similarity(own, places), own) - places).max())

        own, marks, face = min(self._known, key=lambda known: miss(known[0]))
        matrix = similarity(own, places)
        half = compose(np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]]), matrix)
        cut = warp(face, half, (size // 2, size // 2), border="black")
        return Seen(apply(matrix, marks), np.asarray(cut, np.float32))


def five(picture: Rendering) -> np.ndarray:
    """Five points by pixel centres."""
    return (picture.faces[0].points - 0.5).astype(np.float32)


def pair(number: int, size: int) -> tuple[list[Rendering], Rendering, Rendering]:
    """Three pictures of a source, a target, and the target with the source's identity."""
    draw = Draw(number, "benchmark of mesh")

    def scene(person: Person, key: str, yaw: float) -> Scene:
        light = Light.from_draw(draw.of(f"light {key}"))
        mood = Expression.drawn(draw.of(f"mood {key}"))
        place = (0.0, 30.0, 1350.0)
        subject = Subject(person, mood, Pose(yaw=yaw, pitch=draw.of(key).normal(0, 6)), place)
        return Scene((subject,), Camera(field_of_view=14), light, seed=number)

    source, target = Person.from_seed(50_000 + number), Person.from_seed(60_000 + number)
    views = [render(scene(source, f"source {yaw}", yaw), size) for yaw in (0, -28, 28)]
    aim = scene(target, "target", YAWS[number % len(YAWS)])
    return views, render(aim, size), swap_truth(source, aim, size)


def framed(picture: Rendering) -> Frame:
    """A rendering as a frame with its face."""
    height, width = picture.rgb.shape[:2]
    shape = PictureFormat("rgb24", width, height)
    everywhere = np.ones((height, width), bool)
    planes = paste_rgb(Picture.blank(shape).planes, shape, picture.rgb, everywhere)
    face = Face(picture.faces[0].box.astype(np.float32), points=five(picture))
    return Frame(Picture(shape, planes), 0, Fraction(1, 25), faces=(face,))


def ready(swapper: Swapper, views: list[Rendering], target: Rendering) -> Callable[[], Rgb]:
    """A call that swaps the target's face."""
    source = Source("source", tuple(View(view.rgb, five(view)) for view in views))
    prepared, frame = swapper.prepare(source), framed(target)
    mask = MaskStyle("swapper" if swapper.name == "mesh" else "face")
    stage = SwapStage(swapper, HostCompositor(), mask, ColourStyle(), LookSmoother(0))

    def swap() -> Rgb:
        fresh = frame.evolve()
        stage.run(fresh, [Job(fresh.faces[0], prepared)], 1.0, "benchmark")
        return fresh.read((0, 0, frame.format.width, frame.format.height))

    return swap


def tutorial(source: Rendering, target: Rendering) -> Callable[[], Rgb]:
    """Delaunay triangles between the landmarks, warped, and seamlessClone."""
    own, goal = source.faces[0].landmarks106 - 0.5, target.faces[0].landmarks106 - 0.5
    # Middles of openings coincide with pupils; one of each pair is enough.
    used = [k for k in range(106) if k not in (34, 88)]

    def swap() -> Rgb:
        bend = PiecewiseAffineTransform()
        bend.estimate(goal[used], own[used])
        warped = peer_warp(source.rgb, bend, output_shape=target.rgb.shape[:2])
        hull = cv2.convexHull(np.rint(goal).astype(np.int32))
        mask = cv2.fillConvexPoly(np.zeros(target.rgb.shape[:2], np.uint8), hull, 255)
        mask[[0, -1]] = mask[:, [0, -1]] = 0
        x, y, width, height = cv2.boundingRect(mask)
        face = np.rint(warped * 255).astype(np.uint8)
        middle = (x + width // 2, y + height // 2)
        return np.asarray(cv2.seamlessClone(face, target.rgb, mask, middle, cv2.NORMAL_CLONE))

    return swap


def house() -> Sight | None:
    """The house models' eyes, where they are installed."""
    try:
        marker = Landmarker(open_session(resolve("house/landmarks").path))
        return NetSight(marker, Parser(open_session(resolve("house/parser").path)))
    except ModelError as error:
        console.print(f"Without `mesh, own eyes`: {error}")
        return None


def measured(result: Rgb, target: Rendering, truth: Rendering) -> tuple[float, float, float]:
    """PSNR in the face, and detail's correlation with the truth and with the target."""
    inside = np.isin(target.segments, FACE) & np.isin(truth.segments, FACE)
    sigma = 0.16 * float(np.hypot(*(five(target)[1] - five(target)[0])))
    error = (result.astype(float) - truth.rgb)[inside]
    details = [_detail(image, sigma)[inside] for image in (result, truth.rgb, target.rgb)]
    follows = (float(np.corrcoef(details[0], other)[0, 1]) for other in details[1:])
    return 10 * float(np.log10(255**2 / max(np.mean(error**2), 1e-9))), *follows


def _detail(image: Rgb, sigma: float) -> np.ndarray:
    grey = image.astype(np.float32) @ np.array([0.3, 0.59, 0.11], np.float32)
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), sigma))


def crop_of(image: Rgb, picture: Rendering, side: int = 240) -> Rgb:
    """The face, for the strip."""
    x0, y0, x1, y1 = picture.faces[0].box
    half = 0.75 * max(x1 - x0, y1 - y0)
    scale = side / (2 * half)
    shift = [side / 2 - scale * (a + b) / 2 for a, b in ((x0, x1), (y0, y1))]
    return np.asarray(
        warp(image, np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), (side,) * 2)
    )


def main(
    pairs: Annotated[int, typer.Option(help="How many pairs.")] = 12,
    size: Annotated[int, typer.Option(help="Pixels of a picture.")] = 448,
    strip: Annotated[Path | None, typer.Option(help="Write source, rows and truth as PNG.")] = None,
) -> None:
    """Print a row for each way, and the time of a face."""
    warnings.simplefilter("ignore")
    console.print(machine())
    eyes, rows, pictures = house(), {}, []
    for number in range(pairs):
        views, target, truth = pair(number, size)
        sight = Exact([*views, target])
        works = {
            "target unchanged": lambda target=target: target.rgb,
            "tutorial (skimage, seamlessClone)": tutorial(views[0], target),
            "copy": ready(CopySwapper(), views, target),
            "mesh, one picture": ready(MeshSwapper(sight), views[:1], target),
            "mesh": ready(MeshSwapper(sight), views, target),
        }
        if eyes is not None:
            works["mesh, own eyes"] = ready(MeshSwapper(eyes), views, target)
        works["truth"] = lambda truth=truth: truth.rgb
        made = {name: work() for name, work in works.items()}
        for name, result in made.items():
            rows.setdefault(name, []).append(measured(result, target, truth))
        shown = [crop_of(views[0].rgb, views[0]), *(crop_of(m, target) for m in made.values())]
        pictures.append(np.hstack(shown))
    table = Table("way", "PSNR", "detail with truth", "with target", title=f"{pairs} pairs")
    for name, found in rows.items():
        table.add_row(name, *(f"{value:.2f}" for value in np.mean(found, axis=0)))
    console.print(table)
    _time(works, target)
    if strip is not None:
        cv2.imwrite(str(strip), np.vstack(pictures)[..., ::-1])


def _time(works: dict[str, Callable[[], Rgb]], target: Rendering) -> None:
    """Milliseconds of the last pair, by ways that see alike."""
    names = ("tutorial (skimage, seamlessClone)", "copy", "mesh")
    times = alternate({name: works[name] for name in names}, runs=9, warm=2)
    high = float(target.faces[0].box[3] - target.faces[0].box[1])
    peer = times[names[0]]
    for name in names:
        console.print(
            f"{name}: {times[name]:.1f} ms for a face {high:.0f} px high "
            f"({peer / times[name]:.0f}× the tutorial's speed)"
        )


if __name__ == "__main__":
    typer.run(main)
