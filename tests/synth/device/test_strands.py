"""Hairs over what is there, against the compiled ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vplugin.synth import strand_raster
from vplugin.synth.camera import Camera
from vplugin.synth.device.batch import batched
from vplugin.synth.device.planes import Planes
from vplugin.synth.device.render import _prepare
from vplugin.synth.device.shadow import shadow_maps
from vplugin.synth.device.strands import _shining, draw_strands
from vplugin.synth.person import Person
from vplugin.synth.scene import Scene, Subject
from vplugin.synth.shadow import shadow_map

# The first head on a machine is compiled.
pytestmark = pytest.mark.timeout(900)
SIDE = 56


def test_what_shines_through_those_before():
    share = torch.tensor([0.5, 0.5, 0.2, 1.0, 0.3])
    before = _shining(share, torch.tensor([2, 3]))
    np.testing.assert_allclose(before.numpy(), [1.0, 0.5, 1.0, 0.8, 0.0], atol=1e-6)


def test_as_the_compiled_hairs():
    """In free space, before a wall and behind one that hides half of them."""
    scene = Scene((Subject(Person.from_seed(5), place=(0.0, 0.0, 640.0)),), Camera())
    ready = _prepare(scene, SIDE, SIDE).ready
    assert ready is not None
    batch = batched([ready], SIDE, SIDE, torch.device("cpu"))
    side = 2 * SIDE
    depth = np.full((side, side), 2000.0, np.float32)
    depth[:, : side // 2], depth[: side // 4] = 300.0, np.inf
    colour = np.full((side, side, 3), 0.4, np.float32)
    planes = Planes(
        torch.from_numpy(colour.reshape(-1, 3).copy()),
        torch.from_numpy(depth.reshape(-1).copy()),
        *(torch.zeros(side * side, dtype=torch.uint8) for _ in range(2)),
        torch.zeros(side * side),
    )
    most = max(batch.strands, key=lambda item: len(item.radii))
    draw_strands(batch, most, shadow_maps(batch), planes)
    hairs = max(ready.stage.hairs, key=lambda item: len(item.radii))
    segment, subject = np.zeros((2, side, side), np.uint8)
    cover = np.zeros((side, side), np.float32)
    focal = float(ready.stage.camera[0])
    shadows = shadow_map(ready.solid.vertices, ready.solid.triangles, *ready.casting)
    strand_raster.draw_strands(
        *(colour, depth, segment, cover, subject, hairs.points, hairs.radii, hairs.colours),
        *(hairs.tips, hairs.starts, hairs.look, focal, np.array([SIDE, SIDE], np.float64)),
        *(ready.lights, shadows),
    )
    assert (cover > 0.5).sum() > 300
    for found, wanted, away in (
        (planes.colour, colour, 0.02),
        (planes.cover, cover, 0.05),
        (planes.segment, segment, 0),
        (planes.subject, subject, 0),
    ):
        apart = np.abs(found.numpy().astype(float).reshape(wanted.shape) - wanted)
        assert (apart <= away).mean() > 0.998
    assert not planes.cover.view(side, side)[side // 4 :, : side // 2].any()
