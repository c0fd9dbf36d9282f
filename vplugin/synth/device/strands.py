"""Draws strands into samples, as `vplugin.synth.strand_raster`, those of several pictures at once.

There one hair is drawn after the other, nearest first, and a sample takes no more once hardly
anything shines through it. Here the fragments of all hairs are made and put in order of sample and
nearness; what shines through those before each is a running product along that order.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vplugin.synth.device.batch import Batch, Strands
from vplugin.synth.device.noise import hashed, length, mix, smoothstep
from vplugin.synth.device.planes import Planes
from vplugin.synth.device.raster import dealt
from vplugin.synth.device.shadow import Shadows, lit, through
from vplugin.synth.strand_raster import _BINS, _OPAQUE

_NEAR = 20.0


class Pieces(NamedTuple):
    """Straight pieces of hairs that may be seen, nearest first within each picture.

    Attributes:
        hair: (N,) int64.
        point: (N,) int64, the first of the two.
        start: (N, 3) place in samples and distance of the first.
        end: (N, 3) of the second.
        wide: (N, 2) half the width at either end, samples.
    """

    hair: Tensor
    point: Tensor
    start: Tensor
    end: Tensor
    wide: Tensor


class Fragments(NamedTuple):
    """What pieces cover of samples.

    Attributes:
        at: (F,) int64 sample.
        piece: (F,) int64.
        t: (F,) along the piece, 0 to 1.
        z: (F,) mm.
        share: (F,) how much of the sample it covers.
    """

    at: Tensor
    piece: Tensor
    t: Tensor
    z: Tensor
    share: Tensor


def draw_strands(batch: Batch, strands: Strands, shadows: Shadows, planes: Planes) -> None:
    """Draws hairs over what is there; nothing behind the depth that is there is drawn.

    Args:
        batch: Of scenes.
        strands: Of each picture one kind.
        shadows: Of the scenes.
        planes: All samples, changed.
    """
    pieces = _pieces(batch, strands, planes)
    found = _fragments(batch, strands, pieces, planes)
    if len(found.at) == 0:
        return
    # Pieces are in order, so a stable sort by sample keeps them nearest first.
    order = torch.argsort(found.at, stable=True)
    found = Fragments(*(field[order] for field in found))
    sample, count = torch.unique_consecutive(found.at, return_counts=True)
    before = _shining(found.share, count)
    counts = before > _OPAQUE
    group = torch.repeat_interleave(count)
    weight = torch.where(counts, before * found.share, 0.0)
    point = pieces.point[found.piece]
    radiance = _radiance(batch, strands, shadows, point)
    colour = mix(radiance[point], radiance[point + 1], found.t[:, None]) * weight[:, None]
    gathered = colour.new_zeros((len(sample), 3)).index_add_(0, group, colour)
    # Not one less the sum: of the fragments that count, the last leaves the least.
    left = torch.where(counts, before * (1.0 - found.share), 1.0)
    rest = left.new_ones(len(sample)).scatter_reduce_(0, group, left, "amin")
    crossed = (before > 0.7) & (left <= 0.7) & counts
    depth = torch.where(crossed, found.z, torch.inf)
    begun = depth.new_full((len(sample),), torch.inf).scatter_reduce_(0, group, depth, "amin")
    ends = count.cumsum(0) - 1
    _laid(planes, sample, rest, gathered, begun, strands.look[pieces.hair[found.piece[ends]]])


def _laid(
    planes: Planes, at: Tensor, rest: Tensor, gathered: Tensor, begun: Tensor, look: Tensor
) -> None:
    """Puts what was gathered in samples over what is there."""
    planes.colour[at] = planes.colour[at] * rest[:, None] + gathered
    planes.cover[at] = 1.0 - (1.0 - planes.cover[at]) * rest
    shown = rest < 0.55
    at, look = at[shown], look[shown].to(torch.uint8)
    planes.depth[at] = torch.minimum(planes.depth[at], begun[shown])
    planes.segment[at], planes.subject[at] = look[:, 0], look[:, 3]


def _shining(share: Tensor, count: Tensor) -> Tensor:
    """(F,) what shines through all fragments before each, of the same sample.

    Args:
        share: (F,) that each keeps back, ordered by sample.
        count: (S,) fragments of each sample.
    """
    # A sum of logarithms: 64 bits, as the sums of all samples follow each other in it.
    passed = (1.0 - share).double().clamp_min(1e-9).log()
    so_far = passed.cumsum(0) - passed
    first = count.cumsum(0) - count
    return (so_far - torch.repeat_interleave(so_far[first], count)).exp().float()


def _thickness(t: Tensor) -> Tensor:
    """Of a hair at a share of its length: fine where it leaves the skin, and in its last third."""
    root, tip = smoothstep(-0.02, 0.12, t), smoothstep(0.55, 1.0, t)
    return (0.5 + 0.5 * root) * (1.0 - 0.75 * tip)


def _pieces(batch: Batch, strands: Strands, planes: Planes) -> Pieces:
    """Those of which anything may be seen, nearest first."""
    points, home = strands.points, strands.picture[strands.hair]
    camera, z = batch.cameras.float()[home], points[:, 2:]
    place = camera[:, 1:] + camera[:, :1] * points[:, :2] / z.clamp_min(_NEAR)
    screen = torch.cat([place, z], dim=1)
    number = torch.arange(len(points), device=points.device) - strands.first[strands.hair]
    last = strands.length[strands.hair] - 1
    before = torch.cat([z[:, 0] > _NEAR, z.new_zeros(1, dtype=torch.bool)])
    point = ((number < last) & before[:-1] & before[1:]).nonzero().squeeze(1)
    step = _steps(screen[point, 2], home[point], batch.shape[0])
    shown = _visible(batch, screen, home, point, planes.depth).nonzero().squeeze(1)
    point = point[shown[torch.argsort(step[shown], stable=True)]]
    hair = strands.hair[point]
    pieces = last[point].clamp_min(1).float()
    t, size = number[point] / pieces, strands.radii[hair] * camera[point, 0]
    wide = [size / screen[point + n, 2] * _thickness(t + n / pieces) for n in (0, 1)]
    return Pieces(hair, point, screen[point], screen[point + 1], torch.stack(wide, dim=1))


def _steps(z: Tensor, home: Tensor, pictures: int) -> Tensor:
    """Of distance, as many in each picture as the compiled renderer takes; pictures in order."""
    near = z.new_full((pictures,), torch.inf).scatter_reduce_(0, home, z, "amin")[home]
    far = z.new_zeros(pictures).scatter_reduce_(0, home, z, "amax")[home]
    return home * _BINS + ((z - near) * ((_BINS - 1) / (far - near + 1e-6))).long()


def _visible(batch: Batch, screen: Tensor, home: Tensor, point: Tensor, solid: Tensor) -> Tensor:
    """(N,) whether any of some samples along pieces is not hidden by what is there."""
    _, height, width = batch.shape
    start, way = screen[point], screen[point + 1] - screen[point]
    z = torch.minimum(screen[point, 2], screen[point + 1, 2]) - 1.0
    steps = (way[:, :2].abs().amax(dim=1).clamp_max(4.0 * (width + height)) * 0.4).long() + 1
    piece, step = dealt(steps + 1)
    place = start[piece, :2] + way[piece, :2] * (step / steps[piece])[:, None]
    x, y = place.long().unbind(1)
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    at = torch.where(inside, (home[point][piece] * height + y) * width + x, 0)
    shown = inside & (solid[at] >= z[piece])
    return torch.zeros_like(steps).index_add_(0, piece, shown.long()) > 0


class _Lines(NamedTuple):
    """Pieces along their longer side: from and to, across from and to; and whether that is x."""

    start: Tensor
    end: Tensor
    low: Tensor
    high: Tensor
    flat: Tensor
    longer: Tensor
    other: Tensor


def _lines(batch: Batch, pieces: Pieces) -> _Lines:
    (u0, v0), (u1, v1) = pieces.start[:, :2].unbind(1), pieces.end[:, :2].unbind(1)
    flat = (u1 - u0).abs() >= (v1 - v0).abs()
    _, height, width = batch.shape
    start, end = torch.where(flat, u0, v0), torch.where(flat, u1, v1)
    low, high = torch.where(flat, v0, u0), torch.where(flat, v1, u1)
    longer, other = torch.where(flat, width, height), torch.where(flat, height, width)
    return _Lines(start, end, low, high, flat, longer, other)


def _fragments(batch: Batch, strands: Strands, pieces: Pieces, planes: Planes) -> Fragments:
    """Of pieces with every sample that they touch and that nothing solid hides."""
    line = _lines(batch, pieces)
    along = line.end - line.start
    least, most = torch.minimum(line.start, line.end), torch.maximum(line.start, line.end)
    first = (least.clamp_min(0.0) - 0.5).ceil().clamp_min(0.0)
    stop = (torch.minimum(most, line.longer.float()) - 0.5).ceil()
    steps = torch.where(along.abs() < 1e-9, 0, (stop - first).clamp_min(0).long())
    piece, number = dealt(steps)
    a = first[piece].long() + number
    t = (a + 0.5 - line.start[piece]) / along[piece]
    middle = line.low[piece] + (line.high - line.low)[piece] * t
    stretch = (1.0 + ((line.high - line.low) / along) ** 2).sqrt()
    half = mix(pieces.wide[piece, 0], pieces.wide[piece, 1], t) * stretch[piece]
    low = (middle - half - 0.5).long().clamp_min(0)
    high = torch.minimum((middle + half + 0.5).long() + 1, line.other[piece])
    step, across = dealt((high - low).clamp_min(0))
    b = low[step] + across
    half, piece, t = half[step], piece[step], t[step]
    edge = half + 0.5 - (b + 0.5 - middle[step]).abs()
    x, y = torch.where(line.flat[piece], a[step], b), torch.where(line.flat[piece], b, a[step])
    at = (strands.picture[pieces.hair[piece]] * batch.shape[1] + y) * batch.shape[2] + x
    z = mix(pieces.start[piece, 2], pieces.end[piece, 2], t)
    opacity = strands.look[pieces.hair[piece], 2]
    # A hair thinner than a sample covers it in part.
    share = (
        (2.0 * half).clamp_max(1.0) * opacity * (edge / (half + 0.5).clamp_max(1.0)).clamp_max(1)
    )
    shown = ((edge > 0.0) & (planes.depth[at] >= z - 1.0)).nonzero().squeeze(1)
    return Fragments(*(field[shown] for field in (at, piece, t, z, share)))


def _radiance(batch: Batch, strands: Strands, shadows: Shadows, point: Tensor) -> Tensor:
    """(P, 3) colours of all points; of those alone that ``point`` or the next are they found."""
    wanted = torch.zeros(len(strands.points), dtype=torch.bool, device=point.device)
    wanted[point], wanted[point + 1] = True, True
    some = wanted.nonzero().squeeze(1)
    hair = strands.hair[some]
    first, count = strands.first[hair], strands.length[hair]
    j, k = torch.minimum(some + 1, first + count - 1), torch.maximum(some - 1, first)
    way = strands.points[j] - strands.points[k]
    span = way.norm(dim=1) + 1e-9
    number = (some - first).float()
    t = number / (count - 1.0).clamp_min(1.0)
    # Good enough for the distance from the root along the hair.
    walked = span * number / (j - k + 1e-9)
    seed = strands.look[hair, 4].long()
    hues = Hues(
        mix(strands.colours[hair], strands.tips[hair], t[:, None]),
        strands.look[hair, 1],
        smoothstep(-2.0, 14.0, walked),
        0.14 * (hashed(strands.number[hair], 31, 0, seed) - 0.5),
    )
    out = torch.zeros_like(strands.points)
    way = way / span[:, None]
    out[some] = _shaded(batch, shadows, strands.picture[hair], strands.points[some], way, hues)
    return out


class Hues(NamedTuple):
    """Of points of hairs: albedo (N, 3), gloss, 0 at the root to 1 far off, highlights' shift."""

    albedo: Tensor
    gloss: Tensor
    root: Tensor
    shift: Tensor


