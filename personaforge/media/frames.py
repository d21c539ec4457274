"""Bytes of a clip to all its frames, one after the other. Decodes once and keeps none of them.

`faces.video` opens the clip, and its limits are valid here, too; that module samples frames, this one yields all.
Frames are uint8, (H, W, 3), BGR.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from personaforge.faces.capture import Capture, UnreadableClip
from personaforge.faces.readers import open_capture
from personaforge.faces.video import MAX_CLIP_PIXELS, MAX_FRAME_PIXELS, MAX_FRAMES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A clip that is being decoded."""

    width: int
    """Pixels of the first frame."""
    height: int
    """Pixels of the first frame."""
    fps: float | None
    """Frames per second as the file says; None when it says nothing sensible."""
    frames: Iterator[NDArray[np.uint8]]
    """All frames, which can be read once, while the stream is open; a frame of another size raises UnreadableClip."""


@contextmanager
def open_clip(data: bytes) -> Iterator[Stream]:
    """Open a clip. Raises UnreadableClip, also while the frames are read: after too many of them with the code
    `too_large`."""
    with open_capture(data) as capture:
        if capture.size > MAX_FRAME_PIXELS:
            raise UnreadableClip("too_large", f"frames of {capture.size:,} pixels, more than {MAX_FRAME_PIXELS:,}")
        first = _read(capture)
        if first is None:
            raise UnreadableClip("broken", "not one frame can be decoded")
        height, width = first.shape[:2]
        yield Stream(
            int(width),
            int(height),
            capture.rate,
            chain([first], _further(capture, first.shape)),
        )


def _read(capture: Capture) -> NDArray[np.uint8] | None:
    """Return the next frame, or None after the last one that can be decoded."""
    return capture.frame() if capture.grab() else None


def _further(capture: Capture, shape: tuple[int, ...]) -> Iterator[NDArray[np.uint8]]:
    count = 1
    while (frame := _read(capture)) is not None:
        count += 1
        if count > MAX_FRAMES:
            raise UnreadableClip("too_large", f"more than {MAX_FRAMES:,} frames")
        if count * shape[0] * shape[1] > MAX_CLIP_PIXELS:
            raise UnreadableClip("too_large", f"more than {MAX_CLIP_PIXELS:,} pixels in all frames together")
        if frame.shape != shape:
            raise UnreadableClip("broken", f"frame {count - 1} has the shape {frame.shape}, the first one {shape}")
        yield frame
