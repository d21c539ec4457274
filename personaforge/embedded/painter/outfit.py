"""What a subject wears, read from words: `writer/data/wear.yaml` says as which shape a garment or accessory is drawn.

The painter knows no name of a fashion context. It gets the words for its clothes, so a context that a project declares
is drawn by its own words. Words that no row of the table has are not drawn, and are reported. Coverings of the head
depend on the persona's own hair style alone. Colours are sRGB, 0..255.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from personaforge.embedded.painter.stated import stated
from personaforge.embedded.writer.tables import table

Color = tuple[int, int, int]

MAX_TEXTS: Final = 16
"""Garments or accessories at most: drawing each takes time."""
_LIGHT: Final = 150
"""A palette's second colour above this mean is darkened below the waist, where cloth is heavier."""


class Piece(NamedTuple):
    """One thing worn."""

    shape: str
    """The painter's name of the shape."""
    color: Color


class Outfit(NamedTuple):
    """Everything that is worn beside the main garment. With an empty outfit the picture is the same as without one."""

    lower: Piece | None = None
    """Trousers or skirt."""
    over: Piece | None = None
    """The garment that is worn open over the main one."""
    inner: Piece | None = None
    """The shape in a jacket's opening."""
    shoes: Piece | None = None
    cut: str = ""
    """The main garment's cut where its words name one; empty for the context's."""
    print: str = ""
    """The main garment's cloth where its words name one; empty for the context's pattern."""
    details: tuple[str, ...] = ()
    """Finishes of the main garment, in the table's order."""
    accessories: tuple[Piece, ...] = ()
    covering: Piece | None = None
    """The persona's own head covering."""
    makeup: tuple[str, ...] = ()
    """Accessories that name make-up, for `face.marks`: worn on this picture, and no part of the person's face."""
    unknown: tuple[str, ...] = ()
    """Accessories that no row of the table knows, and garments that are known not to be drawn."""

    def drawn(self) -> list[str]:
        """Return the names of the shapes, for the record."""
        pieces = (self.lower, self.over, self.inner, self.shoes, *self.accessories, self.covering)
        said = (name for name in (self.cut, self.print) if name)
        return [
            *(piece.shape for piece in pieces if piece is not None),
            *said,
            *self.details,
            *self.makeup,
        ]


NOTHING: Final = Outfit()


class _Row(NamedTuple):
    fits: re.Pattern[str]
    draw: str
    color: str
    frames: tuple[str, ...]


def read_outfit(
    clothing: Mapping[str, Any], palette: Sequence[Color], distance: str, hair_style: str, where: str
) -> Outfit:
    """Return the outfit in a picture of this distance.

    `clothing` may hold `garments` and `accessories`, lists of texts. Raises ValueError that names the key, found at
    `where`, of a value that isn't such a list.
    """
    garments = texts(clothing, "garments", where)
    worn: dict[str, Piece] = {}
    details: list[str] = []
    named: dict[str, str] = {}
    accessories, unknown, makeup = [], [], list[str]()
    for text in garments:
        for part in ("cuts", "prints"):
            row = _found(part, text)
            if row is not None and part not in named:
                named[part] = row.draw
                unknown += [] if row.draw else [text]
        for part in ("lower", "over", "inner", "shoes"):
            row = _found(part, text)
            if row is not None and row.draw and part not in worn:
                worn[part] = Piece(row.draw, _color(row.color, text, palette))
                if row.frames and distance not in row.frames:
                    del worn[part]
        details += [row.draw for row in _rows("details") if row.fits.search(text)]
    sets = table("wear")["sets"]
    for asked in texts(clothing, "accessories", where):
        for text in sets.get(asked, (asked,)):
            row = _found("accessories", text)
            if _makeup().search(text):
                makeup.append(text)
            elif row is None:
                unknown.append(text)
            elif row.draw and (not row.frames or distance in row.frames):
                accessories.append(Piece(row.draw, _color(row.color, text, palette)))
    style = stated(hair_style)
    row = _found("coverings", style)
    covering = Piece(row.draw, _color(row.color, style, palette)) if row is not None else None
    return Outfit(
        lower=worn.get("lower"),
        over=worn.get("over"),
        inner=worn.get("inner"),
        shoes=worn.get("shoes"),
        cut=named.get("cuts", ""),
        print=named.get("prints", ""),
        details=tuple(dict.fromkeys(details)),
        accessories=tuple(accessories),
        covering=covering,
        makeup=tuple(dict.fromkeys(makeup)),
        unknown=tuple(unknown),
    )


def texts(values: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """Return the list of texts under a key in lower case, none when it is missing. Raises ValueError."""
    found = values.get(key, [])
    if not isinstance(found, Sequence) or isinstance(found, str) or len(found) > MAX_TEXTS:
        raise ValueError(f"{where}.{key}: a list of at most {MAX_TEXTS} texts was expected")
    for index, item in enumerate(found):
        if not isinstance(item, str):
            raise ValueError(f"{where}.{key}[{index}]: {item!r} is not text")
    return tuple(item.lower() for item in found)


@cache
def _rows(part: str) -> tuple[_Row, ...]:
    return tuple(
        _Row(_any_of(tuple(row["words"])), row.get("draw", ""), row.get("color", "main"), tuple(row.get("frames", ())))
        for row in table("wear")[part]
    )


@cache
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<![\w-])(?:" + "|".join(re.escape(word) for word in words) + r")(?![\w-])")


@cache
def _makeup() -> re.Pattern[str]:
    marks = table("marks")
    return _any_of(tuple(word for kind in marks["make_up"] for word in marks["kinds"][kind]))


def _found(part: str, text: str) -> _Row | None:
    return next((row for row in _rows(part) if row.fits.search(text)), None)


def _color(otherwise: str, text: str, palette: Sequence[Color]) -> Color:
    """Return the colour that a text names, or that of a table's row."""
    for names in (table("wear")["colors"], table("wear")["materials"]):
        said = _any_of(tuple(names)).search(text)
        if said is not None:
            return _hex(names[said.group()])
    second = palette[min(1, len(palette) - 1)]
    places = {
        "main": palette[0],
        "second": second,
        "accent": palette[min(2, len(palette) - 1)],
        "lower": _lower(second),
    }
    if otherwise in places:
        return places[otherwise]
    return _hex(table("wear")["materials"].get(otherwise) or table("wear")["colors"].get(otherwise, otherwise))


def _lower(second: Color) -> Color:
    factor = 0.55 if sum(second) > 3 * _LIGHT else 0.85
    return (round(second[0] * factor), round(second[1] * factor), round(second[2] * factor))


def _hex(text: str) -> Color:
    value = int(text[1:], 16)
    return (value >> 16, value >> 8 & 255, value & 255)
