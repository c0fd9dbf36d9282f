"""A small film: who is in it, where they sit, from where it is seen, what passes before a face.

The world's axes are the camera's of the first moment: a camera that moves is a world that moves the
other way, so every moment becomes an ordinary :class:`~vplugin.synth.scene.Scene`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vplugin.synth.backdrop import Backdrop
from vplugin.synth.camera import Camera
from vplugin.synth.draw import Draw
from vplugin.synth.exact import PI, angle_of
from vplugin.synth.light import Light
from vplugin.synth.motion import Aim, Path, Wander, eased
from vplugin.synth.performance import Performance
from vplugin.synth.person import Person
from vplugin.synth.props import Prop
from vplugin.synth.scene import Scene, Subject
from vplugin.synth.speech import Speech
from vplugin.synth.voice import Voice, speak

__all__ = ["Crossing", "Role", "Script", "Shot"]

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Role:
    """One person of a script.

    Attributes:
        person: Who.
        seed: That the person was made from.
        performance: What they do.
        place: Where they sit, mm: the point between their eyes.
        voice: How they sound.
        facing: Degrees the body is turned to the picture's right.
    """

    person: Person
    seed: int
    performance: Performance
    place: Point = (0.0, 0.0, 700.0)
    voice: Voice = field(default_factory=Voice)
    facing: float = 0.0


@dataclass(frozen=True)
class Shot:
    """What one camera sees until the next shot begins.

    Attributes:
        start: Seconds.
        camera: Lens and development.
        eye: Where the camera is at the shot's start, mm.
        moves: By how much it has moved ``seconds`` later, mm.
        seconds: How long the move takes.
        shake: mm by which the hand that holds it wanders.
        light: In this shot.
        backdrop: In this shot.
        roles: Which roles are there, by index; None is all.
    """

    start: float
    camera: Camera
    eye: Point = (0.0, 0.0, 0.0)
    moves: Point = (0.0, 0.0, 0.0)
    seconds: float = 5.0
    shake: float = 0.0
    light: Light = field(default_factory=Light)
    backdrop: Backdrop = field(default_factory=Backdrop)
    roles: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Crossing:
    """A thing that comes into the world, moves about, and goes.

    Attributes:
        prop: Which, at its own place.
        start: Seconds from which on it is there.
        end: Seconds from which on it is gone.
        aims: mm by which it is moved from its place, and when; the first counts from the start on.
    """

    prop: Prop
    start: float
    end: float
    aims: tuple[Aim, ...] = ()

    def at(self, seconds: float) -> Prop | None:
        """The thing at a time, or None before and after."""
        if not self.start <= seconds < self.end:
            return None
        if not self.aims:
            return self.prop
        x, y, z = Path(self.aims).at(seconds)
        return self.prop.moved((x, y, z))


@dataclass(frozen=True)
class Script:
    """A film.

    Attributes:
        roles: Who is in it.
        shots: At least one, in order of time; the first starts at 0.
        seconds: Length.
        crossings: What passes.
        seed: For what belongs to nobody.
    """

    roles: tuple[Role, ...]
    shots: tuple[Shot, ...]
    seconds: float
    crossings: tuple[Crossing, ...] = ()
    seed: int = 0

    @property
    def cuts(self) -> tuple[float, ...]:
        """Seconds at which a new shot begins, without the first."""
        return tuple(shot.start for shot in self.shots[1:] if shot.start < self.seconds)

    def shot_at(self, seconds: float) -> int:
        """Index of the shot of a time."""
        return max(i for i, shot in enumerate(self.shots) if i == 0 or shot.start <= seconds)

    def roles_at(self, seconds: float) -> tuple[int, ...]:
        """Indices of the roles that :meth:`scene_at` has as subjects, in its order."""
        shown = self.shots[self.shot_at(seconds)].roles
        return tuple(range(len(self.roles))) if shown is None else shown

    def scene_at(self, seconds: float) -> Scene:
        """What is to be drawn at a time."""
        index = self.shot_at(seconds)
        shot = self.shots[index]
        eye = self._eye(index, seconds)
        things = (crossing.at(seconds) for crossing in self.crossings)
        away = (-eye[0], -eye[1], -eye[2])
        return Scene(
            tuple(_subject(self.roles[i], eye, seconds) for i in self.roles_at(seconds)),
            shot.camera,
            shot.light,
            shot.backdrop,
            tuple(thing.moved(away) for thing in things if thing is not None),
            self.seed,
        )

    def sound(self) -> npt.NDArray[np.float32]:
        """All voices together, (N,) float32 in [-1, 1] at :data:`vplugin.synth.voice.RATE`."""
        voices = [
            speak(role.performance.speech, role.voice, self.seconds, role.performance.seed)
            for role in self.roles
        ]
        mixed = (
            np.sum(voices, axis=0, dtype=np.float32)
            if voices
            else speak(Speech(), Voice(), self.seconds)
        )
        return np.clip(mixed, -1.0, 1.0)

    def _eye(self, index: int, seconds: float) -> Point:
        shot = self.shots[index]
        share = eased((seconds - shot.start) / shot.seconds)
        x, y, z = (at + by * share for at, by in zip(shot.eye, shot.moves, strict=True))
        if shot.shake:
            dx, dy = (wander.at(seconds) for wander in self._shakes)
            x, y = x + shot.shake * dx, y + shot.shake * dy
        return x, y, z

    @cached_property
    def _shakes(self) -> tuple[Wander, Wander]:
        draw = Draw(self.seed, "shake")
        return Wander(draw.of("x"), self.seconds, 0.5, 1.0), Wander(
            draw.of("y"), self.seconds, 0.5, 1.0
        )


def _subject(role: Role, eye: Point, seconds: float) -> Subject:
    """A role as a camera at ``eye`` sees it; who looks at the camera looks at this one."""
    expression, pose = role.performance.at(seconds)
    x, y, z = (at - seen for at, seen in zip(role.place, eye, strict=True))
    yaw = pose.yaw + angle_of(-x, z) * (180.0 / PI)
    turned = replace(pose, yaw=min(90.0, max(-90.0, yaw - role.facing)))
    return Subject(role.person, expression, turned, (x, y, z), facing=role.facing)
