"""Elementary functions and noise whose every bit is the same on every machine.

Only + - * / sqrt floor and comparisons, in an order that no compiler may change: the C library's
``sin`` and ``exp`` differ from one machine to the next, and so would the pictures. Accurate to
about 1e-9, which is far more than a picture needs. Everything here is compiled and may be called
from compiled code; the plural names take arrays and are for set-up code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit, types

F = TypeVar("F", bound=Callable[..., Any])
Floats = npt.NDArray[np.float64]

PI = 3.141592653589793
_MASK = 0xFFFFFFFF


def compiled(function: F) -> F:
    """The decorator of every kernel: cached, without the lock, no fast arithmetic, no threads.

    Division by zero gives inf or nan, as in NumPy. Numba's own cache looks at the kernel's file
    only, though the kernels it calls are compiled into it; here their files count too.
    """
    kernel = njit(cache=True, nogil=True, error_model="numpy")(function)
    stored = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    if stored is not None:
        stored._source_stamp = _stamp(_sources(function, {}))
        _share_literals(kernel)
    return cast(F, kernel)


def _share_literals(kernel: Any) -> None:
    """Lets ``hashed(n, 11, …)`` and ``hashed(n, 12, …)`` be one function, not compiled twice."""
    ask = kernel.get_call_template
    plain: Callable[[Any], Any] = types.unliteral

    def asked(args: Iterable[Any], named: dict[str, Any]) -> Any:
        return ask(tuple(map(plain, args)), {name: plain(kind) for name, kind in named.items()})

    kernel.get_call_template = asked


def inlined(function: F) -> F:
    """For a part of a kernel that is called very often with many arrays: a call counts references.

    To be called from compiled code only.
    """
    return cast(F, njit(inline="always", error_model="numpy")(function))


def _sources(function: Any, found: dict[str, None]) -> dict[str, None]:
    """Files of this function and of all kernels that its module could call."""
    file = function.__code__.co_filename
    if file not in found:
        found[file] = None
        for value in tuple(function.__globals__.values()):
            if hasattr(value, "py_func"):
                _sources(value.py_func, found)
    return found


def _stamp(files: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(_digest(file) for file in files))


@cache
def _digest(file: str) -> str:
    return blake2b(Path(file).read_bytes(), digest_size=16).hexdigest()


def _powers_of_two() -> Floats:
    table = np.empty(2045)
    value = 2.0**-1022
    for index in range(2045):
        table[index] = value
        value *= 2.0 if index < 2044 else 1.0
    return table


_TWO = _powers_of_two()


@compiled
def clamp(x: float, low: float, high: float) -> float:
    """``x``, not below ``low`` and not above ``high``."""
    return low if x < low else (high if x > high else x)


@compiled
def mix(a: float, b: float, share: float) -> float:
    """Between ``a`` (share 0) and ``b`` (share 1)."""
    return a + (b - a) * share


@compiled
def smoothstep(low: float, high: float, x: float) -> float:
    """0 below ``low``, 1 above ``high``, smooth between; ``low`` may be the larger one."""
    t = (x - low) / (high - low)
    t = 0.0 if t < 0.0 else (1.0 if t > 1.0 else t)
    return t * t * (3.0 - 2.0 * t)


@compiled
def bump(x: float) -> float:
    """Like ``exp(-x * x)`` but 0 beyond 2 and cheap: for smooth hills."""
    t = 1.0 - 0.25 * x * x
    return t * t * t * t if t > 0.0 else 0.0


@compiled
def sine(x: float) -> float:
    """Of radians."""
    k = math.floor(x * (1.0 / PI) + 0.5)
    r = x - k * PI
    s = r * r
    p = -2.5052108385441720e-08 + s * 1.6059043836821613e-10
    p = 2.7557319223985893e-06 + s * p
    p = -1.9841269841269841e-04 + s * p
    p = 8.3333333333333332e-03 + s * p
    p = -1.6666666666666666e-01 + s * p
    value = r + r * s * p
    return value if k - 2.0 * math.floor(k * 0.5) == 0.0 else -value


@compiled
def cosine(x: float) -> float:
    """Of radians."""
    return sine(x + 0.5 * PI)


@compiled
def arctangent(x: float) -> float:
    """In radians, -pi/2 to pi/2."""
    a = abs(x)
    turned = a > 1.0
    if turned:
        a = 1.0 / a
    # Halving the angle twice leaves an argument below 0.2, where the series is short.
    a = a / (1.0 + math.sqrt(1.0 + a * a))
    a = a / (1.0 + math.sqrt(1.0 + a * a))
    s = a * a
    p = 1.0 / 9.0 - s * (1.0 / 11.0 - s * (1.0 / 13.0))
    p = 1.0 - s * (1.0 / 3.0 - s * (1.0 / 5.0 - s * (1.0 / 7.0 - s * p)))
    angle = 4.0 * a * p
    if turned:
        angle = 0.5 * PI - angle
    return -angle if x < 0.0 else angle


@compiled
def angle_of(y: float, x: float) -> float:
    """As ``atan2(y, x)``: radians, -pi to pi; 0 for the origin."""
    if x > 0.0:
        return arctangent(y / x)
    if x < 0.0:
        return arctangent(y / x) + (PI if y >= 0.0 else -PI)
    return 0.5 * PI if y > 0.0 else (-0.5 * PI if y < 0.0 else 0.0)


@compiled
def exponential(x: float) -> float:
    """e to the power of ``x``; 0 below -700, at most e to the 700."""
    if x < -700.0:
        return 0.0
    if x > 700.0:
        x = 700.0
    n = math.floor(x * 1.4426950408889634 + 0.5)
    r = (x - n * 0.693145751953125) - n * 1.4286068203094172e-06
    p = 1.0 / 720.0 + r * (1.0 / 5040.0 + r * (1.0 / 40320.0))
    p = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * p)))))
    scale: float = _TWO[int(n) + 1022]
    return p * scale


@compiled
def logarithm(x: float) -> float:
    """Natural; -745 where ``x`` is not positive."""
    if x <= 0.0:
        return -745.0
    mantissa, power = math.frexp(x)
    if mantissa < 0.70710678118654757:
        mantissa *= 2.0
        power -= 1
    t = (mantissa - 1.0) / (mantissa + 1.0)
    s = t * t
    p = 1.0 / 9.0 + s * (1.0 / 11.0 + s * (1.0 / 13.0))
    p = 2.0 * t * (1.0 + s * (1.0 / 3.0 + s * (1.0 / 5.0 + s * (1.0 / 7.0 + s * p))))
    return p + power * 0.69314718055994529


@compiled
def power(x: float, exponent: float) -> float:
    """``x`` to the power of ``exponent``; 0 where ``x`` is not positive."""
    if x <= 0.0:
        return 0.0
    return exponential(exponent * logarithm(x))


@compiled
def hashed(x: int, y: int, z: int, seed: int) -> float:
    """A random number in [0, 1) that belongs to this lattice point."""
    h = (x * 0x8DA6B343 + y * 0xD8163841 + z * 0xCB1AB31F + seed * 0x9E3779B1) & _MASK
    h = ((h ^ (h >> 15)) * 0x2C1B3C6D) & _MASK
    h = ((h ^ (h >> 12)) * 0x297A2D39) & _MASK
    return (h ^ (h >> 15)) * 2.3283064365386963e-10


@compiled
def noise(x: float, y: float, z: float, seed: int) -> float:
    """Smooth value noise with cells of size 1, in [-1, 1]."""
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    i, j, k = int(fx), int(fy), int(fz)
    u, v, w = x - fx, y - fy, z - fz
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    w = w * w * (3.0 - 2.0 * w)
    a0, a1 = hashed(i, j, k, seed), hashed(i + 1, j, k, seed)
    b0, b1 = hashed(i, j + 1, k, seed), hashed(i + 1, j + 1, k, seed)
    c0, c1 = hashed(i, j, k + 1, seed), hashed(i + 1, j, k + 1, seed)
    d0, d1 = hashed(i, j + 1, k + 1, seed), hashed(i + 1, j + 1, k + 1, seed)
    a, b = a0 + (a1 - a0) * u, b0 + (b1 - b0) * u
    c, d = c0 + (c1 - c0) * u, d0 + (d1 - d0) * u
    a, c = a + (b - a) * v, c + (d - c) * v
    return 2.0 * (a + (c - a) * w) - 1.0


@compiled
def fractal(x: float, y: float, z: float, seed: int, octaves: int) -> float:
    """A sum of ``octaves`` of noise, each twice as fine and half as strong, in about [-1, 1]."""
    total, strength, norm = 0.0, 1.0, 0.0
    for octave in range(octaves):
        total += strength * noise(x, y, z, seed + octave)
        norm += strength
        strength *= 0.5
        # Not exactly 2: lattices that line up would show as a grid.
        x, y, z = x * 2.03 + 17.1, y * 2.03 + 5.7, z * 2.03 + 11.3
    return total / norm


@compiled
def flat_noise(x: float, y: float, seed: int) -> float:
    """As :func:`noise`, of two coordinates, at half the price."""
    fx, fy = math.floor(x), math.floor(y)
    i, j = int(fx), int(fy)
    u, v = x - fx, y - fy
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    a0, a1 = hashed(i, j, 0, seed), hashed(i + 1, j, 0, seed)
    b0, b1 = hashed(i, j + 1, 0, seed), hashed(i + 1, j + 1, 0, seed)
    a, b = a0 + (a1 - a0) * u, b0 + (b1 - b0) * u
    return 2.0 * (a + (b - a) * v) - 1.0


@compiled
def flat_fractal(x: float, y: float, seed: int, octaves: int) -> float:
    """As :func:`fractal`, of two coordinates."""
    total, strength, norm = 0.0, 1.0, 0.0
    for octave in range(octaves):
        total += strength * flat_noise(x, y, seed + octave)
        norm += strength
        strength *= 0.5
        x, y = x * 2.03 + 17.1, y * 2.03 + 5.7
    return total / norm


@compiled
def _sines(x: Floats, out: Floats) -> None:
    for index in range(x.size):
        out[index] = sine(x[index])


@compiled
def _exponentials(x: Floats, out: Floats) -> None:
    for index in range(x.size):
        out[index] = exponential(x[index])


@compiled
def _powers(x: Floats, exponent: float, out: Floats) -> None:
    for index in range(x.size):
        out[index] = power(x[index], exponent)


def sines(x: npt.ArrayLike) -> Floats:
    """:func:`sine` of an array of any shape."""
    given = np.ascontiguousarray(x, np.float64)
    out = np.empty(given.size)
    _sines(given.reshape(-1), out)
    return out.reshape(given.shape)


def cosines(x: npt.ArrayLike) -> Floats:
    """:func:`cosine` of an array of any shape."""
    return sines(np.asarray(x, np.float64) + 0.5 * PI)


def exponentials(x: npt.ArrayLike) -> Floats:
    """:func:`exponential` of an array of any shape."""
    given = np.ascontiguousarray(x, np.float64)
    out = np.empty(given.size)
    _exponentials(given.reshape(-1), out)
    return out.reshape(given.shape)


def powers(x: npt.ArrayLike, exponent: float) -> Floats:
    """:func:`power` of an array of any shape."""
    given = np.ascontiguousarray(x, np.float64)
    out = np.empty(given.size)
    _powers(given.reshape(-1), exponent, out)
    return out.reshape(given.shape)
