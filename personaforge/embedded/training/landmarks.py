"""Trains the landmark model: 106 points in a square of 1.5 times the detector's box, as insightface's 2d106det."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from personaforge.embedded.training.augment import Picture, Points, jolted, moved, weathered
from personaforge.embedded.training.drawings import CROP
from personaforge.embedded.training.log import Log
from personaforge.embedded.training.networks import Landmarks
from personaforge.embedded.training.recognise import to_input
from personaforge.faces.opencv import opencv

cv2 = opencv()

SIDE: Final = 192
REACH: Final = 1.5
"""Side of the input over the longer side of the box, as insightface cuts it."""
_BATCH: Final = 64
_EYES: Final = (38, 88)


def mirror106() -> NDArray[np.int64]:
    """Return where each of the 106 points comes from in a mirrored face."""
    pairs = [(1, 17), (33, 87), (34, 92), (35, 93), (36, 91), (37, 90), (38, 88), (39, 89), (40, 94), (41, 96),
             (42, 95), (43, 101), (44, 100), (45, 99), (46, 97), (47, 98), (48, 105), (49, 104), (50, 102), (51, 103),
             (52, 61), (64, 68), (63, 67), (55, 58), (56, 59), (65, 69), (66, 70), (54, 57),
             (75, 81), (76, 82), (77, 83), (78, 84), (79, 85)]  # fmt: skip
    pairs += list(zip(range(9, 17), range(25, 33), strict=True)) + list(zip(range(2, 9), range(18, 25), strict=True))
    found = np.arange(106)
    for one, other in pairs:
        found[one], found[other] = other, one
    return found


def framed(crop: Picture, points: Points, box: Points, rng: np.random.Generator | None) -> tuple[Picture, Points]:
    """Return the square that the model sees, RGB, and the points in it, -1..1."""
    if rng is not None and rng.random() < 0.5:
        crop = np.ascontiguousarray(crop[:, ::-1])
        flip = np.array([-1, 1], np.float32)
        points = (np.array([CROP, 0], np.float32) + points * flip)[mirror106()]
        box = np.array([CROP - box[2], box[1], CROP - box[0], box[3]], np.float32)
    scale = SIDE / (REACH * float(max(box[2] - box[0], box[3] - box[1])))
    middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
    place = np.hstack([scale * np.eye(2), (SIDE / 2 - scale * middle)[:, None]])
    if rng is not None:
        jolt = jolted(rng, SIDE, 20.0, (0.88, 1.12), 0.05)
        place = np.hstack([jolt[:, :2] @ place[:, :2], (jolt[:, :2] @ place[:, 2] + jolt[:, 2])[:, None]])
    seen = np.asarray(cv2.warpAffine(crop, place, (SIDE, SIDE)), np.uint8)
    return seen, moved(points, place) / (SIDE / 2) - 1


def train_landmarks(data: dict[str, NDArray[Any]], steps: int, seed: int, log: Log) -> Landmarks:
    """Return a landmark model trained on drawings (`drawings.load`)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Landmarks().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.08)
    net.train()
    for step in range(steps):
        rows = rng.integers(0, len(data["crops"]), _BATCH)
        pairs = [framed(data["crops"][row], data["points106"][row], data["box"][row], rng) for row in rows]
        truth = torch.from_numpy(np.stack([points for _, points in pairs]))
        seen = to_input([weathered(picture, rng, 0.2) for picture, _ in pairs], 127.5, 128.0)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            told = net(seen)
        off = (told.float().view(-1, 106, 2) - truth).abs()
        # Faces are to count alike, near and far: in units of the distance between the eyes, but not for profiles.
        eyes = (truth[:, _EYES[0]] - truth[:, _EYES[1]]).norm(dim=1).clamp_min(0.3)
        loss = (off.mean(dim=(1, 2)) / eyes).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimizer.step()
        schedule.step()
        log.step("landmarks", step, steps, error=loss.item())
    return net.eval()
