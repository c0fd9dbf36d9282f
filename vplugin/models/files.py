"""Small file work that the store and the runtime choice share: hash, write whole, name safely."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path

from vplugin.errors import ModelError


def sha256(path: Path) -> str:
    """The hexadecimal SHA-256 of a file.

    Raises:
        ModelError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"cannot be read: {error.strerror}", where=path, mend="check the file's permissions"
        ) from error


def make_folder(folder: Path) -> None:
    """Make a folder of the store.

    Raises:
        ModelError: The store cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old one or the new one, never a part.

    Raises:
        ModelError: The store cannot be written.
    """
    make_folder(path.parent)
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise unwritable(path.parent, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> ModelError:
    """The error for a store that cannot be written."""
    return ModelError(
        f"the model store cannot be written: {error.strerror}",
        where=path,
        mend="name a folder you may write with VPLUGIN_MODELS",
    )


def file_name(text: str) -> str:
    """A text as the name of one file, in any file system."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text).lstrip(".") or "_"
