"""Generated media for tests: small clips whose every frame carries its own number.

The number is painted as sixteen black or white blocks along the top of the picture, so it survives
any codec and says which frame of which clip came out where. Clips are made through PyAV.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from vplugin.media.picture_io import from_picture
from vplugin.picture import ColourTags, Picture, PictureFormat

__all__ = ["Clip", "make_clip", "number_of", "numbered_picture", "tone"]

BITS = 16


@dataclass(frozen=True)
class Clip:
    """What a generated clip is like.

    Attributes:
        size: Columns and rows; at least 64 x 16 to carry numbers.
        rate: Frames per second.
        frames: How many; ignored where ``pts`` is given.
        codec: FFmpeg encoder, or None for a clip without picture.
        pix_fmt: Pixel format name.
        options: Of the encoder (``{"g": "10", "bf": "2"}``).
        audio: FFmpeg encoder of a tone, or None.
        audio_tracks: How many of them, with languages und, eng, deu.
        audio_offset: Seconds by which the sound starts later.
        pts: Presentation times in units of ``time_base`` (for variable rates), or None.
        time_base: Seconds per unit; one frame if None.
        colour: Tags.
        sample_aspect: Width over height of a pixel.
        rotation: Degrees counter-clockwise a player shall turn it by.
        interlaced: Encode as two fields, top first.
        metadata: Of the container (``title``; ``timecode`` goes to the video track).
        chapters: Title and start in seconds.
        format: FFmpeg muxer; from the path if None.
        container_options: Of the muxer.
        first: Number of the first frame.
    """

    size: tuple[int, int] = (64, 48)
    rate: Fraction = Fraction(25)
    frames: int = 25
    codec: str | None = "libx264"
    pix_fmt: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    audio: str | None = "aac"
    audio_tracks: int = 1
    audio_offset: Fraction = Fraction(0)
    pts: Sequence[int] | None = None
    time_base: Fraction | None = None
    colour: ColourTags = field(default_factory=ColourTags)
    sample_aspect: Fraction = Fraction(1)
    rotation: int = 0
    interlaced: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    chapters: Sequence[tuple[str, int]] = ()
    format: str | None = None
    container_options: Mapping[str, str] = field(default_factory=dict)
    first: int = 0

    @property
    def times(self) -> list[int]:
        """pts of every frame."""
        if self.pts is not None:
            return list(self.pts)
        unit = self.time_base or 1 / self.rate
        return [round(index / self.rate / unit) for index in range(self.frames)]

    @property
    def seconds(self) -> Fraction:
        """From time 0 to the end of the last frame."""
        if not self.times:
            return Fraction(0)
        return self.times[-1] * (self.time_base or 1 / self.rate) + 1 / self.rate


def make_clip(path: str | Path, clip: Clip | None = None, **changes: Any) -> Path:
    """Write a clip.

    Args:
        path: The file to make.
        clip: What it shall be like; the default clip if None.
        changes: Attributes of :class:`Clip` that differ: ``make_clip(path, frames=50)``.
    """
    clip = Clip(**{**(vars(clip) if clip else {}), **changes})
    with av.open(
        str(path), "w", format=clip.format, container_options=dict(clip.container_options)
    ) as output:
        output.metadata.update(clip.metadata)
        video = _video(output, clip) if clip.codec else None
        sounds = [_sound(output, clip, index) for index in range(clip.audio_tracks)]
        if clip.chapters:
            output.set_chapters(_chapters(clip))
        _write(output, clip, video, [sound for sound in sounds if sound is not None])
    return Path(path)


def _video(output: Any, clip: Clip) -> Any:
    stream = output.add_stream(clip.codec, rate=clip.rate, options=dict(clip.options))
    stream.width, stream.height = clip.size
    stream.pix_fmt = clip.pix_fmt
    context = stream.codec_context
    context.time_base = stream.time_base = clip.time_base or 1 / clip.rate
    context.sample_aspect_ratio = clip.sample_aspect
    context.colorspace, context.color_primaries = clip.colour.matrix, clip.colour.primaries
    context.color_trc = clip.colour.transfer
    context.color_range = 2 if clip.colour.full_range else 1
    if clip.interlaced:
        context.flags |= av.codec.context.Flags.interlaced_dct | 1 << 29
    if clip.rotation:
        stream.set_display_rotation(clip.rotation)
    if "timecode" in clip.metadata:
        stream.metadata["timecode"] = clip.metadata["timecode"]
    return stream


def _sound(output: Any, clip: Clip, index: int) -> Any | None:
    if clip.audio is None:
        return None
    stream = output.add_stream(clip.audio, rate=48000)
    stream.metadata["language"] = ("und", "eng", "deu")[index % 3]
    return stream


def _chapters(clip: Clip) -> list[Any]:
    ends = [start for _, start in clip.chapters[1:]] + [int(clip.seconds) + 1]
    return [
        {
            "id": index,
            "start": start * 1000,
            "end": end * 1000,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": title},
        }
        for index, ((title, start), end) in enumerate(zip(clip.chapters, ends, strict=True))
    ]


def _write(output: Any, clip: Clip, video: Any | None, sounds: Sequence[Any]) -> None:
    """Interleave by time, as a recorder does."""
    ends = clip.seconds if video else Fraction(clip.frames) / clip.rate
    queues: list[tuple[Any, Iterator[Any]]] = [
        (sound, tone(sound.codec_context, ends, clip.audio_offset)) for sound in sounds
    ]
    if video:
        queues.append((video, _pictures(clip)))
    heads: list[tuple[Any, Iterator[Any], Any]] = [
        (stream, frames, next(frames, None)) for stream, frames in queues
    ]
    while any(head is not None for _, _, head in heads):
        index = min(
            (number for number, entry in enumerate(heads) if entry[2] is not None),
            key=lambda number: heads[number][2].pts * heads[number][2].time_base,
        )
        stream, frames, head = heads[index]
        output.mux(stream.encode(head))
        heads[index] = (stream, frames, next(frames, None))
    for stream, _ in queues:
        output.mux(stream.encode(None))


def _pictures(clip: Clip) -> Iterator[av.VideoFrame]:
    format = PictureFormat(clip.pix_fmt, *clip.size, clip.colour)
    for index, pts in enumerate(clip.times):
        frame = from_picture(numbered_picture(format, clip.first + index))
        frame.pts, frame.time_base = pts, clip.time_base or 1 / clip.rate
        yield frame


def tone(
    context: Any, seconds: Fraction, offset: Fraction = Fraction(0), hertz: float = 440.0
) -> Iterator[av.AudioFrame]:
    """Frames of a sine, in the encoder's own format and frame size."""
    rate, at, end = context.sample_rate, 0, int(seconds * context.sample_rate)
    context.open(strict=False)
    size = context.frame_size or 1024
    while at < end:
        count = min(size, end - at)
        wave = 0.25 * np.sin(2 * np.pi * hertz * (at + np.arange(count)) / rate)
        frame = av.AudioFrame.from_ndarray(
            np.stack([wave, wave]).astype(np.float32), "fltp", "stereo"
        )
        frame.sample_rate = rate
        if context.format.name != "fltp":
            [frame] = av.AudioResampler(context.format.name, "stereo", rate).resample(frame)
        frame.pts, frame.time_base = at + round(offset * rate), Fraction(1, rate)
        yield frame
        at += count


