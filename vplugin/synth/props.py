"""Things in a scene that are nobody's: hands, microphones, cups and the like, mostly in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from vplugin.synth import hands, things
from vplugin.synth.assembly import posed
from vplugin.synth.canvas import tinted
from vplugin.synth.draw import Draw
from vplugin.synth.exact import PI
from vplugin.synth.expression import Expression
from vplugin.synth.parts import Floats, Part
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.skin import paint, skin_parameters
from vplugin.synth.solids import rotation, turned

Colour = tuple[float, float, float]
Point = tuple[float, float, float]


class Posed(Protocol):
    """What of a subject is needed to put something before its face."""

    @property
    def pose(self) -> Pose:
        """How the head is turned."""
        ...

    @property
    def place(self) -> Point:
        """Where the head is, mm."""
        ...

    @property
    def facing(self) -> float:
        """Degrees the body is turned."""
        ...

    @property
    def person(self) -> Person:
        """Whose face it is; hands before it are mostly of the same skin."""
        ...


_THINGS: dict[str, Callable[[Draw], list[Part]]] = {
    "microphone": things.microphone,
    "stand_microphone": things.stand_microphone,
    "phone": things.phone,
    "cup": things.cup,
    "glass": things.glass,
    "book": things.book,
    "paper": things.paper,
    "bars": things.bars,
    "branch": things.branch,
}


class Held(NamedTuple):
    """How a hand holds a thing.

    Attributes:
        what: The thing.
        spot: Of the thing, where the fingers' roots touch it, mm.
        roll: Degrees of the hand against the thing.
        thick: mm from the palm to the thing's middle.
        grip: Of the hand.
    """

    what: str
    spot: Point
    roll: float
    thick: float
    grip: str


_HELD = {
    "hand_microphone": Held("microphone", (0.0, 95.0, 0.0), 66.0, 30.0, "hold"),
    "hand_phone": Held("phone", (0.0, 40.0, 0.0), 48.0, 22.0, "clasp"),
    "hand_cup": Held("cup", (0.0, 0.0, 0.0), 62.0, 56.0, "clasp"),
    "hand_glass": Held("glass", (0.0, 10.0, 0.0), 62.0, 50.0, "clasp"),
}
KINDS = ("hand", *_HELD, *_THINGS)
# From very light to very dark, linear RGB of skin in even light.
_TONES: tuple[Colour, ...] = (
    (0.62, 0.41, 0.31), (0.52, 0.32, 0.23), (0.42, 0.25, 0.16), (0.30, 0.16, 0.09),
    (0.17, 0.085, 0.048), (0.075, 0.037, 0.023),
)  # fmt: skip


@dataclass(frozen=True)
class Prop:
    """One thing in the scene's space.

    Attributes:
        kind: One of ``KINDS``.
        place: mm in the scene's space: of a hand's palm, a microphone's head, a thing's middle.
        turn: Degrees of yaw, pitch and roll, as heads turn. A hand's fingers point up, its palm
            away from the camera.
        size: Factor.
        grip: Of a hand: one of ``hands.GRIPS``.
        tone: Linear RGB of a hand's skin.
        mirrored: A right hand instead of a left one.
        sleeve: Linear RGB of a sleeve, or None.
        seed: Of everything else about it.
    """

    kind: str
    place: Point
    turn: Point = (0.0, 0.0, 0.0)
    size: float = 1.0
    grip: str = "flat"
    tone: Colour = _TONES[1]
    mirrored: bool = False
    sleeve: Colour | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no prop is called {self.kind!r}; there are {', '.join(KINDS)}")
        if self.grip not in hands.GRIPS:
            raise ValueError(f"no grip {self.grip!r}; there are {', '.join(hands.GRIPS)}")

    def moved(self, by: Point) -> Prop:
        """The same, elsewhere (mm)."""
        x, y, z = self.place
        return replace(self, place=(x + by[0], y + by[1], z + by[2]))

    def parts(self) -> tuple[Part, ...]:
        """Its meshes in the scene's space."""
        draw = Draw(self.seed, self.kind)
        if self.kind == "hand":
            parts = self._hand(self.grip, draw)
        elif self.kind in _HELD:
            held = _HELD[self.kind]
            parts = [*_THINGS[held.what](draw), *self._holding(held, draw)]
        else:
            parts = _THINGS[self.kind](draw)
        return tuple(self._placed(part) for part in parts)

    def _hand(self, grip: str, draw: Draw) -> list[Part]:
        painted = None
        if draw.of("nails").chance(0.15):
            painted = draw.of("nails").choice(
                ((0.4, 0.01, 0.03), (0.02, 0.02, 0.03), (0.5, 0.2, 0.3))
            )
        return hands.hand(hands.GRIPS[grip], self.tone, self.sleeve, self.seed, painted)

    def _holding(self, held: Held, draw: Draw) -> list[Part]:
        matrix = rotation(0.0, 0.0, held.roll)
        at = turned(np.array([0.0, -26.0, held.thick]), matrix)
        shift = np.array(held.spot) - at
        return [
            replace(part, vertices=turned(part.vertices, matrix) + shift)
            for part in self._hand(held.grip, draw)
        ]

    def _placed(self, part: Part) -> Part:
        points = part.vertices * self.size
        if self.mirrored:
            points = points * np.array([-1.0, 1.0, 1.0])
        return replace(part, vertices=turned(points, rotation(*self.turn)) + np.array(self.place))


