"""A contact sheet: thumbnails in rows, each with a caption and an edge in the colour of its decision.

For people's eyes only: nothing is measured on it. The sheet is a JPEG at quality 85, because a PNG of 24 thumbnails
takes 2 to 3 MB and the JPEG a tenth of that; equal input gives equal bytes. Text is drawn with the scalable font that
Pillow includes, so that the machine needs no font; it has ASCII only, so text is folded to that. Colours are sRGB,
sizes pixels.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

STATUS_COLORS: Final[dict[str, str]] = {
    "accepted": "#2f9e5b",
    "unmeasured": "#8a8f98",
    "flagged": "#e0a21b",
    "rejected": "#cc3b3b",
    "missing": "#c9ccd1",
}
"""Edge colours. Chosen to differ in lightness as well as in hue; the status is also written under the caption."""

_INK: Final = "#22262b"
_PALE: Final = "#6b7178"
_PAPER: Final = "#fafaf8"
_EMPTY: Final = "#ececea"
_ASPECT: Final = 4 / 3
"""A thumbnail's height over its width; pictures of other shapes are shown whole on the same background."""
_EDGE: Final = 4
_GAP: Final = 12
_QUALITY: Final = 85
_MAX_PIXELS: Final = 4096 * 4096
"""Pictures with more pixels are shown as unreadable rather than decoded."""
_MAX_SHEET: Final = 16_000
"""Longest side of a sheet; JPEG ends at 65,535."""

_PLAIN: Final = str.maketrans(
    dict(zip("øØłŁđĐðÐıħĦŧŦ", "oOlLdDdDihHtT", strict=True))
    | {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"}
    | {"\u2013": "-", "\u2014": "-", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'}
)
"""Letters and signs that Unicode doesn't decompose into a plain letter and a mark."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Cell:
    """One place on the sheet."""

    picture: bytes | None
    """An encoded picture, or None when there is none yet."""
    caption: str
    status: str
    """A key of `STATUS_COLORS`."""


def draw_sheet(
    cells: Sequence[Cell], *, title: str, columns: int = 5, cell_width: int = 200, footer: str = ""
) -> bytes:
    """Return the sheet as JPEG bytes. Raises ValueError for an unknown status or a sheet too large to look at.

    A picture that can't be read is shown as an empty place that says so: users look at a sheet when something went
    wrong.
    """
    if columns < 1 or cell_width < 40:
        raise ValueError(f"a sheet needs at least 1 column of 40 pixels, not {columns} of {cell_width}")
    columns = min(columns, max(1, len(cells)))
    for cell in cells:
        if cell.status not in STATUS_COLORS:
            raise ValueError(f"status {cell.status!r} is not one of {', '.join(STATUS_COLORS)}")
    size = max(11, cell_width // 15)
    plain, small, large = (ImageFont.load_default(points) for points in (size, max(10, size - 2), size + 8))
    picture_height = round(cell_width * _ASPECT)
    cell_height = picture_height + 2 * size + 14
    head, foot = size + 8 + 2 * _GAP, (size + _GAP if footer else 0)
    rows = -(-len(cells) // columns)
    width = columns * (cell_width + _GAP) + _GAP
    height = head + rows * (cell_height + _GAP) + foot + _GAP
    if max(width, height) > _MAX_SHEET:
        raise ValueError(f"a sheet of {width} x {height} pixels is too large: use fewer cells or a smaller cell_width")
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((_GAP, _GAP), _fitted(title, large, width - 2 * _GAP), fill=_INK, font=large)
    for index, cell in enumerate(cells):
        left = _GAP + index % columns * (cell_width + _GAP)
        top = head + index // columns * (cell_height + _GAP)
        color = STATUS_COLORS[cell.status]
        box = (left, top, left + cell_width - 1, top + picture_height - 1)
        pen.rectangle(box, fill=_EMPTY, outline=color, width=_EDGE)
        inside = (cell_width - 2 * _EDGE, picture_height - 2 * _EDGE)
        shown = _thumbnail(cell.picture, inside)
        if isinstance(shown, str):
            middle = (left + cell_width / 2, top + picture_height / 2)
            pen.text(middle, shown, fill=_PALE, font=plain, anchor="mm")
        else:
            place = (left + (cell_width - shown.width) // 2, top + (picture_height - shown.height) // 2)
            sheet.paste(shown, place)
        below = top + picture_height + 4
        pen.text((left, below), _fitted(cell.caption, plain, cell_width), fill=_INK, font=plain)
        pen.text((left, below + size + 4), cell.status, fill=color if cell.status != "missing" else _PALE, font=small)
    if footer:
        place = (width - _GAP, height - _GAP)
        pen.text(place, _fitted(footer, small, width - 2 * _GAP), fill=_PALE, font=small, anchor="rs")
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=_QUALITY, subsampling=0)
    return data.getvalue()


def _thumbnail(picture: bytes | None, size: tuple[int, int]) -> Image.Image | str:
    """Return the picture made to fit, or the word to show instead."""
    if picture is None:
        return "missing"
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG", "WEBP")) as found:
            if found.width * found.height > _MAX_PIXELS:
                return "too large"
            found.draft("RGB", (2 * size[0], 2 * size[1]))
            return ImageOps.contain(found.convert("RGB"), size, Image.Resampling.LANCZOS)
    # Pillow's readers raise nearly anything on damaged data.
    except Exception:
        return "unreadable"


def _fitted(text: str, font: Font, width: int) -> str:
    """Return the text on one line, folded and shortened to fit."""
    line = folded(text)
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "...") > width:
        line = line[:-1]
    return line.rstrip() + "..."


def folded(text: str) -> str:
    """Return the text in ASCII: accents dropped, a letter that has no plain form left out, white space single."""
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return " ".join(plain.encode("ascii", "ignore").decode().split())
