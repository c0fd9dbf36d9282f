"""What a graph file may say of a swap; not a node."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vplugin.models.catalogue import Footage
from vplugin.node import Params
from vplugin.nodes.choice import Select, TrackSelect
from vplugin.nodes.sources import HOUSE_RECOGNISER, RECOGNISER
from vplugin.nodes.swappers import AUTO, HOUSE_SWAPPER, WEIGHTLESS, Wish
from vplugin.vision.cutout import Shape

__all__ = [
    "Boost",
    "ColourParams",
    "MaskParams",
    "PersonParams",
    "ReferenceSelect",
    "Selection",
    "SwapParams",
]

Boost = Literal["auto"] | Annotated[int, Field(ge=1, le=4)]


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
        f"auto: {HOUSE_SWAPPER} where it ships and the catalogue says that it beats mesh on such "
        "`footage`, else mesh where its models are there, else copy.",
    )
    footage: Footage = Field(
        default="photographs",
        description="What the clip shows, photographs of people or rendered ones: what auto "
        "chooses by.",
    )
    boost: Boost = Field(
        default=1,
        description="A swap network at a multiple of its size, 1 to 4; auto: as large as the face "
        "is in the picture, up to 512 pixels.",
    )
    blend: float = Field(default=1.0, ge=0, le=1, description="How much of the new face shows.")
    mask: MaskParams = Field(default=MaskParams(), description="The border of the new face.")
    colour: ColourParams = Field(default=ColourParams(), description="Its colour and light.")
    occlusion: str | tuple[str, ...] = Field(
        default=AUTO,
        description="What finds what lies before a face and must stay: a face parser, XSeg, or "
        "several; none; auto is what `parser` sees before it (hands, things, masks) for swap "
        "networks, and none for mesh, which looks itself, and copy.",
    )
    keep_glasses: bool = Field(
        default=False,
        description="Whether the target's glasses stay, where a face parser looks.",
    )
    detector: str = Field(
        default="house/detector",
        description="Model that finds the face in the source pictures.",
    )
    landmarks: str = Field(
        default="house/landmarks",
        description="Model of 106 landmarks (2d106det contract), for mesh.",
    )
    parser: str = Field(
        default="house/parser",
        description="Face parser of 19 classes (BiSeNet), for mesh and `occlusion`.",
    )
    embedder: str | None = Field(
        default=None,
        description="ArcFace recogniser, for swap networks and {reference: …}; if not given, the "
        f"one that the network was trained with ({RECOGNISER} for public ones), else "
        f"{HOUSE_RECOGNISER}.",
    )
    converter: str | None = Field(
        default=None,
        description="Model that converts embeddings, for simswap, ghost and hififace; the one made "
        "for the network if not given.",
    )
    fixer: str | None = Field(
        default=None,
        description="FixerNet that says who a lower face is (`vplugin train fixer`), for "
        "reliableswap networks of 640 numbers; the one made for the network if not given.",
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

    def recogniser(self, trained: str | None) -> str | None:
        """The recogniser to use, if any.

        Args:
            trained: The one that the swapper needs.
        """
        asked = any(isinstance(person.select, ReferenceSelect) for person in self.persons)
        return self.embedder or trained or (HOUSE_RECOGNISER if asked else None)

    @property
    def wish(self) -> Wish:
        """What is said of the swapper."""
        return Wish(
            self.model,
            self.landmarks,
            self.parser,
            self.embedder,
            self.converter,
            self.boost,
            self.fixer,
            self.occlusion,
            self.keep_glasses,
            self.footage,
        )
