"""The ONNX operators that face models use, as torch functions.

Not a general converter: the operators of SCRFD, YuNet, ArcFace, the landmark nets, inswapper and
their like, for inference only. What is not here is refused by name when the model is opened, never
when a frame is on its way. Shapes travel as int64 tensors on the CPU, pictures in the session's
floating-point type, channels last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own usage

from vplugin.errors import RuntimeMissingError

Attributes: TypeAlias = Mapping[str, Any]
Operator: TypeAlias = Callable[..., Any]  # tensors in (None where absent), tensor or tensors out
Maker: TypeAlias = Callable[[Attributes], Operator]

_TYPES = MappingProxyType(
    {1: torch.float32, 2: torch.uint8, 3: torch.int8, 6: torch.int32, 7: torch.int64, 9: torch.bool}
    | {10: torch.float16, 11: torch.float64, 16: torch.bfloat16}
)


def refuse(what: str) -> RuntimeMissingError:
    """The error for an operator, or a form of one, that is not here."""
    return RuntimeMissingError(
        f"the torch runtime has no {what}", mend="use onnxruntime or openvino for this model"
    )


def _integers(tensor: Tensor | None) -> list[int]:
    return [] if tensor is None else [int(value) for value in tensor.reshape(-1).tolist()]


def _axes(a: Attributes, given: Tensor | None) -> list[int]:
    """Axes from the attribute (older opsets) or the input (newer ones)."""
    return list(a["axes"]) if "axes" in a else _integers(given)


def _explicit(a: Attributes, operator: str) -> None:
    if a.get("auto_pad", b"NOTSET") not in (b"NOTSET", b""):
        raise refuse(f"{operator} with auto_pad={a['auto_pad'].decode()}")


def _split_pads(pads: Sequence[int]) -> tuple[list[int], list[int] | None]:
    """Symmetric pads for the operator, or none and the pads for a `pad` before it."""
    half = len(pads) // 2
    begin, end = list(pads[:half]), list(pads[half:])
    if begin == end:
        return begin, None
    return [0] * half, [side for axis in reversed(range(half)) for side in (begin[axis], end[axis])]


def _conv(a: Attributes) -> Operator:
    _explicit(a, "Conv")
    groups = int(a.get("group", 1))

    def conv(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        rank = weight.dim() - 2
        padding, before = _split_pads(a.get("pads", [0] * 2 * rank))
        function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[rank]
        stride, dilation = list(a.get("strides", [1] * rank)), list(a.get("dilations", [1] * rank))
        x = x if before is None else F.pad(x, before)
        return function(x, weight, bias, stride, padding, dilation, groups)

    return conv


def _conv_transpose(a: Attributes) -> Operator:
    _explicit(a, "ConvTranspose")
    if "output_shape" in a:
        raise refuse("ConvTranspose with output_shape")

    def conv_transpose(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        rank = weight.dim() - 2
        padding, odd = _split_pads(a.get("pads", [0] * 2 * rank))
        if rank != 2 or odd is not None:
            raise refuse("ConvTranspose that is not 2-D or padded unevenly")
        return F.conv_transpose2d(
            x,
            weight,
            bias,
            list(a.get("strides", [1, 1])),
            padding,
            list(a.get("output_padding", [0, 0])),
            int(a.get("group", 1)),
            list(a.get("dilations", [1, 1])),
        )

    return conv_transpose


def _max_pool(a: Attributes) -> Operator:
    _explicit(a, "MaxPool")
    kernel = list(a["kernel_shape"])
    padding, before = _split_pads(a.get("pads", [0] * 2 * len(kernel)))
    stride, ceil = list(a.get("strides", [1] * len(kernel))), bool(a.get("ceil_mode", 0))

    def max_pool(x: Tensor) -> Tensor:
        x = x if before is None else F.pad(x, before, value=float("-inf"))
        return F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil)

    return max_pool


def _average_pool(a: Attributes) -> Operator:
    _explicit(a, "AveragePool")
    kernel = list(a["kernel_shape"])
    padding, before = _split_pads(a.get("pads", [0] * 2 * len(kernel)))
    counted = bool(a.get("count_include_pad", 0))
    if before is not None:
        raise refuse("AveragePool padded unevenly")
    stride, ceil = list(a.get("strides", [1] * len(kernel))), bool(a.get("ceil_mode", 0))
    return lambda x: F.avg_pool2d(x, kernel, stride, padding, ceil, counted)


def _batch_norm(a: Attributes) -> Operator:
    epsilon = float(a.get("epsilon", 1e-5))
    return lambda x, scale, bias, mean, variance: F.batch_norm(
        x, mean, variance, scale, bias, False, 0.0, epsilon
    )


def _instance_norm(a: Attributes) -> Operator:
    epsilon = float(a.get("epsilon", 1e-5))
    return lambda x, scale, bias: F.instance_norm(x, weight=scale, bias=bias, eps=epsilon)


def _layer_norm(a: Attributes) -> Operator:
    axis, epsilon = int(a.get("axis", -1)), float(a.get("epsilon", 1e-5))

    def layer_norm(x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
        return F.layer_norm(x, x.shape[axis:], scale, bias, epsilon)

    return layer_norm


def _gemm(a: Attributes) -> Operator:
    alpha, beta = float(a.get("alpha", 1.0)), float(a.get("beta", 1.0))
    flip_a, flip_b = bool(a.get("transA", 0)), bool(a.get("transB", 0))

    def gemm(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
        left = left.T if flip_a else left
        if flip_b and alpha == beta == 1.0 and (bias is None or bias.dim() == 1):
            return F.linear(left, right, bias)
        product = alpha * (left @ (right.T if flip_b else right))
        return product if bias is None else product + beta * bias

    return gemm


def _pad(a: Attributes) -> Operator:
    mode = a.get("mode", b"constant").decode()
    torch_mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}.get(mode)
    if torch_mode is None:
        raise refuse(f"Pad with mode={mode}")

    def pad(x: Tensor, pads: Tensor | None = None, value: Tensor | None = None, *_: Any) -> Tensor:
        sides = _integers(pads) if pads is not None else list(a["pads"])
        half = len(sides) // 2
        order = [s for axis in reversed(range(half)) for s in (sides[axis], sides[axis + half])]
        if torch_mode != "constant":  # torch pads only the last two axes so
            return F.pad(x, order[: 2 * (x.dim() - 2)], mode=torch_mode)
        return F.pad(x, order, value=float(a.get("value", 0.0) if value is None else value))

    return pad


def _resize(a: Attributes) -> Operator:
    mode = a.get("mode", b"nearest").decode()
    where = a.get("coordinate_transformation_mode", b"half_pixel").decode()
    rounding = a.get("nearest_mode", b"round_prefer_floor").decode()
    corners = where == "align_corners"
    if mode == "linear" and where not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise refuse(f"Resize linear with {where}")
    if mode not in ("linear", "nearest"):
        raise refuse(f"Resize with mode={mode}")

    def resize(x: Tensor, *rest: Tensor | None) -> Tensor:
        size = _resized(x, rest)
        if mode == "linear":
            return F.interpolate(x, size, mode="bilinear", align_corners=corners)
        _check_nearest(x, size, where, rounding)
        return F.interpolate(x, size, mode="nearest")

    return resize


def _resized(x: Tensor, rest: Sequence[Tensor | None]) -> list[int]:
    """Height and width after Resize (roi, scales, sizes) or Upsample (scales)."""
    sizes = rest[2] if len(rest) > 2 else None
    if sizes is not None and sizes.numel():
        return _integers(sizes)[2:]
    scales = (rest[1] if len(rest) > 1 else rest[0]) if rest else None
    if scales is None or x.dim() != 4:
        raise refuse("Resize of anything but pictures")
    factors = scales.reshape(-1).tolist()[2:]
    return [int(n * f) for n, f in zip(x.shape[2:], factors, strict=True)]


def _check_nearest(x: Tensor, size: Sequence[int], where: str, rounding: str) -> None:
    """Whole factors upwards are the same by all rules but `align_corners`; others are not."""
    whole = all(new % old == 0 for new, old in zip(size, x.shape[2:], strict=True))
    same = whole and where != "align_corners"
    if not (same or (where == "asymmetric" and rounding == "floor")):
        raise refuse(f"Resize nearest with {where} and {rounding}")


def _reduce(function: Callable[..., Tensor]) -> Maker:
    def make(a: Attributes) -> Operator:
        keep = bool(a.get("keepdims", 1))

        def reduce(x: Tensor, axes: Tensor | None = None) -> Tensor:
            chosen = _axes(a, axes) or list(range(x.dim()))
            return function(x, dim=chosen, keepdim=keep)

        return reduce

    return make


def _reshape(a: Attributes) -> Operator:
    keep_zero = bool(a.get("allowzero", 0))

    def reshape(x: Tensor, shape: Tensor) -> Tensor:
        sizes = _integers(shape)
        if not keep_zero:
            sizes = [x.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
        return x.reshape(sizes)

    return reshape


def _flatten(a: Attributes) -> Operator:
    axis = int(a.get("axis", 1))
    return lambda x: x.reshape(int(np.prod(x.shape[:axis], dtype=np.int64)), -1)


def _squeeze(a: Attributes) -> Operator:
    def squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
        chosen = _axes(a, axes)
        return x.squeeze(tuple(chosen)) if chosen else x.squeeze()

    return squeeze


def _unsqueeze(a: Attributes) -> Operator:
    def unsqueeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
        chosen = _axes(a, axes)
        rank = x.dim() + len(chosen)
        for axis in sorted(axis % rank for axis in chosen):
            x = x.unsqueeze(axis)
        return x

    return unsqueeze


def _slice(a: Attributes) -> Operator:
    def take(x: Tensor, *rest: Tensor | None) -> Tensor:
        given = [_integers(one) for one in rest] + [[]] * (4 - len(rest))
        starts, ends, axes, steps = given if rest else (a["starts"], a["ends"], a.get("axes"), None)
        for number, axis in enumerate(axes or range(len(starts))):
            step = steps[number] if steps else 1
            if step < 0:
                raise refuse("Slice with a negative step")
            x = x[(slice(None),) * (axis % x.dim()) + (slice(starts[number], ends[number], step),)]
        return x

    return take


def _split(a: Attributes) -> Operator:
    axis = int(a.get("axis", 0))

    def split(x: Tensor, sizes: Tensor | None = None) -> tuple[Tensor, ...]:
        parts = _integers(sizes) if sizes is not None else list(a.get("split", ()))
        if not parts:
            parts = [-(-x.shape[axis] // int(a["outputs"]))] * int(a["outputs"])
        return x.tensor_split(np.cumsum(parts)[:-1].tolist(), axis)

    return split


def _gather(a: Attributes) -> Operator:
    axis = int(a.get("axis", 0))

    def gather(x: Tensor, index: Tensor) -> Tensor:
        flat = index.reshape(-1).to(x.device)
        flat = torch.where(flat < 0, flat + x.shape[axis], flat)
        shape = (*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])
        return x.index_select(axis, flat).reshape(shape)

    return gather


def _shape(a: Attributes) -> Operator:
    part = slice(a.get("start", 0), a.get("end"))
    return lambda x: torch.tensor(x.shape[part], dtype=torch.int64)


def _constant_of_shape(a: Attributes) -> Operator:
    value = a.get("value")

    def fill(shape: Tensor) -> Tensor:
        like = torch.zeros(1) if value is None else torch.from_numpy(np.array(value))
        return like.reshape(-1)[0].expand(_integers(shape)).clone()

    return fill


def _prelu(_: Attributes) -> Operator:
    def prelu(x: Tensor, slope: Tensor) -> Tensor:
        return F.prelu(x, slope.reshape(-1)) if x.dim() > 1 else torch.where(x < 0, slope * x, x)

    return prelu


def _clip(a: Attributes) -> Operator:
    def clip(x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
        bounds = [
            a.get(key) if one is None else float(one) for key, one in (("min", low), ("max", high))
        ]
        return x if bounds == [None, None] else x.clamp(*bounds)

    return clip


def _cast(a: Attributes) -> Operator:
    if a["to"] not in _TYPES:
        raise refuse(f"Cast to ONNX type {a['to']}")
    wanted = _TYPES[a["to"]]

    def cast(x: Tensor) -> Tensor:
        # a session in bf16 stays in bf16 where the graph says float32
        return x if wanted == torch.float32 and x.dtype in _REDUCED else x.to(wanted)

    return cast


def _depth_to_space(a: Attributes) -> Operator:
    if a.get("mode", b"DCR") == b"CRD":
        return lambda x: F.pixel_shuffle(x, int(a["blocksize"]))
    raise refuse("DepthToSpace with mode=DCR")


def _plain(function: Callable[..., Any]) -> Maker:
    """An operator without attributes."""
    return lambda _: function


def _with(function: Callable[..., Any], name: str, default: Any, argument: str) -> Maker:
    """An operator with one attribute, under torch's name for it."""
    return lambda a: lambda x: function(x, **{argument: a.get(name, default)})


