"""The three networks: plain 3 x 3 convolutions with batch normalisation and ReLU, small enough for one core.

Inputs are RGB, float32 (n, 3, height, width), centred and scaled as insightface does for that kind of model.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

STRIDES: Final = (8, 16, 32)
ANCHORS: Final = 2
"""Two places a cell, for the smaller and the larger faces of a level; SCRFD's layout."""


def _conv(into: int, out: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(into, out, size, stride, size // 2, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)
    )


class _Block(nn.Module):
    """Two convolutions around which the input is carried on."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the input plus what was found in it."""
        return torch.relu(x + self.second(self.first(x)))


class Recogniser(nn.Module):
    """An aligned face, (n, 3, 112, 112), to 512 values; and, in training, to who it is in numbers."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(3, 24, 2), _conv(24, 48, 2), _Block(48), _conv(48, 88, 2), _Block(88), _conv(88, 136, 2), _Block(136)
        )
        self.pool = nn.Sequential(nn.Conv2d(136, 136, 7, groups=136, bias=False), nn.BatchNorm2d(136), nn.Flatten())
        self.embed = nn.Linear(136, 512, bias=False)
        self.tell = nn.Linear(136, numbers)

    def forward(self, x: Tensor) -> Tensor:
        """Return embeddings, not normalised."""
        found: Tensor = self.embed(self.pool(self.body(x)))
        return found

    def both(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return embeddings and numbers."""
        pooled = self.pool(self.body(x))
        return self.embed(pooled), self.tell(pooled)


class Landmarks(nn.Module):
    """A face, (n, 3, 192, 192), to 106 points as (n, 212), -1..1 over the input."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.AvgPool2d(2), _conv(3, 16, 2), _conv(16, 32, 2), _Block(32), _conv(32, 64, 2), _Block(64),
            _conv(64, 96, 2), _conv(96, 24, size=1), nn.Flatten(),
        )  # fmt: skip
        self.place = nn.Linear(24 * 36, 212)

    def forward(self, x: Tensor) -> Tensor:
        """Return the points."""
        found: Tensor = self.place(self.body(x))
        return found


class Detector(nn.Module):
    """A picture, (1, 3, h, w), sides multiples of 32, to SCRFD's nine outputs: scores, boxes and points of 3 levels.

    Rows go over the cells line by line, both places of a cell in turn. Scores are (rows, 1) in 0..1; boxes (rows, 4)
    are distances to left, top, right, bottom and points (rows, 10) offsets, in strides.
    """

    def __init__(self) -> None:
        super().__init__()
        self.low = nn.Sequential(_conv(3, 16, 2), _conv(16, 24, 2), _conv(24, 40, 2), _conv(40, 40))
        self.middle = nn.Sequential(_conv(40, 64, 2), _conv(64, 64))
        self.high = nn.Sequential(_conv(64, 80, 2), _conv(80, 80), _conv(80, 80))
        self.sides = nn.ModuleList([_conv(width, 40, size=1) for width in (40, 64, 80)])
        self.mixed = nn.ModuleList([_conv(40, 40) for _ in STRIDES])
        self.heads = nn.ModuleList([nn.Conv2d(40, ANCHORS * 15, 1) for _ in STRIDES])
        for head in self.heads:
            assert isinstance(head, nn.Conv2d) and head.bias is not None
            nn.init.constant_(head.bias, 0.0)
            nn.init.constant_(head.bias[:ANCHORS], -4.0)  # nearly every place shows no face

    def levels(self, x: Tensor) -> list[Tensor]:
        """Return a (n, rows, 15) for each level: the score's logit, box and points, in strides."""
        low = self.low(x)
        middle = self.middle(low)
        features = [low, middle, self.high(middle)]
        sides = [side(feature) for side, feature in zip(self.sides, features, strict=True)]
        for index in (1, 0):
            sides[index] = sides[index] + nn.functional.interpolate(sides[index + 1], scale_factor=2.0, mode="nearest")
        found = []
        for side, mix, head in zip(sides, self.mixed, self.heads, strict=True):
            told = head(mix(side))
            scores, boxes, points = told[:, :ANCHORS], told[:, ANCHORS : 5 * ANCHORS], told[:, 5 * ANCHORS :]
            parts = [
                values.permute(0, 2, 3, 1).reshape(values.shape[0], -1, width)
                for values, width in ((scores, 1), (boxes, 4), (points, 10))
            ]
            found.append(torch.cat([parts[0], torch.nn.functional.softplus(parts[1]), parts[2]], dim=2))
        return found

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the nine outputs for one picture."""
        levels = [level[0] for level in self.levels(x)]
        return (
            *(torch.sigmoid(level[:, :1]) for level in levels),
            *(level[:, 1:5] for level in levels),
            *(level[:, 5:] for level in levels),
        )
