"""The bank: real pictures, small."""

from __future__ import annotations

import numpy as np

from vplugin.synth.person import Person
from vplugin.train.description.captions import caption, notable, parse
from vplugin.train.description.facts import facts_of
from vplugin.train.description.source import DescribeSource, seen_of


def test_items_tell_what_is_true_of_a_person_of_their_own() -> None:
    source, found = DescribeSource(48), []
    for seed in (502, 506, 509):
        items = source.items(seed)
        found.append(len(items))
        for item in items:
            record = np.zeros((), source.dtype)
            for name in source.dtype.names or ():
                record[name] = item[name]
            seen = seen_of(record)
            assert abs(seen.shares.sum() - 1) < 1e-5
            assert item["image"].std() > 5
            own = Person.from_seed(seed)
            assert seen.word("hair.style") == own.hair.style
            assert seen.word("wear.cover") == own.wear.cover
            facts = facts_of(seen)
            assert len(facts) > 10
            said = notable(facts)
            text = caption(said, np.random.default_rng(1))
            assert parse(text) == {name: fact.value for name, fact in said.items()}
    assert found == [1, 0, 1]  # the second one is turned away


def test_a_mask_hides_the_mouth() -> None:
    facts = facts_of(seen_of(DescribeSource(48).items(509)[0]))
    assert facts["mask"].value == "mask"
    assert facts["mouth"].value == "unseen"
