"""Several staged scenes on a device, as few long tensors: what the per-sample work starts from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vplugin.synth.assembly import SUBJECT, Mesh
from vplugin.synth.body import Hairs
from vplugin.synth.device.given import Given
from vplugin.synth.parts import Floats
from vplugin.synth.raster import Singles
from vplugin.synth.shadow import light_axes
from vplugin.synth.staging import Casting, Region, Stage, axes, paints

_Arrays = Sequence[npt.NDArray[Any]]


class Ready(NamedTuple):
    """A scene of which only the samples are missing; something of it is in the picture.

    Attributes:
        stage: Everybody in place.
        region: The pixels that may be covered.
        solid: All that cannot be seen through.
        glass: All that can.
        casting: What throws shadows.
        lights: (L, 8), see :func:`light.light_rows`.
        sky: (3, 3), likewise.
        backdrop: (H, W, 3) float32, linear.
    """

    stage: Stage
    region: Region
    solid: Mesh
    glass: Mesh
    casting: Casting
    lights: Floats
    sky: Floats
    backdrop: Singles


class Meshes(NamedTuple):
    """Triangles of several pictures.

    Attributes:
        vertices: (V, 3) float64 mm, the scene's space.
        normals: (V, 3) float32.
        texture: (V, 3) float32.
        home: (V,) int64 picture.
        triangles: (T, 3) int64.
        part: (T,) int64 row of the four below.
        labels: (T,) int64.
        rows: Numbers of parts, see `assembly.py`; (N, 9).
        whole: The same, int64.
        owner: (N,) int64 row in the tables of skins and eyes; 0 of what is nobody's.
        axes: (N, 9) float32, how rigid parts are turned.
    """

    vertices: Tensor
    normals: Tensor
    texture: Tensor
    home: Tensor
    triangles: Tensor
    part: Tensor
    labels: Tensor
    rows: Tensor
    whole: Tensor
    owner: Tensor
    axes: Tensor


class Strands(NamedTuple):
    """Hairs of several pictures, of each picture one kind.

    Attributes:
        points: (P, 3) float32 mm.
        hair: (P,) int64, whose point it is.
        picture: (S,) int64.
        number: (S,) int64 among those of its kind.
        first: (S,) int64, of its points.
        length: (S,) int64, of its points.
        radii: (S,) float32 mm.
        colours: (S, 3) float32.
        tips: (S, 3) float32.
        look: (S, 5) float32 label, gloss, opacity, subject + 1, seed.
    """

    points: Tensor
    hair: Tensor
    picture: Tensor
    number: Tensor
    first: Tensor
    length: Tensor
    radii: Tensor
    colours: Tensor
    tips: Tensor
    look: Tensor


class Casters(NamedTuple):
    """What throws shadows besides solids, and the key lights.

    Attributes:
        points: (P, 3) float32 mm, of hairs.
        links: (P,) float32, see :class:`vplugin.synth.body.Hairs`.
        home: (P,) int64 picture.
        axes: (B, 9) float64, see :func:`vplugin.synth.shadow.light_axes`.
        angle: (B,) float64, tangent of half the light's angle.
        sizes: (B,) int64 texels along a side.
        largest: Of the sizes.
    """

    points: Tensor
    links: Tensor
    home: Tensor
    axes: Tensor
    angle: Tensor
    sizes: Tensor
    largest: int


class Batch(NamedTuple):
    """What is drawn together; all pictures have one size.

    Attributes:
        shape: Pictures, height and width in samples, two to a pixel each way.
        cameras: (B, 3) float64 focal length and principal point in samples.
        corners: (B, 2) int64 column and row of each region's first pixel: patterns start there.
        small: (B,) bool, whether less is drawn.
        lights: (B, L, 8) float32.
        sky: (B, 3, 3) float32.
        solids: All that cannot be seen through.
        glass: All that can.
        skins: Paints of skin, (S, K) of all subjects; the rows of its places are none.
        eyes: Of eyes, likewise.
        strands: Farthest kind of each picture first.
        casters: Of shadows.
        backdrops: (B, H, W, 3) float32, linear.
    """

    shape: tuple[int, int, int]
    cameras: Tensor
    corners: Tensor
    small: Tensor
    lights: Tensor
    sky: Tensor
    solids: Meshes
    glass: Meshes
    skins: Given
    eyes: Given
    strands: tuple[Strands, ...]
    casters: Casters
    backdrops: Tensor

    def eye_line(self, picture: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Where samples at (x, y) of pictures are, at distance 1."""
        camera = self.cameras.float()[picture]
        u = (x + 0.5 - camera[:, 1]) / camera[:, 0]
        return u, (y + 0.5 - camera[:, 2]) / camera[:, 0]


def turned(axes: Tensor, points: Tensor) -> Tensor:
    """(N, 3) points in other axes, each in its own: rows of (N, 9).

    Not by a matrix product, which a GPU may be told to do with fewer bits.
    """
    return (axes.view(-1, 3, 3) * points[:, None]).sum(dim=-1)


