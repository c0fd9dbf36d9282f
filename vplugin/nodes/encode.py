"""The node that writes video: a file, a playlist or a stream."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from vplugin.errors import SinkError
from vplugin.frame import Frame, Tombstone
from vplugin.media.encoders import find_encoder
from vplugin.media.encoding import EncoderSettings, check_settings
from vplugin.media.muxing import Layout, check_codec
from vplugin.media.original import Original
from vplugin.media.outputs import parse_target
from vplugin.media.sink import VideoWriter, WriterSettings
from vplugin.node import Artifact, Context, Params, Port, Sink

__all__ = ["Encode", "EncodeParams"]

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kM]?)")
_FACTORS = {"": 1, "k": 1_000, "M": 1_000_000}


def _bits(value: object) -> object:
    """``4M`` and ``800k`` as bits per second; anything else is left to pydantic."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    return round(float(match[1]) * _FACTORS[match[2]]) if match else value


def _text(value: object) -> object:
    """A number where a word is expected (``preset: 8``) is that word."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Word = Annotated[str, BeforeValidator(_text)]


class EncodeParams(Params):
    """Parameters of :class:`Encode`."""

    uri: str = Field(
        description="Where to: a file (.mp4 .mov .mkv .webm .ts .nut .flv), a playlist (.m3u8), "
        "rtmp://, udp://, tcp://, or - for standard output; paths start from the current directory."
    )
    codec: str = Field(
        "h264", description="h264, h265, av1, vp9, ffv1, prores, or any FFmpeg encoder's name."
    )
    crf: float | None = Field(
        None,
        ge=0,
        le=63,
        description="Constant quality, lower is better; unset: 18 h264, 20 h265, 25 av1, 24 vp9.",
    )
    bitrate: Annotated[int, BeforeValidator(_bits)] | None = Field(
        None, ge=1000, description="Bits per second (4M, 800k) in place of crf."
    )
    preset: Word | None = Field(
        None,
        description="Speed against size: ultrafast … placebo for h264 and h265, 0–13 for av1, "
        "0–8 for vp9, proxy … 4444xq for prores. Unset: the encoder's own, a fast one when live.",
    )
    tune: Word | None = Field(
        None, description="The encoder's tuning, such as film or grain; zerolatency when live."
    )
    gop: int | None = Field(
        None, ge=1, description="Frames from key frame to key frame at most; two seconds when live."
    )
    pixel_format: str | None = Field(
        None, description="Unset: the source's, or the nearest that loses nothing."
    )
    threads: int = Field(0, ge=0, le=256, description="Of the encoder; 0 is one per processor.")
    audio: Literal["copy", "none"] = Field(
        "copy", description="Whether the source's sound is copied byte for byte or left out."
    )
    layout: Layout = Field(
        "hybrid",
        description="Of MP4 and MOV: hybrid survives a power cut and ends as an ordinary file, "
        "faststart has its index in front, fragments never needs one.",
    )
    format: str | None = Field(
        None, description="Container where the address does not tell: mp4, mov, mkv, ts, nut, flv."
    )
    overwrite: bool = Field(True, description="Whether a file of that name may be replaced.")
    strict: bool = Field(
        False, description="Whether a track that the container cannot carry is an error."
    )
    verify: bool = Field(
        True, description="Whether the finished file is read back and compared with its source."
    )
    options: Mapping[str, Word] = Field(
        default_factory=dict, description="Further options of the FFmpeg encoder, by name."
    )

    @property
    def encoder(self) -> EncoderSettings:
        """What concerns the encoder."""
        return EncoderSettings(
            self.codec,
            self.crf,
            self.preset,
            self.tune,
            self.gop,
            self.pixel_format,
            self.bitrate,
            self.threads,
            dict(self.options),
        )


class Encode(Sink[EncodeParams]):
    """Write video.

    The decoder's frames themselves are encoded, with the patches laid on them: times, captions,
    field order and colour tags stay, and outside the patches the encoder gets the decoded samples.
    Sound, subtitles, data, chapters and metadata are carried along byte for byte. A file appears
    under its name when it is complete.

    Example:
        ``encode: {uses: encode, params: {uri: out/interview.mp4, crf: 16}}``
    """

    inputs = {"frame": Port("video", "What to write.")}
    with_source = True
    resumes = False  # half a frame may be in the file, or the connection is gone

    def __init__(self, params: EncodeParams | None = None, name: str | None = None) -> None:
        super().__init__(params, name)
        self._writer: VideoWriter | None = None

    @classmethod
    def validate(cls, params: EncodeParams) -> None:
        """Refuse an address, a codec or a setting that no machine state could make right.

        Raises:
            SinkError: It is one.
        """
        encoder = find_encoder(params.codec)
        check_settings(params.encoder, encoder, live=False)
        try:
            target = parse_target(params.uri, format=params.format)
        except SinkError as error:
            raise SinkError(error.what, where="uri", mend=error.mend) from error
        check_codec(target, encoder)

    def open(self, context: Context) -> None:
        """Check the settings and take the output's place."""
        super().open(context)
        params = self.params
        target = parse_target(params.uri, base=context.base, format=params.format)
        settings = WriterSettings(
            params.encoder,
            sound=params.audio == "copy",
            layout=params.layout,
            overwrite=params.overwrite,
            strict=params.strict,
            live=bool(context.live),
            verify=params.verify,
        )
        self._writer = VideoWriter(target, settings)

    def process(self, frame: Frame) -> None:
        """Code one frame."""
        self._open_writer.write(frame)

    def skip(self, tombstone: Tombstone) -> None:
        """Keep the packets of a frame that does not come."""
        if isinstance(tombstone.original, Original):
            self._open_writer.carry(tombstone.original)

    def flush(self, stream: str) -> Iterable[Frame]:
        """The film is complete; whether it gets its name is known when the node is closed."""
        writer = self._open_writer
        writer.complete()
        for warning in writer.warnings:
            self.context.log.warning("%s", warning)
        return ()

    @property
    def _open_writer(self) -> VideoWriter:
        if self._writer is None:
            raise RuntimeError(f"{self.name} is used before it was opened")
        return self._writer

    def artifacts(self) -> Sequence[Artifact]:
        """The file being made."""
        return self._writer.artifacts if self._writer is not None else ()

    def report(self) -> Mapping[str, Any]:
        """Where it went, what coded it, and how it compares with its source."""
        return self._writer.report() if self._writer is not None else {}

    def abort(self) -> None:
        """Leave no file behind, not even a complete one: the run failed, or is not wanted."""
        if self._writer is not None:
            self._writer.abort()

    def close(self) -> None:
        """Give a complete file its name and free everything; what is not complete is not kept.

        Raises:
            SinkError: The disk or the folder refuses.
        """
        if self._writer is not None and self._writer.is_complete:
            self._writer.finish()
        self.abort()
