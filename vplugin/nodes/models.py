"""Opens models by name, the same way for every node; not a node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vplugin.models import runtime as runtimes
from vplugin.models import store
from vplugin.models.catalogue import Member
from vplugin.models.session import Session
from vplugin.models.store import ModelFile
from vplugin.node import Context

__all__ = ["Models"]


@dataclass(frozen=True)
class Models:
    """Opens models by name, the same way for every one that a node needs.

    Attributes:
        context: Of the node.
        runtime: As in :func:`vplugin.models.runtime.open_session`.
        device: As there; the lane's device if None.
    """

    context: Context
    runtime: str
    device: str | None

    def find(self, name: str) -> Path:
        """The file of a model.

        Raises:
            ModelMissingError: There is no such model, or it has not been pulled.
            ModelError: It is damaged or not licensed for this use.
        """
        return self._resolved(name).path

    def facts(self, name: str) -> Member | None:
        """What the catalogue says of a model; None where it says nothing.

        Raises:
            ModelError: As :meth:`find`.
        """
        return self._resolved(name).member

    def open(self, name: str) -> tuple[Session, Path]:
        """A session of a model, and its file.

        Raises:
            ModelError: It is missing, damaged, not licensed for this use, or would not run.
        """
        path = self.find(name)
        device = self.device or self.context.device
        return runtimes.open_session(path, runtime=self.runtime, device=device), path

    def _resolved(self, name: str) -> ModelFile:
        base, commercial = self.context.base, self.context.commercial
        return store.resolve(name, commercial=commercial, base=base)
