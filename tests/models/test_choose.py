from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vplugin.errors import ModelError, RuntimeMissingError
from vplugin.models import choose
from vplugin.models.choose import Bench, Choices, Measured, Question
from vplugin.models.session import RuntimeFacts, Session, TensorInfo

QUICK = Bench(budget=0.0, most=3)


class Clock:
    """Time that passes only when a session works."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Fake(Session):
    """A session that takes `seconds` and is off by `error`."""

    inputs = (TensorInfo("x", (1, 8), "float32"),)
    outputs = (TensorInfo("y", (1, 8), "float32"),)
    path = Path("fake.onnx")

    def __init__(self, clock: Clock, seconds: float, error: float) -> None:
        self.ran = RuntimeFacts("fake", "fake", "cpu", "f32", "1")
        self._clock, self._seconds, self._error = clock, seconds, error
        self.runs = 0

    def _run(self, feeds):
        self._clock.now += self._seconds
        self.runs += 1
        return [feeds["x"] * (1.0 + self._error)]


class Bed:
    """Candidates by name: (seconds, error), or an exception that opening raises."""

    def __init__(self, monkeypatch, **candidates):
        self.clock = Clock()
        monkeypatch.setattr(choose, "time", self.clock)
        self.candidates = {name.replace("_", ":"): what for name, what in candidates.items()}
        self.opened: list[str] = []
        self.sessions: dict[str, Fake] = {}

    def open(self, name: str) -> Session:
        self.opened.append(name)
        what = self.candidates[name]
        if isinstance(what, Exception):
            raise what
        self.sessions[name] = Fake(self.clock, *what)
        return self.sessions[name]

    def question(self, **more) -> Question:
        names = tuple(self.candidates)
        facts = {"reference": names[0], "candidates": names, "shapes": {}, "machine": "m"} | more
        return Question(path=Path("fake.onnx"), digest="d", **facts)


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        ({"a_f32": (1.0, 0.0), "b_f32": (0.5, 0.0)}, "b:f32"),
        ({"a_f32": (0.5, 0.0), "b_f32": (1.0, 0.0)}, "a:f32"),
        ({"a_f32": (1.0, 0.0), "b_bf16": (0.5, 0.001)}, "b:bf16"),
        ({"a_f32": (1.0, 0.0), "b_bf16": (0.95, 0.001)}, "a:f32"),  # not worth its error
        ({"a_f32": (1.0, 0.0), "b_bf16": (0.1, 0.2)}, "a:f32"),  # too far off
        ({"a_f32": (1.0, 0.0), "b_f32": (0.1, float("nan"))}, "a:f32"),
        ({"a_f32": (1.0, 0.0), "b_f32": ModelError("no")}, "a:f32"),
    ],
)
def test_the_fastest_that_is_near_enough(monkeypatch, candidates, chosen):
    bed = Bed(monkeypatch, **candidates)
    assert choose.measure(bed.question(), bed.open, QUICK).chosen == chosen


def test_what_was_measured_is_said(monkeypatch):
    bed = Bed(
        monkeypatch,
        a_f32=(1.0, 0.0),
        b_f32=(0.25, 0.0),
        c_bf16=(0.1, 0.5),
        d_f32=ModelError("no d"),
    )
    choice = choose.measure(bed.question(), bed.open, QUICK)
    assert [one.candidate for one in choice.measured] == ["a:f32", "b:f32", "c:bf16", "d:f32"]
    assert [one.ms for one in choice.measured] == [1000.0, 250.0, None, None]
    assert "cosine" in (choice.measured[2].rejected or "")
    assert choice.measured[3].rejected == "no d"
    assert "a:f32 1e+03 ms, b:f32 250 ms" in choice.why


def test_a_hopeless_candidate_is_not_run_again(monkeypatch):
    bed = Bed(monkeypatch, a_f32=(1.0, 0.0), b_f32=(60.0, 0.0))
    choice = choose.measure(bed.question(), bed.open, QUICK)
    assert choice.measured[1] == Measured(candidate="b:f32", rejected="first run took 60000 ms")
    assert bed.sessions["b:f32"].runs == 1


def test_the_reference_of_another_device_is_not_a_candidate(monkeypatch):
    bed = Bed(monkeypatch, ref=(0.01, 0.0), a_f32=(1.0, 0.0))
    question = bed.question(candidates=("a:f32",))
    assert choose.measure(question, bed.open, QUICK).chosen == "a:f32"


def test_nothing_runs(monkeypatch):
    bed = Bed(monkeypatch, ref=(0.1, 0.0), a_f32=ModelError("no driver"), b_f32=(0.1, 0.9))
    with pytest.raises(RuntimeMissingError, match=r"a:f32: no driver; b:f32: output 0") as error:
        choose.measure(bed.question(candidates=("a:f32", "b:f32")), bed.open, QUICK)
    assert "\n" not in str(error.value)


def test_a_model_that_the_reference_cannot_read_is_an_error(monkeypatch):
    bed = Bed(monkeypatch, a_f32=ModelError("not a readable ONNX model"), b_f32=(0.1, 0.0))
    with pytest.raises(ModelError, match="not a readable"):
        choose.measure(bed.question(), bed.open, QUICK)


def test_detectors_are_not_tried_in_bf16(monkeypatch):
    names = [f"{kind}_{s}" for kind in ("cls", "obj", "bbox", "kps") for s in (8, 16, 32)]
    monkeypatch.setattr(Fake, "inputs", (TensorInfo("x", (1, 3, 32, 32), "float32"),))
    monkeypatch.setattr(Fake, "outputs", tuple(TensorInfo(n, (1,), "float32") for n in names))
    monkeypatch.setattr(Fake, "_run", lambda self, feeds: [feeds["x"]] * 12)
    bed = Bed(monkeypatch, a_f32=(1.0, 0.0), b_bf16=(0.1, 0.0))
    assert choose.measure(bed.question(), bed.open, QUICK).chosen == "a:f32"
    assert bed.opened == ["a:f32"]


def test_answers_are_remembered_by_question(monkeypatch, tmp_path):
    bed = Bed(monkeypatch, a_f32=(1.0, 0.0), b_f32=(0.5, 0.0))
    first = Choices(tmp_path).answer(bed.question(), bed.open, QUICK)
    bed.opened.clear()
    assert Choices(tmp_path).answer(bed.question(), bed.open, QUICK) == first
    assert bed.opened == []
    for other in ({"machine": "other"}, {"shapes": {"x": (2, 8)}}, {"candidates": ("a:f32",)}):
        assert Choices(tmp_path).recall(bed.question(**other)) is None


@pytest.mark.parametrize("damage", ["", "{", '{"chosen": "a:f32"}', "\x00\xff"])
def test_a_damaged_answer_is_measured_again(monkeypatch, tmp_path, damage):
    bed = Bed(monkeypatch, a_f32=(1.0, 0.0))
    Choices(tmp_path).answer(bed.question(), bed.open, QUICK)
    (file,) = (tmp_path / ".choices").glob("*.json")
    file.write_text(damage)
    assert Choices(tmp_path).answer(bed.question(), bed.open, QUICK).chosen == "a:f32"
    assert Choices(tmp_path).recall(bed.question()) is not None


def test_who_waited_reads_what_the_other_found(monkeypatch, tmp_path):
    """The answer is looked for again once it is our turn: the other process has just written it."""
    bed = Bed(monkeypatch, a_f32=(1.0, 0.0), b_f32=(0.5, 0.0))
    question = bed.question()
    answer = Choices(tmp_path / "other").answer(question, bed.open, QUICK)
    (written,) = (tmp_path / "other" / ".choices").glob("*.json")
    mine = Choices(tmp_path / "mine")
    real = mine._turn

    def turn(asked):
        held = real(asked)
        (tmp_path / "mine" / ".choices").mkdir(parents=True)
        (tmp_path / "mine" / ".choices" / written.name).write_bytes(written.read_bytes())
        return held

    monkeypatch.setattr(mine, "_turn", turn)
    bed.opened.clear()
    assert mine.answer(question, bed.open, QUICK) == answer
    assert bed.opened == []


def test_outputs_of_the_probe_are_finite_and_not_all_zero():
    from vplugin.models.contract import probe

    feeds = probe(Fake.inputs)
    assert np.isfinite(feeds["x"]).all()
    assert np.abs(feeds["x"]).max() > 0
