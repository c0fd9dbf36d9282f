"""Whole pictures on torch tensors, against those of the compiled renderer."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

import vplugin.synth
from vplugin.errors import RuntimeMissingError
from vplugin.synth.appearance import MakeUp
from vplugin.synth.backdrop import Backdrop
from vplugin.synth.beard import Beard
from vplugin.synth.camera import Camera
from vplugin.synth.device.render import render_on
from vplugin.synth.expression import Expression
from vplugin.synth.hair_style import HairStyle
from vplugin.synth.light import Light
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.props import Prop
from vplugin.synth.render import render
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Scene, Subject
from vplugin.synth.wear import Wear

# The first picture on a machine compiles the renderer.
pytestmark = pytest.mark.timeout(900)
SIZE = (96, 80)
PLACE = (0.0, 20.0, 640.0)


def person(seed: int, hair: str = "short", beard: str = "none", **wear) -> Person:
    look = HairStyle(style=hair)
    return replace(Person.from_seed(seed), hair=look, beard=Beard(style=beard), wear=Wear(**wear))


def scene(*subjects: Subject, kind: str = "plain", seed: int = 5, **more) -> Scene:
    return Scene(subjects, Camera(), backdrop=Backdrop(kind=kind, seed=seed), **more)


def alone(who: Person, yaw: float = 0.0, kind: str = "plain", **more) -> Scene:
    expression = Expression(jaw=0.4, smile_left=0.5, brow_inner=0.5)
    return scene(Subject(who, expression, Pose(yaw=yaw), PLACE), kind=kind, **more)


HAND = Prop("hand", (15.0, 30.0, 480.0), grip="spread")
STAGE = Light(preset="stage", azimuth=-60.0, softness=0.1, rim=0.9)
SCENES = {
    "clear glasses": lambda: alone(person(3, glasses="round"), kind="office"),
    "dark glasses": lambda: alone(person(4, "bob", glasses="square", lenses="dark"), 25.0),
    "hat over long hair": lambda: alone(person(5, "long", hat="cap"), -30.0, "park"),
    "braids and a beard": lambda: alone(person(6, "braids", "full"), 10.0, "street"),
    "afro and a mask": lambda: alone(person(7, "afro", cover="medical_mask"), kind="bokeh"),
    "bald, jewels, turned away": lambda: alone(
        person(8, "bald", earrings="hoop", necklace="beads"), 70.0, "stage", light=STAGE
    ),
    "painted": lambda: alone(
        replace(
            person(9, "slicked"), make_up=MakeUp(lipstick=1.0, shadow=0.8, liner=0.7, blush=0.6)
        )
    ),
    "a hand in front": lambda: alone(person(10, "locs", "goatee"), occluders=(HAND,)),
    "two people": lambda: scene(
        Subject(person(11, "ponytail"), place=(-110.0, 20.0, 800.0)),
        Subject(person(12, "bun", "stubble"), place=(120.0, 0.0, 950.0)),
        kind="room",
    ),
    "things alone": lambda: scene(occluders=(HAND,), kind="brick"),
}


@cache
def drawn() -> dict[str, tuple[Rendering, Rendering]]:
    """Compiled and on tensors, all of them in one batch."""
    scenes = [make() for make in SCENES.values()]
    found = render_on(scenes, SIZE, "cpu")
    wanted = [render(one, SIZE) for one in scenes]
    return dict(zip(SCENES, zip(wanted, found, strict=True), strict=True))


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """PSNR, dB."""
    error = np.mean((a.astype(float) - b) ** 2)
    return float(10.0 * np.log10(255.0**2 / max(error, 1e-9)))


@pytest.mark.parametrize("name", SCENES)
def test_nearly_the_same_picture(name):
    wanted, found = drawn()[name]
    for plane in ("rgb", "alpha", "depth", "segments", "subjects"):
        a, b = getattr(wanted, plane), getattr(found, plane)
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
    assert likeness(wanted.rgb, found.rgb) > 48.0
    assert (wanted.segments == found.segments).mean() > 0.998
    assert (wanted.subjects == found.subjects).mean() > 0.998
    assert np.abs(wanted.alpha.astype(int) - found.alpha).mean() < 0.3
    there = np.isfinite(wanted.depth) & np.isfinite(found.depth)
    assert (np.isfinite(wanted.depth) == np.isfinite(found.depth)).mean() > 0.998
    assert (np.abs(wanted.depth[there] - found.depth[there]) > 1.0).mean() < 0.004
    assert (wanted.alpha > 0).mean() > 0.05


@pytest.mark.parametrize("name", SCENES)
def test_the_same_truth(name):
    wanted, found = drawn()[name]
    assert len(wanted.faces) == len(found.faces)
    for a, b in zip(wanted.faces, found.faces, strict=True):
        for field in ("box", "points", "landmarks68", "landmarks106", "iris", "identity", "pose"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
        assert (a.subject, a.inside, a.attributes) == (b.subject, b.inside, b.attributes)
        assert (a.visible106 == b.visible106).mean() > 0.98
        assert a.occluded == pytest.approx(b.occluded, abs=0.01)


def test_a_close_face_in_fine_detail():
    close = scene(Subject(Person.from_seed(2), place=(0.0, 10.0, 330.0)), kind="curtain")
    [found] = render_on([close], 168, "cpu")
    wanted = render(close, 168)
    assert likeness(wanted.rgb, found.rgb) > 48.0
    assert (wanted.segments == found.segments).mean() > 0.998


def test_in_order_however_they_are_drawn():
    beside = scene(Subject(person(3), place=(2000.0, 0.0, 640.0)))
    scenes = [SCENES["things alone"](), beside, SCENES["clear glasses"]()]
    found = render_on(scenes, SIZE, torch.device("cpu"), together=1, threads=2)
    assert likeness(found[0].rgb, drawn()["things alone"][1].rgb) > 60.0
    assert likeness(found[2].rgb, drawn()["clear glasses"][1].rgb) > 60.0
    wanted = render(beside, SIZE)
    np.testing.assert_array_equal(found[1].rgb, wanted.rgb)
    assert (found[1].alpha.any(), found[1].faces) == (False, wanted.faces)


def test_no_scenes():
    assert render_on([], 64, "cpu") == []


@pytest.mark.parametrize(
    ("device", "size", "error", "match"),
    [
        ("cuda", 64, RuntimeMissingError, "0 CUDA devices"),
        ("cuda:3", 64, RuntimeMissingError, "cuda:3"),
        ("meta", 64, RuntimeMissingError, "cpu and cuda only"),
        ("cpu", (64, 7), ValueError, "too small"),
    ],
)
def test_what_cannot_be(device, size, error, match, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(error, match=match):
        render_on([SCENES["things alone"]()], size, device)


class Made(TorchFunctionMode):
    """Notes tensors that are made without a word about where."""

    def __init__(self) -> None:
        super().__init__()
        self.homeless: list[str] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        makers = (torch.zeros, torch.ones, torch.full, torch.empty, torch.arange, torch.tensor)
        if func in (*makers, torch.as_tensor) and "device" not in (kwargs or {}):
            self.homeless.append(func.__name__)
        return func(*args, **(kwargs or {}))


def test_every_tensor_is_made_on_the_device():
    """What would only be noticed where a GPU is."""
    with Made() as made:
        render_on([SCENES["dark glasses"](), SCENES["a hand in front"]()], 64, "cpu")
    assert made.homeless == []


def test_a_name_of_the_package():
    assert vplugin.synth.render_on is render_on
