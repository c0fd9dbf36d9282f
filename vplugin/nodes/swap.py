"""Replaces faces by those of other people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from vplugin.frame import Face, Frame
from vplugin.node import Context, Node, Params
from vplugin.nodes.choice import Select, TrackSelect, compositor_for, rule_of
from vplugin.nodes.fixed import refuse_changes
from vplugin.nodes.models import Models
from vplugin.nodes.sources import HOUSE_RECOGNISER, RECOGNISER, FaceReader
from vplugin.nodes.swappers import AUTO, COPY, MESH, WEIGHTLESS, Swappers, Wish
from vplugin.vision.cutout import MaskStyle, Shape
from vplugin.vision.match import LookSmoother
from vplugin.vision.mesh import MeshStyle, MeshSwapper
from vplugin.vision.select import Assigner, ByReference, Embedding, Rule
from vplugin.vision.stage import ColourStyle, Job, SwapStage

Boost = Literal["auto"] | Annotated[int, Field(ge=1, le=4)]

SOURCE = "source"  # attribute of a face: whose pictures took its place
_FEATHER = {MESH: 0.17}
_USUAL_FEATHER = 0.35
_SHAPES: Mapping[str, Shape] = {MESH: "swapper", COPY: "face"}
_MODELS = ("model", "boost", "detector", "landmarks", "parser", "embedder", "converter")
_FIXED = (*_MODELS, "runtime", "device")
_REMEMBER = 60.0  # seconds that a person's colours are kept for after it was last seen


class ReferenceSelect(Params):
    """The face that looks most like a reference picture."""

    reference: str = Field(description="Picture, or folder of pictures, of the person to replace.")
    threshold: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="Least cosine between the embeddings; what suits the embedder if not given.",
    )


Selection = Select | TrackSelect | ReferenceSelect


class PersonParams(Params):
    """One person to replace, and by whom."""

    select: Selection = Field(
        default="all",
        description="all, largest, left, right, top, bottom, centre (when first seen), "
        "{track: N}, or {reference: PICTURE}: whoever looks like that.",
    )
    source: str = Field(description="Picture, or folder of pictures, of the person to put in.")


class MaskParams(Params):
    """How the border of a swapped face looks."""

    shape: Shape | None = Field(
        default=None,
        description="face (from the five points), hull (around dense landmarks), ellipse, box, "
        "insightface, or swapper (what it says itself); swapper for mesh, face for copy and box "
        "for a model if not given.",
    )
    feather: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Softness of the border: eye distances, or for box a share of half the crop; "
        "0.17 for mesh and 0.35 for others if not given.",
    )


class ColourParams(Params):
    """How a swapped face takes on the colour and light of the face it replaces."""

    match: bool | None = Field(
        default=None,
        description="Take on the target's colours; on for mesh and copy, off for a model if not "
        "given.",
    )
    light: float = Field(
        default=1.0, ge=0, le=1, description="How much of the target's shading is taken on."
    )
    smooth: float = Field(
        default=0.4,
        ge=0,
        le=10,
        description="Seconds over which colours are steadied for each person; 0 does not.",
    )


class SwapParams(Params):
    """Parameters of :class:`Swap`."""

    source: str | None = Field(
        default=None, description="Picture, or folder of pictures, of the person to put in."
    )
    select: Selection = Field(
        default="all", description="Whom to replace by `source`; as in `people`."
    )
    people: tuple[PersonParams, ...] = Field(
        default=(),
        description="Several people, each {select, source}; the first that fits a face has it. "
        "In place of `source`.",
    )
    model: str = Field(
        default=AUTO,
        description="mesh (no swap network: bends the source's pictures; needs `landmarks` and "
        "`parser`), copy (no network at all), a catalogue name or ONNX file of a swap network, or "
        "auto: mesh where its models are there, else copy.",
    )
    boost: Boost = Field(
        default=1,
        description="A swap network at a multiple of its size, 1 to 4; auto: as large as the face "
        "is in the picture, up to 512 pixels.",
    )
    blend: float = Field(default=1.0, ge=0, le=1, description="How much of the new face shows.")
    mask: MaskParams = Field(default=MaskParams(), description="The border of the new face.")
    colour: ColourParams = Field(default=ColourParams(), description="Its colour and light.")
    detector: str = Field(
        default="house/detector",
        description="Model that finds the face in the source pictures.",
    )
    landmarks: str = Field(
        default="house/landmarks",
        description="Model of 106 landmarks (2d106det contract), for mesh.",
    )
    parser: str = Field(
        default="house/parser", description="Face parser of 19 classes (BiSeNet), for mesh."
    )
    embedder: str | None = Field(
        default=None,
        description="ArcFace recogniser, for swap networks and {reference: …}; if not given, "
        f"{RECOGNISER} for a network, else {HOUSE_RECOGNISER}.",
    )
    converter: str | None = Field(
        default=None,
        description="Model that converts embeddings, for simswap, ghost and hififace; the one made "
        "for the network if not given.",
    )
    runtime: str = Field(
        default="auto",
        description="What runs the models: onnxruntime, openvino or torch, also with a provider or "
        "precision (openvino:bf16); auto measures once and remembers.",
    )
    device: str | None = Field(
        default=None, description="cpu, cuda:0 …; the lane's device if not given."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.source is None) == (not self.people):
            raise ValueError("give either `source` or `people`: whose face is to be put in?")
        if self.boost != 1 and self.model in WEIGHTLESS:
            raise ValueError("`boost` is for swap networks: name one as `model`, or leave it out")
        return self

    @property
    def persons(self) -> tuple[PersonParams, ...]:
        """``people``, or the one person that ``source`` and ``select`` mean."""
        if self.source is None:
            return self.people
        return (PersonParams(select=self.select, source=self.source),)

    @property
    def recogniser(self) -> str | None:
        """The embedder to use, if any."""
        if self.embedder or self.model not in WEIGHTLESS:
            return self.embedder or RECOGNISER
        asked = any(isinstance(person.select, ReferenceSelect) for person in self.persons)
        return HOUSE_RECOGNISER if asked else None

    @property
    def wish(self) -> Wish:
        """What is said of the swapper."""
        return Wish(
            self.model,
            self.landmarks,
            self.parser,
            self.recogniser,
            self.converter,
            self.boost,
        )


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
        self._reader = FaceReader(models, params.detector, params.recogniser)
        self._swappers = Swappers(models, params.wish)
        self._swapper = self._swappers.open()
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
