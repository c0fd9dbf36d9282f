"""What a reader of a contest's table has to know: who judged, how many, what is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from vplugin.train.contest.cases import Suite
from vplugin.train.contest.evaluators import Evaluators
from vplugin.train.contest.metrics import METRICS, Need

__all__ = ["notes_of"]

_ASKED: Mapping[Need, str] = MappingProxyType(
    {
        "identity": "no identity evaluator was given (--identity)",
        "lower": "no lower-face evaluator was given (--lower)",
        "parameters": "no regressor of parameters was given (--parameters)",
        "reader": "no reader of pose and expression was given",
        "truth": "the suite has no exact truth",
        "clips": "the suite has no clips",
    }
)


def notes_of(
    suite: Suite,
    evaluators: Evaluators,
    cases: int,
    people: int,
    floor: float | None,
    moving: Mapping[str, Any],
) -> tuple[str, ...]:
    """Sentences.

    Args:
        suite: What was swapped.
        evaluators: Who judged.
        cases: How many swaps.
        people: Size of the gallery, 0 without one.
        floor: Degrees by which the reader is off on the exact truth, or None.
        moving: Figures of clips, if any.
    """
    there: dict[Need, bool] = {
        "identity": evaluators.identity is not None,
        "lower": evaluators.lower is not None,
        "parameters": evaluators.parameters is not None,
        "reader": evaluators.reader is not None,
        "truth": suite.exact,
        "clips": bool(moving),
    }
    return tuple(_notes(suite, there, cases, people, floor))


def _notes(
    suite: Suite, there: Mapping[Need, bool], cases: int, people: int, floor: float | None
) -> Iterator[str]:
    yield (
        f"{cases} swaps in crops of {suite.size} px. Intervals are 95 %, by a bootstrap over "
        "groups of cases that share people or a video."
    )
    yield from suite.remarks
    if people > 1:
        yield f"Retrieval is among the {people} people whose faces are put in."
    elif people == 1:
        yield "All cases have the same source: there is no retrieval."
    if there["identity"]:
        yield (
            "Fréchet: distance of the answers' identity embeddings from those of the sources' "
            f"pictures, {cases} against {people}; with so few it is too large for every row alike."
        )
    if floor is not None:
        yield f"The reader of pose is itself {floor:.1f}° off on the exact truth."
    if there["reader"] and not suite.exact:
        yield "Without a truth, what is right in pose, expression and gaze is what the target does."
    for need, said in _ASKED.items():
        labels = [one.label for one in METRICS if _blames(one.needs, there) == need]
        if labels:
            yield f"Left out, as {said}: {', '.join(labels)}."


def _blames(needs: tuple[Need, ...], there: Mapping[Need, bool]) -> Need | None:
    """Why a column is left out: what is missing first; None where it is there."""
    return next((need for need in needs if not there[need]), None)
