"""``vplugin triplets``: pairs for ReliableSwap's cycle triplets, of your own photographs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vplugin.cli.judging import Opener
from vplugin.errors import SourceError
from vplugin.frame import Face
from vplugin.train.contest.cases import Rgb, Shot
from vplugin.train.photo_pairs import PairMaker
from vplugin.train.triplets import write_pair
from vplugin.vision.source import PICTURE_SUFFIXES, read_picture, the_face

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Pairs for ReliableSwap's cycle triplets.")
app.callback()(lambda: None)  # so that `make` stays a word of the command line

_TRIES = 20  # photos that are looked at for one of a pair


@dataclass
class _Album:
    """Photographs in which exactly one face is found.

    Attributes:
        files: All pictures.
        find: Finds faces.
        refused: How many pictures have shown none, or several, or could not be read.
    """

    files: Sequence[Path]
    find: Callable[[Rgb], Sequence[Face]]
    refused: int = 0

    def drawn(self, generator: np.random.Generator, but: Path | None = None) -> tuple[Path, Shot]:
        """Any of them, but not this one.

        Raises:
            SourceError: None of many can be used.
        """
        for _ in range(_TRIES):
            path = self.files[int(generator.integers(len(self.files)))]
            if path == but:
                continue
            try:
                picture = read_picture(path)
                points = the_face(self.find(picture), path).points
            except SourceError:
                self.refused += 1
                continue
            return path, Shot(picture, np.asarray(points, np.float32))
        raise SourceError(
            f"{_TRIES} pictures drawn from it could not be used",
            where=self.files[0].parent,
            mend="use sharp pictures of one person each, and at least two",
        )


@app.command()
def make(
    photos: Annotated[Path, typer.Argument(help="Folder of photographs, searched throughout.")],
    out: Annotated[Path, typer.Argument(help="Folder for the pairs; those there are kept.")],
    pairs: Annotated[int, typer.Option(min=1, help="How many there shall be.")] = 1000,
    size: Annotated[int, typer.Option(min=64, max=1024, help="Side of the pictures, px.")] = 256,
    seed: Annotated[int, typer.Option(min=0, help="Of who is paired with whom.")] = 1,
    live_portrait: Annotated[
        tuple[str, str, str] | None,
        typer.Option(
            metavar="MOTION FEATURE GENERATOR",
            help="LivePortrait's nets, to reenact with; mesh, which needs none, if not given.",
        ),
    ] = None,
    runtime: Annotated[str, typer.Option(help="What runs the models.")] = "onnxruntime",
    device: Annotated[str, typer.Option(help="cpu, cuda:0 …")] = "cpu",
) -> None:
    """Make pairs with proxies of photographs, in the folders that ReliableSwap's code reads.

    Each pair is a folder with source.jpg, target.jpg, output_st.jpg and output_ts.jpg, aligned to
    arcface_128; `vplugin train swap-paper --set pairs=OUT --set aligned=arcface_128` learns from
    them. Started again, it goes on where it was. Use photographs of people who agreed to it.

    Example: vplugin triplets make photos out/pairs --pairs 200
    """
    files = _pictures(photos)
    console = Console()
    with ExitStack() as stack:
        opener = Opener(stack, runtime, device)
        maker = PairMaker(opener.reenactor(live_portrait or ()), opener.house_parser(), size)
        album = _Album(files, opener.finder())
        for number in _missing(console, out, pairs):
            generator = np.random.default_rng((seed, number))
            first, target = album.drawn(generator)
            _, source = album.drawn(generator, but=first)
            write_pair(out / f"{number:06d}", maker.pair(target, source))
    refused = f"; {album.refused} pictures could not be used" if album.refused else ""
    console.print(f"{pairs} pairs in {out}{refused}")


def _pictures(folder: Path) -> list[Path]:
    """All pictures under a folder.

    Raises:
        SourceError: There are not two.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    if len(found) < 2:
        raise SourceError(
            "holds fewer than two pictures", where=folder, mend="name a folder of photographs"
        )
    return found


def _missing(console: Console, out: Path, pairs: int) -> Iterator[int]:
    """Numbers of the pairs that are not there yet, with a bar on the way."""
    columns = (TextColumn("Pairs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        job = bar.add_task("", total=pairs)
        for number in range(pairs):
            if not (out / f"{number:06d}").exists():
                yield number
            bar.advance(job)
