"""What the key lights reach, as `vplugin.synth.shadow`: maps of several pictures, and questions."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vplugin.synth.device.batch import Batch, Casters, Meshes, turned
from vplugin.synth.device.noise import table
from vplugin.synth.device.raster import dealt, rasterise
from vplugin.synth.shadow import _DISC, _TURNS

_FAR = 1e9


class Shadows(NamedTuple):
    """The scenes from their key lights; S is the largest map's side.

    Attributes:
        solid: (B, S, S) float32 distance of the first solid along the light's way, mm.
        hair: (B, S, S, 4) float32 distance of the first hair, then how dense it is in three layers.
        frame: (B, 13) float32, see :class:`vplugin.synth.shadow.ShadowMap`.
        sizes: (B,) int64.
    """

    solid: Tensor
    hair: Tensor
    frame: Tensor
    sizes: Tensor

    def texels(self, picture: Tensor, points: Tensor) -> Texels:
        """Where points (N, 3) of pictures (N,) are in the maps."""
        f = self.frame[picture]
        seen = turned(f[:, :9], points)
        u, v = (seen[:, 0] - f[:, 9]) * f[:, 11], (seen[:, 1] - f[:, 10]) * f[:, 11]
        return Texels(picture, u, v, seen[:, 2], f[:, 11], f[:, 12])


class Texels(NamedTuple):
    """Places in the maps.

    Attributes:
        picture: (N,) int64.
        u: (N,) in texels.
        v: (N,) in texels.
        deep: (N,) mm along the light's way.
        scale: (N,) texels in a mm.
        angle: (N,) tangent of half the light's angle.
    """

    picture: Tensor
    u: Tensor
    v: Tensor
    deep: Tensor
    scale: Tensor
    angle: Tensor


def shadow_maps(batch: Batch) -> Shadows:
    """The maps of everything that throws shadows."""
    casters, mesh = batch.casters, batch.solids
    count, size = batch.shape[0], casters.largest
    solid = turned(casters.axes[mesh.home], mesh.vertices)
    casting = (casters.links > 0.0).nonzero().squeeze(1)
    hairs = turned(casters.axes[casters.home[casting]], casters.points[casting].double())
    homes, points = torch.cat([mesh.home, casters.home[casting]]), torch.cat([solid, hairs])
    index = homes[:, None].expand(-1, 3)
    low = points.new_full((count, 3), _FAR).scatter_reduce_(0, index, points, "amin")
    high = points.new_full((count, 3), -_FAR).scatter_reduce_(0, index, points, "amax")
    span = (high - low)[:, :2].amax(dim=1).clamp_min(1.0)
    scale = (casters.sizes - 4) / span
    corner = low[:, :2] - 2.0 / scale[:, None]
    frame = torch.cat([casters.axes, corner, scale[:, None], casters.angle[:, None]], dim=1).float()
    first = _first_solid(mesh, solid, corner, scale, high[:, 2] + 10.0, (count, size, size))
    return Shadows(first, _hair(casters, casting, frame, size), frame, casters.sizes)


def _first_solid(
    mesh: Meshes, seen: Tensor, corner: Tensor, scale: Tensor, far: Tensor,
    shape: tuple[int, int, int],
) -> Tensor:  # fmt: skip
    """(B, S, S) distances; the rasteriser keeps the largest, so it is given what is left to far."""
    flat = (seen[:, :2] - corner[mesh.home]) * scale[mesh.home, None]
    places = torch.cat([flat, (far[mesh.home] - seen[:, 2])[:, None]], dim=1)
    home = mesh.home[mesh.triangles[:, 0]]
    left = rasterise(places, mesh.triangles, home, shape).nearness
    return torch.where(left > 0.0, far.float()[:, None, None] - left, _FAR)


def _hair(casters: Casters, casting: Tensor, frame: Tensor, size: int) -> Tensor:
    """(B, S, S, 4): the first hair of each texel, then what is behind it."""
    home = casters.home[casting]
    start, end = (_flat(casters.points[casting + n], frame[home]) for n in (0, 1))
    way = end - start
    length = way[:, :2].norm(dim=1)
    steps = length.long() + 1
    piece, step = dealt(steps)
    t = ((step + 0.5) / steps[piece])[:, None]
    place = start[piece] + t * way[piece]
    u, v, deep = place[:, 0].long(), place[:, 1].long(), place[:, 2]
    share = (casters.links[casting] * frame[home, 11] * length / steps)[piece]
    inside = (u >= 0) & (v >= 0) & (u < size) & (v < size)
    at = ((home[piece] * size + v) * size + u)[inside]
    deep, share = deep[inside], share[inside]
    texels = frame.shape[0] * size * size
    first = frame.new_full((texels,), _FAR).scatter_reduce_(0, at, deep, "amin")
    behind = deep - first[at]
    layer = torch.where(behind < 3.0, 0, torch.where(behind < 12.0, 1, 2))
    dense = frame.new_zeros(3 * texels).index_add_(0, 3 * at + layer, share)
    hair = torch.cat([first[:, None], dense.view(-1, 3)], dim=1)
    return hair.view(-1, size, size, 4)


def _flat(points: Tensor, frame: Tensor) -> Tensor:
    seen = turned(frame[:, :9], points)
    flat = (seen[:, :2] - frame[:, 9:11]) * frame[:, 11:12]
    return torch.cat([flat, seen[:, 2:]], dim=1)


def _dense(layers: Tensor, deep: Tensor) -> Tensor:
    """How much light comes through the hair of texels (N, 4) down to a depth."""
    d = deep - layers[..., 0] - 0.5
    s = layers[..., 1] * (d * 0.3333).clamp(0.0, 1.0)
    s = s + layers[..., 2] * ((d - 3.0) * 0.1111).clamp(0.0, 1.0)
    s = s + layers[..., 3] * ((d - 12.0) * 0.0333).clamp(0.0, 1.0)
    return torch.where(d > 0.0, 1.0 / (1.0 + s + 0.5 * s * s), 1.0)


def _between(shadows: Shadows, at: Texels, u: Tensor, v: Tensor) -> Tensor:
    """Of hair, at places of the maps in texels."""
    u, v = u - 0.5, v - 0.5
    size = shadows.sizes[at.picture]
    i, j = u.floor(), v.floor()
    inside = (i >= 0) & (j >= 0) & (i <= size - 2) & (j <= size - 2)
    u, v = u - i, v - j
    i, j = (torch.where(inside, k, 0).long() for k in (i, j))
    a, b, c, d = (
        _dense(shadows.hair[at.picture, j + y, i + x], at.deep) for y in (0, 1) for x in (0, 1)
    )
    above, below = a * (1.0 - u) + b * u, c * (1.0 - u) + d * u
    return torch.where(inside, above * (1.0 - v) + below * v, 1.0)


def through(shadows: Shadows, at: Texels) -> Tensor:
    """(N,) the share of the key light that the hair before these places lets through."""
    return _between(shadows, at, at.u, at.v)


def softly_through(shadows: Shadows, at: Texels, turn: Tensor) -> Tensor:
    """As :func:`through`, as soft as the light is wide; ``turn`` as of :func:`softly_lit`."""
    wide = (0.8 + 9.0 * at.angle) * at.scale
    cos, sin = (table(_TURNS, wide)[turn] * wide[:, None]).unbind(1)
    total = torch.zeros_like(wide)
    for du, dv in ((cos, sin), (-cos, -sin), (-sin, cos), (sin, -cos)):
        total = total + _between(shadows, at, at.u + du, at.v + dv)
    return 0.25 * total


def _solid(shadows: Shadows, at: Texels, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Distances of solids at places (N, K) in texels, and whether these are in the map."""
    i, j, size = u.long(), v.long(), shadows.sizes[at.picture][:, None]
    inside = (i >= 0) & (j >= 0) & (i < size) & (j < size)
    i, j = torch.where(inside, i, 0), torch.where(inside, j, 0)
    return shadows.solid[at.picture[:, None], j, i], inside


