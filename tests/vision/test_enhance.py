"""The contract of face enhancers: range, channel order, template, weight, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.vision.detector_models import OrtSession, Tensor
from tests.vision.redraw_models import GAIN, enhanced, save_enhancer, save_xseg
from tests.vision.swap_models import save_arcface, save_inswapper, smooth_picture
from vplugin.errors import ContractError
from vplugin.vision.enhance import Enhancer


def _crops(size: int, count: int = 1) -> np.ndarray:
    pictures = [smooth_picture(size, size, seed) for seed in range(count)]
    return np.stack(pictures).astype(np.float32) / 255


@pytest.mark.parametrize(
    ("size", "template"),
    [(256, "arcface_128"), (512, "ffhq_512"), (1024, "ffhq_512"), (2048, "ffhq_512")],
)
def test_size_and_template_are_those_of_the_model(tmp_path: Path, size: int, template: str) -> None:
    enhancer = Enhancer(OrtSession(save_enhancer(tmp_path / "e.onnx", size)))
    assert (enhancer.size, enhancer.template.name) == (size, template)
    assert not enhancer.takes_fidelity


def test_colours_go_in_and_come_out_from_minus_one_to_one_as_rgb(tmp_path: Path) -> None:
    session = OrtSession(save_enhancer(tmp_path / "e.onnx"))
    crops = _crops(512, 2)
    made = Enhancer(session).enhance(crops)
    assert session.batches == [1, 1]
    assert made.dtype == np.float32
    np.testing.assert_allclose(made[:, 400:], enhanced(crops[:, 400:]), atol=1e-5)
    assert made.min() >= 0
    assert made.max() == 1  # the marks at the eyes, clipped


@pytest.mark.parametrize(("fidelity", "more"), [(0.0, 0.0), (0.5, 0.25), (1.0, 0.5)])
def test_codeformer_is_given_its_weight(tmp_path: Path, fidelity: float, more: float) -> None:
    enhancer = Enhancer(OrtSession(save_enhancer(tmp_path / "e.onnx", weight=True)))
    assert enhancer.takes_fidelity
    crops = np.full((2, 512, 512, 3), 0.1, np.float32)
    made = enhancer.enhance(crops, fidelity)
    want = enhanced(crops[:, 500, 500]) + np.array([more, 0, 0])
    np.testing.assert_allclose(made[:, 500, 500], want, atol=1e-5)


def test_a_free_batch_is_used_and_a_free_size_is_512() -> None:
    class Free:
        inputs = [Tensor("x", ("N", 3, "H", "W"))]
        outputs = [Tensor("y", ("N", 3, "H", "W"))]

        def run(self, feeds, /):
            self.seen = feeds["x"]
            return [feeds["x"] * GAIN[0]]

    session = Free()
    enhancer = Enhancer(session)
    assert enhancer.size == 512
    enhancer.enhance(np.zeros((3, 512, 512, 3), np.float32))
    assert session.seen.shape == (3, 3, 512, 512)
    assert (session.seen == -1).all()


def test_half_precision_is_given_half_precision() -> None:
    class Half:
        inputs = [Tensor("x", (1, 3, 512, 512), "float16"), Tensor("weight", (), "float32")]
        outputs = [Tensor("y", (1, 3, 512, 512), "float16")]

        def run(self, feeds, /):
            assert [(one.dtype, one.ndim) for one in feeds.values()] == [("f2", 4), ("f4", 0)]
            return [feeds["x"] * np.float16(feeds["weight"])]

    made = Enhancer(Half()).enhance(np.ones((1, 512, 512, 3), np.float32), 0.5)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, 0.75, atol=1e-3)


@pytest.mark.parametrize("save", [save_inswapper, save_arcface, save_xseg])
def test_models_of_another_contract_are_refused(tmp_path: Path, save) -> None:
    with pytest.raises(ContractError, match="an enhancer takes a picture") as error:
        Enhancer(OrtSession(save(tmp_path / "m.onnx")), "mine.onnx")
    assert error.value.where == "mine.onnx"


def test_an_answer_of_another_size_is_refused() -> None:
    class Odd:
        inputs = [Tensor("x", (1, 3, 512, 512))]
        outputs = [Tensor("y", (1, 3, "H", "W"))]

        def run(self, feeds, /):
            return [feeds["x"][..., ::2, ::2]]

    with pytest.raises(ContractError, match=r"\(1, 3, 256, 256\)"):
        Enhancer(Odd()).enhance(np.zeros((1, 512, 512, 3), np.float32))
