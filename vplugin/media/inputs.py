"""Opens whatever an address names: a file that waits for its reader, or a source that does not."""

from __future__ import annotations

from typing import TypeAlias

from vplugin.errors import SourceError
from vplugin.media.address import Address
from vplugin.media.live import LiveSource
from vplugin.media.reader import Reader, ReaderOptions
from vplugin.media.source import FileSource, OnTruncated, Time

__all__ = ["MediaSource", "open_source", "runs_by_itself"]

MediaSource: TypeAlias = FileSource | LiveSource


def open_source(
    address: Address,
    options: ReaderOptions,
    *,
    live: bool | None = None,
    trim_in: Time | None = None,
    trim_out: Time | None = None,
    on_truncated: OnTruncated = "fail",
) -> MediaSource:
    """Open an input.

    Args:
        address: Where it is.
        options: How to open it; ``timeout`` is for what comes over a network or from a device.
        live: Whether it runs at its own pace; None asks the address. A file that shall be live is
            played in real time.
        trim_in: As :class:`FileSource` takes it.
        trim_out: As :class:`FileSource` takes it.
        on_truncated: As :class:`FileSource` takes it.

    Returns:
        A :class:`LiveSource` may still be opening: call its ``wait_open``.

    Raises:
        SourceError: It cannot be opened, or a live input shall be trimmed.
    """
    if live if live is not None else runs_by_itself(address, options):
        if trim_in is not None or trim_out is not None:
            raise SourceError(
                "a live input cannot be trimmed", where=address.title, mend="leave `trim` out"
            )
        return LiveSource(address, options, paced=not address.live and address.scheme != "pipe")
    return FileSource(
        address, options, trim_in=trim_in, trim_out=trim_out, on_truncated=on_truncated
    )


def runs_by_itself(address: Address, options: ReaderOptions) -> bool:
    """Whether an input is live; an HTTP address has to be opened to know (HLS without an end)."""
    if address.live is not None:
        return address.live
    reader = Reader(address, options)
    try:
        return reader.container.duration is None
    finally:
        reader.close()
