"""People who are in no training data, in the matrix's positions as the embedded painter draws them, with their
truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.face.curves import gaze_of
from personaforge.embedded.painter.face.points import face_points
from personaforge.embedded.painter.painter import Stage, layout
from personaforge.embedded.painter.subject import read_pose, read_scenery
from personaforge.embedded.training.people import Person, conf, described, person

SLOTS: Final = tuple(sorted(conf()["matrix"]["positions"]))


class Drawn(NamedTuple):
    """A picture and the truth about it, in its pixels."""

    pixels: NDArray[np.uint8]
    """(H, W, 3) BGR."""
    points106: NDArray[np.float64]
    """(106, 2)."""
    points5: NDArray[np.float64]
    """(5, 2)."""
    box: NDArray[np.float64]
    """(4,): left, top, right, bottom."""
    slot: str
    yaw: float
    """Degrees."""


def held_out(first: int, count: int) -> list[Person]:
    """Return people from an index on, none of them a neighbour of another (`people.person`)."""
    return [person(first + index) for index in range(2 * count) if (first + index) % 3 != 2][:count]


def positions(who: Person, index: int, slots: tuple[str, ...] = SLOTS) -> Iterator[Drawn]:
    """Yield a person in positions of the matrix, 768 x 1024; `index` chooses clothes and grain."""
    matrix, contexts = conf()["matrix"], sorted(conf()["fashion"]["contexts"])
    for slot in slots:
        position: dict[str, Any] = matrix["positions"][slot]
        context = contexts[(index + position["wardrobe"] * 4) % len(contexts)]
        pose, _ = read_pose(position, "position", str(position.get("gaze", "")))
        scenery = read_scenery(described(who, context, position["scene"]), position, "position")
        stage = Stage(who.face, who.body, scenery, 768, 1024, pose.yaw, 100 * index + int(slot))
        picture = stage.frame(pose, grain=index)
        frames = layout(768, 1024, scenery.distance, pose.yaw, who.body.soles)
        gaze = gaze_of(pose.yaw, pose.camera_gaze, pose.pitch, pose.expression)
        truth = face_points(who.face.lengths(), pose.expression, gaze, pose.yaw, pose.pitch)
        points106, points5, corners = (
            part.reshape(-1, 2) * frames.scale + (frames.axis_x, frames.eyes_y) for part in truth
        )
        pixels = np.ascontiguousarray(picture[..., ::-1])
        yield Drawn(pixels, points106, points5, corners.reshape(4), slot, pose.yaw)
