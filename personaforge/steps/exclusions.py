"""What a persona never wears, and which things are its own, by the settings and by what the document says.

`intent.constraints` says what a brief rules in and out. It is read by the rules for briefs, in their 16 languages, and
besides by its own English words after *no* or *never*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from personaforge.brief.reading import read_brief
from personaforge.steps.staging import worn_in

_NEGATION = re.compile(r"\b(?:no|not|never|without|avoids?|nothing|doesn't|does not|won't|hates?|refuses?|dislikes?)\b")
_WORD = re.compile(r"[^\W\d_]{3,}(?:-[^\W\d_]+)*")
_LITTLE = frozenset({
    "all", "and", "any", "anything", "but", "clothes", "clothing", "ever", "first", "for", "from", "her", "him",
    "his", "its", "look", "looks", "mentions", "one", "photographs", "pictures", "she", "show", "shows",
    "something", "style", "that", "the", "them", "they", "things", "this", "too", "wear", "wearing", "wears",
    "with", "worn",
})  # fmt: skip
"""Words that name no piece of clothing."""
_COLLARS = {"jeans": ("denim",), "heels": ("pumps", "stilettos"), "swimwear": ("bikini", "swimsuit", "bodysuit")}
"""What a thing of a brief is called in wardrobes besides."""


def ruled_out(profile: Mapping[str, Any], never: Iterable[str]) -> tuple[str, ...]:
    """Return words of contexts, garments and accessories that are never worn. `never` is the user's own list."""
    found = dict.fromkeys(word.casefold() for word in never)
    for constraint in _constraints(profile):
        found.update(dict.fromkeys(_excluded(constraint)))
    return tuple(found)


def _excluded(constraint: str) -> list[str]:
    facts = [str(fact.value) for fact in read_brief(constraint).facts if fact.kind == "exclusion"]
    words = [word for fact in facts for word in (fact, *_COLLARS.get(fact, ()))]
    hit = _NEGATION.search(constraint.casefold())
    if hit is not None:
        said = re.split(r"[.;:]|\bbut\b|\bexcept\b|\bonly\b", constraint.casefold()[hit.end() :])[0]
        words += [_single(word) for word in _WORD.findall(said) if word not in _LITTLE]
    return words


def _single(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "glasses")) else word


def own_things(
    own: Mapping[str, Sequence[str]], profile: Mapping[str, Any], wears: Sequence[str], never: Sequence[str]
) -> frozenset[str]:
    """Return which of the own things are this persona's: those that `wears`, its DNA or a constraint names."""
    dna = profile.get("dna", {})
    said = [*wears, *dna.get("skin", {}).get("marks", ()), str(dna.get("hair", {}).get("style", ""))]
    said += [one for one in _constraints(profile) if not _NEGATION.search(one.casefold())]
    return frozenset(
        thing
        for thing, words in own.items()
        if any(worn_in((thing, *words), text) for text in said) and not worn_in(never, thing)
    )


def _constraints(profile: Mapping[str, Any]) -> list[str]:
    return [str(one) for one in profile.get("intent", {}).get("constraints", ())]
