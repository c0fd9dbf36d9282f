"""The task ``describe``: one model that describes faces, answers questions and draws faces.

UniF²ace at house size, from rendered people only. Each step reads some pictures with a caption and
several questions each, and draws as many others from captions; both losses are added. The arms of
the ablation differ in ``loss``, ``token`` and ``sequence`` alone and see the same pictures in the
same order.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from vplugin.nets.unif2ace.experts import TokenSettings
from vplugin.nets.unif2ace.model import TransformerSize, Unif2ace
from vplugin.nets.unif2ace.objective import D3Diff, answer_loss, mask_codes
from vplugin.nets.unif2ace.sampler import Unmasking
from vplugin.nets.unif2ace.sequence_experts import SequenceSettings
from vplugin.nets.unif2ace.sequences import Layout, Sequences, conversing, drawing
from vplugin.nets.unif2ace.sequences import Task as Purpose
from vplugin.nets.unif2ace.tokenizer import ImageTokenizer
from vplugin.train.description.examples import Described, described, pairs_about, text_of
from vplugin.train.description.judging import (
    Drawing,
    Reader,
    caption_metrics,
    code_metrics,
    drawn_metrics,
    question_metrics,
)
from vplugin.train.description.vocabulary import Vocabulary
from vplugin.train.export import export_onnx, tidy
from vplugin.train.probe import open_probe
from vplugin.train.recipe import Recipe
from vplugin.train.shards import open_or_render
from vplugin.train.swap import as_signed
from vplugin.train.task import Batch, Losses, Metrics, Task
from vplugin.train.tokenizer import TokenizerRecipe, open_tokenizer

__all__ = ["DescribeRecipe", "DescribeTask"]

_FEATURES = "pixels"  # the tokenizer's own encoder, before it rounds


class DescribeRecipe(Recipe):
    """Fields of this task."""

    task: Literal["describe"] = "describe"
    tokenizer: Path = Field(description="Folder of a tokenizer run")
    mode: Literal["joint", "answer", "draw"] = Field(default="joint", description="What is learned")
    layers: int = Field(default=6, ge=1, description="Blocks of the transformer")
    width: int = Field(default=256, ge=8, description="Of its stream")
    heads: int = Field(default=4, ge=1, description="Of its attention")
    hidden: int = Field(default=1024, ge=8, description="Of its dense feed-forward layers")
    loss: Literal["mask", "score", "d3diff", "drawn"] = Field(
        default="drawn", description="Of masked codes; drawn: D3Diff with less variance"
    )
    alpha: float = Field(default=0.01, ge=0, description="Weight of score entropy in D3Diff")
    scores: Literal["paper", "exact", "unnormalised"] = Field(
        default="paper", description="What score entropy takes the answer for"
    )
    rate: Literal["plain", "elbo"] = Field(default="plain", description="Of score entropy")
    token: Literal["dense", "grouped", "routed"] = Field(
        default="dense", description="Experts for tokens; grouped: one for each task"
    )
    sequence: Literal["none", "routed", "static", "always"] = Field(
        default="none", description="Experts for pictures"
    )
    balance: float = Field(default=0.01, ge=0, description="Weight of the routers' balance")
    questions: int = Field(default=6, ge=0, description="About each picture, beside a caption")
    text: int = Field(default=64, ge=8, description="Places of a caption to draw from")
    talk: int = Field(default=208, ge=16, description="Places of a caption and questions together")
    free: float = Field(default=0.1, ge=0, le=1, description="Share drawn without a caption")
    probe: Path | None = Field(default=None, description="Folder of a probe run; judges drawings")
    steps_drawn: int = Field(default=24, ge=1, description="Readings of the model for a drawing")
    guidance: float = Field(default=2.0, ge=0, description="Of drawings, towards their text")
    judged: int = Field(default=128, ge=1, description="Held-out pictures that are judged")

    @property
    def objective(self) -> D3Diff:
        """The loss of masked codes."""
        mask, score = {"mask": (1.0, 0.0), "score": (0.0, self.alpha)}.get(
            self.loss, (1.0, self.alpha)
        )
        form: Literal["drawn", "weighted"] = "drawn" if self.loss == "drawn" else "weighted"
        return D3Diff(256, mask, score, self.scores, self.rate, form)

    def token_settings(self) -> TokenSettings | None:
        """Experts for tokens; the routed ones work as much for a token as a dense layer."""
        if self.token == "grouped":
            return TokenSettings(self.hidden, shared=1, routed=0, chosen=0)
        return TokenSettings(self.hidden // 5) if self.token == "routed" else None

    def sequence_settings(self, channels: int) -> SequenceSettings | None:
        """Experts for pictures, by an encoder of so many channels."""
        if self.sequence == "none":
            return None
        return SequenceSettings({_FEATURES: channels}, control=self.sequence)


class DescribeTask(Task[DescribeRecipe]):
    """Learns and measures a model."""

    name = "describe"
    recipe_type = DescribeRecipe
    best = "good"
    train: Described
    held_out: Described

    def prepare(self) -> None:
        """Open the tokenizer and its bank, and read the bank through it."""
        recipe, source = self.recipe, self._opened[1].source
        device = torch.device(recipe.device)
        banks = [
            described(open_or_render(source, recipe.data, seeds), self.tokenizer, device)
            for seeds in (recipe.data.train, recipe.data.held_out)
        ]
        self.train, self.held_out = banks

    @cached_property
    def _opened(self) -> tuple[ImageTokenizer, TokenizerRecipe]:
        return open_tokenizer(self.recipe.tokenizer)

    @property
    def tokenizer(self) -> ImageTokenizer:
        """Of the recipe's run, frozen."""
        return self._opened[0]

    @cached_property
    def words(self) -> Vocabulary:
        """Of captions, questions and answers."""
        return Vocabulary.of_grammar()

    @property
    def layout(self) -> Layout:
        """Which number means what."""
        words = self.words
        return Layout(len(words), self.tokenizer.codes, words.begin, words.end)

    def build(self) -> Unif2ace:
        """A fresh model."""
        recipe = self.recipe
        size = TransformerSize(recipe.layers, recipe.width, recipe.heads, recipe.hidden)
        sequence = recipe.sequence_settings(self.tokenizer.size.widths[-1])
        return Unif2ace(self.layout, size, token=recipe.token_settings(), sequence=sequence)

    # --------------------------------------------------------------- batches

    def batch(self, step: int, generator: np.random.Generator) -> Batch:
        """Rows to answer and rows to draw, as tensors by name."""
        del step
        batch: Batch = {}
        if self.recipe.mode != "draw":
            batch |= self._talk(generator)
        if self.recipe.mode != "answer":
            batch |= self._drawn(generator)
        return batch

    def _some(self, generator: np.random.Generator) -> np.ndarray:
        places = generator.integers(len(self.train.plain), size=self.recipe.batch)
        return np.asarray(self.train.plain[places])

    def _talk(self, generator: np.random.Generator) -> Batch:
        recipe, some = self.recipe, self._some(generator)
        pairs = [
            pairs_about(self.train.facts(index), self.words, generator, recipe.questions)
            for index in some
        ]
        codes = self.train.code_rows(some)
        rows = conversing(self.layout, codes, pairs, slot=recipe.talk)
        assert rows.parts is not None
        batch = {"tokens": rows.tokens, "labels": rows.labels, "parts": rows.parts}
        if recipe.sequence != "none":
            batch["pictures"] = self.train.pictures(some)
        return batch

    def _drawn(self, generator: np.random.Generator) -> Batch:
        recipe, some = self.recipe, self._some(generator)
        chance = torch.Generator().manual_seed(int(generator.integers(1 << 62)))
        codes = self.train.code_rows(some)
        counts = recipe.objective.counts(len(some), chance)
        masked = mask_codes(counts, codes.shape[1], chance)
        texts = [
            [] if generator.random() < recipe.free
            else text_of(self.train.facts(index), self.words, generator)
            for index in some
        ]  # fmt: skip
        shown = torch.where(masked, self.layout.codes, codes)
        rows = drawing(self.layout, texts, shown, slot=recipe.text)
        return {"drawn": rows.tokens, "codes": codes, "masked": masked}

    # ---------------------------------------------------------------- losses

    def losses(self, model: nn.Module, batch: Batch) -> Losses:
        """``answer``, those of :class:`D3Diff`, and ``balance`` where there are routers."""
        assert isinstance(model, Unif2ace)
        losses: dict[str, Tensor] = {}
        if "tokens" in batch:
            losses |= self._answer_losses(model, batch)
        if "drawn" in batch:
            losses |= self._draw_losses(model, batch)
        return losses

    def _answer_losses(self, model: Unif2ace, batch: Batch) -> dict[str, Tensor]:
        tokens, labels = batch["tokens"], batch["labels"]
        real, image = tokens != self.layout.special("pad"), slice(2, 258)
        rows = Sequences(tokens, real, Purpose.ANSWER, image, labels, batch["parts"])
        features = None
        if "pictures" in batch:
            features = self.features(as_signed(batch["pictures"]))
        output = model(rows, features=features)
        logits = model.logits(output.stream, slice(0, self.layout.words))
        return {"answer": answer_loss(logits, labels)} | self._balanced(output.balance, "answer")

    def _draw_losses(self, model: Unif2ace, batch: Batch) -> dict[str, Tensor]:
        tokens, masked, slot = batch["drawn"], batch["masked"], self.recipe.text
        real, image = tokens != self.layout.special("pad"), slice(slot + 1, slot + 257)
        rows = Sequences(tokens, real, Purpose.DRAW, image, tokens)
        output = model(rows, ratio=masked.float().mean(1))
        losses = self.recipe.objective.loss(model.code_logits(rows, output), batch["codes"], masked)
        return losses | self._balanced(output.balance, "draw")

    def _balanced(self, balance: Tensor, of: str) -> dict[str, Tensor]:
        return (
            {f"balance_{of}": self.recipe.balance * balance}
            if self.recipe.token == "routed"
            else {}
        )

    def features(self, pictures: Tensor) -> dict[str, Tensor]:
        """What the experts for pictures are told, of pictures (N, 3, S, S) in -1…1."""
        with torch.no_grad():
            return {_FEATURES: self.tokenizer.to(pictures.device).features(pictures)}

    # ------------------------------------------------------------ evaluation

    def evaluate(self, model: nn.Module) -> Metrics:
        """Captions and answers of held-out people, and of pairs that training never shows.

        ``good`` is the mean of ``f1`` and ``accuracy`` (of a model that only draws, how likely it
        held the codes, per code); the figures of compositional pictures begin with ``composed_``.
        """
        assert isinstance(model, Unif2ace)
        told = self.features if self.recipe.sequence != "none" else None
        reader = Reader(model, self.words, self.held_out, told)
        figures: dict[str, float] = {}
        if self.recipe.mode != "draw":
            for prefix, places in (
                ("", self.held_out.plain),
                ("composed_", self.held_out.composed),
            ):
                some = places[: self.recipe.judged]
                if len(some):
                    found = caption_metrics(reader, some) | question_metrics(reader, some)
                    figures |= {prefix + name: value for name, value in found.items()}
        if self.recipe.mode != "answer":
            some = self.held_out.plain[: self.recipe.judged]
            figures |= code_metrics(reader, some, self.recipe.text)
            figures |= self._drawings(reader, some)
        good = [figures.get("f1"), figures.get("accuracy")]
        known = [one for one in good if one is not None]
        figures["good"] = float(np.mean(known or [np.exp(-figures["nats_055"])]))
        return figures

    def _drawings(self, reader: Reader, places: np.ndarray) -> dict[str, float]:
        """What a probe finds in drawn faces, if there is one."""
        recipe = self.recipe
        if recipe.probe is None:
            return {}
        device = reader.model.head.weight.device
        tokenizer, probe = self.tokenizer.to(device), open_probe(recipe.probe).to(device)
        how = Drawing(recipe.text, recipe.guidance, Unmasking(recipe.steps_drawn))
        return drawn_metrics(reader, places, tokenizer, probe, how)

    def export(self, model: nn.Module, path: Path) -> None:
        """Tokens of an answer's row → logits of the next word at each place (no cache).

        ``tokens`` is (N, 259 + talk) float32 of whole numbers, padded at the right as
        :func:`vplugin.nets.unif2ace.sequences.answering` does; a model with experts for pictures
        also reads ``picture``, (N, 3, side, side) in -1…1.
        """
        assert isinstance(model, Unif2ace)
        inputs, example = ["tokens"], [torch.full((1, 259 + self.recipe.talk), 3.0)]
        tokenizer = None
        if self.recipe.sequence != "none":
            tokenizer, side = self.tokenizer.cpu(), self.tokenizer.size.side
            inputs, example = [*inputs, "picture"], [*example, torch.zeros(1, 3, side, side)]
        reading = _Reading(model, tokenizer)
        export_onnx(reading, tuple(example), path, inputs=inputs, outputs=["logits"])
        tidy(path)


class _Reading(nn.Module):
    """Rows of tokens → logits of words."""

    def __init__(self, model: Unif2ace, tokenizer: ImageTokenizer | None) -> None:
        super().__init__()
        self.model, self.tokenizer = model, tokenizer

    def forward(self, tokens: Tensor, picture: Tensor | None = None) -> Tensor:
        """(N, L) → (N, L, words)."""
        numbers, layout = tokens.long(), self.model.layout
        real = numbers != layout.special("pad")
        rows = Sequences(numbers, real, Purpose.ANSWER, slice(2, 258), numbers)
        features = None
        if self.tokenizer is not None and picture is not None:
            features = {_FEATURES: self.tokenizer.features(picture)}
        stream = self.model(rows, features=features).stream
        return self.model.logits(stream, slice(0, layout.words))
