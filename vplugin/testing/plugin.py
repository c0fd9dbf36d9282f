"""The pytest plug-in: fixtures for authors of nodes, and the leak check around every test.

Installed with vplugin (entry point ``pytest11``). It gives the fixtures ``harness`` and ``clips``
to every project; the leak check is on where the project's pytest settings say
``vplugin_leaks = true``. Nothing heavy is imported before a test asks for it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vplugin.testing import leaks

if TYPE_CHECKING:
    from vplugin.testing.harness import HarnessFactory

PLAYGROUND = pytest.StashKey[Path]()
ALLOWANCE = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the setting."""
    parser.addini("vplugin_leaks", "fail tests that leave anything behind", "bool", False)


def pytest_configure(config: pytest.Config) -> None:
    """Give the session a temporary folder of its own, so that what stays in it is ours.

    pytest's ``tmp_path`` stays where it was: it is kept on purpose, for looking at.
    """
    config.addinivalue_line(
        "markers", "leaves(*kinds): the test may leave things of these kinds; say why beside it"
    )
    if not config.getini("vplugin_leaks"):
        return
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="vt-"))  # short: socket paths have 107 characters
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    config.stash[PLAYGROUND] = folder
    config.stash[ALLOWANCE] = leaks.Snapshot.take(folder).native_threads + leaks.NATIVE_ALLOWANCE
    leaks.mark_children()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the session's temporary folder."""
    if folder := config.stash.get(PLAYGROUND, None):
        shutil.rmtree(folder, ignore_errors=True)
        tempfile.tempdir = None
        os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"]


@pytest.fixture(autouse=True)
def _vplugin_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves anything behind. Set up first, so it looks after all others."""
    config = request.config
    folder = config.stash.get(PLAYGROUND, None)
    if folder is None:
        yield
        return
    before = leaks.Snapshot.take(folder)
    yield
    allowed = {kind for mark in request.node.iter_markers("leaves") for kind in mark.args}
    left = leaks.wait_for_leaks(before, folder=folder)
    left = frozenset(leak for leak in left if leak.kind not in allowed)
    if left:
        pytest.fail(str(leaks.LeakError(left)), pytrace=False)
    _check_native_threads(config)


def _check_native_threads(config: pytest.Config) -> None:
    """Unnamed native threads cannot be told apart, so only their growth over the run is bounded."""
    count = len(os.listdir("/proc/self/task")) if leaks.LINUX else 0
    if count > config.stash[ALLOWANCE]:
        config.stash[ALLOWANCE] = count + leaks.NATIVE_ALLOWANCE
        pytest.fail(f"left behind: {count} native threads, pools of libraries grow", pytrace=False)


@pytest.fixture
def harness() -> Iterator[HarnessFactory]:
    """Push frames through one node: ``harness(Blur, strength=9).push(frames).finish()``.

    Nodes that a failing test left open are closed.
    """
    from vplugin.testing.harness import Harness

    with ExitStack() as stack:
        yield lambda node, **params: stack.enter_context(Harness(node, **params))


@pytest.fixture
def clips(tmp_path: Path) -> Callable[..., Path]:
    """Generated media files: ``clips("in.mkv", frames=50, audio=None)`` gives the path.

    The keywords are the attributes of :class:`vplugin.testing.clips.Clip`.
    """
    from vplugin.testing.clips import make_clip

    return lambda name="clip.mp4", **changes: make_clip(tmp_path / name, **changes)


@pytest.fixture
def install_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., None]]:
    """Make node classes known by name in all processes: ``install_nodes(ink=Ink)``.

    The nodes of :mod:`vplugin.testing` come along: ``pattern``, ``collect``, ``pass``, ``dawdle`` …
    """
    from vplugin.testing.install import installed

    with ExitStack() as stack:
        yield lambda **nodes: stack.enter_context(
            installed(tmp_path_factory.mktemp("nodes"), **nodes)
        )
