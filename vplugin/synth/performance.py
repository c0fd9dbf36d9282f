"""How one person moves for a while: head, eyes, lids, mouth and mood, read at any moment.

Everything hangs on two things. *Attention* is a direction: the eyes go there at once, the head
follows later and not all the way. *Speech* moves the mouth, and its stresses move head and brows.
The rest is small: wandering, blinks, glances. Nothing here draws anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from vplugin.synth.draw import Draw
from vplugin.synth.expression import Expression
from vplugin.synth.motion import Aim, Blink, Path, Wander, blinks, eased, hump
from vplugin.synth.pose import Pose
from vplugin.synth.speech import Speech
from vplugin.synth.visemes import Envelope, Mouth, mouth_at

__all__ = ["Mood", "Performance", "Turn"]

_HEAD_SHARE = 0.78  # of a turn of attention; the eyes do the rest


@dataclass(frozen=True)
class Turn:
    """Attention goes somewhere.

    Attributes:
        at: Seconds.
        yaw: Degrees to the picture's right, 0 is the camera.
        pitch: Degrees down.
        roll: Degrees by which the head tilts clockwise with it.
        seconds: How long the head takes, or None for a usual time.
    """

    at: float
    yaw: float
    pitch: float = 0.0
    roll: float = 0.0
    seconds: float | None = None


@dataclass(frozen=True)
class Mood:
    """A face that somebody makes from a time on; shares, 0 to 1.

    Attributes:
        at: Seconds.
        smile: Corners of the mouth, cheeks and lids.
        brows: Brows raised (negative: drawn together).
        seconds: How long it takes to come.
    """

    at: float
    smile: float = 0.0
    brows: float = 0.0
    seconds: float = 0.6


@dataclass(frozen=True)
class Performance:
    """One person's movements.

    Attributes:
        seed: Of everything that is left to chance.
        seconds: Length; it can be read beyond, where nothing new happens.
        speech: What is said; it moves the mouth unless there is an envelope.
        envelope: Of a recorded voice, which moves the mouth instead.
        turns: Where attention goes.
        moods: Which faces are made.
        liveliness: 0 sits still, 1 is usual, 2 is much.
    """

    seed: int
    seconds: float = 10.0
    speech: Speech = field(default_factory=Speech)
    envelope: Envelope | None = None
    turns: tuple[Turn, ...] = ()
    moods: tuple[Mood, ...] = ()
    liveliness: float = 1.0

    @classmethod
    def from_seed(
        cls,
        seed: int,
        seconds: float | None = None,
        text: str = "",
        envelope: Envelope | None = None,
        pace: float = 1.0,
    ) -> Performance:
        """Somebody before a camera, mostly looking into it.

        Args:
            seed: Any integer.
            seconds: Length; None is as long as the text and one second more.
            text: What is said, from 0.4 seconds on; more than fits is cut off.
            envelope: Moves the mouth instead.
            pace: Speed of speech.
        """
        speech = Speech.of(text, start=0.4, pace=pace)
        length = seconds if seconds is not None else speech.end + 1.0
        draw = Draw(seed, "performance")
        return cls(
            seed,
            length,
            speech,
            envelope,
            _drawn_turns(draw.of("turns"), length),
            _drawn_moods(draw.of("moods"), length),
            draw.of("liveliness").uniform(0.7, 1.3),
        )

    def at(self, seconds: float) -> tuple[Expression, Pose]:
        """The face and the head at a time."""
        yaw, pitch, roll = self._head(seconds)
        return self._expression(seconds, yaw, pitch), Pose(
            yaw=_within(yaw, 75.0), pitch=_within(pitch, 45.0), roll=_within(roll, 35.0)
        )

    def mouth(self, seconds: float) -> Mouth:
        """The mouth at a time, without mood."""
        if self.envelope is not None:
            return self.envelope.mouth(seconds)
        return mouth_at(self.speech, seconds)

    @cached_property
    def blinks(self) -> tuple[Blink, ...]:
        """All blinks, in order of time."""
        likely = [phrase.end for phrase in self.speech.phrases]
        likely += [turn.at + 0.05 for turn in self.turns if turn.at > 0]
        return blinks(Draw(self.seed, "blinks"), self.seconds, likely)

    def _head(self, seconds: float) -> tuple[float, float, float]:
        """Yaw, pitch, roll of the head in degrees."""
        aims = self._attention.at(seconds, lag=0.09)
        slow, quick = self._wanders
        wander = [a.at(seconds) + b.at(seconds) for a, b in zip(slow, quick, strict=True)]
        yaw = _HEAD_SHARE * aims[0] + self.liveliness * wander[0]
        pitch = _HEAD_SHARE * aims[1] + self.liveliness * (wander[1] + self._nod(seconds))
        roll = aims[2] + self.liveliness * wander[2]
        return yaw, pitch, roll

    def _nod(self, seconds: float) -> float:
        """Degrees down on the stresses of what is said, and slowly up before them."""
        return sum(
            size * (hump(seconds - time, 0.24) - 0.45 * hump(seconds - time + 0.3, 0.26))
            for time, size in self._nods
            if abs(seconds - time) < 0.7
        )

    def _expression(self, seconds: float, yaw: float, pitch: float) -> Expression:
        smile, brows = self._moods.at(seconds)
        brows += 0.35 * self.liveliness * self._emphasis(seconds)
        closed = max((blink.closed(seconds) for blink in self._blinks_near(seconds)), default=0.0)
        lopsided = 0.12 * Draw(self.seed, "lopsided").uniform(-1.0, 1.0)
        return expression_of(
            self.mouth(seconds),
            (smile * (1.0 - max(0.0, lopsided)), smile * (1.0 + min(0.0, lopsided))),
            _within(brows, 1.0),
            closed,
            self._gaze(seconds, yaw, pitch),
        )

    def _blinks_near(self, seconds: float) -> list[Blink]:
        return [blink for blink in self.blinks if 0 <= seconds - blink.start < blink.seconds]

    def _gaze(self, seconds: float, yaw: float, pitch: float) -> tuple[float, float]:
        """Degrees of the eyes in the head, to the picture's right and down.

        The eyes jump: they are where attention is within 50 ms, whatever the head still has to do.
        """
        aims = self._attention.at(seconds, slower=0.12)
        x, y = self._fixations.at(seconds)
        return _within(aims[0] - yaw + x, 32.0), _within(aims[1] - pitch + y, 22.0)

    def _emphasis(self, seconds: float) -> float:
        """How far stresses and questions raise the brows, 0 to 1."""
        raised = sum(
            size * hump(seconds - time, 0.3)
            for time, size in self._raises
            if abs(seconds - time) < 0.3
        )
        asked = max(
            (
                eased((seconds - phrase.end + 0.7) / 0.4)
                * eased((phrase.end + 0.7 - seconds) / 0.5)
                for phrase in self.speech.phrases
                if phrase.question
            ),
            default=0.0,
        )
        return min(1.0, raised + asked)

    @cached_property
    def _attention(self) -> Path:
        aims = [Aim(float("-inf"), (0.0, 0.0, 0.0))]
        for turn in self.turns:
            before = aims[-1].values
            usual = 0.4 + (abs(turn.yaw - before[0]) + abs(turn.pitch - before[1])) / 110.0
            aims.append(Aim(turn.at, (turn.yaw, turn.pitch, turn.roll), turn.seconds or usual))
        return Path(aims)

    @cached_property
    def _moods(self) -> Path:
        aims = [Aim(float("-inf"), (0.0, 0.0))]
        return Path(
            aims + [Aim(mood.at, (mood.smile, mood.brows), mood.seconds) for mood in self.moods]
        )

    @cached_property
    def _wanders(self) -> tuple[tuple[Wander, ...], tuple[Wander, ...]]:
        """Slow and quick ones for yaw, pitch and roll."""
        draw = Draw(self.seed, "wander")
        slow, quick = (3.2, 1.8, 1.7), (0.7, 0.6, 0.35)
        return (
            tuple(Wander(draw.of(f"slow {k}"), self.seconds, 0.8, s) for k, s in enumerate(slow)),
            tuple(
                Wander(draw.of(f"quick {k}"), self.seconds, 0.22, s) for k, s in enumerate(quick)
            ),
        )

    @cached_property
    def _nods(self) -> tuple[tuple[float, float], ...]:
        """Time and degrees; those who listen nod too."""
        draw = Draw(self.seed, "nods")
        found = [
            (accent.middle, 2.6 * accent.stress * draw.uniform(0.4, 1.3))
            for accent in self.speech.accents
        ]
        at = draw.uniform(1.0, 3.0)
        while at < self.seconds:
            if not self.speech.talking(at) and not self.speech.talking(at + 0.5):
                found += [(at, draw.uniform(2.0, 4.5)), (at + 0.38, draw.uniform(1.2, 3.0))]
            at += draw.uniform(2.2, 4.5)
        return tuple(sorted(found))

    @cached_property
    def _raises(self) -> tuple[tuple[float, float], ...]:
        """Some stresses, the heaviest mostly, lift the brows."""
        draw = Draw(self.seed, "brows")
        return tuple(
            (accent.middle, accent.stress * draw.uniform(0.5, 1.0))
            for accent in self.speech.accents
            if draw.chance(0.65 * accent.stress)
        )

    @cached_property
    def _fixations(self) -> Path:
        """Where the eyes rest around the point of attention, degrees."""
        draw = Draw(self.seed, "gaze")
        aims, at = [Aim(float("-inf"), (0.0, 0.0))], 0.0
        while at < self.seconds:
            away = draw.chance(0.12)
            spread = 7.0 if away else 1.5
            aims.append(Aim(at, (draw.normal(0, spread), draw.normal(0, 0.6 * spread)), 0.045))
            at += draw.uniform(0.25, 0.8) if away else draw.uniform(0.35, 2.2)
        return Path(aims)


def expression_of(
    mouth: Mouth,
    smile: tuple[float, float],
    brows: float,
    closed: float,
    gaze: tuple[float, float],
) -> Expression:
    """What the parts of a face do together, in the parameters of the head.

    Args:
        mouth: Of speech; its full jaw is loud speech, about half of what a jaw can do.
        smile: Left and right, 0 to 1.
        brows: Raised, 1, to drawn together, -1.
        closed: Lids, 0 to 1.
        gaze: Degrees of the eyes to the picture's right and down.
    """
    both = (smile[0] + smile[1]) / 2.0
    raised, knit = max(0.0, brows), max(0.0, -brows)
    round_lips = mouth.pucker * (1.0 - 0.5 * both)
    return Expression(
        jaw=0.65 * mouth.jaw,
        smile_left=smile[0] * (1.0 - 0.6 * mouth.pucker),
        smile_right=smile[1] * (1.0 - 0.6 * mouth.pucker),
        wide=0.7 * mouth.wide,
        pucker=0.75 * round_lips,
        funnel=min(1.0, 0.9 * round_lips * mouth.jaw),
        press=0.35 * mouth.closed,
        gap=min(1.0, 0.9 * mouth.gap + 0.25 * both * (1.0 - mouth.closed)),
        bite=mouth.bite,
        tongue=0.3 * mouth.tongue,
        blink_left=closed,
        blink_right=closed,
        squint=0.45 * both,
        lids_up=0.25 * raised,
        brow_inner=0.8 * raised - 0.35 * knit,
        brow_left=0.8 * raised - 0.2 * knit,
        brow_right=0.8 * raised - 0.2 * knit,
        brow_knit=0.8 * knit,
        gaze_x=gaze[0],
        gaze_y=gaze[1],
    )


def _within(value: float, limit: float) -> float:
    return min(limit, max(-limit, value))


def _drawn_turns(draw: Draw, seconds: float) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    at = draw.uniform(0.8, 2.5)
    while at < seconds - 0.5:
        away = draw.chance(0.55)
        yaw, pitch = (draw.normal(0, 17), draw.normal(1, 6)) if away else (0.0, 0.0)
        turns.append(Turn(at, _within(yaw, 50.0), _within(pitch, 20.0), draw.normal(0, 2.5)))
        at += draw.uniform(0.8, 2.0) if away else draw.uniform(1.5, 4.0)
    return tuple(turns)


def _drawn_moods(draw: Draw, seconds: float) -> tuple[Mood, ...]:
    moods: list[Mood] = [Mood(-1.0, max(0.0, draw.normal(0.15, 0.15)), draw.normal(0, 0.12))]
    at = draw.uniform(1.0, 4.0)
    while at < seconds:
        smile = draw.uniform(0.3, 0.9) if draw.chance(0.4) else draw.uniform(0.0, 0.25)
        moods.append(Mood(at, smile, draw.normal(0.05, 0.25), draw.uniform(0.4, 0.9)))
        at += draw.uniform(1.5, 4.0)
    return tuple(moods)
