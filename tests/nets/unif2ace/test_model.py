"""The transformer against one written out plainly, and what its parts must not do."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.nets.unif2ace.small import LAYOUT, PARALLEL, SIZE, codes, model
from vplugin.errors import ContractError
from vplugin.nets.unif2ace.magvit import Magvit
from vplugin.nets.unif2ace.model import SHOWO, SHOWO_LAYOUT, TransformerSize, Unif2ace
from vplugin.nets.unif2ace.sequences import Layout, answering, conversing, drawing, speaking
from vplugin.nets.unif2ace.showo import MAGVIT_NAMES, SHOWO_NAMES, translated

ROWS = {
    "draw": drawing(LAYOUT, [[5, 6], []], codes(), slot=6),
    "answer": answering(LAYOUT, codes(), [[5], [5, 6]], [[8, 9, 10], [7]]),
    "speak": speaking(LAYOUT, [[5, 6], [7]]),
}
BY_TASK = pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)


def published(width: int, layers: int, hidden: int, head: int, tokens: int) -> dict[str, tuple]:
    """Names and shapes of ``showlab/show-o``, from the design notes."""
    shapes: dict[str, tuple] = {
        "showo.model.embed_tokens.weight": (tokens, width),
        "showo.lm_head.weight": (tokens, width),
        "showo.lm_head.bias": (tokens,),
    }
    norms = {"showo.model.final_layernorm": width}
    for layer in range(layers):
        at = f"showo.model.layers.{layer}"
        norms |= {
            f"{at}.input_layernorm": width,
            f"{at}.self_attn.q_layernorm": head,
            f"{at}.self_attn.k_layernorm": head,
        }
        lines = {f"self_attn.{n}": (width, width) for n in ("q_proj", "k_proj", "v_proj", "dense")}
        lines |= {"mlp.fc1": (hidden, width), "mlp.fc2": (width, hidden)}
        for name, shape in lines.items():
            shapes[f"{at}.{name}.weight"] = shape
            shapes[f"{at}.{name}.bias"] = shape[:1]
    for name, size in norms.items():
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (size,)
    return shapes


def plain(weights: dict[str, Tensor], tokens: Tensor, allowed: Tensor, size: TransformerSize):
    """Show-o's logits of one row, place by place and head by head, from published names."""

    def norm(x: Tensor, name: str) -> Tensor:
        off = x - x.mean(-1, keepdim=True)
        scale = (off.square().mean(-1, keepdim=True) + size.epsilon).sqrt()
        return off / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def line(x: Tensor, name: str) -> Tensor:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def turn(x: Tensor) -> Tensor:
        x, pairs = x.clone(), round(size.turned * x.shape[-1]) // 2
        for place in range(len(x)):
            for pair in range(pairs):
                angle = place * size.theta ** (-pair / pairs)
                a, b = float(x[place, pair]), float(x[place, pair + pairs])
                x[place, pair] = a * math.cos(angle) - b * math.sin(angle)
                x[place, pair + pairs] = b * math.cos(angle) + a * math.sin(angle)
        return x

    h = weights["showo.model.embed_tokens.weight"][tokens]
    wide = size.width // size.heads
    for layer in range(size.layers):
        at = f"showo.model.layers.{layer}"
        x = norm(h, f"{at}.input_layernorm")
        q, k, v = (line(x, f"{at}.self_attn.{n}_proj") for n in "qkv")
        heads = []
        for head in range(size.heads):
            part = slice(head * wide, (head + 1) * wide)
            a = turn(norm(q[:, part], f"{at}.self_attn.q_layernorm"))
            b = turn(norm(k[:, part], f"{at}.self_attn.k_layernorm"))
            scores = (a @ b.T / math.sqrt(wide)).masked_fill(~allowed, -math.inf)
            heads.append(scores.softmax(-1) @ v[:, part])
        y = line(x, f"{at}.mlp.fc1")
        y = 0.5 * y * (1 + torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))
        h = h + line(torch.cat(heads, 1), f"{at}.self_attn.dense") + line(y, f"{at}.mlp.fc2")
    return line(norm(h, "showo.model.final_layernorm"), "showo.lm_head")


@BY_TASK
def test_published_weights_give_the_logits_of_a_plain_show_o(rows) -> None:
    random = torch.Generator().manual_seed(11)
    shapes = published(PARALLEL.width, PARALLEL.layers, PARALLEL.hidden, 8, LAYOUT.size)
    weights = {
        name: torch.randn(shape, generator=random, dtype=torch.float64) * 0.4
        for name, shape in shapes.items()
    }
    net = Unif2ace(LAYOUT, PARALLEL).double()
    net.load_state_dict(translated(weights, net, SHOWO_NAMES))
    logits = net.logits(net(rows).stream)
    for row in range(2):
        wanted = plain(weights, rows.tokens[row], rows.allowed[row], PARALLEL)
        assert (logits[row] - wanted).abs().max() < 1e-5
        assert wanted.std() > 0.1


def test_show_o_fits_tensor_by_tensor() -> None:
    with torch.device("meta"):
        net = Unif2ace(SHOWO_LAYOUT, SHOWO)
        shapes = published(2048, 24, 8192, 64, 58498)
        tensors = {name: torch.empty(shape) for name, shape in shapes.items()}
        net.load_state_dict(translated(tensors, net, SHOWO_NAMES), assign=True)
    assert sum(weight.numel() for weight in net.parameters()) == 1_448_176_770


