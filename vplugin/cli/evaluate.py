"""``vplugin evaluate``: judge face swappers side by side, and write the tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text

from vplugin.cli.judging import Opener
from vplugin.errors import SourceError
from vplugin.train.contest.cases import Suite
from vplugin.train.contest.contestants import Given
from vplugin.train.contest.evaluators import STOCK, Judges
from vplugin.train.contest.folder import FolderSuite, listed, pairs_of
from vplugin.train.contest.footage import names_in
from vplugin.train.contest.house import house
from vplugin.train.contest.metrics import SECTIONS
from vplugin.train.contest.rendered import STRETCH, CaseSource, ClipSource, RenderedSuite
from vplugin.train.contest.report import check_folder, write_report
from vplugin.train.contest.scoring import evaluate
from vplugin.train.contest.table import Cell, Table
from vplugin.train.contest.weightless import weightless
from vplugin.train.recipe import Data
from vplugin.train.shards import Shards, open_or_render

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Judge face swappers side by side.")
app.callback()(lambda: None)  # so that `swap` stays a word of the command line

Told = Callable[[str, int, int], None]

_QUIET = 30.0  # seconds between lines where the output is no terminal


@dataclass(frozen=True)
class _Folders:
    """Real data, as it was asked for."""

    targets: Path | None
    sources: Path | None
    pairs: Path | None
    results: Mapping[str, Path]


@app.command()
def swap(
    suite: Annotated[
        str,
        typer.Option(help="synth: rendered people, with the exact truth; folder: your own data."),
    ] = "synth",
    model: Annotated[
        list[str],
        typer.Option(metavar="NAME|FILE", help="A swap network. Give it repeatedly for several."),
    ] = [],  # noqa: B006  (typer reads it, nobody changes it)
    embedder: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="The recogniser that the models were trained with."),
    ] = None,
    fixer: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="The FixerNet of models that are told of it."),
    ] = None,
    paste: Annotated[
        bool, typer.Option("--paste", help="Judge models as pasted by the node, not by crops.")
    ] = False,
    identity: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Judges identity: any ArcFace recogniser that the models were not trained with.",
        ),
    ] = None,
    lower: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE", help="Judges lower faces: a recogniser of crops of 56 px."
        ),
    ] = None,
    parameters: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="synth: reads a person's parameters, 112 px; for the transfer fraction.",
        ),
    ] = None,
    pairs: Annotated[
        int, typer.Option(min=1, help="synth: pairs of people; each gives two swaps.")
    ] = 200,
    first: Annotated[int, typer.Option(min=0, help="synth: the first pair.")] = 0,
    pictures: Annotated[int, typer.Option(min=1, max=4, help="synth: pictures of a source.")] = 1,
    stretch: Annotated[
        float,
        typer.Option(
            min=0.1, max=3, help="synth: how much people differ in shape; 1.5 as nets are trained."
        ),
    ] = STRETCH,
    targets: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="folder: videos, frames or pictures.")
    ] = None,
    sources: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="folder: the same. Default: the targets.")
    ] = None,
    pairs_file: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE", help="folder: pairs TARGET_SOURCE, a line each."),
    ] = None,
    results: Annotated[
        list[str],
        typer.Option(
            metavar="[ROW=]FOLDER",
            help="folder: what others made, named TARGET_SOURCE. Give it repeatedly for several.",
        ),
    ] = [],  # noqa: B006
    frames: Annotated[int, typer.Option(min=1, help="folder: frames of each target.")] = 10,
    size: Annotated[int, typer.Option(help="Side of the crop that is judged: 128 or 256.")] = 128,
    clips: Annotated[
        int, typer.Option(min=0, help="Clips, for flicker; 0: none; below 5: no intervals.")
    ] = 8,
    reference: Annotated[
        str, typer.Option(metavar="ROW", help="The row that others are compared with.")
    ] = "target unchanged",
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Default: out/swap-SUITE.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that render.")] = 2,
    runtime: Annotated[str, typer.Option(help="What runs the models.")] = "onnxruntime",
    device: Annotated[str, typer.Option(help="cpu, cuda:0 …")] = "cpu",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Judge swappers: identity, lower face, pose, expression, gaze, pixels, copying, flicker.

    Beside every model stand the target unchanged, `copy`, `mesh` and, with synth, the exact truth.

    Example: vplugin evaluate swap --model mine.onnx --embedder id.onnx --identity judge.onnx
    """
    kind = _one_of(suite)
    if size not in (128, 256):
        raise typer.BadParameter(f"{size} is neither 128 nor 256", param_hint="--size")
    place = out or Path("out") / f"swap-{kind}"
    check_folder(place)
    console = Console(quiet=quiet)
    given = dict(_named(text) for text in results)
    stock = STOCK if kind == "synth" else Judges()
    judges = Judges(
        identity or stock.identity, lower or stock.lower, parameters or stock.parameters
    )
    with ExitStack() as stack:
        opener = Opener(stack, runtime, device)
        told = stack.enter_context(_progress(quiet=quiet))
        seen = stack.enter_context(house(runtime, device))
        contestants = [
            *weightless(seen.sight),
            *(Given(row) for row in given),
            *opener.networks(model, embedder, fixer, paste=paste),
        ]
        evaluators = opener.evaluators(judges, seen.reader)
        cases: Suite
        if kind == "synth":
            seeds = (first, first + pairs)
            stills = CaseSource(size, pictures, stretch)
            moving = ClipSource(size, pictures=pictures, stretch=stretch) if clips else None
            cases = _rendered(stills, moving, seeds, clips, workers, told)
        else:
            folders = _Folders(targets, sources, pairs_file, given)
            cases = _folder(folders, opener, size, frames, clips)
        table = evaluate(cases, contestants, evaluators, reference=reference, progress=told)
    write_report(table, place)
    _print(table, console)
    console.print(Text(f"{place / 'report.md'}, with metrics.csv, metrics.json and samples.png"))


