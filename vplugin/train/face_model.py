"""Makes the model of faces that the mesh swap fits: a mean, who faces are, what faces do.

    python -m vplugin.train.face_model [--people N]

Heads of procedural people, brought to one size and place, give the mean and the principal ways in
which people differ; expressions of the mean person give the ways in which a face moves. The same
numbers come out on every machine up to the rounding of a singular value decomposition.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import typer
from scipy.spatial import Delaunay

from vplugin.synth.anatomy import mean_anatomy
from vplugin.synth.deform import deformed
from vplugin.synth.draw import Draw
from vplugin.synth.expression import Expression
from vplugin.synth.head import build_head
from vplugin.synth.landmarks import Places, on_surface, placed
from vplugin.synth.person import Person, shape_amounts

__all__ = ["made"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

FILE = Path(__file__).parents[1] / "vision" / "data" / "face_model.npz"
_WIDER = 1.5  # how much more real people differ than ours
_STEP = 9.5  # mm between the vertices beside the landmarks
_APART = 6.0  # mm, the least distance of those to a landmark
_SOFT = 26.0  # mm from the outline within which the target's shape fades in
_EYES_APART = 63.0  # mm
_REACH = 34.0  # mm a landmark's unexplained offset reaches to where there are no landmarks

_RIGHT = (1, 9, 10, 11, 12, 13, 14, 15, 16, 2, 3, 4, 5, 6, 7, 8, 0)
_LEFT = (17, 25, 26, 27, 28, 29, 30, 31, 32, 18, 19, 20, 21, 22, 23, 24, 0)
_EYES = ((35, 41, 40, 42, 39, 37, 33, 36, 34, 38), (93, 96, 94, 95, 89, 90, 87, 91, 88, 92))
_BROWS = ((43, 48, 49, 51, 50, 46, 47, 45, 44), (101, 105, 104, 103, 102, 97, 98, 99, 100))
_NOSE = ((75, 76, 77, 78, 79), (81, 82, 83, 84, 85))
_LIPS = ((52, 64, 63, 71, 55, 56, 53), (61, 68, 67, 71, 58, 59, 53))
_INSIDE = ((65, 66, 62, 54, 60), (69, 70, 62, 57, 60))
_LIP_RING = (52, 64, 63, 71, 67, 68, 61, 58, 59, 53, 56, 55)
_MOUTH = (65, 66, 62, 70, 69, 57, 60, 54)
# Over the forehead, from the landmark before the right ear to that before the left.
_CROWN = ((67, -18), (62, -38), (50, -56), (33, -67), (16, -72), (0, -73))


def _mirror() -> Indices:
    mirror = np.arange(106)
    for right, left in ((_RIGHT, _LEFT), _EYES, _BROWS, _NOSE, _LIPS, _INSIDE):
        mirror[list(right)], mirror[list(left)] = left, right
    return mirror


def _outline(mean: Floats) -> Floats:
    """The closed outline of the face in its plane: (N, 2), landmarks first, then the crown."""
    crown = np.array([*((-x, y) for x, y in _CROWN), *_CROWN[-2::-1]], np.float64)
    jaw = np.concatenate([mean[list(_RIGHT)], mean[list(_LEFT)][-2::-1]])[:, :2]
    return np.concatenate([crown, jaw[::-1]])


def _depth(points: Floats, polygon: Floats) -> Floats:
    """(N,) mm inside a closed polygon; negative outside."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    along = end - start
    offset = points[:, None] - start
    share = np.clip((offset * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-9), 0.0, 1.0)
    gap = np.linalg.norm(offset - share[..., None] * along, axis=-1).min(axis=1)
    above = (start[:, 1] > points[:, None, 1]) != (end[:, 1] > points[:, None, 1])
    slope = np.where(np.abs(along[:, 1]) > 1e-9, along[:, 1], 1.0)
    cross = start[:, 0] + offset[..., 1] / slope * along[:, 0]
    inside = (above & (points[:, None, 0] < cross)).sum(axis=1) % 2 == 1
    return np.asarray(np.where(inside, gap, -gap))


def _between(mean: Floats, outline: Floats) -> Floats:
    """Places (N, 2) of the vertices beside the landmarks: the crown, then a grid inside."""
    rows = np.arange(-80.0, 120.0, _STEP * 0.866)
    columns = np.arange(-8, 9) * _STEP
    grid = np.array([(x + _STEP / 2 * (k % 2), y) for k, y in enumerate(rows) for x in columns])
    grid[:, 0] -= _STEP / 4
    crown = outline[: 2 * len(_CROWN) - 1]
    away = np.linalg.norm(grid[:, None] - mean[None, :, :2], axis=-1).min(axis=1)
    inside = (_depth(grid, outline) > 0.6 * _STEP) & (away > _APART)
    for opening in (_EYES[0][:8], _EYES[1][:8], _LIP_RING):
        inside &= _depth(grid, mean[list(opening), :2]) < 0
    return np.concatenate([crown, grid[inside]])


def _spread(mean: Floats, places: Floats) -> Floats:
    """(N, 106) how landmarks' offsets move other places: thin-plate splines, fading far away."""
    used = np.array([k for k in range(106) if k not in (34, 38, 88, 92)])
    knots = mean[used, :2]
    size = len(used)
    system = np.zeros((size + 3, size + 3))
    system[:size, :size] = _kernel(knots, knots) + 20.0 * np.eye(size)
    system[:size, size:] = np.column_stack([np.ones(size), knots])
    system[size:, :size] = system[:size, size:].T
    answer = np.linalg.inv(system)[:, :size]
    table = np.column_stack([_kernel(places, knots), np.ones(len(places)), places]) @ answer
    near = np.linalg.norm(places[:, None] - knots[None], axis=-1).min(axis=1)
    spread = np.zeros((len(places), 106))
    spread[:, used] = table * np.exp(-((near / _REACH) ** 2))[:, None]
    return np.asarray(spread)


