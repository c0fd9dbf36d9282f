"""Surface and light to colour, as `vplugin.synth.shade`: skin, eyes, teeth, cloth, metal, glass."""

from __future__ import annotations

import torch
from torch import Tensor

from vplugin.synth.assembly import BLUE, GLOSS, OPACITY, RED
from vplugin.synth.device.batch import Batch
from vplugin.synth.device.light import Pixels, Reached, irradiance
from vplugin.synth.device.noise import length, smoothstep
from vplugin.synth.device.planes import Planes
from vplugin.synth.device.raster import rasterise
from vplugin.synth.device.surface import Surface, corners, projected, split, towards
from vplugin.synth.parts import Material
from vplugin.synth.surface import GLOSSY, ROUGH, WET

_EYE, _CLOTH = int(Material.EYE), int(Material.CLOTH)
_METAL, _FELT = int(Material.METAL), int(Material.FELT)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=-1)


def lobe(facing: Tensor, half: Tensor, meet: Tensor, rough: Tensor) -> Tensor:
    """A specular lobe, see :func:`vplugin.synth.shade.lobe`."""
    a = rough * rough
    a = a * a
    d = half * half * (a - 1.0) + 1.0
    return facing * a / (d * d * 4.0 * (meet * meet).clamp_min(0.1))


def fresnel(cosine: Tensor, base: float) -> Tensor:
    """Share that is reflected; ``base`` is that of light from straight above."""
    a = 1.0 - cosine.clamp(0.0, 1.0)
    square = a * a
    return base + (1.0 - base) * square * square * a


def mirrored(normal: Tensor, view: Tensor, lights: Tensor, sky: Tensor, key: Tensor) -> Tensor:
    """(N, 3) what a wet, smooth surface shows of lights and surroundings, before Fresnel.

    Args:
        normal: (N, 3).
        view: (N, 3) unit vectors from the surface to the eye.
        lights: (N, L, 8).
        sky: (N, 3, 3).
        key: (N,) share of the key light.
    """
    ray = 2.0 * _dot(normal, view)[:, None] * normal - view
    up = (0.5 - 0.9 * ray[:, 1]).clamp(0.0, 1.0)[:, None]
    out = (1.0 - up) * sky[:, 2] * 0.5 + up * sky[:, 0]
    for light in lights[:, :-1].unbind(1):
        # A disc under this angle, as bright as its irradiance says; bounded, or it would sparkle.
        wide = (0.10 + 0.30 * light[:, 7]).clamp_max(0.26)
        edge = 0.5 * wide * wide
        bright = smoothstep(1.35 * edge, 0.65 * edge, 1.0 - _dot(ray, light[:, :3]))
        bright = bright * (1.0 / (wide * wide)).clamp_max(24.0)
        bright = torch.where(light[:, 6] > 0.0, bright * (0.15 + 0.85 * key), bright)
        out = out + bright[:, None] * light[:, 3:6]
    return out


def _gleam(
    paint: Tensor, normal: Tensor, metal: Tensor, view: Tensor, cavity: Tensor, key: Tensor,
    lights: Tensor, sky: Tensor,
) -> Tensor:  # fmt: skip
    """(N, 3) what the surface's gloss reflects."""
    gloss, rough, wet = paint[:, GLOSSY], paint[:, ROUGH], paint[:, WET]
    tint = torch.where(metal[:, None], paint[:, :3] * 16.0, 1.0)
    out = torch.zeros_like(normal)
    for light in lights[:, :-1].unbind(1):
        to, size = light[:, :3], 0.22 * light[:, 7]
        half = to + view
        span = half.norm(dim=1)
        half = half / span.clamp_min(1e-6)[:, None]
        facing, middle, meet = _dot(normal, to), _dot(normal, half), _dot(to, half)
        strength = 0.75 * lobe(facing, middle, meet, (rough + size).clamp(0.08, 1.0))
        sharp = lobe(facing, middle, meet, (0.55 * rough + size).clamp(0.07, 1.0))
        strength = (strength + 0.35 * sharp) * 2.0 * gloss * fresnel(meet, 0.032)
        moist = lobe(facing, middle, meet, 0.16 + size) * fresnel(meet, 0.04)
        strength = strength + wet.clamp_min(0.0) * (0.6 * moist).clamp_max(0.4) * cavity
        strength = strength * torch.where(light[:, 6] > 0.0, key, cavity * cavity)
        strength = torch.where((facing > 0.0) & (span >= 1e-6), strength.clamp_max(1.2), 0.0)
        out = out + strength[:, None] * tint * light[:, 3:6]
    rim = (fresnel(_dot(normal, view), 0.03) - 0.02) * (0.25 + 0.75 * wet) * gloss * cavity
    up = (0.5 - 0.5 * normal[:, 1]).clamp(0.0, 1.0)[:, None]
    around = (1.0 - up) * sky[:, 2] + up * sky[:, 0]
    return out + (rim * (1.0 - 0.6 * rough))[:, None] * tint * around