def on_face(subject: Posed, points: Floats) -> Floats:
    """Points (N, 3) of the head's frame in the scene's space, mm."""
    pose = subject.pose
    angles = np.array([pose.yaw, pose.pitch, pose.roll, subject.facing]) * (PI / 180.0)
    return posed(np.asarray(points, np.float64), np.ones(1), angles, np.array(subject.place))


@dataclass(frozen=True)
class Gesture:
    """A way in which something is before a face.

    Attributes:
        kinds: What, by weight.
        spot: In the head's frame, mm.
        turn: Degrees, relative to the head.
        grip: Of a hand.
        stray: mm by which the spot varies.
    """

    kinds: tuple[str, ...]
    spot: Point
    turn: Point
    grip: str = "flat"
    stray: float = 8.0


_GESTURES = (
    (3.0, Gesture(("hand",), (8.0, 74.0, -58.0), (0.0, 0.0, 80.0), "flat")),
    (1.5, Gesture(("hand",), (0.0, 92.0, -52.0), (0.0, 0.0, 15.0), "fist")),
    (1.5, Gesture(("hand",), (62.0, 52.0, -38.0), (-25.0, 0.0, -12.0), "relaxed")),
    (1.0, Gesture(("hand",), (-20.0, -52.0, -52.0), (0.0, -10.0, 55.0), "flat")),
    (0.8, Gesture(("hand",), (32.0, 8.0, -60.0), (0.0, 0.0, 15.0), "spread")),
    (0.8, Gesture(("hand",), (0.0, 96.0, -66.0), (0.0, 0.0, 20.0), "point")),
    (1.2, Gesture(("hand",), (150.0, 30.0, -90.0), (0.0, 0.0, 8.0), "spread", 30.0)),
    (0.6, Gesture(("hand",), (120.0, 60.0, -120.0), (0.0, 0.0, 8.0), "victory", 30.0)),
    (2.5, Gesture(("hand_microphone",), (0.0, 92.0, -72.0), (0.0, -22.0, 8.0))),
    (1.2, Gesture(("stand_microphone",), (10.0, 105.0, -110.0), (0.0, -10.0, 0.0), stray=16.0)),
    (0.8, Gesture(("microphone",), (30.0, 105.0, -80.0), (0.0, -35.0, 20.0), stray=14.0)),
    (1.2, Gesture(("hand_phone",), (40.0, 20.0, -130.0), (0.0, 0.0, 0.0), stray=25.0)),
    (1.2, Gesture(("hand_cup", "hand_glass"), (6.0, 92.0, -72.0), (0.0, 25.0, 0.0))),
    (0.6, Gesture(("cup", "glass"), (20.0, 110.0, -80.0), (0.0, 20.0, 0.0), stray=20.0)),
    (0.5, Gesture(("book", "paper"), (0.0, 130.0, -150.0), (0.0, 0.0, 0.0), stray=30.0)),
    (0.3, Gesture(("bars",), (0.0, 30.0, -200.0), (0.0, 0.0, 0.0), stray=30.0)),
    (0.5, Gesture(("branch",), (50.0, -20.0, -180.0), (0.0, 0.0, 20.0), stray=50.0)),
)


