"""The exact swapped picture: what no photograph can tell.

Identity is the geometry of skull, face and features, fine skin texture, iris, and the shape of
brows and lips. All else stays the target's: tone, hair, beard, what is worn, make-up, light,
backdrop, expression and pose. That is what a system that pastes a face back can reach, so the
truth is not ambiguous.
"""

from __future__ import annotations

from dataclasses import replace

from vplugin.synth.person import Person
from vplugin.synth.render import render
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Scene


def swapped(source: Person, target: Scene, subject: int = 0) -> Scene:
    """The target scene in which one subject has the source's identity.

    Args:
        source: Whose identity.
        target: Everything else.
        subject: Index of the one who is replaced.

    Raises:
        ValueError: If the scene has no such subject.
    """
    if not 0 <= subject < len(target.subjects):
        raise ValueError(f"the scene has {len(target.subjects)} subjects, there is no {subject}")
    there = target.subjects[subject]
    known = replace(there, person=there.person.with_identity(source))
    subjects = (*target.subjects[:subject], known, *target.subjects[subject + 1 :])
    return replace(target, subjects=subjects)


def swap_truth(
    source: Person, target: Scene, size: int | tuple[int, int], subject: int = 0
) -> Rendering:
    """The picture of :func:`swapped`.

    Args:
        source: Whose identity.
        target: Everything else.
        size: Pixels along each side, or (width, height).
        subject: Index of the one who is replaced.
    """
    return render(swapped(source, target, subject), size)
