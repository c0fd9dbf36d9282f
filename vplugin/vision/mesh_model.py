"""The shape of a face as few numbers: pose, who it is, what it does.

A linear model of 3D vertices over procedural people (``vplugin/train/face_model.py`` makes the
file) fitted to 106 landmarks. It separates what a swap must keep of the source (proportions) from
what it must keep of the target (pose, expression). Coordinates are those of pixel centres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources

import numpy as np
import numpy.typing as npt

from vplugin.vision.landmarks import five_points

__all__ = ["FaceModel", "Fit", "face_model"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]

POINTS = 106
_NOISE = 2.2  # mm, deviation of a landmark that the model does not explain
_ROUNDS = 6
_NEAR = 24.0  # mm, how far what was found of one point tells of others
_ARRAYS = ("mean", "identity", "expression", "spread", "inner", "reach", "skin", "lids")
_OUTLINE = 33  # the first landmarks; along the jaw they slide, so they count less
_TRUST_OUTLINE = 0.35
_FARTHEST = 10.0  # mm that a feature may lie from the target's
_CAMERA = 700.0  # mm; a face nearer than that is rare, and further makes little difference


@dataclass(frozen=True, eq=False)
class Fit:
    """A face as the model sees it.

    Attributes:
        identity: (K,) deviations from the mean face, in standard deviations.
        expression: (E,) the same, of what a face does.
        rotation: (3, 3) head to camera.
        scale: Pixels per mm.
        shift: (2,) pixels, where the model's origin lies.
        residual: (106, 2) mm, what the model does not explain, in the upright face's plane.
    """

    identity: Floats
    expression: Floats
    rotation: Floats
    scale: float
    shift: Floats
    residual: Floats

    @property
    def yaw(self) -> float:
        """Degrees, positive to the picture's right."""
        return math.degrees(math.atan2(-self.rotation[0, 2], self.rotation[2, 2]))

    @property
    def pitch(self) -> float:
        """Degrees, positive looks down."""
        return math.degrees(math.asin(float(np.clip(-self.rotation[1, 2], -1.0, 1.0))))

    @property
    def roll(self) -> float:
        """Degrees, positive clockwise in the picture."""
        return math.degrees(math.atan2(self.rotation[1, 0], self.rotation[0, 0]))


