"""The user's own models: an ONNX file becomes an entry with a name, a contract and a licence.

The file is copied into the store and its checksum recorded, so from then on it is used like a
catalogue model, licence gate included.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from vplugin.errors import ContractError, LicenceError, ModelError
from vplugin.models import contract as contracts
from vplugin.models.catalogue import Download, Entry, Licence, Member, stock
from vplugin.models.contract import Contract
from vplugin.models.files import make_folder, sha256, unwritable, write_atomically
from vplugin.models.onnx_file import (
    check_file,
    ends_with_square,
    keeps_weights_elsewhere,
    load_graph,
    signature,
)
from vplugin.models.session import TensorInfo
from vplugin.models.store import Store

#: Licences (SPDX) of which everyone knows that they allow commercial use.
PERMISSIVE = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT"}
    | {"MPL-2.0", "Unlicense"}
)


def licence_named(name: str, *, url: str = "", commercial: bool | None = None) -> Licence:
    """A licence that the user names for a model of theirs.

    Args:
        name: SPDX identifier, or any name.
        url: Where its text is.
        commercial: Whether it allows commercial use; None: only if it is known to.
    """
    allows = name in PERMISSIVE if commercial is None else commercial
    spdx = f"https://spdx.org/licenses/{name}.html" if name in PERMISSIVE else ""
    return Licence(
        name=name,
        title=name,
        url=url or spdx,
        commercial=allows,
        text="Named by the user when the model was added.",
    )


def add(
    store: Store,
    path: Path,
    licence: Licence,
    *,
    name: str | None = None,
    contract: Contract | None = None,
    provenance: str = "not said",
) -> Entry:
    """Copy a model into the store and give it a name.

    Args:
        store: Where to.
        path: An ONNX file with its weights inside.
        licence: Of the weights. Naming a licence that forbids commercial use accepts it.
        name: Default: the file's name without ``.onnx``.
        contract: Default: guessed from inputs and outputs.
        provenance: What it was trained on.

    Raises:
        ModelError: The file is not an ONNX model, the name is taken, or the store cannot be
            written.
        ContractError: The model is not of the contract, or keeps its weights in other files.
        LicenceError: It is a catalogue model under another licence than the open one named.
    """
    check_file(path)
    name = name or path.stem
    _check_name(store, name)
    entry = _entry(name, path, licence, _contract(path, contract), provenance)
    _check_claim(entry, path)
    _copy(path, store.root / entry.download.path)
    store.records.remember(entry, f"added from {path.absolute()}", entry.download.sha256)
    if not licence.commercial:
        store.licences.accept(licence)
    write_atomically(store.added_path(name), entry.model_dump_json(indent=1))
    return entry


def _check_name(store: Store, name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ModelError(
            f"'{name}' cannot be a model's name", mend="use letters, digits, '.', '_' and '-'"
        )
    if any(entry.name == name for entry in store.catalogue.models):
        raise ModelError(
            f"there is already a model named '{name}'",
            mend=f"choose another with --name, or `vplugin models remove {name}` first",
        )


def _entry(
    name: str, path: Path, licence: Licence, contract: Contract | None, provenance: str
) -> Entry:
    digest, size, place = sha256(path), path.stat().st_size, f"{name}/{name}.onnx"
    member = Member(name=name, path=place, sha256=digest, bytes=size, contract=contract)
    return Entry(
        name=name,
        title=f"{path.name}, added by hand",
        licence=licence,
        provenance=provenance,
        download=Download(path=place, sha256=digest, bytes=size),
        members=(member,),
    )


def _check_claim(claimed: Entry, path: Path) -> None:
    """Raise if a catalogue model is claimed to be under an open licence that it is not under."""
    if claimed.licence.name not in PERMISSIVE:
        return
    for entry in stock().models:
        known = {member.sha256 for member in entry.members}
        if not entry.licence.commercial and claimed.download.sha256 in known:
            raise LicenceError(
                f"is a model of '{entry.name}', which is under {entry.licence.name}, "
                f"not {claimed.licence.name}",
                where=path,
                mend="name the licence that you bought, with --commercial",
            )


def _contract(path: Path, wanted: Contract | None) -> Contract | None:
    """The contract that is wanted if the model fits it, else the one that it looks like."""
    graph = load_graph(path, external=False)
    if keeps_weights_elsewhere(graph):
        raise ContractError(
            "keeps its weights in other files", where=path, mend="export it as one file"
        )
    inputs, outputs = signature(graph, path)
    found = contracts.sniff(inputs, outputs)
    if wanted is None:
        return None if found == "inswapper" and not ends_with_square(graph) else found
    if contracts.looks_like(found, wanted):
        return wanted
    raise ContractError(
        f"is not of the contract {wanted} ({contracts.info(wanted).summary}): it takes "
        f"{_shapes(inputs)} and gives {_shapes(outputs)}",
        where=path,
        mend=f"add it as {found}" if found else "add it without --contract",
    )


def _shapes(tensors: tuple[TensorInfo, ...]) -> str:
    return ", ".join(f"{one.name} {'×'.join(map(str, one.shape))}" for one in tensors[:3]) + (
        f" and {len(tensors) - 3} more" if len(tensors) > 3 else ""
    )


def _copy(source: Path, target: Path) -> None:
    make_folder(target.parent)
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise unwritable(target, error) from error
