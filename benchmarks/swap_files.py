"""The ONNX files of a swap for benchmarks: those that ship, else random weights of the same form.

Nets of the size of the two-core recipes (`vplugin/train/recipes`): what they answer is no face, and
takes as long as one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from torch import nn

import vplugin.train
from vplugin.errors import ModelError
from vplugin.models.store import resolve
from vplugin.nets.reliableswap.iresnet import FIXER
from vplugin.nets.reliableswap.refine import Refiner
from vplugin.nodes.swappers import HOUSE_SWAPPER
from vplugin.train.export import export_onnx
from vplugin.train.fixer import FixerRecipe, FixerTask
from vplugin.train.swap import SwapRecipe, SwapTask
from vplugin.train.swap_export import Inswapper, export_inswapper

__all__ = ["SwapFiles", "swap_files"]

_SHIPPED = {"swap": HOUSE_SWAPPER, "fixer": "house/fixer", "refine": "house/refine"}
_RECIPES = Path(vplugin.train.__file__).parent / "recipes"
_CALM = 0.1  # of the last layer: noise would cost the encoder more than a face does


@dataclass(frozen=True)
class SwapFiles:
    """What is run.

    Attributes:
        swap: Of the inswapper contract.
        fixer: FixerNet.
        refine: The net that mends lower faces.
        told: Of each, where it is from.
    """

    swap: Path
    fixer: Path
    refine: Path
    told: tuple[str, ...]


def swap_files(
    swap: Path | None, fixer: Path | None, refine: Path | None, folder: Path
) -> SwapFiles:
    """Those that are named, else those that ship, else random ones, made in a folder."""
    named = {"swap": swap, "fixer": fixer, "refine": refine}
    found: dict[str, Path] = {}
    told = []
    for kind, path in named.items():
        shipped = None if path is not None else _shipped(kind)
        found[kind] = path or shipped or _random(kind, folder)
        where = "named" if path else "ships" if shipped else "RANDOM WEIGHTS, made here"
        told.append(f"{kind}: {found[kind].name} ({where})")
    return SwapFiles(found["swap"], found["fixer"], found["refine"], tuple(told))


def _shipped(kind: str) -> Path | None:
    try:
        return resolve(_SHIPPED[kind]).path
    except ModelError:
        return None


def _random(kind: str, folder: Path) -> Path:
    text = (_RECIPES / f"{kind}.yaml").read_bytes()
    path = folder / f"random-{kind}-{hashlib.sha256(text).hexdigest()[:8]}.onnx"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    settings = yaml.safe_load(text)
    if kind == "swap":
        _write_swapper(SwapTask(SwapRecipe(**settings)), path)
    elif kind == "fixer":
        crop = torch.rand(1, 3, FIXER.side, FIXER.side)
        net = FixerTask(FixerRecipe(**settings)).net().eval()
        export_onnx(net, crop, path, inputs=["input"], outputs=["embedding"])
    else:
        example = torch.rand(1, 3, 128, 128), torch.rand(1, FIXER.embedding)
        refiner = Refiner().eval()
        torch.nn.init.normal_(refiner.head.weight, std=0.02)  # a fresh one changes nothing
        names = ["swapped", "lower"]
        export_onnx(refiner, example, path, inputs=names, outputs=["refined"])
    return path


def _write_swapper(task: SwapTask, path: Path) -> None:
    """Told lower faces by a map from identities, as the trained file is."""
    generator = task.generator().eval()
    last = [one for one in generator.modules() if isinstance(one, nn.Conv2d)][-1]
    last.weight.data *= _CALM
    lower = torch.randn(512, FIXER.embedding) / 20 if task.recipe.fixer else None
    export_inswapper(Inswapper(generator, lower).eval(), task.recipe.side, path)
