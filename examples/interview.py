"""Makes the people and the film that ship with vplugin; nobody in them exists.

    python examples/interview.py                 # examples/people and examples/media/interview.mp4
    python examples/interview.py out/interview   # the same, elsewhere

Both come from the seeds below alone: who changes the renderer runs this again.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from vplugin.synth.backdrop import Backdrop
from vplugin.synth.camera import Camera
from vplugin.synth.casting import uncovered
from vplugin.synth.clip import ClipSettings, Progress, write_clip
from vplugin.synth.draw import Draw
from vplugin.synth.light import Light
from vplugin.synth.motion import Aim
from vplugin.synth.performance import Mood, Performance, Turn
from vplugin.synth.person import Person
from vplugin.synth.props import Prop
from vplugin.synth.script import Crossing, Role, Script, Shot
from vplugin.synth.sheet import write_people
from vplugin.synth.speech import Speech
from vplugin.synth.voice import Voice

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = {"ada": 22, "ben": 3, "chika": 81, "deniz": 64, "fatima": 74, "luis": 63}
GUESTS = {"left": 49, "right": 71}  # of the film: nobody of PEOPLE, so that a swap shows something
CLOTHES = {
    "left": {"top": "blouse", "top_hue": 0.95, "top_saturation": 0.55, "top_light": 0.28},
    "right": {"top": "suit", "top_hue": 0.62, "top_saturation": 0.3, "top_light": 0.05},
}
TONE = (0.36, 0.205, 0.12)  # linear RGB of his skin
CUT = 7.55
SECONDS = 13.6


def interview() -> Script:
    """She turns from the camera to him and asks; cut; he answers while a hand passes."""
    asks = Speech.of(
        "Good morning, and welcome back. Ben, may I ask you something? Were you ever born?",
        start=0.5,
    )
    answers = Speech.of("Well, every picture of me begins with a number.", start=7.9).then(
        Speech.of("Maybe that makes me more patient.", start=11.1)
    )
    she = Performance(
        5,
        SECONDS,
        asks,
        turns=(Turn(-1.0, 0.0), Turn(3.0, 33.0, 1.0, 2.0, 0.8)),
        moods=(
            Mood(-1.0, 0.35, 0.05),
            Mood(1.0, 0.65),
            Mood(3.2, 0.3, 0.1),
            Mood(6.4, 0.6, 0.2),
        ),
    )
    he = Performance(
        8,
        SECONDS,
        answers,
        turns=(
            Turn(-1.0, -12.0, 2.0),
            Turn(1.0, -30.0, 0.0),
            Turn(3.6, -36.0, 1.0),
            Turn(9.2, 4.0),
            Turn(12.0, -22.0),
        ),
        moods=(
            Mood(-1.0, 0.25),
            Mood(6.8, 0.45, 0.3),
            Mood(8.6, 0.3),
            Mood(12.6, 0.8, 0.1),
        ),
    )
    roles = (
        _role("left", she, (-245.0, 0.0, 0.0), 9.0),
        _role("right", he, (245.0, -14.0, 0.0), -9.0),
    )
    return Script(roles, _shots(), SECONDS, _crossings(), seed=1)


def _role(
    name: str, performance: Performance, place: tuple[float, float, float], facing: float
) -> Role:
    seed = GUESTS[name]
    person = uncovered(Person.from_seed(seed))
    person = replace(person, wear=replace(person.wear, **CLOTHES[name]))
    voice = Voice.fitting(Draw(seed, "voice"), person.sex, person.age)
    return Role(person, seed, performance, place, voice, facing)


def _shots() -> tuple[Shot, Shot]:
    room = Backdrop(kind="bookshelf", seed=4, blur=0.012, brightness=-0.35)
    light = Light("indoor", -28.0, 40.0, softness=0.6, kelvin=4700.0, fill=0.32, rim=0.35)
    wide = Shot(
        0.0,
        Camera(field_of_view=26.0),
        (0.0, 26.0, -1130.0),
        (0.0, 0.0, 90.0),
        7.5,
        2.0,
        light,
        room,
    )
    near = replace(room, blur=0.03, mirrored="yes")
    close = Shot(
        CUT,
        Camera(field_of_view=24.0),
        (245.0, 16.0, -860.0),
        (0.0, 0.0, 60.0),
        6.0,
        2.0,
        light,
        near,
        (1,),
    )
    return wide, close


def _crossings() -> tuple[Crossing, ...]:
    """His hand comes up, wipes past his mouth, and goes down again; mm from the mouth."""
    hand = Prop(
        "hand",
        (250.0, 62.0, -62.0),
        (0.0, 0.0, 58.0),
        tone=TONE,
        sleeve=(0.012, 0.014, 0.02),
        seed=3,
    )
    aims = (
        Aim(float("-inf"), (-210.0, 330.0, -30.0)),
        Aim(9.35, (-14.0, 24.0, 0.0), 0.65),
        Aim(10.1, (26.0, 18.0, -4.0), 0.45),
        Aim(10.55, (-170.0, 350.0, -30.0), 0.65),
    )
    return (Crossing(hand, 9.3, 11.3, aims),)


def make(folder: Path, progress: Progress | None = None) -> list[Path]:
    """Draw everything below a folder; returns the files that name the rest."""
    people = write_people(folder / "people", PEOPLE, 512, progress=progress)
    clip = folder / "media" / "interview.mp4"
    settings = ClipSettings((1280, 720), Fraction(30), crf=21, preset="slow")
    truth = write_clip(interview(), clip, settings, clip.with_suffix(".json.gz"), progress)
    return [people, clip, truth]


def main() -> None:
    """From the command line."""

    def tell(done: int, total: int) -> None:
        print(f"\r{done}/{total}", end="" if done < total else "\n", file=sys.stderr)

    for path in make(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "examples", tell):
        print(path)


if __name__ == "__main__":
    main()
