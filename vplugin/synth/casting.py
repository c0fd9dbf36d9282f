"""Makes a script of a seed: people side by side who talk in turns, seen from a few places.

Who speaks looks at the camera or at a neighbour; who listens looks at who speaks. Shots change when
somebody else speaks, not in the middle of a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vplugin.synth.backdrop import Backdrop
from vplugin.synth.camera import Camera
from vplugin.synth.draw import Draw
from vplugin.synth.light import Light
from vplugin.synth.performance import Mood, Performance, Turn
from vplugin.synth.person import Person
from vplugin.synth.script import Role, Script, Shot
from vplugin.synth.speech import Speech
from vplugin.synth.voice import Voice

__all__ = ["LINES", "Line", "attention", "cast", "deal", "say", "sentences", "uncovered"]

LINES = (
    "Good morning, and thank you for having me.",
    "Where shall we begin?",
    "I was never born, but I do remember this room.",
    "Every picture of me comes from a number.",
    "Do you think anybody will notice?",
    "My mother would have liked the weather.",
    "We moved here before the bridge was built.",
    "That is a very good question.",
    "People believe what they see, most of the time.",
    "Five brown foxes jumped over the garden wall.",
    "Please show me the other picture once more.",
    "Maybe tomorrow, maybe never.",
)

_SPACING = 500.0  # mm between neighbours
_TOWARDS = 30.0  # degrees by which one turns to a neighbour
_PAUSE = 0.4  # seconds between two lines
_ROOMS = ("room", "office", "bookshelf", "studio", "curtain", "kitchen")


@dataclass(frozen=True)
class Line:
    """Something said.

    Attributes:
        role: By whom, an index.
        speech: With its timing.
    """

    role: int
    speech: Speech


def cast(seed: int, people: int = 2, seconds: float | None = None, text: str = "") -> Script:
    """A conversation.

    Args:
        seed: Any integer.
        people: How many, 1 to 6.
        seconds: Length; None is as long as what is said, and one second more.
        text: Dealt out sentence by sentence; some lines of ours if empty.

    Raises:
        ValueError: Nobody, or more than fit.
    """
    if not 1 <= people <= 6:
        raise ValueError(f"a clip has 1 to 6 people, not {people}")
    draw = Draw(seed, "cast")
    seeds = [draw.of(f"person {i}").integer(0, 1 << 31) for i in range(people)]
    voices = [_voice(draw.of(f"voice {i}"), seed) for i, seed in enumerate(seeds)]
    said = sentences(text) or _drawn_lines(draw.of("lines"), seconds or 8.0)
    lines = deal(said, voices)
    length = seconds if seconds is not None else lines[-1].speech.end + 1.0
    roles = tuple(
        replace(_role(draw.of(f"role {i}"), i, seeds, lines, length), voice=voices[i])
        for i in range(people)
    )
    return Script(roles, _shots(draw.of("shots"), lines, people, length), length, seed=seed)


def uncovered(person: Person) -> Person:
    """The person with nothing before the face or on the head; clear glasses stay."""
    wear = replace(person.wear, hat="none", cover="none", headphones="none", lenses="clear")
    return replace(person, wear=wear)


def sentences(text: str) -> list[str]:
    """A text cut after each full stop, question or exclamation mark."""
    return [part.strip() for part in re.findall(r"[^.!?]+[.!?]*", text) if part.strip()]


def deal(said: Sequence[str], voices: Sequence[Voice], start: float = 0.4) -> list[Line]:
    """Who says what when: everybody in turn, each after the other has ended."""
    lines, at = [], start
    for index, sentence in enumerate(said):
        role = index % len(voices)
        speech = Speech.of(sentence, start=at, pace=voices[role].pace)
        if speech.sounds:
            lines.append(Line(role, speech))
            at = speech.end + _PAUSE
    return lines


def say(lines: Sequence[Line], role: int) -> Speech:
    """Everything that one of them says."""
    speech = Speech()
    for line in lines:
        if line.role == role:
            speech = speech.then(line.speech)
    return speech


def attention(draw: Draw, lines: Sequence[Line], role: int) -> tuple[Turn, ...]:
    """Where one of them looks: to who speaks, or, speaking, to the camera and to the others."""
    turns: list[Turn] = []
    for line in lines:
        tilt = draw.normal(0.0, 2.0)
        late = draw.uniform(0.1, 0.45)
        if line.role != role:
            side = 1.0 if line.role > role else -1.0
            turns.append(Turn(line.speech.start + late, side * _TOWARDS, 1.0, tilt))
        else:
            turns.append(Turn(line.speech.start - 0.2, 0.0, 0.0, tilt))
    return tuple(sorted(turns, key=lambda turn: turn.at))


def _drawn_lines(draw: Draw, seconds: float) -> list[str]:
    left = list(LINES)
    said, length = list[str](), 0.0
    while left and length < seconds - 1.0:
        said.append(left.pop(draw.integer(0, len(left))))
        length += Speech.of(said[-1]).end + _PAUSE
    return said


def _voice(draw: Draw, seed: int) -> Voice:
    person = Person.from_seed(seed)
    return Voice.fitting(draw, person.sex, person.age)


def _role(draw: Draw, index: int, seeds: Sequence[int], lines: Sequence[Line], end: float) -> Role:
    x = (index - (len(seeds) - 1) / 2.0) * _SPACING
    performance = Performance(
        draw.of("performance").bits(),
        end,
        say(lines, index),
        turns=attention(draw.of("turns"), lines, index),
        moods=_moods(draw.of("moods"), lines),
        liveliness=draw.uniform(0.8, 1.3),
    )
    place = (x, draw.normal(0.0, 14.0), draw.normal(0.0, 20.0))
    facing = -0.03 * x + draw.normal(0.0, 3.0)
    return Role(
        uncovered(Person.from_seed(seeds[index])), seeds[index], performance, place, facing=facing
    )


def _moods(draw: Draw, lines: Sequence[Line]) -> tuple[Mood, ...]:
    """A new face for each line, not all at the same moment."""
    moods = [
        Mood(
            line.speech.start + draw.uniform(-0.2, 1.0),
            draw.uniform(0.0, 0.75),
            draw.normal(0.05, 0.2),
            draw.uniform(0.4, 0.9),
        )
        for line in lines
    ]
    return tuple(sorted(moods, key=lambda mood: mood.at))


def _shots(draw: Draw, lines: Sequence[Line], people: int, seconds: float) -> tuple[Shot, ...]:
    """All together first, then, now and then, who speaks."""
    light = Light.of_preset(
        draw.of("preset").choice(("studio", "indoor", "window")), draw.of("light")
    )
    room = Backdrop.from_draw(draw.of("room"))
    room = replace(room, kind=draw.of("kind").choice(_ROOMS), brightness=draw.normal(-0.2, 0.25))
    shots = [_wide(0.0, people, light, room)]
    for line in lines[1:]:
        start = line.speech.start - 0.2
        if start - shots[-1].start < 2.5 or start > seconds - 1.5 or not draw.chance(0.7):
            continue
        close = people > 1 and (shots[-1].roles is None or draw.chance(0.5))
        shots.append(
            _close(start, line.role, people, light, room)
            if close
            else _wide(start, people, light, room)
        )
    return tuple(shots)


def _wide(start: float, people: int, light: Light, room: Backdrop) -> Shot:
    away = 780.0 if people == 1 else 620.0 + 360.0 * people
    eye = (0.0, 10.0, -away)
    return Shot(start, Camera(field_of_view=26.0), eye, (0.0, 0.0, 60.0), 8.0, 2.0, light, room)


def _close(start: float, role: int, people: int, light: Light, room: Backdrop) -> Shot:
    """One of them; the room is seen from the other side."""
    x = (role - (people - 1) / 2.0) * _SPACING
    side = "no" if room.mirrored == "yes" else "yes"
    near = replace(room, blur=min(0.12, room.blur + 0.015), mirrored=side)
    eye, moves = (x, 40.0, -920.0), (0.0, 0.0, 70.0)
    return Shot(start, Camera(field_of_view=24.0), eye, moves, 6.0, 2.5, light, near, (role,))
