"""Which part of the face a pixel is: 19 classes in BiSeNet's contract, and what hides the face.

The shared trunk, and a light decoder that adds finer features on the way up to stride 4; the last
layer writes stride 2 (pixel shuffle), and the logits are brought to full size linearly. The net
takes any height and width that 32 divides.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle

from vplugin.nets.house.trunk import Trunk, TrunkSize, convolution

__all__ = ["CLASSES", "ParserNet"]

CLASSES = 19


class ParserNet(nn.Module):
    """The net.

    Args:
        size: Of the trunk.
    """

    def __init__(self, size: TrunkSize | None = None) -> None:
        super().__init__()
        self.trunk = Trunk(size)
        widths = self.trunk.size.widths
        self.context = nn.Conv2d(widths[3], widths[3], 1)
        self.across = nn.ModuleList(
            nn.Conv2d(inside, outside, 1)
            for inside, outside in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.merges = nn.ModuleList(convolution(width, width) for width in widths[-2::-1])
        self.head = nn.Conv2d(widths[0], 4 * (CLASSES + 1), 3, padding=1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the classes and of being hidden.

        Args:
            pictures: (N, 3, H, W) float RGB, ImageNet normalisation, H and W divisible by 32.

        Returns:
            (N, 19, H, W), and (N, 1, H, W): positive where something that is not of the face
            (hand, microphone, medical mask …) lies before it.
        """
        half = self.halved(pictures)
        full = interpolate(half, scale_factor=2.0, mode="bilinear", align_corners=False)
        return full[:, :CLASSES], full[:, CLASSES:]

    def halved(self, pictures: Tensor) -> Tensor:
        """The logits at half size, (N, 20, H/2, W/2): the classes, then being hidden."""
        features = self.trunk(pictures)
        x = features[-1]
        x = x + self.context(x.mean(dim=(2, 3), keepdim=True))
        for across, merge, finer in zip(self.across, self.merges, features[-2::-1], strict=True):
            x = merge(finer + interpolate(across(x), scale_factor=2.0, mode="nearest"))
        return pixel_shuffle(self.head(x), 2)
