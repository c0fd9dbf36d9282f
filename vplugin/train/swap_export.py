"""A trained generator as an ONNX file of the inswapper contract, and in its own form.

insightface's ``INSwapper`` gives 512 numbers that say who; a generator that learned with FixerNet
wants 128 more. They are told from the 512 by a linear map, fitted when the file is made (ridge
regression over photos), so that the file stands alone. The file beside it, of the contract
``reliableswap`` (:mod:`vplugin.vision.swap_contract`), takes what FixerNet says.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from vplugin.nets.reliableswap.iresnet import fused
from vplugin.train.bank import pictures_of
from vplugin.train.encoders import Encoders
from vplugin.train.export import export_onnx
from vplugin.vision.swap_contract import EMBEDDING, LOWER

__all__ = [
    "NATIVE",
    "Inswapper",
    "Native",
    "export_inswapper",
    "export_native",
    "export_swapper",
    "lower_from_identity",
]

NATIVE = "native.onnx"  #: Name of the file of a generator's own form.

_IDENTITY, _LOWER = EMBEDDING, LOWER
_RIDGE = 1e-3  # of the mean square of an identity's numbers, times the count of photos
_AT_ONCE = 64


class Inswapper(nn.Module):
    """A generator behind the inswapper contract.

    Args:
        generator: Pictures in -1…1 and a latent of 512 or 640.
        lower: (512, 128), identity → lower face; None for a generator without FixerNet.
    """

    def __init__(self, generator: nn.Module, lower: Tensor | None = None) -> None:
        super().__init__()
        self.generator = generator
        self.lower: Tensor | None
        self.register_buffer("lower", lower)

    def forward(self, target: Tensor, source: Tensor) -> Tensor:
        """Swap.

        Args:
            target: (N, 3, S, S) float RGB in 0…1, aligned to ``arcface_128``.
            source: (N, 512) of length 1.

        Returns:
            (N, 3, S, S) in 0…1.
        """
        latent = source
        if self.lower is not None:
            latent = fused(source, normalize(source @ self.lower))
        return _shown(self.generator, target, latent)


class Native(nn.Module):
    """A generator that learned with FixerNet, behind the contract ``reliableswap``.

    Args:
        generator: Pictures in -1…1 and a latent of 640.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, target: Tensor, source: Tensor) -> Tensor:
        """Swap.

        Args:
            target: (N, 3, S, S) float RGB in 0…1, aligned to ``arcface_128``.
            source: (N, 640), identity (512) and lower face (128) of length 1 each; how they are
                weighed against each other is the file's business.

        Returns:
            (N, 3, S, S) in 0…1.
        """
        latent = fused(source[:, :_IDENTITY], source[:, _IDENTITY:])
        return _shown(self.generator, target, latent)


def _shown(generator: nn.Module, target: Tensor, latent: Tensor) -> Tensor:
    """Pictures in 0…1 of pictures in 0…1."""
    picture: Tensor = generator(target * 2 - 1, latent)
    return picture.clamp(-1, 1) * 0.5 + 0.5


def lower_from_identity(
    encoders: Encoders, photos: Sequence[npt.NDArray[np.uint8]]
) -> tuple[Tensor, float]:
    """The linear map from identities to lower faces, and how near it comes.

    Args:
        encoders: With FixerNet.
        photos: (128, 128, 3) uint8 RGB, aligned to ``arcface_128``.

    Returns:
        (512, 128) float32, and the mean cosine between told and seen lower faces of every tenth
        photo, which the fit does not see.
    """
    who, lower = [], []
    with torch.inference_mode():
        for start in range(0, len(photos), _AT_ONCE):
            batch = pictures_of(list(photos[start : start + _AT_ONCE])).float() / 127.5 - 1
            who.append(encoders.identity(batch))
            lower.append(encoders.lower(batch))
    x, y = torch.cat(who).double(), torch.cat(lower).double()
    kept = torch.arange(len(x)) % 10 != 0
    gram = x[kept].T @ x[kept]
    ridge = _RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    found = torch.linalg.solve(gram + ridge, x[kept].T @ y[kept])
    near = (normalize(x[~kept] @ found) * y[~kept]).sum(1).mean()
    return found.float().clone(), float(near)


def export_swapper(
    generator: nn.Module,
    encoders: Encoders,
    photos: Sequence[npt.NDArray[np.uint8]],
    side: int,
    path: Path,
) -> None:
    """Write the file: ``target`` and ``source`` → ``output``, ``emap`` the last initializer.

    Of a generator that learned with FixerNet, :data:`NATIVE` is written beside it.

    Args:
        generator: Trained.
        encoders: Those that it was trained with.
        photos: (128, 128, 3) uint8 RGB, aligned; for :func:`lower_from_identity`.
        side: Of its pictures, px.
        path: Of the file.

    Raises:
        TrainError: The file differs from the network, or cannot be written.
    """
    lower = lower_from_identity(encoders, photos)[0] if encoders.has_fixer else None
    if encoders.has_fixer:
        export_native(Native(generator), side, path.with_name(NATIVE))
    export_inswapper(Inswapper(generator, lower), side, path)


def export_inswapper(net: Inswapper, side: int, path: Path) -> None:
    """Write a file of the inswapper contract, ``emap`` its last initializer.

    Args:
        net: Which is run by it.
        side: Of its pictures, px.
        path: Of the file.

    Raises:
        TrainError: As :func:`export_swapper`.
    """
    target = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    source = normalize(torch.randn(1, _IDENTITY, generator=torch.Generator().manual_seed(2)))
    example = (target, source)
    export_onnx(net, example, path, inputs=["target", "source"], outputs=["output"])
    model = onnx.load(str(path))
    emap = onnx.numpy_helper.from_array(np.eye(_IDENTITY, dtype=np.float32), "emap")
    model.graph.initializer.append(emap)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    onnx.save(model, str(part))
    os.replace(part, path)


def export_native(net: Native, side: int, path: Path) -> None:
    """Write a file that takes both embeddings, in batches of any size; as the other one."""
    random = torch.Generator().manual_seed(3)
    target = torch.rand(2, 3, side, side, generator=random)
    told = (torch.randn(2, count, generator=random) for count in (_IDENTITY, _LOWER))
    source = torch.cat([normalize(one) for one in told], 1)
    names = ["target", "source"]
    export_onnx(net, (target, source), path, inputs=names, outputs=["output"])
