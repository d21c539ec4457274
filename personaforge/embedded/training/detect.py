"""Trains the detector: faces of 10 to 300 pixels in pictures of 320, with five points, in SCRFD's layout.

Each face is looked for on the level and by the place whose sizes it falls into, in the few cells around its middle
(as FCOS does); all other places are to say no. Pictures are whole drawings, moved, shrunk, mirrored and put together,
and parts of drawings without a face.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from personaforge.embedded.training.augment import MIRRORED5, Picture, Points, moved, weathered
from personaforge.embedded.training.drawings import SCENE
from personaforge.embedded.training.log import Log
from personaforge.embedded.training.networks import ANCHORS, STRIDES, Detector
from personaforge.embedded.training.recognise import to_input
from personaforge.faces.opencv import opencv

cv2 = opencv()

SIDE: Final = 256
"""Of a training picture. The network is convolutional: it is used at 320."""
_BATCH: Final = 24
_SIZES: Final = ((0, 18), (18, 32), (32, 52), (52, 84), (84, 144), (144, 10_000))
"""Longer side of the box, in pixels: two places for each level, from stride 8 to 32."""
_AROUND: Final = 1.0
"""Cells around a face's middle that are to find it, in strides."""


def compose(
    data: dict[str, NDArray[Any]], rng: np.random.Generator
) -> tuple[Picture, NDArray[np.float32], NDArray[np.float32]]:
    """Return a training picture, its boxes (n, 4) and points (n, 5, 2)."""
    canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
    if rng.random() < 0.3:
        canvas[:] = rng.integers(0, 256, 3)
    boxes: list[Points] = []
    points: list[Points] = []
    cells = [(0, 0, SIDE, SIDE)]
    if rng.random() < 0.3:
        half = SIDE // 2
        cells = [(x, y, half, half) for x in (0, half) for y in (0, half)][: int(rng.integers(2, 5))]
    for left, top, width, height in cells:
        row = int(rng.integers(0, len(data["scenes"])))
        picture, box, five = data["scenes"][row], data["scene_box"][row], data["scene_points5"][row]
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
            box = np.array([SCENE - box[2], box[1], SCENE - box[0], box[3]], np.float32)
            five = (np.array([SCENE, 0], np.float32) + five * np.array([-1, 1], np.float32))[list(MIRRORED5)]
        fit = min(width, height) / SCENE
        face = float(max(box[2] - box[0], box[3] - box[1]))
        aim = float(np.exp(rng.uniform(np.log(12), np.log(0.85 * width))))  # every size alike, on a log scale
        scale = fit * rng.uniform(0.8, 1.25) if rng.random() < 0.5 else aim / face
        angle = np.deg2rad(rng.normal(0, 8))
        matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
        shown = rng.random() > 0.25
        target = rng.uniform(0.15, 0.85, 2) * (width, height)
        if shown and rng.random() < 0.6:  # mostly the face lies where it is whole
            reach = np.minimum(0.5 * scale * face, 0.49 * np.array([width, height]))
            target = np.clip(target, reach, np.array([width, height]) - reach)
        if not shown:  # the body without its head
            target = np.array([rng.uniform(0, width), -0.75 * scale * face])
        place = np.hstack([matrix, (target - matrix @ middle)[:, None]])
        part = cv2.warpAffine(
            np.ascontiguousarray(picture),
            place,
            (width, height),
            flags=cv2.INTER_LINEAR if scale > 0.5 else cv2.INTER_AREA,
        )
        inside = part.any(axis=2)
        canvas[top : top + height, left : left + width][inside] = part[inside]
        corners = moved(box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2), place)
        low, high = corners.min(axis=0), corners.max(axis=0)
        slack = 0.5 * abs(np.sin(angle)) * (high - low)[::-1] * 0.5  # a turned box is larger than its face
        low, high = low + slack, high - slack
        at = (low + high) / 2
        if (at > 2).all() and (at < np.array([width, height]) - 2).all() and float((high - low).max()) >= 9:
            shift = np.array([left, top], np.float32)
            boxes.append(np.concatenate([low + shift, high + shift]).astype(np.float32))
            points.append(moved(five, place) + shift)
    return (
        weathered(canvas, rng, 0.25),
        np.stack(boxes) if boxes else np.empty((0, 4), np.float32),
        np.stack(points) if points else np.empty((0, 5, 2), np.float32),
    )


