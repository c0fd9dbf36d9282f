"""Every public swap contract, against answers computed from its published facts.

The facts are written out here once more, and not taken from the code under test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.vision.detector_models import OrtSession, Tensor
from tests.vision.swap_models import points_at, smooth_picture
from tests.vision.swap_nets import SwapNet, converted, lower_of, save_converter, save_fixer
from vplugin.errors import ContractError
from vplugin.vision.align import similarity
from vplugin.vision.lower import LowerEmbedder
from vplugin.vision.source import Source, View
from vplugin.vision.swap_contract import SWAP_CONTRACTS, swap_contract
from vplugin.vision.swap_model import ModelSwapper

RAW = [np.random.default_rng(seed).normal(0, 0.9, 512).astype(np.float32) for seed in (1, 2)]

EYES_112 = [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366)]
MOUTH_112 = [(41.5493, 92.3655), (70.7299, 92.2041)]
ARCFACE_112 = np.array(EYES_112 + MOUTH_112)
FFHQ_256 = (
    np.array(
        [
            (192.98138, 239.94708),
            (318.90277, 240.1936),
            (256.63416, 314.01935),
            (201.26117, 371.41043),
            (313.08905, 371.15118),
        ]
    )
    - 0.5
) / 2  # the same part of the face at half the size: halved about the edge of the first pixel


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def portrait(size: int, places: np.ndarray) -> Callable[[Source, SwapNet], np.ndarray]:
    def cut(source: Source, net: SwapNet) -> np.ndarray:
        (view,) = source.views
        matrix = similarity(view.points, places)
        crop = cv2.warpAffine(view.image, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
        return crop.transpose(2, 0, 1) / np.float32(255)

    return cut


@dataclass(frozen=True)
class Known:
    """A contract as its publishers run it."""

    template: str
    net: SwapNet
    entry: Callable[[np.ndarray], np.ndarray]
    exit: Callable[[np.ndarray], np.ndarray]
    identity: Callable[[Source, SwapNet], np.ndarray]


def same(values: np.ndarray) -> np.ndarray:
    return values


def signed(values: np.ndarray) -> np.ndarray:
    return values * 2 - 1


def unsigned(values: np.ndarray) -> np.ndarray:
    return (values + 1) / 2


def imagenet(values: np.ndarray) -> np.ndarray:
    return (values - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]


def direction(source: Source, net: SwapNet) -> np.ndarray:
    return unit(source.embedding)


def moved(source: Source, net: SwapNet) -> np.ndarray:
    return converted(source.embedding * source.length)


def lower_face(view: View) -> np.ndarray:
    """Rows 56 to 112 and columns 28 to 84 of ArcFace's crop of 112 pixels."""
    matrix = similarity(view.points, ARCFACE_112)
    crop = cv2.warpAffine(view.image, matrix, (112, 112), borderMode=cv2.BORDER_REPLICATE)
    return unit(lower_of(crop[56:, 28:84].transpose(2, 0, 1) / np.float32(127.5) - 1))


def with_lower(source: Source, net: SwapNet) -> np.ndarray:
    lower = np.mean([lower_face(view) for view in source.views], axis=0)
    return np.concatenate([unit(source.embedding), unit(lower)])


KNOWN = {
    "inswapper": Known(
        "arcface_128",
        SwapNet(128, emap=True, bias=0.2),
        same,
        same,
        lambda source, net: unit(source.embedding @ net.weights["emap"]),
    ),
    "hyperswap": Known("arcface_128", SwapNet(mask=True), signed, unsigned, direction),
    "simswap": Known(
        "arcface_112_v1",
        SwapNet(shows=0.4, bias=0.4),
        imagenet,
        same,
        lambda source, net: unit(moved(source, net)),
    ),
    "simswap_512": Known(
        "arcface_112_v1",
        SwapNet(512, bias=0.2),
        same,
        same,
        lambda source, net: unit(moved(source, net)),
    ),
    "ghost": Known("arcface_112_v1", SwapNet(tells=0.006), signed, unsigned, moved),
    "hififace": Known(
        "mtcnn_512",
        SwapNet(),
        signed,
        unsigned,
        lambda source, net: unit(moved(source, net)),
    ),
    "blendswap": Known(
        "ffhq_512", SwapNet(crop=112, bias=0.3), same, same, portrait(112, ARCFACE_112)
    ),
    "uniface": Known("ffhq_512", SwapNet(crop=256), signed, unsigned, portrait(256, FFHQ_256)),
    "reliableswap": Known(
        "arcface_128", SwapNet(128, numbers=640, bias=0.2), same, same, with_lower
    ),
}


def source_of(index: int) -> Source:
    points = points_at(150 + 20 * index, 160, 60, 12 * index)
    view = View(smooth_picture(320, 320, 40 + index), points)
    raw = RAW[index]
    return Source(f"{index}.png", (view,), unit(raw), float(np.linalg.norm(raw)))


