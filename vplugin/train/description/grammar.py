"""Which attributes a face has, which values they take, and which words say so.

The attributes are those of the paper's taxonomy (appearance, action, visible expression) that the
renderer knows exactly. There is no ethnicity, and nothing about what somebody feels: only what the
face shows. A value is what is scored; a *shade* is a finer truth that chooses among its phrases
("in her fifties" of ``middle-aged``). Every phrase belongs to one value, so that captions can be
read back exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

__all__ = [
    "ABSENT", "ADJECTIVES", "AGES", "ATTRIBUTES", "HAIR", "NOUNS", "PHRASES", "UNSEEN", "Attribute",
    "Fact", "Facts", "Phrase", "phrases_of",
]  # fmt: skip

#: Value of an attribute that the picture does not show.
UNSEEN = "unseen"
#: Value of what is not there or not done; captions say it seldom.
ABSENT = "none"

Part = Literal["person", "hair", "has", "wears", "does"]


class Fact(NamedTuple):
    """What is true of one attribute.

    Attributes:
        value: One of the attribute's values, or :data:`UNSEEN`.
        shade: A finer word, or nothing.
    """

    value: str
    shade: str = ""


#: What is true of a face, by attribute. What is between two values, so that people would differ,
#: is left out: nothing is said about it, asked about it or scored.
Facts = Mapping[str, Fact]


class Attribute(NamedTuple):
    """One attribute.

    Attributes:
        name: For tables.
        topic: Of the taxonomy.
        part: Of a sentence that it belongs to.
        asked: How it is asked for, after ``what is`` or ``describe``.
        values: In order; :data:`ABSENT` first where there is one.
    """

    name: str
    topic: Literal["appearance", "action", "expression"]
    part: Part
    asked: str
    values: tuple[str, ...]


_ALL = (
    Attribute("gender", "appearance", "person", "the gender", ("woman", "man")),
    Attribute("age", "appearance", "person", "the age", ("child", "young", "middle-aged", "old")),
    Attribute("skin", "appearance", "has", "the skin colour", ("light", "medium", "dark")),
    Attribute(
        "hair", "appearance", "hair", "the hair style",
        ("bald", "shaved", "short", "chin-length", "long", "tied", "braided", "afro"),
    ),
    Attribute("texture", "appearance", "hair", "the hair texture", ("straight", "wavy", "curly")),
    Attribute(
        "colour", "appearance", "hair", "the hair colour",
        ("dark", "brown", "blond", "red", "grey", "white"),
    ),
    Attribute(
        "beard", "appearance", "has", "the beard",
        (ABSENT, "stubble", "beard", "moustache", "goatee"),
    ),
    Attribute("iris", "appearance", "has", "the eye colour", ("brown", "light")),
    Attribute("glasses", "appearance", "wears", "the eyewear", (ABSENT, "glasses", "sunglasses")),
    Attribute("frame", "appearance", "wears", "the shape of the glasses", ("round", "rectangular")),
    Attribute(
        "hat", "appearance", "wears", "the headwear",
        (ABSENT, "cap", "beanie", "hat", "helmet", "turban", "headscarf", "hood", "headband"),
    ),
    Attribute("mask", "appearance", "wears", "the face covering", (ABSENT, "mask", "scarf")),
    Attribute("earrings", "appearance", "wears", "the ear jewelry", (ABSENT, "earrings")),
    Attribute("necklace", "appearance", "wears", "the neck jewelry", (ABSENT, "necklace")),
    Attribute("headphones", "appearance", "wears", "the headset", (ABSENT, "headphones")),
    Attribute("lipstick", "appearance", "wears", "the make-up", (ABSENT, "lipstick")),
    Attribute("smile", "action", "does", "the smile", (ABSENT, "smiling", "downturned")),
    Attribute("mouth", "action", "does", "the mouth", ("closed", "teeth", "open")),
    Attribute("eyes", "action", "does", "the state of the eyes", ("open", "closed", "winking")),
    Attribute("head", "action", "does", "the direction of the head", ("front", "left", "right")),
    Attribute("brows", "expression", "has", "the brows", ("relaxed", "raised", "knitted")),
)  # fmt: skip

#: By name, in the order of captions' parts.
ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({one.name: one for one in _ALL})


class Phrase(NamedTuple):
    """Words that say a value.

    Attributes:
        words: Lower case, between spaces.
        shade: They may be said only where the fact has this shade; nothing: always.
    """

    words: str
    shade: str = ""


def _phrases(*plain: str, **shaded: str) -> tuple[Phrase, ...]:
    """Plain ones, and by shade those with ``|`` between them."""
    more = [Phrase(w, shade) for shade, said in shaded.items() for w in said.split("|")]
    return (*(Phrase(words) for words in plain), *more)


#: Phrases of each attribute and value; frames, genders, ages and hair are put together otherwise.
PHRASES: Mapping[str, Mapping[str, tuple[Phrase, ...]]] = MappingProxyType(
    {
        "skin": {
            "light": _phrases("light skin", "fair skin"),
            "medium": _phrases("medium skin", "tan skin"),
            "dark": _phrases("dark skin", "deep brown skin"),
        },
        "beard": {
            ABSENT: _phrases("no beard", "no facial hair"),
            "stubble": _phrases("stubble", "a five o'clock shadow"),
            "beard": _phrases(
                "a beard", short="a short beard|a trimmed beard", full="a full beard",
                long="a long beard",
            ),
            "moustache": _phrases("a moustache", "a mustache"),
            "goatee": _phrases("a goatee", "a chin beard"),
        },
        "iris": {
            "brown": _phrases("brown eyes", "dark eyes"),
            "light": _phrases(
                "light eyes", blue="blue eyes", green="green eyes", grey="grey eyes"
            ),
        },
        "glasses": {
            ABSENT: _phrases("no glasses", "no spectacles", "no eyewear"),
            "glasses": _phrases("glasses", "spectacles", "eyeglasses"),
            "sunglasses": _phrases("sunglasses", "dark glasses"),
        },
        "hat": {
            ABSENT: _phrases("no hat", "nothing on the head"),
            "cap": _phrases("a cap", "a baseball cap"),
            "beanie": _phrases("a beanie", "a woolly hat"),
            "hat": _phrases("a hat", brimmed="a brimmed hat", bucket="a bucket hat"),
            "helmet": _phrases("a helmet"),
            "turban": _phrases("a turban"),
            "headscarf": _phrases("a headscarf"),
            "hood": _phrases("a hood"),
            "headband": _phrases("a headband"),
        },
        "mask": {
            ABSENT: _phrases("no mask", "nothing over the face"),
            "mask": _phrases(
                "a mask", "a face mask", medical="a medical mask", cloth="a cloth mask"
            ),
            "scarf": _phrases("a scarf over the face"),
        },
        "earrings": {
            ABSENT: _phrases("no earrings"),
            "earrings": _phrases(
                "earrings", stud="stud earrings|ear studs", hoop="hoop earrings",
                drop="drop earrings",
            ),
        },
        "necklace": {
            ABSENT: _phrases("no necklace"),
            "necklace": _phrases(
                "a necklace", chain="a chain", beads="a bead necklace", pendant="a pendant"
            ),
        },
        "headphones": {
            ABSENT: _phrases("no headphones"),
            "headphones": _phrases("headphones", headset="a headset"),
        },
        "lipstick": {
            ABSENT: _phrases("no lipstick"), "lipstick": _phrases("lipstick"),
        },
        "smile": {
            ABSENT: _phrases("not smiling"),
            "smiling": _phrases("smiling", grin="grinning"),
            "downturned": _phrases("pulling the mouth down", "turning the mouth down"),
        },
        "mouth": {
            "closed": _phrases("keeping the mouth closed", "keeping the lips closed"),
            "teeth": _phrases("showing teeth", "showing the teeth"),
            "open": _phrases("opening the mouth", "holding the mouth open"),
        },
        "eyes": {
            "open": _phrases("keeping the eyes open"),
            "closed": _phrases("closing the eyes", "keeping the eyes closed"),
            "winking": _phrases("winking", "closing one eye"),
        },
        "head": {
            "front": _phrases("facing the camera", "looking straight ahead"),
            "left": _phrases("facing left", "turned to the left"),
            "right": _phrases("facing right", "turned to the right"),
        },
        "brows": {
            "relaxed": _phrases("relaxed brows", "level brows"),
            "raised": _phrases("raised brows", "lifted brows"),
            "knitted": _phrases("knitted brows", "furrowed brows"),
        },
    }
)  # fmt: skip

#: Nouns for people, by gender; a child is a child.
NOUNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"woman": ("woman", "lady"), "man": ("man", "gentleman"), "": ("person",)}
)

#: Words for ages: before the noun, and decades behind it by shade.
AGES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "young": (("young",), ("twenties", "thirties")),
        "middle-aged": (("middle-aged",), ("forties", "fifties")),
        "old": (("old", "elderly"), ("sixties", "seventies", "eighties")),
    }
)

#: Adjectives of hair, by attribute and value.
ADJECTIVES: Mapping[str, Mapping[str, tuple[Phrase, ...]]] = MappingProxyType(
    {
        "hair": {
            "shaved": _phrases("shaved", "very short"),
            "short": _phrases("short"),
            "chin-length": _phrases("chin-length", "bobbed"),
            "long": _phrases("long"),
        },
        "texture": {
            "straight": _phrases("straight"),
            "wavy": _phrases("wavy"),
            "curly": _phrases("curly"),
        },
        "colour": {
            "dark": (
                Phrase("dark"), Phrase("black", "black"), Phrase("dark brown", "dark brown"),
            ),
            "brown": _phrases("brown"),
            "blond": _phrases("blond", "fair"),
            "red": _phrases("red", auburn="auburn"),
            "grey": _phrases("grey", "gray"),
            "white": _phrases("white"),
        },
    }
)  # fmt: skip

#: Styles that are no adjective: before and behind "hair", or instead of it.
HAIR: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "tied": (("tied", "hair"), ("", "hair tied back")),
        "braided": (("braided", "hair"), ("", "hair in braids")),
        "afro": (("", "afro hair"), ("", "hair in an afro")),
    }
)


def phrases_of(attribute: str, fact: Fact) -> list[str]:
    """The phrases that are true of a fact, of those in :data:`PHRASES`."""
    return [p.words for p in PHRASES[attribute][fact.value] if p.shade in ("", fact.shade)]
