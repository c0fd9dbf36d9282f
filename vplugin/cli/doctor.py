"""``vplugin doctor``: what this machine has, what is missing, and what to do about it.

Each check looks at one thing and answers with findings. *bad* is what keeps a graph from running
at all; everything else is a warning.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vplugin import __version__

__all__ = ["CHECKS", "Finding", "examine", "libraries"]

State = Literal["ok", "warn", "bad"]
_STYLE: dict[State, str] = {"ok": "green", "warn": "yellow", "bad": "bold red"}
_FAULTS = (ImportError, OSError, RuntimeError, AttributeError, ValueError)  # a library half there

_ENCODERS = ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1", "prores_ks", "aac", "libopus")
_SMALL_SHM = 256 << 20  # bytes; Docker gives 64 MiB


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        state: How it is.
        what: What was looked at.
        found: What is there.
        advice: What to do, where something can be done.
    """

    state: State
    what: str
    found: str
    advice: str = ""


def examine(console: Console | None = None) -> int:
    """Run all checks and print a table.

    Returns:
        The exit status: 1 if anything is bad.
    """
    console = console or Console()
    table = Table(box=None, pad_edge=False)
    for column in ("", "what", "found", "advice"):
        table.add_column(column, overflow="fold")
    findings = [finding for check in CHECKS for finding in check()]
    for one in findings:
        state = Text(one.state, style=_STYLE[one.state])
        table.add_row(state, Text(one.what), Text(one.found), Text(one.advice))
    console.print(table)
    return 1 if any(one.state == "bad" for one in findings) else 0


def system() -> Iterator[Finding]:
    """Python and the platform."""
    version = platform.python_version()
    recent = sys.version_info >= (3, 11)
    yield Finding(
        "ok" if recent else "bad", "python", version, "" if recent else "use 3.11 or later"
    )
    yield Finding("ok", "vplugin", __version__)
    linux = sys.platform == "linux"
    advice = "" if linux else "processes need Linux: all lanes run as threads here"
    yield Finding("ok" if linux else "warn", "platform", platform.platform(terse=True), advice)
    from vplugin.models import machine

    name, _ = machine.cpu()
    bf16 = ", fast bf16" if machine.has_fast_bf16() else ""
    yield Finding("ok", "cpu", f"{name}, {machine.cores()} cores{bf16}")


def libraries() -> Iterator[Finding]:
    """The libraries that vplugin says it needs."""
    try:
        needed = importlib.metadata.requires("vplugin") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("bad", "vplugin", "is not installed", "run `pip install -e .`")
        return
    found, missing = [], []
    for line in needed:
        name = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        if "extra ==" in line:
            continue
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    yield Finding("ok", "libraries", ", ".join(found))
    for name in missing:
        yield Finding("bad", name, "is missing", f"run `pip install {name}`")


def onnxruntime() -> Iterator[Finding]:
    """What onnxruntime would run on."""
    try:
        import onnxruntime as runtime

        providers = ", ".join(p.removesuffix("ExecutionProvider")
                              for p in runtime.get_available_providers())  # fmt: skip
    except _FAULTS as error:
        yield _absent("onnxruntime", error, "run `pip install 'vplugin[cpu]'` (or [cuda])")
    else:
        yield Finding("ok", "onnxruntime", f"{runtime.__version__}: {providers}")


def openvino() -> Iterator[Finding]:
    """Which devices OpenVINO sees."""
    try:
        import openvino as vino

        devices = ", ".join(vino.Core().available_devices)
    except _FAULTS as error:
        yield _absent("openvino", error, "run `pip install 'vplugin[cpu]'`")
    else:
        yield Finding("ok", "openvino", f"{importlib.metadata.version('openvino')}: {devices}")


def torch() -> Iterator[Finding]:
    """PyTorch, and whether it has a GPU."""
    try:
        import torch as library

        gpus = [library.cuda.get_device_name(n) for n in range(library.cuda.device_count())]
    except _FAULTS as error:
        yield Finding("bad", "torch", f"cannot be used: {error}", "run `pip install torch`")
        return
    advice = ""
    if not gpus and shutil.which("nvidia-smi"):
        advice = "there is an NVIDIA driver: install a CUDA build of torch to use it"
    found = f"{library.__version__}: {', '.join(gpus) or 'cpu only'}"
    yield Finding("warn" if advice else "ok", "torch", found, advice)