def _divide(x: Tensor, y: Tensor) -> Tensor:
    whole = not (x.is_floating_point() or y.is_floating_point())
    return torch.div(x, y, rounding_mode="trunc" if whole else None)


def _expand(x: Tensor, shape: Tensor) -> Tensor:
    return x.expand(np.broadcast_shapes(tuple(x.shape), tuple(_integers(shape))))


_REDUCED = (torch.bfloat16, torch.float16)

#: ONNX operator → what makes the torch function from its attributes.
OPERATORS: MappingProxyType[str, Maker] = MappingProxyType(
    {
        "Abs": _plain(torch.abs),
        "Add": _plain(torch.add),
        "AveragePool": _average_pool,
        "BatchNormalization": _batch_norm,
        "Cast": _cast,
        "Clip": _clip,
        "Concat": lambda a: lambda *x: torch.cat(x, int(a["axis"])),
        "ConstantOfShape": _constant_of_shape,
        "Conv": _conv,
        "ConvTranspose": _conv_transpose,
        "DepthToSpace": _depth_to_space,
        "Div": _plain(_divide),
        "Dropout": _plain(lambda x, *_: x),
        "Elu": _with(F.elu, "alpha", 1.0, "alpha"),
        "Equal": _plain(torch.eq),
        "Erf": _plain(torch.erf),
        "Exp": _plain(torch.exp),
        "Expand": _plain(_expand),
        "Flatten": _flatten,
        "Floor": _plain(torch.floor),
        "Gather": _gather,
        "Gemm": _gemm,
        "GlobalAveragePool": _plain(lambda x: x.mean(dim=(2, 3), keepdim=True)),
        "HardSwish": _plain(F.hardswish),
        "Identity": _plain(lambda x: x),
        "InstanceNormalization": _instance_norm,
        "LayerNormalization": _layer_norm,
        "LeakyRelu": _with(F.leaky_relu, "alpha", 0.01, "negative_slope"),
        "MatMul": _plain(torch.matmul),
        "Max": _plain(lambda x, *rest: torch.maximum(x, *rest) if rest else x),
        "MaxPool": _max_pool,
        "Min": _plain(lambda x, *rest: torch.minimum(x, *rest) if rest else x),
        "Mul": _plain(torch.mul),
        "Neg": _plain(torch.neg),
        "PRelu": _prelu,
        "Pad": _pad,
        "Pow": _plain(torch.pow),
        "Reciprocal": _plain(torch.reciprocal),
        "ReduceMax": _reduce(torch.amax),
        "ReduceMean": _reduce(torch.mean),
        "ReduceSum": _reduce(torch.sum),
        "Relu": _plain(torch.relu),
        "Reshape": _reshape,
        "Resize": _resize,
        "Shape": _shape,
        "Sigmoid": _plain(torch.sigmoid),
        "Slice": _slice,
        "Softmax": _with(torch.softmax, "axis", -1, "dim"),
        "Split": _split,
        "Sqrt": _plain(torch.sqrt),
        "Squeeze": _squeeze,
        "Sub": _plain(torch.sub),
        "Tanh": _plain(torch.tanh),
        "Transpose": lambda a: lambda x: x.permute(*a["perm"]),
        "Unsqueeze": _unsqueeze,
        "Where": _plain(torch.where),
    }
)