def opened(tmp_path: Path, contract: str, **options) -> tuple[ModelSwapper, OrtSession]:
    net = KNOWN[contract].net
    session = OrtSession(net.save(tmp_path / "swap.onnx", **options))
    converter = OrtSession(save_converter(tmp_path / "converter.onnx"))
    emap = net.weights.get("emap")
    fixer = LowerEmbedder(OrtSession(save_fixer(tmp_path / "fixer.onnx")))
    swapper = ModelSwapper(session, contract, emap=emap, converter=converter, fixer=fixer)
    return swapper, session


def test_all_contracts_are_tested():
    assert KNOWN.keys() == SWAP_CONTRACTS.keys()


@pytest.mark.parametrize("half", [False, True], ids=["f32", "f16"])
@pytest.mark.parametrize("batch", [1, "N"])
@pytest.mark.parametrize("contract", KNOWN)
def test_a_model_is_run_as_its_contract_says(tmp_path, contract, batch, half):
    known = KNOWN[contract]
    swapper, session = opened(tmp_path, contract, batch=batch, half=half)
    assert swapper.template.name == known.template
    assert swapper.sizes == (known.net.size,)
    size = known.net.size
    crops = np.stack([smooth_picture(size, size, seed) for seed in (7, 8)]).astype(np.float32) / 255
    sources = [source_of(0), source_of(1)]
    prepared = [swapper.prepare(source) for source in sources]
    made = swapper.swap(crops, np.zeros((2, 5, 2)), prepared, [None, None])
    assert session.batches == ([2] if batch == "N" else [1, 1])
    entries = np.stack([known.entry(crop) for crop in crops]).transpose(0, 3, 1, 2)
    identities = np.stack([known.identity(source, known.net) for source in sources])
    wanted = known.exit(known.net.answer(entries, identities)).transpose(0, 2, 3, 1)
    assert made.crops.dtype == np.float32
    inside = (wanted > 0.02) & (wanted < 0.98)
    assert inside.mean() > 0.5  # else nothing would be tested
    np.testing.assert_allclose(made.crops, np.clip(wanted, 0, 1), atol=0.02 if half else 2e-4)
    swapped = swapper.swap(crops, np.zeros((2, 5, 2)), prepared[::-1], [None, None])
    assert np.abs(swapped.crops - made.crops).mean() > 0.01  # who it is does matter


def test_the_mask_that_a_model_gives_is_handed_on(tmp_path):
    swapper, _ = opened(tmp_path, "hyperswap")
    crop = smooth_picture(256, 256, 7)[None].astype(np.float32) / 255
    prepared = [swapper.prepare(source_of(0))]
    made = swapper.swap(crop, np.zeros((1, 5, 2)), prepared, [None])
    np.testing.assert_allclose(made.masks, np.clip(signed(crop).max(axis=3), 0, 1), atol=1e-5)
    net = SwapNet(256)
    session = OrtSession(net.save(tmp_path / "plain.onnx"))
    made = ModelSwapper(session, "hyperswap").swap(crop, np.zeros((1, 5, 2)), prepared, [None])
    assert made.masks is None


def test_the_most_frontal_picture_of_a_source_is_taken(tmp_path):
    swapper, _ = opened(tmp_path, "uniface")
    front, turned = source_of(0).views[0], source_of(1).views[0]
    points = turned.points.copy()
    points[2] += [25, 0]  # the nose far aside
    aside = View(turned.image, points)
    both = swapper.prepare(Source("x", (aside, front)))
    np.testing.assert_array_equal(both, swapper.prepare(Source("x", (front,))))


@pytest.mark.parametrize("side", [128, 256])
@pytest.mark.parametrize("batch", [1, "N"])
def test_reliableswap_is_told_of_all_pictures_lower_faces(tmp_path, side, batch):
    """Sides of 128 and 256; every picture of a source counts, and goes through FixerNet once."""
    net = SwapNet(side, numbers=640, bias=0.2)
    fixer = OrtSession(save_fixer(tmp_path / "fixer.onnx", batch=batch))
    session = OrtSession(net.save(tmp_path / "swap.onnx", batch=batch))
    swapper = ModelSwapper(session, "reliableswap", fixer=LowerEmbedder(fixer))
    views = tuple(source_of(index).views[0] for index in (0, 1))
    source = Source("x", views, 3 * unit(RAW[0]))
    prepared = swapper.prepare(source)
    assert fixer.batches == ([1, 1] if batch == 1 else [2])
    np.testing.assert_allclose(prepared, with_lower(source, net), atol=1e-3)
    assert np.linalg.norm(prepared[:512]) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(prepared[512:]) == pytest.approx(1, abs=1e-5)
    crops = np.zeros((3, side, side, 3), np.float32)
    made = swapper.swap(crops, np.zeros((3, 5, 2)), [prepared] * 3, [None] * 3)
    assert made.crops.shape == crops.shape
    assert session.batches == ([1] * 3 if batch == 1 else [3])
    assert len(fixer.batches) <= 2  # not again for every face