def _bell(x: Tensor, width: Tensor | float) -> Tensor:
    s = x / width
    s = 1.0 / (1.0 + s * s)
    return s * s


def _shaded(
    batch: Batch, shadows: Shadows, picture: Tensor, points: Tensor, way: Tensor, hues: Hues
) -> Tensor:
    """(N, 3) radiance of hairs at points of directions ``way``; see the compiled one."""
    view = -points / length(points)
    at = shadows.texels(picture, points)
    solid = lit(shadows, at)
    solid = torch.where(solid > 0.003, solid, 0.0)
    passed = solid * through(shadows, at)
    out, lights = torch.zeros_like(points), batch.lights[picture]
    for light in lights[:, :-1].unbind(1):
        shadowed = light[:, 6] > 0.5
        seen = torch.where(shadowed, passed, 1.0)
        # What bright hairs scatter reaches those below them.
        shared = torch.where(shadowed, 0.5 * (solid - passed), 0.0)
        one = _lit(view, way, hues, light, seen, shared)
        out = out + torch.where(shadowed & (solid == 0.0), 0.0, 1.0)[:, None] * one
    ambient = lights[:, -1]
    up = (way * ambient[:, :3]).sum(dim=1)
    sky = 0.75 + 0.25 * (1.0 - up * up).clamp_min(0.0).sqrt()
    sky = sky * (0.25 + 0.75 * hues.root)
    return out + ambient[:, 3:6] * hues.albedo * sky[:, None]


