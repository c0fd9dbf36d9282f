"""Where model files live: found by name, fetched, checked, added, removed.

    ~/.cache/vplugin/            or the folder that VPLUGIN_MODELS names
        yunet/yunet_n_dynamic.onnx
        .records/yunet.json      what was checked: sha256, size, time, where it came from
        .added/mine.json         the user's own models, entries like the catalogue's
        .licences/….json         who accepted which licence
        .choices/….json          which runtime was fastest (models/choose.py)
        .locks/                  two processes that pull at once take turns

A file is used only after its checksum was right. :meth:`Store.resolve` never uses the network;
:meth:`Store.pull` does, after the mirror folder (VPLUGIN_MODEL_MIRROR).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import filelock
import platformdirs
from pydantic import ValidationError

from vplugin.errors import ChecksumError, LicenceError, ModelError, ModelMissingError
from vplugin.models import catalogue
from vplugin.models.catalogue import Catalogue, Entry, Member
from vplugin.models.contract import Contract
from vplugin.models.download import Fetcher, Progress
from vplugin.models.files import make_folder, sha256, unwritable
from vplugin.models.install import Installer, part_of
from vplugin.models.licence import Licences
from vplugin.models.onnx_file import check_file
from vplugin.models.records import Records, check, difference

FOLDER = "VPLUGIN_MODELS"
MIRROR = "VPLUGIN_MODEL_MIRROR"

#: Models that ship with vplugin lie here, by their path in the store.
_SHIPPED = Path(catalogue.__file__).parent

#: Seconds to wait for another process that pulls the same model.
PATIENCE = 3600.0


@dataclass(frozen=True)
class ModelFile:
    """A model file that may be used.

    Attributes:
        path: The ONNX file.
        entry: Its catalogue entry; None for a path to a file that the catalogue does not know.
        member: Which of the entry's models it is.
    """

    path: Path
    entry: Entry | None = None
    member: Member | None = None

    @property
    def contract(self) -> Contract | None:
        """The contract that the catalogue names, None where it does not know."""
        return self.member.contract if self.member else None


@dataclass(frozen=True)
class Verdict:
    """What :meth:`Store.verify` found about one file."""

    name: str
    path: Path
    state: Literal["ok", "absent", "wrong"]
    note: str


class Store:
    """A folder of models.

    Args:
        root: The folder; made when first written to.
        mirror: A folder that is looked at before the network, or None.
        known: The models that have names, besides those added to the store.
        fetcher: How files are fetched.
    """

    def __init__(
        self,
        root: Path,
        *,
        mirror: Path | None = None,
        known: Catalogue | None = None,
        fetcher: Fetcher | None = None,
    ) -> None:
        self.root = root
        self.mirror = mirror
        self.licences = Licences(root / ".licences")
        self._stock = known if known is not None else catalogue.stock()
        self.records = Records(root)
        self._installer = Installer(root, mirror, fetcher or Fetcher(), self.records)

    @classmethod
    def default(cls) -> Store:
        """The store that the environment names."""
        folder, mirror = os.environ.get(FOLDER), os.environ.get(MIRROR)
        root = Path(folder).expanduser() if folder else platformdirs.user_cache_path("vplugin")
        return cls(root, mirror=Path(mirror).expanduser() if mirror else None)

    @property
    def catalogue(self) -> Catalogue:
        """The stock entries and those added to this store.

        Raises:
            ModelError: A file in ``.added`` is damaged.
        """
        return self._stock.with_entries(
            _read_entry(path) for path in sorted((self.root / ".added").glob("*.json"))
        )

    def resolve(self, name: str, *, commercial: bool = False, base: str | Path = ".") -> ModelFile:
        """The file of a model, ready to be opened. Never uses the network.

        Args:
            name: ``yunet``, ``buffalo_l/det_10g``, or a path that ends in ``.onnx``.
            commercial: Whether the graph declares commercial use.
            base: What a relative path is relative to.

        Raises:
            ModelMissingError: No such model, or it has not been pulled.
            ChecksumError: The file is not the one that the catalogue names.
            LicenceError: The licence was not accepted, or forbids this use.
        """
        if name.endswith(".onnx"):
            return self._own_file(Path(base) / Path(name).expanduser(), commercial=commercial)
        entry, member = self.catalogue.find(name)
        if member is None:
            raise ModelMissingError(
                f"'{name}' is a pack of models",
                mend=f"name one of them: {', '.join(entry.member_names)}",
            )
        self.licences.check(entry.licence, name, commercial=commercial)
        return ModelFile(self._checked(entry, member), entry, member)

    def pull(
        self, name: str, *, accept: str | None = None, progress: Progress | None = None
    ) -> Entry:
        """Bring an entry's files into the store, from the mirror or the network.

        Args:
            name: An entry, or a member (then its whole pack).
            accept: Name of the licence that the user accepts by this call.
            progress: Told of the bytes as they come.

        Raises:
            ModelMissingError: No such model.
            LicenceError: Its licence was not accepted.
            ChecksumError: What came is not the file that the catalogue names; it is not kept.
            ModelError: It cannot be fetched or stored.
        """
        entry, _ = self.catalogue.find(name)
        self._accept(entry, accept)
        self.licences.check(entry.licence, entry.name, commercial=False)
        with self._lock(entry.name):
            if not self.is_present(entry):
                self._installer.install(entry, progress)
        return entry

    def is_present(self, entry: Entry) -> bool:
        """Whether all files of an entry are in the store, with the right checksums."""
        return all(self._state(entry, one).state == "ok" for one in entry.members)

    def verify(self, names: tuple[str, ...] = ()) -> list[Verdict]:
        """Read every file again and compare its checksum; without names, all that is there.

        Raises:
            ModelMissingError: A name is not known.
        """
        known = self.catalogue
        entries = [known.find(name)[0] for name in names] or list(known.models)
        found = [
            self._state(entry, member, afresh=True) for entry in entries for member in entry.members
        ]
        return [one for one in found if names or one.state != "absent"]

    def remove(self, name: str) -> Entry:
        """Delete an entry's files; an added model is forgotten too.

        A checksum that only the first pull told stays known: the next pull must bring that file.

        Raises:
            ModelMissingError: No such model.
            ModelError: The store cannot be written.
        """
        entry, _ = self.catalogue.find(name)
        with self._lock(entry.name):
            try:
                for path in (entry.download.path, *(one.path for one in entry.members)):
                    (self.root / path).unlink(missing_ok=True)
                    part_of(self.root / path).unlink(missing_ok=True)
                    self._drop_empty((self.root / path).parent)
                self.added_path(entry.name).unlink(missing_ok=True)
                known = [entry.download.sha256, *(one.sha256 for one in entry.members)]
                if None not in known:
                    self.records.forget(entry)
            except OSError as error:
                raise unwritable(self.root, error) from error
        return entry

    def _drop_empty(self, folder: Path) -> None:
        """Remove a folder of the store, and those above it, as far as nothing else is there."""
        while folder != self.root and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def added_path(self, name: str) -> Path:
        """Where the entry of an added model is written."""
        return self.root / ".added" / f"{name}.json"

    def _accept(self, entry: Entry, name: str | None) -> None:
        if name is None:
            return
        if name != entry.licence.name:
            raise LicenceError(
                f"'{entry.name}' is under {entry.licence.name}, not {name}",
                mend=f"--accept-licence {entry.licence.name}",
            )
        self.licences.accept(entry.licence)

    def _own_file(self, path: Path, *, commercial: bool) -> ModelFile:
        """A file of the user's; one that the catalogue knows keeps its licence wherever it lies."""
        check_file(path)
        size = path.stat().st_size
        digest: str | None = None
        for entry in self.catalogue.models:
            for number, member in enumerate(entry.members):
                if member.bytes != size or member.sha256 is None:
                    continue
                digest = digest or sha256(path)
                if digest == member.sha256:
                    self.licences.check(
                        entry.licence, entry.member_names[number], commercial=commercial
                    )
                    return ModelFile(path, entry, member)
        if commercial:
            raise LicenceError(
                "the graph says commercial: true, and nothing is known of this model's licence",
                where=path,
                mend="name it once: `vplugin models add FILE --name NAME --licence LICENCE`",
            )
        return ModelFile(path)

    def _checked(self, entry: Entry, member: Member) -> Path:
        """The file of a member in the store or the mirror, its checksum right."""
        found = self._state(entry, member)
        if found.state == "ok":
            return found.path
        if found.state == "wrong":
            raise ChecksumError(
                found.note, where=found.path, mend=f"`vplugin models pull {entry.name}`"
            )
        mirrored = self._installer.mirrored(member.path)
        if mirrored is not None and member.sha256 is not None:
            check(mirrored, member.sha256)
            return mirrored
        looked = str(self.root)
        if self.mirror is not None:
            absent = "" if self.mirror.is_dir() else ", which does not exist"
            looked += f" and the mirror {self.mirror}{absent}"
        raise ModelMissingError(
            f"the model '{entry.name}' is not in {looked}",
            mend=f"`vplugin models pull {entry.name}`",
        )

    def _place(self, member: Member) -> Path:
        """Where a member's file is, or would be: in the store, or with the package."""
        path, shipped = self.root / member.path, _SHIPPED / member.path
        return shipped if shipped.is_file() and not path.exists() else path

    def _state(self, entry: Entry, member: Member, *, afresh: bool = False) -> Verdict:
        """What a member's file in the store is; `afresh` reads it again even if unchanged."""
        path, record = self._place(member), self.records.of(entry)
        name = f"{entry.name}/{member.name}" if entry.is_pack else entry.name
        if not path.is_file():
            return Verdict(name, path, "absent", "not in the store")
        wanted = self.records.pin(entry, member)
        if wanted is None:
            return Verdict(name, path, "wrong", "nothing says what its checksum should be")
        known = record.files.get(member.path) if record else None
        if not afresh and known and known.sha256 == wanted and known.is_unchanged(path):
            return Verdict(name, path, "ok", "unchanged since it was checked")
        have = sha256(path)
        if have != wanted:
            return Verdict(name, path, "wrong", difference(have, wanted))
        return Verdict(name, path, "ok", f"sha256 {have}")

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        folder = self.root / ".locks"
        make_folder(folder)
        lock = filelock.FileLock(folder / f"{name}.lock", timeout=PATIENCE)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise ModelError(
                f"another process has been working on '{name}' for {PATIENCE / 60:.0f} minutes",
                where=self.root,
                mend="end it, then try again",
            ) from error
        except OSError as error:
            raise unwritable(folder, error) from error
        try:
            yield
        finally:
            lock.release()


def resolve(name: str, *, commercial: bool = False, base: str | Path = ".") -> ModelFile:
    """:meth:`Store.resolve` of the store that the environment names."""
    return Store.default().resolve(name, commercial=commercial, base=base)


def _read_entry(path: Path) -> Entry:
    try:
        return Entry.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(
            "is not the entry of an added model",
            where=path,
            mend="delete this file and add the model again",
        ) from error
