"""What is known about models by name: files, checksums, licence, data provenance, contract.

The stock catalogue is `catalogue.yaml` beside this file and that of the models that ship with
vplugin, `house/catalogue.yaml`; the user's own models (`models add`) are
entries of the same form in the store. Nothing here touches the network or the store.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from vplugin.errors import ModelMissingError
from vplugin.models.contract import Contract

Template = Literal["arcface_112", "arcface_112_v1", "arcface_128", "ffhq_512", "mtcnn_512"]

Footage = Literal["photographs", "rendered"]  # what a clip shows: real people, or drawn ones


def _inside(path: str) -> str:
    """A relative path that stays where it is put."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise ValueError(f"'{path}' is not a path inside the store")
    return path


StorePath = Annotated[str, AfterValidator(_inside)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Licence(_Data):
    """A licence of weights."""

    name: str = Field(description="SPDX identifier, or a name of ours; by this it is accepted")
    title: str = Field(description="For people")
    url: str = Field(description="Where its text is")
    commercial: bool = Field(description="Whether commercial use is allowed")
    text: str = Field(description="What it says, in a sentence or two")
    alternative: str | None = Field(default=None, description="What to do where it forbids the use")


class Download(_Data):
    """A file that is fetched."""

    path: StorePath = Field(description="Where it goes, relative to the store and to a mirror")
    urls: tuple[str, ...] = Field(default=(), description="Tried in this order; https only")
    sha256: Sha256 | None = Field(description="null: recorded at the first pull, then pinned")
    bytes: int | None = Field(default=None, ge=1, description="Size, where known beforehand")

    @property
    def is_archive(self) -> bool:
        """Whether the members are inside it."""
        return self.path.endswith(".zip")


class Member(_Data):
    """One ONNX model of an entry."""

    name: Name = Field(description="After the slash: `buffalo_l/det_10g`")
    path: StorePath = Field(description="Relative to the store and to a mirror")
    archive_member: str | None = Field(default=None, description="File name inside the zip")
    sha256: Sha256 | None = Field(description="null: recorded at the first pull, then pinned")
    bytes: int | None = Field(default=None, ge=1, description="Size, where known beforehand")
    contract: Contract | None = Field(description="What goes in and comes out")
    template: Template | None = Field(default=None, description="How the face is aligned for it")
    value_range: str | None = Field(default=None, description="Channel order and range of pictures")
    input_size: tuple[int | None, int | None] | None = Field(
        default=None, description="Width and height, null where free"
    )
    same_person: float | None = Field(
        default=None, ge=-1, le=1, description="Of a recogniser: cosine from which two are one"
    )
    embedder: str | None = Field(
        default=None, description="Of a swapper: recogniser that it was trained with"
    )
    fixer: str | None = Field(
        default=None, description="Of a swapper: FixerNet that it was trained with"
    )
    beats_mesh: tuple[Footage, ...] = Field(
        default=(),
        description="Of a swapper that ships: on what it was measured to beat mesh in identity and "
        "expression without copying the target; there `swap: auto` takes it",
    )


class Entry(_Data):
    """A model or a pack of models that has a name."""

    name: Name
    title: str
    licence: Licence
    provenance: str = Field(description="What it was trained on")
    download: Download
    members: tuple[Member, ...] = Field(min_length=1)

    @property
    def is_pack(self) -> bool:
        """Whether a member has to be named: `buffalo_l/det_10g`."""
        return self.download.is_archive

    @property
    def member_names(self) -> tuple[str, ...]:
        """The full names by which the members are asked for."""
        if not self.is_pack:
            return (self.name,)
        return tuple(f"{self.name}/{one.name}" for one in self.members)

    @model_validator(mode="after")
    def _archive_members(self) -> Entry:
        if self.is_pack != all(one.archive_member for one in self.members):
            raise ValueError("the members of a zip, and only these, have an archive_member")
        if not self.is_pack and [one.path for one in self.members] != [self.download.path]:
            raise ValueError("a single file is its own only member")
        return self


class Catalogue(_Data):
    """All entries."""

    models: tuple[Entry, ...] = ()

    def find(self, name: str) -> tuple[Entry, Member | None]:
        """The entry of `pack/member`, `pack` (then without a member) or `model`.

        Raises:
            ModelMissingError: There is none; says the nearest names.
        """
        head, _, tail = name.partition("/")
        entry = next((one for one in self.models if one.name == head), None)
        if entry is None or (tail and not entry.is_pack):
            raise self._unknown(name, self.names())
        if not tail:
            return entry, None if entry.is_pack else entry.members[0]
        member = next((one for one in entry.members if one.name == tail), None)
        if member is None:
            raise self._unknown(name, entry.member_names)
        return entry, member

    def names(self) -> tuple[str, ...]:
        """Everything that can be asked for: entries and members of packs."""
        members = (name for entry in self.models for name in entry.member_names)
        return tuple(dict.fromkeys((*(entry.name for entry in self.models), *members)))

    def with_entries(self, more: Iterable[Entry]) -> Catalogue:
        """This catalogue and further entries."""
        return Catalogue(models=(*self.models, *more))

    @staticmethod
    def _unknown(name: str, names: Iterable[str]) -> ModelMissingError:
        near = difflib.get_close_matches(name, list(names), n=3, cutoff=0.6)
        mend = f"did you mean {' or '.join(near)}?" if near else "see `vplugin models list`"
        return ModelMissingError(f"there is no model named '{name}'", mend=mend)


def load(path: Path) -> Catalogue:
    """Read a catalogue file; its entries name licences that the same file describes.

    Raises:
        pydantic.ValidationError: The file is not a catalogue.
        KeyError: An entry names a licence that is not there.
    """
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    licences = {one["name"]: one for one in data["licences"]}
    entries = [{**entry, "licence": licences[entry["licence"]]} for entry in data["models"]]
    return Catalogue.model_validate({"models": entries})


@cache
def stock() -> Catalogue:
    """The catalogue that ships with vplugin."""
    here = Path(__file__).parent
    house = load(here / "house" / "catalogue.yaml")
    return load(here / "catalogue.yaml").with_entries(house.models)
