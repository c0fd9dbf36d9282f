"""Drawn faces in the form of the rendered bank: nothing to see for people, enough to test with."""

from __future__ import annotations

import cv2
import numpy as np

from vplugin.train.shards import Item


def drawn_face(seed: int, size: int = 96) -> Item:
    """A skin-coloured ellipse with dark eyes, a nose and a mouth, before a flat colour."""
    generator = np.random.default_rng(seed)
    image = np.full((size, size, 3), generator.integers(0, 256, 3), np.uint8)
    alpha = np.zeros((size, size), np.uint8)
    centre = np.array([size / 2, size * 0.45]) + generator.normal(0, 2, 2)
    half = np.array([0.17, 0.22]) * size * generator.uniform(0.85, 1.15)
    skin = (np.array([224, 172, 140]) * generator.uniform(0.4, 1.05)).astype(int).tolist()
    body = [int(v) for v in generator.integers(0, 256, 3)]
    for canvas, head, cloth in ((image, skin, body), (alpha, 255, 255)):
        base = (int(centre[0]), size)
        cv2.ellipse(canvas, base, (int(0.35 * size), int(0.33 * size)), 0, 0, 360, cloth, -1)
        cv2.ellipse(canvas, tuple(centre.astype(int).tolist()), tuple(half.astype(int).tolist()),
                    0, 0, 360, head, -1)  # fmt: skip
    places = np.array([[-0.4, -0.2], [0.4, -0.2], [0, 0.15], [-0.3, 0.5], [0.3, 0.5]])
    points = (centre + places * half).astype(np.float32)
    for eye in points[:2]:
        cv2.circle(image, tuple(eye.astype(int).tolist()), max(1, size // 28), (20, 20, 20), -1)
    corners = points[3:].astype(int).tolist()
    cv2.line(image, corners[0], corners[1], (150, 40, 50), max(1, size // 32))
    cv2.circle(image, tuple(points[2].astype(int).tolist()), max(1, size // 48), (120, 70, 50), -1)
    box = np.concatenate([centre - half, centre + half]).astype(np.float32)
    values = {"image": image, "alpha": alpha, "box": box, "points": points, "occluded": 0.0,
              "visible": np.ones(5, bool)}  # fmt: skip
    return {name: np.asarray(value) for name, value in values.items()}


def drawn_place(seed: int, size: int = 128) -> Item:
    """Coloured rectangles and discs."""
    generator = np.random.default_rng((1, seed))
    image = np.full((size, size, 3), generator.integers(0, 256, 3), np.uint8)
    for _ in range(12):
        low, high = np.sort(generator.integers(0, size, (2, 2)), axis=0).tolist()
        colour = generator.integers(0, 256, 3).tolist()
        if generator.random() < 0.7:
            cv2.rectangle(image, low, high, colour, -1)
        else:
            cv2.circle(image, low, int(generator.integers(2, size // 5)), colour, -1)
    return {"image": image}
