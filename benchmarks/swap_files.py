"""The ONNX files of a swap for benchmarks: those that ship, else random weights of the same form.

Nets of the size of the two-core recipes (`vplugin/train/recipes`): what they answer is no face, and
takes as long as one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from vplugin.errors import ModelError
from vplugin.models.store import resolve
from vplugin.nets.reliableswap.iresnet import FIXER, IResNet
from vplugin.nets.reliableswap.refine import Refiner
from vplugin.nets.reliableswap.simswap import Generator, GeneratorSize
from vplugin.nodes.swappers import HOUSE_SWAPPER
from vplugin.train.export import export_onnx
from vplugin.train.fixer import FixerRecipe
from vplugin.train.swap import SwapRecipe
from vplugin.train.swap_export import Inswapper, export_inswapper

__all__ = ["SwapFiles", "swap_files"]

_SHIPPED = {"swap": HOUSE_SWAPPER, "fixer": "house/fixer", "refine": "house/refine"}
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
    path = folder / f"random-{kind}.onnx"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    recipes = {kind: recipe.model_fields for kind, recipe in
               (("swap", SwapRecipe), ("fixer", FixerRecipe))}  # fmt: skip
    if kind == "swap":
        sizes = (recipes["swap"][name].default for name in ("base", "blocks"))
        generator = Generator(GeneratorSize(512, *sizes)).eval()
        for weight in generator.head.parameters():
            weight.data *= _CALM
        export_inswapper(Inswapper(generator).eval(), 128, path)
    elif kind == "fixer":
        depths, widths = (recipes["fixer"][name].default for name in ("depths", "widths"))
        fixer = IResNet(replace(FIXER, depths=depths, widths=widths)).eval()
        crop = torch.rand(1, 3, FIXER.side, FIXER.side)
        export_onnx(fixer, crop, path, inputs=["input"], outputs=["embedding"])
    else:
        example = torch.rand(1, 3, 128, 128), torch.rand(1, FIXER.embedding)
        names = ["swapped", "lower"]
        net = Refiner().eval()
        torch.nn.init.normal_(net.head.weight, std=0.02)  # a fresh one changes nothing
        export_onnx(net, example, path, inputs=names, outputs=["refined"])
    return path
