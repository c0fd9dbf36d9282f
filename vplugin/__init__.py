"""vplugin: a face processor for streaming pipelines.

The names an author of nodes needs are here; they load on first use, so that the conductor process
stays free of numpy.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vplugin.frame import Drop, Face, Frame, Patch, Tombstone
    from vplugin.node import Context, Node, Params, Port, Sink, Source, StreamInfo
    from vplugin.picture import ColourTags, Picture, PictureFormat, Rect

__version__ = "0.1.0"

# onnxruntime's Linux wheels report model names and hashes to Microsoft unless this is set before
# they are imported. A program that handles faces must not; who wants it sets the variable to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "ColourTags",
    "Context",
    "Drop",
    "Face",
    "Frame",
    "Node",
    "Params",
    "Patch",
    "Picture",
    "PictureFormat",
    "Port",
    "Rect",
    "Sink",
    "Source",
    "StreamInfo",
    "Tombstone",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in ("vplugin.frame", "vplugin.node", "vplugin.picture"):
            loaded = import_module(module)
            if hasattr(loaded, name):
                return getattr(loaded, name)
    raise AttributeError(f"module 'vplugin' has no attribute {name!r}")