def _one_of(suite: str) -> Literal["synth", "folder"]:
    if suite == "synth":
        return "synth"
    if suite == "folder":
        return "folder"
    raise typer.BadParameter(f"{suite!r} is neither synth nor folder", param_hint="--suite")


def _named(text: str) -> tuple[str, Path]:
    """``ROW=FOLDER``, or a folder that gives the row its name."""
    row, equals, folder = text.partition("=")
    return (row, Path(folder)) if equals and row else (Path(text).name, Path(text))


def _rendered(
    stills: CaseSource,
    moving: ClipSource | None,
    seeds: tuple[int, int],
    clips: int,
    workers: int,
    told: Told,
) -> RenderedSuite:
    """Procedural people; what is not in the user's cache yet is rendered."""
    data = Data(workers=workers)

    def drawn(source: CaseSource | ClipSource, end: int) -> Shards:
        told("rendering", 0, 1)
        wanted = (seeds[0], end)
        return open_or_render(source, data, wanted, lambda done, all: told("rendering", done, all))

    shown = None if moving is None else drawn(moving, seeds[0] + clips)
    return RenderedSuite(stills.size, drawn(stills, seeds[1]), shown)


def _folder(asked: _Folders, opener: Opener, size: int, frames: int, clips: int) -> FolderSuite:
    """The user's own data.

    Raises:
        SourceError: Something is missing, or names do not fit.
    """
    if asked.targets is None:
        raise SourceError("no targets were given", mend="--targets FOLDER")
    sources = asked.sources or asked.targets
    if asked.pairs is not None:
        names, where = listed(asked.pairs), asked.pairs
    elif asked.results:
        where = next(iter(asked.results.values()))
        names = list(names_in(where))
    else:
        raise SourceError("nothing says whose face goes where", mend="--list FILE or --results")
    pairs = pairs_of(names_in(asked.targets), names_in(sources), names, where)
    find = opener.finder()
    return FolderSuite(asked.targets, sources, pairs, find, asked.results, size, frames, clips)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Told]:
    """A line that moves where there is a terminal, else a line now and then."""
    console = Console(stderr=True, quiet=quiet)
    if not console.is_terminal:
        yield _Lines(console).told
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("opening models", total=1)

        def told(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield told


class _Lines:
    """Progress for logs."""

    def __init__(self, console: Console) -> None:
        self._console, self._last = console, time.monotonic()

    def told(self, what: str, done: int, total: int) -> None:
        """As :func:`_progress` yields it."""
        if time.monotonic() - self._last >= _QUIET:
            self._last = time.monotonic()
            self._console.print(f"{what}: {done} of {total}", highlight=False)


def _print(table: Table, console: Console) -> None:
    """The means, a grid for each section; a star where a row clearly differs from the reference."""
    for section in SECTIONS:
        metrics = [metric for metric in table.metrics if metric.section == section]
        if not metrics:
            continue
        grid = Grid("", *(metric.label for metric in metrics), title=section, title_justify="left")
        for row, cells in table.rows.items():
            shown = (metric.shown(cells[metric.name].value.mean) for metric in metrics)
            stars = (_star(cells[metric.name]) for metric in metrics)
            grid.add_row(Text(row), *(a + b for a, b in zip(shown, stars, strict=True)))
        console.print(grid)
    console.print(f"* clear of {table.reference}", highlight=False)
    for note in table.notes:
        console.print(note, highlight=False, style="dim")


def _star(cell: Cell) -> str:
    off = cell.difference
    return "*" if off is not None and (off.low > 0 or off.high < 0) else ""