def magvit_names(levels: int = 5) -> dict[str, tuple[int, ...]]:
    """Names and shapes of ``showlab/magvitv2``: 382 tensors."""
    shapes: dict[str, tuple[int, ...]] = {}

    def conv(name: str, inside: int, outside: int, kernel: int) -> None:
        shapes[f"{name}.weight"] = (outside, inside, kernel, kernel)
        shapes[f"{name}.bias"] = (outside,)

    def norm(name: str, width: int) -> None:
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (width,)

    def block(name: str, inside: int, outside: int) -> None:
        norm(f"{name}.norm1", inside)
        conv(f"{name}.conv1", inside, outside, 3)
        norm(f"{name}.norm2", outside)
        conv(f"{name}.conv2", outside, outside, 3)
        if inside != outside:
            conv(f"{name}.nin_shortcut", inside, outside, 1)

    def middle(name: str) -> None:
        block(f"{name}.mid.block_1", 512, 512)
        norm(f"{name}.mid.attn_1.norm", 512)
        for part in ("q", "k", "v", "proj_out"):
            conv(f"{name}.mid.attn_1.{part}", 512, 512, 1)
        block(f"{name}.mid.block_2", 512, 512)

    before = 128
    conv("encoder.conv_in", 3, 128, 3)
    for level, (factor, count) in enumerate(zip((1, 2, 2, 4, 4), (4, 3, 4, 3, 4), strict=True)):
        for number in range(count):
            block(f"encoder.down.{level}.block.{number}", before, 128 * factor)
            before = 128 * factor
        if level < levels - 1:
            conv(f"encoder.down.{level}.downsample.conv", before, before, 3)
    conv("decoder.conv_in", 13, 512, 3)
    for level, (factor, count) in reversed(
        list(enumerate(zip((1, 1, 2, 2, 4), (4, 4, 3, 4, 3), strict=True)))
    ):
        for number in range(count):
            block(f"decoder.up.{level}.block.{number}", before, 128 * factor)
            before = 128 * factor
        if level:
            conv(f"decoder.up.{level}.upsample.conv", before, before, 3)
    for name, last in (("encoder", 13), ("decoder", 3)):
        middle(name)
        norm(f"{name}.norm_out", 512 if name == "encoder" else 128)
        conv(f"{name}.conv_out", 512 if name == "encoder" else 128, last, 3)
    conv("encoder.quant_conv", 13, 13, 1)
    conv("decoder.post_quant_conv", 13, 13, 1)
    return shapes | {"quantize.embedding": (8192, 13), "quantize.power_vals": (13,)}


def test_magvit_fits_tensor_by_tensor() -> None:
    shapes = magvit_names()
    assert len(shapes) == 382
    with torch.device("meta"):
        net = Magvit()
        tensors = {name: torch.empty(shape) for name, shape in shapes.items()}
        state = translated(tensors, net, MAGVIT_NAMES)
    assert set(state) == set(net.state_dict())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("showo.lm_head.bias"), "nothing for head.bias"),
        (lambda t: t.update({"showo.model.extra.weight": torch.zeros(1)}), "no part"),
        (lambda t: t.update({"showo.lm_head.bias": torch.zeros(1)}), r"shape \(1,\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused(change, said: str) -> None:
    shapes = published(PARALLEL.width, PARALLEL.layers, PARALLEL.hidden, 8, LAYOUT.size)
    tensors = {name: torch.zeros(shape) for name, shape in shapes.items()}
    change(tensors)
    with pytest.raises(ContractError, match=said):
        translated(tensors, Unif2ace(LAYOUT, PARALLEL), SHOWO_NAMES)


@pytest.mark.parametrize("size", [SIZE, PARALLEL], ids=["sequential", "parallel"])
def test_padding_says_nothing(size: TransformerSize) -> None:
    net = model(size)
    short = answering(LAYOUT, codes(1), [[5]], [[8]])
    long = answering(LAYOUT, codes(1), [[5]], [[8]], slot=9)
    here, there = (net(rows).stream for rows in (short, long))
    assert torch.allclose(here, there[:, : here.shape[1]])


def test_several_questions_of_a_row_are_those_of_several_rows() -> None:
    net, pairs = model(), [[([5, 6], [7]), ([8], [9, 10, 11]), ([5], [])], [([3], [4])]]
    together = conversing(LAYOUT, codes(), pairs)
    stream = net(together).stream
    for row, asked in enumerate(pairs):
        at, one = 7, codes()[row : row + 1]
        for prompt, said in asked:
            alone = answering(LAYOUT, one, [prompt], [said])
            text = slice(at, at + len(prompt) + len(said) + 2)
            assert torch.equal(together.labels[row, text], alone.labels[0, 7:])
            assert torch.allclose(stream[row, text], net(alone).stream[0, 7:])
            at = text.stop
        assert not together.real[row, at:].any()
    assert conversing(LAYOUT, codes(), pairs, slot=6).tokens.shape == (2, 7 + 6)


def test_words_do_not_see_what_comes_and_codes_see_each_other() -> None:
    net = model()
    rows = ROWS["draw"]
    streams = [net(rows).stream]
    assert rows.image is not None
    for place in (4, rows.image.stop - 1):
        other = rows.tokens.clone()
        other[:, place] = other[:, place] + 1
        streams.append(net(replace(rows, tokens=other)).stream)
    moved = [(one - streams[0]).abs().amax((0, 2)) > 1e-9 for one in streams[1:]]
    assert not moved[0][:4].any()
    assert moved[0][4:].all()
    assert not moved[1][: rows.image.start - 1].any()
    assert moved[1][rows.image].all()


def test_the_house_model_has_the_size_that_is_said() -> None:
    with torch.device("meta"):
        net = Unif2ace(Layout(words=400, codes=1000, begin=0, end=1))
    assert 5e6 < sum(weight.numel() for weight in net.parameters()) < 15e6
