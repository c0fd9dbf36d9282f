"""Draws a script into a video file with sound, and writes the truth about every frame beside it.

Frames are drawn by processes of their own, in any order, and encoded here in theirs. Clip and truth
appear under their names when both are complete, or not at all.
"""

from __future__ import annotations

import gzip
import json
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace

from vplugin.errors import LaneDiedError, SinkError
from vplugin.media.encoders import find_encoder
from vplugin.media.encoding import EncoderSettings, VideoFacts, open_encoder
from vplugin.media.output_file import OutputFile, sink_error
from vplugin.synth.render import render
from vplugin.synth.rendering import FaceTruth
from vplugin.synth.script import Script
from vplugin.synth.voice import RATE

__all__ = ["ClipSettings", "Progress", "read_truth", "write_clip"]

Progress: TypeAlias = Callable[[int, int], None]  # frames done, frames in all
Rgb: TypeAlias = npt.NDArray[np.uint8]  # (H, W, 3)

FORMAT = "vplugin-truth-1"
_BT709 = (1, 1, 1, 1)  # matrix, limited range, primaries, transfer, as FFmpeg numbers them
_SOUND_FRAME = 1024  # samples of an AAC packet
_AHEAD = 3  # frames under way for each process: enough that none waits, few in memory


@dataclass(frozen=True)
class ClipSettings:
    """How a clip is drawn and coded.

    Attributes:
        size: Columns and rows, even.
        rate: Frames per second.
        workers: Processes that draw.
        crf: Of H.264, lower is better.
        preset: Of H.264.
    """

    size: tuple[int, int] = (1280, 720)
    rate: Fraction = Fraction(30)
    workers: int = 2
    crf: float = 20
    preset: str = "medium"


