"""What a face picture is like: pose, openness, what is worn, what hides it, blur, light.

Reads the same crop as the landmark net and can begin from its trunk. One output row holds all
answers in the order of :data:`ANSWERS`, each in its own unit, so that the exported file needs no
companion.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from vplugin.nets.house.landmarks import scaled
from vplugin.nets.house.trunk import Trunk, TrunkSize, convolution

__all__ = ["ANSWERS", "Answer", "AttributeNet"]

Kind = Literal["value", "share", "chance"]


class Answer(NamedTuple):
    """One column of the output.

    Attributes:
        name: What is answered.
        kind: ``value`` (any number), ``share`` (0 to 1) or ``chance`` (a probability).
        scale: The size of a large value; the net's last layer works in this unit.
    """

    name: str
    kind: Kind
    scale: float = 1.0


#: The columns. Eyes are in the order of the five points: the one at the picture's left first.
ANSWERS: tuple[Answer, ...] = (
    Answer("yaw", "value", 45.0),  # degrees
    Answer("pitch", "value", 30.0),
    Answer("roll", "value", 45.0),
    Answer("left_eye", "share"),  # 0 closed, 1 wide open
    Answer("right_eye", "share"),
    Answer("mouth", "share"),  # 0 closed, 1 wide open
    Answer("glasses", "chance"),
    Answer("sunglasses", "chance"),
    Answer("hat", "chance"),
    Answer("beard", "chance"),
    Answer("mask", "chance"),
    Answer("occlusion", "share"),  # of the face
    Answer("blur", "share"),  # 0 sharp; 1: a spread of 5 px in the crop of 192, or more
    Answer("exposure", "share"),  # mean sRGB lightness of the skin
    Answer("face", "chance"),  # that this is a face at all
)


class AttributeNet(nn.Module):
    """The net.

    Args:
        size: Of the trunk.
    """

    def __init__(self, size: TrunkSize | None = None) -> None:
        super().__init__()
        self.trunk = Trunk(size)
        widths = self.trunk.size.widths
        self.fine = convolution(widths[1], 64)
        self.mixed = nn.Sequential(nn.Linear(64 + widths[2] + widths[3], 128), nn.ReLU())
        self.answers = nn.Linear(128, len(ANSWERS))

    def raw(self, pictures: Tensor) -> Tensor:
        """(N, 15) before the last function: values in units of their scale, else logits."""
        _, fine, middle, coarse = self.trunk(scaled((pictures - 127.5) * (1.0 / 128.0)))
        pooled = [x.mean(dim=(2, 3)) for x in (self.fine(fine), middle, coarse)]
        answers: Tensor = self.answers(self.mixed(torch.cat(pooled, 1)))
        return answers.float()

    def forward(self, pictures: Tensor) -> Tensor:
        """Answers, see :data:`ANSWERS`.

        Args:
            pictures: (N, 3, S, S) float RGB 0–255, brought to 128 px if they are not.

        Returns:
            (N, 15) float32.
        """
        raw = self.raw(pictures)
        values = sum(answer.kind == "value" for answer in ANSWERS)
        scales = torch.tensor([answer.scale for answer in ANSWERS[:values]], device=raw.device)
        return torch.cat([raw[:, :values] * scales, torch.sigmoid(raw[:, values:])], 1)