def encoders() -> Iterator[Finding]:
    """What PyAV can encode."""
    try:
        import av

        known = av.codecs_available
        writable = [name for name in _ENCODERS if name in known and _encodes(name)]
    except _FAULTS as error:
        yield Finding("bad", "PyAV", f"cannot be used: {error}", "run `pip install 'av>=18.1,<19'`")
        return
    libav = ".".join(str(part) for part in av.library_versions["libavcodec"])
    yield Finding("ok", "PyAV", f"{av.__version__}, libavcodec {libav}: {', '.join(writable)}")
    if missing := [name for name in _ENCODERS if name not in writable]:
        yield Finding("warn", "encoders", f"no {', '.join(missing)}", "use PyAV's own wheel")


def _encodes(name: str) -> bool:
    import av

    try:
        return av.Codec(name, "w").is_encoder
    except (av.error.FFmpegError, ValueError):
        return False


def kernel() -> Iterator[Finding]:
    """What the engine needs of the operating system."""
    if sys.platform != "linux":
        return
    try:
        os.close(os.memfd_create("vplugin-doctor"))
        os.close(os.pidfd_open(os.getpid()))
    except OSError as error:
        yield Finding(
            "bad", "memfd, pidfd", f"refused: {error.strerror}", "use kernel 5.3 or later, or a "
            "sandbox that allows memfd_create and pidfd_open",
        )  # fmt: skip
    else:
        yield Finding("ok", "memfd, pidfd", "usable")
    try:
        free = shutil.disk_usage("/dev/shm").free
    except OSError as error:
        yield Finding("warn", "/dev/shm", f"{error.strerror}", "mount it: some runtimes need it")
        return
    small = free < _SMALL_SHM
    yield Finding("warn" if small else "ok", "/dev/shm", f"{free >> 20} MiB free",
                  "in Docker: --shm-size=1g" if small else "")  # fmt: skip


def ffmpeg() -> Iterator[Finding]:
    """The command line tool: tests, benchmarks and pipes use it, graphs do not."""
    path = shutil.which("ffmpeg")
    if path is None:
        yield Finding("warn", "ffmpeg", "not found", "only tests need it: apt-get install ffmpeg")
        return
    try:
        done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("warn", "ffmpeg", f"{path} does not run: {error}", "reinstall it")
    else:
        yield Finding("ok", "ffmpeg", done.stdout.partition(" Copyright")[0] or path)


def models() -> Iterator[Finding]:
    """The store of models."""
    from vplugin.errors import ModelError
    from vplugin.models.store import Store

    store = Store.default()
    try:
        present = [entry.name for entry in store.catalogue.models if store.is_present(entry)]
    except (ModelError, OSError) as error:
        yield Finding("bad", "models", str(error), "repair or remove that file")
        return
    folder = store.root
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield Finding("warn", "models", f"{store.root} cannot be written",
                      "set VPLUGIN_MODELS to another folder")  # fmt: skip
    mirror = f", mirror {store.mirror}" if store.mirror else ""
    yield Finding("ok", "models", f"{store.root}: {', '.join(present)}{mirror}")


def plugins() -> Iterator[Finding]:
    """Nodes of all installed packages."""
    from vplugin.graph.registry import Registry

    registry = Registry()
    faults = registry.broken()
    yield Finding("ok", "nodes", ", ".join(registry.names()))
    for fault in faults:
        yield Finding("warn", "nodes", f"left out: {fault}")


def _absent(name: str, error: Exception, advice: str) -> Finding:
    missing = isinstance(error, ModuleNotFoundError)
    return Finding("warn", name, "not installed" if missing else f"cannot be used: {error}", advice)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    system, libraries, onnxruntime, openvino, torch, encoders, kernel, ffmpeg, models, plugins,
)  # fmt: skip
