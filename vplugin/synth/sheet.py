"""Pictures of people: portraits, contact sheets, and folders of people to enrol.

A portrait's light, lens and wall are plain on purpose: what differs between two of them is the
person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import yaml

from vplugin.errors import SinkError
from vplugin.media.output_file import OutputFile, sink_error
from vplugin.media.output_folder import whole_folder
from vplugin.synth.backdrop import Backdrop
from vplugin.synth.camera import Camera
from vplugin.synth.casting import uncovered
from vplugin.synth.draw import Draw
from vplugin.synth.expression import Expression
from vplugin.synth.light import Light
from vplugin.synth.person import Person
from vplugin.synth.pose import Pose
from vplugin.synth.render import render
from vplugin.synth.rendering import Rendering
from vplugin.synth.scene import Scene, Subject

__all__ = [
    "NAMES",
    "POSES",
    "VIEWS",
    "View",
    "check_picture",
    "contact_sheet",
    "portrait",
    "portraits",
    "write_people",
    "write_picture",
]

Rgb: TypeAlias = npt.NDArray[np.uint8]  # (H, W, 3)
Progress: TypeAlias = Callable[[int, int], None]  # pictures done, pictures in all

PROVENANCE = (
    "Nobody: computed by vplugin.synth from the number given as seed. No photograph of any real "
    "person was used, so nobody has to be asked."
)
LICENCE = "Apache-2.0"
_NAMES = """
ada ben chika deniz emil fatima goran hana imani jonas keiko luis mira noor oskar priya qiang rosa
sami tala umar vera wanja ximena yusuf zoe
"""
NAMES = tuple(_NAMES.split())
_DISTANCE = 900.0  # mm: about where a portrait is taken from
_VIEW = 21.0  # degrees
_QUALITY = 93  # of JPEG
_DENSITY = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)


_STUDIO = Light("studio", -32.0, 34.0, softness=0.7, fill=0.4, rim=0.4)
_WINDOW = Light("window", -56.0, 22.0, strength=1.05, softness=0.8, kelvin=6600.0, fill=0.25)
_INDOOR = Light("indoor", 24.0, 48.0, softness=0.5, kelvin=4300.0, fill=0.3, ambient=0.6)


@dataclass(frozen=True)
class View:
    """One way to take a portrait.

    Attributes:
        name: Of the picture.
        pose: Of the head.
        expression: Of the face.
        light: On it.
    """

    name: str
    pose: Pose
    expression: Expression
    light: Light = _STUDIO


VIEWS = (
    View("front", Pose(), Expression(smile_left=0.22, smile_right=0.2)),
    View("left", Pose(yaw=-32.0, pitch=2.0), Expression(gaze_x=-3.0), _WINDOW),
    View(
        "smile",
        Pose(yaw=24.0, pitch=-2.0, roll=4.0),
        Expression(smile_left=0.7, smile_right=0.66, gap=0.4, squint=0.3, gaze_x=-14.0),
        _INDOOR,
    ),
)
POSES = (
    *VIEWS,
    View(
        "surprise",
        Pose(yaw=-12.0, pitch=-6.0),
        Expression(jaw=0.6, brow_inner=0.8, brow_left=0.8, brow_right=0.8, lids_up=0.7),
    ),
    View(
        "asleep", Pose(yaw=6.0, pitch=16.0, roll=8.0), Expression(blink_left=1.0, blink_right=1.0)
    ),
    View("profile", Pose(yaw=80.0), Expression(), _WINDOW),
)


def portrait(person: Person, size: int, view: View = VIEWS[0], seed: int = 0) -> Rendering:
    """One person, head and shoulders.

    Args:
        person: Who.
        size: Columns and rows.
        view: How.
        seed: Of the wall.
    """
    facing = 0.3 * view.pose.yaw
    pose = replace(view.pose, yaw=view.pose.yaw - facing)
    subject = Subject(person, view.expression, pose, (0.0, 10.0, _DISTANCE), facing=facing)
    wall = Backdrop.drawn(
        Draw(seed, "wall"), kind="studio", seed=abs(seed) % 10**9, brightness=0.9, blur=0.03
    )
    scene = Scene(
        (subject,), Camera(field_of_view=_VIEW, exposure=0.15), view.light, wall, seed=seed
    )
    return render(scene, (size, size))


def portraits(seeds: Sequence[int], views: Sequence[View], size: int) -> Iterator[Rgb]:
    """A picture for each person and view, people after one another."""
    for seed in seeds:
        person = Person.from_seed(seed)
        for view in views:
            yield portrait(person, size, view, seed).rgb


def contact_sheet(pictures: Sequence[Rgb], columns: int, gap: int = 4) -> Rgb:
    """Pictures of one size in rows, from left to right.

    Args:
        pictures: At least one, (H, W, 3) uint8.
        columns: How many in a row, 1 or more.
        gap: Pixels of white between them.
    """
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, 3)
    sheet: Rgb = np.full(shape, 255, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def check_picture(path: Path) -> None:
    """See that a picture can be written under this name, before it is drawn.

    Raises:
        SinkError: Another ending.
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise SinkError("no such kind of picture", where=path, mend="end the name in .png or .jpg")


def write_picture(picture: Rgb, path: Path) -> Path:
    """Write a PNG or a JPEG, whole or not at all.

    Raises:
        SinkError: Another ending, or it cannot be written there.
    """
    check_picture(path)
    png = path.suffix.lower() == ".png"
    options = [] if png else [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, *_DENSITY]
    _, data = cv2.imencode(path.suffix.lower(), picture[..., ::-1], options)
    _write(path, data.tobytes())
    return path


def write_people(
    folder: Path,
    people: dict[str, int],
    size: int = 512,
    views: Sequence[View] = VIEWS,
    progress: Progress | None = None,
) -> Path:
    """Pictures of some people, a folder for each, and the file that enrols them: all or nothing.

    Args:
        folder: Where; made if it is not there.
        people: Seed of each by name.
        size: Columns and rows.
        views: Which pictures.
        progress: Told after each picture.

    Returns:
        The enrolment file, ``people.yaml``.

    Raises:
        SinkError: It cannot be written there.
    """
    with whole_folder(folder) as made:
        entries, count = [], 0
        for name, seed in people.items():
            person, pictures = uncovered(Person.from_seed(seed)), []
            for view in views:
                seen = portrait(person, size, view, seed)
                file = write_picture(seen.rgb, made / name / f"{view.name}.jpg")
                pictures.append(_entry(seen, file.relative_to(made)))
                count += 1
                if progress is not None:
                    progress(count, len(people) * len(views))
            entries.append({"name": name, "seed": seed, "pictures": pictures})
        facts = {"licence": LICENCE, "provenance": PROVENANCE, "people": entries}
        text = yaml.safe_dump(facts, sort_keys=False, default_flow_style=None, width=96)
        _write(made / "people.yaml", text.encode())
    return folder / "people.yaml"


def _entry(seen: Rendering, file: Path) -> dict[str, object]:
    face = seen.faces[0]
    return {
        "file": file.as_posix(),
        "box": np.round(face.box.astype(float), 1).tolist(),
        "points": np.round(face.points.astype(float), 1).tolist(),
    }


def _write(path: Path, data: bytes) -> None:
    file = OutputFile(path)
    try:
        file.write(data)
        file.commit()
    except SinkError:
        raise
    except OSError as error:
        raise sink_error(error, path) from error
    finally:
        file.discard()
