"""The training loop: any :class:`~vplugin.train.task.Task` by its recipe, resumable at every step.

    out/train/detector/
        recipe.yaml      what was asked for
        checkpoint.pt    everything needed to go on, replaced by rename
        best.pt          averaged weights of the best evaluation
        curves.csv/.png  losses and metrics over steps
        model.onnx       the export of the best weights

A run that is stopped and resumed gives the same weights as one that was not: batches depend on the
step only, and the checkpoint holds optimiser, average and random states. (A run whose length is
given in minutes depends on the clock, and is resumed with the minutes that it has left.)
"""

from __future__ import annotations

import math
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from vplugin.errors import TrainError
from vplugin.train import checkpoint
from vplugin.train.curves import Curves
from vplugin.train.loader import batches
from vplugin.train.optimise import Average, optimiser, rate_at
from vplugin.train.progress import Report
from vplugin.train.recipe import Recipe
from vplugin.train.run_folder import RunFolder
from vplugin.train.stopping import uninterrupted
from vplugin.train.task import Batch, Metrics, Task

__all__ = ["Outcome", "Trainer"]

_MOST_BAD = 20  # steps in a row without a finite loss before the run is given up


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        steps: Done in all, with those of the runs that were resumed.
        minutes: Spent in all.
        metrics: Of the best evaluation.
        model: The exported ONNX file; None where the run was stopped before its end.
        began: Whether a step was made; if not, the folder is as it was before.
    """

    steps: int
    minutes: float
    metrics: Metrics
    model: Path | None
    began: bool = True


@dataclass
class _State:
    """What changes from step to step besides tensors."""

    step: int = 0
    seconds: float = 0.0
    best: dict[str, float] = field(default_factory=dict)
    curves: Curves = field(default_factory=Curves)


class Trainer:
    """Runs one task.

    Args:
        task: What is trained.
        console: Where progress is shown.

    Raises:
        TrainError: The device of the recipe is not there.
    """

    def __init__(self, task: Task[Any], console: Console | None = None) -> None:
        self.task = task
        self.recipe: Recipe = task.recipe
        self._console = console or Console()
        if self.recipe.device == "cuda" and not torch.cuda.is_available():
            raise TrainError("no CUDA device here", where="device", mend="set device: cpu")
        self.folder: Path = self.recipe.output
        self._place = RunFolder(self.folder)
        self._state = _State()
        self._began = False  # whether this program made a step, so that there is more to keep

    def run(self, *, resume: bool = False, until: int | None = None) -> Outcome:
        """Train to the end of the recipe, evaluate, export.

        Args:
            resume: Go on from the folder's checkpoint, if it has one.
            until: Stop after this step as Ctrl-C would; None: only at the end.

        Raises:
            TrainError: The run diverged, or the folder holds another run and ``resume`` is false,
                or holds one that began with another recipe.
        """
        goes_on = self._place.claim(self.recipe, resume=resume)
        if resume and not goes_on:
            said = f"{self.folder} holds no run to go on with; this one begins"
            self._console.print(said, highlight=False, soft_wrap=True)
        try:
            self._prepare(goes_on)
            finished = self._loop(until)
        except BaseException as error:
            if not self._began:
                self._place.release()
            if not isinstance(error, KeyboardInterrupt):
                self._save_what_there_is()
                raise
            if not self._began:
                return Outcome(0, 0.0, {}, None, began=False)
            finished = False
        self._save()
        model = self._export() if finished else None
        state = self._state
        return Outcome(state.step, state.seconds / 60, dict(state.best), model)

    def _prepare(self, goes_on: bool) -> None:
        """Everything up to the first step."""
        torch.set_num_threads(self.recipe.threads)
        self.task.prepare()
        self._set_up(goes_on)
        if goes_on:
            self._load()

    def _set_up(self, goes_on: bool) -> None:
        torch.manual_seed(self.recipe.seed)
        model = self.task.build()
        if self.recipe.start is not None and not goes_on:
            checkpoint.load_weights(self.recipe.start, model)
        model = model.to(self.recipe.device)
        self._model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._average = Average(self._model, self.recipe.optimiser.average)
        self._optimiser = optimiser(self._model, self.recipe.optimiser)

    # ---------------------------------------------------------------- the loop

    def _loop(self, until: int | None) -> bool:
        """True at the end of the recipe, False where `until` came first."""
        state, bad = self._state, 0
        with ExitStack() as stack:
            report = stack.enter_context(Report(self._console, self.recipe, state.step))
            clock = _Clock(state.seconds)
            if state.step and state.curves.last_evaluation != state.step:
                self._at_intervals(report)  # what a stop came before
            for batch in batches(self.task, state.step):
                state.seconds = clock.seconds
                done = self._done()
                if done >= 1 or state.step == until:
                    break
                with uninterrupted():
                    losses = self._step(batch, done)
                    bad = 0 if losses else bad + 1
                    if bad >= _MOST_BAD:
                        raise self._diverged()
                    state.step += 1
                    self._began = True
                    state.curves.add_losses(state.step, losses)
                report.advance(state.step, self._done(), losses)
                self._at_intervals(report)
            state.seconds = clock.seconds
            if self._done() < 1:
                return False
            if state.curves.last_evaluation != state.step:
                report.evaluated(state.step, self._evaluate())
        return True

    def _at_intervals(self, report: Report) -> None:
        step = self._state.step
        if step % self.recipe.evaluate_every == 0:
            report.evaluated(step, self._evaluate())
        if step % self.recipe.save_every == 0:
            self._save()

    def _done(self) -> float:
        """Share of the run that is behind us."""
        if self.recipe.steps is not None:
            return self._state.step / self.recipe.steps
        return self._state.seconds / 60 / (self.recipe.minutes or 1.0)

    def _step(self, batch: Batch, done: float) -> dict[str, float]:
        """One update; the losses, or nothing where they were not finite and it was skipped."""
        settings = self.recipe.optimiser
        rate = rate_at(settings, self._state.step, done)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._model.train()
        device = self.recipe.device
        batch = {name: _placed(value, device) for name, value in batch.items()}
        with torch.autocast(device, torch.bfloat16, enabled=self.recipe.bf16):
            losses = self.task.losses(self._model, batch)
        total = torch.stack([loss.float() for loss in losses.values()]).sum()
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self._model.parameters(), settings.clip)
        found = {"total": total} | dict(losses)
        figures = {name: float(loss.detach()) for name, loss in found.items()}
        if not math.isfinite(float(norm)) or not math.isfinite(figures["total"]):
            self._average.put_buffers(self._model)
            return {}
        self._optimiser.step()
        self._average.update(self._model, self._state.step)
        return figures

    def _diverged(self) -> TrainError:
        return TrainError(
            f"no finite loss for {_MOST_BAD} steps, at step {self._state.step}",
            where=self.folder,
            mend="lower optimiser.rate, or lengthen optimiser.warmup",
        )

    # ---------------------------------------------------------------- what is kept

    def _evaluate(self) -> dict[str, float]:
        """Figures of the averaged weights; the best ones are kept."""
        model = self._average.model.eval()
        with torch.inference_mode():
            metrics = dict(self.task.evaluate(model))
        state, name = self._state, self.task.best
        state.curves.add_metrics(state.step, metrics)
        if not state.best or metrics[name] > state.best[name]:
            state.best = {"step": float(state.step)} | metrics
            checkpoint.save(self.folder / "best.pt", {"weights": model.state_dict()})
        return metrics

    def _save(self) -> None:
        state = self._state
        checkpoint.save(
            self._place.checkpoint,
            {
                "model": self._model.state_dict(),
                "weights": self._average.model.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "random": checkpoint.random_states(),
                "step": state.step,
                "seconds": state.seconds,
                "best": state.best,
                "curves": state.curves.rows,
            },
        )
        state.curves.write(self.folder)

    def _save_what_there_is(self) -> None:
        """A run that an error ends goes on from its last step, unless nothing can be written."""
        if self._began:
            with suppress(OSError, TrainError):
                self._save()

    def _load(self) -> None:
        path = self._place.checkpoint
        held = checkpoint.load(path)
        checkpoint.put_weights(self._model, held["model"], path)
        checkpoint.put_weights(self._average.model, held["weights"], path)
        self._optimiser.load_state_dict(held["optimiser"])
        checkpoint.put_random_states(held["random"])
        curves = Curves(held["curves"])
        self._state = _State(held["step"], held["seconds"], held["best"], curves)

    def _export(self) -> Path:
        """The best weights as ONNX."""
        model = self.task.build()
        checkpoint.load_weights(self.folder / "best.pt", model)
        path = self.folder / "model.onnx"
        self.task.export(model.float().eval(), path)
        return path


class _Clock:
    """Seconds of training, those before a resumption included."""

    def __init__(self, before: float) -> None:
        self._zero = time.monotonic() - before

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._zero


def _placed(tensor: torch.Tensor, device: str) -> torch.Tensor:
    """On the device, pictures channels-last."""
    tensor = tensor.to(device, non_blocking=True)
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
