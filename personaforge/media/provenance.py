"""Which domain a picture or clip is of, as far as its file says: who drew it.

A file's label is `Software` in a PNG's text or in EXIF, and a WebM clip's writing application. A file that forge makes
from a drawing (a finished JPEG, a repaired clip) has the drawing's label before its own. A PNG that contains a drawn
face's parameters counts, too. A label is a claim: any program can write it, and many drop it. It prevents mistakes of
honest people and proves nothing.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

from personaforge.domains import DOMAINS, DRAWINGS, PHOTOGRAPHS
from personaforge.faces.packs import declared_of, made_for
from personaforge.media.containers import clip_label
from personaforge.media.stills import picture_label

FACE: Final = "forge-face"
"""The PNG text that holds a drawn face's parameters."""


def domain_of_file(data: bytes) -> str:
    """Return the domain that a picture's or clip's file says it is of. Reads its header only."""
    label = clip_label(data) or picture_label(data)
    parts = {part.strip() for part in label.split(";")}
    said = next((one.name for one in DOMAINS.values() if one.label and one.label in parts), "")
    return said or (DRAWINGS.name if carries_face(data) else PHOTOGRAPHS.name)


def fits(pack: str, data: bytes) -> bool | None:
    """Tell whether a pack was made for such a file; None for a pack whose pictures don't say what they are."""
    domain = DOMAINS[declared_of(pack).domain]
    return domain_of_file(data) == domain.name if domain.label else None


def is_drawing_for_photographs(analyzer: Mapping[str, str], data: bytes) -> bool:
    """Tell whether a file says that forge drew it, and an analyzer was made for photographs: to such a one drawn
    strangers look alike."""
    return made_for(analyzer) == PHOTOGRAPHS.name and domain_of_file(data) == DRAWINGS.name


def with_domain(value: Mapping[str, Any], data: bytes, analyzer: Mapping[str, str]) -> dict[str, Any]:
    """Return a measurement with `in_domain`: whether its pack was made for such a file; see `fits`.

    Measurements by packs that look at any picture are returned as they are, and so are those of unreadable files.
    """
    fit = None if value["status"] == "unreadable" else fits(analyzer["pack"], data)
    return dict(value) if fit is None else {**value, "in_domain": fit}


def carries_face(data: bytes) -> bool:
    """Tell whether a picture is a PNG with a drawn face's parameters, by which its painter can draw that face again."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            return FACE in image.info
    # Pillow's readers may raise any exception on damaged data.
    except Exception:
        return False