@dataclass(frozen=True, eq=False)
class FaceModel:
    """Mean and variation of faces; the first 106 of the V vertices are the landmarks.

    The axes are a camera's: x to the picture's right, y down, z away from the viewer; mm.

    Attributes:
        mean: (V, 3).
        identity: (K, V, 3), each of one standard deviation.
        expression: (E, V, 3), each of one standard deviation.
        spread: (V, 106) how a landmark's displacement moves every vertex.
        triangles: (T, 3), in any order.
        regions: (T,) 0 skin, 1 and 2 the openings of the eyes at the picture's left and right, 3
            the inside of the mouth, 4 the lips.
        inner: (V,) 0 on the outline of the face, where the target's shape stays, to 1 at features.
        reach: (V,) eye distances from the border of the mesh, at most 0.5.
        skin: (V,) 1 on plain skin, 0 at brows, eyes and mouth.
        lids: (V, 2) 1 in the opening of the eye at the picture's left and right, 0 off the lids.
        mirror: (106,) the landmark at the same place of the other side.
    """

    mean: Floats
    identity: Floats
    expression: Floats
    spread: Floats
    triangles: Indices
    regions: npt.NDArray[np.uint8]
    inner: Floats
    reach: Floats
    skin: Floats
    lids: Floats
    mirror: Indices

    def shape(self, identity: Floats, expression: Floats) -> Floats:
        """Vertices (V, 3) of a face in mm."""
        return np.asarray(
            self.mean
            + np.tensordot(identity, self.identity, 1)
            + np.tensordot(expression, self.expression, 1)
        )

    def placed(self, fit: Fit) -> Floats:
        """Where the vertices lie in the picture: (V, 3), pixels; z is depth in the same unit."""
        return self._projected(fit, self.shape(fit.identity, fit.expression))

    def _projected(self, fit: Fit, shape: Floats) -> Floats:
        turned = shape @ fit.rotation.T
        turned[:, :2] *= _nearness(turned[:, 2])[:, None]
        moved = self.spread @ fit.residual @ _plane(fit).T
        turned[:, :2] += moved
        turned *= fit.scale
        turned[:, :2] += fit.shift
        return turned

    def dressed(self, source: Fit, target: Fit, keep: Floats) -> Floats:
        """The source's face in the pose and with the expression of the target.

        Args:
            source: Whose proportions.
            target: Whose pose and expression.
            keep: (106,) how much of what the model does not explain comes from the source.

        Returns:
            (V, 3) as :meth:`placed`; the outline is the target's.
        """
        share = keep[:, None]
        mixed = replace(
            target,
            identity=source.identity,
            residual=share * source.residual + (1.0 - share) * target.residual,
        )
        own = self.placed(target)
        moved = self.placed(mixed) - own
        # Proportions far from the target's would fold the mesh at the outline.
        far = np.linalg.norm(moved[:, :2], axis=1, keepdims=True) / (_FARTHEST * target.scale)
        moved /= np.sqrt(1.0 + far**2)
        return np.asarray(own + self.inner[:, None] * moved)

    def fit(self, landmarks: Floats, weights: Floats | None = None) -> Fit:
        """Fit to landmarks (106, 2), pixels, of an upright face.

        Args:
            landmarks: In any space without much perspective.
            weights: (106,) how far each is to be trusted, or None for all alike.
        """
        marks = np.asarray(landmarks, np.float64)
        trust = np.ones(POINTS) if weights is None else weights.astype(np.float64)
        trust[:_OUTLINE] *= _TRUST_OUTLINE
        fit = self._start(marks)
        for turn in range(_ROUNDS):
            fit = self._step(fit, marks, trust, rigid=turn < 2)
        bare = self._projected(fit, self.shape(fit.identity, fit.expression))[:POINTS, :2]
        missed = (marks - bare) / fit.scale
        return replace(fit, residual=missed @ np.linalg.inv(_plane(fit)).T)

    def anchored(self, marks: Floats, points: Floats, share: float) -> Floats:
        """Landmarks (106, 2) drawn towards five points (5, 2) that another net found.

        Two nets that look independently err less together; what lies near a point goes with it.

        Args:
            marks: Of the landmark net.
            points: Of the detector, steadied by the tracker.
            share: 0 leaves the landmarks, 1 puts them onto the points.
        """
        off = (points - five_points(marks)) * share
        common = off.mean(axis=0)
        return np.asarray(marks + common + self._reach @ (off - common))

    @cached_property
    def _reach(self) -> Floats:
        """(106, 5) how far each landmark goes with each of the five."""
        flat = self.mean[:POINTS, :2]
        five = five_points(flat)
        square = ((flat[:, None] - five[None]) ** 2).sum(-1)
        among = ((five[:, None] - five[None]) ** 2).sum(-1)
        return np.asarray(np.exp(-square / _NEAR**2) @ np.linalg.inv(np.exp(-among / _NEAR**2)))

    def _start(self, marks: Floats) -> Fit:
        mean = self.mean[:POINTS, :2]
        spread = math.sqrt(float(marks.var(axis=0).sum()) / float(mean.var(axis=0).sum()))
        none = np.zeros(len(self.identity)), np.zeros(len(self.expression))
        shift = marks.mean(axis=0) - spread * mean.mean(axis=0)
        return Fit(*none, np.eye(3), spread, shift, np.zeros((POINTS, 2)))

    @cached_property
    def _ways(self) -> Floats:
        """(K + E, 106, 3) how the landmarks move with identity and expression."""
        both = np.concatenate([self.identity, self.expression])
        return np.ascontiguousarray(both[:, :POINTS])

    def _step(self, fit: Fit, marks: Floats, trust: Floats, *, rigid: bool) -> Fit:
        """One Gauss-Newton step, towards small deviations."""
        known = np.concatenate([fit.identity, fit.expression])
        shape = self.mean[:POINTS] + np.tensordot(known, self._ways, 1)
        turned = shape @ fit.rotation.T
        near = _nearness(turned[:, 2])[:, None]
        place = turned[:, :2] * near
        missed = (marks - fit.scale * place - fit.shift) / fit.scale
        ways = _rigid(turned, near, place)
        if not rigid:
            ways = np.concatenate([ways, (self._ways @ fit.rotation[:2].T) * near])
        root = np.sqrt(trust)[:, None] / _NOISE
        design = (ways * root).reshape(len(ways), -1)
        normal = design @ design.T
        right = design @ (missed * root).ravel()
        normal[np.diag_indices(6)] += 1e-9
        if not rigid:
            normal[np.arange(6, len(normal)), np.arange(6, len(normal))] += 1.0
            right[6:] -= known
        change = np.asarray(np.linalg.solve(normal, right), np.float64)
        bend = np.zeros(len(known)) if rigid else change[6:]
        count = len(self.identity)
        return replace(
            fit,
            identity=fit.identity + bend[:count],
            expression=fit.expression + bend[count:],
            rotation=_turn(change[:3]) @ fit.rotation,
            scale=fit.scale * math.exp(float(np.clip(change[3], -0.5, 0.5))),
            shift=fit.shift + fit.scale * change[4:6],
        )


def _rigid(turned: Floats, near: Floats, place: Floats) -> Floats:
    """(6, 106, 2) mm how landmarks move with rotation about x, y, z, with size and with a shift."""
    x, y, z = turned.T
    ways = np.zeros((6, POINTS, 2))
    ways[0, :, 1], ways[1, :, 0] = -z, z
    ways[2, :, 0], ways[2, :, 1] = -y, x
    ways[:3] *= near
    ways[3] = place
    ways[4, :, 0] = ways[5, :, 1] = 1.0
    return ways


def _nearness(depth: Floats) -> Floats:
    """How much larger than at the origin things at this depth (mm) look."""
    return np.asarray(_CAMERA / (_CAMERA + depth))


def _plane(fit: Fit) -> Floats:
    """(2, 2) upright face → picture, in mm: what lies in the face's plane is foreshortened."""
    return fit.rotation[:2, :2]


def _turn(vector: Floats) -> Floats:
    """Rotation matrix of an axis times an angle (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector * (min(angle, 0.6) / angle) / min(angle, 0.6)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = min(angle, 0.6)  # a step too far is taken in two
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)


@cache
def face_model() -> FaceModel:
    """The model that ships with the package; read once."""
    file = resources.files("vplugin.vision") / "data" / "face_model.npz"
    with file.open("rb") as opened, np.load(opened) as data:
        doubles = {
            name: data[name].astype(np.float64)
            for name in (
                "mean",
                "identity",
                "expression",
                "spread",
                "inner",
                "reach",
                "skin",
                "lids",
            )
        }
        return FaceModel(
            **doubles,
            triangles=data["triangles"].astype(np.int32),
            regions=data["regions"].astype(np.uint8),
            mirror=data["mirror"].astype(np.int32),
        )
