"""The pytest plug-in, run in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

LEAKY = """
    import os, tempfile, threading
    import pytest

    def test_fine(tmp_path):
        (tmp_path / "kept.txt").touch()

    def test_leaves_folder():
        tempfile.mkdtemp()

    def test_leaves_descriptor():
        os.open(os.devnull, os.O_RDONLY)

    def test_leaves_thread():
        threading.Thread(target=threading.Event().wait, daemon=True).start()

    @pytest.mark.leaves("thread")  # a server that lives as long as the session
    def test_may_leave_thread():
        threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def run(folder: Path, text: str, settings: str = "") -> subprocess.CompletedProcess[str]:
    """A pytest in a process of its own: threads left there cannot disturb this one."""
    (folder / "pytest.ini").write_text(f"[pytest]\n{settings}\n")
    (folder / "test_it.py").write_text(textwrap.dedent(text))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rEF", str(folder)]
    (folder / "t").mkdir()
    environment = {**os.environ, "TMPDIR": str(folder / "t")}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)


def test_leaks_fail_the_test_that_left_them(tmp_path: Path) -> None:
    done = run(tmp_path, LEAKY, "vplugin_leaks = true")
    assert done.returncode == 1
    summary = [line for line in done.stdout.splitlines() if line.startswith("ERROR ")]
    assert [line.split("::")[1].split(" ")[0] for line in summary] == [
        "test_leaves_folder",
        "test_leaves_descriptor",
        "test_leaves_thread",
    ]
    assert "left behind: file" in done.stdout
    assert "→ /dev/null" in done.stdout
    assert "left behind: thread" in done.stdout


def test_other_projects_are_left_alone(tmp_path: Path) -> None:
    done = run(tmp_path, LEAKY)
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout


def test_growing_pools_fail_in_the_end(tmp_path: Path) -> None:
    text = """
        import _thread, threading
        from vplugin.testing.leaks import NATIVE_ALLOWANCE

        def test_grows():
            for _ in range(NATIVE_ALLOWANCE + 8):
                _thread.start_new_thread(threading.Event().wait, ())
    """
    done = run(tmp_path, text, "vplugin_leaks = true")
    assert done.returncode == 1
    assert "native threads" in done.stdout


def test_session_folder_is_removed(tmp_path: Path) -> None:
    text = """
        import os, pathlib, tempfile

        def test_it(tmp_path):
            folder = pathlib.Path(tempfile.gettempdir())
            assert os.environ["TMPDIR"] == str(folder)
            assert folder not in tmp_path.parents
            pathlib.Path("where.txt").write_text(str(folder))
    """
    done = run(tmp_path, text, "vplugin_leaks = true")
    assert done.returncode == 0, done.stdout
    assert not Path((tmp_path / "where.txt").read_text()).exists()


def test_harness_fixture_closes_what_a_test_leaves_open(tmp_path: Path) -> None:
    text = """
        from vplugin import Node
        from vplugin.testing.frames import frames

        class Door(Node):
            closed = False

            def close(self):
                Door.closed = True

        def test_first(harness):
            harness(Door).push(frames(1))

        def test_second():
            assert Door.closed
    """
    done = run(tmp_path, text)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("option", ["--fixtures", "--markers"])
def test_plugin_says_what_it_has(tmp_path: Path, option: str) -> None:
    command = [sys.executable, "-m", "pytest", option]
    text = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    wanted = {"--fixtures": "harness(Blur, strength=9)", "--markers": "leaves(*kinds)"}[option]
    assert wanted in text
