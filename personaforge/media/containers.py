"""Which program made a clip, as its container says. `faces.container` walks it."""

from __future__ import annotations

from typing import Final

from personaforge.faces.container import values
from personaforge.media.stills import plain

_WRITING_APP: Final = (0x1549A966, 0x5741)
"""Info / WritingApp."""


def clip_label(data: bytes) -> str:
    """Return the program that a WebM clip names as its writer; empty where it names none."""
    for found in values(data, _WRITING_APP):
        return plain(found[:1000].decode("utf-8", "replace"))
    return ""
