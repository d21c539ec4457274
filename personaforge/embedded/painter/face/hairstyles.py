"""How a DNA's words say that hair is worn, made and cut: closed words read from the free text of a style.

Three questions with one answer each: how it is worn (open, tied, in a plait), what its strands are made into (loose
strands, locs, braids) and how it is cut (a fade, a bob, receding). The words are data, `embedded/writer/data/hairdos`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from personaforge.embedded.painter.stated import stated
from personaforge.embedded.writer.tables import table

WORN: Final = (
    "open", "fringe", "curtain", "tucked", "side", "half up", "tied", "topknot", "ponytail", "plait", "plaits", "swept",
)  # fmt: skip
FORMS: Final = ("loose", "afro", "twists", "locs", "braids", "cornrows", "knots")
CUTS: Final = ("even", "bald", "fade", "undercut", "mohawk", "receding", "pixie", "bob", "waves")


class Style(NamedTuple):
    """One head of hair: a word of `WORN`, of `FORMS` and of `CUTS`."""

    worn: str
    form: str
    cut: str


def read_style(text: str, texture: str, length: str) -> Style:
    """Return what the free text of a style says; a word that needs a texture or a length counts only with it."""
    worn, form, cut = (
        next((row.says for row in _rows(part) if row.fits(stated(text), texture, length)), otherwise)
        for part, otherwise in (("worn", "open"), ("forms", "loose"), ("cuts", "even"))
    )
    return Style(worn, form, cut)


class _Row(NamedTuple):
    says: str
    words: re.Pattern[str]
    textures: tuple[str, ...]
    lengths: tuple[str, ...]

    def fits(self, text: str, texture: str, length: str) -> bool:
        known = (not self.textures or texture in self.textures) and (not self.lengths or length in self.lengths)
        return known and self.words.search(text) is not None


@cache
def _rows(part: str) -> tuple[_Row, ...]:
    return tuple(
        _Row(
            row["says"],
            re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, row['words']))})(?![\w-])"),
            tuple(row.get("textures", ())),
            tuple(row.get("lengths", ())),
        )
        for row in table("hairdos")[part]
    )
