"""What can't both be true: words against numbers and texts against texts, by contradictions.yaml.

These rules see words, not meaning: what is said in other words passes. A flaw here is one contradiction, and its advice
names both sides, since either may be the one that is fixed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personaforge.embedded.writer.bounds import number
from personaforge.embedded.writer.clash import clash
from personaforge.embedded.writer.flaws import Flaw, quoted, ruled, text
from personaforge.embedded.writer.own import Said, is_stated, said_in
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import count, fold, for_others, pattern

_DOING = ("surface.occupation", "lifestyle.interests", "lifestyle.vacation_style", "lifestyle.daily_rhythm")
_SAYING = ("mask.signature_phrases", "mask.social_role")
_CHARACTER = (
    "soul.desire", "mask.tone", "mask.social_role", "lifestyle.daily_rhythm",
    "surface.occupation",
)  # fmt: skip
_LIFE = ("soul", "self", "mask", "surface", "lifestyle")


def contradictions(document: Mapping[str, Any], brief: str = "") -> Iterator[Flaw]:
    """Yield what can't both be true in a document, with the brief as one more text."""
    told = [Said("brief", brief, fold(brief))] if brief else []
    yield from ruled("words and traits", _numbers(document))
    yield from ruled("never and does", _topics(document, told))
    yield from ruled("facts that exclude", _facts(document, told))
    yield from ruled("vacation", _vacation(document))


def _hit(words: Sequence[str], one: Said) -> str:
    """Return the first of the words that a text has and doesn't negate; empty if there is none."""
    if not count(words, one.folded):
        return ""
    found = pattern(tuple(words)).search(one.folded)
    return found.group() if found else ""


def _numbers(document: Mapping[str, Any]) -> Iterator[Flaw]:
    bounds = table("contradictions")["beyond"]
    for rule in table("contradictions")["traits"]:
        found = number(document, rule["path"])
        if found is None:
            continue
        # A drive is what somebody wants, and only the desire speaks of that.
        spoken = said_in(document, ("soul.desire",) if rule["path"].startswith("soul.drives.") else _CHARACTER)
        side, beyond = ("low", found > bounds["above"]), ("high", found < bounds["below"])
        for name, wrong in (side, beyond):
            one = next((one for one in spoken if wrong and _hit(rule[name], one)), None)
            if one is not None:
                yield clash(one, f"{rule['path']} is {found:.2f}", f"{_hit(rule[name], one)!r} is at the other end")


def _topics(document: Mapping[str, Any], told: list[Said]) -> Iterator[Flaw]:
    everywhere = [*told, *said_in(document, ("intent.constraints", *_LIFE))]
    doing = said_in(document, (*_DOING, *_SAYING))
    for name, topic in table("contradictions")["topics"].items():
        never = next((one for one in everywhere if pattern(tuple(topic["never"])).search(one.folded)), None)
        if never is None:
            continue
        rest = pattern(tuple(topic["never"]))
        for one in doing:
            words = _hit(topic["does"], one._replace(folded=rest.sub(" ", one.folded)))
            if (
                words
                and not for_others(one.folded)
                and not (one.path == "mask.signature_phrases" and re.search(r"\byou(?:r|rs)?\b", one.folded))
                and f"{words}-free" not in one.folded
                and f"non-{words}" not in one.folded
            ):
                yield clash(never, f"{one.path} has {quoted(one.text)}", f"these don't go together ({name})")
                break


def _facts(document: Mapping[str, Any], told: list[Said]) -> Iterator[Flaw]:
    everywhere = [*told, *said_in(document, _LIFE)]
    for first, second in table("contradictions")["exclusive"]:
        one = next((one for one in everywhere if _hit(first, one) and is_stated(one)), None)
        other = next((other for other in everywhere if _hit(second, other) and is_stated(other)), None)
        if one is not None and other is not None:
            yield clash(one, f"{other.path} has {quoted(other.text)}", "only one of them can be true")


def _vacation(document: Mapping[str, Any]) -> Iterator[Flaw]:
    kind, described = (
        text(document, "lifestyle.vacation_style.kind"),
        text(document, "lifestyle.vacation_style.description"),
    )
    rule = table("contradictions")["vacations"].get(kind)
    if rule is None or not described:
        return
    folded = fold(described)
    foreign = pattern(tuple(rule["not"])).search(folded)
    if foreign and not count(rule["has"], folded):
        one = Said("lifestyle.vacation_style.description", described, folded)
        yield clash(one, f"lifestyle.vacation_style.kind is {kind}", f"{foreign.group()!r} is another kind")
