"""What a node is: the classes that authors of nodes derive from.

A node sees frames and its own parameters. It never sees sockets, slots or processes; those are the
engine's. The class says what it needs (ports, state, where it may run), the instance does the work.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from vplugin.frame import Drop, Frame, Tombstone
from vplugin.picture import PictureFormat

PortKind: TypeAlias = Literal["video", "packets", "text", "faces", "data"]
Result: TypeAlias = Frame | Drop | Iterable[Frame] | None


class Params(BaseModel):
    """Base of a node's parameters: a pydantic model, unknown keys refused.

    Each field has a default or is required, bounds by ``pydantic.Field``, and one sentence of help,
    as ``Field(description=…)`` or as a ``#:`` comment on its line.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


@dataclass(frozen=True)
class Port:
    """One input or output of a node.

    Attributes:
        kind: What flows through it.
        help: One sentence.
        optional: Whether the node runs without it being connected.
    """

    kind: PortKind = "video"
    help: str = ""
    optional: bool = False


@dataclass(frozen=True)
class StreamInfo:
    """What a source says about its stream once it is open.

    Attributes:
        format: Of the pictures, or None where it is known only with the first one.
        time_base: Seconds per pts unit.
        live: Whether frames come at their own pace and must not be held back.
        frames: Expected number, or None.
        duration: Seconds, or None.
        title: For people: file name or address.
    """

    time_base: Fraction
    format: PictureFormat | None = None
    live: bool = False
    frames: int | None = None
    duration: float | None = None
    title: str = ""


@dataclass(frozen=True)
class Artifact:
    """A file that a sink is making.

    Attributes:
        temporary: Where it is being written. Removed when the run fails or is stopped at once.
        partial: Where what there is so far goes if the sink's process dies.
        final: Where the finished file appears, by rename.
    """

    temporary: str
    partial: str
    final: str


@dataclass(frozen=True)
class Context:
    """What a node is told when it is opened.

    Attributes:
        name: The node's name in the graph.
        lane: The lane it runs in.
        device: ``cpu``, ``cuda:0`` … as the lane says.
        replica: 0 … replicas − 1.
        live: Whether the graph runs live; None for a source, which is asked.
        commercial: Whether the graph declares commercial use.
        base: Folder that relative paths in the graph are relative to.
        sources: Names of the source nodes upstream of this node.
        sinks: Names of the sinks downstream of this node.
        same_lane: Names of all nodes that share this node's process.
    """

    name: str = "node"
    lane: str = "inline"
    device: str = "cpu"
    replica: int = 0
    live: bool | None = False
    commercial: bool = False
    base: str = "."
    sources: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    same_lane: tuple[str, ...] = ()

    @property
    def log(self) -> logging.Logger:
        """A logger named for the node."""
        return logging.getLogger(f"vplugin.node.{self.name}")


P = TypeVar("P", bound=Params)


