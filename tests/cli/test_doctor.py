from __future__ import annotations

import importlib.metadata
import io
import os
import shutil
import subprocess
import sys

import pytest
from rich.console import Console

from vplugin.cli import doctor
from vplugin.cli.doctor import Finding, examine


def found(check) -> dict[str, Finding]:
    return {finding.what: finding for finding in check()}


def test_this_machine_is_fit(tmp_path):
    done = subprocess.run(  # apart, for the threads that the runtimes start and keep
        [sys.executable, "-m", "vplugin", "doctor"], capture_output=True, text=True,
        env=os.environ | {"VPLUGIN_MODELS": str(tmp_path), "COLUMNS": "400"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for what in ("python", "platform", "onnxruntime", "torch", "PyAV", "libx264", "memfd", "nodes"):
        assert what in done.stdout


def test_something_bad_is_status_1(monkeypatch):
    monkeypatch.setattr(
        doctor, "CHECKS", (lambda: iter([Finding("bad", "x", "[bold]", "mend it")]),)
    )
    out = io.StringIO()
    assert examine(Console(file=out, width=80)) == 1
    assert "bad  x     [bold]  mend it" in out.getvalue()


def test_a_missing_library_is_bad(monkeypatch):
    version = importlib.metadata.version

    def without(name: str) -> str:
        if name == "kornia":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without)
    missing = found(doctor.libraries)["kornia"]
    assert (missing.state, missing.advice) == ("bad", "run `pip install kornia`")


@pytest.mark.parametrize(
    ("module", "check", "state"),
    [
        ("onnxruntime", doctor.onnxruntime, "warn"),
        ("openvino", doctor.openvino, "warn"),
        ("torch", doctor.torch, "bad"),
        ("av", doctor.encoders, "bad"),
    ],
)
def test_a_runtime_that_is_not_there(monkeypatch, module, check, state):
    monkeypatch.setitem(sys.modules, module, None)
    (finding,) = check()
    assert finding.state == state
    assert finding.advice.startswith("run `pip install")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_a_sandbox_without_memfd(monkeypatch):
    def refused(name: str) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(doctor.os, "memfd_create", refused)
    finding = found(doctor.kernel)["memfd, pidfd"]
    assert (finding.state, finding.found) == ("bad", "refused: Operation not permitted")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_a_small_shm(monkeypatch):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(64 << 20, 0, 64 << 20)
    )
    assert found(doctor.kernel)["/dev/shm"].advice == "in Docker: --shm-size=1g"


def test_without_ffmpeg(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert found(doctor.ffmpeg)["ffmpeg"].state == "warn"


def test_an_empty_store_has_what_ships(monkeypatch, tmp_path):
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path))
    monkeypatch.delenv("VPLUGIN_MODEL_MIRROR", raising=False)
    finding = found(doctor.models)["models"]
    assert (finding.state, finding.found) == ("ok", f"{tmp_path}: house")
    monkeypatch.setenv("VPLUGIN_MODEL_MIRROR", "/mirror")
    assert found(doctor.models)["models"].found.endswith("mirror /mirror")


def test_a_damaged_store_is_bad(monkeypatch, tmp_path):
    monkeypatch.setenv("VPLUGIN_MODELS", str(tmp_path))
    (tmp_path / ".added").mkdir()
    (tmp_path / ".added" / "x.json").write_text("{")
    assert found(doctor.models)["models"].state == "bad"
