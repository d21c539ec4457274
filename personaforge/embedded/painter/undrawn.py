"""What of a person the embedded painter can't draw, so that records, plans and pages say it.

The words are data (`embedded/writer/data/undrawn.yaml`). Accessories that no table knows are the outfit's to name, and
the person's own head covering is drawn where the style of the hair says it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from personaforge.embedded.painter.face.hairstyles import read_style
from personaforge.embedded.painter.face.marks import read_marks
from personaforge.embedded.painter.face.words import hair_colors
from personaforge.embedded.painter.stated import stated
from personaforge.embedded.writer.tables import table

_HAIR: Final = ("color", "texture", "length", "style")
_COVERED: Final = ("chin", "shoulder", "long")
_HANGS: Final = ("open", "fringe", "curtain", "side")
"""Lengths of hair that hide the ears, and ways of wearing it in which they do."""


class _Row(NamedTuple):
    name: str
    words: re.Pattern[str]
    unless: frozenset[str]
    """Ways of wearing hair, and forms of it, that draw it."""
    marks: frozenset[str]
    """Kinds of marks of which one is enough to draw it."""


@cache
def _rows() -> tuple[_Row, ...]:
    return tuple(
        _Row(
            f"{name} (drawn as {row['as']})" if "as" in row else str(name),
            re.compile(rf"\b(?:{'|'.join(map(re.escape, row['words']))})\b"),
            frozenset(row.get("unless", ())),
            frozenset(row.get("marks", ())),
        )
        for name, row in table("undrawn").items()
    )


def undrawn_words(texts: Iterable[str], hair: Collection[str] = (), marks: Collection[str] = ()) -> list[str]:
    """Return the names of what texts say and the painter can't draw, each once.

    `hair` is how the hair is worn and what it is made into: a brief may say a braid, and the style of a DNA another.
    `marks` are the kinds of marks that are drawn.
    """
    said = " \n ".join(map(stated, texts))
    rows = (row for row in _rows() if row.unless.isdisjoint(hair) and row.marks.isdisjoint(marks))
    return [row.name for row in rows if row.words.search(said)]


def undrawn(dna: Mapping[str, Any], *texts: str) -> list[str]:
    """Return what of a DNA and of further texts isn't drawn. Hair that is cut to the scalp has one colour.

    A mark is drawn where the DNA's `skin.marks` state it, and then isn't missing where a brief says it, too. Of an aid
    for hearing nothing shows below hair that hangs over the ears.
    """
    hair, skin = dna.get("hair"), dna.get("skin")
    words = {key: str(hair.get(key, "")) for key in _HAIR} if isinstance(hair, Mapping) else dict.fromkeys(_HAIR, "")
    marks = skin.get("marks") if isinstance(skin, Mapping) else ()
    texts_of = [str(mark) for mark in marks] if isinstance(marks, list) else []
    style = read_style(words["style"], words["texture"], words["length"])
    drawn = () if words["length"] == "shaved" else (style.form,)
    if words["length"] not in ("shaved", "short"):
        drawn = (*drawn, style.worn)
    known, lacking = read_marks(texts_of)
    kinds = {mark.kind for mark in known}
    if words["length"] in _COVERED and style.worn in _HANGS:
        kinds.discard("hearing aid")
    named = undrawn_words([*texts_of, words["style"], *texts], drawn, kinds)
    unknown = [text for text in lacking if not set(named).intersection(undrawn_words([text]))]
    more = [f"{color} in the hair" for color in hair_colors(words["color"])[1:] if words["length"] == "shaved"]
    return [*named, *unknown, *more]