def batched(ready: Sequence[Ready], width: int, height: int, device: torch.device) -> Batch:
    """Brings scenes to a device.

    Args:
        ready: One or more.
        width: Of the pictures, pixels.
        height: Of the pictures, pixels.
        device: Where to.
    """

    def send(array: npt.ArrayLike, kind: torch.dtype) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device).to(kind)

    cameras = [(one.stage.camera[0], float(width), float(height)) for one in ready]
    bodies = [body for one in ready for body in one.stage.bodies]
    skins, eyes = (_given(send(table, torch.float64)) for table in paints(bodies))
    return Batch(
        (len(ready), 2 * height, 2 * width),
        send(cameras, torch.float64),
        send([(one.region.left, one.region.top) for one in ready], torch.int64),
        send([one.stage.small for one in ready], torch.bool),
        send(np.stack([one.lights for one in ready]), torch.float32),
        send(np.stack([one.sky for one in ready]), torch.float32),
        _meshes([one.solid for one in ready], ready, send),
        _meshes([one.glass for one in ready], ready, send),
        skins,
        eyes,
        _strands(ready, send),
        _casters(ready, send),
        send(np.stack([one.backdrop for one in ready]), torch.float32),
    )


def _given(table: Tensor) -> Given:
    """For no place yet."""
    return Given(table.float(), table.long(), table.new_zeros(0, dtype=torch.int64))


_Send = Callable[[npt.ArrayLike, torch.dtype], Tensor]


def _meshes(meshes: Sequence[Mesh], ready: Sequence[Ready], send: _Send) -> Meshes:
    vertices = _firsts([mesh.vertices for mesh in meshes])
    parts = _firsts([mesh.rows for mesh in meshes])
    subjects = _firsts([one.stage.bodies for one in ready])
    rows = np.concatenate([mesh.rows for mesh in meshes])
    base = np.repeat(subjects, [len(mesh.rows) for mesh in meshes])
    owner = np.maximum(base + rows[:, SUBJECT].astype(np.int64) - 1, 0)

    def joined(arrays: _Arrays, kind: torch.dtype) -> Tensor:
        return send(np.concatenate(arrays), kind)

    counts = [len(mesh.vertices) for mesh in meshes]
    return Meshes(
        joined([mesh.vertices for mesh in meshes], torch.float64),
        joined([mesh.normals for mesh in meshes], torch.float32),
        joined([mesh.texture for mesh in meshes], torch.float32),
        send(np.repeat(np.arange(len(meshes)), counts), torch.int64),
        joined([m.triangles + n for m, n in zip(meshes, vertices, strict=True)], torch.int64),
        joined([m.part + n for m, n in zip(meshes, parts, strict=True)], torch.int64),
        joined([mesh.labels for mesh in meshes], torch.int64),
        send(rows, torch.float32),
        send(rows, torch.int64),
        send(owner, torch.int64),
        joined([axes(mesh) for mesh in meshes], torch.float32),
    )


def _firsts(things: Sequence[Any]) -> list[int]:
    """Where each one's begin when they are laid one after the other."""
    ends = np.cumsum([len(one) for one in things])
    return [0, *(int(end) for end in ends[:-1])]


def _strands(ready: Sequence[Ready], send: _Send) -> tuple[Strands, ...]:
    ordered = [sorted(one.stage.hairs, key=lambda hairs: -hairs.distance) for one in ready]
    return tuple(
        _kind([(n, kinds[rank]) for n, kinds in enumerate(ordered) if rank < len(kinds)], send)
        for rank in range(max(len(kinds) for kinds in ordered))
    )


def _kind(hairs: Sequence[tuple[int, Hairs]], send: _Send) -> Strands:
    items = [item for _, item in hairs]
    sizes = [len(item.radii) for item in items]
    points = _firsts([item.points for item in items])
    counts = np.concatenate([np.diff(item.starts) for item in items])
    looks = np.stack([item.look[:5] for item in items])
    starts = [item.starts[:-1] + n for item, n in zip(items, points, strict=True)]
    return Strands(
        send(np.concatenate([item.points for item in items]), torch.float32),
        send(np.repeat(np.arange(len(counts)), counts), torch.int64),
        send(np.repeat([picture for picture, _ in hairs], sizes), torch.int64),
        send(np.concatenate([np.arange(size) for size in sizes]), torch.int64),
        send(np.concatenate(starts), torch.int64),
        send(counts, torch.int64),
        send(np.concatenate([item.radii for item in items]), torch.float32),
        send(np.concatenate([item.colours for item in items]), torch.float32),
        send(np.concatenate([item.tips for item in items]), torch.float32),
        send(np.repeat(looks, sizes, axis=0), torch.float32),
    )


def _casters(ready: Sequence[Ready], send: _Send) -> Casters:
    casting = [one.casting for one in ready]
    counts = [len(one.strands) for one in casting]
    return Casters(
        send(np.concatenate([one.strands for one in casting]), torch.float32),
        send(np.concatenate([one.links for one in casting]), torch.float32),
        send(np.repeat(np.arange(len(casting)), counts), torch.int64),
        send(np.stack([light_axes(one.direction) for one in casting]), torch.float64),
        send([one.half_angle for one in casting], torch.float64),
        send([one.size for one in casting], torch.int64),
        max(one.size for one in casting),
    )
