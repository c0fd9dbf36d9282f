"""How much light reaches each pixel, as `vplugin.synth.reach`: cavities, shadows, what spreads."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vplugin.synth.device.batch import Batch
from vplugin.synth.device.noise import table
from vplugin.synth.device.raster import Seen
from vplugin.synth.device.shadow import Shadows, softly_lit, softly_through, thinness
from vplugin.synth.device.surface import Surface, split
from vplugin.synth.parts import Material
from vplugin.synth.reach import _AROUND, _TURNS
from vplugin.synth.surface import THIN

_SKIN = int(Material.SKIN)
# Channels that light travels under the skin by: how fast it fades with the square of mm.
_FADES = (0.17, 1.2, 4.0)


class Pixels(NamedTuple):
    """The pixels that show something solid, M of all pictures.

    Attributes:
        at: (M,) int64 place among all pixels.
        picture: (M,) int64.
        y: (M,) int64 row.
        x: (M,) int64 column.
        front: (M,) int64 the nearest of its samples, in the list of these.
        z: (M,) float32 mm of that.
        slot: (all pixels,) int64 place in this list, -1 where nothing.
    """

    at: Tensor
    picture: Tensor
    y: Tensor
    x: Tensor
    front: Tensor
    z: Tensor
    slot: Tensor

    def beside(self, shape: tuple[int, int, int], step: int, down: bool) -> Tensor:
        """(M,) the pixel so many columns (or rows) further in this list, -1 where nothing.

        Args:
            shape: Pictures, height and width in pixels.
            step: How many.
            down: Whether rows are meant.
        """
        place, last = (self.y, shape[1]) if down else (self.x, shape[2])
        inside = (place + step >= 0) & (place + step < last)
        at = self.at + step * (shape[2] if down else 1)
        return torch.where(inside, self.slot[torch.where(inside, at, 0)], -1)


class Reached(NamedTuple):
    """Of each pixel, all (M,): how open it is, key light, how thin the flesh; and (M, 3) light."""

    cavity: Tensor
    key: Tensor
    flesh: Tensor
    glow: Tensor


def pixels_of(batch: Batch, surface: Surface, seen: Seen) -> Pixels:
    """The nearest sample of each pixel."""
    count, height, width = batch.shape
    quads = seen.nearness.view(count, height // 2, 2, width // 2, 2).transpose(2, 3)
    nearness, place = quads.reshape(-1, 4).max(dim=1)
    at = (nearness > 0.0).nonzero().squeeze(1)
    picture, y, x = split(at, (count, height // 2, width // 2))
    place = place[at]
    row = picture * height + 2 * y + (place >> 1)
    front = surface.slot[row * width + 2 * x + (place & 1)]
    slot = torch.full((len(nearness),), -1, device=at.device)
    slot[at] = torch.arange(len(at), device=at.device)
    return Pixels(at, picture, y, x, front, surface.z[front], slot)


def reached(
    batch: Batch, surface: Surface, seen: Seen, pixels: Pixels, shadows: Shadows
) -> Reached:
    """Light at each pixel's nearest sample, and what of it spreads."""
    cavity, key, flesh = _visibility(batch, surface, seen, pixels, shadows)
    cavity, key = _calm(batch, pixels, torch.stack([cavity, key], dim=1)).unbind(1)
    front, picture = pixels.front, pixels.picture
    glow = irradiance(batch, surface, front, picture, cavity, key, flesh)
    return Reached(cavity, key, flesh, _spread(batch, surface, pixels, glow))


def _visibility(
    batch: Batch, surface: Surface, seen: Seen, pixels: Pixels, shadows: Shadows
) -> tuple[Tensor, Tensor, Tensor]:
    """Cavity, key light and thinness."""
    front, picture, z = pixels.front, pixels.picture, pixels.z
    u, v = batch.eye_line(picture, surface.x[front], surface.y[front])
    place, normal = torch.stack([u * z, v * z, z], dim=1), surface.normal[front]
    corner = batch.corners[picture]
    # The patterns of taps begin where the region does.
    x, y = pixels.x - corner[:, 0], pixels.y - corner[:, 1]
    turn = (x & 1) * 2 + (y & 1)
    lifted = place + (0.6 + 0.5 / shadows.frame[picture, 11])[:, None] * normal
    at, turned = shadows.texels(picture, lifted), turn + 4 * ((x >> 1) & 1)
    key = softly_lit(shadows, at, turned) * softly_through(shadows, at, turned)
    flesh = thinness(shadows, shadows.texels(picture, place))
    flesh = torch.where(surface.kind[front] == _SKIN, flesh, 0.0)
    return _cavity(batch, surface, seen, pixels, place, turn), key, flesh


def _cavity(
    batch: Batch, surface: Surface, seen: Seen, pixels: Pixels, place: Tensor, turn: Tensor
) -> Tensor:
    """The share of the sky that the neighbourhood leaves open, 0 to 1."""
    _, height, width = batch.shape
    front, picture, normal = pixels.front, pixels.picture, surface.normal[pixels.front]
    focal = batch.cameras.float()[picture, 0]
    cos, sin = table(_TURNS, place)[turn].unbind(1)
    nearness, closed = seen.nearness.view(-1), torch.zeros_like(focal)
    for across, down, radius in _AROUND.tolist():
        a, b, reach = across * radius, down * radius, focal / place[:, 2]
        i = surface.x[front] + ((cos * a - sin * b) * reach).round().long()
        j = surface.y[front] + ((sin * a + cos * b) * reach).round().long()
        inside = (i >= 0) & (j >= 0) & (i < width) & (j < height)
        there = (picture * height + j) * width + i
        near = torch.where(inside, nearness[torch.where(inside, there, 0)], 0.0)
        deep = 1.0 / torch.where(near > 0.0, near, 1.0)
        u, v = batch.eye_line(picture, i, j)
        way = torch.stack([u * deep, v * deep, deep], dim=1) - place
        distance = (way * way).sum(dim=1)
        rise = (way * normal).sum(dim=1) / distance.clamp_min(0.04).sqrt()
        fade = 1.0 / (1.0 + distance / (6.0 * radius * radius))
        counts = (near > 0.0) & (distance >= 0.04)
        closed = closed + torch.where(counts, (rise - 0.10).clamp(0.0, 1.0) * fade, 0.0)
    return (1.0 - closed * (2.1 / 12.0)).clamp(0.06, 1.0)


