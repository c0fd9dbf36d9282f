from __future__ import annotations

import pytest
import torch

from vplugin.nets.unif2ace.magvit import Magvit, MagvitSize
from vplugin.nets.unif2ace.tokenizer import ImageTokenizer, TokenizerSize

SMALL = MagvitSize((8, 8, 16), (1, 2, 1), (8, 8, 8), (1, 1, 2), groups=4, bits=3)


@pytest.mark.parametrize(("strides", "side"), [((2, 2), 64), ((3, 2), 96), ((2, 2, 2), 128)])
def test_a_face_is_sixteen_by_sixteen_codes(strides: tuple[int, ...], side: int) -> None:
    tokenizer = ImageTokenizer(TokenizerSize(strides, base=4, blocks=1)).eval()
    assert tokenizer.size.side == side
    pictures = torch.rand(2, 3, side, side) * 2 - 1
    with torch.inference_mode():
        codes = tokenizer.encode(pictures)
        assert codes.shape == (2, 256)
        assert 0 <= int(codes.min()) <= int(codes.max()) < tokenizer.codes == 1000
        assert torch.allclose(tokenizer.decode(codes), tokenizer(pictures), atol=1e-4)
        assert tokenizer.features(pictures).shape == (2, 256, 16)


def test_the_encoder_learns_through_the_rounding() -> None:
    torch.manual_seed(2)
    tokenizer = ImageTokenizer(TokenizerSize(base=4, blocks=1, grid=4))
    pictures = torch.rand(4, 3, 16, 16) * 2 - 1
    (tokenizer(pictures) - pictures).square().mean().backward()
    weight = next(tokenizer.encoder.parameters())
    assert weight.grad is not None
    assert weight.grad.abs().sum() > 0


def test_magvit_reads_and_draws() -> None:
    torch.manual_seed(1)
    net = Magvit(SMALL).eval()
    with torch.inference_mode():
        codes = net.encode(torch.randn(2, 3, 16, 16))
        assert codes.shape == (2, 16)
        assert int(codes.max()) < 8
        assert net.decode(codes).shape == (2, 3, 16, 16)
        assert not torch.equal(net.decode(codes)[0], net.decode(codes.flip(1))[0])


def test_magvit_has_the_published_size() -> None:
    with torch.device("meta"):
        net = Magvit()
    counts = [sum(p.numel() for p in part.parameters()) for part in (net.encoder, net.decoder)]
    assert counts == [55_439_171, 39_947_833]
    assert len(net.state_dict()) == 380  # 382 with two tables that are arithmetic here