def targets(boxes: NDArray[np.float32], points: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Return what the network is to say: (rows of all levels, 16), score, box, points in strides, and whether to ask.

    The last column is 0 where a face is near but belongs to another place: there neither yes nor no is right.
    """
    found = []
    for level, stride in enumerate(STRIDES):
        cells = side // stride
        grid = np.zeros((cells, cells, ANCHORS, 16), np.float32)
        grid[..., 15] = 1
        y, x = np.mgrid[:cells, :cells].astype(np.float32) * stride
        for box, five in zip(boxes, points, strict=True):
            size = float(max(box[2] - box[0], box[3] - box[1]))
            middle = (box[:2] + box[2:]) / 2
            away = np.maximum(abs(x - middle[0]), abs(y - middle[1]))
            for anchor in range(ANCHORS):
                low, high = _SIZES[level * ANCHORS + anchor]
                near = away <= max(_AROUND * stride, 0.5 * stride + 1e-3)
                if not low <= size < high:
                    if low * 0.8 <= size < high * 1.25:
                        grid[near, anchor, 15] = 0
                    continue
                grid[near, anchor, 0] = 1
                sides = np.stack([x - box[0], y - box[1], box[2] - x, box[3] - y], axis=2) / stride
                offsets = (five.reshape(1, 1, 10) - np.tile(np.stack([x, y], axis=2), 5)) / stride
                grid[near, anchor, 1:5] = sides[near]
                grid[near, anchor, 5:15] = offsets[near]
        found.append(grid.reshape(-1, 16))
    return np.concatenate(found)


def _loss(told: Tensor, aim: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the losses of scores (focal), boxes (IoU) and points."""
    score, wanted, asked = told[..., 0], aim[..., 0], aim[..., 15]
    chance = torch.sigmoid(score)
    off = (wanted - chance).abs()
    balance = torch.where(wanted > 0, 0.4, 0.6)
    focal = balance * off.square() * functional.binary_cross_entropy_with_logits(score, wanted, reduction="none")
    here = (wanted > 0) & (asked > 0)
    count = here.sum().clamp_min(1)
    scores = (focal * asked).sum() / count
    mine, true = told[here][:, 1:5], aim[here][:, 1:5]
    overlap = torch.minimum(mine, true)
    shared = (overlap[:, 0] + overlap[:, 2]) * (overlap[:, 1] + overlap[:, 3])
    areas = [(one[:, 0] + one[:, 2]) * (one[:, 1] + one[:, 3]) for one in (mine, true)]
    boxes = (1 - shared / (areas[0] + areas[1] - shared).clamp_min(1e-6)).sum() / count
    size = (true[:, :2] + true[:, 2:]).amax(dim=1, keepdim=True)
    points = ((told[here][:, 5:] - aim[here][:, 5:15]).abs() / size).mean(dim=1).sum() / count
    return 4 * scores, boxes, 5 * points


def train_detector(data: dict[str, NDArray[Any]], steps: int, seed: int, log: Log) -> Detector:
    """Return a detector trained on drawings (`drawings.load`)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Detector().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.1)
    net.train()
    for step in range(steps):
        batch = [compose(data, rng) for _ in range(_BATCH)]
        aim = torch.from_numpy(np.stack([targets(boxes, points, SIDE) for _, boxes, points in batch]))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            levels = net.levels(to_input([picture for picture, _, _ in batch], 127.5, 128.0))
        scores, boxes, points = _loss(torch.cat(levels, dim=1).float(), aim)
        loss = scores + boxes + points
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        log.step("detector", step, steps, scores=scores.item(), boxes=boxes.item(), points=points.item())
    return net.eval()
