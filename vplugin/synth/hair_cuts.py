"""What each hair style means for the hairs: lengths, how they are combed, where they are tied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from vplugin.synth.guides import GUIDE_COLUMNS, Guide
from vplugin.synth.parts import Floats
from vplugin.synth.scalp import CENTRE_Y, CENTRE_Z

WHORL = (6.0, -88.0, 140.0)
_FAR = 1e6


@dataclass(frozen=True)
class Cut:
    """A style, before a person's own length, volume and curl.

    Attributes:
        top: Length on top, mm.
        sides: Length at the sides, mm.
        back: Length at the back, mm.
        lift: 0 lies flat, 1 stands on end, at the root.
        flow: How it is combed: part, whorl, back, forward, up, out or down.
        gravity: How much it falls.
        keep: How stiff it is, 0 to 1.
        height: mm of body between skin and hair.
        fade: Sine of the elevation at which the sides begin.
        level: y in mm where it is cut all round, none if far down.
        guides: How many clumps over a full head.
        clump: How much hairs gather.
        points: Points of one hair.
        tie: Where it is tied: "", back, nape, top, two, or low.
        tail: What hangs from there: "", tail, bun or plait.
        loose: Whether hair hangs freely over ears and shoulders.
    """

    top: float
    sides: float
    back: float
    lift: float = 0.3
    flow: str = "part"
    gravity: float = 0.3
    keep: float = 0.6
    height: float = 4.0
    fade: float = 0.35
    level: float = _FAR
    guides: int = 260
    clump: float = 0.5
    points: int = 12
    tie: str = ""
    tail: str = ""
    loose: bool = False


CUTS: Mapping[str, Cut] = MappingProxyType(
    {
        "short": Cut(62, 26, 28, 0.42, "part", 0.25, 0.55, 5, points=9),
        "bald": Cut(0, 0, 0),
        "buzz": Cut(5, 4, 4, 0.55, "whorl", 0.0, 0.9, 0, guides=300, clump=0.0, points=3),
        "crew": Cut(24, 9, 9, 0.6, "forward", 0.05, 0.75, 1, guides=380, clump=0.25, points=5),
        "textured": Cut(48, 16, 16, 0.7, "forward", 0.1, 0.62, 4, guides=220, clump=0.8, points=9),
        "undercut": Cut(115, 4, 4, 0.35, "back", 0.2, 0.6, 6, fade=0.48, points=14),
        "quiff": Cut(85, 14, 16, 0.75, "quiff", 0.12, 0.72, 5, fade=0.42),
        "slicked": Cut(130, 75, 60, 0.05, "back", 0.15, 0.45, 2, clump=0.65, points=16),
        "bowl": Cut(175, 110, 80, 0.12, "whorl", 0.75, 0.4, 6, level=2, points=16, loose=True),
        "pixie": Cut(95, 46, 36, 0.3, "part", 0.4, 0.5, 5, clump=0.6, points=13),
        "bob": Cut(330, 240, 200, 0.25, "part", 0.8, 0.45, 9, level=78, points=16, loose=True),
        "shoulder": Cut(
            430, 340, 300, 0.22, "part", 0.8, 0.45, 8, level=150, points=19, loose=True
        ),
        "long": Cut(640, 560, 520, 0.22, "part", 0.8, 0.45, 8, level=310, points=22, loose=True),
        "ponytail": Cut(330, 220, 220, 0.06, "back", 0, 0.4, 2, points=16, tie="back", tail="tail"),
        "bun": Cut(330, 220, 220, 0.08, "back", 0, 0.4, 3, points=16, tie="nape", tail="bun"),
        "topknot": Cut(330, 260, 300, 0.06, "back", 0, 0.4, 2, points=16, tie="top", tail="bun"),
        "braids": Cut(330, 220, 220, 0.06, "part", 0, 0.4, 2, points=16, tie="two", tail="plait"),
        "braid": Cut(330, 220, 240, 0.06, "back", 0, 0.4, 3, points=16, tie="low", tail="plait"),
        "locs": Cut(
            260, 260, 240, 0.5, "part", 0.6, 0.6, 8, guides=95, clump=1.0, points=26, loose=True
        ),
        "afro": Cut(70, 62, 58, 0.86, "out", 0.0, 0.9, 0, guides=320, clump=0.35, points=22),
        "mohawk": Cut(95, 3, 3, 0.95, "up", 0.03, 0.9, 0, guides=420, clump=0.75),
    }
)  # fmt: skip

TIES: Mapping[str, tuple[tuple[float, float, float], ...]] = MappingProxyType(
    {
        "": (),
        "back": ((0.0, -62.0, 178.0),),
        "nape": ((0.0, -5.0, 182.0),),
        "top": ((0.0, -125.0, 118.0),),
        "two": ((66.0, 28.0, 125.0), (-66.0, 28.0, 125.0)),
        "low": ((0.0, 30.0, 165.0),),
    }
)


def step(low: float, high: float, x: Floats) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.minimum(1.0, np.maximum(0.0, (x - low) / (high - low)))
    return np.asarray(t * t * (3.0 - 2.0 * t))


def elevation(face: Floats) -> tuple[Floats, Floats]:
    """Sine of the elevation, and quarter turns from the front, of (N, 3) face coordinates."""
    x, dy, dz = face[:, 0], face[:, 1] - CENTRE_Y, face[:, 2] - CENTRE_Z
    rise = -dy / np.sqrt(x * x + dy * dy + dz * dz + 1e-9)
    side = np.abs(x) / (np.abs(x) + np.abs(dz) + 1e-9)
    return rise, np.where(dz <= 0.0, side, 2.0 - side)


def parting(part: str, face: Floats) -> Floats:
    """(N,) which side of the parting each root lies on, -1 or 1 (the person's left)."""
    rise, _ = elevation(face)
    offset = {"left": 30.0, "right": -30.0}.get(part, 0.0)
    line = offset * step(190.0, 60.0, face[:, 2]) * step(0.2, 0.5, rise)
    return np.where(face[:, 0] >= line, 1.0, -1.0)


def kinds_of(cut: Cut, side: Floats, fringe: str, face: Floats) -> Floats:
    """(N,) hairs follow guides of their kind: one side of the parting, the fringe, the rest."""
    rise, turn = elevation(face)
    parted = (cut.flow == "part") & (rise > 0.3) & (turn < 1.35)
    kinds = np.where(parted, 2.0 + side, 0.0)
    split = side if fringe == "curtain" else 0.0
    return np.where(fringed(cut, fringe, face), 10.0 + split, kinds)


def fringed(cut: Cut, fringe: str, face: Floats) -> npt.NDArray[np.bool_]:
    """(N,) which hairs belong to the fringe of a style, which few styles have."""
    has_one = cut.top > 30.0 and cut.flow in ("part", "whorl") and not cut.tie
    return fringe_roots(fringe if has_one else "none", face)


def upper(cut: Cut, face: Floats) -> Floats:
    """(N,) 1 where hair has the length of the top, 0 where that of sides and back."""
    rise, _ = elevation(face)
    if cut.flow == "up":
        strip = step(26.0, 19.0, np.abs(face[:, 0]))
        return strip * step(-0.1, 0.1, rise)
    return step(cut.fade - 0.12, cut.fade + 0.12, rise)


def fringe_roots(fringe: str, face: Floats) -> npt.NDArray[np.bool_]:
    """(N,) which hairs belong to the fringe."""
    rise, turn = elevation(face)
    if fringe == "none":
        return np.zeros(len(face), np.bool_)
    # Hairs of the fringe and others grow among each other at its border.
    rough = face[:, 0] * 12.9898 + face[:, 1] * 37.719 + face[:, 2] * 78.233
    rough = rough - np.floor(rough) - 0.5
    rise, turn = rise + 0.16 * rough, turn - 0.08 * rough
    wide = {"straight": 0.50, "side": 0.50, "curtain": 0.42, "wispy": 0.45}[fringe]
    deep = {"straight": 0.86, "side": 0.80, "curtain": 0.70, "wispy": 0.62}[fringe]
    return np.asarray((turn < wide) & (rise < deep) & (face[:, 2] < 60.0))


def flows(flow: str, side: Floats, face: Floats) -> Floats:
    """(N, 4) the combed direction in the head frame and the pull away from the whorl."""
    rise, turn = elevation(face)
    top = step(0.25, 0.75, rise)
    front = step(1.1, 0.5, turn) * top
    back = step(1.0, 1.5, turn)
    out = np.zeros((len(face), 4))
    # Off the top everything falls down and a little back.
    out[:, 1] = 1.0 - top
    out[:, 2] = (0.35 - 0.3 * back) * (1.0 - top)
    if flow == "part":
        out[:, 0] = side * (0.9 * top + 0.1) * (1.0 - 0.8 * back)
        out[:, 1] += 0.6 * top * back
        out[:, 2] += top * (0.45 + 0.5 * front)
    elif flow == "whorl":
        out[:, 3] = 1.0
    elif flow == "forward":
        out[:, 3] = 0.6
        out[:, 2] -= 0.8 * top
    elif flow == "up":
        out[:, 1:3] = (-0.9, 0.25)
    elif flow in ("back", "quiff"):
        out[:, 2] += top * 1.2 + 0.5 * (1.0 - back)
        out[:, 1] -= (1.4 if flow == "quiff" else 0.0) * front
    elif flow == "out":
        out[:, 1] = -0.8 * front
        out[:, 2] = 0.4 * front
        out[:, 3] = 0.15
    return out


def guide_plan(
    cut: Cut, roots: Floats, side: Floats, fringe: str, ears: bool, behind: Floats, scale: float
) -> Floats:
    """(G, 17) what steers each guide, by :class:`~vplugin.synth.guides.Guide`.

    Args:
        cut: The style.
        roots: (G, 9).
        side: (G,) of the parting.
        fringe: Word of the fringe.
        ears: Whether the hair covers the ears.
        behind: (G,) 1 falls behind the shoulders, -1 before them.
        scale: Factor on all lengths.
    """
    face = roots[:, 6:9]
    rise, turn = elevation(face)
    plan = np.zeros((len(roots), GUIDE_COLUMNS))
    high = upper(cut, face)
    back = step(1.15, 1.5, turn)
    low = cut.sides + (cut.back - cut.sides) * back
    plan[:, Guide.LENGTH] = (low + (cut.top - low) * high) * scale
    if cut.flow == "quiff":
        plan[:, Guide.LENGTH] *= 1.0 - 0.55 * step(10.0, 110.0, face[:, 2]) * high
    elif cut.flow == "out":
        plan[:, Guide.LENGTH] *= 0.6 + 0.4 * step(0.45, 0.72, rise + 0.6 * step(0.5, 0.9, turn))
    # At the nape and over the ears hair lies closer.
    plan[:, Guide.LIFT] = cut.lift * (1.0 if cut.flow == "out" else 0.25 + 0.75 * high)
    plan[:, Guide.COMB_X : Guide.WHORL + 1] = flows(cut.flow, side, face)
    plan[:, Guide.GRAVITY] = cut.gravity
    plan[:, Guide.HEIGHT] = cut.height * (0.45 + 0.55 * high)
    plan[:, Guide.KEEP] = cut.keep
    level = cut.level if cut.level == _FAR else cut.level + (scale - 1.0) * 80.0
    # What grows below the level is clipped short.
    below = roots[:, 1] > level - 12.0
    plan[:, Guide.CUT] = np.where(below, _FAR, level)
    plan[:, Guide.LENGTH] = np.where(below, 14.0, plan[:, Guide.LENGTH])
    plan[:, Guide.WANDER] = 0.25 if cut.lift > 0.3 else 0.12
    plan[:, Guide.COMBED] = 95.0 if cut.loose else 300.0
    plan[:, Guide.KIND] = kinds_of(cut, side, fringe, face)
    if cut.loose:
        plan[:, Guide.FACE] = 0.66 if ears else 1.38
        plan[:, Guide.BEHIND] = behind
    if cut.tie:
        ties = len(TIES[cut.tie])
        plan[:, Guide.TIE] = 1.0 if ties == 1 else 1.5 - 0.5 * side
        plan[:, Guide.HUG] = 0.35
        plan[:, Guide.FACE] = 0.62
    if cut.flow in ("back", "quiff") and not cut.tie:
        plan[:, Guide.HUG] = 0.15 if cut.flow == "back" else 0.0
    _fringe(plan, cut, face, side, fringe, scale)
    return plan


def _fringe(plan: Floats, cut: Cut, face: Floats, side: Floats, fringe: str, scale: float) -> None:
    """Hairs of the fringe are cut, combed and steered on their own."""
    chosen = fringed(cut, fringe, face)
    if not chosen.any():
        return
    x = face[chosen, 0]
    across = {"straight": 0.006 * x, "wispy": 0.012 * x, "curtain": np.sign(x + 0.01) * 1.0}.get(
        fringe, side[chosen] * 0.9
    )
    forward = {"straight": -1.0, "wispy": -1.0, "curtain": -0.45, "side": -0.55}[fringe]
    reach = {"straight": 95.0, "wispy": 85.0, "curtain": 150.0, "side": 120.0}[fringe]
    depth = np.maximum(0.0, face[chosen, 2] - 5.0)
    rows = np.flatnonzero(chosen)
    plan[rows, Guide.LENGTH] = np.minimum(reach * (0.5 + 0.5 * scale), cut.top * 1.2) + 0.6 * depth
    plan[rows, Guide.LIFT] = 0.35
    plan[rows, Guide.COMB_X] = across
    plan[rows, Guide.COMB_Y] = 0.25
    plan[rows, Guide.COMB_Z] = forward
    plan[rows, Guide.WHORL] = 0.0
    plan[rows, Guide.GRAVITY] = 0.5
    plan[rows, Guide.HEIGHT] = 4.0
    plan[rows, Guide.COMBED] = 80.0
    plan[rows, Guide.FACE] = {"curtain": 0.45, "side": 0.0}.get(fringe, 0.0)
    plan[rows, Guide.TIE] = 0.0
    plan[rows, Guide.HUG] = 0.1
    plan[rows, Guide.CUT] = {"straight": -22.0, "wispy": -16.0, "side": -8.0, "curtain": 40.0}[
        fringe
    ]
