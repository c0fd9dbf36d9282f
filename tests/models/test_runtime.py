from __future__ import annotations

import importlib.util
import logging
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from tests.models.make import arcface, graph, nan_net, relu_net, save
from vplugin.errors import ContractError, ModelError, ModelMissingError, RuntimeMissingError
from vplugin.models import choose, machine
from vplugin.models.backend_onnxruntime import _check_placement, check_heavy, placement
from vplugin.models.runtime import candidates, open_session, parse

MIRROR = os.environ.get("VPLUGIN_MODEL_MIRROR", "")  # read before a fixture hides it
EXPLICIT = ["onnxruntime", "openvino:f32", "torch:f32"]


@pytest.fixture
def net(tmp_path):
    return relu_net(tmp_path / "net.onnx")


@pytest.fixture
def image():
    return np.random.default_rng(3).standard_normal((1, 3, 16, 16)).astype(np.float32)


@pytest.mark.parametrize("runtime", EXPLICIT)
def test_every_runtime_gives_the_same_and_says_what_it_is(net, image, runtime):
    with open_session(net, runtime="onnxruntime", threads=1) as reference:
        (wanted,) = reference.run({"x": image})
    with open_session(net, runtime=runtime, threads=1) as session:
        assert [(one.name, one.shape, one.dtype) for one in session.inputs] == [
            ("x", (1, 3, 16, 16), "float32")
        ]
        assert session.outputs[0].name == "y"
        (found,) = session.run({"x": image})
        ran = session.ran
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    assert (ran.runtime, ran.precision) == (runtime.partition(":")[0], "f32")
    assert (ran.device, ran.threads, ran.why) == ("cpu", 1, "asked for")
    assert ran.version
    assert ran.provider


_QUIET = """
import os, sys, threading
from vplugin.models.runtime import open_session
for runtime in ("openvino", "onnxruntime"):
    open_session(sys.argv[1], runtime=runtime, threads=1).close()
print(threading.active_count(), "openvino_telemetry" in sys.modules)
print(os.environ["ORT_DISABLE_TELEMETRY"])
"""


