"""The node on its own: no video file, no process, no model."""

import numpy as np
import pytest
from blur_faces import BlurFaces
from pydantic import ValidationError

from vplugin.testing.frames import frames


def test_only_faces_are_blurred(harness):
    given = frames(3, faces=2, pixel="nv12")
    outcome = harness(BlurFaces, strength=9).push(given).finish()
    assert outcome.pts == [0, 1, 2]
    for before, after in zip(given, outcome.video, strict=True):
        assert len(after.patches) == 2
        for face in before.faces:
            sharp, blurred = (frame.read(face.box, "gray").std() for frame in (before, after))
            assert blurred < 0.9 * sharp
        outside = (0, 0, before.format.width, int(min(face.box[1] for face in before.faces)) - 2)
        np.testing.assert_array_equal(before.read(outside), after.read(outside))


@pytest.mark.parametrize("strength", [0, 202, "much"])
def test_wrong_strength_is_refused(harness, strength):
    with pytest.raises(ValidationError, match="strength"):
        harness(BlurFaces, strength=strength)
