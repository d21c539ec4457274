"""Trains the recogniser: its cosines say how near two faces are in the numbers that they were drawn by.

The target for two pictures of one person is 1, for two people exp(-D), D the squared distance of their numbers, each
weighted by how much of the face it changes. So similarity is learned from the truth and not from another recogniser.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from personaforge.embedded.training.augment import ALIGNED, MIRRORED5, Picture, Points, jolted, similarity, weathered
from personaforge.embedded.training.drawings import CROP, IDENTITY
from personaforge.embedded.training.log import Log
from personaforge.embedded.training.networks import Recogniser
from personaforge.faces.opencv import opencv

cv2 = opencv()

PEOPLE, PICTURES = 24, 4
"""In a batch."""
_SHARP: Final = 3.5
"""Factor on the table's distances, so that strangers have cosines near 0.15 and not near 0.45, as with that
recogniser."""
SENSITIVITY: Final = {
    "epicanthus": 0.402, "between_eyes": 0.262, "skin": 0.161, "eyes_below_brows": 0.155, "nose_width": 0.154,
    "mouth_below_nose": 0.153, "eye_tilt": 0.147, "age": 0.134, "hood": 0.129, "chin_y": 0.117, "beard": 0.099,
    "mouth_width": 0.098, "face_width": 0.096, "tip": 0.089, "nose_below_eyes": 0.087, "eye_width": 0.070,
    "eye_x": 0.069, "bridge": 0.069, "brow_length": 0.062, "mouth_y": 0.060, "cranium": 0.060, "lid": 0.057,
    "forehead": 0.051, "cheekbone": 0.049, "upper_lip": 0.049, "lid_peak": 0.047, "chin_below_mouth": 0.047,
    "socket": 0.046, "flare": 0.043, "eye_open": 0.043, "brow_thickness": 0.042, "brow_gap": 0.042, "cupid": 0.041,
    "cheek": 0.040, "short_hair": 0.038, "lower_lip": 0.038, "brow_tilt": 0.035, "skin_shift": 0.034, "hump": 0.034,
    "brow_ridge": 0.034, "nose_depth": 0.032, "philtrum": 0.028, "brow_arch": 0.025, "jaw": 0.023,
    "masculinity": 0.023, "freckles": 0.022, "bridge_width": 0.021, "corner": 0.019, "eye_y": 0.018,
    "mouth_beyond_nose": 0.017, "chin_width": 0.014,
}  # fmt: skip
"""The weight of a number of `IDENTITY`: 1 - cosine over its range, [-1, 1], under a recogniser trained on photographs.

Measured by us on drawings of 400 people, by non-negative least squares over their pairs
(`tests.benchmarks.sensitivity`; on people that were left out, prediction and measurement correlate with 0.75); numbers
that are not here got less than 0.01. It says which traits count. No answer of that recogniser is a target."""


def weights() -> NDArray[np.float32]:
    """Return the weight of each number of `IDENTITY` in D. A number's range is 2, so its square is 4."""
    return np.array([_SHARP * SENSITIVITY.get(name, 0.0) / 4 for name in IDENTITY], np.float32)


def aims(numbers: Tensor, people: Tensor) -> Tensor:
    """Return the target cosines, (n, n)."""
    scaled = numbers * torch.from_numpy(np.sqrt(weights()))
    apart = (scaled[:, None] - scaled[None]).square().sum(dim=2)
    return torch.where(people[:, None] == people[None], torch.ones(()), torch.exp(-apart))


def aligned(crop: Picture, points5: Points, rng: np.random.Generator | None) -> Picture:
    """Return a face as insightface aligns it, 112 x 112; with `rng` also as with a slightly wrong detection, or
    mirrored."""
    if rng is not None:
        if rng.random() < 0.5:
            crop = np.ascontiguousarray(crop[:, ::-1])
            points5 = (np.array([CROP, 0], np.float32) + points5 * np.array([-1, 1], np.float32))[list(MIRRORED5)]
        eyes = float(np.linalg.norm(points5[0] - points5[1])) + 0.1 * CROP
        points5 = points5 + rng.normal(0, 0.018 * eyes, points5.shape).astype(np.float32)
    place = similarity(points5, ALIGNED)
    if rng is not None:
        jolt = jolted(rng, 112, 2.0, (0.98, 1.02), 0.008)
        place = np.hstack([jolt[:, :2] @ place[:, :2], (jolt[:, :2] @ place[:, 2] + jolt[:, 2])[:, None]])
    return np.asarray(cv2.warpAffine(crop, place, (112, 112)), np.uint8)


def to_input(pictures: list[Picture], middle: float = 127.5, scale: float = 127.5) -> Tensor:
    """Return RGB pictures as the networks' input."""
    batch = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
    return ((batch - middle) / scale).contiguous(memory_format=torch.channels_last)


def train_recogniser(data: dict[str, NDArray[Any]], steps: int, seed: int, log: Log) -> Recogniser:
    """Return a recogniser trained on drawings (`drawings.load`)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Recogniser(len(IDENTITY)).to(memory_format=torch.channels_last)
    numbers = torch.from_numpy(data["identity"])
    weight = torch.from_numpy(0.3 + 0.7 * weights() / weights().mean())
    of_person = {int(who): np.flatnonzero(data["person"] == who) for who in np.unique(data["person"])}
    people = np.array(sorted(of_person))
    optimizer = torch.optim.AdamW(net.parameters(), 2.5e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2.5e-3, total_steps=steps, pct_start=0.08)
    net.train()
    for step in range(steps):
        chosen = rng.choice(people, PEOPLE, replace=False)
        near = [who + 1 for who in chosen if who % 3 == 1 and who + 1 in of_person]  # their drifted variants
        chosen = np.array(sorted({*chosen.tolist(), *near}))
        rows = np.concatenate([rng.choice(of_person[int(who)], PICTURES, replace=False) for who in chosen])
        faces = [weathered(aligned(data["crops"][row], data["points5"][row], rng), rng, 0.07) for row in rows]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            embedded, told = net.both(to_input(faces))
        cosines = functional.normalize(embedded.float()) @ functional.normalize(embedded.float()).T
        aim = aims(numbers[rows], torch.from_numpy(data["person"][rows]))
        same = aim == 1
        off = (cosines - aim).square()
        alike = off[same & ~torch.eye(len(rows), dtype=torch.bool)].mean()
        apart = off[~same].mean()
        naming = ((told.float() - numbers[rows]).square() * weight).mean()
        loss = 1.5 * alike + 2.0 * apart + 0.25 * naming
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimizer.step()
        schedule.step()
        log.step("recogniser", step, steps, same=alike.item(), others=apart.item(), numbers=naming.item())
    return net.eval()


def embed(net: Recogniser, faces: list[Picture]) -> NDArray[np.float32]:
    """Return unit embeddings, (n, 512), of aligned faces."""
    with torch.no_grad():
        batches = (to_input(faces[start : start + 64]) for start in range(0, len(faces), 64))
        return np.concatenate([functional.normalize(net(batch)).numpy() for batch in batches])
