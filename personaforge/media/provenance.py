"""Whether forge's own painter drew a picture or clip, as far as the file says so.

A file's label is `Software` in a PNG's text or in EXIF, and a WebM clip's writing application. A file that forge makes
from a drawing (a finished JPEG, a repaired clip) has the drawing's label before its own. A PNG that contains a drawn
face's parameters counts, too. A label is a claim: any program can write it, and many drop it. It prevents mistakes of
honest people and proves nothing.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

from personaforge.faces.packs import EMBEDDED
from personaforge.media.containers import clip_label
from personaforge.media.stills import picture_label

DRAWN: Final = "PersonaForge embedded"
"""The label of pictures and clips by the embedded providers."""
FACE: Final = "forge-face"
"""The PNG text that holds a drawn face's parameters."""


def says_embedded(data: bytes) -> bool:
    """Return whether a picture's or clip's file says that the embedded painter drew it. Reads its header only."""
    label = clip_label(data) or picture_label(data)
    return DRAWN in (part.strip() for part in label.split(";")) or carries_face(data)


def with_domain(value: Mapping[str, Any], data: bytes, analyzer: Mapping[str, str]) -> dict[str, Any]:
    """Return a measurement with `in_domain`: whether its pack was made for such a file; see `says_embedded`.

    Only the pack `embedded` has such bounds, so other measurements are returned unchanged, and so are those of
    unreadable files.
    """
    if analyzer["pack"] != EMBEDDED or value["status"] == "unreadable":
        return dict(value)
    return {**value, "in_domain": says_embedded(data)}


def carries_face(data: bytes) -> bool:
    """Return whether a picture is a PNG with a drawn face's parameters, which the embedded painter can draw again."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            return FACE in image.info
    # Pillow's readers may raise any exception on damaged data.
    except Exception:
        return False