def write_clip(
    script: Script,
    path: Path,
    settings: ClipSettings | None = None,
    truth: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Draw and encode a script.

    Args:
        script: What to show.
        path: An .mp4 (also .mov, .mkv).
        settings: How.
        truth: Where the truth goes, compressed if it ends in .gz; by default beside the clip, with
            the ending .json.
        progress: Told after each frame.

    Returns:
        Where the truth is.

    Raises:
        SinkError: It cannot be written there, or not in this size.
        LaneDiedError: A process that draws died.
    """
    settings = settings or ClipSettings()
    truth = truth or path.with_suffix(".json")
    _check(settings, path)
    with ExitStack() as stack:
        clip, notes = OutputFile(path), OutputFile(truth)
        stack.callback(clip.discard)
        stack.callback(notes.discard)
        frames = stack.enter_context(_Frames(script, settings))
        facts = _encode(script, settings, clip, frames, progress)
        try:
            notes.write(_packed(_sidecar(script, settings, path, facts), truth))
        except OSError as error:
            raise sink_error(error, truth) from error
        notes.commit()
        clip.commit()
    return truth


def read_truth(path: Path) -> dict[str, Any]:
    """What :func:`write_clip` wrote beside a clip.

    Raises:
        OSError: It cannot be read.
        ValueError: It is something else.
    """
    data = path.read_bytes()
    found: dict[str, Any] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    if found.get("format") != FORMAT:
        raise ValueError(f"{path}: not the truth about a clip ({FORMAT})")
    return found


def _check(settings: ClipSettings, path: Path) -> None:
    width, height = settings.size
    if width % 2 or height % 2 or min(width, height) < 16:
        raise SinkError(
            f"{width}x{height} cannot be coded", where=path, mend="use an even size from 16 on"
        )
    if path.suffix.lower() not in (".mp4", ".mov", ".mkv"):
        raise SinkError("no such kind of clip", where=path, mend="end the name in .mp4 or .mkv")


class _Frames:
    """Frames in order, drawn by processes that end with the block.

    The first one is drawn alone: on a fresh machine it compiles the renderer for the others.
    """

    def __init__(self, script: Script, settings: ClipSettings) -> None:
        self.count = max(1, round(script.seconds * settings.rate))
        self._script = pickle.dumps(script)
        self._settings = settings
        self._ahead = _AHEAD * settings.workers
        self._waiting: deque[Future[tuple[Rgb, list[dict[str, Any]]]]] = deque()

    def __enter__(self) -> _Frames:
        self._pool = ProcessPoolExecutor(
            self._settings.workers,
            get_context("spawn"),
            signal.signal,
            (signal.SIGINT, signal.SIG_IGN),
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __iter__(self) -> Iterator[tuple[Rgb, list[dict[str, Any]]]]:
        try:
            self._ask(0)
            yield self._waiting.popleft().result()
            asked = 1
            while asked < self.count or self._waiting:
                while asked < self.count and len(self._waiting) < self._ahead:
                    self._ask(asked)
                    asked += 1
                yield self._waiting.popleft().result()
        except BrokenProcessPool as error:
            raise LaneDiedError(
                "a process that draws frames died", mend="is there enough memory? use fewer workers"
            ) from error

    def _ask(self, index: int) -> None:
        seconds = float(index / self._settings.rate)
        self._waiting.append(self._pool.submit(_draw, self._script, seconds, self._settings.size))


def _draw(script: bytes, seconds: float, size: tuple[int, int]) -> tuple[Rgb, list[dict[str, Any]]]:
    """One frame, in a process of its own: the picture and the truth about its faces."""
    film = _loaded(script)
    rendering = render(film.scene_at(seconds), size)
    roles = film.roles_at(seconds)
    return rendering.rgb, [_face(face, roles[face.subject]) for face in rendering.faces]


@lru_cache(maxsize=1)
def _loaded(script: bytes) -> Script:
    """Unpacked once, so that its curves are made once."""
    film: Script = pickle.loads(script)
    return film


def _face(face: FaceTruth, role: int) -> dict[str, Any]:
    """The truth about one face, as JSON can hold it; pixels to a twentieth."""
    return {
        "role": role,
        "box": _rounded(face.box, 2),
        "points": _rounded(face.points, 2),
        "visible5": _flags(face.visible5),
        "landmarks68": _rounded(face.landmarks68, 1),
        "visible68": _flags(face.visible68),
        "landmarks106": _rounded(face.landmarks106, 1),
        "visible106": _flags(face.visible106),
        "iris": _rounded(face.iris, 2),
        "pose": _rounded(face.pose, 2),
        "expression": _rounded(face.expression, 3),
        "occluded": round(face.occluded, 3),
        "inside": round(face.inside, 3),
    }


def _rounded(values: npt.NDArray[np.float32], digits: int) -> Any:
    return np.round(values.astype(np.float64), digits).tolist()


def _flags(values: npt.NDArray[np.bool_]) -> str:
    return "".join("1" if value else "0" for value in values)


def _encode(
    script: Script,
    settings: ClipSettings,
    file: OutputFile,
    frames: _Frames,
    progress: Progress | None,
) -> list[dict[str, Any]]:
    """Write the container; returns the truth for each frame."""
    muxer = {".mkv": "matroska"}.get(file.final.suffix.lower(), file.final.suffix[1:].lower())
    try:
        output = av.open(file, "w", format=muxer, container_options=_options(muxer))
        try:
            truth = _fill(output, script, settings, frames, progress)
            output.close()
        except BaseException:
            file.ignore()
            with suppress(FFmpegError, OSError, ValueError):
                output.close()
            raise
    except SinkError:
        raise
    except OSError as error:  # FFmpeg's errors are such too
        raise sink_error(error, file.final) from error
    return truth


def _fill(
    output: Any,
    script: Script,
    settings: ClipSettings,
    frames: _Frames,
    progress: Progress | None,
) -> list[dict[str, Any]]:
    """Both tracks, frame by frame."""
    truth: list[dict[str, Any]] = []
    video = _video(output, settings)
    sound = output.add_stream("aac", rate=RATE, layout="mono")
    heard = _sounds(script.sound()[: round(frames.count / settings.rate * RATE)])
    for index, (rgb, faces) in enumerate(frames):
        seconds = index / settings.rate
        _encode_sound(output, sound, heard, seconds)
        output.mux(video.encode(_picture(rgb, index, settings)))
        truth.append({"pts": index, "shot": script.shot_at(float(seconds)), "faces": faces})
        if progress is not None:
            progress(index + 1, frames.count)
    _encode_sound(output, sound, heard, Fraction(script.seconds) + 1)
    for stream in (video, sound):
        output.mux(stream.encode(None))
    return truth


def _encode_sound(output: Any, sound: Any, heard: deque[av.AudioFrame], seconds: Fraction) -> None:
    """What begins until this time, so that both tracks grow together."""
    while heard and (heard[0].pts or 0) <= seconds * RATE:
        output.mux(sound.encode(heard.popleft()))


def _options(muxer: str) -> dict[str, str]:
    return {} if muxer == "matroska" else {"movflags": "faststart"}


def _video(output: Any, settings: ClipSettings) -> Any:
    encoder = find_encoder("h264")
    stream = output.add_stream(encoder.name, settings.rate)
    stream.time_base = 1 / settings.rate
    coding = EncoderSettings(crf=settings.crf, preset=settings.preset, gop=round(2 * settings.rate))
    facts = VideoFacts("yuv420p", *settings.size, 1 / settings.rate, settings.rate, _BT709)
    open_encoder(stream.codec_context, encoder, coding, facts, "yuv420p", live=False)
    return stream


def _picture(rgb: Rgb, index: int, settings: ClipSettings) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    frame.pts, frame.time_base = index, 1 / settings.rate
    return frame


def _sounds(samples: npt.NDArray[np.float32]) -> deque[av.AudioFrame]:
    found: deque[av.AudioFrame] = deque()
    for at in range(0, len(samples), _SOUND_FRAME):
        frame = av.AudioFrame.from_ndarray(samples[None, at : at + _SOUND_FRAME], "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        found.append(frame)
    return found


def _sidecar(
    script: Script, settings: ClipSettings, path: Path, frames: list[dict[str, Any]]
) -> Mapping[str, Any]:
    width, height = settings.size
    return {
        "format": FORMAT,
        "clip": path.name,
        "provenance": "Everybody in it was computed from a number: nobody exists.",
        "width": width,
        "height": height,
        "rate": str(settings.rate),
        "seconds": script.seconds,
        "cuts": list(script.cuts),
        "roles": [
            {"seed": role.seed, "text": role.performance.speech.text} for role in script.roles
        ],
        "frames": frames,
    }


def _packed(facts: Mapping[str, Any], path: Path) -> bytes:
    data = json.dumps(facts, separators=(",", ":")).encode()
    return gzip.compress(data, mtime=0) if path.suffix == ".gz" else data