@pytest.mark.parametrize("names", [("source", "target"), ("target", "source"), ("a", "b")])
def test_inputs_of_embedding_models_are_told_apart_in_any_order(tmp_path, names):
    """By name, where the names say it: here a model whose picture is called source is refused."""
    path = SwapNet().save(tmp_path / "swap.onnx", names=names)
    if names == ("target", "source"):
        with pytest.raises(ContractError, match="takes inputs of shape"):
            ModelSwapper(OrtSession(path), "hyperswap")
        return
    swapper = ModelSwapper(OrtSession(path), "hyperswap")
    crop = smooth_picture(256, 256, 7)[None].astype(np.float32) / 255
    made = swapper.swap(crop, np.zeros((1, 5, 2)), [swapper.prepare(source_of(0))], [None])
    want = unsigned(
        SwapNet().answer(signed(crop).transpose(0, 3, 1, 2), unit(RAW[0])[None])
    ).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(made.crops, np.clip(want, 0, 1), atol=1e-4)


class Fake:
    def __init__(self, inputs: dict, outputs: list) -> None:
        self.inputs = [Tensor(name, shape) for name, shape in inputs.items()]
        self.outputs = [Tensor(f"o{n}", shape) for n, shape in enumerate(outputs)]


PICTURE = (1, 3, 256, 256)
VECTOR = (1, 512)
MASK = (1, 1, 256, 256)


@pytest.mark.parametrize(
    ("contract", "inputs", "outputs", "message"),
    [
        ("hyperswap", {"target": PICTURE}, [PICTURE], "has 1 inputs"),
        ("hyperswap", {"target": PICTURE, "source": (1, 256)}, [PICTURE], "sources of shape"),
        ("hyperswap", {"target": (1, 3, 128, 128), "source": VECTOR}, [PICTURE], "128 pixels"),
        ("hyperswap", {"target": PICTURE, "source": VECTOR}, [PICTURE, MASK, MASK], "3 outputs"),
        ("ghost", {"target": PICTURE, "source": VECTOR}, [PICTURE, MASK], "2 outputs"),
        ("simswap", {"target": (1, 3, 512, 512), "source": VECTOR}, [PICTURE], "512 pixels"),
        ("uniface", {"target": PICTURE, "source": VECTOR}, [PICTURE], "takes inputs of shape"),
        ("uniface", {"a": PICTURE, "b": PICTURE}, [PICTURE], "inputs are named a and b"),
        ("blendswap", {"target": PICTURE, "source": PICTURE}, [PICTURE], "sources of shape"),
        ("inswapper", {"target": (1, 3, 128, 128), "source": VECTOR}, [PICTURE], "emap of shape"),
        ("reliableswap", {"target": PICTURE, "source": VECTOR}, [PICTURE], "sources of shape"),
    ],
)
def test_models_of_another_contract_are_refused(contract, inputs, outputs, message):
    with pytest.raises(ContractError, match=message) as caught:
        ModelSwapper(Fake(inputs, outputs), contract, name="mine.onnx")
    assert f"a model of the {contract} contract takes target" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("converter", "message"),
    [
        (None, "no converter is configured — set `converter`, for example to crossface_ghost"),
        (Fake({"a": VECTOR, "b": VECTOR}, [VECTOR]), "the converter has inputs and outputs"),
        (Fake({"a": PICTURE}, [VECTOR]), "the converter has inputs and outputs"),
    ],
)
def test_a_missing_or_foreign_converter_is_refused(converter, message):
    session = Fake({"target": PICTURE, "source": VECTOR}, [PICTURE])
    with pytest.raises(ContractError, match=message):
        ModelSwapper(session, "ghost", converter=converter)


@pytest.mark.parametrize(
    ("width", "message"),
    [
        (None, "no FixerNet is configured — set `fixer`, for example to house/fixer"),
        (64, "told of lower faces in 128 numbers, and small gives 64"),
    ],
)
def test_a_missing_or_foreign_fixer_is_refused(tmp_path, width, message):
    session = Fake({"target": PICTURE, "source": (1, 640)}, [PICTURE])
    fixer = None
    if width is not None:
        path = save_fixer(tmp_path / "fixer.onnx", width=width)
        fixer = LowerEmbedder(OrtSession(path), "small")
    with pytest.raises(ContractError, match=message):
        ModelSwapper(session, "reliableswap", fixer=fixer)


@pytest.mark.parametrize(
    ("name", "message"),
    [(None, "its contract is not known"), ("scrfd", "of the contract scrfd, not a swapper")],
)
def test_what_is_no_swap_contract_is_said(name, message):
    with pytest.raises(ContractError, match=message) as caught:
        swap_contract(name, "mine.onnx")
    assert "hififace" in str(caught.value)
