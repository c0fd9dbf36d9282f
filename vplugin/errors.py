"""What can go wrong, in one tree.

Every error says *what* is wrong, *where*, and how to *mend* it, on one line; nothing else in the
package builds error texts by hand. Where a builtin exception fits, the class is also that builtin,
so ``except FileNotFoundError`` works.

    VpluginError
    ├── GraphError (ValueError)            the graph file: syntax, unknown keys, wiring
    ├── PluginError                        a third-party node package that cannot be used
    ├── PictureError (ValueError)          a pixel format or a region that cannot be handled
    ├── MediaError (OSError)
    │   ├── SourceError                    an input that cannot be opened, decoded or is cut short
    │   │   └── SourceMissingError (FileNotFoundError)
    │   └── SinkError                      an output that cannot be made or written
    ├── ModelError
    │   ├── ModelMissingError (FileNotFoundError)
    │   ├── ChecksumError (ValueError)     a file that is not the one the catalogue names
    │   ├── LicenceError (PermissionError) a licence not accepted, or that forbids this use
    │   ├── ContractError (ValueError)     a model whose inputs and outputs are not as promised
    │   └── RuntimeMissingError            a runtime or device that would not really run
    ├── TrainError (ValueError)            a recipe, a shard or a run that cannot be trained
    └── EngineError (RuntimeError)
        ├── NodeError                      a node failed and its policy is `fail`
        ├── LaneDiedError                  a process ended that must not
        ├── WireError (ValueError)         a message of another version or shape
        └── ArenaError                     a picture slot was misused: a bug, never hidden
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "ArenaError",
    "ChecksumError",
    "ContractError",
    "EngineError",
    "GraphError",
    "LaneDiedError",
    "LicenceError",
    "MediaError",
    "ModelError",
    "ModelMissingError",
    "NodeError",
    "PictureError",
    "PluginError",
    "RuntimeMissingError",
    "SinkError",
    "SourceError",
    "SourceMissingError",
    "TrainError",
    "VpluginError",
    "WireError",
]


class VpluginError(Exception):
    """Base of all errors of this package.

    Args:
        what: What is wrong, as a clause without a full stop.
        where: The file, node or key concerned.
        mend: What the reader can do about it.
    """

    def __init__(
        self, what: str, *, where: str | Path | None = None, mend: str | None = None
    ) -> None:
        self.what = " ".join(what.split())
        self.where = str(where) if where is not None else None
        self.mend = " ".join(mend.split()) if mend is not None else None
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} — {self.mend}" if self.mend else text


class GraphError(VpluginError, ValueError):
    """The graph cannot be run as written.

    Args:
        line: Line in the file, from 1.
        column: Column in the file, from 1.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | Path | None = None,
        mend: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.line = line
        self.column = column
        place = ":".join(str(part) for part in (where, line, column) if part is not None)
        super().__init__(what, where=place or None, mend=mend)


class PluginError(VpluginError):
    """A third-party node package cannot be loaded; the others still can."""


class PictureError(VpluginError, ValueError):
    """A pixel format or a region that the picture code cannot handle."""


class MediaError(VpluginError, OSError):
    """Something about an input or an output file or stream."""


class SourceError(MediaError):
    """An input cannot be opened or decoded, or ends before its own header says it does."""


class SourceMissingError(SourceError, FileNotFoundError):
    """An input does not exist."""


class SinkError(MediaError):
    """An output cannot be made or written."""


class ModelError(VpluginError):
    """Something about a model file or the runtime that should run it."""


class ModelMissingError(ModelError, FileNotFoundError):
    """A model is neither in the store nor reachable."""


class ChecksumError(ModelError, ValueError):
    """A model file is not the one that the catalogue names."""


class LicenceError(ModelError, PermissionError):
    """A model's licence was not accepted, or forbids the use that the graph declares."""


class ContractError(ModelError, ValueError):
    """A model's inputs or outputs are not those of the contract it claims."""


class RuntimeMissingError(ModelError):
    """A runtime, provider or device was asked for that would not really run here."""


class TrainError(VpluginError, ValueError):
    """A recipe that is not right, a data set that cannot be made or read, a run that diverged."""


class EngineError(VpluginError, RuntimeError):
    """A running graph had to stop."""


class NodeError(EngineError):
    """A node failed on a frame and its policy is ``fail``."""


class LaneDiedError(EngineError):
    """A process of the graph ended that cannot be restarted without losing frames."""


class WireError(EngineError, ValueError):
    """A message between processes has another version or shape than ours."""


class ArenaError(EngineError):
    """A picture slot was used after it was given back, or is too small: a bug, never hidden."""
