"""The noise and the curves of `vplugin.synth.exact` on tensors of 32 bits.

The same lattice points have the same random numbers (hashing is whole-number arithmetic); what is
between them agrees to a thousandth at coordinates of some hundreds: these floats are half as long.
"""

from __future__ import annotations

import torch
from torch import Tensor

Number = Tensor | float
Whole = Tensor | int

_MASK = 0xFFFFFFFF
# What `exact.hashed` multiplies the coordinates and the seed with.
_X, _Y, _Z, _SEED = 0x8DA6B343, 0xD8163841, 0xCB1AB31F, 0x9E3779B1


def smoothstep(low: Number, high: Number, x: Tensor) -> Tensor:
    """0 below ``low``, 1 above ``high``, smooth between; ``low`` may be the larger one."""
    t = ((x - low) / (high - low)).clamp(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def mix(a: Number, b: Tensor, share: Tensor) -> Tensor:
    """Between ``a`` (share 0) and ``b`` (share 1)."""
    return a + (b - a) * share


def length(vectors: Tensor) -> Tensor:
    """(N, 1) of vectors (N, C)."""
    return (vectors * vectors).sum(dim=-1, keepdim=True).sqrt()


def _random(words: Tensor) -> Tensor:
    """Words of 64 bits, of which the lower half counts, as numbers in [0, 1]."""
    h = words & _MASK
    h = ((h ^ (h >> 15)) * 0x2C1B3C6D) & _MASK
    h = ((h ^ (h >> 12)) * 0x297A2D39) & _MASK
    return (h ^ (h >> 15)).float() * 2.3283064365386963e-10


def hashed(x: Whole, y: Whole, z: Whole, seed: Tensor) -> Tensor:
    """Random numbers in [0, 1] that belong to these lattice points.

    Args:
        x: (N,) int64, or one for all.
        y: The same.
        z: The same.
        seed: (N,) int64.
    """
    return _random(x * _X + y * _Y + z * _Z + seed * _SEED)


def hashes(x: Tensor, y: Tensor, first: int, count: int, seed: Tensor) -> Tensor:
    """(count, N) :func:`hashed` with ``z`` from ``first`` on."""
    word = x * _X + y * _Y + seed * _SEED
    return _random(torch.stack([word + (first + n) * _Z for n in range(count)]))


def _eased(t: Tensor) -> Tensor:
    return t * t * (3.0 - 2.0 * t)


def flat_noise(x: Tensor, y: Number, seed: Tensor) -> Tensor:
    """Smooth value noise of two coordinates with cells of size 1, in [-1, 1]."""
    y = y if isinstance(y, Tensor) else torch.full_like(x, y)
    fx, fy = x.floor(), y.floor()
    u, v = _eased(x - fx), _eased(y - fy)
    word = fx.long() * _X + fy.long() * _Y + seed * _SEED
    corners = _random(torch.stack([word, word + _Y, word + _X, word + (_X + _Y)]))
    left, right = corners[0:2], corners[2:4]
    across = left + (right - left) * u
    return 2.0 * (across[0] + (across[1] - across[0]) * v) - 1.0


def flat_fractal(x: Tensor, y: Tensor, seed: Tensor, octaves: int) -> Tensor:
    """A sum of ``octaves`` of noise, each twice as fine and half as strong."""
    total, strength, norm = torch.zeros_like(x), 1.0, 0.0
    for octave in range(octaves):
        total = total + strength * flat_noise(x, y, seed + octave)
        norm += strength
        strength *= 0.5
        x, y = x * 2.03 + 17.1, y * 2.03 + 5.7
    return total / norm


def noise(x: Tensor, y: Tensor, z: Tensor, seed: Tensor) -> Tensor:
    """Smooth value noise of three coordinates with cells of size 1, in [-1, 1]."""
    fx, fy, fz = x.floor(), y.floor(), z.floor()
    u, v, w = _eased(x - fx), _eased(y - fy), _eased(z - fz)
    word = fx.long() * _X + fy.long() * _Y + fz.long() * _Z + seed * _SEED
    sides = [word, word + _Z, word + _Y, word + (_Y + _Z)]
    corners = _random(torch.stack([*sides, *(side + _X for side in sides)]))
    across = corners[:4] + (corners[4:] - corners[:4]) * u
    down = across[:2] + (across[2:] - across[:2]) * v
    return 2.0 * (down[0] + (down[1] - down[0]) * w) - 1.0


def fractal(x: Tensor, y: Tensor, z: Tensor, seed: Tensor, octaves: int) -> Tensor:
    """As :func:`flat_fractal`, of three coordinates."""
    total, strength, norm = torch.zeros_like(x), 1.0, 0.0
    for octave in range(octaves):
        total = total + strength * noise(x, y, z, seed + octave)
        norm += strength
        strength *= 0.5
        x, y, z = x * 2.03 + 17.1, y * 2.03 + 5.7, z * 2.03 + 11.3
    return total / norm


def table(values: object, like: Tensor) -> Tensor:
    """Constants of the compiled renderer as float32 where ``like`` is."""
    return torch.as_tensor(values, dtype=torch.float32, device=like.device)
