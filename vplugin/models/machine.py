"""What this machine can do for running models: cores, bf16, and a name to remember it by."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
from functools import cache
from pathlib import Path

import psutil

#: Kernel names of the CPU features that make bf16 faster than float32.
BF16_FEATURES = frozenset({"amx_bf16", "avx512_bf16", "bf16"})
#: Distributions whose version changes what runs fastest.
RUNTIME_PACKAGES = ("onnxruntime", "onnxruntime-gpu", "openvino", "torch")


def cores() -> int:
    """Physical cores that this process may use, at least 1."""
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        allowed = os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


@cache
def cpu() -> tuple[str, frozenset[str]]:
    """The CPU's model name and its features in the kernel's words (empty where unknown)."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine(), frozenset()
    fields: dict[str, str] = {}
    for line in text.split("\n\n", 1)[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    features = frozenset(fields.get("flags", fields.get("Features", "")).split())
    return fields.get("model name", platform.machine()), features


def has_fast_bf16() -> bool:
    """Whether the CPU multiplies bf16 in hardware (AMX, AVX-512 BF16, Arm BF16)."""
    return bool(cpu()[1] & BF16_FEATURES)


@cache
def versions() -> dict[str, str]:
    """Versions of the installed runtimes by distribution name."""
    found: dict[str, str] = {}
    for name in RUNTIME_PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def fingerprint(device: str, threads: int) -> str:
    """A short name for everything on this machine that changes what runs fastest."""
    name, features = cpu()
    parts = [name, *sorted(features), device, str(threads), platform.system()]
    parts += [f"{key}={value}" for key, value in sorted(versions().items())]
    if device.startswith("cuda"):
        parts.append(_gpu_name(device))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _gpu_name(device: str) -> str:
    import torch

    return torch.cuda.get_device_name(device) if torch.cuda.is_available() else "none"
