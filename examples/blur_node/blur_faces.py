"""A node of one's own, in a package of one's own."""

import cv2
from pydantic import Field

from vplugin import Frame, Node, Params


class BlurParams(Params):
    """What stands under ``params:`` in a graph file."""

    strength: int = Field(15, ge=1, le=201, description="Kernel size in pixels.")


class BlurFaces(Node[BlurParams]):
    """Blur every face."""

    def process(self, frame: Frame) -> Frame:
        """Blur the boxes of the faces in one frame."""
        for face in frame.faces:
            with frame.edit(face.box, node=self, track=face.track) as rgb:  # (H, W, 3) uint8
                rgb[:] = cv2.blur(rgb, (self.params.strength,) * 2)
        return frame