def _pixel_shape(batch: Batch) -> tuple[int, int, int]:
    count, height, width = batch.shape
    return count, height // 2, width // 2


def _calm(batch: Batch, pixels: Pixels, values: Tensor) -> Tensor:
    """(M, 2) smoothed along the surface, so that the few taps do not show."""
    for down in (False, True):
        total, mean = torch.zeros_like(pixels.z), torch.zeros_like(values)
        for step in range(-2, 3):
            other = pixels.beside(_pixel_shape(batch), step, down)
            d = (pixels.z[other] - pixels.z) * (250.0 / pixels.z)
            weight = torch.where(other >= 0, (3.0 - abs(step)) / (1.0 + d * d * d * d), 0.0)
            total, mean = total + weight, mean + weight[:, None] * values[other]
        values = mean / total[:, None]
    return values


def irradiance(
    batch: Batch,
    surface: Surface,
    sample: Tensor,
    picture: Tensor,
    cavity: Tensor,
    key: Tensor,
    flesh: Tensor | float,
) -> Tensor:
    """(N, 3) what falls on a surface; 1 is what makes white paint white.

    Args:
        batch: For its lights.
        surface: Of all samples.
        sample: (N,) which of them.
        picture: (N,).
        cavity: (N,) open share of the surroundings.
        key: (N,) share of the key light.
        flesh: (N,) how thin the flesh towards the key light is, 0 to 1.
    """
    normal, kind = surface.normal[sample], surface.kind[sample]
    bleed = torch.where(kind == _SKIN, 1.0, torch.where(kind < 4, 0.35, 0.0))
    thin, lights = surface.paint[sample, THIN], batch.lights[picture]
    colour_wrap, colour_back = (table(c, key) for c in ((0.24, 0.10, 0.06), (0.9, 0.22, 0.12)))
    total = torch.zeros_like(normal)
    for light in lights[:, :-1].unbind(1):
        facing, shadowed = (normal * light[:, :3]).sum(dim=1), light[:, 6] > 0.0
        open_ = torch.where(shadowed, key, 0.35 + 0.65 * cavity)
        # The red of the skin carries light furthest around the edge of a shadow.
        wrap = (0.28 * light[:, 7])[:, None] + bleed[:, None] * colour_wrap
        front = ((facing[:, None] + wrap) / (1.0 + wrap)).clamp(0.0, 1.0) * open_[:, None]
        soft = 0.5 * bleed * open_ * (1.0 - open_)
        red = ((facing + wrap[:, 0]) / (1.0 + wrap[:, 0])).clamp(0.0, 1.0) * soft
        back = (0.2 + 0.8 * thin) * flesh * (0.3 - facing).clamp(0.0, 1.0)
        front = front + torch.where(shadowed, back, 0.0)[:, None] * colour_back
        front = front + torch.nn.functional.pad(red[:, None], (0, 2))
        total = total + light[:, 3:6] * front
    return total + _from_sky(batch.sky[picture], normal, cavity, surface.paint[sample, :3])


def _from_sky(sky: Tensor, normal: Tensor, cavity: Tensor, albedo: Tensor) -> Tensor:
    up, down = (-normal[:, 1]).clamp(0.0, 1.0), normal[:, 1].clamp(0.0, 1.0)
    level = 1.0 - normal[:, 1].abs()
    around = (torch.stack([up, level, down], dim=1)[..., None] * sky).sum(dim=1)
    # Light that bounces inside a cavity takes the colour of the walls.
    shut = cavity * (1.0 - cavity)
    return around * (cavity[:, None] + 0.9 * shut[:, None] * albedo)


def _spread(batch: Batch, surface: Surface, pixels: Pixels, glow: Tensor) -> Tensor:
    """Light travels under the skin: red about 2.4 mm, green 0.9, blue 0.5."""
    pixel = 2.0 * pixels.z / batch.cameras.float()[pixels.picture, 0]
    reach = (5.0 / pixel).long().clamp_max(7)
    reach = torch.where(surface.kind[pixels.front] == _SKIN, reach, 0)
    furthest = int(reach.max()) if len(reach) else 0
    fades = table(_FADES, glow)
    for down in (False, True):
        total, mean = torch.zeros_like(glow), torch.zeros_like(glow)
        for step in range(-furthest, furthest + 1):
            other = pixels.beside(_pixel_shape(batch), step, down)
            d = pixels.z[other] - pixels.z
            square = (step * pixel) * (step * pixel) + d * d
            weight = 1.0 / (1.0 + square[:, None] * fades)
            weight = weight * weight * ((other >= 0) & (reach >= abs(step)))[:, None]
            total, mean = total + weight, mean + weight * glow[other]
        glow = mean / total
    return glow
