"""A graph as data: what a graph file says once its short forms are written out.

Immutable pydantic models, one per part of the file; each field carries the sentence that explains
it. Reading the file is :mod:`vplugin.graph.load`'s work, checking that it makes sense with the
nodes that are installed is :mod:`vplugin.graph.check`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from vplugin.errors import GraphError
from vplugin.graph.quantities import Backoff, BackoffRange, Duration, Size

__all__ = [
    "BatchSpec",
    "DefaultsSpec",
    "EdgeSpec",
    "GraphSpec",
    "LaneSpec",
    "LimitsSpec",
    "NodeSpec",
    "ObserveSpec",
    "OnError",
    "Place",
    "Places",
    "PrometheusSpec",
    "RestartSpec",
]

Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]
Key: TypeAlias = tuple[str | int, ...]

_RETRY = re.compile(r"retry\(\s*(\d{1,3})\s*\)")


@dataclass(frozen=True)
class Place:
    """Where a key stands in the file, or which ``--set`` gave it.

    Attributes:
        line: Of the value, from 1; None for a ``--set``.
        column: Of the value, from 1.
        key_line: Of the key.
        key_column: Of the key.
        where: What stands in for the file's name; None for the file itself.
    """

    line: int | None = None
    column: int | None = None
    key_line: int | None = None
    key_column: int | None = None
    where: str | None = None


Places: TypeAlias = Mapping[Key, Place]


class Part(BaseModel):
    """Base of the parts of a graph: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OnError(Part):
    """What happens to a frame on which a node failed."""

    action: Literal["fail", "skip", "passthrough"] = Field(
        default="fail", description="Stop the run, drop the frame, or send it on as it came in"
    )
    retries: int = Field(
        default=0, ge=0, le=100, description="How often the frame is tried again before that"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if retry := _RETRY.fullmatch(value.strip()):
            return {"retries": int(retry[1])}
        if value not in ("fail", "skip", "passthrough"):
            raise ValueError("should be fail, skip, passthrough or retry(n)")
        return {"action": value}


class RestartSpec(Part):
    """How often a process that died is started again."""

    max: int = Field(default=5, ge=0, description="Restarts within the window before the run fails")
    window: Duration = Field(default=60.0, gt=0, description="Time over which restarts are counted")
    backoff: BackoffRange = Field(
        default=Backoff(0.5, 10.0), description="Wait before a restart: first and longest, doubling"
    )


class BatchSpec(Part):
    """How frames are collected before a node works on them at once."""

    max: int = Field(ge=1, le=1024, description="Most frames in a batch")
    wait: Duration = Field(default=0.0, description="How long the first frame waits for the others")


class EdgeSpec(Part):
    """A queue into one input port."""

    node: Name = Field(
        validation_alias=AliasChoices("from", "node"),
        description="Node the frames come from, or `node.port`",
    )
    port: str = Field(default="frame", description="Output port of that node")
    capacity: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Most frames in the queue; as few as keep both ends busy if unset",
    )
    full: Literal["block", "drop_oldest", "drop_newest"] = Field(
        default="block", description="What a full queue does: hold its sender back, or drop a frame"
    )
    every: Duration | None = Field(
        default=None, gt=0, description="Let through one frame per this much stream time"
    )
    join: Literal["exact", "latest", "nearest"] = Field(
        default="exact",
        description="Which frame meets the one on port `frame`: same number, newest, …",
    )
    max_age: Duration | None = Field(
        default=None,
        gt=0,
        description="A `latest` or `nearest` frame further off than this is left out",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            return _split_port(value)
        if isinstance(value, Mapping) and isinstance(value.get("from"), str):
            rest = {key: item for key, item in value.items() if key != "from"}
            split = _split_port(value["from"])
            if clash := rest.keys() & split.keys():
                raise ValueError(f"says `{min(clash)}` twice")
            return split | rest
        return value


def _split_port(text: str) -> dict[str, str]:
    """``node`` or ``node.port`` as fields of an edge."""
    node, dot, port = text.partition(".")
    if not node or (dot and not port):
        raise ValueError("should be `node` or `node.port`")
    return {"node": node, "port": port} if dot else {"node": node}


class NodeSpec(Part):
    """One node of the graph."""

    uses: str = Field(min_length=1, description="Kind of node, as `vplugin nodes` lists them")
    lane: Name | None = Field(
        default=None, description="Process it runs in; placed by itself if unset"
    )
    replicas: int = Field(
        default=1, ge=1, le=256, description="How many of it work at the same time"
    )
    batch: BatchSpec | None = Field(default=None, description="Work on several frames at once")
    params: Mapping[str, Any] = Field(
        default_factory=dict, description="Its parameters, as `vplugin nodes NAME` lists them"
    )
    hot: tuple[str, ...] = Field(default=(), description="Parameters that may change while it runs")
    state: Literal["checkpoint", "restart"] | None = Field(
        default=None, description="Keep a stateful node's memory over a crash, or begin anew"
    )
    on_error: OnError | None = Field(
        default=None, description="What to do with a frame it failed on"
    )
    timeout: Duration | None = Field(default=None, gt=0, description="Longest time for one frame")
    restart: RestartSpec | None = Field(
        default=None, description="How often its process is restarted"
    )
    inputs: Mapping[Name, EdgeSpec] = Field(
        default_factory=dict,
        validation_alias=AliasChoices("in", "inputs"),
        description="Where each input port's frames come from",
    )

    @field_validator("hot", mode="before")
    @classmethod
    def _one_hot(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("inputs", mode="before")
    @classmethod
    def _one_input(cls, value: Any) -> Any:
        return {"frame": value} if isinstance(value, str) else value


class LaneSpec(Part):
    """A place where nodes run."""

    kind: Literal["process", "thread"] = Field(
        default="process", description="A process of its own, or threads of the main process"
    )
    device: str = Field(
        default="cpu", pattern=r"^[a-z]+(:\d+)?$", description="Where models run: cpu, cuda:0, …"
    )


class LimitsSpec(Part):
    """Bounds of the whole graph."""

    max_in_flight: int = Field(
        default=8, ge=1, le=10_000, description="Most frames between in and out"
    )
    max_age: Duration | None = Field(
        default=None, gt=0, description="Live: a frame older than this is not worked on any more"
    )
    memory: Size | None = Field(
        default=None, gt=0, description="Most memory for pictures in flight"
    )


class DefaultsSpec(Part):
    """What counts for every node that says nothing else."""

    on_error: OnError = Field(
        default=OnError(), description="What to do with a frame a node failed on"
    )
    restart: RestartSpec = Field(
        default=RestartSpec(), description="How often a process is restarted"
    )
    timeout: Duration | None = Field(default=None, gt=0, description="Longest time for one frame")


class PrometheusSpec(Part):
    """Metrics over HTTP."""

    port: int = Field(ge=0, le=65535, description="TCP port; 0 takes a free one")
    host: str = Field(default="127.0.0.1", description="Address to listen at")


class ObserveSpec(Part):
    """What can be seen from outside while the graph runs."""

    prometheus: PrometheusSpec | None = Field(
        default=None, description="Serve metrics for Prometheus"
    )


class GraphSpec(Part):
    """A whole graph.

    Example:
        >>> GraphSpec(nodes={"decode": {"uses": "decode", "params": {"uri": "in.mp4"}},
        ...                  "encode": {"uses": "encode", "params": {"uri": "out.mp4"},
        ...                             "in": "decode"}}).nodes["encode"].inputs["frame"].node
        'decode'
    """

    vplugin: Literal[1] = Field(default=1, description="Version of the file format")
    name: str = Field(
        default="graph", min_length=1, max_length=200, description="For people and reports"
    )
    mode: Literal["auto", "live", "offline"] = Field(
        default="auto", description="Whether sources keep their own pace; auto asks them"
    )
    limits: LimitsSpec = Field(default=LimitsSpec(), description="Bounds of the whole graph")
    defaults: DefaultsSpec = Field(
        default=DefaultsSpec(), description="For nodes that say nothing else"
    )
    vars: Mapping[str, Any] = Field(
        default_factory=dict, description="Values to use elsewhere as $name"
    )
    lanes: Literal["auto"] | Mapping[Name, LaneSpec] = Field(
        default="auto", description="Processes that nodes are placed in"
    )
    commercial: bool = Field(
        default=False, description="Refuse models whose licence forbids commercial use"
    )
    observe: ObserveSpec = Field(
        default=ObserveSpec(), description="What can be seen while it runs"
    )
    nodes: Mapping[Name, NodeSpec] = Field(min_length=1, description="The nodes, by name")
    base: str = Field(
        default=".", description="Folder that relative paths in parameters start from"
    )
    path: str = Field(default="", description="The file it was read from")

    _places: Places = PrivateAttr(default_factory=lambda: MappingProxyType({}))

    def on_error(self, node: str) -> OnError:
        """What counts for a node: its own word, or the default."""
        own = self.nodes[node].on_error
        return self.defaults.on_error if own is None else own

    def restart(self, node: str) -> RestartSpec:
        """What counts for a node: its own word, or the default."""
        own = self.nodes[node].restart
        return self.defaults.restart if own is None else own

    def timeout(self, node: str) -> float | None:
        """Seconds for one frame: the node's own word, or the default."""
        own = self.nodes[node].timeout
        return self.defaults.timeout if own is None else own

    def capacity(self, node: str, port: str) -> int:
        """Most frames in the queue into a port: what was said, or what keeps both ends busy."""
        edge = self.nodes[node].inputs[port]
        ends = (self.nodes[node], self.nodes[edge.node])
        widest = max(end.replicas for end in ends)
        batch = max(end.batch.max if end.batch else 1 for end in ends)
        return edge.capacity or max(2 * widest, batch + 1)

    @property
    def places(self) -> Places:
        """Where its parts stand in the file, as far as they come from one."""
        return self._places

    def with_places(self, places: Places) -> GraphSpec:
        """The same graph, knowing where its parts stand in the file."""
        copy = self.model_copy()
        copy._places = MappingProxyType(dict(places))
        return copy

    def error(
        self, what: str, *key: str | int, mend: str | None = None, at_key: bool = False
    ) -> GraphError:
        """An error about one key, with file, line and column as far as they are known.

        Args:
            what: As :class:`GraphError` takes it.
            key: The way to the key from the top: ``"nodes", "swap", "params"``.
            mend: As :class:`GraphError` takes it.
            at_key: Point at the key rather than at its value.
        """
        return error_at(self._places, self.path, what, key, mend=mend, at_key=at_key)


def error_at(
    places: Places,
    path: str,
    what: str,
    key: Sequence[str | int],
    *,
    mend: str | None = None,
    at_key: bool = False,
) -> GraphError:
    """An error about a key, at the nearest place that is known on the way to it."""
    way = tuple(key)
    while way and way not in places:
        way = way[:-1]
    place = places.get(way, Place())
    line, column = place.line, place.column
    if at_key and place.key_line is not None:
        line, column = place.key_line, place.key_column
    where = place.where or path or None
    return GraphError(what, where=where, line=line, column=column, mend=mend)
