"""Nodes for graph tests: each has one trait that the checks look at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from vplugin import Frame, Node, Params, Port, Sink, Source
from vplugin.graph import Registry
from vplugin.graph.quantities import Backoff, BackoffRange, Duration, Size


class Reconnect(BaseModel):
    model_config = ConfigDict(extra="forbid")

    delay: BackoffRange = Field(default=Backoff(0.5, 10.0), description="Wait before a new try")
    stall: Duration = 2.0  #: How long nothing may come


class ReadParams(Params):
    uri: str = Field(description="Where from")
    reconnect: Reconnect = Reconnect()


class Read(Source[ReadParams]):
    """Read frames.
    Not ``really``.

    Two: paragraphs.

    Example:
        >>> Read()
    """


class WriteParams(Params):
    uri: str
    #: How hard to try,
    #: in words.
    preset: Literal["slow", "fast"] = "fast"
    buffer: Size = 65536


class Write(Sink[WriteParams]):
    """Write frames."""

    with_source = True


class Caption(Sink[Params]):
    inputs = {"frame": Port("video"), "text": Port("text", optional=True)}


class PassParams(Params):
    strength: int = Field(default=15, ge=1, le=99)  #: Kernel size
    blend: Annotated[float, Field(gt=0, le=1)] | None = None  #: "#:" is not in strings
    people: list[Reconnect] = []


class Pass(Node[PassParams]):
    """Pass frames on."""

    def process(self, frame: Frame) -> Frame:
        return frame


class Remember(Node[Params]):
    stateful = True

    def snapshot(self) -> bytes:
        return b"1"

    def restore(self, state: bytes) -> None:
        del state


class Forget(Node[Params]):
    stateful = True


class Tell(Node[Params]):
    """Say what is in a frame."""

    outputs = {"text": Port("text")}


class Mix(Node[Params]):
    inputs = {"frame": Port("video"), "other": Port("video"), "text": Port("text", optional=True)}


KINDS = {
    "read": Read,
    "write": Write,
    "caption": Caption,
    "pass": Pass,
    "remember": Remember,
    "forget": Forget,
    "tell": Tell,
    "mix": Mix,
}


def registry() -> Registry:
    return Registry(KINDS, installed=False)
