"""Linear light to bytes, against the compiled film."""

from __future__ import annotations

import numpy as np
import torch

from vplugin.synth.camera import Camera
from vplugin.synth.compose import developed
from vplugin.synth.device import develop

CAMERAS = (
    Camera(),
    Camera(exposure=1.5, contrast=1.4, saturation=1.6, warmth=0.8, vignette=1.0),
    Camera(exposure=-2.0, contrast=0.6, saturation=0.0, tint=-0.7),
)


def test_as_the_compiled_film():
    random = np.random.default_rng(5)
    pictures = random.uniform(0.0, 1.0, (3, 20, 30, 3)).astype(np.float32) ** 3 * 4.0
    pictures[:, 0] = 0.0
    found = develop.developed(torch.from_numpy(pictures), CAMERAS).numpy()
    wanted = np.stack([developed(p, c) for p, c in zip(pictures, CAMERAS, strict=True)])
    away = np.abs(found.astype(int) - wanted)
    assert away.max() <= 1
    assert (away > 0).mean() < 0.01
    assert wanted.std() > 40