def _kernel(a: Floats, b: Floats) -> Floats:
    square = ((a[:, None] - b[None]) ** 2).sum(-1)
    return np.asarray(np.where(square > 0, square * np.log(np.maximum(square, 1e-12)), 0.0))


def _aligned(shapes: Floats, model: Floats) -> Floats:
    """Shapes (N, V, 3) turned, scaled and moved onto a model's 106 landmarks."""
    goal = model[:106] - model[:106].mean(axis=0)
    result = []
    for shape in shapes:
        middle = shape[:106].mean(axis=0)
        own = shape[:106] - middle
        u, _, vt = np.linalg.svd(own.T @ goal)
        turn = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
        scale = np.sqrt((goal**2).sum() / (own**2).sum())
        result.append((shape - middle) @ turn * scale + model[:106].mean(axis=0))
    return np.stack(result)


def _principal(moves: Floats, count: int) -> Floats:
    """The ``count`` principal directions of (N, V, 3), each one standard deviation long."""
    flat = moves.reshape(len(moves), -1)
    _, sizes, ways = np.linalg.svd(flat, full_matrices=False)
    scaled = ways[:count] * (sizes[:count, None] / np.sqrt(len(flat)))
    return np.asarray(scaled.reshape(count, *moves.shape[1:]))


def _shape(person: Person, expression: Expression, extra: Places) -> Floats:
    points = deformed(shape_amounts(person), expression, 1.0)
    return np.concatenate([build_head(person, expression).landmarks106, placed(points, extra)])


def _faces(mean: Floats) -> tuple[Indices, npt.NDArray[np.uint8]]:
    """Triangles, all turned one way, and what each belongs to."""
    flat = mean[:, :2].copy()
    flat[[38, 92]] += 0.05  # pupils lie on the middles of the openings
    triangles = Delaunay(flat).simplices.astype(np.int64)
    a, b, c = (flat[triangles[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    triangles[area < 0] = triangles[area < 0][:, ::-1]
    triangles = triangles[np.abs(area) > 1e-3]
    regions = np.zeros(len(triangles), np.uint8)
    lips = np.isin(triangles, (*_LIP_RING, *_MOUTH)).all(axis=1)
    regions[lips] = 4
    for number, members in enumerate((*_EYES, _MOUTH), 1):
        regions[np.isin(triangles, members).all(axis=1)] = number
    return triangles, regions


def made(people: int = 600, identities: int = 24, expressions: int = 14) -> dict[str, Any]:
    """The arrays of :class:`vplugin.vision.mesh_model.FaceModel`."""
    anatomy, rest = mean_anatomy(), Expression()
    somebody = Person()
    landmarks = build_head(somebody, rest).landmarks106
    outline = _outline(landmarks)
    between = _between(landmarks, outline)
    flat = anatomy.grid.vertices.copy()
    flat[:, 2] = np.maximum(0.0, flat[:, 2] - 60.0)  # the foremost surface, and no nape
    wanted = np.column_stack([between, np.zeros(len(between))])
    extra = on_surface(flat, anatomy.grid.triangles, wanted)
    neutral = np.stack([_shape(Person.from_seed(k), rest, extra) for k in range(people)])
    base = _shape(somebody, rest, extra)
    neutral = _aligned(neutral, base)
    mean = neutral.mean(axis=0)
    moods = [Expression.drawn(Draw(k, "face model")) for k in range(people)]
    moves = np.stack([_shape(somebody, mood, extra) - base for mood in moods])
    # With an open mouth and open eyes, so that no triangle between the lips or lids is flat.
    triangles, regions = _faces(_shape(somebody, Expression(jaw=0.35, gap=0.2, lids_up=0.5), extra))
    depth = np.maximum(_depth(base[:, :2], outline), 0.0)
    depth[[*_RIGHT, *_LEFT]] = 0.0
    features = [*_EYES[0], *_EYES[1], *_BROWS[0], *_BROWS[1], *_LIPS[0], *_LIPS[1], *_MOUTH]
    skin, lids = np.ones(len(mean)), np.zeros((len(mean), 2))
    skin[features] = 0.0
    skin[[78, 79, 80, 84, 85]] = 0.4
    lids[list(_EYES[0]), 0] = 1.0
    lids[list(_EYES[1]), 1] = 1.0
    return {
        "mean": mean,
        "identity": _WIDER * _principal(neutral - mean, identities),
        "expression": _principal(moves, expressions),
        "spread": np.concatenate([np.eye(106), _spread(landmarks, base[106:, :2])]),
        "triangles": triangles,
        "regions": regions,
        "inner": _eased(depth / _SOFT),
        "reach": np.minimum(depth / _EYES_APART, 0.5),
        "skin": skin,
        "lids": lids,
        "mirror": _mirror(),
    }


def _eased(t: Floats) -> Floats:
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def main(people: int = 600) -> None:
    """Write the model into the package."""
    arrays = made(people)
    whole = {"triangles": np.int16, "mirror": np.int16, "regions": np.uint8}
    kinds = {name: whole.get(name, np.float32) for name in arrays}
    np.savez_compressed(FILE, **{name: arrays[name].astype(kinds[name]) for name in arrays})
    typer.echo(f"{FILE}: {len(arrays['mean'])} vertices, {len(arrays['triangles'])} triangles")


if __name__ == "__main__":
    typer.run(main)
