"""Maps of shadows and what they answer, against the compiled ones."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from vplugin.synth import shadow
from vplugin.synth.camera import Camera
from vplugin.synth.device import shadow as device_shadow
from vplugin.synth.device.batch import batched
from vplugin.synth.device.render import _prepare
from vplugin.synth.device.shadow import Shadows, shadow_maps
from vplugin.synth.light import Light
from vplugin.synth.person import Person
from vplugin.synth.scene import Scene, Subject

# The first head on a machine is compiled.
pytestmark = pytest.mark.timeout(900)
LIGHTS = (Light(azimuth=50.0, softness=0.6), Light(azimuth=-20.0, elevation=70.0, softness=0.05))


@cache
def maps() -> tuple[Shadows, tuple[shadow.ShadowMap, ...], np.ndarray]:
    """Of two scenes, on tensors and compiled; and places about a head."""
    people = (Person.from_seed(12), Person.from_seed(2))
    ready = [
        _prepare(Scene((Subject(who, place=(0, 0, 640)),), Camera(), light), 64, 64).ready
        for who, light in zip(people, LIGHTS, strict=True)
    ]
    assert all(one is not None for one in ready)
    found = shadow_maps(batched(ready, 64, 64, torch.device("cpu")))
    wanted = tuple(
        shadow.shadow_map(one.solid.vertices, one.solid.triangles, *one.casting) for one in ready
    )
    random = np.random.default_rng(2)
    near = np.concatenate([one.solid.vertices for one in ready])
    places = near[random.integers(0, len(near), 400)] + random.normal(0, 6, (400, 3))
    return found, wanted, places.astype(np.float32)


def test_the_maps():
    found, wanted, _ = maps()
    for n, one in enumerate(wanted):
        size = len(one.solid)
        np.testing.assert_allclose(found.frame[n].numpy(), one.frame, rtol=1e-4, atol=1e-3)
        solid, hair = found.solid[n, :size, :size].numpy(), found.hair[n, :size, :size].numpy()
        assert ((solid > 1e8) == (one.solid > 1e8)).mean() > 0.999
        assert (np.abs(solid - one.solid) < 0.1).mean() > 0.995
        assert (np.abs(hair[..., 0] - one.hair[..., 0]) < 0.1).mean() > 0.99
        assert hair[..., 1:].sum() == pytest.approx(one.hair[..., 1:].sum(), rel=1e-3)
        assert (one.solid < 1e8).mean() > 0.2


ASKED = {
    "through": lambda maps, at, turn: device_shadow.through(maps, at),
    "softly_through": device_shadow.softly_through,
    "lit": lambda maps, at, turn: device_shadow.lit(maps, at),
    "softly_lit": device_shadow.softly_lit,
    "thinness": lambda maps, at, turn: device_shadow.thinness(maps, at),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_answers(name):
    found, wanted, places = maps()
    picture, turn = torch.arange(len(places)) % 2, torch.arange(len(places)) % 8
    at = found.texels(picture, torch.from_numpy(places))
    answers = ASKED[name](found, at, turn).numpy()
    compiled = getattr(shadow, name)
    more = [(int(n),) if name.startswith("softly") else () for n in turn]
    expected = np.array(
        [
            compiled(wanted[n % 2], *(float(x) for x in place), *more[n])
            for n, place in enumerate(places)
        ]
    )
    assert (np.abs(answers - expected) < 0.02).mean() > 0.98
    assert expected.std() > 0.1
