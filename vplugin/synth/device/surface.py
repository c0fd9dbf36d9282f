"""From the number of a triangle to what the surface is there, as `vplugin.synth.surface`.

Samples that show something are a list, whatever picture they are in: the paints go over it once.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vplugin.synth.assembly import BLUE, GREEN, MATERIAL, RED, SEED, SUBJECT
from vplugin.synth.device.batch import Batch, Meshes, turned
from vplugin.synth.device.eye_paint import paint_eye
from vplugin.synth.device.fabric import paint_cloth
from vplugin.synth.device.given import Given
from vplugin.synth.device.mouth_paint import paint_mouth
from vplugin.synth.device.noise import fractal, length, smoothstep
from vplugin.synth.device.raster import Seen
from vplugin.synth.device.skin import paint
from vplugin.synth.device.skin_map import skin_label
from vplugin.synth.parts import Material, Segment
from vplugin.synth.raster import NEAR
from vplugin.synth.surface import _CORNEA, _IRIS, HEIGHT


class Surface(NamedTuple):
    """The samples that show something solid, N of all pictures.

    Attributes:
        at: (N,) int64 place among all samples.
        picture: (N,) int64.
        y: (N,) int64 row of the sample.
        x: (N,) int64 column.
        z: (N,) float32 mm.
        kind: (N,) int64 material.
        label: (N,) int64 segment.
        subject: (N,) int64.
        paint: (N, 8) float32 albedo, gloss, roughness, height, thin, wet.
        normal: (N, 3) float32.
        slot: (all samples + 1,) int64 place in this list, -1 where nothing; the last is -1.
    """

    at: Tensor
    picture: Tensor
    y: Tensor
    x: Tensor
    z: Tensor
    kind: Tensor
    label: Tensor
    subject: Tensor
    paint: Tensor
    normal: Tensor
    slot: Tensor


class Corners(NamedTuple):
    """Of the triangle seen in each sample: its vertices and their weights, true to perspective."""

    vertices: Tensor
    weights: Tensor
    side: Tensor

    def mean(self, values: Tensor) -> Tensor:
        """(N, C) of values (V, C) of vertices."""
        found: Tensor = (values[self.vertices] * self.weights[..., None]).sum(dim=1)
        return found


def projected(meshes: Meshes, cameras: Tensor) -> Tensor:
    """(V, 3) float64 place in the picture in samples, and 1 / z; 0 of what is not before it."""
    camera, z = cameras[meshes.home], meshes.vertices[:, 2:]
    shown = z > NEAR
    over = torch.where(shown, 1.0 / torch.where(shown, z, 1.0), 0.0)
    place = camera[:, 1:] + camera[:, :1] * meshes.vertices[:, :2] * over
    return torch.cat([torch.where(shown, place, 0.0), over], dim=1)


def split(at: Tensor, shape: tuple[int, int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Picture, row and column of places among all samples or pixels."""
    row = torch.div(at, shape[2], rounding_mode="floor")
    return torch.div(row, shape[1], rounding_mode="floor"), row % shape[1], at % shape[2]


def corners(x: Tensor, y: Tensor, places: Tensor, vertices: Tensor) -> Corners:
    """Of samples at (x, y), given the three vertices (N, 3) of what is seen there."""
    u, v, w = (places[vertices[:, n]] for n in range(3))
    a, b = v - u, w - u
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    dx, dy = x + 0.5 - u[:, 0], y + 0.5 - u[:, 1]
    second = (dx * b[:, 1] - dy * b[:, 0]) / area
    third = (a[:, 0] * dy - a[:, 1] * dx) / area
    near = torch.stack([u[:, 2], v[:, 2], w[:, 2]], dim=1)
    flat = torch.stack([1.0 - second - third, second, third], dim=1) * near
    weights = flat / flat.sum(dim=1, keepdim=True)
    return Corners(vertices, weights.float(), torch.where(area > 0.0, -1.0, 1.0).float())


