"""The columns of a contest's table: names, in what unit, which way is better, and who measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["METRICS", "SECTIONS", "Metric"]

Need = Literal["identity", "lower", "parameters", "reader", "truth", "clips"]


@dataclass(frozen=True)
class Metric:
    """One column.

    Attributes:
        name: In files.
        label: For people.
        section: Where it stands in the report.
        better: ``higher``, ``lower``, or ``neither`` where both ends are bad.
        needs: What must be there for it.
        scale: By which a figure is multiplied to be shown.
        digits: Behind the point.
    """

    name: str
    label: str
    section: str
    better: Literal["higher", "lower", "neither"]
    needs: tuple[Need, ...]
    scale: float = 1.0
    digits: int = 3

    def shown(self, value: float) -> str:
        """A figure, for people."""
        return f"{value * self.scale:.{self.digits}f}" if value == value else "–"


#: Sections of the report, and what stands above each.
SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "Identity": "Whose face it is, by embedders that no swapper was made with.",
        "Attributes": "What has to stay the target's, read by the house models off the answer and "
        "off what is right.",
        "Pixels": "Against the exact truth, in the face, in the ring around it, and beyond. The "
        "truth keeps the target's light and skin: *target unchanged* is hard to beat here.",
        "Copying": "Whose detail shows (what a blur of 0.16 eye distances takes away). Whoever "
        "copies the target has a high correlation with it and a low one with the truth.",
        "Motion": "On clips.",
    }
)


def _pixels() -> list[Metric]:
    kinds: tuple[tuple[str, str, Literal["higher", "lower"], float, int], ...] = (
        ("psnr", "PSNR", "higher", 1, 2),
        ("ssim", "SSIM", "higher", 1, 3),
        ("gmsd", "GMSD", "lower", 1, 3),
    )
    return [
        Metric(f"{name}_{part}", f"{label} {part}", "Pixels", better, ("truth",), scale, digits)
        for name, label, better, scale, digits in kinds
        for part in ("face", "ring", "background")
    ]


#: All columns, in the order of the report.
METRICS: tuple[Metric, ...] = (
    Metric("id_retrieval", "ID retrieval %", "Identity", "higher", ("identity",), 100, 1),
    Metric("id_source", "cos to source", "Identity", "higher", ("identity",)),
    Metric("id_target", "cos to target", "Identity", "neither", ("identity",)),
    Metric("lower_retrieval", "L retrieval %", "Identity", "higher", ("lower",), 100, 1),
    Metric("lower_source", "L cos to source", "Identity", "higher", ("lower",)),
    Metric("lower_target", "L cos to target", "Identity", "neither", ("lower",)),
    Metric("transfer_all", "τ all", "Identity", "higher", ("parameters", "truth")),
    Metric("transfer_lower", "τ lower", "Identity", "higher", ("parameters", "truth")),
    Metric("transfer_upper", "τ upper", "Identity", "higher", ("parameters", "truth")),
    Metric("frechet", "Fréchet", "Identity", "lower", ("identity",)),
    Metric("pose", "pose °", "Attributes", "lower", ("reader",), 1, 2),
    Metric("expression", "expression σ", "Attributes", "lower", ("reader",)),
    Metric("openness", "openness", "Attributes", "lower", ("reader",)),
    Metric("gaze", "gaze, eye widths", "Attributes", "lower", ("reader",)),
    *_pixels(),
    Metric("detail_truth", "with truth", "Copying", "higher", ("truth",)),
    Metric("detail_source", "with source", "Copying", "neither", ()),
    Metric("detail_target", "with target", "Copying", "neither", ()),
    Metric("flicker", "flicker, levels", "Motion", "lower", ("clips",), 1, 2),
    Metric("id_variance", "identity variance", "Motion", "lower", ("clips", "identity"), 1, 4),
)
