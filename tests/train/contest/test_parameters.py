"""Names of the numbers of an identity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vplugin.synth.person import Person
from vplugin.train.contest.parameters import LOWER, UPPER, identity_names, where


@pytest.mark.parametrize(
    ("group", "name"),
    [("jaw", "width"), ("mouth", "upper"), ("eyes", "tilt"), ("nose", "hump"), ("iris", "grey")],
)
def test_a_name_stands_where_its_parameter_does(group: str, name: str) -> None:
    plain = Person()
    was = getattr(plain, group)
    moved = replace(plain, **{group: replace(was, **{name: getattr(was, name) + 0.2})})
    changed = np.flatnonzero(moved.identity != plain.identity)
    assert [identity_names()[index] for index in changed] == [f"{group}.{name}"]


def test_every_number_has_one_name() -> None:
    assert len(identity_names()) == len(set(identity_names())) == len(Person().identity)


def test_the_halves_share_nothing_and_every_prefix_names_something() -> None:
    assert not (where(LOWER) & where(UPPER)).any()
    for prefix in (*LOWER, *UPPER):
        assert where((prefix,)).any(), prefix
    assert where(("",)).all()
