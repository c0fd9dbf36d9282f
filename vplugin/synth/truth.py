"""The truth about a face: where its points are in the picture, and which of them can be seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vplugin.synth.body import Body
from vplugin.synth.exact import PI, angle_of, compiled
from vplugin.synth.parameters import Group
from vplugin.synth.parts import Floats, Indices, Material, Segment
from vplugin.synth.raster import Singles, projected
from vplugin.synth.rendering import FaceTruth
from vplugin.synth.scene import Scene, Subject

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
# A point this much behind what is drawn there is hidden, mm: lashes and brows hide nothing.
_SLACK = 9.0
_FACE = (
    Segment.SKIN, Segment.LEFT_BROW, Segment.RIGHT_BROW, Segment.LEFT_EYE, Segment.RIGHT_EYE,
    Segment.NOSE, Segment.INNER_MOUTH, Segment.UPPER_LIP, Segment.LOWER_LIP, Segment.BEARD,
)  # fmt: skip


class Seen(NamedTuple):
    """What is needed to look a point up in the samples of a region."""

    depth: Singles
    segment: Bytes
    subject: Bytes
    camera: Floats
    left: int
    top: int
    width: int
    height: int


def face_truth(scene: Scene, index: int, body: Body, seen: Seen) -> FaceTruth:
    """The truth about subject ``index`` of a scene whose samples are ``seen``."""
    subject, head = scene.subjects[index], body.head
    points, points68, points106 = (
        body.at(cloud) for cloud in (head.points5, head.landmarks68, head.landmarks106)
    )
    box = _box(np.concatenate([body.at(head.outline), points106]), seen)
    return FaceTruth(
        subject=index,
        box=box,
        points=_pixels(points, seen),
        landmarks68=_pixels(points68, seen),
        landmarks106=_pixels(points106, seen),
        iris=_pixels(body.at(head.iris), seen),
        visible5=_visible(points, seen),
        visible68=_visible(points68, seen),
        visible106=_visible(points106, seen),
        occluded=_occluded(body, index + 1, seen),
        inside=_inside(box, seen),
        identity=subject.person.identity,
        expression=subject.expression.vector(),
        pose=_pose(subject),
        attributes=_attributes(scene, subject),
    )


def _pixels(points: Floats, seen: Seen) -> Singles:
    """(N, 2) float32 in the picture."""
    places = projected(points, seen.camera[0], seen.camera[1], seen.camera[2])
    places[:, 0] = 0.5 * places[:, 0] + seen.left
    places[:, 1] = 0.5 * places[:, 1] + seen.top
    return np.ascontiguousarray(places[:, :2], np.float32)


def _box(outline: Floats, seen: Seen) -> Singles:
    places = _pixels(outline, seen)
    return np.concatenate([places.min(axis=0), places.max(axis=0)]).astype(np.float32)


def _inside(box: Singles, seen: Seen) -> float:
    x0, y0, x1, y1 = (float(value) for value in box)
    wide = max(0.0, min(x1, seen.width) - max(x0, 0.0))
    high = max(0.0, min(y1, seen.height) - max(y0, 0.0))
    return wide * high / max(1e-6, (x1 - x0) * (y1 - y0))


def _visible(points: Floats, seen: Seen) -> Flags:
    """(N,) whether nothing is more than a little before the point; not outside the picture."""
    places = projected(points, seen.camera[0], seen.camera[1], seen.camera[2])
    flags = np.zeros(len(points), np.bool_)
    _look(points, places, seen.depth, flags)
    pixels = _pixels(points, seen)
    x, y = pixels[:, 0], pixels[:, 1]
    within = (x >= 0) & (y >= 0) & (x < seen.width) & (y < seen.height)
    return np.asarray(flags & within, np.bool_)


@compiled
def _look(points: Floats, places: Floats, depth: Singles, flags: Flags) -> None:
    height, width = depth.shape
    for n in range(points.shape[0]):
        # The outline's points lie on the silhouette, so a neighbouring sample may show them.
        x, y = math.floor(places[n, 0]), math.floor(places[n, 1])
        for j in range(max(0, y - 1), min(height, y + 2)):
            for i in range(max(0, x - 1), min(width, x + 2)):
                if depth[j, i] >= points[n, 2] - _SLACK:
                    flags[n] = True


def _occluded(body: Body, number: int, seen: Seen) -> float:
    """Share of the face's front that something else hides."""
    skin = next(item for item in body.placed if item.part.material == Material.SKIN)
    labels = skin.part.labels
    if labels is None:
        labels = np.full(len(skin.part.triangles), int(Segment.SKIN), np.uint8)
    places = projected(skin.vertices, seen.camera[0], seen.camera[1], seen.camera[2])
    face = np.zeros(256, np.bool_)
    face[list(_FACE)] = True
    drawn = (seen.depth, seen.segment, seen.subject)
    part = skin.part
    return float(_hidden(places, part.triangles, labels, part.texture, *drawn, face, number))


@compiled
def _hidden(
    places: Floats,
    triangles: Indices,
    labels: Bytes,
    texture: Floats,
    depth: Singles,
    segment: Bytes,
    subject: Bytes,
    face: Flags,
    number: int,
) -> float:
    """By area in the picture, over triangles that face the camera; hair counts half."""
    height, width = depth.shape
    whole = hidden = 0.0
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        across, down = texture[i, 2], texture[i, 1]
        # The neck and the back of the head may carry the skin's label.
        if not face[labels[t]] or across > 45.0 or down > 115.0 or down < -70.0:
            continue
        area = (places[j, 0] - places[i, 0]) * (places[k, 1] - places[i, 1])
        area -= (places[j, 1] - places[i, 1]) * (places[k, 0] - places[i, 0])
        x, y = math.floor(places[i, 0]), math.floor(places[i, 1])
        if x < 0 or y < 0 or x >= width or y >= height or places[i, 2] <= 0.0:
            continue
        behind = 1.0 / places[i, 2] > depth[y, x] + _SLACK
        own = subject[y, x] == number
        if own and behind and face[segment[y, x]]:
            # The head hides itself: not part of its front.
            continue
        area = abs(area)
        whole += area
        if own and segment[y, x] == Segment.HAIR:
            hidden += 0.5 * area if behind else 0.25 * area
        elif not own or not face[segment[y, x]]:
            hidden += area
    return hidden / max(whole, 1e-9)


def _pose(subject: Subject) -> Singles:
    """Yaw, pitch and roll of the head against the line of sight, degrees."""
    x, y, z = subject.place
    across = angle_of(x, z) * 180.0 / PI
    down = angle_of(y, z) * 180.0 / PI
    yaw = subject.pose.yaw + subject.facing + across
    return np.array([yaw, subject.pose.pitch - down, subject.pose.roll], np.float32)


def _attributes(scene: Scene, subject: Subject) -> Mapping[str, str | float]:
    """Words and numbers of the person, what is worn, the face and the light."""
    words: dict[str, str | float] = {}
    person = subject.dressed
    for item in fields(person):
        value = getattr(person, item.name)
        words.update(_named(item.name, value) if isinstance(value, Group) else {item.name: value})
    words.update(_named("expression", subject.expression))
    words["light"] = scene.light.preset
    words["backdrop"] = scene.backdrop.kind
    words["exposure"] = scene.camera.exposure
    return words


def _named(name: str, group: Group) -> dict[str, str | float]:
    return {f"{name}.{p.name}": getattr(group, p.name) for p in group.parameters()}
