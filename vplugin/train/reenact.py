"""Stage 1 of a proxy: one person's face with another's pose and expression, imperfectly.

For procedural people the face is rendered again, and made as wrong as a reenactment net would make
it, by a severity: a share of the attribute giver's identity leaks in, expression and pose are a
little off, the light stays the identity giver's, the picture is soft and bent. Without that the
claim that triplets of such proxies teach would be a tautology. Photographs are reenacted by
:mod:`vplugin.train.photo_pairs`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.synth.parameters import Group
from vplugin.synth.person import Person
from vplugin.synth.scene import Scene

__all__ = ["Severity", "reenacted_scene", "softened"]

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Severity:
    """How wrong a rendered reenactment is; every figure is multiplied by ``factor``.

    Attributes:
        factor: 0 is exact, 1 is about what nets did when the paper was written.
        leak: Mean share of the attribute giver's identity.
        leak_spread: Standard deviation of that share.
        expression: Standard deviation of each share of the expression.
        pose: Standard deviation of each angle, degrees.
        blur: Standard deviation of the softness, in pixels of a 128 px crop.
        bend: Standard deviation of the bending, in pixels of a 128 px crop.
    """

    factor: float = 1.0
    leak: float = 0.15
    leak_spread: float = 0.05
    expression: float = 0.1
    pose: float = 2.0
    blur: float = 0.6
    bend: float = 0.8


def reenacted_scene(
    identity: Scene, attributes: Scene, severity: Severity, generator: np.random.Generator
) -> Scene:
    """The scene of the reenactment: render it, then :func:`softened`.

    Args:
        identity: Its first subject is who is shown, in that scene's light.
        attributes: Its first subject's pose, expression and place are taken, and the camera.
        severity: Of the errors.
        generator: Of the errors.
    """
    shown, wanted, factor = identity.subjects[0], attributes.subjects[0], severity.factor
    leak = generator.normal(severity.leak, severity.leak_spread) * factor
    other = shown.person.with_identity(wanted.person)
    person = Person.mix(shown.person, other, float(np.clip(leak, 0, 0.49)))
    subject = replace(
        shown,
        person=person,
        expression=_off(wanted.expression, severity.expression * factor, "share", generator),
        pose=_off(wanted.pose, severity.pose * factor, "degrees", generator),
        place=wanted.place,
        facing=wanted.facing,
    )
    return replace(attributes, subjects=(subject,), light=identity.light, occluders=())


def softened(picture: Picture, severity: Severity, generator: np.random.Generator) -> Picture:
    """A rendered reenactment as soft and bent as a net would give it.

    Args:
        picture: (S, S, 3) uint8 RGB.
        severity: Of the errors.
        generator: Of the bending.
    """
    side = picture.shape[0]
    unit = severity.factor * side / 128
    if unit == 0:
        return picture
    blur = max(severity.blur * unit, 0.05)  # which is none
    coarse = generator.normal(0, severity.bend * unit, (2, 4, 4)).astype(np.float32)
    shift = [cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in coarse]
    y, x = np.mgrid[:side, :side].astype(np.float32)
    bent = cv2.remap(
        picture, x + shift[0], y + shift[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(cv2.GaussianBlur(bent, (0, 0), blur), np.uint8)


def _off(group: Any, spread: float, unit: str, generator: np.random.Generator) -> Any:
    """A group whose numbers of one unit are off by chance, kept within their ranges."""
    assert isinstance(group, Group)
    moved: dict[str, float] = {}
    for p in group.parameters():
        error = float(generator.normal(0, 1))  # drawn for each, so that all severities share them
        if p.unit == unit:
            value = float(getattr(group, p.name)) + error * spread
            moved[p.name] = min(p.high, max(p.low, value))
    return replace(group, **moved)