class Node(Generic[P]):
    """A step of a graph: frames in, frames out.

    Example:
        >>> class Invert(Node[Params]):
        ...     def process(self, frame: Frame) -> Frame:
        ...         with frame.edit(frame.format.bounds, node=self) as rgb:
        ...             rgb[:] = 255 - rgb
        ...         return frame

    Class attributes:
        inputs: Ports by name; ``frame`` is the main one, the order of work follows it.
        outputs: Ports by name.
        edits: Whether it adds patches (it is then given room for them).
        stateful: Whether frames must come to one instance in order; such a node has no replicas.
            With ``state: checkpoint`` its :meth:`snapshot` survives a crash of its process.
        holds: Whether it keeps frames beyond :meth:`process` (to give them out later, or in
            :meth:`flush`). Its frames are then copies; those of others are only lent, and a frame
            kept without saying so raises an error when it is given out.
        protects: Whether letting a frame by without this node's work does harm (it hides faces);
            ``on_error: passthrough`` is then refused.
    """

    inputs: ClassVar[Mapping[str, Port]] = {"frame": Port("video")}
    outputs: ClassVar[Mapping[str, Port]] = {"frame": Port("video")}
    edits: ClassVar[bool] = True
    stateful: ClassVar[bool] = False
    holds: ClassVar[bool] = False
    protects: ClassVar[bool] = False
    Params: ClassVar[type[Params]] = Params

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in getattr(cls, "__orig_bases__", ()):
            for argument in get_args(base) if get_origin(base) else ():
                if isinstance(argument, type) and issubclass(argument, Params):
                    cls.Params = argument

    def __init__(self, params: P | None = None, name: str | None = None) -> None:
        self.params: P = params if params is not None else self.Params()  # type: ignore[assignment]
        self.name = name or type(self).__name__
        self.context = Context(name=self.name)

    @classmethod
    def validate(cls, params: P) -> None:
        """Refuse parameters that can never work together; nothing is opened or written for it.

        ``vplugin check`` and every run call it before any node is made. What pydantic can say about
        a single value needs no place here.

        Raises:
            VpluginError: They cannot; ``where`` is the name of the parameter at fault, if any.
        """

    def open(self, context: Context) -> None:
        """Load models, connect; called once in the thread that will call :meth:`process`."""
        self.context = context

    def process(self, frame: Frame) -> Result:
        """Work on one frame. Return it (changed or a new one), several, or ``Drop(reason)``."""
        return frame

    def process_many(self, frames: Sequence[Frame]) -> Sequence[Result]:
        """Work on a batch at once; override where that is faster (``batch:`` in the graph)."""
        return [self.process(frame) for frame in frames]

    def on_params(self, params: P) -> None:
        """Parameters were changed between two frames; the default just keeps them."""
        self.params = params

    def flush(self, stream: str) -> Iterable[Frame]:
        """The stream has ended: nothing more may be held back. Held frames come out here."""
        return ()

    def snapshot(self) -> bytes:
        """The state as bytes, small (under 64 kB); taken after each frame of a stateful node."""
        return b""

    def restore(self, state: bytes) -> None:
        """Take up a state that :meth:`snapshot` gave, in a new process."""

    def report(self) -> Mapping[str, Any]:
        """Facts for the run report (JSON types): which runtime ran, what was found."""
        return {}

    def close(self) -> None:
        """Free everything; called once, also after an error."""


class Source(Node[P]):
    """A node that makes frames: a file, a camera, a stream."""

    inputs: ClassVar[Mapping[str, Port]] = {}
    edits: ClassVar[bool] = False

    def info(self) -> StreamInfo:
        """What the stream is; valid after :meth:`open`."""
        raise NotImplementedError(f"{type(self).__name__} must say what its stream is")

    def read(self) -> Frame | None:
        """The next frame (``stream`` and ``seq`` are set by the engine), or None at the end.

        May block. A live source must return within a second once :meth:`stop` was called.
        """
        raise NotImplementedError(f"{type(self).__name__} must read frames")

    def dropped(self, frame: Frame, reason: str) -> None:
        """A frame of a live source was not admitted; keep what must not be lost (its audio)."""

    def tail(self) -> Any:
        """What belongs after the last frame, for sinks in the same process."""
        return None

    def stop(self) -> None:
        """End soon: make :meth:`read` return None. Called from another thread."""


class Sink(Node[P]):
    """A node that ends frames: a file, a stream, a screen.

    Class attributes:
        with_source: Whether it must share its source's process (to encode the very frame object
            that was decoded).
        resumes: Whether it can go on after :meth:`process` raised; if not, ``on_error`` can only be
            ``fail``.
    """

    outputs: ClassVar[Mapping[str, Port]] = {}
    edits: ClassVar[bool] = False
    stateful: ClassVar[bool] = True
    with_source: ClassVar[bool] = False
    resumes: ClassVar[bool] = True

    def skip(self, tombstone: Tombstone) -> None:
        """A frame will not come. ``reason`` is ``eos`` after the last one, before ``flush``."""

    def artifacts(self) -> Sequence[Artifact]:
        """Files being made; valid after :meth:`open`."""
        return ()

    def abort(self) -> None:
        """The run failed: close and leave no file behind. Called in place of a last ``flush``."""


@dataclass(frozen=True)
class NodeKind:
    """A node class under the name that a graph file uses for it.

    Attributes:
        name: What stands after ``uses:``.
        cls: The class.
        package: The distribution that it came from.
    """

    name: str
    cls: type[Node[Any]]
    package: str = "vplugin"
