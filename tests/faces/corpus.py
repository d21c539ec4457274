"""Broken and hostile files, made here, with the outcome that each must have. Photographs of nobody.

A case says what its bytes are, which measuring function they are for, and which `code`s are right: the empty one for a
file that is odd and can be measured. Where decoders may honestly differ (cut off or broken?), both are named.
"""

import functools
import io
import struct
from dataclasses import dataclass

import numpy as np
from PIL import Image

CUT = ("truncated", "broken")
FINE = ("",)


@dataclass(frozen=True)
class Case:
    """A file and what measuring it must come to."""

    name: str
    data: bytes
    codes: tuple[str, ...]
    clip: bool = False


@functools.cache
def corpus() -> tuple[Case, ...]:
    """Return all cases, always the same ones."""
    from tests.faces.corpus_clips import clips
    from tests.faces.corpus_pictures import pictures

    return (*pictures(), *clips())


def noise(width: int = 96, height: int = 64) -> Image.Image:
    """Return a picture that hardly compresses, so that a cut anywhere loses pixels."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return a picture as a file of that kind."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def data_of_length(riff: bytes, length: int) -> bytes:
    """Return a RIFF file that claims another length."""
    return riff[:4] + struct.pack("<I", length) + riff[8:]
