"""Training pictures as the models will meet them: moved, mirrored, recoloured, blurred, compressed. uint8 RGB."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from personaforge.faces.opencv import opencv

cv2 = opencv()

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]

ALIGNED: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""Where ArcFace's alignment puts the five points in 112 x 112 (insightface.utils.face_align.arcface_dst)."""
MIRRORED5: Final = (1, 0, 2, 4, 3)


def similarity(points: Points, targets: Points) -> NDArray[np.float64]:
    """Return the least-squares similarity, (2, 3), that takes points to targets (Umeyama 1991, without reflection)."""
    middle, aim = points.mean(axis=0), targets.mean(axis=0)
    a, b = points - middle, targets - aim
    u, spread, v = np.linalg.svd(b.T @ a / len(a))
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(v))])
    turn = u @ np.diag(sign) @ v
    scale = float((spread * sign).sum() / a.var(axis=0).sum())
    return np.hstack([scale * turn, (aim - scale * turn @ middle)[:, None]])


def moved(points: Points, place: NDArray[np.float64]) -> Points:
    """Return points, (n, 2), under an affine map, (2, 3)."""
    return np.asarray(points @ place[:, :2].T + place[:, 2], np.float32)


def jolted(
    rng: np.random.Generator, side: int, turn: float, grow: tuple[float, float], shift: float
) -> NDArray[np.float64]:
    """Return a random similarity about the middle of a square: degrees, factors and a share of the side."""
    angle, scale = np.deg2rad(rng.uniform(-turn, turn)), rng.uniform(*grow)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.full(2, side / 2)
    return np.hstack([matrix, (middle + rng.uniform(-shift, shift, 2) * side - matrix @ middle)[:, None]])


def chained(first: NDArray[np.float64], then: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one affine map, (2, 3), for two."""
    return np.hstack([then[:, :2] @ first[:, :2], (then[:, :2] @ first[:, 2] + then[:, 2])[:, None]])


def weathered(picture: Picture, rng: np.random.Generator, color: float = 0.12) -> Picture:
    """Return a picture with other light and colour, perhaps smaller once, blurred, noisy or compressed."""
    gain = (1 + rng.uniform(-color, color)) * (1 + rng.uniform(-color / 3, color / 3, 3))
    out = np.clip(picture.astype(np.float32) * gain.astype(np.float32) + rng.uniform(-60, 60) * color, 0, 255)
    side = picture.shape[0]
    if rng.random() < 0.35:
        small = max(8, round(side * rng.uniform(0.35, 0.9)))
        out = cv2.resize(cv2.resize(out, (small, small), interpolation=cv2.INTER_AREA), (side, side))
    if rng.random() < 0.2:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.4))
    if rng.random() < 0.3:
        out = out + rng.normal(0, rng.uniform(0.5, 6), out.shape)
    done = np.asarray(np.clip(out, 0, 255), np.uint8)
    if rng.random() < 0.3:
        kind = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        done = np.asarray(cv2.imdecode(cv2.imencode(".jpg", done, kind)[1], cv2.IMREAD_COLOR), np.uint8)
    return done
