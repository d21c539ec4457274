"""What of a person the embedded painter can't draw, so that records, plans and pages say it.

The words are data (`embedded/writer/data/undrawn.yaml`). Accessories that no table knows are the outfit's to name, and
the person's own head covering is drawn where the style of the hair says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from personaforge.embedded.painter.face.words import hair_colors
from personaforge.embedded.writer.tables import table


@cache
def _rows() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (
            f"{name} (drawn as {row['as']})" if "as" in row else str(name),
            re.compile(rf"\b(?:{'|'.join(map(re.escape, row['words']))})\b"),
        )
        for name, row in table("undrawn").items()
    )


def undrawn_words(texts: Iterable[str]) -> list[str]:
    """Return the names of what texts say and the painter can't draw, each once."""
    said = " \n ".join(texts).lower()
    return [name for name, pattern in _rows() if pattern.search(said)]


def undrawn(dna: Mapping[str, Any], *texts: str) -> list[str]:
    """Return what of a DNA and of further texts isn't drawn. A second colour of hair isn't; of eyes it is."""
    hair, skin = dna.get("hair"), dna.get("skin")
    style = str(hair.get("style", "")) if isinstance(hair, Mapping) else ""
    marks = skin.get("marks") if isinstance(skin, Mapping) else ()
    colors = hair_colors(str(hair.get("color", ""))) if isinstance(hair, Mapping) else []
    more = [f"{color} in the hair" for color in colors[1:]]
    return [*undrawn_words([*map(str, marks if isinstance(marks, list) else ()), style, *texts]), *more]
