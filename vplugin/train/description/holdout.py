"""Pairs of values that training never shows together: does a model compose what it knows?

A picture that has one of the pairs is left out of training and makes up the compositional test: the
model has seen red hair and has seen glasses, but never one with the other.
"""

from __future__ import annotations

from vplugin.train.description.grammar import Facts

__all__ = ["HELD_OUT", "composed"]

#: Pairs of (attribute, value); about one picture in eight has one of them.
HELD_OUT: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = (
    (("colour", "red"), ("glasses", "glasses")),
    (("colour", "blond"), ("hat", "cap")),
    (("colour", "blond"), ("glasses", "sunglasses")),
    (("colour", "grey"), ("earrings", "earrings")),
    (("hair", "long"), ("mask", "mask")),
    (("hair", "chin-length"), ("glasses", "sunglasses")),
    (("beard", "beard"), ("hat", "beanie")),
    (("beard", "moustache"), ("glasses", "glasses")),
    (("skin", "dark"), ("glasses", "sunglasses")),
    (("skin", "dark"), ("mouth", "teeth")),
    (("iris", "light"), ("eyes", "winking")),
    (("gender", "woman"), ("frame", "round")),
    (("age", "old"), ("mouth", "open")),
    (("age", "child"), ("hat", "hat")),
)


def composed(facts: Facts) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """The held-out pairs that a face has."""
    held = {(name, fact.value) for name, fact in facts.items()}
    return [pair for pair in HELD_OUT if held.issuperset(pair)]
