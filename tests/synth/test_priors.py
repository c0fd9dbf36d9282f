"""The table of priors, and that the page on people shows it as it is."""

from __future__ import annotations

from pathlib import Path

from vplugin.synth.expression import Expression
from vplugin.synth.priors import groups, table

PAGE = Path(__file__).parents[2] / "docs" / "people.md"
MEND = "run `vplugin synth priors` and put its output at the end of docs/people.md"


def test_every_group_is_there_once() -> None:
    names = [name for name, _ in groups()]
    assert len(names) == len(set(names))
    assert {"skull", "nose", "expression", "pose", "light", "camera", "backdrop"} <= set(names)


def test_rows_say_what_a_parameter_is() -> None:
    lines = table().splitlines()
    for parameter in Expression.parameters():
        [row] = [
            line for line in lines if line.startswith(f"| {parameter.name} | {parameter.unit} |")
        ]
        assert parameter.sentence in row
        assert f"{parameter.low:g} | {parameter.high:g}" in row
    [preset] = [line for line in lines if line.startswith("| preset |")]
    assert "studio 17 %" in preset


def test_the_page_shows_it_as_it_is() -> None:
    assert PAGE.read_text().endswith(table()), MEND
