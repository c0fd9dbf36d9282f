"""What a picture shows: people, a camera, light, what is before and behind.

Data only; `render.py` draws it. The scene's space is the camera's: mm, x to the right, y down, z
away from the viewer, the pinhole at the origin.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from vplugin.synth.backdrop import Backdrop
from vplugin.synth.camera import Camera
from vplugin.synth.draw import Draw
from vplugin.synth.exact import power
from vplugin.synth.expression import Expression
from vplugin.synth.light import Light
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.props import Prop, draw_props
from vplugin.synth.wear import Wear

# How far below the eyes a body surely reaches, mm.
_BODY = 360.0


@dataclass(frozen=True)
class Subject:
    """One person in a scene.

    Attributes:
        person: Who.
        expression: With which face.
        pose: How the head is turned, about the neck.
        place: Where the head frame's origin (between the eyes) is in the neutral pose, mm.
        wear: What is worn instead of the person's own, or None.
        facing: Degrees the whole body is turned, positive to the picture's right.
    """

    person: Person
    expression: Expression = field(default_factory=Expression)
    pose: Pose = field(default_factory=Pose)
    place: tuple[float, float, float] = (0.0, 0.0, 600.0)
    wear: Wear | None = None
    facing: float = 0.0

    @property
    def dressed(self) -> Person:
        """The person, with what is worn in this scene."""
        return self.person if self.wear is None else replace(self.person, wear=self.wear)


@dataclass(frozen=True)
class Scene:
    """Everything that a picture is drawn from.

    Attributes:
        subjects: The people, in any order.
        camera: Through what they are seen.
        light: What falls on them.
        backdrop: What is behind.
        occluders: Hands, microphones and other things, placed in the scene's space.
        seed: For grain in the drawing that belongs to nobody.
    """

    subjects: tuple[Subject, ...]
    camera: Camera = field(default_factory=Camera)
    light: Light = field(default_factory=Light)
    backdrop: Backdrop = field(default_factory=Backdrop)
    occluders: tuple[Prop, ...] = ()
    seed: int = 0

    @classmethod
    def from_seed(cls, seed: int, people: int = 1) -> Scene:
        """A varied scene: ``people`` of them, each where the camera sees the face.

        Args:
            seed: Any integer; the same gives the same picture.
            people: How many, 0 or more; 0 is a picture of things only.
        """
        draw = Draw(seed, "scene")
        camera = Camera.drawn(draw.of("camera"), field_of_view=draw.of("view").uniform(14, 40))
        subjects = tuple(
            _subject(draw.of(f"subject {i}"), i, people, camera) for i in range(people)
        )
        return cls(
            subjects,
            camera,
            Light.from_draw(draw.of("light")),
            Backdrop.from_draw(draw.of("backdrop")),
            draw_props(draw.of("occluders"), subjects),
            seed,
        )


def _subject(draw: Draw, index: int, people: int, camera: Camera) -> Subject:
    """One of several side by side, so that the face is 0.2 to 0.6 of its share of the picture."""
    half = camera.field_of_view * 0.0087266  # tan of half the angle, nearly: no libm in a scene
    distance = 115.0 / (half * draw.uniform(0.28, 0.62) / max(1.0, power(float(people), 0.7)))
    step = 2 * half * distance / max(1, people)
    x = (index - (people - 1) / 2) * step + draw.normal(0, 0.08) * step
    # Never so high that the body, which ends 400 mm below the eyes, would end in the picture.
    y = max(draw.normal(-0.05, 0.07) * half * distance, half * distance - _BODY)
    return Subject(
        Person.from_seed(draw.bits()),
        Expression.drawn(draw.of("expression")),
        Pose.drawn(draw.of("pose")),
        (x, y, distance),
        facing=draw.normal(0, 12),
    )
