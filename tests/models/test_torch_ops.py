"""Each form of each operator gives what onnxruntime gives, in float32."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from tests.models.make import graph, save
from vplugin.errors import RuntimeMissingError
from vplugin.models.backend_onnxruntime import OnnxruntimeSession
from vplugin.models.backend_torch import TorchSession

RNG = np.random.default_rng(7)
IMAGE = (2, 4, 9, 12)


def f32(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def i64(*values):
    return np.array(values, np.int64)


ONE = [
    ("Abs", {}, []),
    ("Add", {}, [f32(4, 1, 1)]),
    ("AveragePool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, []),
    ("AveragePool", {"kernel_shape": [2, 2], "count_include_pad": 1, "ceil_mode": 1}, []),
    ("BatchNormalization", {}, [f32(4), f32(4), f32(4), 1 + np.abs(f32(4))]),
    ("Clip", {}, [np.float32(-0.5), np.float32(0.5)]),
    ("Clip", {}, [np.float32(0.0)]),
    ("Concat", {"axis": 1}, [f32(2, 3, 9, 12)]),
    ("Conv", {"pads": [1, 1, 1, 1]}, [f32(5, 4, 3, 3), f32(5)]),
    ("Conv", {"strides": [2, 2], "pads": [0, 1, 2, 1]}, [f32(5, 4, 3, 3)]),
    ("Conv", {"group": 4, "dilations": [2, 2], "pads": [2, 2, 2, 2]}, [f32(4, 1, 3, 3)]),
    ("ConvTranspose", {"strides": [2, 2], "pads": [1, 1, 1, 1]}, [f32(4, 6, 4, 4), f32(6)]),
    ("DepthToSpace", {"blocksize": 2, "mode": "CRD"}, []),
    ("Div", {}, [np.abs(f32(1, 4, 1, 1)) + 1]),
    ("Elu", {"alpha": 0.7}, []),
    ("Erf", {}, []),
    ("Exp", {}, []),
    ("Expand", {}, [i64(3, 1, 1, 1, 1)]),
    ("Flatten", {}, []),
    ("Flatten", {"axis": 2}, []),
    ("Floor", {}, []),
    ("Gather", {"axis": 1}, [i64(0, -1)]),
    ("Gather", {"axis": 2}, [np.int64(3)]),
    ("GlobalAveragePool", {}, []),
    ("HardSwish", {}, []),
    ("Identity", {}, []),
    ("InstanceNormalization", {"epsilon": 1e-6}, [f32(4), f32(4)]),
    ("LayerNormalization", {"axis": -1}, [f32(12), f32(12)]),
    ("LeakyRelu", {"alpha": 0.2}, []),
    ("MatMul", {}, [f32(12, 5)]),
    ("Max", {}, [f32(1)]),
    ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, []),
    ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [0, 0, 1, 1]}, []),
    ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}, []),
    ("Min", {}, [f32(1)]),
    ("Mul", {}, [f32(4, 1, 1)]),
    ("Neg", {}, []),
    ("PRelu", {}, [f32(4, 1, 1)]),
    ("PRelu", {}, [f32(1)]),
    ("Pad", {}, [i64(0, 0, 1, 2, 0, 0, 3, 4), np.float32(0.5)]),
    ("Pad", {"mode": "reflect"}, [i64(0, 0, 1, 2, 0, 0, 3, 4)]),
    ("Pad", {"mode": "edge"}, [i64(0, 0, 3, 3, 0, 0, 3, 3)]),
    ("Pow", {}, [np.float32(2.0)]),
    ("Reciprocal", {}, []),
    ("ReduceMax", {"axes": [1]}, []),
    ("ReduceMean", {"axes": [2, 3]}, []),
    ("ReduceMean", {"axes": [1], "keepdims": 0}, []),
    ("ReduceMean", {}, []),
    ("ReduceSum", {"keepdims": 0}, [i64(1, -1)]),
    ("Relu", {}, []),
    ("Reshape", {}, [i64(0, -1, 6)]),
    ("Resize", {"mode": "nearest"}, [f32(0), np.float32([1, 1, 2, 2])]),
    ("Resize", {"mode": "linear"}, [f32(0), np.float32([1, 1, 2, 2])]),
    (
        "Resize",
        {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
        [f32(0), f32(0), i64(2, 4, 18, 30)],
    ),
    (
        "Resize",
        {
            "mode": "nearest",
            "coordinate_transformation_mode": "asymmetric",
            "nearest_mode": "floor",
        },
        [f32(0), f32(0), i64(2, 4, 13, 31)],
    ),
    ("Sigmoid", {}, []),
    ("Slice", {}, [i64(1, -5), i64(9, 2**62), i64(2, 3), i64(2, 1)]),
    ("Slice", {}, [i64(1), i64(2)]),
    ("Softmax", {"axis": 1}, []),
    ("Split", {"axis": 1}, [i64(1, 3)]),
    ("Sqrt", {}, []),
    ("Squeeze", {}, [i64()]),
    ("Sub", {}, [f32(12)]),
    ("Tanh", {}, []),
    ("Transpose", {"perm": [0, 2, 3, 1]}, []),
    ("Unsqueeze", {}, [i64(0, -1)]),
]


def model(tmp_path, operator, attributes, weights, *, opset=17):
    names = [f"w{number}" for number in range(len(weights))]
    outputs = ["y", "z"] if operator == "Split" else ["y"]
    node = helper.make_node(operator, ["x", *names], outputs, **attributes)
    return save(
        graph([node], {"x": IMAGE}, dict.fromkeys(outputs), dict(zip(names, weights, strict=True)))
        if opset == 17
        else graph([node], {"x": IMAGE}, dict.fromkeys(outputs), opset=opset),
        tmp_path / "m.onnx",
    )


def assert_same(path, feeds, tolerance=2e-4):
    with OnnxruntimeSession(path, provider="cpu", device="cpu", threads=1) as reference:
        wanted = reference.run(feeds)
    with TorchSession(path, device="cpu", precision="f32", threads=1) as ours:
        found = ours.run(feeds)
    assert len(found) == len(wanted)
    for want, have in zip(wanted, found, strict=True):
        assert have.dtype == want.dtype
        np.testing.assert_allclose(have, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("operator", "attributes", "weights"), ONE, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(ONE)]
)
def test_operator(tmp_path, operator, attributes, weights):
    image = f32(*IMAGE)
    if operator == "Sqrt":
        image = np.abs(image)
    assert_same(model(tmp_path, operator, attributes, weights), {"x": image})


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("Slice", {"starts": [1], "ends": [3], "axes": [1]}),
        ("Squeeze", {"axes": [1]}),
        ("Unsqueeze", {"axes": [0]}),
        ("Pad", {"pads": [0, 0, 1, 1, 0, 0, 1, 1], "value": 1.0}),
        ("Split", {"axis": 1, "split": [1, 3]}),
        ("Clip", {"min": -0.5, "max": 0.5}),
    ],
)
def test_forms_of_old_opsets(tmp_path, operator, attributes):
    opset = {"Pad": 10, "Clip": 10, "Slice": 9}.get(operator, 12)
    x = (2, 1, 9, 12) if operator == "Squeeze" else IMAGE
    outputs = ["y", "z"] if operator == "Split" else ["y"]
    node = helper.make_node(operator, ["x"], outputs, **attributes)
    path = save(graph([node], {"x": x}, dict.fromkeys(outputs), opset=opset), tmp_path / "m.onnx")
    assert_same(path, {"x": f32(*x)})


def test_shape_arithmetic_stays_in_integers(tmp_path):
    """What exporters write for `x.reshape(n, h // 3, 3, -1)` and for sizes of Resize."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Gather", ["s", "two"], ["h"]),
        helper.make_node("Div", ["h", "three"], ["q"]),
        helper.make_node("Unsqueeze", ["n", "axis"], ["n1"]),
        helper.make_node("Unsqueeze", ["q", "axis"], ["q1"]),
        helper.make_node("Concat", ["n1", "q1", "rest"], ["shape"], axis=0),
        helper.make_node("Reshape", ["x", "shape"], ["y"]),
        helper.make_node("Cast", ["q"], ["qf"], to=1),
        helper.make_node("Equal", ["q", "three"], ["same"]),
        helper.make_node("Where", ["same", "x", "qf"], ["z"]),
        helper.make_node("Unsqueeze", ["h", "axis"], ["h1"]),
        helper.make_node("ConstantOfShape", ["h1"], ["zeros"]),
        helper.make_node("Shape", ["zeros"], ["length"]),
        helper.make_node("Cast", ["length"], ["l"], to=1),
        helper.make_node("Gemm", ["g", "g"], ["p"], transA=1, alpha=0.5),
    ]
    weights = {"zero": np.int64(0), "two": np.int64(2), "three": np.int64(3)}
    weights |= {"axis": i64(0), "rest": i64(3, -1), "g": f32(3, 3)}
    outputs = dict.fromkeys(("y", "z", "p", "l"))
    assert_same(
        save(graph(nodes, {"x": IMAGE}, outputs, weights), tmp_path / "m.onnx"), {"x": f32(*IMAGE)}
    )


