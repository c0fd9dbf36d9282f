"""`vplugin models`: what there is, where it comes from, under which licence; fetch and check it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from vplugin.errors import ModelError
from vplugin.models import contract as contracts
from vplugin.models import own
from vplugin.models.catalogue import Entry, Licence
from vplugin.models.contract import Contract
from vplugin.models.download import Progress as Told
from vplugin.models.store import Store

app = typer.Typer(no_args_is_help=True, help="Model files: list, fetch, check, add, remove.")

Names = Annotated[list[str], typer.Argument(help="Models or packs by name.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """Show all known models and which are in the store."""
    store = Store.default()
    entries = store.catalogue.models
    if as_json:
        _print_json([_facts(store, entry) for entry in entries])
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("name", "here", "size", "what it is, and under which licence"):
        right = column == "size"
        table.add_column(column, justify="right" if right else "left", no_wrap=column == "name")
    for entry in entries:
        table.add_row(
            entry.name,
            "yes" if store.is_present(entry) else "no",
            _size(entry.download.bytes),
            f"{escape(entry.title)}\n[dim]{escape(entry.licence.name)}: {_terms(entry.licence)}[/]",
        )
    typer.echo(f"Models in {store.root}")
    Console().print(table)


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="A model or pack.")], as_json: Json = False
) -> None:
    """Show everything known about a model: files, checksums, licence, provenance, contract."""
    store = Store.default()
    entry, _ = store.catalogue.find(name)
    facts = _facts(store, entry)
    if as_json:
        _print_json(facts)
        return
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in _rows(facts):
        table.add_row(key, escape(value))
    Console().print(table)


@app.command()
def pull(
    names: Names,
    accept_licence: Annotated[
        str | None,
        typer.Option(help="Name of the licence that you accept for these models, by this call."),
    ] = None,
) -> None:
    """Fetch models into the store: from the mirror if it has them, else over https."""
    store = Store.default()
    for name in names:
        with _progress() as told:
            entry = store.pull(name, accept=accept_licence, progress=told)
        record = store.records.of(entry)
        source = f" (from {record.source})" if record else ""
        typer.echo(f"{entry.name}: in {store.root / entry.members[0].path}{source}")


@app.command()
def verify(names: Annotated[list[str] | None, typer.Argument(help="Default: all.")] = None) -> None:
    """Read the files again and compare their checksums."""
    store = Store.default()
    found = store.verify(tuple(names or ()))
    for one in found:
        typer.echo(f"{one.state:6}  {one.name}  {one.note}")
    if not found:
        typer.echo(f"no model in {store.root}")
    bad = [one.name for one in found if one.state != "ok"]
    if bad:
        packs = " ".join(dict.fromkeys(name.partition("/")[0] for name in bad))
        raise ModelError(
            f"{len(bad)} of {len(found)} files are not as they should be",
            where=store.root,
            mend=f"`vplugin models pull {packs}`",
        )


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="An ONNX file with its weights inside.")],
    licence: Annotated[str, typer.Option(help="Of the weights: SPDX identifier or a name.")],
    name: Annotated[str | None, typer.Option(help="Default: the file's name.")] = None,
    contract: Annotated[
        str | None, typer.Option(help=f"{', '.join(get_args(Contract))}. Default: guessed.")
    ] = None,
    licence_url: Annotated[str, typer.Option(help="Where the licence's text is.")] = "",
    commercial: Annotated[
        bool | None,
        typer.Option(
            "--commercial/--non-commercial", help="Default: yes for well-known open licences only."
        ),
    ] = None,
    provenance: Annotated[str, typer.Option(help="What it was trained on.")] = "not said",
) -> None:
    """Copy a model of your own into the store and give it a name."""
    store = Store.default()
    entry = own.add(
        store,
        file,
        _licence(store, licence, licence_url, commercial),
        name=name,
        contract=_contract(contract),
        provenance=provenance,
    )
    kind = entry.members[0].contract or "unknown contract"
    typer.echo(f"{entry.name}: {kind}, {entry.licence.name} ({_terms(entry.licence)})")


@app.command()
def remove(names: Names) -> None:
    """Delete models from the store."""
    store = Store.default()
    for name in names:
        typer.echo(f"{store.remove(name).name}: removed")


def _terms(licence: Licence) -> str:
    return "commercial use allowed" if licence.commercial else "no commercial use"


def _licence(store: Store, name: str, url: str, commercial: bool | None) -> Licence:
    """A licence the catalogue knows, unless the user says more about it."""
    known = {entry.licence.name: entry.licence for entry in store.catalogue.models}
    if name in known and commercial in (None, known[name].commercial) and not url:
        return known[name]
    return own.licence_named(name, url=url, commercial=commercial)


def _contract(name: str | None) -> Contract | None:
    if name is None or name in get_args(Contract):
        return cast("Contract | None", name)
    raise ModelError(
        f"there is no contract '{name}'", mend=f"choose from {', '.join(get_args(Contract))}"
    )


def _facts(store: Store, entry: Entry) -> dict[str, Any]:
    """What `info --json` prints."""
    record = store.records.of(entry)
    accepted = store.licences.accepted(entry.licence.name)
    return {
        "name": entry.name,
        "title": entry.title,
        "present": store.is_present(entry),
        "licence": entry.licence.model_dump(),
        "accepted": accepted.model_dump(mode="json") if accepted else None,
        "provenance": entry.provenance,
        "download": entry.download.model_dump(mode="json"),
        "installed": record.model_dump(mode="json") if record else None,
        "models": [
            {"full_name": full} | member.model_dump() | {"pinned": store.records.pin(entry, member)}
            for full, member in zip(entry.member_names, entry.members, strict=True)
        ],
    }


def _rows(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    licence, accepted, download = facts["licence"], facts["accepted"], facts["download"]
    yield "name", f"{facts['name']} — {facts['title']}"
    yield "here", "yes" if facts["present"] else "no"
    yield "licence", f"{licence['name']}: {licence['text']} {licence['url']}"
    yield "commercial use", "allowed" if licence["commercial"] else "forbidden"
    if not licence["commercial"]:
        by = f"{accepted['user']}, {accepted['when'][:10]}" if accepted else "nobody yet"
        yield "accepted by", by
    yield "data", facts["provenance"]
    yield "from", "\n".join(download["urls"]) or "added by hand"
    yield "size", _size(download["bytes"])
    yield "sha256", _checksum(download["sha256"], (facts["installed"] or {}).get("download_sha256"))
    yield from _model_rows(facts["models"])


def _model_rows(models: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in models:
        kind = cast("Contract | None", one["contract"])
        yield "", ""
        yield "model", one["full_name"]
        yield "contract", f"{kind or 'unknown'} — {contracts.info(kind).summary}"
        if pictures := _pictures(one):
            yield "pictures", pictures
        yield "size", _size(one["bytes"])
        yield "sha256", _checksum(one["sha256"], one["pinned"])


def _pictures(one: dict[str, Any]) -> str:
    size = one["input_size"] or ()
    parts = ["×".join("any" if side is None else str(side) for side in size)]
    return ", ".join(part for part in (*parts, one["value_range"], one["template"]) if part)


def _checksum(known: str | None, pinned: str | None) -> str:
    if known:
        return known
    return f"{pinned} (of the first pull)" if pinned else "not known: recorded at the first pull"


def _size(size: int | None) -> str:
    return "?" if size is None else f"{size / (1 << 20):.1f} MiB"


def _print_json(facts: Any) -> None:
    typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar with rate and time left, on a terminal; nothing in a log file."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("", total=None, visible=False)

        def told(name: str, done: int, total: int | None) -> None:
            bar.update(
                task,
                description=name.removesuffix(".part"),
                completed=done,
                total=total,
                visible=True,
            )

        yield told
