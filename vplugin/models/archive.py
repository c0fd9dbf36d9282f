"""Takes the models that the catalogue names out of a zip, and nothing else.

No name from the zip is ever used as a path: each member is found by its file name and written to
the place that the catalogue says, so a zip cannot write elsewhere. Sizes are bounded by what the
catalogue says, so it cannot fill the disk either.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from vplugin.errors import ChecksumError, ModelError
from vplugin.models.catalogue import Member
from vplugin.models.files import unwritable

#: What a member may unpack to where the catalogue does not know its size.
LARGEST = 4 << 30

_CHUNK = 1 << 20


def extract(archive: Path, member: Member, target: Path) -> None:
    """Write one member of a zip to `target`.

    Raises:
        ChecksumError: The zip does not hold the member exactly once, or in another size.
        ModelError: The zip is damaged, or the store cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            info = _find(file, member, archive)
            with file.open(info) as source:
                _copy(source, info.file_size, target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelError(
            f"is not a sound zip: {error}", where=archive, mend="pull the pack again"
        ) from error


def _find(file: zipfile.ZipFile, member: Member, archive: Path) -> zipfile.ZipInfo:
    wanted = member.archive_member or ""
    found = [
        info
        for info in file.infolist()
        if not info.is_dir() and PurePosixPath(info.filename).name == wanted
    ]
    if len(found) != 1:
        raise ChecksumError(
            f"holds {len(found)} files named {wanted}, one was expected",
            where=archive,
            mend="it is another pack than the catalogue names; pull it again",
        )
    limit = member.bytes if member.bytes is not None else LARGEST
    if found[0].file_size > limit or (member.bytes or found[0].file_size) != found[0].file_size:
        raise ChecksumError(
            f"{wanted} is {found[0].file_size} bytes, the catalogue says {limit}",
            where=archive,
            mend="it is another pack than the catalogue names; pull it again",
        )
    return found[0]


def _copy(source: IO[bytes], size: int, target: Path) -> None:
    """Copy at most `size` bytes: a zip's header may promise less than it holds."""
    try:
        with target.open("wb") as out:
            while size > 0 and (chunk := source.read(min(_CHUNK, size))):
                out.write(chunk)
                size -= len(chunk)
    except OSError as error:
        raise unwritable(target, error) from error
