"""The package as a whole: what it declares, what it promises about its own code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import vplugin

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "vplugin").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# Comes with a declared package, whose public interface it is part of.
BROUGHT = {"pydantic-core": "pydantic", "annotated-types": "pydantic", "protobuf": "onnx"}


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def declared() -> set[str]:
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *extras["cpu"], *extras["dev"]]
    return {re.split(r"[\[<>=!~ ]", name, maxsplit=1)[0].lower() for name in wanted}


def test_whatever_is_imported_is_declared() -> None:
    distributions = packages_distributions()
    used = {name for file in FILES for name in imports(file)}
    strangers = used - sys.stdlib_module_names - {"vplugin"}
    for name in sorted(strangers):
        owners = {owner.lower().replace("_", "-") for owner in distributions.get(name, [name])}
        owners = {BROUGHT.get(owner, owner) for owner in owners}
        assert owners & declared(), f"{name} is imported and not declared"


def test_version_is_said_once() -> None:
    assert PROJECT["version"] == vplugin.__version__


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_are_of_a_size_to_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 450, "split it: about 400 lines is what one reads"


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("numpy", "torch", "av", "cv2", "pydantic")
    script = f"import sys, vplugin; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_make_knows_its_targets() -> None:
    for target in ("venv", "demo", "test", "check", "bench", "clean"):
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)
