"""Which runtime is fastest for one model on this machine: measured once, then remembered.

A candidate is only considered if its outputs are near enough to float32 by the model's contract.
The choice is a small JSON file in the store, by model checksum, input shapes and machine; each is
its own file, written by rename, so several processes can choose at once. A store that cannot be
written costs a measurement at every start, and says so.
"""

from __future__ import annotations

import hashlib
import logging
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import filelock
from pydantic import BaseModel, ConfigDict, ValidationError

from vplugin.errors import ModelError, RuntimeMissingError
from vplugin.models import contract
from vplugin.models.files import make_folder, write_atomically
from vplugin.models.session import Array, Session
from vplugin.models.tolerance import Tolerance

#: Opens a candidate such as ``openvino:bf16``; raises ModelError where it would not run.
Opener: TypeAlias = Callable[[str], Session]

_log = logging.getLogger(__name__)


class Measured(BaseModel):
    """What was found about one candidate: milliseconds a run, or why it was rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidate: str
    ms: float | None = None
    rejected: str | None = None


class Choice(BaseModel):
    """A remembered choice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    chosen: str
    measured: tuple[Measured, ...]
    when: datetime

    @property
    def why(self) -> str:
        """One line: the times of all candidates that were near enough."""
        times = ", ".join(f"{one.candidate} {one.ms:.3g} ms" for one in self.measured if one.ms)
        return f"measured {self.when:%Y-%m-%d}: {times}"


@dataclass(frozen=True)
class Bench:
    """How long and how often candidates are run.

    Attributes:
        budget: Seconds for the timed runs of one candidate.
        most: Timed runs at most.
        hopeless: A candidate whose first run takes this many times the best median is not timed.
        penalty: Factor by which a reduced precision has to be faster to be worth its error.
    """

    budget: float = 1.5
    most: int = 9
    hopeless: float = 3.0
    penalty: float = 1.1


@dataclass(frozen=True)
class Question:
    """What is to be chosen.

    Attributes:
        path: The ONNX file.
        digest: Its SHA-256.
        reference: The float32 candidate that outputs are compared with.
        candidates: What may be chosen; the reference only if it is among them.
        shapes: Sizes of inputs with free dimensions.
        machine: Fingerprint of the machine, device and threads.
    """

    path: Path
    digest: str
    reference: str
    candidates: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]
    machine: str

    @property
    def key(self) -> str:
        """A file name for the answer."""
        parts = [self.digest, self.machine, *self.candidates]
        parts += [f"{name}={size}" for name, size in sorted(self.shapes.items())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


class Choices:
    """The choices remembered in one store.

    Args:
        root: The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / ".choices"

    def recall(self, question: Question) -> Choice | None:
        """The remembered answer, or None."""
        try:
            found = Choice.model_validate_json(self._path(question).read_bytes())
        except (OSError, ValidationError):
            return None
        return found if found.chosen in question.candidates else None

    def answer(self, question: Question, opener: Opener, bench: Bench | None = None) -> Choice:
        """The remembered answer, or a new one from measuring; one process measures at a time.

        Raises:
            ModelError: The file is not a model, or no candidate would run it.
        """
        known = self.recall(question)
        if known is not None:
            return known
        with self._turn(question) as writable:
            known = self.recall(question)
            if known is None:
                known = measure(question, opener, bench or Bench())
                if writable:
                    write_atomically(self._path(question), known.model_dump_json(indent=1))
        return known

    def _path(self, question: Question) -> Path:
        return self._folder / f"{question.key}.json"

    @contextmanager
    def _turn(self, question: Question) -> Iterator[bool]:
        """Wait for our turn; False where the store cannot be written."""
        lock = filelock.FileLock(self._folder / f"{question.key}.lock")
        try:
            make_folder(self._folder)
            lock.acquire()
        except (OSError, ModelError) as error:
            _log.warning("the choice of a runtime cannot be remembered: %s", error)
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


def measure(question: Question, opener: Opener, bench: Bench) -> Choice:
    """Run every candidate and choose the fastest that is near enough.

    Raises:
        ModelError: The file is not a model, or no candidate would run it.
    """
    _log.info("measuring the runtimes for %s (first use)", question.path.name)
    with opener(question.reference) as session:
        kind = contract.sniff(session.inputs, session.outputs)
        feeds = contract.probe(session.inputs, kind, dict(question.shapes))
        wanted = session.run(feeds)
        found: list[Measured] = []
        if question.reference in question.candidates:
            found.append(Measured(candidate=question.reference, ms=_time(session, feeds, bench)))
    known = contract.info(kind)
    trial = _Trial(feeds, wanted, known.tolerance, bench)
    for candidate in question.candidates:
        if candidate == question.reference or (_is_reduced(candidate) and not known.reduced):
            continue
        best = min((one.ms for one in found if one.ms), default=None)
        found.append(trial.run(candidate, opener, best))
    return Choice(
        model=question.digest,
        chosen=_fastest(found, bench, question.path),
        measured=tuple(found),
        when=datetime.now(UTC),
    )


@dataclass(frozen=True)
class _Trial:
    """The same question to every candidate."""

    feeds: Mapping[str, Array]
    wanted: Sequence[Array]
    tolerance: Tolerance
    bench: Bench

    def run(self, candidate: str, opener: Opener, best: float | None) -> Measured:
        """Open, check and time one candidate; errors are reasons to reject it."""
        try:
            with opener(candidate) as session:
                started = time.perf_counter()
                outputs = session.run(self.feeds)
                first = (time.perf_counter() - started) * 1e3
                reason = self.tolerance.reason(self.wanted, outputs)
                if reason:
                    return Measured(candidate=candidate, rejected=reason)
                if best is not None and first > self.bench.hopeless * best and first > 1e3:
                    return Measured(candidate=candidate, rejected=f"first run took {first:.0f} ms")
                return Measured(candidate=candidate, ms=_time(session, self.feeds, self.bench))
        except ModelError as error:
            return Measured(candidate=candidate, rejected=error.what)


def _time(session: Session, feeds: Mapping[str, Array], bench: Bench) -> float:
    """Median milliseconds of a run; one run has warmed the session up before."""
    times: list[float] = []
    while not times or (len(times) < bench.most and sum(times) < bench.budget):
        started = time.perf_counter()
        session.run(feeds)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def _fastest(found: Sequence[Measured], bench: Bench, path: Path) -> str:
    def cost(one: Measured) -> float:
        return (one.ms or 0.0) * (bench.penalty if _is_reduced(one.candidate) else 1.0)

    able = [one for one in found if one.ms is not None]
    if not able:
        reasons = "; ".join(f"{one.candidate}: {one.rejected}" for one in found)
        raise RuntimeMissingError(
            f"no runtime would run this model there ({reasons})",
            where=path,
            mend="use device cpu, or install the runtime that is missing",
        )
    return min(able, key=cost).candidate


def _is_reduced(candidate: str) -> bool:
    return candidate.endswith(("bf16", "f16"))
