"""What is true of a rendered face and can be seen in its crop, from the renderer's exact words.

A value needs room between it and the next one (a smile half smiled is neither), and what it is
about must be in the crop: the share of its pixels decides. Nothing is guessed from the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vplugin.synth.parts import Segment
from vplugin.train.description.grammar import ABSENT, UNSEEN, Fact

__all__ = ["Seen", "facts_of"]

_STYLES = {
    "bald": "bald", "buzz": "shaved", "bob": "chin-length", "shoulder": "long", "long": "long",
    "ponytail": "tied", "bun": "tied", "topknot": "tied", "braids": "braided", "braid": "braided",
    "locs": "braided", "afro": "afro", "short": "short", "crew": "short", "textured": "short",
    "undercut": "short", "quiff": "short", "slicked": "short", "bowl": "short", "pixie": "short",
}  # fmt: skip
_COLOURS = {
    "black": "dark", "dark brown": "dark", "brown": "brown", "light brown": "brown",
    "blond": "blond", "platinum": "blond", "red": "red", "auburn": "red",
}  # fmt: skip
_BEARDS = {
    "none": ABSENT, "stubble": "stubble", "short": "beard", "full": "beard", "long": "beard",
    "moustache": "moustache", "goatee": "goatee", "chin": "goatee",
}  # fmt: skip
_FRAMES = {
    "round": "round", "oval": "round", "square": "rectangular", "rectangle": "rectangular",
    "thick": "rectangular", "half_rim": "rectangular",
}  # fmt: skip
_HATS = {
    "none": ABSENT, "cap": "cap", "backward_cap": "cap", "beanie": "beanie", "brimmed": "hat",
    "bucket": "hat", "helmet": "helmet", "turban": "turban", "headscarf": "headscarf",
    "hood": "hood", "band": "headband",
}  # fmt: skip
_CLOSED_HATS = ("helmet", "turban", "headscarf", "hood", "beanie")
_LIPS = (Segment.INNER_MOUTH, Segment.UPPER_LIP, Segment.LOWER_LIP)
_EYES = (Segment.LEFT_EYE, Segment.RIGHT_EYE)
_EARS = (Segment.LEFT_EAR, Segment.RIGHT_EAR)
_BROWS = (Segment.LEFT_BROW, Segment.RIGHT_BROW)


@dataclass(frozen=True)
class Seen:
    """The truth about one crop.

    Attributes:
        words: The renderer's attributes, the expression as ``expression.NAME``.
        shares: (23,) share of the crop of each :class:`Segment`.
        yaw: Of the head in the crop, degrees, positive to the picture's right.
    """

    words: Mapping[str, str | float]
    shares: npt.NDArray[np.float64]
    yaw: float

    def word(self, name: str) -> str:
        """A word of the renderer."""
        return str(self.words[name])

    def number(self, name: str) -> float:
        """A number of the renderer."""
        return float(self.words[name])

    def share(self, *segments: Segment) -> float:
        """Of the crop that these segments fill together."""
        return float(sum(self.shares[segment] for segment in segments))


def facts_of(seen: Seen) -> dict[str, Fact]:
    """What is true and can be told, by attribute; what lies between two values is left out."""
    found: dict[str, Fact | None] = {}
    found |= _person(seen) | _hair(seen) | _face(seen) | _worn(seen) | _done(seen)
    return {name: fact for name, fact in found.items() if fact is not None}


def _step(value: float, *edges: tuple[float, float, str]) -> Fact | None:
    """The word of the range that holds a value; None between ranges."""
    return next((Fact(word) for low, high, word in edges if low <= value < high), None)


def _person(seen: Seen) -> dict[str, Fact | None]:
    years, sex = seen.number("age"), seen.number("sex")
    age = _step(
        years, (0, 12, "child"), (18, 38, "young"), (43, 57, "middle-aged"), (64, 99, "old")
    )
    decade = {2: "twenties", 3: "thirties", 4: "forties", 5: "fifties", 6: "sixties",
              7: "seventies", 8: "eighties"}.get(int(years / 10), "")  # fmt: skip
    gender = _step(sex, (-2, -0.25, "woman"), (0.25, 2, "man")) if years >= 16 else None
    skin = _step(
        seen.number("tone.melanin"), (-1, 0.25, "light"), (0.38, 0.55, "medium"), (0.68, 2, "dark")
    )
    return {"gender": gender, "age": age and Fact(age.value, decade), "skin": skin}


def _hair(seen: Seen) -> dict[str, Fact | None]:
    """Style, texture and colour: of a hat's wearer only what looks out below it."""
    style, hat = _STYLES.get(seen.word("hair.style")), seen.word("wear.hat")
    covered = hat in _CLOSED_HATS
    if style == "bald":
        hidden = None if hat == "none" else Fact(UNSEEN)
        return {"hair": hidden or Fact("bald"), "texture": None, "colour": hidden}
    if seen.share(Segment.HAIR) < (0.03 if covered else 0.012):
        gone = Fact(UNSEEN)
        return {"hair": gone, "texture": gone, "colour": gone}
    told = Fact(style) if style is not None else None  # of a mohawk nothing is said
    if seen.word("hair.line") in ("crown", "ring") or (hat != "none" and style != "long"):
        told = None  # half bald, or half covered
    loose = style in ("short", "chin-length", "long") and told is not None
    texture = _step(
        seen.number("hair.curl"), (-1, 0.18, "straight"), (0.3, 0.5, "wavy"), (0.62, 2, "curly")
    )
    return {"hair": told, "texture": texture if loose else None, "colour": _hair_colour(seen)}


