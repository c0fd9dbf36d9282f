"""The commands and their options. What they do is in the modules that they load when called."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, TypeAlias

import typer

from vplugin import __version__

__all__ = ["build"]

GraphFile: TypeAlias = Annotated[str, typer.Argument(metavar="FILE", help="A graph file (YAML).")]
Settings: TypeAlias = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="NODE.PARAM=VALUE",
        help="Change a value of the graph: vars.input=clip.mp4, swap.blend=0.7. Give it repeatedly "
        "for several.",
    ),
]

# Groups of commands: each is `app` of the module of its name.
_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "evaluate": "Judge face swappers side by side.",
        "models": "Model files: list, fetch, check, add, remove.",
        "synth": "People who do not exist: clips, contact sheets and portraits, from a number.",
        "triplets": "Pairs for ReliableSwap's cycle triplets, of your own photographs.",
    }
)


def build(words: Sequence[str]) -> typer.Typer:
    """The command line.

    Args:
        words: What was typed: groups of commands take a while to load and are left out elsewhere.
    """
    app = typer.Typer(
        name="vplugin",
        help="A face processor for streaming pipelines: graphs of nodes, live or from files.",
        add_completion=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    for command in (run, check, graph, nodes, doctor, train):
        app.command()(command)
    for name in _GROUPS:
        app.add_typer(_group(words, name), name=name)
    return app


def _group(words: Sequence[str], name: str) -> typer.Typer:
    if name in words:
        found: typer.Typer = import_module(f"vplugin.cli.{name}").app
        return found
    stand_in = typer.Typer(help=_GROUPS[name])
    stand_in.callback()(lambda: None)
    return stand_in


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vplugin {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version  # its callback has answered


def run(
    file: GraphFile,
    settings: Settings = [],  # noqa: B006  (typer reads it, nobody changes it)
    inline: Annotated[
        bool, typer.Option("--inline", help="Everything in one thread: slower, easier to debug.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as JSON.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as a web page.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also say what is written to the log.")
    ] = False,
) -> int:
    """Run a graph to its end.

    Ctrl-C finishes what is under way and gives the output its name; a second Ctrl-C stops at once
    and leaves no output.

    Example: vplugin run graphs/blur.yaml --set vars.input=clip.mp4 --html report.html
    """
    from vplugin.cli.run import Wanted, run_graph

    return run_graph(file, Wanted(tuple(settings), inline, report, html, quiet, verbose))


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Graph files (YAML).")],
    settings: Settings = [],  # noqa: B006
) -> int:
    """Check graph files without running them."""
    from vplugin.cli.check import check_files

    return check_files(files, settings)


def graph(
    file: GraphFile,
    settings: Settings = [],  # noqa: B006
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As Mermaid (the default).")] = False,
    dot: Annotated[bool, typer.Option("--dot", help="As Graphviz.")] = False,
) -> None:
    """Draw a graph as text, for Mermaid or Graphviz."""
    from vplugin.graph.draw import draw
    from vplugin.graph.load import load

    if mermaid and dot:
        raise typer.BadParameter("choose one of --mermaid and --dot")
    spec = load(file, settings, os.environ)
    typer.echo(draw(spec, "dot" if dot else "mermaid"), nl=False)


def nodes(
    name: Annotated[
        str | None, typer.Argument(help="Show everything about this kind of node.")
    ] = None,
) -> None:
    """List kinds of nodes, or one with its ports and parameters."""
    from vplugin.cli.nodes import list_nodes, show_node

    if name is None:
        list_nodes()
    else:
        show_node(name)


def doctor() -> int:
    """Look at this machine: what is installed, what would run, what is missing."""
    from vplugin.cli.doctor import examine

    return examine()


def train(
    name: Annotated[
        str,
        typer.Argument(help="A task, such as detector or landmarks, or a recipe file (.yaml)."),
    ],
    settings: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a value of the recipe: minutes=30, data.size=256. Give it repeatedly for "
            "several.",
        ),
    ] = [],  # noqa: B006
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the run in the output folder, with the settings that it began with; "
            "how long, on what and how often it saves may differ.",
        ),
    ] = False,
    show: Annotated[
        bool,
        typer.Option("--show", help="Only print the recipe as it would be used, with every key."),
    ] = False,
) -> int:
    """Train a house model from rendered people.

    What is learned from is rendered first and kept for the next time; checkpoints, curves and
    model.onnx go to the recipe's output folder. Ctrl-C saves, --resume goes on.

    Example: vplugin train detector --set minutes=30 --set output=out/train/mine
    """
    from vplugin.cli.train import train_model

    return train_model(name, settings, resume=resume, show=show)
