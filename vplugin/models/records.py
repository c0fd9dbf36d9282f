"""What the store remembers of the files it checked: checksum, size, time, where they came from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from vplugin.errors import ChecksumError
from vplugin.models.catalogue import Download, Entry, Member
from vplugin.models.files import sha256, write_atomically


class FileRecord(BaseModel):
    """What a file was when its checksum was right."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    bytes: int
    mtime_ns: int

    def is_unchanged(self, path: Path) -> bool:
        """Whether the file still has the size and time that it had when it was checked."""
        stat = path.stat()
        return (stat.st_size, stat.st_mtime_ns) == (self.bytes, self.mtime_ns)


class Record(BaseModel):
    """What was installed for one entry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    when: datetime
    download_sha256: str | None
    files: dict[str, FileRecord]


class Records:
    """The records of one store.

    Args:
        root: The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def of(self, entry: Entry) -> Record | None:
        """What is remembered of an entry's files, or None."""
        try:
            return Record.model_validate_json(self._path(entry).read_bytes())
        except (OSError, ValidationError):
            return None

    def remember(self, entry: Entry, source: str, download_sha256: str | None) -> None:
        """Record the checksums of an entry's files as they are now.

        Raises:
            ModelError: The store cannot be written.
        """
        done = Record(
            source=source,
            when=datetime.now(UTC),
            download_sha256=download_sha256,
            files={one.path: _measure(self._root / one.path) for one in entry.members},
        )
        write_atomically(self._path(entry), done.model_dump_json(indent=1))

    def forget(self, entry: Entry) -> None:
        """Remember nothing of an entry any more.

        Raises:
            OSError: The record cannot be removed.
        """
        self._path(entry).unlink(missing_ok=True)

    def pin(self, entry: Entry, one: Member | Download) -> str | None:
        """The checksum a file must have: the catalogue's, or that of its first pull, or None."""
        record = self.of(entry)
        if one.sha256 is not None or record is None:
            return one.sha256
        if isinstance(one, Download):
            return record.download_sha256
        known = record.files.get(one.path)
        return known.sha256 if known else None

    def _path(self, entry: Entry) -> Path:
        return self._root / ".records" / f"{entry.name}.json"


def check(path: Path, wanted: str | None) -> None:
    """Raise unless a file has this checksum; None is any.

    Raises:
        ChecksumError: It has another.
    """
    if wanted is not None and (have := sha256(path)) != wanted:
        raise ChecksumError(
            f"is not the file that the catalogue names: {difference(have, wanted)}",
            where=path,
            mend="replace it or delete it",
        )


def difference(have: str, wanted: str) -> str:
    """Two checksums, short enough for a line."""
    return f"its sha256 is {have[:12]}…, it should be {wanted[:12]}…"


def _measure(path: Path) -> FileRecord:
    stat = path.stat()
    return FileRecord(sha256=sha256(path), bytes=stat.st_size, mtime_ns=stat.st_mtime_ns)