def towards(normal: Tensor, u: Tensor, v: Tensor, side: Tensor) -> Tensor:
    """(N, 3) of unit length, turned to the side that the camera (at the origin) sees.

    Args:
        normal: (N, 3).
        u: Where the sample is, at distance 1.
        v: The same.
        side: -1 where the triangle's own normal points away from the camera.
    """
    along = torch.stack([u, v, torch.ones_like(u)], dim=1)
    view = length(along)
    unit = side[:, None] * normal / (length(normal) + 1e-12)
    facing = -(unit * along).sum(dim=1, keepdim=True) / view
    # Smooth normals look over the edge of a silhouette; a visible sample cannot.
    lifted = unit - (0.03 - facing).clamp(0.0, 1.0) / view * along
    return lifted / (length(lifted) + 1e-12)


def describe(batch: Batch, places: Tensor, seen: Seen) -> Surface:
    """The surface of each sample that a triangle of ``batch.solids`` is seen in.

    Args:
        batch: Of scenes.
        places: (V, 3) of :func:`projected`.
        seen: Of the rasteriser.
    """
    mesh, triangle = batch.solids, seen.triangle.view(-1)
    at = (triangle >= 0).nonzero().squeeze(1)
    picture, y, x = split(at, batch.shape)
    triangle, z = triangle[at], 1.0 / seen.nearness.view(-1)[at]
    slot = torch.full((seen.triangle.numel() + 1,), -1, device=at.device)
    slot[at] = torch.arange(len(at), device=at.device)
    corner = corners(x, y, places, mesh.triangles[triangle])
    normal, texture = corner.mean(mesh.normals), corner.mean(mesh.texture)
    part = mesh.part[triangle]
    kind, subject = mesh.whole[part, MATERIAL], mesh.whole[part, SUBJECT]
    label = mesh.labels[triangle]
    plain = (kind == int(Material.SKIN)) & (subject > 0) & (label == int(Segment.SKIN))
    label = torch.where(plain, skin_label(*texture.unbind(1)), label)
    eye = (kind == int(Material.EYE)) & (subject > 0)
    source = _sources(batch, slot, at, x, picture, part, label, kind)
    own = (source == torch.arange(len(at), device=at.device)).nonzero().squeeze(1)
    sample = z / batch.cameras.float()[picture, 0]
    painted = torch.zeros((len(at), 8), device=at.device)
    painted[own] = _painted(batch, texture[own], sample[own], part[own])
    normal = torch.where(eye[:, None], _bulged(texture, mesh.axes[part], normal), normal)
    normal = towards(normal, *batch.eye_line(picture, x, y), corner.side)
    return Surface(at, picture, y, x, z, kind, label, subject, painted[source], normal, slot)


def _sources(
    batch: Batch, slot: Tensor, at: Tensor, x: Tensor, picture: Tensor, part: Tensor,
    label: Tensor, kind: Tensor,
) -> Tensor:  # fmt: skip
    """(N,) whose paint a sample takes: in small pictures that of its pixel's left one, if alike."""
    left = slot[at - 1]
    # Negative places are not looked at: the mask has a sample to the left of it.
    same = (x % 2 == 1) & batch.small[picture] & (left >= 0) & (kind != int(Material.EYE))
    same = same & (part[left] == part) & (label[left] == label)
    return torch.where(same, left, torch.arange(len(at), device=at.device))


def _painted(batch: Batch, texture: Tensor, sample: Tensor, part: Tensor) -> Tensor:
    """(N, 8) of all materials."""
    mesh = batch.solids
    kind, mine = mesh.whole[part, MATERIAL], mesh.whole[part, SUBJECT] > 0
    out = torch.empty((len(part), 8), device=part.device)
    skin, eye = kind == int(Material.SKIN), (kind == int(Material.EYE)) & mine
    wet = ((kind == int(Material.TEETH)) | (kind == int(Material.MOUTH))) & mine
    cloth = ~(skin | eye | wet)
    for mask, which in ((skin & mine, 0), (skin & ~mine, 1), (eye, 2), (wet, 3), (cloth, 4)):
        some = mask.nonzero().squeeze(1)
        if len(some) == 0:
            continue
        x, y, z = texture[some].unbind(1)
        rows = part[some]
        own = Given(mesh.rows, mesh.whole, rows)
        skins = batch.skins._replace(row=mesh.owner[rows])
        if which == 0:
            out[some] = paint(x, y, z, sample[some], skins)
        elif which == 1:
            out[some] = _plain_skin(x, y, z, own)
        elif which == 2:
            out[some] = paint_eye(x, y, z, batch.eyes._replace(row=mesh.owner[rows]))
        elif which == 3:
            out[some] = paint_mouth(x, y, z, kind[some] == int(Material.TEETH), skins)
        else:
            out[some] = paint_cloth(x, y, own)
    return out


