"""The example package: installed as a stranger's package is, found by name, run in a process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vplugin.testing.nodes import read_log

PACKAGE = Path(__file__).parents[2] / "examples" / "blur_node"

GRAPH = """
vplugin: 1
lanes: {{ends: {{kind: process}}, middle: {{kind: process}}}}
nodes:
  source: {{uses: pattern, lane: ends, params: {{count: 5, faces: 2}}}}
  {middle}
  sink: {{uses: collect, lane: ends, params: {{path: {path}}}}}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it, built by pip from a copy of its source."""
    copy = tmp_path_factory.mktemp("source") / "blur_node"
    shutil.copytree(
        PACKAGE, copy, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    )
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--no-index", "--target", str(target), str(copy)], check=True)
    return target


def vplugin(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH")]))
    command = [
        sys.executable,
        "-c",
        "from vplugin.cli import main; raise SystemExit(main())",
        *words,
    ]
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "120"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_it_is_listed_with_its_parameters(place: Path) -> None:
    shown = vplugin(place, "nodes", "blur_faces")
    assert shown.returncode == 0, shown.stderr
    for wanted in (
        "blur_faces",
        "Blur every face",
        "strength",
        "15",
        "201",
        "Kernel size in pixels",
    ):
        assert wanted in shown.stdout


def test_without_the_package_it_is_unknown(tmp_path: Path) -> None:
    shown = vplugin(tmp_path, "nodes", "blur_faces")
    assert shown.returncode != 0
    assert "blur_faces" in shown.stderr


def test_it_runs_in_a_graph(place: Path, tmp_path: Path, install_nodes: object) -> None:
    assert callable(install_nodes)
    install_nodes()
    checksums = []
    for name, middle in (
        ("blurred", "blur: {uses: blur_faces, lane: middle, params: {strength: 9}}"),
        ("plain", "blur: {uses: pass, lane: middle}"),
    ):
        graph = tmp_path / f"{name}.yaml"
        graph.write_text(GRAPH.format(path=tmp_path / f"{name}.log", middle=middle))
        done = vplugin(place, "run", str(graph))
        assert done.returncode == 0, done.stderr
        log = read_log(tmp_path / f"{name}.log")
        assert [line["pts"] for line in log] == [0, 1, 2, 3, 4]
        assert {line["patches"] for line in log} == ({2} if name == "blurred" else {0})
        checksums.append([line["crc"] for line in log])
    assert all(blurred != plain for blurred, plain in zip(*checksums, strict=True))


def test_a_wrong_parameter_is_told_by_line(
    place: Path, tmp_path: Path, install_nodes: object
) -> None:
    assert callable(install_nodes)
    install_nodes()
    graph = tmp_path / "graph.yaml"
    middle = "blur: {uses: blur_faces, lane: middle, params: {strenght: 9}}"
    graph.write_text(GRAPH.format(path=tmp_path / "log", middle=middle))
    done = vplugin(place, "run", str(graph))
    assert done.returncode != 0
    assert f"{graph}:6:" in done.stderr
    assert "strength" in done.stderr


def test_its_own_tests_pass(tmp_path: Path) -> None:
    copy = tmp_path / "blur_node"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    path = os.pathsep.join(filter(None, [str(copy), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        command, cwd=copy, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stdout
