"""Brings a model's files into the store: from the mirror or the network, checked, by rename.

The caller holds the entry's lock. A file appears under its own name only when its checksum was
right; what was cut stays as a `.part` that the next pull continues.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from vplugin.errors import ChecksumError, ModelError
from vplugin.models import archive
from vplugin.models.catalogue import Entry, Member
from vplugin.models.download import Fetcher, Progress
from vplugin.models.files import make_folder, sha256, unwritable
from vplugin.models.records import Records, check, difference

#: Bytes left free on the disk after a pull.
SPARE = 64 << 20


@dataclass(frozen=True)
class Installer:
    """Installs entries into one store.

    Attributes:
        root: The store's folder.
        mirror: A folder that is looked at before the network, or None.
        fetcher: How files are fetched.
        records: Where checksums are remembered.
    """

    root: Path
    mirror: Path | None
    fetcher: Fetcher
    records: Records

    def install(self, entry: Entry, progress: Progress | None) -> None:
        """Install an entry.

        Raises:
            ChecksumError: What came is not the file that the catalogue names; it is not kept.
            ModelError: It cannot be fetched or stored, or there is no such mirror.
        """
        if self.mirror is not None and not self.mirror.is_dir():
            raise ModelError(
                "the mirror is not a folder" if self.mirror.exists() else "there is no such mirror",
                where=self.mirror,
                mend="set VPLUGIN_MODEL_MIRROR to the folder with the models, or unset it",
            )
        part = part_of(self.root / entry.download.path)
        make_folder(part.parent)
        if self._from_mirror(entry, part):
            return
        self._check_space(entry, part)
        source, digest = self._fetch(entry, part, progress)
        self._unpack(entry, part)
        self.records.remember(entry, source, digest)

    def mirrored(self, path: str) -> Path | None:
        """A file in the mirror, by its place in the store or by its bare name."""
        if self.mirror is None:
            return None
        places = (self.mirror / path, self.mirror / Path(path).name)
        return next((place for place in places if place.is_file()), None)

    def _from_mirror(self, entry: Entry, part: Path) -> bool:
        """Install from the mirror; False if it does not have the entry."""
        whole = self.mirrored(entry.download.path)
        if whole is not None:
            pin = self.records.pin(entry, entry.download)
            check(whole, pin)
            _copy(whole, part)
            self._unpack(entry, part)
            self.records.remember(entry, f"mirror: {whole}", pin or sha256(whole))
            return True
        files = [(one, self.mirrored(one.path)) for one in entry.members]
        present = [(member, path) for member, path in files if path is not None]
        if len(present) < len(files):
            return False
        for member, path in present:
            check(path, self.records.pin(entry, member))
            _copy(path, self.root / member.path)
        self.records.remember(entry, f"mirror: {self.mirror}", None)
        return True

    def _fetch(self, entry: Entry, part: Path, progress: Progress | None) -> tuple[str, str]:
        """Fetch the download; a continued one that turns out wrong is fetched anew, once."""
        wanted = self.records.pin(entry, entry.download)
        while True:
            continued = part.exists()
            source = self.fetcher.fetch(entry.download, part, progress)
            have = sha256(part)
            if wanted in (None, have):
                return source, have
            part.unlink()
            if not continued:
                raise ChecksumError(
                    "what came is not the file that the catalogue names: "
                    + difference(have, str(wanted)),
                    where=source,
                    mend="nothing was kept; try again, or put the right file in "
                    "VPLUGIN_MODEL_MIRROR",
                )

    def _unpack(self, entry: Entry, part: Path) -> None:
        """Put a checked download in its place, or its members in theirs."""
        try:
            if entry.is_pack:
                for member in entry.members:
                    self._unpack_member(entry, member, part)
            else:
                os.replace(part, self.root / entry.download.path)
        except OSError as error:
            raise unwritable(self.root, error) from error
        finally:
            part.unlink(missing_ok=True)

    def _unpack_member(self, entry: Entry, member: Member, part: Path) -> None:
        target = self.root / member.path
        made = target.with_name(f".{target.name}.unpacked")
        try:
            archive.extract(part, member, made)
            check(made, self.records.pin(entry, member))
            os.replace(made, target)
        finally:
            made.unlink(missing_ok=True)

    def _check_space(self, entry: Entry, part: Path) -> None:
        have = part.stat().st_size if part.exists() else 0
        need = (entry.download.bytes or 0) - have
        if entry.is_pack:
            need += sum(one.bytes or 0 for one in entry.members)
        free = shutil.disk_usage(part.parent).free
        if need + SPARE > free:
            raise ModelError(
                f"'{entry.name}' needs {need >> 20} MiB, the disk has {free >> 20} MiB free",
                where=self.root,
                mend="free some space, or name another folder with VPLUGIN_MODELS",
            )


def part_of(path: Path) -> Path:
    """Where a download lies while it is not whole."""
    return path.with_name(f"{path.name}.part")


def _copy(source: Path, target: Path) -> None:
    """Copy a file so that it appears whole."""
    made = target.with_name(f".{target.name}.copy")
    try:
        shutil.copyfile(source, made)
        os.replace(made, target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        made.unlink(missing_ok=True)