def lit(shadows: Shadows, at: Texels) -> Tensor:
    """(N,) whether no solid is between these places and the key light, slightly soft."""
    n = torch.arange(4, device=at.u.device)
    u, v = at.u[:, None] + (n & 1) - 0.5, at.v[:, None] + (n >> 1) - 0.5
    solid, inside = _solid(shadows, at, u, v)
    open_ = ((solid - at.deep[:, None] + 3.0) * 0.5).clamp(0.0, 1.0)
    return torch.where(inside, open_, 1.0).mean(dim=1)


def softly_lit(shadows: Shadows, at: Texels, turn: Tensor) -> Tensor:
    """As :func:`lit`, with a penumbra as wide as light and distance make it.

    Args:
        shadows: Of the scenes.
        at: Where; a little before the surface.
        turn: (N,) 0 to 7, another for neighbouring pixels.
    """
    cos, sin = table(_TURNS, at.u)[turn].unbind(1)
    disc = table(_DISC, at.u)
    across = cos[:, None] * disc[:, 0] - sin[:, None] * disc[:, 1]
    down = sin[:, None] * disc[:, 0] + cos[:, None] * disc[:, 1]
    wide, deep = ((2.0 + 45.0 * at.angle) * at.scale)[:, None], at.deep[:, None]
    u, v = at.u[:, None], at.v[:, None]
    solid, inside = _solid(shadows, at, u + across * wide, v + down * wide)
    blocking = inside & (solid < deep - 1.0)
    blockers = blocking.sum(dim=1, keepdim=True)
    distance = torch.where(blocking, deep - solid, 0.0).sum(dim=1, keepdim=True)
    soft = distance / blockers.clamp_min(1) * (at.angle * at.scale)[:, None]
    wide = torch.minimum(soft.clamp_min(1.0), wide)
    slack = 0.7 + 0.35 * wide / at.scale[:, None]
    solid, inside = _solid(shadows, at, u + across * wide, v + down * wide)
    open_ = ((solid - deep) / slack + 1.0).clamp(0.0, 1.0)
    open_ = torch.where(inside, open_, 1.0).mean(dim=1)
    return torch.where(blockers[:, 0] == 0, 1.0, open_)


def thinness(shadows: Shadows, at: Texels) -> Tensor:
    """(N,) 1 where hardly any flesh is between these places and the light."""
    n = torch.arange(4, device=at.u.device)
    u, v = at.u[:, None] + 1.5 * (n & 1) - 0.75, at.v[:, None] + 1.5 * (n >> 1) - 0.75
    solid, inside = _solid(shadows, at, u, v)
    thick = (at.deep[:, None] - solid - 0.5).clamp_min(0.0) * 0.28
    return torch.where(inside, 1.0 / (1.0 + thick * thick * thick), 0.0).mean(dim=1)
