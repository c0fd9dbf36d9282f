"""Every command in the documents runs, every file they show is used, every link leads somewhere.

Blocks fenced as ``sh`` are run in order, page by page, in a workspace with the stock graphs and
short clips. Blocks of YAML and Python that begin with a file name in a comment are written there.
Blocks fenced as ``text`` are for people: they need a network, an account or another machine.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from vplugin.errors import ModelError
from vplugin.models.store import Store

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r"# ([\w./-]+\.(?:yaml|py))\n")
LINK = re.compile(r"\]\(([^)#]+)")

# Set-up was done before the tests can run at all; that the targets exist is what can be seen here.
STAND_INS = {"make demo": "make --dry-run demo", ".venv/bin/vplugin": "vplugin"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    kind: str
    text: str

    @property
    def file(self) -> str | None:
        """The name of the file that it shows."""
        match = TITLE.match(self.text)
        return match[1] if match else None

    @property
    def commands(self) -> Iterator[str]:
        for line in self.text.splitlines():
            for shown, meant in STAND_INS.items():
                line = line.replace(shown, meant)
            yield line


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in FENCE.findall(page.read_text())]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as a reader has it after `make demo`, with clips of four seconds."""
    place = tmp_path_factory.mktemp("docs")
    for name in ("graphs", "examples", "benchmarks", "Makefile", "pyproject.toml"):
        (place / name).symlink_to(ROOT / name)
    spec = importlib.util.spec_from_file_location("docs_media", ROOT / "examples" / "media.py")
    assert spec is not None
    assert spec.loader is not None
    media = importlib.util.module_from_spec(spec)
    sys.modules["docs_media"] = media
    spec.loader.exec_module(media)
    media.main(place / "out" / "media", media.Shot(320, 180, 4))
    return place


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With a model store of its own that has YuNet."""
    store = tmp_path_factory.mktemp("models")
    with mock.patch.dict(os.environ, VPLUGIN_MODELS=str(store)):
        try:
            Store.default().pull("yunet")
        except ModelError as error:
            pytest.skip(f"YuNet cannot be had: {error}")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "VPLUGIN_MODELS": str(store), "COLUMNS": "100"}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_run(page: Path, workspace: Path, environment: dict[str, str]) -> None:
    for block in blocks(page):
        if block.file is not None:
            (workspace / block.file).write_text(block.text)
        if block.kind == "sh":
            for command in block.commands:
                done = subprocess.run(
                    ["bash", "-o", "pipefail", "-c", command],
                    cwd=workspace,
                    env=environment,
                    capture_output=True,
                    text=True,
                )
                assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_say_what_they_are(page: Path) -> None:
    for block in blocks(page):
        assert block.kind in ("sh", "text", "yaml", "python", "toml")
        assert block.kind not in ("yaml", "python") or block.file, "a block that nothing runs"


def test_every_document_is_in_the_table_of_contents() -> None:
    contents = (ROOT / "README.md").read_text()
    assert [page.name for page in (ROOT / "docs").glob("*.md") if page.name not in contents] == []


def test_every_benchmark_is_described() -> None:
    described = (ROOT / "docs" / "benchmarks.md").read_text()
    names = [f.stem for f in (ROOT / "benchmarks").glob("[!_]*.py") if "def main(" in f.read_text()]
    assert [name for name in names if f"`{name}`" not in described] == []


def test_tools_of_the_page_on_live_are_there() -> None:
    assert shutil.which("ffmpeg"), "the tests need FFmpeg's program (apt-get install ffmpeg)"
