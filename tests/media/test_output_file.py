from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from vplugin.errors import SinkError
from vplugin.media.output_file import OutputFile, OutputPipe, sink_error


def test_it_appears_by_rename(tmp_path):
    final = tmp_path / "deep" / "out.mp4"
    file = OutputFile(final)
    assert file.write(b"abc") == 3
    assert file.artifact.temporary == str(tmp_path / "deep" / ".out.mp4.part")
    assert file.artifact.partial == str(tmp_path / "deep" / "out.partial.mp4")
    assert Path(file.name).read_bytes() == b"abc"
    assert not final.exists()
    file.commit()
    assert final.read_bytes() == b"abc"
    assert os.listdir(final.parent) == ["out.mp4"]


def test_what_is_there_stays_until_then(tmp_path):
    final = tmp_path / "out.mp4"
    final.write_bytes(b"old")
    file = OutputFile(final)
    file.write(b"new")
    file.discard()
    file.discard()
    assert final.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.mp4"]


def test_the_rest_of_a_killed_run_is_no_obstacle(tmp_path):
    (tmp_path / ".out.mp4.part").write_bytes(b"x" * 1000)
    file = OutputFile(tmp_path / "out.mp4")
    file.write(b"abc")
    file.commit()
    assert (tmp_path / "out.mp4").read_bytes() == b"abc"


def test_a_muxer_may_seek(tmp_path):
    file = OutputFile(tmp_path / "out.mp4")
    file.write(b"hello")
    assert file.seek(1, 0) == 1
    file.write(b"E")
    assert file.tell() == 2
    assert file.seek(0, 2) == 5
    file.commit()
    assert (tmp_path / "out.mp4").read_bytes() == b"hEllo"


def test_after_ignore_nothing_is_written(tmp_path):
    file = OutputFile(tmp_path / "out.mp4")
    file.ignore()
    assert file.write(b"abc") == 3
    assert Path(file.name).stat().st_size == 0
    file.discard()


def folder(path):
    path.mkdir()


def nothing(path):
    pass


def below_a_file(path):
    path.parent.rmdir()
    path.parent.write_bytes(b"")


@pytest.mark.parametrize(
    ("prepare", "options", "what"),
    [
        (folder, {}, "is a folder"),
        (lambda path: path.write_bytes(b""), {"overwrite": False}, "exists already"),
        (below_a_file, {}, "is a file, not a folder|exists"),
    ],
)
def test_refusals(tmp_path, prepare, options, what):
    final = tmp_path / "sub" / "out.mp4"
    final.parent.mkdir()
    prepare(final)
    with pytest.raises(SinkError, match=what) as caught:
        OutputFile(final, **options)
    assert str(final) in str(caught.value)


def test_two_writers_of_one_file(tmp_path):
    first = OutputFile(tmp_path / "out.mp4")
    with pytest.raises(SinkError, match="written by another encoder"):
        OutputFile(tmp_path / "out.mp4")
    first.write(b"kept")
    first.commit()
    assert (tmp_path / "out.mp4").read_bytes() == b"kept"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SinkError, match="no permission"):
            OutputFile(tmp_path / "out.mp4")
    finally:
        tmp_path.chmod(0o700)


def test_a_name_too_long(tmp_path):
    with pytest.raises(SinkError, match="too long"):
        OutputFile(tmp_path / ("x" * 300 + ".mp4"))


def test_a_failing_rename_leaves_nothing(tmp_path):
    file = OutputFile(tmp_path / "out.mp4")
    file.write(b"abc")
    (tmp_path / "out.mp4").mkdir()  # came into being while the film was coded
    with pytest.raises(SinkError, match=r"out\.mp4"):
        file.commit()
    assert os.listdir(tmp_path) == ["out.mp4"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_device_has_its_true_name():
    pipe = OutputPipe(Path("/dev/full"))
    with pytest.raises(OSError, match="No space left") as caught:
        pipe.write(b"abc")
    pipe.ignore()
    assert pipe.write(b"abc") == 3
    pipe.commit()
    assert "no space left on the device" in str(sink_error(caught.value, "out"))


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EACCES, "no permission"),
        (errno.ENOENT, "no file can be made there"),
        (errno.EPIPE, "hung up"),
        (errno.ECONNREFUSED, "nobody listens"),
        (errno.EIO, "cannot be written: Input/output error"),
    ],
)
def test_errors_in_words(number, what):
    error = sink_error(OSError(number, os.strerror(number)), "out.mp4")
    assert what in str(error)
    assert error.mend
