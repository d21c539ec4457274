"""Pixels to a JPEG that says where it comes from, and what another picture says about itself.

Of a source's metadata one thing is kept: its label (PNG's `Software` text, or EXIF's), because a drawing by the
embedded provider has to say so wherever it is shown. All else is dropped on purpose: a place, a camera, a colour
profile that the pixels no longer have, and the embedded face's parameters, which a reference needs and a published
picture doesn't. No time and no camera is written, so equal input gives equal bytes, and no picture claims to be a
photograph.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from personaforge.digest import canonical

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUBSAMPLINGS: Final = ("4:4:4", "4:2:2", "4:2:0")
"""Colour resolution: full, halved horizontally, halved in both directions as on phones."""
MAX_JPEG_SIDE: Final = 65_535
"""Pixels; the format's own limit."""
_SOFTWARE: Final = 0x0131
"""EXIF and TIFF tag of the program that made a picture."""
_MAX_LABEL: Final = 200


def encode_jpeg(
    pixels: NDArray[np.uint8], *, quality: int, subsampling: str, label: str, notes: Mapping[str, Any]
) -> bytes:
    """Return pixels, (H, W, 3) BGR, as a baseline JPEG with optimised Huffman tables.

    `quality` is libjpeg's, 1 to 100; `label` becomes EXIF's Software, and `notes` the comment, as canonical JSON.
    Raises ValueError for a side over 65,535 pixels.
    """
    from PIL import Image

    height, width = pixels.shape[:2]
    if max(height, width) > MAX_JPEG_SIDE:
        raise ValueError(f"a JPEG of {width} x {height} pixels can't be, its sides have at most {MAX_JPEG_SIDE:,}")
    exif = Image.Exif()
    exif[_SOFTWARE] = plain(label)
    out = io.BytesIO()
    Image.fromarray(pixels[..., ::-1]).save(
        out, "JPEG", quality=quality, subsampling=subsampling, optimize=True, exif=exif, comment=canonical(dict(notes))
    )
    return out.getvalue()


def picture_label(data: bytes) -> str:
    """Return the program that a picture names as its maker, or nothing. Reads its header only; data that is no picture
    has none."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            # Only the text of a PNG is read: for EXIF, Pillow would decode all of it.
            found = image.info.get("Software") if image.format == "PNG" else image.getexif().get(_SOFTWARE)
    # Pillow's readers raise nearly anything on damaged data.
    except Exception:
        return ""
    return plain(found) if isinstance(found, str) else ""


def plain(label: str) -> str:
    """Return a label as printable ASCII on one line, of at most 200 characters."""
    kept = "".join(letter if " " <= letter <= "~" else " " for letter in label[: 4 * _MAX_LABEL])
    return " ".join(kept.split())[:_MAX_LABEL]


def labelled(source: str, ours: str) -> str:
    """Return the label of a file that we made from one with a label; the source's label is first and is never lost."""
    source, parts = plain(source), [part.strip() for part in source.split(";")]
    if not source or ours in parts:
        return source or ours
    return f"{source[: _MAX_LABEL - len(ours) - 2]}; {ours}"