@pytest.mark.parametrize("kind", ["value", "value_float", "value_ints"])
def test_constants(tmp_path, kind):
    value = {
        "value": helper.make_tensor("t", 1, [2], [1.5, 2.0]),
        "value_float": 1.5,
        "value_ints": [1, 2],
    }[kind]
    nodes = [helper.make_node("Constant", [], ["c"], **{kind: value})]
    if kind == "value_ints":
        nodes += [helper.make_node("Cast", ["c"], ["f"], to=1)]
    used = "f" if kind == "value_ints" else "c"
    nodes += [helper.make_node("Mul", ["x", used], ["y"])]
    assert_same(
        save(graph(nodes, {"x": (3, 2)}, {"y": (3, 2)}), tmp_path / "m.onnx"), {"x": f32(3, 2)}
    )


@pytest.mark.parametrize(
    ("operator", "attributes", "weights", "says"),
    [
        ("Acos", {}, [], "operator Acos"),
        ("DepthToSpace", {"blocksize": 2}, [], "DepthToSpace with mode=DCR"),
        ("Resize", {"mode": "cubic"}, [f32(0), np.float32([1, 1, 2, 2])], "Resize with mode=cubic"),
        ("Conv", {"auto_pad": "SAME_UPPER"}, [f32(5, 4, 3, 3)], "Conv with auto_pad=SAME_UPPER"),
        ("Cast", {"to": 8}, [], "Cast to ONNX type 8"),
    ],
)
def test_what_is_missing_is_refused_by_name_when_opened(
    tmp_path, operator, attributes, weights, says
):
    node = helper.make_node(
        operator, ["x", *(f"w{n}" for n in range(len(weights)))], ["y"], **attributes
    )
    proto = graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        {"x": IMAGE},
        {"y": None},
        {f"w{n}": w for n, w in enumerate(weights)},
    )
    proto.graph.node[0].CopyFrom(node)
    path = save(proto, tmp_path / "m.onnx")
    with pytest.raises(RuntimeMissingError, match=f"the torch runtime has no {says}") as error:
        TorchSession(path, device="cpu", precision="f32", threads=1)
    assert str(path) in str(error.value)
