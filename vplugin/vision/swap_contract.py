"""What the public swap networks take and give: one row of facts for each contract.

A contract is a template, a size, the ranges of the values that go in and come out, and what says
who is to be shown. Read in the code that runs the published weights (reliableswap.md §4.3, §5.2,
§5.3); :mod:`vplugin.vision.swap_model` runs a model by its row. Which model is of which contract
is the catalogue's business. ``reliableswap`` is our own, as :mod:`vplugin.train.swap_export` writes
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from vplugin.errors import ContractError

__all__ = ["EMBEDDING", "LOWER", "SWAP_CONTRACTS", "Crop", "SwapContract", "swap_contract"]

Triple = tuple[float, float, float]
Identity = Literal["emap", "direction", "converted", "picture", "lower"]

EMBEDDING, LOWER = 512, 128  # numbers that recognisers and FixerNet give

_ZERO, _HALF, _ONE = (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Crop:
    """How a source picture is cut out, RGB in 0–1.

    Attributes:
        template: How it is aligned.
        size: Its width and height.
    """

    template: str
    size: int


@dataclass(frozen=True)
class SwapContract:
    """What all models of one contract take and give; pictures are NCHW, RGB.

    Attributes:
        template: How target crops are aligned.
        sizes: Widths of target crops that such models have; the first where a model leaves it free.
        mean: The target goes in as (RGB in 0–1 − mean) / deviation.
        deviation: See ``mean``.
        signed: Whether what comes out is in −1…1 rather than in 0–1.
        identity: What says who is to be shown. ``emap``: the embedding times a matrix of the model
            file, of length 1. ``direction``: the embedding, of length 1. ``converted``: what a
            converter makes of the embedding. ``picture``: a crop of the source's picture.
            ``lower``: the embedding and then what FixerNet says of the lower face, of length 1
            each.
        space: Contract of the recognisers whose embeddings it takes, or its converter takes.
        recogniser: Catalogue name of the one it was usually trained with.
        normalised: Whether what the converter makes is brought to length 1.
        converter: Catalogue name of that converter.
        fixer: Catalogue name of the FixerNet it was usually trained with.
        crop: Of the source's picture.
        masks: Whether there may be a second output, (N, 1, S, S) in 0–1: where the face is.
    """

    template: str
    sizes: tuple[int, ...] = (256,)
    mean: Triple = _HALF
    deviation: Triple = _HALF
    signed: bool = True
    identity: Identity = "direction"
    space: str = "arcface_w600k"
    recogniser: str = "buffalo_l/w600k_r50"
    normalised: bool = True
    converter: str | None = None
    fixer: str | None = None
    crop: Crop | None = None
    masks: bool = False

    @property
    def embeds(self) -> bool:
        """Whether the source's embedding is needed."""
        return self.identity != "picture"

    @property
    def numbers(self) -> int:
        """How many numbers say who is to be shown, where they are no picture."""
        return EMBEDDING + (LOWER if self.identity == "lower" else 0)


def _contracts() -> Mapping[str, SwapContract]:
    simswap = SwapContract(
        "arcface_112_v1",
        mean=_IMAGENET[0],
        deviation=_IMAGENET[1],
        signed=False,
        identity="converted",
        converter="crossface_simswap",
    )
    table = {
        "inswapper": SwapContract(
            "arcface_128", (128, 256, 512), _ZERO, _ONE, signed=False, identity="emap"
        ),
        "hyperswap": SwapContract("arcface_128", masks=True),
        "simswap": simswap,
        "simswap_512": SwapContract(
            "arcface_112_v1",
            (512,),
            _ZERO,
            _ONE,
            signed=False,
            identity="converted",
            converter="crossface_simswap",
        ),
        "ghost": SwapContract(
            "arcface_112_v1", identity="converted", normalised=False, converter="crossface_ghost"
        ),
        "hififace": SwapContract("mtcnn_512", identity="converted", converter="crossface_hififace"),
        "blendswap": SwapContract(
            "ffhq_512",
            mean=_ZERO,
            deviation=_ONE,
            signed=False,
            identity="picture",
            crop=Crop("arcface_112", 112),
        ),
        "uniface": SwapContract("ffhq_512", identity="picture", crop=Crop("ffhq_512", 256)),
        "reliableswap": SwapContract(
            "arcface_128",
            (128, 256),
            _ZERO,
            _ONE,
            signed=False,
            identity="lower",
            space="arcface",
            recogniser="house/identity",
            fixer="house/fixer",
        ),
    }
    return MappingProxyType(table)


#: By the names of :data:`vplugin.models.contract.Contract`.
SWAP_CONTRACTS: Mapping[str, SwapContract] = _contracts()


def swap_contract(name: str | None, model: str) -> SwapContract:
    """The row of a contract.

    Args:
        name: Of the contract, None where it is not known.
        model: For errors.

    Raises:
        ContractError: It is not a swapper's.
    """
    if name is not None and name in SWAP_CONTRACTS:
        return SWAP_CONTRACTS[name]
    known = ", ".join(SWAP_CONTRACTS)
    if name is None:
        raise ContractError(
            "its contract is not known, and its inputs and outputs do not tell",
            where=model,
            mend=f"`vplugin models add FILE --contract NAME`, NAME one of {known}",
        )
    raise ContractError(
        f"is a model of the contract {name}, not a swapper",
        where=model,
        mend=f"name a model of one of the contracts {known}",
    )
