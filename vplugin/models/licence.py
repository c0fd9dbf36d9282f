"""Who accepted which licence, and what a graph that declares commercial use may run.

A licence that forbids commercial use is accepted once by its name, never by pressing on: the store
remembers who did and when. A graph with ``commercial: true`` refuses such models whatever was
accepted.
"""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from vplugin.errors import LicenceError
from vplugin.models.catalogue import Licence
from vplugin.models.files import file_name, write_atomically

#: Names of accepted licences, separated by commas, for machines without a person.
ENVIRONMENT = "VPLUGIN_ACCEPT_LICENCES"


class Acceptance(BaseModel):
    """One acceptance, as remembered in the store."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    licence: str
    url: str
    user: str
    when: datetime


class Licences:
    """The acceptances in one store.

    Args:
        folder: Where they are remembered, one JSON file each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def accept(self, licence: Licence) -> Acceptance:
        """Remember that this user accepts a licence.

        Raises:
            ModelError: The store cannot be written.
        """
        done = Acceptance(
            licence=licence.name, url=licence.url, user=_user(), when=datetime.now(UTC)
        )
        write_atomically(self._path(licence.name), done.model_dump_json(indent=1))
        return done

    def accepted(self, name: str) -> Acceptance | None:
        """The remembered acceptance of a licence, or None."""
        try:
            return Acceptance.model_validate_json(self._path(name).read_bytes())
        except (OSError, ValidationError):
            return None

    def check(self, licence: Licence, model: str, *, commercial: bool) -> None:
        """Raise unless a model under this licence may be used.

        Raises:
            LicenceError: The use is commercial and the licence forbids it, or it has not been
                accepted.
        """
        if licence.commercial:
            return
        if commercial:
            raise LicenceError(
                f"the graph says commercial: true, and the licence {licence.name} of '{model}' "
                "forbids commercial use",
                mend=licence.alternative or "use a model whose licence allows it",
            )
        if self.accepted(licence.name) is None and licence.name not in _from_environment():
            raise LicenceError(
                f"the licence {licence.name} of '{model}' has not been accepted: {licence.text}",
                mend=f"read {licence.url}, then `vplugin models pull {model.partition('/')[0]} "
                f"--accept-licence {licence.name}`",
            )

    def _path(self, name: str) -> Path:
        return self._folder / f"{file_name(name)}.json"


def _from_environment() -> set[str]:
    return {name.strip() for name in os.environ.get(ENVIRONMENT, "").split(",")} - {""}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
