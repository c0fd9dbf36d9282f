"""Growing hair: many hairs around each guide.

A hair takes its course from the three nearest guides of its own kind, is drawn towards the first
(a clump), then gets its curl, its frizz and its height in the volume.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from vplugin.synth.exact import PI, clamp, compiled, cosine, hashed, inlined, mix, sine, smoothstep
from vplugin.synth.guides import normalised, outward
from vplugin.synth.parts import Floats, Indices
from vplugin.synth.scalp import CENTRE_Y, CENTRE_Z, covered, patch, patch_middle, pushed_out

# Patches of the head, and how many guides near each are looked at.
_PATCHES, _NEAR = 20, 12


class Lock(IntEnum):
    """Entries of what shapes the hairs around their guides."""

    CLUMP = 0  # 0 to 1, how far a hair is drawn to its guide
    GATHER = 1  # share of the length after which it is drawn fully
    TIGHT = 2  # what is left of its distance from the guide, 0 to 1
    SHORTEST = 3  # share of the guide's length
    LONGEST = 4
    CURL = 5  # radius, mm
    WAVE = 6  # length of one turn, mm
    FLAT = 7  # 0 a helix, 1 a wave in one plane
    FRIZZ = 8  # stray, share of the length
    VOLUME = 9  # mm that the uppermost hair stands over the lowest
    STRAY = 10  # share of fly-aways
    UNISON = 11  # 1: all curls of a clump in step
    OVER = 12  # mm kept over shoulders
    ABOVE = 13  # mm kept over the skin


LOCK_ENTRIES = len(Lock)


@compiled
def guides_near(others: Floats) -> Indices:
    """For each patch of the head the nearest guides, so that few are asked; (1, 1) of few guides.

    Args:
        others: (G, 9) roots of the guides.
    """
    if len(others) <= 60:
        return np.zeros((1, 1), np.int32)
    near = np.empty((_PATCHES * _PATCHES, _NEAR), np.int32)
    distances = np.empty(_NEAR)
    # Roots are about as far from the centre as the skull is.
    flat = np.empty((len(others), 3))
    for g in range(others.shape[0]):
        flat[g, 0] = others[g, 0] / 95.0
        flat[g, 1] = (others[g, 1] - CENTRE_Y) / 95.0
        flat[g, 2] = (others[g, 2] - CENTRE_Z) / 95.0
    for place in range(_PATCHES * _PATCHES):
        x, y, z = patch_middle(place, _PATCHES)
        distances[:] = 1e18
        for g in range(others.shape[0]):
            px, py, pz = flat[g, 0], flat[g, 1], flat[g, 2]
            d = (px - x) * (px - x) + (py - y) * (py - y) + (pz - z) * (pz - z)
            if d >= distances[_NEAR - 1]:
                continue
            k = _NEAR - 1
            while k > 0 and distances[k - 1] > d:
                distances[k], near[place, k] = distances[k - 1], near[place, k - 1]
                k -= 1
            distances[k], near[place, k] = d, g
    return near


@inlined
def _nearest(
    roots: Floats, n: int, kind: float, others: Floats, kinds: Floats, few: Indices, listed: bool
) -> tuple[int, int, int, float, float, float]:
    """The three nearest guides of a kind, of those in ``few`` or of all."""
    a, b, c = -1, -1, -1
    da, db, dc = 1e18, 1e18, 1e18
    for k in range(len(few) if listed else len(others)):
        g = few[k] if listed else k
        if kinds[g] != kind:
            continue
        dx = roots[n, 0] - others[g, 0]
        dy = roots[n, 1] - others[g, 1]
        dz = roots[n, 2] - others[g, 2]
        d = dx * dx + dy * dy + dz * dz
        if d < da:
            a, b, c, da, db, dc = g, a, b, d, da, db
        elif d < db:
            b, c, db, dc = g, b, d, db
        elif d < dc:
            c, dc = g, d
    return a, b, c, da, db, dc


@compiled
def grow_locks(
    head: Floats,
    torso: Floats,
    cover: Floats,
    roots: Floats,
    kinds: Floats,
    guides: Floats,
    guide_roots: Floats,
    guide_kinds: Floats,
    near: Indices,
    lock: Floats,
    seed: int,
    points: Floats,
    clumps: Indices,
    ranks: npt.NDArray[np.float32],
) -> None:
    """Grows hairs around guides.

    Args:
        head: See :class:`~vplugin.synth.scalp.Surface`.
        torso: Likewise.
        cover: Likewise; all 0 without a hat.
        roots: (S, 9) place, normal, face coordinates.
        kinds: (S,) each follows guides of its kind; where there is none it shrinks to its root.
        guides: (G, K, 3) mm.
        guide_roots: (G, 9).
        guide_kinds: (G,).
        near: Of :func:`guides_near`.
        lock: (14,) by :class:`Lock`.
        seed: Of everything random.
        points: (S, K', 3) mm, filled.
        clumps: (S,) filled with the guide that each hair is drawn to.
        ranks: (S,) filled with the height in the volume, 0 to 1; 2 marks a fly-away.
    """
    count = points.shape[1]
    last = guides.shape[1] - 1
    hatted = cover.max() > 0.0
    many = near.shape[0] > 1
    for n in range(roots.shape[0]):
        a, b, c, da, db, dc = -1, -1, -1, 0.0, 0.0, 0.0
        if many:
            few = near[patch(roots[n, 0], roots[n, 1], roots[n, 2], _PATCHES)]
            a, b, c, da, db, dc = _nearest(roots, n, kinds[n], guide_roots, guide_kinds, few, True)
        if c < 0:
            a, b, c, da, db, dc = _nearest(
                roots, n, kinds[n], guide_roots, guide_kinds, near[0], False
            )
        if a < 0:
            clumps[n] = 0
            for k in range(count):
                for axis in range(3):
                    points[n, k, axis] = roots[n, axis]
            continue
        if b < 0:
            b, db = a, da
        if c < 0:
            c, dc = b, db
        wa, wb, wc = 1.0 / (da + 4.0), 1.0 / (db + 4.0), 1.0 / (dc + 4.0)
        weight = wa + wb + wc
        wa, wb, wc = wa / weight, wb / weight, wc / weight
        clumps[n] = a
        rank = hashed(n, 11, 0, seed)
        stray = hashed(n, 12, 0, seed) < lock[Lock.STRAY]
        ranks[n] = 2.0 if stray else rank
        clump = lock[Lock.CLUMP] * (0.0 if stray else 1.0) * mix(0.75, 1.0, hashed(n, 13, 0, seed))
        reach = mix(lock[Lock.SHORTEST], lock[Lock.LONGEST], hashed(n, 14, 0, seed))
        # The hairs of a clump end near each other, clumps do not.
        reach *= mix(0.9, 1.0, hashed(a, 15, 0, seed))
        frizz = lock[Lock.FRIZZ] * (3.0 if stray else 1.0)
        volume = lock[Lock.VOLUME] * (rank if not stray else 1.35)
        ox = roots[n, 0] - guide_roots[a, 0]
        oy = roots[n, 1] - guide_roots[a, 1]
        oz = roots[n, 2] - guide_roots[a, 2]
        length = _span(guides, a, last) * reach
        loose = frizz * min(length, 60.0 + 0.35 * length)
        fx = (hashed(n, 16, 0, seed) - 0.5) * loose
        fy = (hashed(n, 17, 0, seed) - 0.5) * loose
        fz = (hashed(n, 18, 0, seed) - 0.5) * loose
        gx = (hashed(n, 19, 0, seed) - 0.5) * loose
        gy = (hashed(n, 20, 0, seed) - 0.5) * loose
        gz = (hashed(n, 21, 0, seed) - 0.5) * loose
        radius = lock[Lock.CURL] * mix(0.7, 1.3, hashed(a, 22, 0, seed))
        radius *= mix(0.85, 1.15, hashed(n, 23, 0, seed))
        unison = lock[Lock.UNISON]
        phase = 2.0 * PI * mix(hashed(n, 24, 0, seed), hashed(a, 25, 0, seed), unison)
        turns = (
            2.0 * PI * length / (lock[Lock.WAVE] * mix(0.8, 1.25, hashed(a, 26, 0, seed)) + 1e-6)
        )
        spin = 1.0 if hashed(a, 27, 0, seed) < 0.5 else -1.0
        for k in range(count):
            t = k / (count - 1)
            f = clamp(t * reach, 0.0, 1.0) * last
            i = min(int(f), last - 1)
            f -= i
            j = i + 1
            px = wa * (mix(guides[a, i, 0], guides[a, j, 0], f) - guides[a, 0, 0])
            py = wa * (mix(guides[a, i, 1], guides[a, j, 1], f) - guides[a, 0, 1])
            pz = wa * (mix(guides[a, i, 2], guides[a, j, 2], f) - guides[a, 0, 2])
            px += wb * (mix(guides[b, i, 0], guides[b, j, 0], f) - guides[b, 0, 0])
            py += wb * (mix(guides[b, i, 1], guides[b, j, 1], f) - guides[b, 0, 1])
            pz += wb * (mix(guides[b, i, 2], guides[b, j, 2], f) - guides[b, 0, 2])
            px += wc * (mix(guides[c, i, 0], guides[c, j, 0], f) - guides[c, 0, 0])
            py += wc * (mix(guides[c, i, 1], guides[c, j, 1], f) - guides[c, 0, 1])
            pz += wc * (mix(guides[c, i, 2], guides[c, j, 2], f) - guides[c, 0, 2])
            px, py, pz = px + roots[n, 0], py + roots[n, 1], pz + roots[n, 2]
            drawn = clump * smoothstep(0.0, lock[Lock.GATHER], t)
            tight = lock[Lock.TIGHT]
            px = mix(px, mix(guides[a, i, 0], guides[a, j, 0], f) + ox * tight, drawn)
            py = mix(py, mix(guides[a, i, 1], guides[a, j, 1], f) + oy * tight, drawn)
            pz = mix(pz, mix(guides[a, i, 2], guides[a, j, 2], f) + oz * tight, drawn)
            nx, ny, nz = outward(px, py, pz)
            if radius > 0.0:
                tx, ty, tz = normalised(
                    guides[a, j, 0] - guides[a, i, 0],
                    guides[a, j, 1] - guides[a, i, 1],
                    guides[a, j, 2] - guides[a, i, 2],
                )
                bx, by, bz = normalised(ty * nz - tz * ny, tz * nx - tx * nz, tx * ny - ty * nx)
                vx, vy, vz = by * tz - bz * ty, bz * tx - bx * tz, bx * ty - by * tx
                angle = phase + spin * turns * t
                grown = radius * smoothstep(0.0, 0.35, t)
                p = grown * sine(angle)
                q = grown * cosine(angle) * (1.0 - 0.8 * lock[Lock.FLAT])
                px, py, pz = px + p * bx + q * vx, py + p * by + q * vy, pz + p * bz + q * vz
            bow = t * (1.0 - t) * 4.0
            px += fx * t * t + gx * bow * 0.4
            py += fy * t * t + gy * bow * 0.4
            pz += fz * t * t + gz * bow * 0.4
            rise = volume * smoothstep(0.0, 1.0, min(1.0, t * length / 22.0))
            px, py, pz = px + nx * rise, py + ny * rise, pz + nz * rise
            if k > 0:
                px, py, pz = pushed_out(
                    head, torso, px, py, pz, lock[Lock.ABOVE], lock[Lock.OVER] * (0.5 + rank)
                )
            if hatted:
                px, py, pz = covered(head, cover, px, py, pz)
            points[n, k, 0], points[n, k, 1], points[n, k, 2] = px, py, pz


@compiled
def _span(guides: Floats, g: int, last: int) -> float:
    dx = guides[g, 1, 0] - guides[g, 0, 0]
    dy = guides[g, 1, 1] - guides[g, 0, 1]
    dz = guides[g, 1, 2] - guides[g, 0, 2]
    return last * float(np.sqrt(dx * dx + dy * dy + dz * dz))
