"""The node that reads video: files, cameras, network streams, standard input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from vplugin.errors import SourceError
from vplugin.frame import Frame
from vplugin.media.address import Address
from vplugin.media.inputs import MediaSource, open_source, runs_by_itself
from vplugin.media.live import LiveSource
from vplugin.media.reader import ReaderOptions
from vplugin.media.times import exact_seconds
from vplugin.node import Context, Params, Port, Source, StreamInfo

__all__ = ["Decode", "DecodeParams", "Trim"]


def _time(value: str | int | float | None) -> str | int | float | None:
    """Refuse early what no clip could understand."""
    if value is not None:
        try:
            exact_seconds(value, rate=exact_seconds(25))
        except SourceError as error:
            raise ValueError(str(error)) from error
    return value


Time = Annotated[str | int | float | None, AfterValidator(_time)]
Option = Annotated[str, BeforeValidator(lambda value: str(value))]


class Trim(BaseModel):
    """The part of a file to read: seconds (10.5, 10.5s), 00:00:10.5, a frame (250f) or timecode."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    into: Time = Field(default=None, alias="in", description="First moment to keep.")
    out: Time = Field(default=None, description="First moment not to keep.")


class DecodeParams(Params):
    """Parameters of :class:`Decode`."""

    uri: str = Field(
        description="A file, `-` for standard input, or rtsp://, rtmp://, udp://, tcp://, "
        "http(s)://, v4l2:///dev/video0, lavfi://testsrc2=size=640x360."
    )
    track: int = Field(default=0, ge=0, description="Which of its video tracks, from 0.")
    trim: Trim = Field(default=Trim(), description="The part of a file to read, frame-exact.")
    live: bool | None = Field(
        default=None, description="Whether it runs at its own pace; unset asks the input."
    )
    threads: int = Field(
        default=0, ge=0, le=64, description="Decoder threads; 0 leaves it to FFmpeg."
    )
    low_delay: bool | None = Field(
        default=None,
        description="Decode without holding frames back; unset: where the input is live.",
    )
    timeout: float = Field(
        default=10.0, gt=0, description="Seconds that a network or a device may be silent."
    )
    format: str | None = Field(default=None, description="FFmpeg demuxer to force.")
    on_truncated: Literal["fail", "accept"] = Field(
        default="fail", description="Whether a file that ends before its header says is an error."
    )
    options: dict[str, Option] = Field(
        default_factory=dict, description="For FFmpeg's protocol, demuxer and decoder."
    )


class Decode(Source[DecodeParams]):
    """Reads video; sound, subtitles and data go round the graph untouched.

    Every frame of a file comes once, in order, at its exact time. A live input never waits: who is
    too slow gets the newest frame, and each drop is counted.

    Example:
        ``decode: {uses: decode, params: {uri: clip.mp4, trim: {in: 00:00:10.5, out: 20}}}``
    """

    outputs: ClassVar[Mapping[str, Port]] = {"frame": Port("video", "Decoded frames.")}

    def __init__(self, params: DecodeParams | None = None, name: str | None = None) -> None:
        super().__init__(params, name)
        self._source: MediaSource | None = None
        self._stopped = False

    def open(self, context: Context) -> None:
        """Open the input.

        Raises:
            SourceMissingError: There is no such file.
            SourceError: It cannot be opened, decoded or trimmed like that.
        """
        super().open(context)
        params = self.params
        address = Address.parse(params.uri, context.base)
        options = ReaderOptions(
            track=params.track,
            threads=params.threads,
            timeout=None if address.scheme in ("file", "pipe", "lavfi") else params.timeout,
            format=params.format,
            options=params.options,
        )
        live = params.live if params.live is not None else runs_by_itself(address, options)
        low_delay = params.low_delay if params.low_delay is not None else live
        self._source = open_source(
            address,
            replace(options, low_delay=low_delay),
            live=live,
            trim_in=params.trim.into,
            trim_out=params.trim.out,
            on_truncated=params.on_truncated,
        )
        if self._stopped:
            self._source.stop()
        if isinstance(self._source, LiveSource):
            self._source.wait_open()

    def info(self) -> StreamInfo:
        """What the stream is."""
        return self._open.info

    def read(self) -> Frame | None:
        """The next frame, or None at the end.

        Raises:
            SourceError: Reading failed, or a file was cut short.
            PictureError: The pixel format cannot be handled.
        """
        return self._open.read()

    def dropped(self, frame: Frame, reason: str) -> None:
        """Give the sound of a dropped frame to the next one."""
        if isinstance(self._source, LiveSource):
            self._source.dropped(frame, reason)

    def tail(self) -> Any:
        """The packets after the last frame, as an ``Original`` without frame."""
        return self._open.tail()

    def stop(self) -> None:
        """Let :meth:`read` give None; a live input stops waiting at once."""
        self._stopped = True
        if self._source is not None:
            self._source.stop()

    def report(self) -> Mapping[str, Any]:
        """Container, codec, frames, repairs, damage, drops."""
        return self._source.report() if self._source is not None else {}

    def close(self) -> None:
        """Close the input."""
        if self._source is not None:
            self._source.close()

    @property
    def _open(self) -> MediaSource:
        if self._source is None:
            raise SourceError("is not open", where=self.name, mend="call open() first")
        return self._source
