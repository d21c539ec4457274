"""Draws the training pictures, and keeps the truth about each with it.

A part is one .npz of a few hundred people: `crops` uint8 (n, CROP, CROP, 3) RGB, squares around a face of 1.8 times
its box; `points106` float32 (n, 106, 2), `points5` (n, 5, 2) and `box` (n, 4) in a crop's pixels; `person` int32 (n,);
`identity` float32 (n, len(IDENTITY)), see `identity`; `turn` float32 (n, 2), yaw and pitch in degrees. `scenes` uint8
(m, SCENE, SCENE, 3) are whole pictures on black, with `scene_box` (m, 4) and `scene_points5` (m, 5, 2).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.face.canvas import skin_color
from personaforge.embedded.painter.face.curves import gaze_of
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.points import face_points
from personaforge.embedded.painter.face.words import LAYOUT
from personaforge.embedded.painter.painter import Stage, layout
from personaforge.embedded.training.people import person, shots
from personaforge.faces.opencv import opencv

cv2 = opencv()

CROP: Final = 176
CROP_REACH: Final = 1.8
"""Side of a crop over the longer side of the face's box."""
SCENE: Final = 320
"""Pixels, as the detector sees pictures."""
_BETWEEN: Final = {
    "nose_below_eyes": ("nose_length", "eye_y"),
    "mouth_below_nose": ("mouth_y", "nose_length"),
    "eyes_below_brows": ("eye_y", "brow_y"),
    "chin_below_mouth": ("chin_y", "mouth_y"),
    "between_eyes": ("eye_x", "eye_width"),
    "mouth_beyond_nose": ("mouth_width", "nose_width"),
}
"""Distances between features: besides the features' places, they show in a face that is scaled and centred."""
_SURFACE: Final = ("skin", "masculinity", "age", "beard", "short_hair", "freckles")
IDENTITY: Final = (*LAYOUT, *_BETWEEN, *_SURFACE)
"""The numbers of `identity`, by name."""
PART: Final = 60
"""People in a part."""
_SKIN_SPAN: Final = 160.0
"""Between the palest and the deepest skin, mean of sRGB."""
_BEARDS: Final = {"none": 0.0, "stubble": 0.4, "moustache": 0.5, "short beard": 0.8, "full beard": 1.0}
"""How much of the lower face is covered."""


def identity(face: Face) -> NDArray[np.float32]:
    """Return a face's identity as numbers of about [-1, 1]: every length as it is drawn, skin, age, beard and so on."""
    at = face.lengths()
    shape = [(at[name] - span.mean) / span.half for name, span in LAYOUT.items()]
    skin = 2 * (float(skin_color(face).mean()) - 150) / _SKIN_SPAN
    beard = 2 * _BEARDS[face.facial_hair] - 1
    short, freckles = face.hair_length in ("shaved", "short"), face.mark("freckles") is not None
    between = [(at[one] - at[other] - LAYOUT[one].mean + LAYOUT[other].mean) / 0.1 for one, other in _BETWEEN.values()]
    surface = (skin, 2 * face.masculinity - 1, (face.age - 45) / 35, beard, 2.0 * short - 1, 2.0 * freckles - 1)
    return np.array([*shape, *between, *surface], np.float32)


def draw(
    folder: Path, people: int, first: int, jobs: int, say: Callable[[str], None], scenes: int = 2, poses: int = 4
) -> list[Path]:
    """Draw people `first` to `first + people` and return the parts; existing ones are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {start: folder / f"people-{start:06}.npz" for start in range(first, first + people, PART)}
    missing = [(start, path) for start, path in parts.items() if not path.exists()]
    # Never forked: in a child of a process in which OpenCV has threads, it waits for them for ever.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        waiting = [
            pool.submit(_part, path, start, min(PART, first + people - start), scenes, poses) for start, path in missing
        ]
        for number, one in enumerate(waiting):
            one.result()
            say(f"drawn {number + 1} of {len(missing)} parts")
    return list(parts.values())


def load(parts: list[Path]) -> dict[str, NDArray[Any]]:
    """Return all parts as one."""
    read = [dict(np.load(path)) for path in parts]
    return {name: np.concatenate([part[name] for part in read]) for name in read[0]}


def _part(path: Path, first: int, count: int, scenes: int, poses: int) -> None:
    cv2.setNumThreads(1)
    found: dict[str, list[Any]] = {name: [] for name in (
        "crops", "points106", "points5", "box", "person", "identity", "turn", "scenes", "scene_box", "scene_points5"
    )}  # fmt: skip
    for index in range(first, first + count):
        _person(index, found, scenes, poses)
    kinds = {"crops": np.uint8, "scenes": np.uint8, "person": np.int32}
    arrays = {name: np.stack(values).astype(kinds.get(name, np.float32)) for name, values in found.items()}
    partial = path.with_suffix(".tmp.npz")
    np.savez(partial, allow_pickle=False, **arrays)
    partial.rename(path)


def _person(index: int, found: dict[str, list[Any]], scenes: int, poses: int) -> None:
    who = person(index)
    numbers, at = identity(who.face), who.face.lengths()
    for shot in shots(who, index, scenes, poses):
        yaw = float(np.mean([pose.yaw for pose in shot.poses]))
        stage = Stage(who.face, who.body, shot.scenery, shot.width, shot.height, yaw, shot.seed)
        frames = layout(shot.width, shot.height, shot.scenery.distance, yaw, who.body.soles)
        to_pixels = np.array([shot.width / frames.width, shot.height / frames.height])
        for number, pose in enumerate(shot.poses):
            picture = stage.frame(pose, grain=shot.seed + number)
            truth = face_points(
                at,
                pose.expression,
                gaze_of(pose.yaw, pose.camera_gaze, pose.pitch, pose.expression),
                pose.yaw,
                pose.pitch,
            )
            points106, points5, corners = (
                (points.reshape(-1, 2) * frames.scale + (frames.axis_x, frames.eyes_y)) * to_pixels for points in truth
            )
            place = _crop_place(corners)
            found["crops"].append(_warped(picture, place, CROP))
            found["points106"].append(_moved(points106, place))
            found["points5"].append(_moved(points5, place))
            found["box"].append(_moved(corners, place).reshape(4))
            found["person"].append(index)
            found["identity"].append(numbers)
            found["turn"].append((pose.yaw, pose.pitch))
            if number == 0:
                scale = SCENE / max(picture.shape[:2])
                whole = np.array([[scale, 0, 0], [0, scale, 0]])
                found["scenes"].append(_warped(picture, whole, SCENE))
                found["scene_box"].append(_moved(corners, whole).reshape(4))
                found["scene_points5"].append(_moved(points5, whole))


def _crop_place(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the affine map, (2, 3), from a picture to the square around a face."""
    scale = CROP / (CROP_REACH * float((corners[1] - corners[0]).max()))
    shift = CROP / 2 - scale * corners.mean(axis=0)
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])


def _warped(picture: NDArray[np.uint8], place: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    scale = float(place[0, 0])
    if scale < 0.6:  # bilinear sampling would skip pixels
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        place = place / np.array([[scale, scale, 1]])
    return np.asarray(cv2.warpAffine(picture, place, (side, side), flags=cv2.INTER_LINEAR), np.uint8)


def _moved(points: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(points @ place[:, :2].T + place[:, 2], np.float32)
