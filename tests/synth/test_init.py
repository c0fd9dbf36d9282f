"""The names at the package's root: lazy, and the same things as in the modules."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import vplugin.synth
from vplugin.synth import Camera, Expression, Person, Scene, Subject, render, swap_truth
from vplugin.synth.render import render as function

pytestmark = pytest.mark.timeout(900)


def test_every_name_is_there():
    for name in vplugin.synth.__all__:
        assert callable(getattr(vplugin.synth, name)), name
    with pytest.raises(AttributeError, match="no attribute 'Nobody'"):
        vplugin.synth.Nobody  # noqa: B018


def test_the_root_loads_no_compiler():
    code = "import sys, vplugin.synth; print('numba' in sys.modules, 'numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


def test_render_is_the_function_under_either_name():
    scene = Scene((Subject(Person.from_seed(3), Expression(), place=(0, 0, 900)),), Camera())
    ours, theirs = render(scene, 32), function(scene, (32, 32))
    assert (ours.rgb == theirs.rgb).all()
    assert (pickle.loads(pickle.dumps(render))(scene, 32).rgb == ours.rgb).all()
    assert (swap_truth(Person.from_seed(4), scene, 32).rgb != ours.rgb).any()
