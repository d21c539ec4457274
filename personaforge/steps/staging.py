"""Where a scene is that shows something of this persona: its work, a pastime or a holiday. No model call.

`matrix.places` declares places by words. An occupation, an interest and a kind of holiday are matched with them, and
what no place fits stands in the prompt in the persona's own words alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from personaforge.digest import derive_seed


def staged(
    scene: Mapping[str, Any], places: Mapping[str, Any], profile: Mapping[str, Any], origin: str
) -> dict[str, Any]:
    """Return what a scene is for this persona: `about`, its own words, and the fields of the place that fits.

    Empty where a scene shows nothing of anybody, or where the document doesn't say. `origin` is the persona's oldest
    id, by which one of its interests is chosen.
    """
    shows = scene.get("shows")
    said = _said(str(shows), profile) if shows else ()
    if not said:
        return {}
    rows = [_whole(row) for _, row in sorted(places.get(str(shows), {}).items())]
    named = [row for row in rows if row["words"]]
    fitting = [(about, _fitting(named, about)) for about in said]
    # An interest that a place is known for is a better picture than one that isn't; among those the choice is by the
    # interest's own words, so that another interest that is added or lost mostly changes nothing.
    known = [one for one in fitting if one[1] is not None] or fitting
    about, place = min(known, key=lambda one: derive_seed(origin, "pastime", one[0])) if len(known) > 1 else known[0]
    found = place or next((row for row in rows if not row["words"]), {})
    return {"shows": shows, "about": about, **{name: value for name, value in found.items() if name != "words"}}


def _said(shows: str, profile: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the persona's own words for what is shown: of interests all, of other things one."""
    lifestyle = profile.get("lifestyle", {})
    if shows == "work":
        found: Any = [profile.get("surface", {}).get("occupation")]
    elif shows == "holiday":
        found = [lifestyle.get("vacation_style", {}).get("kind")]
    else:
        found = [text for texts in lifestyle.get("interests", {}).values() for text in texts]
    return tuple(str(text) for text in found if text)


def _whole(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"words": (), "text": "", "action": "", "prop": "", **{k: v for k, v in row.items() if v is not None}}


def _fitting(rows: Sequence[Mapping[str, Any]], text: str) -> Mapping[str, Any] | None:
    """Return the place with the longest word in a text, of equal ones that with the fewest words; None if none fits."""
    lengths = [max((len(hit) for hit in _any(tuple(row["words"])).findall(text.casefold())), default=0) for row in rows]
    found = [
        (-length, len(row["words"]), number) for number, (row, length) in enumerate(zip(rows, lengths, strict=True))
    ]
    best = min(found, default=(0, 0, 0))
    return rows[best[2]] if best[0] else None


def worn_in(words: Iterable[str], text: str) -> bool:
    """Tell whether a text has one of the words, whole or in the plural, in any case; `bak*` is any that begins so."""
    return bool(_any(tuple(words), "(?:s|es)?").search(text.casefold()))


@lru_cache(maxsize=512)
def _any(words: tuple[str, ...], ending: str = "") -> re.Pattern[str]:
    parts = [
        re.escape(word.rstrip("*").casefold()) + (r"\w*" if word.endswith("*") else ending) for word in words if word
    ]
    return re.compile(r"(?<![\w-])(?:" + "|".join(parts or ["(?!)"]) + r")(?![\w-])")
