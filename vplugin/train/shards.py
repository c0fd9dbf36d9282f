"""Rendered training data on disk: made once by worker processes, read through memory maps.

    <folder>/manifest.json                          who made it, from what
    <folder>/shard-000000000-000000064.npy          the items of these seeds, a structured array

An item is a record of fixed-size arrays (``image``, ``points`` …) that a :class:`Source` makes from
a seed. Shards are written by rename, so that an interrupted rendering goes on where it was. The
manifest holds a hash of the renderer's code: data of another renderer is not used by accident.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import platformdirs

import vplugin.synth
from vplugin.errors import TrainError
from vplugin.train.recipe import Data

__all__ = ["Item", "Shards", "Source", "folder_for", "open_or_render", "render", "version_of"]

Item: TypeAlias = Mapping[str, npt.NDArray[Any]]
Progress: TypeAlias = Callable[[int, int], None]  # shards done, shards in all
_SHARD = 64  # seeds in one file


class Source(Protocol):
    """What turns seeds into items; handed to other processes, so a small picklable object."""

    @property
    def name(self) -> str:
        """For the folder."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of an item: ``np.dtype([("image", "u1", (256, 256, 3)), …])``."""

    def items(self, seed: int) -> Sequence[Item]:
        """Everything that one seed gives: none, one or several items."""


class Shards(Sequence[Item]):
    """The items of some seeds, in order of the seeds.

    Args:
        paths: Files in order.

    Raises:
        TrainError: A file is damaged, or there are no items.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._maps = [_open(path) for path in self._paths]
        self._ends = list(np.cumsum([len(one) for one in self._maps]))
        if not len(self):
            where = self._paths[0].parent if self._paths else "shards"
            raise TrainError("no item was rendered", where=where, mend="ask for more seeds")

    def __len__(self) -> int:
        return int(self._ends[-1]) if self._ends else 0

    def __getitem__(self, index: Any) -> Any:
        """Item ``index`` as read-only views: field → array."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        place = bisect_right(self._ends, index)
        start = int(self._ends[place - 1]) if place else 0
        record = self._maps[place][int(index) - start]
        return {name: record[name] for name in record.dtype.names}

    def column(self, name: str) -> npt.NDArray[Any]:
        """One field of all items, copied: (N, …)."""
        return np.concatenate([one[name] for one in self._maps])

    def __reduce__(self) -> tuple[Any, ...]:
        return Shards, (self._paths,)


def version_of(source: Source) -> str:
    """A hash of the renderer's and the source's code, and of the source's settings.

    A source that is made by other modules of ours names them in an attribute ``parts``. What draws
    on other devices is left out: banks are drawn by the compiled renderer.
    """
    digest = hashlib.sha256(f"{source.name}\n{source.dtype!r}\n{source!r}".encode())
    folder = Path(next(iter(vplugin.synth.__path__)))
    for path in sorted(folder.glob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    for part in (type(source), *getattr(source, "parts", ())):
        digest.update(Path(inspect.getfile(part)).read_bytes())
    return digest.hexdigest()[:16]


def folder_for(source: Source, data: Data) -> Path:
    """Where the shards of a recipe lie: the recipe's folder, or one in the user's cache."""
    if data.folder is not None:
        return data.folder / source.name
    cache = platformdirs.user_cache_path("vplugin") / "train"
    return cache / f"{source.name}-{version_of(source)}"


def open_or_render(
    source: Source, data: Data, seeds: tuple[int, int], progress: Progress | None = None
) -> Shards:
    """The shards of a recipe's seeds; those that are missing are rendered first.

    Raises:
        TrainError: See :func:`render`.
    """
    folder = folder_for(source, data)
    return render(
        folder, source, seeds, workers=data.workers, any_version=data.any_version, progress=progress
    )


def render(
    folder: Path,
    source: Source,
    seeds: tuple[int, int],
    *,
    workers: int = 1,
    any_version: bool = False,
    progress: Progress | None = None,
) -> Shards:
    """Make the shards of some seeds that are not there yet, and open them all.

    Args:
        folder: Of the shards.
        source: Makes the items.
        seeds: First and one after the last.
        workers: Processes; they are nice to others.
        any_version: Keep shards that another version of the renderer made.
        progress: Told of the shards that are done.

    Raises:
        TrainError: The folder is of another renderer or form, or a scene cannot be drawn.
    """
    _check_manifest(folder, source, any_version=any_version)
    blocks = list(_blocks(*seeds))
    paths = [folder / f"shard-{first:09d}-{end:09d}.npy" for first, end in blocks]
    missing = [(p, b) for p, b in zip(paths, blocks, strict=True) if not p.exists()]
    done = len(paths) - len(missing)
    for _ in _made(missing, source, workers):
        done += 1
        if progress is not None:
            progress(done, len(paths))
    return Shards(paths)


def _made(
    missing: Sequence[tuple[Path, tuple[int, int]]], source: Source, workers: int
) -> Iterator[None]:
    """Write the missing shards, in processes if there are several to make."""
    if workers == 1 or len(missing) <= 1:
        for path, block in missing:
            _write(path, source, block)
            yield
        return
    pool = ProcessPoolExecutor(min(workers, len(missing)), get_context("spawn"), _be_nice)
    try:
        jobs: list[Future[None]] = [pool.submit(_write, p, source, block) for p, block in missing]
        for job in as_completed(jobs):
            job.result()
            yield
    except BrokenProcessPool:
        raise TrainError(
            "a rendering process died", where=source.name, mend="fewer data.workers"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _be_nice() -> None:
    os.nice(5)


def _write(path: Path, source: Source, seeds: tuple[int, int]) -> None:
    """One shard, by rename."""
    items: list[Item] = []
    for seed in range(*seeds):
        items += source.items(seed)
    records = np.zeros(len(items), source.dtype)
    for record, item in zip(records, items, strict=True):
        for name in source.dtype.names or ():
            record[name] = item[name]
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            np.save(file, records)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise TrainError(f"cannot be written: {error}", where=path, mend="make room") from error


def _blocks(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Blocks of seeds that do not depend on where a range begins, so that ranges can grow."""
    while first < end:
        stop = min(end, (first // _SHARD + 1) * _SHARD)
        yield first, stop
        first = stop


def _check_manifest(folder: Path, source: Source, *, any_version: bool) -> None:
    """Write the manifest, or raise if the folder's is another one."""
    path, version = folder / "manifest.json", version_of(source)
    now = {"source": source.name, "version": version, "dtype": repr(source.dtype)}
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(now, indent=1), encoding="utf-8")
        return
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        held.get("source")
    except (OSError, ValueError, AttributeError):
        raise TrainError("not a manifest of shards", where=path, mend="delete its folder") from None
    if (held.get("source"), held.get("dtype")) != (now["source"], now["dtype"]):
        raise TrainError("holds other data", where=folder, mend="name another data.folder")
    if held.get("version") != version and not any_version:
        raise TrainError(
            "was rendered by another version of the renderer",
            where=folder,
            mend="delete it, or set data.any_version: true to use it nevertheless",
        )


def _open(path: Path) -> npt.NDArray[Any]:
    try:
        if path.stat().st_size < 200:  # nothing but a header: numpy cannot map it
            return np.load(path)  # type: ignore[no-any-return]
        return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]
    except (OSError, ValueError, EOFError) as error:
        what = (str(error) or "empty").splitlines()[0]
        raise TrainError(f"not a shard: {what}", where=path, mend="delete it") from None
