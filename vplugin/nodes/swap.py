"""Replaces faces by those of other people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from vplugin.frame import Face, Frame
from vplugin.node import Context, Node
from vplugin.nodes.choice import compositor_for, rule_of
from vplugin.nodes.fixed import refuse_changes
from vplugin.nodes.models import Models
from vplugin.nodes.sources import FaceReader
from vplugin.nodes.swap_params import PersonParams, ReferenceSelect, Selection, SwapParams
from vplugin.nodes.swappers import COPY, MESH, Swappers
from vplugin.vision.cutout import MaskStyle, Shape
from vplugin.vision.match import LookSmoother
from vplugin.vision.mesh import MeshStyle, MeshSwapper
from vplugin.vision.select import Assigner, ByReference, Embedding, Rule
from vplugin.vision.stage import ColourStyle, Job, SwapStage

SOURCE = "source"  # attribute of a face: whose pictures took its place
_FEATHER = {MESH: 0.17}
_USUAL_FEATHER = 0.35
_SHAPES: Mapping[str, Shape] = {MESH: "swapper", COPY: "face"}
_MODELS = ("model", "boost", "detector", "landmarks", "parser", "embedder", "converter", "fixer")
_FIXED = (*_MODELS, "footage", "occlusion", "keep_glasses", "runtime", "device")
_REMEMBER = 60.0  # seconds that a person's colours are kept for after it was last seen


@dataclass(frozen=True)
class _Cast:
    """The people of one set of parameters, loaded."""

    persons: tuple[PersonParams, ...]
    prepared: tuple[Any, ...]
    rules: tuple[Rule, ...]


class Swap(Node[SwapParams]):
    """Replaces faces by those of other people.

    Needs five points for each face, as ``detect`` gives, and works best after ``track``: a person
    then keeps its source, and its colours are steady. ``blend``, ``source``, ``select``,
    ``people``, ``mask`` and ``colour`` may be changed while it runs.

    Example:
        >>> Swap(SwapParams(source="people/ada.png", select="largest"))  # doctest: +ELLIPSIS
        <...Swap object at ...>
    """

    stateful: ClassVar[bool] = True

    def open(self, context: Context) -> None:
        """Load the models and the source pictures.

        Raises:
            SourceError: A source picture is missing, unreadable, or does not show one face.
            ModelError: A model is missing, damaged, of another contract, or would not run.
        """
        super().open(context)
        params = self.params
        self._counts: Counter[str] = Counter()
        self._met: set[str] = set()  # sources that took somebody's place
        models = Models(context, params.runtime, params.device)
        self._swappers = Swappers(models, params.wish)
        self._swapper = self._swappers.open()
        self._occluder = self._swappers.occluder()
        recogniser = params.recogniser(self._swappers.recogniser)
        self._reader = FaceReader(models, params.detector, recogniser)
        self._cast = self._load(params.persons)
        self._assigner = self._new_assigner()
        self._smoother = LookSmoother(params.colour.smooth)
        self._compositor = compositor_for(params.device or context.device)

    def _load(self, persons: Sequence[PersonParams]) -> _Cast:
        """Load what is new among some persons; what was loaded before is kept."""
        before: _Cast | None = getattr(self, "_cast", None)
        known = {} if before is None else _by_source(before)
        for person in persons:
            if person.source not in known:
                source = self._reader.load(person.source, embed=self._swappers.embeds)
                known[person.source] = self._swapper.prepare(source)
        rules = tuple(self._rule(person.select) for person in persons)
        self._reader.release_detector()
        return _Cast(tuple(persons), tuple(known[person.source] for person in persons), rules)

    def _rule(self, select: Selection) -> Rule:
        if isinstance(select, ReferenceSelect):
            least = self._reader.same_person if select.threshold is None else select.threshold
            return ByReference(self._reader.embedding_of(select.reference), least)
        return rule_of(select)

    def _new_assigner(self) -> Assigner:
        return Assigner(self._cast.rules)

    def on_params(self, params: SwapParams) -> None:
        """Take up other parameters; those that need other models are refused.

        Raises:
            GraphError: A parameter was changed that cannot be while it runs.
            SourceError: As in :meth:`open`; the old parameters then stay.
        """
        refuse_changes(self.name, _FIXED, self.params, params)
        cast = self._cast if params.persons == self._cast.persons else self._load(params.persons)
        same_rules = [p.select for p in cast.persons] == [p.select for p in self._cast.persons]
        self._cast, self.params = cast, params
        self._smoother.seconds = params.colour.smooth
        if not same_rules:
            self._assigner = self._new_assigner()

    def process(self, frame: Frame) -> Frame:
        """Add a patch for each face that is to be replaced."""
        frame = frame.evolve()  # a failure half way leaves the frame that came in as it was
        if frame.cut:
            self._smoother.reset()
            self._swapper.new_shot()
            self._assigner.new_shot()
        found: dict[int, Embedding] = {}

        def embed(face: Face) -> Embedding:
            if id(face) not in found:
                found[id(face)] = self._reader.embed(frame, face)
            return found[id(face)]

        self._assigner.embed = embed if self._reader.embeds else None
        size = (frame.format.width, frame.format.height)
        owners = self._assigner.assign(frame.faces, size, frame.format.rotation)
        self._met.update(self._cast.persons[person].source for person in owners.values())
        if others := len(frame.faces) - len(owners):
            self._counts["not selected"] += others
        if self.params.blend > 0 and owners:
            jobs = [
                Job(frame.faces[face], self._cast.prepared[person])
                for face, person in owners.items()
            ]
            self._counts.update(self._stage().run(frame, jobs, self.params.blend, self))
        self._smoother.forget_before(float(frame.time) - _REMEMBER)
        return frame.evolve(faces=self._named(frame.faces, owners))

    def _named(self, faces: Sequence[Face], owners: Mapping[int, int]) -> tuple[Face, ...]:
        """The faces, those that have a source with its name, for nodes that come after."""
        persons = self._cast.persons
        return tuple(
            face.evolve(attributes={**face.attributes, SOURCE: persons[owners[index]].source})
            if index in owners
            else face
            for index, face in enumerate(faces)
        )

    def _stage(self) -> SwapStage:
        mask, colour, name = self.params.mask, self.params.colour, self._swapper.name
        by_hand = self._swapper.match_colour
        shape: Shape = mask.shape or _SHAPES.get(name, "box")
        feather = _FEATHER.get(name, _USUAL_FEATHER) if mask.feather is None else mask.feather
        match = by_hand if colour.match is None else colour.match
        if isinstance(self._swapper, MeshSwapper):
            self._swapper.style = MeshStyle(feather, colour.light, match)
        return SwapStage(
            self._swapper,
            self._compositor,
            MaskStyle(shape, feather),
            ColourStyle(match, colour.light),
            self._smoother,
            self._occluder,
        )

    def snapshot(self) -> bytes:
        """Who is who, and the colours so far."""
        state = {"people": self._assigner.snapshot(), "looks": self._smoother.snapshot()}
        return json.dumps(state).encode()

    def restore(self, state: bytes) -> None:
        """Take up :meth:`snapshot`."""
        known = json.loads(state)
        self._assigner.restore(known["people"])
        self._smoother.restore(known["looks"])

    def report(self) -> Mapping[str, Any]:
        """What ran, how many faces were swapped, and why others were not."""
        facts: dict[str, Any] = {
            "model": self._swapper.name,
            **self._swappers.facts(),
            "sources": [Path(person.source).name for person in self._cast.persons],
            "faces": dict(sorted(self._counts.items())),
        }
        if unused := [p.source for p in self._cast.persons if p.source not in self._met]:
            facts["unused"] = [Path(source).name for source in unused]
        if embedder := self._reader.facts():
            facts["embedder"] = embedder
        return facts

    def close(self) -> None:
        """Free the models."""
        reader: FaceReader | None = getattr(self, "_reader", None)
        if reader is not None:
            reader.close()
        swappers: Swappers | None = getattr(self, "_swappers", None)
        if swappers is not None:
            swappers.close()


def _by_source(cast: _Cast) -> dict[str, Any]:
    names = [person.source for person in cast.persons]
    return dict(zip(names, cast.prepared, strict=True))