def test_the_runtimes_report_to_nobody(net):
    """Both libraries send usage data when they are imported, unless they are told not to."""
    quiet = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-c", _QUIET, str(net)]
    said = subprocess.run(command, env=quiet, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["1", "False", "1"]


@pytest.mark.parametrize("runtime", EXPLICIT)
def test_free_sizes(tmp_path, runtime):
    path = relu_net(tmp_path / "free.onnx", size="height")
    with (
        open_session(path, runtime="onnxruntime", threads=1) as reference,
        open_session(path, runtime=runtime, threads=1) as session,
    ):
        assert all(isinstance(side, str) for side in session.inputs[0].shape[2:])
        for side in (8, 16, 8, 24, 32, 40, 48):  # more than OpenVINO keeps plans for
            image = np.random.default_rng(side).random((2, 3, side, 16)).astype(np.float32)
            (wanted,) = reference.run({"x": image})
            (found,) = session.run({"x": image})
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("runtime", ["openvino:bf16", "torch:bf16"])
def test_bf16_really_is_bf16(tmp_path, runtime):
    if runtime.startswith("openvino") and not machine.has_fast_bf16():
        pytest.skip("OpenVINO runs bf16 only where the CPU has it")
    path = arcface(tmp_path / "a.onnx")
    image = np.random.default_rng(3).standard_normal((1, 3, 112, 112)).astype(np.float32)
    with open_session(path, runtime="onnxruntime", threads=1) as reference:
        (wanted,) = reference.run({"x": image})
    with open_session(path, runtime=runtime, threads=1) as session:
        (found,) = session.run({"x": image})
        assert session.ran.precision == "bf16"
    error = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    assert 1e-5 < error < 0.03, "float32 would be nearer, a wrong result farther"


@pytest.mark.parametrize("runtime", ["openvino", "torch"])
def test_without_a_word_bf16_only_where_the_contract_bears_it(tmp_path, net, runtime, monkeypatch):
    if runtime == "openvino" and not machine.has_fast_bf16():
        pytest.skip("OpenVINO runs bf16 only where the CPU has it")
    monkeypatch.setattr(machine, "has_fast_bf16", lambda: True)
    with open_session(arcface(tmp_path / "a.onnx"), runtime=runtime, threads=1) as session:
        assert session.ran.precision == "bf16"
    with open_session(net, runtime=runtime, threads=1) as session:
        assert session.ran.precision == "f32"
    monkeypatch.setattr(machine, "has_fast_bf16", lambda: False)
    with open_session(tmp_path / "a.onnx", runtime=runtime, threads=1) as session:
        assert session.ran.precision == "f32"


@pytest.mark.parametrize("runtime", [*EXPLICIT, "auto"])
@pytest.mark.parametrize("damage", ["garbage", "truncated", "empty", "text", "folder", "absent"])
def test_files_that_are_no_models(tmp_path, net, runtime, damage):
    path = tmp_path / f"{damage}.onnx"
    whole = net.read_bytes()
    if damage == "folder":
        path.mkdir()
    elif damage != "absent":
        data = {
            "garbage": np.random.default_rng(0).bytes(5000),
            "truncated": whole[: len(whole) // 2],
            "empty": b"",
            "text": b"<html>404 not found</html>" * 20,
        }
        path.write_bytes(data[damage])
    wanted = ModelMissingError if damage == "absent" else ModelError
    with pytest.raises(wanted) as error:
        open_session(path, runtime=runtime, threads=1)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
    assert " — " in str(error.value)


@pytest.mark.parametrize(
    ("feeds", "says"),
    [
        ({}, "the model takes x, it was given none"),
        ({"y": np.zeros((1, 3, 16, 16), np.float32)}, "the model takes x, it was given y"),
        ({"x": np.zeros((1, 3, 16, 16))}, "takes float32 1×3×16×16, it was given float64"),
        ({"x": np.zeros((1, 3, 8, 16), np.float32)}, "it was given float32 1×3×8×16"),
        ({"x": np.zeros((3, 16, 16), np.float32)}, "it was given float32 3×16×16"),
    ],
)
def test_wrong_feeds(net, feeds, says):
    with (
        open_session(net, runtime="onnxruntime", threads=1) as session,
        pytest.raises(ContractError, match=re.escape(says)),
    ):
        session.run(feeds)


@pytest.mark.parametrize("runtime", EXPLICIT)
def test_the_guard_finds_what_is_not_finite(tmp_path, runtime):
    path, feeds = nan_net(tmp_path / "n.onnx"), {"x": np.ones((1, 4), np.float32)}
    with open_session(path, runtime=runtime, threads=1) as session:
        assert np.isnan(session.run(feeds)[0]).all()
    with (
        open_session(path, runtime=runtime, threads=1, guard=True) as session,
        pytest.raises(ModelError, match="output 'y' holds NaN or infinity"),
    ):
        session.run(feeds)


@pytest.mark.parametrize(
    ("runtime", "device", "says"),
    [
        ("onnxrt", "cpu", "there is no runtime 'onnxrt' — choose from auto, onnxruntime"),
        ("openvino:int8", "cpu", "there is no runtime 'openvino:int8'"),
        ("onnxruntime", "cuda:x", "there is no device 'cuda:x'"),
        ("auto", "gpu9", "there is no device 'gpu9'"),
        ("openvino", "cuda:0", "OpenVINO has no CUDA"),
    ],
)
def test_what_does_not_exist(net, runtime, device, says):
    with pytest.raises(RuntimeMissingError, match=re.escape(says)) as error:
        open_session(net, runtime=runtime, device=device, threads=1)
    assert "\n" not in str(error.value)


def _has_cuda() -> bool:
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


@pytest.mark.skipif(_has_cuda(), reason="the CUDA provider is in this build")
@pytest.mark.parametrize(
    ("runtime", "device", "says"),
    [
        ("onnxruntime", "cuda", "is built without CUDAExecutionProvider"),
        ("onnxruntime:cuda", "cpu", "is built without CUDAExecutionProvider"),
        ("onnxruntime:tensorrt", "cuda:1", "is built without TensorrtExecutionProvider"),
        ("onnxruntime:openvino", "cpu", "is built without OpenVINOExecutionProvider"),
        ("torch:bf16", "cuda:0", "has no cuda:0 here"),
        ("auto", "cuda", "no runtime would run this model there (onnxruntime:cuda: onnxruntime"),
    ],
)
def test_asking_for_cuda_and_getting_the_cpu_is_an_error(net, runtime, device, says):
    with pytest.raises(RuntimeMissingError, match=re.escape(says)):
        open_session(net, runtime=runtime, device=device, threads=1)


def test_a_runtime_that_is_not_installed(net, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "openvino" else real(name)
    )
    with pytest.raises(RuntimeMissingError, match=r"openvino is not installed — pip install"):
        open_session(net, runtime="openvino", threads=1)


@pytest.mark.parametrize(
    ("runtime", "device", "variant", "where"),
    [
        ("onnxruntime", "cpu", "cpu", "cpu"),
        ("onnxruntime", "cuda", "cuda", "cuda:0"),
        ("onnxruntime", "cuda:2", "cuda", "cuda:2"),
        ("onnxruntime:tensorrt", "cuda:2", "tensorrt", "cuda:2"),
        ("onnxruntime:cuda", "cpu", "cuda", "cuda:0"),
        ("onnxruntime:cpu", "cuda:0", "cpu", "cpu"),
        ("onnxruntime", "coreml", "coreml", "coreml"),
        ("onnxruntime", "npu", "openvino", "npu"),
        ("openvino", "gpu", None, "gpu"),
        ("torch:f16", "cuda", "f16", "cuda:0"),
    ],
)
def test_parse(runtime, device, variant, where):
    request = parse(runtime, device, 3)
    assert (request.runtime, request.variant) == (runtime.partition(":")[0], variant)
    assert (request.device, request.threads) == (where, 3)


CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


@pytest.mark.parametrize(
    ("placed", "says"),
    [
        ({CUDA: {"Conv": 5}, CPU: {"Shape": 3, "Gather": 3}}, None),
        ({CPU: {"Conv": 5}}, "would not run this model: 5 Conv on CPUExecutionProvider"),
        ({CUDA: {"Conv": 4}, CPU: {"Gemm": 1}}, "1 Gemm on CPUExecutionProvider"),
        ({CPU: {"Relu": 1}}, "it took no operator"),
        ({}, "it took no operator"),
    ],
)
def test_heavy_operators_must_sit_where_they_were_asked_to(placed, says):
    counted = {provider: Counter(operators) for provider, operators in placed.items()}
    if says is None:
        check_heavy(counted, [CUDA], Path("m.onnx"))
        return
    with pytest.raises(RuntimeMissingError, match=says):
        check_heavy(counted, [CUDA], Path("m.onnx"))


class _FellBack:
    """An onnxruntime session whose CUDA provider did not load: it warns, and uses the CPU."""

    def get_providers(self):
        return [CPU]


def test_a_provider_that_silently_fell_back():
    with pytest.raises(RuntimeMissingError, match="did not load; onnxruntime would use CPU"):
        _check_placement(_FellBack(), [CUDA], Path("m.onnx"))


def test_placement_is_read_from_the_session(net):
    with open_session(net, runtime="onnxruntime", threads=1) as session:
        placed = placement(session._inner)
    assert placed[CPU]["Conv"] == 1


def test_an_operator_that_torch_lacks_is_named(tmp_path):
    node = helper.make_node("Acos", ["x"], ["y"])
    path = save(graph([node], {"x": (2,)}, {"y": (2,)}), tmp_path / "a.onnx")
    with pytest.raises(RuntimeMissingError, match="the torch runtime has no operator Acos"):
        open_session(path, runtime="torch", threads=1)


def test_auto_measures_once_and_remembers(net, image, tmp_path, monkeypatch):
    with open_session(net, threads=1, root=tmp_path / "s") as session:
        assert session.ran.why.startswith("measured ")
        assert "onnxruntime:cpu" in session.ran.why
        session.run({"x": image})
        chosen = session.ran
    monkeypatch.setattr(choose, "measure", None)  # would fail if called
    with open_session(net, threads=1, root=tmp_path / "s") as session:
        assert session.ran == chosen


@pytest.mark.parametrize(
    "change",
    [
        lambda net: relu_net(net, scale=2.0) and {},
        lambda net: {"threads": 2},
        lambda net: {"shapes": {"x": (1, 3, 16, 16)}},
    ],
    ids=["model", "threads", "shapes"],
)
def test_auto_measures_again_when_the_question_changes(net, tmp_path, change, monkeypatch):
    open_session(net, threads=1, root=tmp_path / "s").close()
    more = change(net)
    real, asked = choose.measure, []
    monkeypatch.setattr(choose, "measure", lambda *a: asked.append(1) or real(*a))
    open_session(net, **({"threads": 1, "root": tmp_path / "s"} | more)).close()
    assert asked == [1]


def test_auto_uses_the_default_store(net):
    open_session(net, threads=1).close()
    assert list((Path(os.environ["VPLUGIN_MODELS"]) / ".choices").glob("*.json"))


def test_auto_works_with_a_store_that_cannot_be_written_and_says_so(net, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        open_session(net, threads=1, root=tmp_path / "file" / "s").close()
    assert "cannot be remembered" in caplog.text


@pytest.mark.parametrize("device", ["cpu", "cuda:0", "coreml", "gpu"])
def test_candidates_are_runtimes(device):
    for candidate in candidates(device):
        assert parse(candidate, device, 1).device == device


def test_the_real_yunet_runs_the_same_everywhere(tmp_path):
    path = Path(MIRROR) / "yunet" / "yunet_n_dynamic.onnx"
    if not path.is_file():
        pytest.skip("VPLUGIN_MODEL_MIRROR names no folder with YuNet")
    image = np.random.default_rng(0).integers(0, 256, (1, 3, 96, 128)).astype(np.float32)
    with open_session(path, runtime="onnxruntime", threads=1) as reference:
        wanted = reference.run({"input": image})
    for runtime in ("openvino:f32", "torch:f32"):
        with open_session(path, runtime=runtime, threads=1) as session:
            assert [o.name for o in session.outputs] == [o.name for o in reference.outputs]
            for want, have in zip(wanted, session.run({"input": image}), strict=True):
                np.testing.assert_allclose(have, want, atol=2e-3)