def draw_props(draw: Draw, subjects: Sequence[Posed], share: float = 0.16) -> tuple[Prop, ...]:
    """Things before some of the faces, and now and then a lone hand beside them.

    Args:
        draw: Where the numbers come from.
        subjects: The people; without any, things lie about by themselves.
        share: Of the faces that have something before them.
    """
    if not subjects:
        return lone_things(draw)
    found = []
    for index, subject in enumerate(subjects):
        own = draw.of(index)
        if own.chance(share):
            found.append(before_face(own, subject))
    return tuple(found)


def lone_things(draw: Draw) -> tuple[Prop, ...]:
    """Hands and things without anybody, some close and some far: there is no face to be found."""
    found = []
    for index in range(draw.integer(0, 5)):
        own = draw.of(index)
        z = own.uniform(450.0, 1600.0)
        kind = "hand" if own.chance(0.55) else own.choice(KINDS)
        place = (own.normal(0.0, 0.13) * z, own.normal(0.03, 0.12) * z, z)
        turn = (own.normal(0.0, 50.0), own.normal(0.0, 25.0), own.normal(0.0, 60.0))
        grip = own.choice(tuple(hands.GRIPS))
        tone = own.choice(_TONES)
        side = own.chance(0.5)
        found.append(Prop(kind, place, turn, 1.0, grip, tone, side, seed=own.integer(0, 1_000_000)))
    return tuple(found)


def skin_tone(person: Person) -> Colour:
    """Linear RGB of somebody's skin, where neither make-up nor blood colours it."""
    out = np.zeros(8)
    # So coarse a sample that spots and pores are left out.
    out[0] = 8.0
    paint(35.0, 140.0, 45.0, skin_parameters(person, Expression()), out)
    return float(out[0]), float(out[1]), float(out[2])


def before_face(draw: Draw, subject: Posed) -> Prop:
    """Something before this face."""
    weights, gestures = zip(*_GESTURES, strict=True)
    gesture: Gesture = draw.choice(gestures, weights)
    side = -1.0 if draw.chance(0.5) else 1.0
    x, y, z = (
        value + draw.normal(0.0, gesture.stray) * scale
        for value, scale in zip(gesture.spot, (1.0, 1.0, 0.4), strict=True)
    )
    spot = on_face(subject, np.array([[side * x, y, min(z, -34.0)]]))[0]
    pose = subject.pose
    yaw, pitch, roll = (value + draw.normal(0.0, 8.0) for value in gesture.turn)
    other = draw.choice(_TONES, (3.0, 3.0, 2.5, 2.0, 1.5, 1.0))
    tone = skin_tone(subject.person) if draw.of("own").chance(0.7) else other
    shade = draw.uniform(0.85, 1.12)
    sleeve = None
    if draw.chance(0.6):
        light = draw.uniform() * draw.uniform() * 0.7 + 0.01
        sleeve = tinted(draw.uniform(), draw.uniform(0.0, 0.7), light)
    return Prop(
        draw.choice(gesture.kinds),
        (float(spot[0]), float(spot[1]), float(spot[2])),
        (
            pose.yaw + subject.facing + side * yaw,
            pose.pitch + pitch,
            pose.roll + side * roll,
        ),
        draw.uniform(0.88, 1.08),
        gesture.grip,
        (tone[0] * shade, tone[1] * shade, tone[2] * shade),
        side < 0.0,
        sleeve,
        draw.integer(0, 1_000_000),
    )
