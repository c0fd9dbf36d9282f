from __future__ import annotations

import pytest

from tests.train.description.people import seen
from vplugin.synth.beard import Beard
from vplugin.synth.hair_style import HairStyle
from vplugin.synth.parts import Segment
from vplugin.synth.wear import Wear
from vplugin.train.description.facts import facts_of
from vplugin.train.description.grammar import ABSENT, ATTRIBUTES, PHRASES, UNSEEN, Fact


def test_all_of_somebody() -> None:
    assert facts_of(seen()) == {
        "gender": Fact("woman"), "age": Fact("young", "thirties"), "skin": Fact("light"),
        "hair": Fact("long"), "texture": Fact("wavy"), "colour": Fact("dark", "black"),
        "beard": Fact(ABSENT, "none"), "iris": Fact("light", "blue"), "brows": Fact("relaxed"),
        "glasses": Fact("glasses"), "frame": Fact("round"), "hat": Fact(ABSENT, "none"),
        "mask": Fact(ABSENT), "earrings": Fact("earrings", "hoop"), "necklace": Fact(ABSENT),
        "headphones": Fact(ABSENT, "none"), "lipstick": Fact(ABSENT),
        "smile": Fact("smiling", "grin"), "mouth": Fact("teeth"), "eyes": Fact("open"),
        "head": Fact("front"),
    }  # fmt: skip


MASKED = {"wear__cover": "medical_mask", "shares": {Segment.MASK: 0.1}}
DARK = {"wear__lenses": "dark"}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"age": 8.0}, {"age": "child", "gender": None}),
        ({"age": 51.0}, {"age": "middle-aged"}),
        ({"age": 40.0, "sex": 0.1}, {"age": None, "gender": None}),
        ({"sex": 0.7}, {"gender": "man"}),
        ({"tone__melanin": 0.9}, {"skin": "dark"}),
        ({"tone__melanin": 0.3}, {"skin": None}),
        ({"hair__style": "bald"}, {"hair": "bald", "texture": None, "colour": None}),
        (
            {"hair__style": "bald", "wear__hat": "cap", "shares": {Segment.HAT: 0.2}},
            {"hair": UNSEEN, "colour": UNSEEN, "hat": "cap"},
        ),
        (
            {"wear__hat": "hood", "shares": {Segment.HAT: 0.2, Segment.HAIR: 0.02}},
            {"hair": UNSEEN, "texture": UNSEEN, "colour": UNSEEN},
        ),
        ({"hair__style": "locs"}, {"hair": "braided", "texture": None}),
        ({"hair__curl": 0.9}, {"texture": "curly"}),
        ({"hair__line": "ring"}, {"hair": None, "texture": None, "colour": "dark"}),
        ({"hair__greying": 0.7}, {"colour": "grey"}),
        ({"hair__greying": 1.0}, {"colour": "white"}),
        ({"hair__greying": 0.2}, {"colour": None}),
        ({"hair__colour": "dyed"}, {"colour": None}),
        ({"beard__style": "goatee"}, {"beard": "goatee"}),
        ({"beard__style": "sideburns"}, {"beard": None}),
        ({"beard__style": "stubble", "beard__density": 0.4}, {"beard": None}),
        (MASKED, dict.fromkeys(("beard", "smile", "mouth", "lipstick"), UNSEEN) | {"mask": "mask"}),
        ({"wear__cover": "wound_scarf"}, {"mask": ABSENT}),
        (DARK, {"glasses": "sunglasses", "iris": UNSEEN, "eyes": UNSEEN}),
        ({"wear__lenses": "tinted"}, {"glasses": None, "frame": None}),
        ({"wear__glasses": "aviator"}, {"glasses": "glasses", "frame": None}),
        ({"shares": {Segment.GLASSES: 0.0}}, {"glasses": UNSEEN, "frame": UNSEEN}),
        ({"wear__glasses": "none"}, {"glasses": ABSENT, "frame": None}),
        ({"shares": {Segment.EARRING: 0.0, Segment.LEFT_EAR: 0.0}}, {"earrings": UNSEEN}),
        ({"shares": {Segment.EARRING: 0.0001}}, {"earrings": None}),
        ({"shares": {Segment.NECK: 0.0}}, {"necklace": UNSEEN}),
        ({"make_up__lipstick": 0.8}, {"lipstick": "lipstick"}),
        ({"make_up__lipstick": 0.2}, {"lipstick": None}),
        ({"wear__headphones": "buds"}, {"headphones": None}),
        ({"expression__smile_left": 0.0, "expression__smile_right": 0.1}, {"smile": ABSENT}),
        ({"expression__smile_left": 0.1}, {"smile": None}),
        ({"expression__frown": 0.6}, {"smile": "downturned"}),
        ({"expression__jaw": 0.5}, {"mouth": "open"}),
        ({"expression__gap": 0.0}, {"mouth": "closed"}),
        ({"expression__blink_left": 1.0, "expression__blink_right": 1.0},
         {"eyes": "closed", "iris": UNSEEN}),
        ({"expression__blink_left": 1.0}, {"eyes": "winking"}),
        ({"expression__blink_left": 0.5}, {"eyes": None}),
        ({"expression__brow_knit": 0.8}, {"brows": "knitted"}),
        ({f"expression__brow_{n}": 0.8 for n in ("left", "right", "inner")}, {"brows": "raised"}),
        ({"shares": {Segment.LEFT_BROW: 0.0, Segment.RIGHT_BROW: 0.0}}, {"brows": UNSEEN}),
        ({"yaw": 40.0}, {"head": "right"}),
        ({"yaw": -40.0}, {"head": "left"}),
        ({"yaw": 20.0}, {"head": None}),
        ({"iris__melanin": 0.8}, {"iris": "brown"}),
    ],
)  # fmt: skip
def test_what_differs(change: dict, wanted: dict[str, str | None]) -> None:
    facts = facts_of(seen(**change))
    for name, value in wanted.items():
        assert (facts[name].value if name in facts else None) == value, name


def test_every_value_has_words() -> None:
    for name, phrases in PHRASES.items():
        assert set(phrases) == set(ATTRIBUTES[name].values)
        for said in phrases.values():
            assert any(not phrase.shade for phrase in said)


def test_every_word_of_the_renderer_is_understood() -> None:
    for name, group in (("hair", HairStyle), ("beard", Beard), ("wear", Wear)):
        for parameter in group.parameters():
            for word in parameter.words:
                worn = {Segment.HAT: 0.1, Segment.MASK: 0.1}
                facts = facts_of(seen(shares=worn, **{f"{name}__{parameter.name}": word}))
                for attribute, fact in facts.items():
                    assert fact.value in (*ATTRIBUTES[attribute].values, UNSEEN)
