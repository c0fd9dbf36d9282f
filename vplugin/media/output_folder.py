"""Folders for what a program writes: made when they are wanted, gone again if nothing came of it.

The files in them are :mod:`vplugin.media.output_file`'s.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from vplugin.errors import SinkError
from vplugin.media.output_file import sink_error

__all__ = ["make_folder", "remove_empty", "whole_folder"]


def make_folder(path: Path) -> tuple[Path, ...]:
    """Make a folder and those above it.

    Returns:
        The ones that were not there, the innermost first; for :func:`remove_empty`.

    Raises:
        OSError: It cannot be made, or is a file.
    """
    missing = tuple(folder for folder in (path, *path.parents) if not folder.exists())
    path.mkdir(parents=True, exist_ok=True)
    return missing


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, as far as nothing is in them."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


@contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """A hidden folder whose files get their place when the block has ended well, else none does.

    Files that are in ``final`` already stay, unless one of that name is new.

    Args:
        final: Where everything shall be; made if it is not there.

    Raises:
        SinkError: It cannot be made or written there.
    """
    hidden = final.absolute() / f".part.{os.getpid()}"
    made: tuple[Path, ...] = ()
    try:
        made = make_folder(hidden)
        yield hidden
        files = [path for path in hidden.rglob("*") if not path.is_dir()]
        for source in sorted(files, key=lambda path: -len(path.parts)):  # what names others last
            target = final / source.relative_to(hidden)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(source, target)
    except SinkError:
        raise
    except OSError as error:
        raise sink_error(error, final) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        remove_empty(made[1:])