def _hair_colour(seen: Seen) -> Fact | None:
    colour, grey = seen.word("hair.colour"), seen.number("hair.greying")
    if grey > 0.06:  # a drawn hair stands for many: few white ones already show
        return _step(grey, (0.4, 0.75, "grey"), (0.85, 2, "white"))
    return Fact(_COLOURS[colour], colour) if colour in _COLOURS else None


def _face(seen: Seen) -> dict[str, Fact | None]:
    style, density = seen.word("beard.style"), seen.number("beard.density")
    beard = Fact(_BEARDS[style], style) if style in _BEARDS else None
    if style == "stubble" and density < 0.6:
        beard = None
    if _mouth_hidden(seen):
        beard = Fact(UNSEEN)
    raised = np.mean([seen.number(f"expression.brow_{n}") for n in ("left", "right", "inner")])
    knit = seen.number("expression.brow_knit")
    brows = _step(float(raised), (0.5, 2, "raised"), (-0.35, 0.25, "relaxed"))
    if knit > 0.2:
        brows = Fact("knitted") if knit > 0.5 else None
    if seen.share(*_BROWS) < 0.002:
        brows = Fact(UNSEEN)
    return {"beard": beard, "brows": brows, "iris": _iris(seen)}


def _iris(seen: Seen) -> Fact | None:
    if _eyes_hidden(seen) or max(_lids(seen)) > 0.6:
        return Fact(UNSEEN)
    told = _step(seen.number("iris.melanin"), (-1, 0.35, "light"), (0.6, 2, "brown"))
    if told is None or told.value == "brown":
        return told
    hue, pale = seen.number("iris.green"), seen.number("iris.grey")
    shade = "grey" if pale > 0.7 else "blue" if hue < 0.25 else "green" if hue < 0.6 else ""
    return Fact("light", shade)


def _worn(seen: Seen) -> dict[str, Fact | None]:
    glasses, frame = _glasses(seen)
    hat, cover = seen.word("wear.hat"), seen.word("wear.cover")
    mask = {"medical_mask": Fact("mask", "medical"), "cloth_mask": Fact("mask", "cloth"),
            "scarf": Fact("scarf")}.get(cover, Fact(ABSENT))  # fmt: skip
    music = seen.word("wear.headphones")
    ears_told = seen.share(*_EARS) > 0.006
    return {
        "glasses": glasses,
        "frame": frame,
        "hat": _shown(Fact(_HATS[hat], hat), seen.share(Segment.HAT) > 0.012),
        "mask": _shown(mask, seen.share(Segment.MASK) > 0.012),
        "earrings": _jewel(seen, "earrings", Segment.EARRING, told=ears_told),
        "necklace": _jewel(
            seen, "necklace", Segment.NECKLACE, told=seen.share(Segment.NECK) > 0.02
        ),
        "headphones": None if music == "buds" else
        _shown(Fact(ABSENT if music == "none" else "headphones", music), music != "none"),
        "lipstick": _lipstick(seen),
    }  # fmt: skip


