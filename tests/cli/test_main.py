from __future__ import annotations

import os
import subprocess
import sys

import pytest

from vplugin import __version__
from vplugin.cli import doctor, main


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    return text.removesuffix("\n")


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vplugin {__version__}\n"


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_help_names_all_commands(words, capsys):
    assert main(words) == 0
    out = capsys.readouterr().out
    for command in ("run", "check", "graph", "nodes", "doctor", "models"):
        assert f"\n  {command} " in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["frob"], "error: No such command 'frob' — see `vplugin --help`"),
        (["run"], "error: Missing argument 'FILE' — see `vplugin run --help`"),
        (["check"], "error: Missing argument 'FILE"),
        (["run", "x.yaml", "--sett", "a"], "error: No such option: --sett"),
        (["graph", "x.yaml", "--dot", "--mermaid"], "choose one of --mermaid and --dot"),
    ],
)
def test_misuse_is_one_line_and_status_2(words, says, capsys):
    assert main(words) == 2
    assert says in one_line(capsys.readouterr().err)


def test_what_the_product_refuses_is_one_line_and_status_1(capsys, tmp_path):
    assert main(["check", str(tmp_path / "a\nb\x1b[31m.yaml")]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith("error: ")
    assert line.isprintable()


def test_a_fault_of_ours_is_one_line_too(capsys, monkeypatch):
    def fault() -> None:
        raise KeyError("some\nthing")

    monkeypatch.setattr(doctor, "examine", fault)
    assert main(["doctor"]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(
        "error: a fault in vplugin: KeyError: 'some\\nthing' — VPLUGIN_TRACEBACK"
    )
    monkeypatch.setenv("VPLUGIN_TRACEBACK", "1")
    with pytest.raises(KeyError):
        main(["doctor"])


def test_ctrl_c_is_status_130(capsys, monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "examine", interrupted)
    assert main(["doctor"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_models_are_attached(capsys):
    assert main(["models", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in ("list", "info", "pull", "verify", "add"))


def test_as_a_module_and_without_heavy_imports():
    code = (
        "import sys; from vplugin.cli import main; main(['--version']); "
        "print(sorted({'torch', 'numpy', 'av', 'cv2', 'onnxruntime', 'zmq'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"vplugin {__version__}\n[]\n"
    module = subprocess.run(
        [sys.executable, "-m", "vplugin", "frob"], capture_output=True, text=True
    )
    assert module.returncode == 2
    assert module.stderr.startswith("error: No such command 'frob'")


def test_a_closed_pipe_is_no_fault():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "vplugin", "--help"],
            stdout=pipe, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "fault" not in done.stderr
