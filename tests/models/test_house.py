"""The models that ship: their files are those of the catalogue, and are found without a pull."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.train.real_faces import real_faces
from vplugin.models.catalogue import Member, stock
from vplugin.models.files import sha256
from vplugin.models.runtime import open_session
from vplugin.models.store import Store
from vplugin.train.ship import HOUSE
from vplugin.vision.detect import open_detector

ROOT = Path(__file__).parents[2]
ENTRY = stock().find("house")[0]
# Places that were left to be filled in: a card was once committed with them.
_UNFINISHED = re.compile(r"TODO|XXX|\b(?:FIGURES|PICTURES|RUNS|PEOPLE|PP)\b|\bN steps\b")
MEMBERS = [pytest.param(one, id=one.name) for one in ENTRY.members]


@pytest.mark.parametrize("member", MEMBERS)
def test_house_models_are_found_in_an_empty_store(member: Member, tmp_path: Path) -> None:
    found = Store(tmp_path).resolve(f"house/{member.name}", commercial=True)
    assert found.path == HOUSE.parent / member.path
    assert found.contract == member.contract
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("member", MEMBERS)
def test_checksums_and_cards_are_those_of_the_files(member: Member) -> None:
    path = HOUSE.parent / member.path
    assert sha256(path) == member.sha256
    assert path.stat().st_size == member.bytes
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert str(member.sha256) in card
    assert "Apache-2.0" in card
    assert not _UNFINISHED.search(card)
    for part in ("## Data", "## Training", "## Figures", "## Limits"):
        assert part in card


def test_a_house_model_is_present_and_verified(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.is_present(ENTRY)
    assert {one.state for one in store.verify(("house",))} == {"ok"}


def test_a_damaged_copy_in_the_store_is_not_hidden_by_the_shipped_file(tmp_path: Path) -> None:
    member = ENTRY.members[0]
    copy = tmp_path / member.path
    copy.parent.mkdir()
    copy.write_bytes(b"rubbish")
    assert {one.state for one in Store(tmp_path).verify(("house",))} >= {"wrong"}


def test_the_repository_has_them_where_insightface_looks() -> None:
    for name in ("house", "swap"):
        assert (ROOT / "models" / name).resolve() == (HOUSE.parent / name).resolve()


def test_insightface_and_vplugin_find_the_same_faces() -> None:
    """From the repository root, as its users would: same boxes, same points, same scores."""
    from insightface.app import FaceAnalysis

    app = FaceAnalysis(
        name="house",
        root=str(ROOT),
        allowed_modules=["detection"],
        providers=["CPUExecutionProvider"],
    )
    app.prepare(ctx_id=-1, det_thresh=0.5, det_size=(640, 640))
    _, picture, _ = real_faces()[0]
    boxes, points = app.det_model.detect(picture[..., ::-1].copy(), input_size=(640, 640))
    with open_session(HOUSE / "detector.onnx", runtime="onnxruntime") as session:
        ours = open_detector(session).detect([picture], score=0.5, canvas=(640, 640))[0]
    assert len(ours) == len(boxes) > 0
    assert ours.points is not None
    np.testing.assert_allclose(boxes[:, :4], ours.boxes, atol=0.01)
    np.testing.assert_allclose(boxes[:, 4], ours.scores, atol=1e-4)
    np.testing.assert_allclose(points, ours.points, atol=0.01)
