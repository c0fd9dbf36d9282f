"""The inswapper contract against insightface itself, for the same ONNX file."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
from insightface.app.common import Face as PeerFace
from insightface.model_zoo.arcface_onnx import ArcFaceONNX
from insightface.model_zoo.inswapper import INSwapper

from tests.vision.detector_models import OrtSession, Tensor
from tests.vision.swap_models import points_at, psnr, save_arcface, save_inswapper, smooth_picture
from vplugin.errors import ContractError
from vplugin.picture import Rect
from vplugin.vision.align import apply, crop_rect, shifted, similarity, warp
from vplugin.vision.blend import HostCompositor, Region
from vplugin.vision.embed import Embedder, cosine
from vplugin.vision.mask import insightface_mask
from vplugin.vision.onnx_facts import normalises_itself, read_emap
from vplugin.vision.source import Source, View
from vplugin.vision.swap_model import ModelSwapper


def _load(path: Path) -> onnx.GraphProto:
    return onnx.load(path).graph


@pytest.fixture(scope="module")
def inswapper(tmp_path_factory) -> Path:
    return save_inswapper(tmp_path_factory.mktemp("models") / "swap.onnx")


@pytest.fixture(scope="module")
def peer(inswapper) -> INSwapper:
    return INSwapper(str(inswapper), None)


def _swapper(path: Path) -> ModelSwapper:
    return ModelSwapper(OrtSession(path), "inswapper", emap=read_emap(path, _load).matrix)


def _source(seed: int = 0) -> tuple[Source, PeerFace]:
    raw = np.random.default_rng(seed).normal(0, 1, 512).astype(np.float32)
    view = View(np.zeros((8, 8, 3), np.uint8), points_at(4, 4, 3))
    source = Source("x", (view,), raw / np.linalg.norm(raw))
    return source, PeerFace(embedding=raw)


def _peer_get(peer: INSwapper, image, points, face, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # insightface calls what skimage deprecates
        return peer.get(image, PeerFace(kps=points), face, **options)


@pytest.mark.parametrize(
    "place", [(300, 220, 40, 0), (300, 220, 66, 35), (260, 240, 21, -120)], ids=str
)
def test_swapped_crop_equals_insightface(inswapper, peer, place):
    image = smooth_picture(600, 440)
    points = points_at(*place)
    source, face = _source()
    theirs, matrix = _peer_get(peer, image[..., ::-1].copy(), points, face, paste_back=False)
    swapper = _swapper(inswapper)
    ours_matrix = similarity(points, swapper.template.at(128))
    np.testing.assert_allclose(ours_matrix, matrix, atol=1e-3)
    crop = warp(image, ours_matrix, (128, 128), border="black")[None].astype(np.float32) / 255
    made = swapper.swap(crop, points[None], [swapper.prepare(source)], [None])
    assert made.masks is None
    assert made.crops.dtype == np.float32
    found = psnr(made.crops[0] * 255, theirs[..., ::-1])
    assert found > 45
    # The identity matters: another person gives another picture.
    other = swapper.swap(crop, points[None], [swapper.prepare(_source(1)[0])], [None])
    assert psnr(other.crops[0] * 255, theirs[..., ::-1]) < 30


@pytest.mark.parametrize("place", [(300, 220, 40, 10), (300, 220, 62, -35)], ids=str)
def test_pasted_picture_equals_insightface(inswapper, peer, place):
    """Within two levels: insightface truncates to 8 bits twice where we round."""
    image = smooth_picture(600, 440)
    points = points_at(*place)
    source, face = _source()
    theirs = _peer_get(peer, image[..., ::-1].copy(), points, face)[..., ::-1]
    swapper, host = _swapper(inswapper), HostCompositor()
    matrix = similarity(points, swapper.template.at(128))
    rect = crop_rect(matrix, 128, Rect(0, 0, 600, 440))
    region = Region(rect, np.ascontiguousarray(image[rect.slices]), shifted(matrix, rect), 128)
    crops = host.crops([region], border="black")
    made = swapper.swap(crops, apply(matrix, points)[None], [swapper.prepare(source)], [None])
    ours = image.copy()
    for edit in host.paste([region], made.crops, [insightface_mask(matrix, 128, rect)]):
        ours[edit.rect.slices] = edit.rgb
    changed = np.abs(theirs.astype(int) - image).max(axis=2) > 3
    assert changed.sum() > 3000
    assert psnr(ours[changed], theirs[changed]) > 45
    assert np.abs(ours.astype(int) - theirs)[~changed].max() <= 4


@pytest.mark.parametrize("batch", [1, "N"])
def test_several_faces_each_with_their_own_source(tmp_path, batch):
    path = save_inswapper(tmp_path / "many.onnx", batch=batch)
    session = OrtSession(path)
    swapper = ModelSwapper(session, "inswapper", emap=read_emap(path, _load).matrix)
    crops = np.stack([smooth_picture(128, 128, seed) for seed in range(3)]).astype(np.float32) / 255
    sources = [swapper.prepare(_source(seed)[0]) for seed in range(3)]
    points = np.zeros((3, 5, 2))
    together = swapper.swap(crops, points, sources, [None] * 3).crops
    assert session.batches == ([3] if batch == "N" else [1, 1, 1])
    for index in range(3):
        one = slice(index, index + 1)
        alone = swapper.swap(crops[one], points[one], sources[one], [None]).crops
        np.testing.assert_allclose(together[index], alone[0], atol=1e-5)


def test_values_are_clipped_to_the_range(tmp_path):
    class Loud:
        inputs = [Tensor("t", (1, 3, 128, 128)), Tensor("s", (1, 512))]
        outputs = [Tensor("o", (1, 3, 128, 128))]

        def run(self, feeds, /):
            return [feeds["t"] * 4 - 1.5]

    swapper = ModelSwapper(Loud(), "inswapper", emap=np.eye(512))
    crops = smooth_picture(128, 128)[None].astype(np.float32) / 255
    made = swapper.swap(crops, np.zeros((1, 5, 2)), [np.zeros(512, np.float32)], [None]).crops
    assert made.min() == 0.0
    assert made.max() == 1.0


def _session(inputs, outputs=((1, 3, 128, 128),)):
    class Fake:
        pass

    fake = Fake()
    fake.inputs = [Tensor(f"i{n}", shape) for n, shape in enumerate(inputs)]
    fake.outputs = [Tensor(f"o{n}", shape) for n, shape in enumerate(outputs)]
    return fake


@pytest.mark.parametrize(
    ("session", "emap", "message"),
    [
        (_session([(1, 3, 128, 128)]), np.eye(512), "1 inputs"),
        (_session([(1, 512), (1, 512)]), np.eye(512), r"shape \(1, 512\)"),
        (_session([(1, 3, 128, 128), (1, 512)]), np.zeros(9), r"emap of shape \(9,\)"),
        (_session([(1, 3, 128, 128), (1, 512)], ((1,), (1,))), np.eye(512), "2 outputs"),
    ],
)
def test_models_of_another_contract_are_refused(session, emap, message):
    with pytest.raises(ContractError, match=message):
        ModelSwapper(session, "inswapper", emap=emap, name="mine.onnx")


def test_a_source_without_or_with_a_foreign_embedding_is_refused(inswapper):
    swapper = _swapper(inswapper)
    view = View(np.zeros((8, 8, 3), np.uint8), points_at(4, 4, 3))
    with pytest.raises(ContractError, match="no embedder is configured"):
        swapper.prepare(Source("ada.png", (view,)))
    with pytest.raises(ContractError, match="length 512"):
        swapper.prepare(Source("ada.png", (view,), np.ones(256, np.float32)))


def test_an_answer_of_another_shape_is_refused():
    session = _session([(1, 3, 128, 128), (1, 512)])
    session.run = lambda feeds: [np.zeros((1, 3, 64, 64), np.float32)]
    swapper = ModelSwapper(session, "inswapper", emap=np.eye(512), name="mine.onnx")
    with pytest.raises(ContractError, match=r"\(1, 3, 64, 64\)"):
        swapper.swap(
            np.zeros((1, 128, 128, 3), np.float32),
            np.zeros((1, 5, 2)),
            [np.zeros(512, np.float32)],
            [None],
        )


def test_emap_is_the_last_initializer_and_is_read_once(inswapper, peer, tmp_path):
    loads = []

    def load(path):
        loads.append(path)
        return _load(path)

    first = read_emap(inswapper, load, tmp_path)
    again = read_emap(inswapper, load, tmp_path)
    assert len(loads) == 1
    np.testing.assert_array_equal(first.matrix, peer.emap)
    np.testing.assert_array_equal(again.matrix, peer.emap)
    assert first.sha256 == again.sha256
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-2000] + b"\0" * 2000)  # damage is noticed, not used
    np.testing.assert_array_equal(read_emap(inswapper, load, tmp_path).matrix, peer.emap)
    assert len(loads) == 2


def test_a_model_without_an_identity_matrix_is_refused(tmp_path):
    path = save_arcface(tmp_path / "face.onnx")  # its last initializer is not square
    with pytest.raises(ContractError, match="last initializer has shape"):
        read_emap(path, _load)


@pytest.mark.parametrize("batch", [1, "N"])
@pytest.mark.parametrize("own", [False, True], ids=["0-1", "raw"])
def test_embeddings_equal_insightface(tmp_path, batch, own):
    path = save_arcface(tmp_path / "face.onnx", batch=batch, own_normalisation=own)
    theirs = ArcFaceONNX(str(path), None)
    ours = Embedder(OrtSession(path), normalises_itself=normalises_itself(_load(path)))
    image, points = smooth_picture(400, 300), points_at(200, 150, 45, 20)
    face = PeerFace(kps=points)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = theirs.get(image[..., ::-1].copy(), face)
    have = ours.of_face(image, points)
    assert have.shape == (512,)
    assert cosine(have, want) > 0.999
    np.testing.assert_allclose(have, want, atol=0.02 * np.abs(want).max())
    crops = np.stack([smooth_picture(112, 112, seed) for seed in range(2)])
    if batch == "N":
        batch_of_theirs = theirs.get_feat([crop[..., ::-1] for crop in crops])
        np.testing.assert_allclose(ours.embed(crops), batch_of_theirs, rtol=1e-3, atol=1e-3)
    assert cosine(*ours.embed(crops)) < 0.99


def test_a_recogniser_of_another_contract_is_refused():
    with pytest.raises(ContractError, match="ArcFace"):
        Embedder(_session([(1, 512)], ((1, 512),)))
