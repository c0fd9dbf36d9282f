"""The bank of swap pairs: two people, both proxies of the paper, and both exact truths.

Each seed gives two photos C_a and C_b of procedural people, the proxies C_ab and C_ba as the
published pipeline makes them (:mod:`vplugin.train.reenact`, :mod:`vplugin.train.proxies`), and the
exact swaps, which only the oracle arm and evaluations may see. Two more pictures stand for what
weak swappers give: a photo whose lower face is partly the other's, for the net that mends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vplugin.synth.person import Person
from vplugin.synth.render import render
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Scene
from vplugin.synth.swap import swap_truth
from vplugin.train import faces, parser, proxies, reenact
from vplugin.train.augment import Matrix, warped
from vplugin.train.faces import face_scene
from vplugin.train.parser import class_of_segment
from vplugin.train.proxies import proxy
from vplugin.train.reenact import Severity, reenacted_scene, softened
from vplugin.train.shards import Item
from vplugin.train.triplets import Pair
from vplugin.vision.align import apply, similarity, template

__all__ = ["PairSource", "pair_of"]

Array = npt.NDArray[Any]
_IDENTITY = 256  # places in a record; those that the renderer does not fill are NaN
_UNKNOWN = 255
_PICTURES = ("a", "b", "ab", "ba", "truth_ab", "truth_ba", "weak_a", "weak_b")
_LOWER = ("jaw", "mouth")  # groups of a person's shape
_FURTHEST = 60.0  # degrees of yaw: who is turned further is in no pair


@dataclass(frozen=True)
class PairSource:
    """Renders the bank. Seeds 2n and 2n+1 of people are a and b of pair n.

    Attributes:
        size: Side of an aligned picture (``arcface_128``), px.
        severity: How wrong the proxies are.
        stretch: How much people differ, see :meth:`vplugin.synth.person.Person.stretched`.
        name: Of the folder of shards.
    """

    size: int = 128
    severity: Severity = field(default_factory=Severity)
    stretch: float = 1.0

    name = "pairs"
    parts = (faces, parser, proxies, reenact)  # edits of these make another bank

    @property
    def dtype(self) -> np.dtype[Any]:
        """Pictures (S, S, 3) ``a b ab ba truth_* weak_*``; of a and b: labels, points, who."""
        side = self.size
        return np.dtype(
            [
                *((name, "u1", (side, side, 3)) for name in _PICTURES),
                ("labels", "u1", (2, side, side)),
                ("points", "f4", (2, 5, 2)),
                ("person", "i8", 2),
                ("identity", "f4", (2, _IDENTITY)),
            ]
        )

    def items(self, seed: int) -> Sequence[Item]:
        """The pair of one seed; none where a face is not to be seen."""
        people = 2 * seed, 2 * seed + 1
        views = [_view(face_scene(number, 0, self.stretch), self.size) for number in people]
        if any(view is None for view in views):
            return []
        a, b = (view for view in views if view is not None)
        generator = np.random.default_rng((53, seed))
        made: dict[str, Any] = {
            "a": a.picture,
            "b": b.picture,
            "ab": self._proxy(b, a, generator),
            "ba": self._proxy(a, b, generator),
            "truth_ab": a.cut(swap_truth(b.scene.subjects[0].person, a.scene, a.extent))[0],
            "truth_ba": b.cut(swap_truth(a.scene.subjects[0].person, b.scene, b.extent))[0],
            "weak_a": self._weak(a, b, generator),
            "weak_b": self._weak(b, a, generator),
            "labels": np.stack([a.labels, b.labels]),
            "points": np.stack([a.points, b.points]),
            "person": np.array(people),
            "identity": np.stack([a.identity, b.identity]),
        }
        return [{name: np.asarray(value) for name, value in made.items()}]

    def _proxy(self, identity: _View, attributes: _View, generator: np.random.Generator) -> Array:
        """The identity of one with the attributes of the other, by the published pipeline."""
        scene = reenacted_scene(identity.scene, attributes.scene, self.severity, generator)
        picture, labels = attributes.cut(render(scene, attributes.extent))
        picture = softened(picture, self.severity, generator)
        return proxy(picture, attributes.picture, labels, attributes.labels)

    def _weak(self, one: _View, other: _View, generator: np.random.Generator) -> Array:
        """A photo as a swapper leaves it that had the lower face from ``other``, partly or all."""
        subject, share = one.scene.subjects[0], float(generator.uniform(0.4, 1.0))
        mixed = Person.mix(subject.person, other.scene.subjects[0].person, share)
        person = replace(subject.person, **{name: getattr(mixed, name) for name in _LOWER})
        scene = replace(one.scene, subjects=(replace(subject, person=person),))
        return softened(one.cut(render(scene, one.extent))[0], self.severity, generator)


@dataclass(frozen=True, eq=False)
class _View:
    """One person's scene, drawn and aligned."""

    scene: Scene
    extent: int  # side of the drawing, px
    side: int
    matrix: Matrix
    picture: Array
    labels: Array
    points: Array
    identity: Array

    def cut(self, drawn: Rendering) -> tuple[Array, Array]:
        """Picture and labels of another drawing of the same view, in the same crop."""
        return _cut(drawn, self.matrix, self.side)


def _view(scene: Scene, side: int) -> _View | None:
    """A scene's first person; None where the face is hidden or turned away."""
    extent = round(side * 1.75)  # the crop is about 0.6 of the picture, and never enlarged
    drawn = render(scene, extent)
    if not drawn.faces or drawn.faces[0].inside < 0.8 or drawn.faces[0].occluded > 0.5:
        return None
    face = drawn.faces[0]
    if abs(float(face.pose[0])) > _FURTHEST:
        return None
    matrix = similarity(face.points - 0.5, template("arcface_128").at(side))
    picture, labels = _cut(drawn, matrix, side)
    identity = np.full(_IDENTITY, np.nan, np.float32)
    identity[: len(face.identity)] = face.identity
    points = apply(matrix, face.points - 0.5)
    return _View(scene, extent, side, matrix, picture, labels, points, identity)


def _cut(drawn: Rendering, matrix: Matrix, side: int) -> tuple[Array, Array]:
    picture = warped(drawn.rgb, matrix, side, border=cv2.BORDER_REPLICATE)
    segments = cv2.warpAffine(
        drawn.segments, matrix, (side, side), flags=cv2.INTER_NEAREST, borderValue=_UNKNOWN
    )
    labels = class_of_segment()[segments]
    return picture, np.where(labels == _UNKNOWN, 0, labels).astype(np.uint8)


def pair_of(item: Item) -> Pair:
    """A record as a pair: b is the source, a the target."""
    return Pair(item["b"], item["a"], item["ab"], item["ba"])
