from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.models.make import relu_net
from vplugin.errors import ModelError, TrainError
from vplugin.models.catalogue import load, stock
from vplugin.models.files import sha256
from vplugin.train.ship import HOUSE, main, ship


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "house"
    path.mkdir()
    shutil.copy(HOUSE / "catalogue.yaml", path)
    return path


@pytest.mark.parametrize("name", [member.name for member in stock().find("house")[0].members])
def test_a_shipped_model_has_its_checksum_everywhere(
    name: str, folder: Path, tmp_path: Path
) -> None:
    model = relu_net(tmp_path / "model.onnx")
    place = load(folder / "catalogue.yaml").find(f"house/{name}")[1]
    assert place is not None
    shipped = folder.parent / place.path
    shipped.parent.mkdir(exist_ok=True)
    card = shipped.with_suffix(".md")
    card.write_text(f"# Detector\n\nsha256: `{'0' * 64}`, 1 {'a' * 64}\n")
    before = load(folder / "catalogue.yaml").find("house")[0]
    digest = ship(model, name, folder=folder)
    assert digest == sha256(model) == sha256(shipped)
    entry, member = load(folder / "catalogue.yaml").find(f"house/{name}")
    assert member is not None
    assert (member.sha256, member.bytes) == (digest, model.stat().st_size)
    assert card.read_text() == f"# Detector\n\nsha256: `{digest}`, 1 {'a' * 64}\n"
    assert [one for one in entry.members if one.name != name] == [
        one for one in before.members if one.name != name
    ]


def test_what_cannot_be_shipped_is_refused(folder: Path, tmp_path: Path, capsys) -> None:
    model = relu_net(tmp_path / "model.onnx")
    with pytest.raises(TrainError, match="has no model 'walker'"):
        ship(model, "walker", folder=folder)
    (tmp_path / "text.onnx").write_text("text")
    with pytest.raises(ModelError):
        ship(tmp_path / "text.onnx", "detector", folder=folder)
    assert not (folder / "detector.onnx").exists()
    assert main([str(tmp_path / "none.onnx"), "detector"]) == 1
    assert "error: " in capsys.readouterr().err
    assert main([]) == 2
