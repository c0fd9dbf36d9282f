from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from vplugin.cli import main


def written(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_show_prints_the_whole_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "detector", "--show", "--set", "batch=5", "--set", "data.size=64"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert (shown["task"], shown["batch"], shown["data"]["size"]) == ("detector", 5, 64)
    assert set(shown) >= {"seed", "optimiser", "output", "neck"}


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["walker"], "there is no recipe 'walker' — choose from detector"),
        (["detector", "--set", "batch"], "'batch' sets nothing — write --set KEY=VALUE"),
        (["detector", "--set", "batch=0"], "batch: Input should be greater than or equal to 1"),
        (["detector", "--set", "colour=1"], "colour: Extra inputs are not permitted"),
        (["detector", "--set", "batch=["], "batch: '[' cannot be read as a value"),
        (["none.yaml"], "none.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_is_one_line(
    words: list[str], match: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *words, "--show"]) == 1
    error = capsys.readouterr().err
    assert match in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "match"),
    [("steps: 3\n", "says no task"), ("task: walker\nsteps: 3\n", "there is no task 'walker'")],
)
def test_a_recipe_names_a_task(
    tmp_path: Path, text: str, match: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", written(tmp_path, text)]) == 1
    assert match in capsys.readouterr().err
