"""Beards: what describes them, where they grow on the face, and growing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from vplugin.synth.draw import Draw
from vplugin.synth.exact import clamp, compiled, noise, smoothstep
from vplugin.synth.guides import GUIDE_COLUMNS, Guide
from vplugin.synth.parameters import Group, choice, number
from vplugin.synth.parts import Floats
from vplugin.synth.scalp import CENTRE_Z, quarter_turn
from vplugin.synth.strands import LOCK_ENTRIES, Lock


@dataclass(frozen=True)
class Beard(Group):
    """Hair of the lower face."""

    style: str = choice(
        {
            "none": 6, "stubble": 2.4, "short": 1.6, "full": 1.2, "long": 0.5, "moustache": 0.8,
            "goatee": 0.7, "chin": 0.3, "sideburns": 0.25,
        },
        "Where it grows and how long.",
    )  # fmt: skip
    moustache: str = choice(
        {"natural": 4, "chevron": 1.2, "pencil": 0.6, "handlebar": 0.6, "walrus": 0.4},
        "Shape of the moustache, where there is one.",
    )
    length: float = number(0.4, 2, 1, 0.25, "factor", "Of the style's usual length.")
    density: float = number(0.25, 1, 0.85, 0.15, "share", "How thick it grows.")
    cheek: float = number(-1, 1, 0, 0.4, "share", "Line on the cheek: low (-1) to high (+1).")
    neck: float = number(0, 1, 0.4, 0.25, "share", "How far it grows down the neck.")
    patches: float = number(0, 1, 0.2, 0.2, "share", "Thin places.")
    greying: float = number(0, 1, 0.08, 0.12, "share", "How many hairs are white.")
    warmth: float = number(0, 1, 0.25, 0.2, "share", "Redder than the hair of the head.")
    curl: float = number(0, 1, 0.3, 0.25, "share", "Straight (0) or curled (1).")
    pattern: float = number(0, 1, 0.5, 0.3, "share", "Which of many like it: seeds every hair.")

    @property
    def seed(self) -> int:
        """Of everything random in this beard."""
        return int(self.pattern * 1e6)


@dataclass(frozen=True)
class _Kind:
    """A style: shares of its regions, and its hairs.

    Attributes:
        full: Cheeks, jaw and chin.
        moustache: Upper lip.
        chin: The chin alone.
        ring: Around the mouth.
        chops: Before the ears.
        length: mm.
        hairs: How many at full density and detail 1.
        width: mm.
        points: Of a hair.
    """

    full: float
    moustache: float
    chin: float
    ring: float
    chops: float
    length: float
    hairs: int
    width: float
    points: int = 5


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "stubble": _Kind(1, 1, 1, 1, 1, 1.8, 6000, 0.26, 3),
        "short": _Kind(1, 1, 1, 1, 1, 7.5, 5200, 0.40, 4),
        "full": _Kind(1, 1, 1, 1, 1, 21, 4600, 0.46, 7),
        "long": _Kind(1, 1, 1, 1, 1, 85, 4200, 0.50, 12),
        "moustache": _Kind(0, 1, 0, 0, 0, 9, 1000, 0.42, 6),
        "goatee": _Kind(0, 1, 1, 1, 0, 13, 1900, 0.42, 6),
        "chin": _Kind(0, 0, 1, 0, 0, 20, 900, 0.42, 7),
        "sideburns": _Kind(0, 0, 0, 0, 1, 12, 2200, 0.42, 6),
    }
)

# Quarter turns from the front and the height (y, mm) of the line on the cheek.
_CHEEK = np.array(
    [(0.0, 60.0), (0.24, 60.0), (0.34, 57.0), (0.46, 46.0), (0.58, 28.0), (0.66, 8.0), (0.8, -16.0)]
)
# Half the mouth's breadth and the lips' borders.
_LIPS = np.array([(0.0, 64.0, 81.6), (5.0, 63.4, 81.4), (14.0, 66.2, 78.6), (25.0, 72.4, 73.6)])


def beard_region(beard: Beard) -> Floats:
    """(10,) what :func:`beard_density` reads: shares of the regions and lines."""
    if beard.style == "none":
        return np.zeros(10)
    kind = _KINDS[beard.style]
    return np.array(
        [
            kind.full, kind.moustache, kind.chin, kind.ring, kind.chops, beard.cheek, beard.neck,
            beard.patches, beard.density, float(beard.seed),
        ]
    )  # fmt: skip


@compiled
def _between(table: Floats, x: float, column: int) -> float:
    last = table.shape[0] - 1
    for k in range(last):
        if x <= table[k + 1, 0]:
            t = (x - table[k, 0]) / (table[k + 1, 0] - table[k, 0])
            return float(table[k, column] + (table[k + 1, column] - table[k, column]) * t)
    return float(table[last, column])


@compiled
def beard_density(given: Floats, x: float, y: float, z: float) -> float:
    """How densely a beard grows at a point in face coordinates (mm), 0 to 1."""
    if given[8] <= 0.0 or y < -25.0 or y > 150.0 or z > 95.0:
        return 0.0
    a = abs(x)
    turn = quarter_turn(x, CENTRE_Z - z)
    line = _between(_CHEEK, turn, 1) - 9.0 * given[5] * smoothstep(0.2, 0.4, turn)
    line += 3.0 * noise(x * 0.08, y * 0.08, z * 0.08, int(given[9]))
    below = smoothstep(line - 1.0, line + 9.0, y)
    # Not on the ear; on the neck it ends along the jaw's fold.
    before = smoothstep(0.96, 0.88, turn) if y < 60.0 else smoothstep(0.98, 0.86, turn)
    low = 112.0 + 22.0 * given[6] + 0.0 * z
    under = smoothstep(low + 6.0, low - 8.0, y) if z > 12.0 else 1.0
    full = given[0] * below * before * under
    upper, lower = _between(_LIPS, a, 1), _between(_LIPS, a, 2)
    front = 1.0 if z < 14.0 else 0.0
    lip = smoothstep(52.5, 56.0, y) * smoothstep(32.0, 26.0, a) * front
    lip *= smoothstep(upper + 9.0, upper + 1.0, y) if a > 25.0 else 1.0
    # The groove below the nose is thinner.
    lip *= 1.0 if y > 60.0 else smoothstep(0.5, 4.5, a)
    moustache = given[1] * lip if y < 76.0 and y < upper + 7.0 else 0.0
    chin = given[2] * smoothstep(24.0, 17.0, a) * smoothstep(84.0, 89.0, y) * front
    chin = max(chin, given[2] * smoothstep(5.5, 3.0, a) * smoothstep(80.0, 83.0, y) * front)
    chin *= smoothstep(128.0, 116.0, y)
    ring = given[3] * smoothstep(19.0, 23.0, a) * smoothstep(34.0, 29.0, a) * front
    ring *= smoothstep(60.0, 66.0, y) * smoothstep(108.0, 98.0, y)
    chops = given[4] * below * before * smoothstep(0.52, 0.60, turn) * smoothstep(84.0, 72.0, y)
    density = max(max(full, moustache), max(max(chin, ring), chops))
    if front > 0.0 and a < 25.5 and upper - 0.8 < y < lower + 0.8:
        return 0.0
    if front > 0.0 and a < 19.0 and lower <= y < 88.0:
        density *= max(smoothstep(5.0, 3.0, a), smoothstep(80.0, 88.0, y) * 0.9 + 0.1)
    thin = noise(x * 0.055, y * 0.055, z * 0.055, int(given[9]) + 3) + 0.45
    density *= 1.0 - given[7] * smoothstep(0.2, -0.5, thin) * smoothstep(0.2, 0.5, turn)
    return clamp(density * given[8], 0.0, 1.0)


@compiled
def beard_densities(given: Floats, face: Floats) -> Floats:
    """(V,) :func:`beard_density` of (V, 3) face coordinates."""
    out = np.empty(face.shape[0])
    for i in range(face.shape[0]):
        out[i] = beard_density(given, face[i, 0], face[i, 1], face[i, 2])
    return out


def beard_guides(beard: Beard, roots: Floats, draw: Draw) -> Floats:
    """(G, 17) what steers each guide, by :class:`~vplugin.synth.guides.Guide`."""
    kind = _KINDS[beard.style]
    x, y, z = roots[:, 6], roots[:, 7], roots[:, 8]
    lip = (y < 76.0) & (np.abs(x) < 30.0) & (z < 14.0)
    chin = np.maximum(0.0, 1.0 - np.abs(x) / 45.0) * (z < 40.0) * (y > 80.0)
    plan = np.zeros((len(roots), GUIDE_COLUMNS))
    length = kind.length * beard.length * (0.45 + 0.75 * chin if kind.length > 15.0 else 1.0)
    plan[:, Guide.LENGTH] = length * (0.8 + 0.4 * draw.of("length").array(len(roots)))
    plan[:, Guide.LIFT] = 0.5 if kind.length < 12.0 else 0.38
    plan[:, Guide.COMB_X] = -0.004 * x
    plan[:, Guide.COMB_Y] = 1.0
    plan[:, Guide.COMB_Z] = np.where(y > 100.0, -0.5, -0.15)
    plan[:, Guide.GRAVITY] = 0.12 if kind.length < 40.0 else 0.35
    plan[:, Guide.KEEP] = 0.62
    plan[:, Guide.CUT] = 1e6
    plan[:, Guide.WANDER] = 0.35
    plan[:, Guide.COMBED] = 90.0
    plan[:, Guide.KIND] = np.where(lip, 1.0, 0.0)
    _moustache(plan, beard, kind, lip, x)
    return plan


def _moustache(
    plan: Floats, beard: Beard, kind: _Kind, lip: npt.NDArray[np.bool_], x: Floats
) -> None:
    shape = beard.moustache
    reach = {"natural": 1.0, "chevron": 1.1, "pencil": 0.55, "handlebar": 2.0, "walrus": 1.5}[shape]
    usual = min(kind.length, 10.0) * min(1.6, beard.length)
    across = {"handlebar": 1.6, "walrus": 0.35, "pencil": 1.0}.get(shape, 0.75)
    side = np.clip(x / 6.0, -1.0, 1.0)
    rows = np.flatnonzero(lip)
    plan[rows, Guide.LENGTH] = usual * reach * (0.85 + 0.15 * np.abs(side[rows]))
    plan[rows, Guide.LIFT] = 0.28
    plan[rows, Guide.COMB_X] = across * side[rows]
    plan[rows, Guide.COMB_Y] = 0.25 if shape == "handlebar" else 0.8
    plan[rows, Guide.COMB_Z] = 0.25 * np.abs(side[rows])
    plan[rows, Guide.GRAVITY] = -0.25 if shape == "handlebar" else 0.1


def beard_lock(beard: Beard) -> Floats:
    """(14,) what shapes the hairs around their guides, by :class:`~vplugin.synth.strands.Lock`."""
    kind = _KINDS[beard.style]
    lock = np.zeros(LOCK_ENTRIES)
    long = smooth(kind.length * beard.length)
    lock[Lock.CLUMP], lock[Lock.GATHER], lock[Lock.TIGHT] = 0.15 + 0.45 * long, 0.9, 0.35
    lock[Lock.SHORTEST], lock[Lock.LONGEST] = 0.55, 1.0
    lock[Lock.CURL] = beard.curl * (0.4 + 2.2 * long)
    lock[Lock.WAVE], lock[Lock.FLAT] = 14.0 + 14.0 * long, 0.5
    lock[Lock.FRIZZ] = 0.45 - 0.2 * long
    lock[Lock.STRAY] = 0.05
    lock[Lock.UNISON] = 0.4
    lock[Lock.OVER] = 6.0
    lock[Lock.ABOVE] = -1e3
    return lock


def smooth(length: float) -> float:
    """How much a beard of this length hangs, 0 to 1."""
    t = min(1.0, max(0.0, (length - 6.0) / 60.0))
    return t * t * (3.0 - 2.0 * t)


def beard_count(beard: Beard) -> tuple[int, float, int]:
    """How many hairs at detail 1, their width in mm, and the points of each."""
    kind = _KINDS[beard.style]
    return kind.hairs, kind.width, kind.points