def numbered_picture(format: PictureFormat, number: int) -> Picture:
    """A moving gradient with ``number`` painted along the top."""
    layout, planes = format.layout, []
    unit = 1 << (layout.depth - 8)
    for index, (plane, shape) in enumerate(zip(layout.planes, format.plane_shapes, strict=True)):
        columns = np.arange(shape[1]) << plane.shift_x
        rows = np.arange(shape[0])[:, None] << plane.shift_y
        values = 60 + (columns + 2 * rows + 3 * number + 40 * index) % 120
        values = np.repeat(values[..., None], shape[2], axis=2) if len(shape) == 3 else values
        if index == 0 or layout.is_rgb:
            values = _paint(values, number)
        planes.append(((values * unit) << layout.padding).astype(layout.dtype))
    return Picture(format, tuple(planes))


def _paint(values: npt.NDArray[Any], number: int) -> npt.NDArray[Any]:
    """Blocks of black (0) and white (1), the lowest bit first."""
    width, high = values.shape[1] // BITS, max(1, values.shape[0] // 4)
    for bit in range(BITS if width else 0):
        values[:high, bit * width : (bit + 1) * width] = 230 if number >> bit & 1 else 20
    return values


def number_of(picture: Picture) -> int:
    """The number that :func:`numbered_picture` painted, also after lossy coding and scaling."""
    layout = picture.format.layout
    luma = picture.planes[0] >> layout.padding
    luma = luma if luma.ndim == 2 else luma[..., 0]
    width, high = luma.shape[1] // BITS, max(1, luma.shape[0] // 4)
    middle = luma[high // 4 : max(high // 4 + 1, high * 3 // 4)]
    limit = 125 << (layout.depth - 8)
    bits = (middle[:, bit * width : (bit + 1) * width].mean() > limit for bit in range(BITS))
    return sum(1 << bit for bit, white in enumerate(bits) if white)
