"""Procedural people: faces made from a seed, with the exact truth about every pixel.

The names that most programs need are here (``from vplugin.synth import Person, render``); they load
on first use, as the compiler behind the renderer takes a while to be imported, and so does torch,
which only ``render_on`` needs.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vplugin.synth.backdrop import Backdrop
    from vplugin.synth.camera import Camera
    from vplugin.synth.casting import cast
    from vplugin.synth.device.render import render_on
    from vplugin.synth.expression import Expression
    from vplugin.synth.light import Light
    from vplugin.synth.parts import Segment
    from vplugin.synth.performance import Performance
    from vplugin.synth.person import Person
    from vplugin.synth.pose import Pose
    from vplugin.synth.render import render
    from vplugin.synth.rendering import FaceTruth, Rendering
    from vplugin.synth.scene import Scene, Subject
    from vplugin.synth.script import Script
    from vplugin.synth.swap import swap_truth

__all__ = [
    "Backdrop",
    "Camera",
    "Expression",
    "FaceTruth",
    "Light",
    "Performance",
    "Person",
    "Pose",
    "Rendering",
    "Scene",
    "Script",
    "Segment",
    "Subject",
    "cast",
    "render",
    "render_on",
    "swap_truth",
]

_HOMES = MappingProxyType(
    {
        "Backdrop": "backdrop",
        "Camera": "camera",
        "Expression": "expression",
        "FaceTruth": "rendering",
        "Light": "light",
        "Performance": "performance",
        "Person": "person",
        "Pose": "pose",
        "Rendering": "rendering",
        "Scene": "scene",
        "Script": "script",
        "Segment": "parts",
        "Subject": "scene",
        "cast": "casting",
        "render_on": "device.render",
        "swap_truth": "swap",
    }
)


def __getattr__(name: str) -> Any:
    if name == "render":
        # Python binds this module to the package under its name; it is one that can be called.
        return import_module("vplugin.synth.render")
    if name in _HOMES:
        return getattr(import_module(f"vplugin.synth.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'vplugin.synth' has no attribute {name!r}")
