"""Questions about a face, with the one answer that is right.

About eight for a picture: what, which of two, yes or no, how many, negations, several things at
once, and whatever the picture does not show, of which the answer is "cannot tell". Answers are
short and of one form each, so that they are right or wrong without a judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeVar

import numpy as np

from vplugin.train.description.captions import listed, notable, parse, say
from vplugin.train.description.grammar import ABSENT, ATTRIBUTES, UNSEEN, Fact, Facts, phrases_of

__all__ = [
    "CANNOT_TELL", "DESCRIBE", "KINDS", "PROMPTS", "Kind", "Question", "ask", "question_words",
    "right",
]  # fmt: skip

Generator = np.random.Generator
Kind = Literal["what", "which", "yes or no", "count", "negation", "several", "describe"]
T = TypeVar("T")

#: All kinds; of "cannot tell" is each of them that allows it.
KINDS: tuple[Kind, ...] = (
    "what", "which", "yes or no", "count", "negation", "several", "describe",
)  # fmt: skip
#: The answer where the picture does not show it.
CANNOT_TELL = "cannot tell"
#: How a caption is asked for: some of what is seen, or all.
PROMPTS = ("describe the face .", "what does the face look like ?")
#: How a caption of everything is asked for.
DESCRIBE = "describe everything about the face ."
_NUMBERS = ("none", "one", "two", "three", "four", "five", "six")
_WORN = ("glasses", "hat", "mask", "earrings", "necklace", "headphones")


class Question(NamedTuple):
    """One question.

    Attributes:
        kind: What it asks for.
        about: Its attributes.
        text: Words between spaces, as captions.
        answer: The right answer.
    """

    kind: Kind
    about: tuple[str, ...]
    text: str
    answer: str

    @property
    def hidden(self) -> bool:
        """Whether the right answer is that nobody can tell."""
        return self.answer == CANNOT_TELL


def ask(facts: Facts, generator: Generator, count: int = 8) -> list[Question]:
    """Questions about one face, of mixed kinds, none twice.

    Args:
        facts: What is true.
        generator: Where chance comes from.
        count: How many; fewer where there is nothing to ask about.
    """
    found: dict[str, Question] = {}
    for turn in range(4 * count):
        kind = KINDS[(turn + int(generator.integers(2))) % len(KINDS)]
        question = _asked(kind, facts, generator)
        if question is not None:
            found.setdefault(question.text, question)
        if len(found) == count:
            break
    return list(found.values())


def right(question: Question, answer: str) -> bool:
    """Whether an answer is right: the words themselves, or, of descriptions, what they say."""
    said, wanted = " ".join(answer.lower().split()), question.answer
    if question.kind == "describe" and not question.hidden:
        return parse(said) == parse(wanted)
    return said == wanted


def _answered(fact: Fact) -> str:
    """The one form in which a value is an answer: ``brown``, ``none``, ``cannot tell``."""
    if fact.value == UNSEEN:
        return CANNOT_TELL
    return "none" if fact.value == ABSENT else fact.value


def _asked(kind: Kind, facts: Facts, generator: Generator) -> Question | None:
    makers = {
        "what": _what, "which": _which, "yes or no": _whether, "count": _count,
        "negation": _negated, "several": _several, "describe": _describe,
    }  # fmt: skip
    return makers[kind](facts, generator) if facts else None


def _some(facts: Facts, generator: Generator) -> str:
    """An attribute; of what is hidden a quarter, so that "cannot tell" is learned and is rare."""
    hidden = [name for name, fact in facts.items() if fact.value == UNSEEN]
    if hidden and generator.random() < 0.25:
        return _of(hidden, generator)
    return _of([name for name in facts if name not in hidden] or hidden, generator)


def _what(facts: Facts, generator: Generator) -> Question:
    name = _some(facts, generator)
    opening = _of(("what is", "name"), generator)
    text = f"{opening} {ATTRIBUTES[name].asked}"
    return Question("what", (name,), f"{text} ?", _answered(facts[name]))


def _which(facts: Facts, generator: Generator) -> Question:
    """The true value beside another one, in either order."""
    name = _some(facts, generator)
    values = list(ATTRIBUTES[name].values)
    true = facts[name].value if facts[name].value != UNSEEN else _of(values, generator)
    pair = [true, _of([value for value in values if value != true], generator)]
    if generator.random() < 0.5:
        pair.reverse()
    text = f"which is {ATTRIBUTES[name].asked} , {pair[0]} or {pair[1]} ?"
    return Question("which", (name,), text, _answered(facts[name]))


def _claim(name: str, facts: Facts, generator: Generator) -> tuple[str, str]:
    """A question whether a value holds, half of the time it does; ``{}`` where a "not" may stand.

    Returns:
        The question, and "yes", "no" or "cannot tell".
    """
    true = facts[name].value
    others = [value for value in ATTRIBUTES[name].values if value not in (true, ABSENT)]
    holds = true not in (UNSEEN, ABSENT) and (generator.random() < 0.5 or not others)
    claimed = true if holds else _of(others, generator)
    answer = CANNOT_TELL if true == UNSEEN else "yes" if holds else "no"
    return _frame(name, claimed, generator), answer


def _frame(name: str, claimed: str, generator: Generator) -> str:
    attribute = ATTRIBUTES[name]
    if name == "gender" or claimed == "child":
        return f"is this{{}} a {claimed} ?"
    if name == "age":
        return f"is the person{{}} {claimed} ?"
    if attribute.part == "hair" or name in ("frame", "skin"):
        return f"is {attribute.asked}{{}} {claimed} ?"
    said = _of(phrases_of(name, Fact(claimed)), generator)
    if attribute.part == "has":
        return f"does the person{{}} have {said} ?"
    if attribute.part == "does":
        return f"is the person{{}} {said} ?"
    wears = ("does the person{} wear", "is the person{} wearing")
    return f"{_of(wears, generator)} {said} ?"


def _whether(facts: Facts, generator: Generator) -> Question:
    name = _some(facts, generator)
    frame, answer = _claim(name, facts, generator)
    return Question("yes or no", (name,), frame.format(""), answer)


def _negated(facts: Facts, generator: Generator) -> Question:
    name = _some(facts, generator)
    frame, answer = _claim(name, facts, generator)
    opposite = {"yes": "no", "no": "yes"}.get(answer, answer)
    return Question("negation", (name,), frame.format(" not"), opposite)


def _several(facts: Facts, generator: Generator) -> Question | None:
    """Two or three claims at once: no if one is false, yes if all are true, else cannot tell."""
    if len(facts) < 3:
        return None
    names = list(facts)
    count = 2 + int(generator.integers(2))
    about = tuple(names[at] for at in generator.permutation(len(names))[:count])
    claims = [_claim(name, facts, generator) for name in about]
    if generator.random() < 0.5:  # most claims at once would be false
        claims = [_true_claim(name, facts, generator) or claims[n] for n, name in enumerate(about)]
    answers = {answer for _, answer in claims}
    answer = "no" if "no" in answers else CANNOT_TELL if CANNOT_TELL in answers else "yes"
    text = " and ".join(frame.format("").removesuffix(" ?") for frame, _ in claims)
    return Question("several", about, f"{text} ?", answer)


def _true_claim(name: str, facts: Facts, generator: Generator) -> tuple[str, str] | None:
    for _ in range(8):
        claim = _claim(name, facts, generator)
        if claim[1] == "yes":
            return claim
    return None


def _count(facts: Facts, generator: Generator) -> Question | None:
    """How many of some things are worn; nobody can tell if it hangs on one that is hidden."""
    known = [name for name in _WORN if name in facts]
    if len(known) < 2:
        return None
    size = 2 + int(generator.integers(min(4, len(known)) - 1))
    about = tuple(known[at] for at in sorted(generator.permutation(len(known))[:size]))
    values = [facts[name].value for name in about]
    things = listed([_THINGS[name] for name in about])
    answer = _NUMBERS[sum(value not in (ABSENT, UNSEEN) for value in values)]
    if UNSEEN in values:
        answer = CANNOT_TELL
    return Question("count", about, f"how many of {things} are worn ?", answer)


_THINGS = {
    "glasses": "eyewear", "hat": "headwear", "mask": "face covering", "earrings": "ear jewelry",
    "necklace": "neck jewelry", "headphones": "headset",
}  # fmt: skip
_GROUPS = {
    "the hair and the beard": ("hair", "texture", "colour", "beard"),
    "what is worn": (*_WORN, "frame"),
    "the expression": ("smile", "mouth", "eyes", "brows"),
}


def _describe(facts: Facts, generator: Generator) -> Question | None:
    """Several attributes in one answer, as the paper's "describe his hair and beard"."""
    topic = _of(tuple(_GROUPS), generator)
    about = tuple(name for name in _GROUPS[topic] if name in facts)
    said = notable({name: facts[name] for name in about})
    hidden = any(facts[name].value == UNSEEN for name in about)
    if not said and not hidden:
        return None
    if "frame" in said and "glasses" not in said:
        del said["frame"]
    answer = CANNOT_TELL if not said else _ordered(said, generator)
    return Question("describe", about, f"describe {topic} .", answer)


def _ordered(said: Facts, generator: Generator) -> str:
    """What is true, in the order of the attributes."""
    phrases: list[str] = []
    for name in said:
        hair = ATTRIBUTES[name].part == "hair"
        if hair and any("hair" in p or "bald" in p for p in phrases):
            continue
        if name == "glasses" and "frame" in said:
            continue
        phrases.append(say(name, said, generator))
    return listed(phrases)


def _of(choices: Sequence[T], generator: Generator) -> T:
    return choices[int(generator.integers(len(choices)))]


def question_words() -> list[str]:
    """Every word that a question or an answer adds to those of captions."""
    frame = "what name which is or does do the person this a not have wear wearing how many of are"
    frame += " worn yes no and ? ,"
    texts = (*PROMPTS, DESCRIBE, CANNOT_TELL, *_NUMBERS, *_THINGS.values(), *_GROUPS, frame)
    return [word for text in texts for word in text.split()]
