"""The size that a request asks for, as providers write it: what a scripted one draws unless a test has it err."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

UNASKED: Final = (16, 16)
"""What is drawn where a request names no size."""
_RATIOS: Final = ("aspect_ratio", "aspectRatio", "ratio")
_LEAST_PIXELS: Final = 64
_UNIT: Final = 8
"""Pixels for one of a ratio: 2:3 is drawn as 16x24."""


def asked_size(body: Mapping[str, Any]) -> tuple[int, int]:
    """Return the width and height in pixels that a request's JSON asks for, however deep it names them."""
    if {"width", "height"} <= body.keys():
        return int(body["width"]), int(body["height"])
    for name in ("size", *_RATIOS):
        across, parted, down = str(body.get(name, "")).replace(":", "x").partition("x")
        if parted and across.isdigit() and down.isdigit():
            unit = 1 if min(int(across), int(down)) >= _LEAST_PIXELS else _UNIT
            return int(across) * unit, int(down) * unit
    inner = (asked_size(value) for value in body.values() if isinstance(value, Mapping))
    return next((size for size in inner if size != UNASKED), UNASKED)