def _plain_skin(x: Tensor, y: Tensor, z: Tensor, given: Given) -> Tensor:
    """Skin that belongs to no face: hands."""
    seed = given.seed(SEED)
    blotch = fractal(x * 0.08, y * 0.08, z * 0.08, seed, 2)
    fine = fractal(x * 0.9, y * 0.9, z * 0.9, seed + 9, 2)
    shade, one = 1.0 + 0.10 * blotch + 0.05 * fine, torch.ones_like(x)
    red, green = given.at(RED) * shade, given.at(GREEN) * (shade - 0.05 * blotch)
    blue = given.at(BLUE) * (shade - 0.06 * blotch)
    rest = (0.35 * one, 0.5 * one, 0.12 * fine, 0.2 * one, 0.0 * one)
    return torch.stack([red, green, blue, *rest], dim=1)


def _bulged(texture: Tensor, axes: Tensor, normal: Tensor) -> Tensor:
    """The eyeball's normal, turned into that of the cornea where that is."""
    inside = smoothstep(_IRIS + 0.5, _IRIS - 0.6, texture[:, :2].norm(dim=1))
    lifted = texture.clone()
    lifted[:, 2] += _CORNEA * inside
    bulged = turned(axes, lifted)
    # Triangles may turn either way.
    along = (bulged * normal).sum(dim=1, keepdim=True)
    bulged = torch.where(along < 0.0, -bulged, bulged)
    return torch.where(((inside > 0.0) & (texture[:, 2] <= 0.0))[:, None], bulged, normal)


def bend(batch: Batch, surface: Surface) -> Surface:
    """Normals turned by the paint's height (Mikkelsen 2010, from differences in the picture)."""
    s, wide = surface, batch.shape[2]
    inner = (s.x > 0) & (s.y > 0) & (s.x < wide - 1) & (s.y < batch.shape[1] - 1)
    at = torch.where(inner, s.at, wide)
    # Left, right, above and below.
    around = torch.stack([s.slot[at + step] for step in (-1, 1, -wide, wide)])
    bent = inner & (around >= 0).all(dim=0) & (s.kind != int(Material.EYE))
    bent = bent & (s.kind[around] == s.kind).all(dim=0)
    some = bent.nonzero().squeeze(1)
    around = around[:, some]
    height, depth = s.paint[:, HEIGHT][around], s.z[around]
    focal = batch.cameras.float()[s.picture[some], 0]
    limit = 8.0 * depth[0] / focal + 1.0
    flat = ((depth[1] - depth[0]).abs() <= limit) & ((depth[3] - depth[2]).abs() <= limit)
    u, v = batch.eye_line(s.picture[some], s.x[some], s.y[some])
    bent_by = _bent(s.normal[some], u, v, 1.0 / focal, height, depth)
    normal = s.normal.clone()
    normal[some] = torch.where(flat[:, None], bent_by, s.normal[some])
    return s._replace(normal=normal)


def _bent(
    normal: Tensor, u: Tensor, v: Tensor, step: Tensor, height: Tensor, depth: Tensor
) -> Tensor:
    """Given (4, N) of the neighbours to the left, right, above and below."""
    z0, z1, z2, z3 = depth
    a = torch.stack([(u + step) * z1 - (u - step) * z0, v * (z1 - z0), z1 - z0], dim=1)
    b = torch.stack([u * (z3 - z2), (v + step) * z3 - (v - step) * z2, z3 - z2], dim=1)
    r, s = torch.linalg.cross(b, normal), torch.linalg.cross(normal, a)
    det = (a * r).sum(dim=1, keepdim=True)
    across, down = (height[1] - height[0])[:, None], (height[3] - height[2])[:, None]
    slope = (across * r + down * s) / torch.where(det == 0.0, 1.0, det)
    bent = normal - slope / (1.0 + 0.6 * length(slope))
    bent = bent / length(bent)
    return torch.where(det == 0.0, normal, bent)