def _lit(
    view: Tensor, way: Tensor, hues: Hues, light: Tensor, seen: Tensor, shared: Tensor
) -> Tensor:
    """(N, 3) of one light: what shines, what comes through from behind, what is scattered."""
    to = light[:, :3]
    tl, tv = (way * to).sum(dim=1), (way * view).sum(dim=1)
    across, aside = ((1.0 - t * t).clamp_min(0.0).sqrt() for t in (tl, tv))
    # Cosine of the angle between light and eye around the hair.
    around = ((view * to).sum(dim=1) - tl * tv) / (across * aside + 1e-6)
    around = around.clamp(-1.0, 1.0)
    towards = (0.5 + 0.5 * around).sqrt()
    total, soft = tl + tv, 1.0 + light[:, 7]
    first = hues.gloss * 0.55 * _bell(total - 0.12 - hues.shift, 0.16 * soft) * towards
    second = hues.gloss * 0.9 * _bell(total + 0.22 - hues.shift, 0.30 * soft) * towards * towards
    behind = 0.55 * _bell(total, 0.4) * smoothstep(0.2, -1.0, around)
    body = across * (0.32 + 0.34 * (0.5 + 0.5 * around))
    near = 0.35 + 0.65 * hues.root
    first = first * 0.22 * near * seen
    inner = (near * (second + behind + body))[:, None]
    scattered = seen[:, None] + shared[:, None] * hues.albedo
    return light[:, 3:6] * (first[:, None] + hues.albedo * scattered * inner)
