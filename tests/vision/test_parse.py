"""The parser's runner: normalisation, chances, what is hidden, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.vision.detector_models import OrtSession, Tensor, noise_picture
from tests.vision.house_models import save_parser
from vplugin.errors import ContractError
from vplugin.vision.parse import FaceClass, Parser


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_parser(tmp_path_factory.mktemp("parser") / "parser.onnx")


class _Fake:
    """Says the class that the first pixel's red is, everywhere; hidden where green is bright."""

    def __init__(self, shape: tuple[object, ...] = (1, 3, 64, 64), *, hidden: bool = True) -> None:
        self.inputs = [Tensor("input", shape)]
        self.outputs = [Tensor("output", (1, 19, 64, 64))]
        self.outputs += [Tensor("hidden", (1, 1, 64, 64))] if hidden else []
        self.seen: list[np.ndarray] = []

    def run(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        picture = inputs["input"]
        self.seen.append(picture)
        red = picture[:, 0] * 0.229 + 0.485
        logits = -8 * np.abs(np.arange(19)[:, None, None] / 255 - red[:, None]) * 255
        answers = [logits.astype(np.float32), picture[:, 1:2] * 100]
        return answers[: len(self.outputs)]


def _crops() -> np.ndarray:
    crops = np.zeros((2, 64, 64, 3), np.uint8)
    crops[0, :32, :, 0], crops[1, ..., 0] = FaceClass.HAIR, FaceClass.NOSE
    crops[0, :, :16, 1] = 255
    return crops


def test_labels_chances_and_what_is_hidden() -> None:
    parsed = Parser(_Fake()).parse(_crops())
    assert (parsed.labels[0, :32] == FaceClass.HAIR).all()
    assert (parsed.labels[0, 32:] == FaceClass.BACKGROUND).all()
    assert (parsed.labels[1] == FaceClass.NOSE).all()
    np.testing.assert_allclose(parsed.chances.sum(1), 1, atol=1e-5)
    both = parsed.chance(FaceClass.HAIR, FaceClass.HAT)
    np.testing.assert_allclose(both[0, 0], parsed.chances[0, 17, 0] + parsed.chances[0, 18, 0])
    assert (parsed.hidden[0, :, :16] > 0.99).all()
    assert (parsed.hidden[0, :, 16:] < 0.01).all()


def test_pictures_are_normalised_as_for_imagenet() -> None:
    fake = _Fake()
    Parser(fake).parse(np.full((1, 64, 64, 3), 255, np.uint8))
    np.testing.assert_allclose(fake.seen[0][0, :, 0, 0], (2.2489, 2.4286, 2.64), atol=1e-3)


def test_a_parser_without_the_hidden_map_sees_nothing_hidden() -> None:
    parser = Parser(_Fake(hidden=False))
    assert not parser.sees_hidden
    assert not parser.parse(_crops()).hidden.any()


def test_coarser_heads_of_other_parsers_are_left_aside() -> None:
    fake = _Fake(("N", 3, "H", "W"))
    fake.outputs = [Tensor(f"out{n}", ("N", 19, "H", "W")) for n in range(3)]
    parser = Parser(fake)
    assert (parser.sees_hidden, parser.size) == (False, 512)
    assert Parser(_Fake(("N", 3, "H", "W"))).size == 160  # our own, which says what is hidden


@pytest.mark.parametrize("size", [64, 96])
def test_the_size_is_free_where_the_model_leaves_it_free(model: Path, size: int) -> None:
    parser = Parser(OrtSession(model), size=size)
    points = np.array([[40.0, 50], [70, 48], [56, 66], [44, 84], [68, 83]])
    parsed = parser.of_face(noise_picture(120, 130), points)
    assert parser.sees_hidden
    assert parsed.labels.shape == parsed.hidden.shape == (1, size, size)


def test_the_file_gives_what_the_runner_says(model: Path) -> None:
    crops = np.stack([noise_picture(96, 96, seed) for seed in (1, 2)])
    parsed = Parser(OrtSession(model), size=96).parse(crops)
    mean, spread = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))
    blob = ((torch.from_numpy(crops) / 255 - mean) / spread).permute(0, 3, 1, 2).numpy()
    logits, hidden = OrtSession(model).run({"input": np.ascontiguousarray(blob)})
    assert np.array_equal(parsed.labels, logits.argmax(1))
    np.testing.assert_allclose(parsed.hidden, 1 / (1 + np.exp(-hidden[:, 0])), atol=1e-4)


def test_other_models_are_refused() -> None:
    fake = _Fake()
    fake.outputs = [Tensor("output", (1, 512))]
    with pytest.raises(ContractError, match="face parser takes"):
        Parser(fake)
