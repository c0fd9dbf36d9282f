"""Puts a trained model among those that ship: the file, its checksum, its card.

    python -m vplugin.train.ship out/train/detector/model.onnx detector

The folder is ``vplugin/models/house`` (``models/house`` in the repository is a link to it, where
``insightface.app.FaceAnalysis(name="house", root=".")`` finds it), or the one beside it that the
catalogue says: insightface would take what swaps for something else. Cards are written by hand;
only their line with the checksum is kept up to date here.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from vplugin.errors import TrainError, VpluginError
from vplugin.models import catalogue
from vplugin.models.files import sha256
from vplugin.models.onnx_file import check_file, load_graph, signature

__all__ = ["main", "ship"]

HOUSE = Path(catalogue.__file__).with_name("house")
_CATALOGUE = "catalogue.yaml"


def ship(model: Path, name: str, *, folder: Path = HOUSE) -> str:
    """Copy a model into the folder of house models and write its checksum down.

    Args:
        model: The ONNX file that a run exported.
        name: Of the house model, an entry of the folder's catalogue.
        folder: Of the house models and their catalogue.

    Returns:
        The checksum.

    Raises:
        ModelError: It is no ONNX file.
        TrainError: The catalogue has no such entry.
    """
    check_file(model)
    signature(load_graph(model, external=False), model)
    digest = sha256(model)
    _enter(folder / _CATALOGUE, name, {"sha256": digest, "bytes": model.stat().st_size})
    path = folder.parent / _member(folder / _CATALOGUE, name).path
    path.parent.mkdir(exist_ok=True)
    if model.resolve() != path.resolve():
        shutil.copyfile(model, path)
    card = path.with_suffix(".md")
    if card.is_file():
        text = card.read_text(encoding="utf-8")
        text = re.sub(r"(sha256:? *`?)[0-9a-f]{64}", rf"\g<1>{digest}", text)
        card.write_text(text, encoding="utf-8")
    return digest


def _member(path: Path, name: str) -> catalogue.Member:
    members = [member for entry in catalogue.load(path).models for member in entry.members]
    return next(member for member in members if member.name == name)


def _enter(path: Path, name: str, facts: dict[str, Any]) -> None:
    """Write the facts into the member's place, leaving the rest of the file as it is written."""
    text = path.read_text(encoding="utf-8")
    entries = yaml.safe_load(text)["models"]
    names = [member["name"] for entry in entries for member in entry["members"]]
    if name not in names:
        raise TrainError(f"has no model '{name}'", where=path, mend=f"choose from {names}")
    start = re.search(rf"\n +- name: {re.escape(name)}(?= |\n)[^\n]*", text)
    if start is None:
        raise TrainError(f"'{name}' is not written in a block", where=path, mend="write it so")
    block, more, rest = text[start.end() :].partition("\n      - name: ")
    for key, value in facts.items():
        block = re.sub(rf"(\n +{key}: ).*", rf"\g<1>{value}", block, count=1)
    path.write_text(text[: start.end()] + block + more + rest, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """``FILE NAME``; the exit status."""
    if len(arguments) != 2:
        sys.stderr.write("error: give the ONNX file and the model's name\n")
        return 2
    try:
        digest = ship(Path(arguments[0]), arguments[1])
    except VpluginError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{HOUSE / arguments[1]}.onnx  sha256 {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