def _view(batch: Batch, picture: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """(N, 3) unit vectors from samples to the eye."""
    u, v = batch.eye_line(picture, x, y)
    along = torch.stack([u, v, torch.ones_like(u)], dim=1)
    return -along / length(along)


def shade(batch: Batch, surface: Surface, pixels: Pixels, reached: Reached) -> Tensor:
    """(N, 3) linear colour of every sample of the surface."""
    s, (_, height, width) = surface, batch.shape
    row = s.picture * (height // 2) + (s.y >> 1)
    pixel = pixels.slot[row * (width // 2) + (s.x >> 1)]
    first, cavity, key = pixels.front[pixel], reached.cavity[pixel], reached.key[pixel]
    lights, sky = batch.lights[s.picture], batch.sky[s.picture]
    # Light of the pixel, bent by this sample's own bump, where both are of one surface.
    turn = _dot(s.normal - s.normal[first], lights[:, 0, :3])
    bend = 1.0 + (0.6 * turn * key).clamp(-0.3, 0.3)
    everything = torch.arange(len(s.at), device=s.at.device)
    alone = irradiance(batch, s, everything, s.picture, cavity, key, 0.0)
    z, focal = pixels.z[pixel], batch.cameras.float()[s.picture, 0]
    shared = (s.z - z < 3.0 + 4.0 * z / focal) & (s.kind == s.kind[first])
    glow = torch.where(shared[:, None], reached.glow[pixel] * bend[:, None], alone)
    view = _view(batch, s.picture, s.x, s.y)
    return _coloured(s, glow, view, cavity, key, lights, sky)


def _coloured(
    s: Surface, glow: Tensor, view: Tensor, cavity: Tensor, key: Tensor, lights: Tensor,
    sky: Tensor,
) -> Tensor:  # fmt: skip
    albedo, cosine = s.paint[:, :3], _dot(s.normal, view)
    lit = albedo * glow
    # Fibres stand up at the edge and catch light.
    a = 1.0 - cosine.clamp(0.0, 1.0)
    fibres = (s.kind == _CLOTH) | (s.kind == _FELT)
    out = lit * torch.where(fibres, 1.0 + 0.35 * a * a * a, 1.0)[:, None]
    metal, eye = s.kind == _METAL, s.kind == _EYE
    out = out + _gleam(s.paint, s.normal, metal, view, cavity, key, lights, sky)
    # Of eyes the lids' shade and lashes: deeper than what the cavity says.
    deep = cavity * cavity
    reach = torch.where(eye, key * (2.0 * deep).clamp(0.0, 1.0), key)
    mirror = mirrored(s.normal, view, lights, sky, reach)
    shine = fresnel(cosine, 0.045) * (0.3 + 0.7 * deep)
    seen = lit * (0.22 + 0.66 * deep)[:, None] + shine[:, None] * mirror
    out = torch.where(eye[:, None], seen, out)
    return torch.where(metal[:, None], 0.3 * lit + albedo * mirror * cavity[:, None], out)


def glaze(batch: Batch, planes: Planes) -> None:
    """Lays glass over what is there: tint, and the lights mirrored in it.

    Args:
        batch: Of scenes.
        planes: Colour and segment are changed where glass is before their depth.
    """
    mesh = batch.glass
    if len(mesh.triangles) == 0:
        return
    places = projected(mesh, batch.cameras)
    seen = rasterise(places, mesh.triangles, mesh.home[mesh.triangles[:, 0]], batch.shape)
    nearness, triangle = seen.nearness.view(-1), seen.triangle.view(-1)
    before = (triangle >= 0) & (1.0 / nearness <= planes.depth)
    at = before.nonzero().squeeze(1)
    picture, y, x = split(at, batch.shape)
    triangle = triangle[at]
    corner = corners(x, y, places, mesh.triangles[triangle])
    normal = towards(corner.mean(mesh.normals), *batch.eye_line(picture, x, y), corner.side)
    view, row = _view(batch, picture, x, y), mesh.rows[mesh.part[triangle]]
    lights, sky = batch.lights[picture], batch.sky[picture]
    mirror = mirrored(normal, view, lights, sky, torch.ones_like(normal[:, 0]))
    shine = 0.6 * fresnel(_dot(normal, view), 0.05) * row[:, GLOSS]
    tint, opacity = row[:, RED : BLUE + 1], row[:, OPACITY, None]
    # Tinted glass filters; a veil of the same opacity covers.
    kept = planes.colour[at] * (1.0 - opacity * (1.0 - 0.35 * tint))
    covered = 0.25 * opacity * tint * lights[:, -1, 3:6]
    planes.colour[at] = kept + covered + shine[:, None] * mirror
    veiled = row[:, OPACITY] > 0.5
    planes.segment[at[veiled]] = mesh.labels[triangle][veiled].to(torch.uint8)
