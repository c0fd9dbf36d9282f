"""Model contracts: what goes in and comes out, what a probe looks like, and how exact is exact.

A contract is a promise about inputs and outputs that many weights keep (reliableswap.md §5). It
is known for catalogue models and guessed from the graph's inputs and outputs for the user's own.
The tolerances say how far a faster runtime may be from float32 before it is refused: boxes and
points within 0.5 px, embeddings at a cosine above 0.999, swapped pixels above 45 dB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from vplugin.models.session import Array, TensorInfo
from vplugin.models.tolerance import Tolerance

Contract: TypeAlias = Literal[
    "scrfd",
    "yunet",
    "arcface_w600k",
    "arcface",
    "landmark_2d106",
    "landmark_3d68",
    "genderage",
    "inswapper",
    "hyperswap",
    "simswap",
    "simswap_512",
    "ghost",
    "hififace",
    "blendswap",
    "uniface",
    "reliableswap",
    "crossface",
    "bisenet",
    "face_attributes",
    "enhancer",
    "xseg",
    "liveportrait_motion",
    "liveportrait_feature",
    "liveportrait_generator",
]

#: Side of the square that stands for free height and width when a model is measured.
PROBE_SIDE = 640

_CLASSES = 19  # of a face parser
_TOLD = 640  # numbers that say who to ReliableSwap: 512 of the face, 128 of its lower part
_ENHANCED = (256, 512, 1024, 2048)  # widths of the crops of enhancers
_MOTION = ((), (1,), (66,), (3,), (63,), (21, 3))  # what outputs of LivePortrait's motion net hold


@dataclass(frozen=True)
class ContractInfo:
    """What is known about all models of one contract.

    Attributes:
        summary: One line for people.
        low, high: Range of the values of the image input.
        tolerance: For faster runtimes.
        reduced: Whether bf16 or f16 can possibly be near enough.
    """

    summary: str
    low: float
    high: float
    tolerance: Tolerance
    reduced: bool = True


# 0.5 px at the coarsest stride: the outputs are distances in units of the stride. bf16 has 8 bits
# of mantissa, so a distance of 8 cells is already coarser than that.
_HALF_PIXEL = Tolerance(absolute=0.5 / 32)
_POINTS = Tolerance(absolute=0.5 / 96)  # landmarks are in units of half the 192 px crop
_EMBEDDING = Tolerance(cosine=0.999)
# Measured: bf16 on a net of inswapper's size gives 48.5 … 49.6 dB where the output has the contrast
# of a face, 38 … 40 dB where it has that of noise; it is the weights at hand that decide.
_SWAP = Tolerance(cosine=0.999, psnr=45.0)
_SIGNED = Tolerance(cosine=0.999, psnr=39.0)  # the same 45 dB, of pictures that span −1…1

CONTRACTS: MappingProxyType[Contract, ContractInfo] = MappingProxyType(
    {
        "scrfd": ContractInfo(
            "faces: N×3×H×W RGB (x−127.5)/128 → scores, distances, 5 points at strides 8, 16, 32",
            -1.0,
            1.0,
            _HALF_PIXEL,
            reduced=False,
        ),
        "yunet": ContractInfo(
            "faces: N×3×H×W BGR 0…255 → cls, obj, bbox, kps at strides 8, 16, 32",
            0.0,
            255.0,
            _HALF_PIXEL,
            reduced=False,
        ),
        "arcface_w600k": ContractInfo(
            "identity: N×3×112×112 RGB −1…1 → 512, the space that inswapper takes",
            -1.0,
            1.0,
            _EMBEDDING,
        ),
        "arcface": ContractInfo(
            "identity: N×3×112×112 RGB −1…1 → 512, a space of its own", -1.0, 1.0, _EMBEDDING
        ),
        "landmark_2d106": ContractInfo(
            "106 points: N×3×192×192 RGB 0…255 → 212", 0.0, 255.0, _POINTS, reduced=False
        ),
        "landmark_3d68": ContractInfo(
            "68 points in 3-D: N×3×192×192 RGB 0…255 → 3309", 0.0, 255.0, _POINTS, reduced=False
        ),
        "genderage": ContractInfo(
            "gender and age: N×3×96×96 RGB 0…255 → 3", 0.0, 255.0, Tolerance(absolute=0.005)
        ),
        "inswapper": ContractInfo(
            "swap: target N×3×128×128 RGB 0…1 and source N×512 → N×3×128×128 RGB 0…1",
            0.0,
            1.0,
            _SWAP,
        ),
        "hyperswap": ContractInfo(
            "swap: target N×3×256×256 RGB −1…1 and source N×512 → RGB −1…1 (and a mask 0…1)",
            -1.0,
            1.0,
            _SIGNED,
        ),
        "simswap": ContractInfo(
            "swap: target N×3×256×256 RGB, ImageNet mean and deviation, and source N×512 → RGB 0…1",
            -2.1,
            2.6,
            _SWAP,
        ),
        "simswap_512": ContractInfo(
            "swap: target N×3×512×512 RGB 0…1 and source N×512 → RGB 0…1", 0.0, 1.0, _SWAP
        ),
        "ghost": ContractInfo(
            "swap: target N×3×256×256 RGB −1…1 and source N×512 → RGB −1…1", -1.0, 1.0, _SIGNED
        ),
        "hififace": ContractInfo(
            "swap: target N×3×256×256 RGB −1…1 and source N×512 → RGB −1…1", -1.0, 1.0, _SIGNED
        ),
        "blendswap": ContractInfo(
            "swap: target N×3×256×256 and source N×3×112×112 RGB 0…1 → RGB 0…1", 0.0, 1.0, _SWAP
        ),
        "uniface": ContractInfo(
            "swap: target N×3×256×256 RGB −1…1, source N×3×256×256 RGB 0…1 → RGB −1…1",
            -1.0,
            1.0,
            _SIGNED,
        ),
        "reliableswap": ContractInfo(
            "swap: target N×3×S×S RGB 0…1 (S 128 or 256) and source N×640, identity and lower face "
            "→ RGB 0…1",
            0.0,
            1.0,
            _SWAP,
        ),
        "crossface": ContractInfo(
            "converter: 1×512 of w600k_r50 → 1×512 of another space", -1.0, 1.0, _EMBEDDING
        ),
        "bisenet": ContractInfo(
            "parts of a face: N×3×H×W RGB, ImageNet mean and deviation → logits of 19 classes",
            -2.1,
            2.6,
            Tolerance(cosine=0.999),
        ),
        "face_attributes": ContractInfo(
            "pose, openness, what is worn, blur, light: N×3×192×192 RGB 0…255 → 15",
            0.0,
            255.0,
            Tolerance(cosine=0.999, absolute=1.0),
            reduced=False,
        ),
        "enhancer": ContractInfo(
            "sharper face: 1×3×S×S RGB −1…1, for CodeFormer also weight (1) → 1×3×S×S RGB −1…1",
            -1.0,
            1.0,
            _SIGNED,
        ),
        "xseg": ContractInfo(
            "what is face: N×256×256×3 BGR 0…1 → N×256×256×1", 0.0, 1.0, Tolerance(cosine=0.999)
        ),
        "liveportrait_motion": ContractInfo(
            "pose, expression, key points: 1×3×256×256 RGB 0…1 → pitch, yaw, roll, scale, shift, "
            "expression 1×21×3, points 1×21×3",
            0.0,
            1.0,
            Tolerance(cosine=0.999),
            reduced=False,
        ),
        "liveportrait_feature": ContractInfo(
            "appearance: 1×3×256×256 RGB 0…1 → 1×32×16×64×64", 0.0, 1.0, Tolerance(cosine=0.999)
        ),
        "liveportrait_generator": ContractInfo(
            "face with moved key points: 1×32×16×64×64, points wanted and had 1×21×3 → "
            "1×3×512×512 RGB 0…1",
            -1.0,
            1.0,
            _SWAP,
        ),
    }
)

# Contracts that cannot be told from the key by inputs and outputs.
_KIN: MappingProxyType[Contract, frozenset[Contract]] = MappingProxyType(
    {
        "arcface": frozenset({"arcface_w600k"}),
        "inswapper": frozenset({"hyperswap", "simswap", "simswap_512", "ghost", "hififace"}),
    }
)

#: What is asked of a model whose contract is not known.
UNKNOWN = ContractInfo("not one of the known contracts", -1.0, 1.0, Tolerance())


def sniff(inputs: Sequence[TensorInfo], outputs: Sequence[TensorInfo]) -> Contract | None:
    """Guess a contract from inputs and outputs; None where nothing known fits.

    An ArcFace model's space cannot be seen from outside: it is taken for ``arcface``. A swapper
    that takes an embedding is taken for ``inswapper``, which has an identity matrix besides.
    """
    if found := _redraws(inputs, outputs):
        return found
    if len(inputs) == 2:
        return _swapper(inputs, outputs)
    if [tuple(one.shape[1:]) for one in (*inputs, *outputs)] == [(512,), (512,)]:
        return "crossface"
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or not _is(inputs[0].shape[1], 3):
        return None
    names = {one.name for one in outputs}
    if {f"{kind}_{s}" for kind in ("cls", "obj", "bbox", "kps") for s in (8, 16, 32)} <= names:
        return "yunet"
    if _is_parser(outputs):
        return "bisenet"
    if len(outputs) in (6, 9):
        widths = [one.shape[-1] for one in outputs if one.shape]
        return "scrfd" if all(_is(width, 1, 4, 10) for width in widths) else None
    return _single(inputs[0], outputs[0]) if len(outputs) == 1 else None


def looks_like(found: Contract | None, wanted: Contract) -> bool:
    """Whether a model that :func:`sniff` takes for ``found`` may be of the contract ``wanted``."""
    return found is not None and (found == wanted or wanted in _KIN.get(found, ()))


def info(contract: Contract | None) -> ContractInfo:
    """What is known about a contract, or what is asked of an unknown one."""
    return UNKNOWN if contract is None else CONTRACTS[contract]


def bears_reduced(inputs: Sequence[TensorInfo], outputs: Sequence[TensorInfo]) -> bool:
    """Whether a model is of a known contract that bears bf16."""
    contract = sniff(inputs, outputs)
    return contract is not None and CONTRACTS[contract].reduced


def probe(
    inputs: Sequence[TensorInfo],
    contract: Contract | None = None,
    shapes: dict[str, tuple[int, ...]] | None = None,
) -> dict[str, Array]:
    """Inputs that look like what the contract gets, the same at every call.

    Args:
        inputs: What the model takes.
        contract: Whose value range is used.
        shapes: Sizes of inputs with free dimensions; without one, a batch of 1 and pictures of
            640 × 640.
    """
    known = info(contract)
    rng = np.random.default_rng(2306_05356)
    feeds: dict[str, Array] = {}
    for one in inputs:
        shape = (shapes or {}).get(one.name) or concrete(one.shape)
        dtype = np.dtype(one.dtype)
        if len(shape) == 4:
            values = known.low + (known.high - known.low) * _smooth(rng, shape)
        else:
            values = rng.standard_normal(shape)
            values /= np.linalg.norm(values, axis=-1, keepdims=True) if shape else 1.0
        feeds[one.name] = np.ascontiguousarray(values, dtype=dtype)
    return feeds


def concrete(shape: Sequence[int | str]) -> tuple[int, ...]:
    """A shape with its free dimensions filled: batch 1, height and width 640, others 1."""
    return tuple(
        size if isinstance(size, int) else (PROBE_SIDE if len(shape) == 4 and axis >= 2 else 1)
        for axis, size in enumerate(shape)
    )


def _swapper(inputs: Sequence[TensorInfo], outputs: Sequence[TensorInfo]) -> Contract | None:
    source, target = sorted((one.shape for one in inputs), key=len)
    made = [one.shape for one in outputs]
    if [len(shape) for shape in (target, *made)] not in ([4, 4], [4, 4, 4]):
        return None
    if not _is(target[1], 3) or not _is(made[0][1], 3):
        return None
    if len(source) == 2 and source[1] == _TOLD:
        return "reliableswap" if len(made) == 1 and _is(target[2], 128, 256) else None
    if len(source) == 2 and _is(source[1], 512):
        if len(made) == 1:
            return "inswapper"
        return "hyperswap" if _is(made[1][1], 1) else None
    if len(source) == 4 and len(made) == 1 and _is(source[1], 3):
        return "blendswap" if 112 in (*source, *target) else "uniface"
    return None


def _is_parser(outputs: Sequence[TensorInfo]) -> bool:
    """Logits of the classes, then what our own parser or the coarser heads of others add."""
    channels = [one.shape[1] if len(one.shape) == 4 else 0 for one in outputs]
    return channels[0] == _CLASSES and len(channels) <= 3 and set(channels) <= {1, _CLASSES}


def _redraws(inputs: Sequence[TensorInfo], outputs: Sequence[TensorInfo]) -> Contract | None:
    """The contracts of what draws a face anew or says what lies before it."""
    taken = sorted((one.shape for one in inputs), key=len, reverse=True)
    given = outputs[0].shape
    if [len(shape) for shape in taken] == [5, 3, 3]:
        return "liveportrait_generator"
    if len(taken[0]) != 4 or any(len(shape) > 1 for shape in taken[1:]):
        return None
    if taken[0][3] == 3 and len(given) == 4:
        return "xseg" if given[3] == 1 else None
    if taken[0][1] == 3 and taken[0][2] in _ENHANCED and taken[0][1:] == given[1:]:
        return "enhancer" if len(taken) <= 2 else None
    if taken[0][1:] != (3, 256, 256) or len(taken) > 1:
        return None
    if len(outputs) == 7 and all(one.shape[1:] in _MOTION for one in outputs):
        return "liveportrait_motion"
    return "liveportrait_feature" if given[1:] == (32, 16, 64, 64) else None


def _single(image: TensorInfo, output: TensorInfo) -> Contract | None:
    side, width = image.shape[2], output.shape[-1] if output.shape else 0
    table: dict[tuple[int, int], Contract] = {
        (112, 512): "arcface",
        (192, 212): "landmark_2d106",
        (192, 3309): "landmark_3d68",
        (96, 3): "genderage",
    }
    for (want_side, want_width), contract in table.items():
        if _is(side, want_side) and width == want_width:
            return contract
    return None


def _is(size: int | str, *wanted: int) -> bool:
    """Whether a dimension is free or one of these."""
    return isinstance(size, str) or size in wanted


def _smooth(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Blocks of 8 × 8 pixels with a little noise, 0…1: nearer to a picture than white noise is."""
    batch, channels, height, width = shape
    coarse = rng.random((batch, channels, -(-height // 8), -(-width // 8)))
    blocks = coarse.repeat(8, axis=2).repeat(8, axis=3)[:, :, :height, :width]
    return np.clip(blocks * 0.9 + 0.1 * rng.random(shape), 0.0, 1.0)
