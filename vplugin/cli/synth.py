"""``vplugin synth``: clips, contact sheets and people from a number, with the truth about them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from vplugin.synth.casting import cast
from vplugin.synth.clip import ClipSettings, write_clip
from vplugin.synth.priors import table
from vplugin.synth.sheet import (
    NAMES,
    POSES,
    VIEWS,
    check_picture,
    contact_sheet,
    portraits,
    write_people,
    write_picture,
)

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="People who do not exist: clips, contact sheets and portraits, from a number.",
)

Seed: TypeAlias = Annotated[int, typer.Option(help="The same number gives the same people.")]


@app.command(short_help="A film of people talking, with sound and truth.")
def clip(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The clip: .mp4, .mov or .mkv.")
    ] = Path("clip.mp4"),
    seed: Seed = 0,
    people: Annotated[int, typer.Option(min=1, max=6, help="How many talk to each other.")] = 2,
    text: Annotated[
        str,
        typer.Option(
            help="What they say, in turn, sentence by sentence (English). Default: made up."
        ),
    ] = "",
    seconds: Annotated[
        float | None, typer.Option(min=0.1, max=3600, help="Default: as long as they talk.")
    ] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Pixels, even numbers.")] = "1280x720",
    fps: Annotated[str, typer.Option(help="Frames per second: 30, 25, 30000/1001.")] = "30",
    truth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Default: the clip's name with .json; .json.gz packs it."
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that draw.")] = 2,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """A film of people talking, with sound, and a file that says where every face is.

    Example: vplugin synth clip --seed 7 --text "Good morning. Did you sleep well?" -o talk.mp4
    """
    script = cast(seed, people, seconds, text)
    settings = ClipSettings(_pixels(size), _rate(fps), workers)
    console = Console(stderr=True, quiet=quiet)
    with _progress(console, "drawing frames", "frames/s") as told:
        notes = write_clip(script, output, settings, truth, told)
    console.print(
        Text(f"{output}: {script.seconds:.1f} s, {len(script.cuts)} cuts; truth in {notes}")
    )


@app.command()
def sheet(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="A picture: .png or .jpg.")
    ] = Path("sheet.png"),
    seed: Seed = 0,
    people: Annotated[int, typer.Option(min=1, max=400, help="How many.")] = 24,
    size: Annotated[int, typer.Option(min=32, max=2048, help="Pixels of each picture.")] = 256,
    columns: Annotated[int, typer.Option(min=1, max=40, help="Pictures in a row.")] = 6,
    poses: Annotated[
        bool, typer.Option("--poses", help="A row for each person: six faces, six directions.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Many people on one picture: seeds from SEED on.

    Example: vplugin synth sheet --seed 100 --people 48 --columns 8 --size 200 -o faces.png
    """
    check_picture(output)
    views = POSES if poses else VIEWS[:1]
    console = Console(stderr=True, quiet=quiet)
    pictures = []
    with _progress(console, "drawing portraits", "pictures/s") as told:
        for picture in portraits(range(seed, seed + people), views, size):
            pictures.append(picture)
            told(len(pictures), people * len(views))
    write_picture(contact_sheet(pictures, len(views) if poses else columns), output)
    console.print(Text(f"{output}: seeds {seed} to {seed + people - 1}"))


@app.command("people", short_help="Source faces: pictures, and the file naming them.")
def some_people(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="Folders of pictures, people.yaml."),
    ] = Path("people"),
    seed: Seed = 0,
    people: Annotated[int, typer.Option(min=1, max=len(NAMES), help="How many.")] = 6,
    size: Annotated[int, typer.Option(min=64, max=2048, help="Pixels of each picture.")] = 512,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """People to use as source faces: three pictures of each, and a file that enrols them.

    Example: vplugin synth people --seed 40 --people 3 -o cast
    """
    console = Console(stderr=True, quiet=quiet)
    names = NAMES[:people]
    with _progress(console, "drawing portraits", "pictures/s") as told:
        file = write_people(
            output, {name: seed + i for i, name in enumerate(names)}, size, progress=told
        )
    console.print(Text(f"{file}: {', '.join(names)}"))


@app.command(short_help="Every parameter with its bounds, in Markdown.")
def priors() -> None:
    """All parameters of people and scenes, with bounds and priors, in Markdown."""
    typer.echo(table(), nl=False)


@contextmanager
def _progress(console: Console, what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A line that moves, where there is a terminal: done, rate, time left."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        _Rate(unit),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("starting (the first time, the renderer is compiled)", total=1)

        def told(done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield told


class _Rate(TextColumn):
    """How many a second, lately."""

    def __init__(self, unit: str) -> None:
        super().__init__("")
        self._unit = unit

    def render(self, task: Task) -> Text:
        """As rich asks for it."""
        return Text(f"{task.speed:.1f} {self._unit}" if task.speed else "")


def _pixels(size: str) -> tuple[int, int]:
    width, _, height = size.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise typer.BadParameter(f"{size!r} is no size; write 1280x720", param_hint="--size")
    return int(width), int(height)


def _rate(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 240:
        raise typer.BadParameter(f"{text!r} is no frame rate; write 30", param_hint="--fps")
    return rate
