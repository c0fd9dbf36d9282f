"""Captions of facts, and facts of captions.

    a photo of a young woman with long wavy dark hair and light skin , wearing round glasses .
    she is smiling and facing the camera . she has no beard .

Words stand between spaces, full stops and commas too. What was said can be read back exactly, so
that a model's captions are scored without a judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TypeVar

import numpy as np

from vplugin.train.description.grammar import (
    ABSENT,
    ADJECTIVES,
    AGES,
    ATTRIBUTES,
    HAIR,
    NOUNS,
    PHRASES,
    UNSEEN,
    Fact,
    Facts,
    phrases_of,
)

__all__ = ["caption", "caption_words", "chosen", "listed", "notable", "parse", "say"]

Generator = np.random.Generator
T = TypeVar("T")

_OPENINGS = ("a photo of", "a picture of", "this is", "", "here is")
_PRONOUNS = {"woman": "she", "man": "he"}
_POSSESSIVES = {"woman": "her", "man": "his"}


def notable(facts: Facts) -> dict[str, Fact]:
    """What a full caption says: everything that is seen and there."""
    return {n: f for n, f in facts.items() if f.value not in (UNSEEN, ABSENT)}


def chosen(
    facts: Facts, generator: Generator, *, least: float = 0.6, absent: float = 0.12
) -> dict[str, Fact]:
    """What one caption says: a random share of what is notable, and now and then what is not there.

    Args:
        facts: What is true.
        generator: Where chance comes from.
        least: The smallest share; 1 says everything.
        absent: Chance of each thing that is not there to be mentioned.
    """
    share = generator.uniform(least, 1.0)
    said = {n: f for n, f in notable(facts).items() if generator.random() < share}
    missing = [n for n, f in facts.items() if f.value == ABSENT and generator.random() < absent]
    if said.get("age", Fact("")).value == "child":
        said.pop("gender", None)
    if "glasses" not in said:
        said.pop("frame", None)
    return said | {name: facts[name] for name in missing}


def caption(said: Facts, generator: Generator) -> str:
    """A caption that says just these facts, in words and an order of chance.

    Args:
        said: Seen facts; a frame only beside glasses.
        generator: Where chance comes from.
    """
    gender = said["gender"].value if "gender" in said else ""
    opening = _OPENINGS[generator.integers(len(_OPENINGS))]
    parts = _parts(said, generator)
    first = f"{opening} {_person(said, generator)}".strip()
    for part, joint in (("has", "with"), ("wears", ", wearing")):
        if parts[part] and generator.random() < 0.6:
            first += f" {joint} {listed(parts.pop(part))}"
    sentences = [first]
    rest = [(part, phrases) for part, phrases in parts.items() if phrases]
    for at in generator.permutation(len(rest)):
        part, phrases = rest[at]
        who = _PRONOUNS.get(gender, "the person") if generator.random() < 0.7 else "the person"
        if gender and who == "the person":
            who = f"the {gender}"
        verb = {"has": "has", "wears": "wears", "does": "is"}[part]
        sentences.append(f"{who} {verb} {listed(phrases)}")
    return " . ".join(" ".join(one.split()) for one in sentences) + " ."


def say(attribute: str, facts: Facts, generator: Generator) -> str:
    """One phrase for a fact that is seen; of hair, and of glasses with a frame, for all of it."""
    if attribute in ADJECTIVES:
        return _hair(facts, generator)
    if attribute == "gender":
        return f"a {facts['gender'].value}"
    if attribute == "age":
        return _person({"age": facts["age"]}, generator)
    if attribute == "frame":
        return f"{facts['frame'].value} {_of(phrases_of('glasses', facts['glasses']), generator)}"
    return _of(phrases_of(attribute, facts[attribute]), generator)


def listed(phrases: Sequence[str]) -> str:
    """``a, b and c``."""
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{' , '.join(phrases[:-1])} and {phrases[-1]}"


def _parts(said: Facts, generator: Generator) -> dict[str, list[str]]:
    """Phrases by part of the sentence, in an order of chance."""
    parts: dict[str, list[str]] = {"has": [], "wears": [], "does": []}
    if any(name in said for name in ADJECTIVES):
        parts["has"].append(_hair(said, generator))
    for name in said:
        part = ATTRIBUTES[name].part
        if part in parts and not (name == "frame" or (name == "glasses" and "frame" in said)):
            parts[part].append(say(name, said, generator))
    if "frame" in said:
        parts["wears"].append(say("frame", said, generator))
    for phrases in parts.values():
        order = generator.permutation(len(phrases))
        phrases[:] = [phrases[at] for at in order]
    return parts


def _person(said: Facts, generator: Generator) -> str:
    gender = said["gender"].value if "gender" in said else ""
    noun, age = _of(NOUNS[gender], generator), said.get("age")
    if age is None:
        return f"a {noun}"
    if age.value == "child":
        return "a child"
    before, decades = AGES[age.value]
    if age.shade in decades and generator.random() < 0.5:
        return f"a {noun} in {_POSSESSIVES.get(gender, 'their')} {age.shade}"
    word = _of(before, generator)
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word} {noun}"


def _hair(said: Facts, generator: Generator) -> str:
    """Length, texture, colour and "hair", as far as they are said."""
    style = said.get("hair", Fact("")).value
    if style == "bald":
        return _of(("a bald head", "no hair"), generator)
    words = []
    before, noun = _of(HAIR[style], generator) if style in HAIR else ("", "hair")
    words.append(before)
    for name in ADJECTIVES:
        fact = said.get(name)
        if fact is not None and fact.value in ADJECTIVES[name]:
            given = ADJECTIVES[name][fact.value]
            words.append(_of([p.words for p in given if p.shade in ("", fact.shade)], generator))
    return " ".join([*words, noun]).strip()


def _of(choices: Sequence[T], generator: Generator) -> T:
    return choices[int(generator.integers(len(choices)))]


# ------------------------------------------------------------------- reading


def parse(text: str) -> dict[str, str]:
    """The values that a caption says, by attribute.

    Args:
        text: As :func:`caption` writes it; what it would not write is passed over. The first word
            about an attribute counts.
    """
    words = text.lower().replace(",", " , ").replace(".", " . ").split()
    found: dict[str, str] = {}
    at = 0
    table = _table()
    while at < len(words):
        length = next(
            (
                n
                for n in range(min(6, len(words) - at), 0, -1)
                if tuple(words[at : at + n]) in table
            ),
            0,
        )
        if length:
            said = table[tuple(words[at : at + length])]
        else:
            said, length = _parsed_hair(words, at)
        for name, value in said.items():
            found.setdefault(name, value)
        at += max(1, length)
    return found


def _parsed_hair(words: Sequence[str], at: int) -> tuple[dict[str, str], int]:
    """Adjectives up to "hair" and what follows it; nothing if there is no "hair"."""
    adjectives, start = _adjectives(), at
    said: dict[str, str] = {}
    while at < len(words):
        length = next((n for n in (2, 1) if tuple(words[at : at + n]) in adjectives), 0)
        if not length:
            break
        said |= adjectives[tuple(words[at : at + length])]
        at += length
    for style, forms in HAIR.items():
        for _, noun in forms:
            parts = noun.split()
            if len(parts) > 1 and list(words[at : at + len(parts)]) == parts:
                return said | {"hair": style}, at + len(parts) - start
    if at < len(words) and words[at] == "hair" and at > start:
        return said, at + 1 - start
    return {}, 1


@cache
def _adjectives() -> Mapping[tuple[str, ...], dict[str, str]]:
    found = {
        tuple(phrase.words.split()): {name: value}
        for name, values in ADJECTIVES.items()
        for value, phrases in values.items()
        for phrase in phrases
    }
    return found | {(forms[0][0],): {"hair": style} for style, forms in HAIR.items() if forms[0][0]}


@cache
def _table() -> Mapping[tuple[str, ...], dict[str, str]]:
    """Every phrase but those of hair, and what it says."""
    return {tuple(words.split()): said for words, said in _entries()}


def _entries() -> Iterator[tuple[str, dict[str, str]]]:
    for name, values in PHRASES.items():
        for value, phrases in values.items():
            for phrase in phrases:
                yield phrase.words, {name: value}
                if name == "glasses" and value != ABSENT:
                    for frame in ATTRIBUTES["frame"].values:
                        yield f"{frame} {phrase.words}", {name: value, "frame": frame}
    yield from ((words, {"hair": "bald"}) for words in ("a bald head", "no hair"))
    yield "child", {"age": "child"}
    for gender, nouns in NOUNS.items():
        for noun in nouns if gender else ():
            yield noun, {"gender": gender}
    for age, (before, decades) in AGES.items():
        for word in (*before, *decades):
            yield word, {"age": age}


def caption_words() -> list[str]:
    """Every word that a caption may hold, some of them more than once."""
    given = [word for phrase in (*_table(), *_adjectives()) for word in phrase]
    frame = [
        *_OPENINGS,
        *_PRONOUNS.values(),
        *_POSSESSIVES.values(),
        "their the person has wears is",
    ]
    joints = "a an in with wearing and , . hair tied back braids afro"
    return given + [word for text in (*frame, joints) for word in text.split()]