def _shown(fact: Fact, shown: bool) -> Fact:
    """What is worn must be in the crop; what is not worn is not."""
    return fact if fact.value == ABSENT or shown else Fact(UNSEEN)


def _jewel(seen: Seen, name: str, segment: Segment, *, told: bool) -> Fact | None:
    """Small things: seen, not there, out of sight, or too few pixels to say."""
    kind, share = seen.word(f"wear.{name}"), seen.share(segment)
    if kind == "none":
        return Fact(ABSENT) if told else Fact(UNSEEN)
    if share > 0.0008:
        return Fact(name, kind)
    return None if share > 0 or told else Fact(UNSEEN)


def _glasses(seen: Seen) -> tuple[Fact | None, Fact | None]:
    kind, lenses = seen.word("wear.glasses"), seen.word("wear.lenses")
    if kind == "none":
        return Fact(ABSENT), None
    if seen.share(Segment.GLASSES) < 0.003:
        return Fact(UNSEEN), Fact(UNSEEN)
    dark = {"clear": Fact("glasses"), "dark": Fact("sunglasses")}.get(lenses)
    return dark, Fact(_FRAMES[kind]) if dark and kind in _FRAMES else None


def _lipstick(seen: Seen) -> Fact | None:
    if _mouth_hidden(seen):
        return Fact(UNSEEN)
    return _step(seen.number("make_up.lipstick"), (-1, 0.05, ABSENT), (0.45, 2, "lipstick"))


def _done(seen: Seen) -> dict[str, Fact | None]:
    smile, mouth = _smile(seen), _mouth(seen)
    if _mouth_hidden(seen):
        smile = mouth = Fact(UNSEEN)
    head = _step(seen.yaw, (-14, 14, "front"), (25, 90, "right"), (-90, -25, "left"))
    return {"smile": smile, "mouth": mouth, "eyes": _lid_state(seen), "head": head}


def _smile(seen: Seen) -> Fact | None:
    corners = [seen.number(f"expression.smile_{side}") for side in ("left", "right")]
    if seen.number("expression.frown") > 0.2:
        return Fact("downturned") if seen.number("expression.frown") > 0.4 else None
    told = _step(float(np.mean(corners)), (0.4, 2, "smiling"), (-1, 0.15, ABSENT))
    grin = seen.number("expression.gap") > 0.3
    return Fact("smiling", "grin") if told == Fact("smiling") and grin else told


def _mouth(seen: Seen) -> Fact | None:
    jaw, gap = seen.number("expression.jaw"), seen.number("expression.gap")
    if jaw < 0.06 and gap < 0.08:
        return Fact("closed")
    if jaw > 0.38:
        return Fact("open")
    return Fact("teeth") if gap > 0.35 and jaw < 0.28 else None


def _lids(seen: Seen) -> list[float]:
    return [seen.number(f"expression.blink_{side}") for side in ("left", "right")]


def _lid_state(seen: Seen) -> Fact | None:
    if _eyes_hidden(seen):
        return Fact(UNSEEN)
    low, high = sorted(_lids(seen))
    if high < 0.35:
        return Fact("open")
    if low > 0.8:
        return Fact("closed")
    return Fact("winking") if low < 0.3 and high > 0.8 else None


def _eyes_hidden(seen: Seen) -> bool:
    """Behind dark lenses, or out of sight though the lids are open."""
    dark = seen.word("wear.glasses") != "none" and seen.word("wear.lenses") != "clear"
    return dark or (seen.share(*_EYES) < 0.0008 and max(_lids(seen)) < 0.5)


def _mouth_hidden(seen: Seen) -> bool:
    return seen.word("wear.cover") in ("medical_mask", "cloth_mask", "scarf") or (
        seen.share(*_LIPS) < 0.003
    )
