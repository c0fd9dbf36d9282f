"""From linear light in samples to a picture in bytes: resolve, expose, tone, encode."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vplugin.synth.camera import Camera
from vplugin.synth.exact import clamp, compiled, power, powers
from vplugin.synth.raster import Singles

Bytes = npt.NDArray[np.uint8]
_STEPS = 4096
# No sample counts more than this: one glint must not outshine its pixel's other three.
_BRIGHTEST = 3.0


@lru_cache(maxsize=1)
def _encoding() -> Singles:
    """(4096,) sRGB's curve over the square root of linear light, so that the dark has steps too."""
    linear = (np.arange(_STEPS) / (_STEPS - 1.0)) ** 2
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * powers(linear, 1.0 / 2.4) - 0.055)
    return curve.astype(np.float32)


@compiled
def resolve(
    colour: Singles,
    depth: Singles,
    segment: Bytes,
    subject: Bytes,
    cover: Singles,
    left: int,
    top: int,
    picture: Singles,
    far: Singles,
    segments: Bytes,
    subjects: Bytes,
    alpha: Bytes,
) -> None:
    """Puts the samples of a region into the picture's buffers, 2 x 2 to a pixel.

    Args:
        colour: (h, w, 3) linear.
        depth: (h, w) mm.
        segment: (h, w).
        subject: (h, w).
        cover: (h, w) 0 to 1.
        left: Column of the region's first pixel.
        top: Row of it.
        picture: (H, W, 3) written.
        far: (H, W) written: the nearest of the four.
        segments: (H, W) written: what most samples show, of equals the nearest.
        subjects: (H, W) written: whose that is.
        alpha: (H, W) written.
    """
    for y in range(colour.shape[0] // 2):
        for x in range(colour.shape[1] // 2):
            for channel in range(3):
                total = 0.0
                for n in range(4):
                    total += min(colour[2 * y + (n >> 1), 2 * x + (n & 1), channel], _BRIGHTEST)
                picture[top + y, left + x, channel] = 0.25 * total
            nearest, covered, most, chosen = np.inf, 0.0, -1.0, 0
            for n in range(4):
                j, i = 2 * y + (n >> 1), 2 * x + (n & 1)
                nearest = min(nearest, depth[j, i])
                covered += cover[j, i]
                votes = 0.0
                for m in range(4):
                    if segment[2 * y + (m >> 1), 2 * x + (m & 1)] == segment[j, i]:
                        votes += 1.0
                best = depth[2 * y + (chosen >> 1), 2 * x + (chosen & 1)]
                if votes > most or (votes == most and depth[j, i] < best):
                    most, chosen = votes, n
            j, i = 2 * y + (chosen >> 1), 2 * x + (chosen & 1)
            far[top + y, left + x] = nearest
            segments[top + y, left + x] = segment[j, i]
            subjects[top + y, left + x] = subject[j, i]
            alpha[top + y, left + x] = np.uint8(clamp(covered * 63.75 + 0.5, 0.0, 255.0))


@compiled
def _film(v: float) -> float:
    """Film's toe and shoulder as a ratio (Narkowicz 2016), with a gentler toe."""
    return v * (2.51 * v + 0.12) / (v * (2.43 * v + 0.68) + 0.17)


@compiled
def _develop(picture: Singles, settings: Singles, table: Singles, out: Bytes) -> None:
    height, width = picture.shape[0], picture.shape[1]
    saturation, contrast, corner = settings[3], settings[4], settings[5]
    across = 4.0 / (width * width + height * height)
    for y in range(height):
        for x in range(width):
            dx, dy = x + 0.5 - 0.5 * width, y + 0.5 - 0.5 * height
            d = (dx * dx + dy * dy) * across
            fall = 1.0 - corner * d * (2.0 - d)
            r = picture[y, x, 0] * settings[0] * fall
            g = picture[y, x, 1] * settings[1] * fall
            b = picture[y, x, 2] * settings[2] * fall
            grey = 0.2126 * r + 0.7152 * g + 0.0722 * b
            # Curves by channel alone would make dark skin orange; by luminance alone, light grey.
            shared = _film(max(grey, 0.0)) / max(grey, 1e-6)
            for channel in range(3):
                v = r if channel == 0 else (g if channel == 1 else b)
                v = max(0.0, grey + (v - grey) * saturation)
                v = 0.55 * v * shared + 0.45 * _film(v)
                coded = table[int(np.sqrt(min(v, 1.0)) * 4095.0 + 0.5)]
                coded += contrast * (coded - 0.45) * coded * (1.0 - coded) * 4.0
                out[y, x, channel] = np.uint8(clamp(coded * 255.0 + 0.5, 0.0, 255.0))


def developed(picture: Singles, camera: Camera) -> Bytes:
    """The picture (H, W, 3) of linear light as the camera's sRGB bytes."""
    gain = 0.60 * power(2.0, camera.exposure)
    settings = (
        gain * (1.0 + 0.30 * camera.warmth),
        gain * (1.0 + 0.15 * camera.tint),
        gain * (1.0 - 0.35 * camera.warmth),
        camera.saturation,
        camera.contrast - 1.0,
        0.6 * camera.vignette,
    )
    out = np.empty(picture.shape, np.uint8)
    _develop(picture, np.array(settings, np.float32), _encoding(), out)
    return out
