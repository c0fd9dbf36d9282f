"""House nets of random weights as files, small, in their contracts."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from vplugin.nets.house.attributes import AttributeNet
from vplugin.nets.house.identity import IdentityNet
from vplugin.nets.house.landmarks import LandmarkNet
from vplugin.nets.house.parser import ParserNet
from vplugin.nets.house.trunk import TrunkSize
from vplugin.train.export import export_onnx, tidy

SMALL = TrunkSize(stem=4, widths=(4, 8, 8, 12), depths=(0, 1, 0, 1))
_SIZE = {0: "batch", 2: "height", 3: "width"}


def save_landmarks(path: Path) -> Path:
    net = _random(LandmarkNet(SMALL))
    nn.init.normal_(net.correction.weight, std=0.1)
    nn.init.normal_(net.correction.bias, std=0.3)
    return _save(net, 192, path, ["data", "fc1"], None)


def save_identity(path: Path) -> Path:
    return _save(_random(IdentityNet(SMALL)), 112, path, ["input", "embedding"], None)


def save_parser(path: Path) -> Path:
    names = ["input", "output", "hidden"]
    return _save(_random(ParserNet(SMALL)), 96, path, names, dict.fromkeys(names, _SIZE))


def save_attributes(path: Path) -> Path:
    free = {"crop": _SIZE, "answers": {0: "batch"}}
    return _save(_random(AttributeNet(SMALL)), 96, path, ["crop", "answers"], free)


def _random(net: nn.Module) -> nn.Module:
    torch.manual_seed(5)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
    return net.eval()


def _save(
    net: nn.Module, side: int, path: Path, names: list[str], free: dict[str, dict[int, str]] | None
) -> Path:
    example = torch.zeros(1, 3, side, side)
    export_onnx(net, example, path, inputs=names[:1], outputs=names[1:], free=free)
    tidy(path)
    return path
