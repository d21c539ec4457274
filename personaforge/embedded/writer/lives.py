"""What texts say of somebody's own life, beside the other texts and the brief: family, habits, what they can't stand or
never do, how many children, which languages. Some of it in other languages, too.

As `contradiction`, these rules see words and not meaning. A claim counts only in a sentence that speaks of nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personaforge.brief.language import data
from personaforge.embedded.once import once
from personaforge.embedded.writer.clash import clash
from personaforge.embedded.writer.flaws import Flaw, quoted, ruled, texts
from personaforge.embedded.writer.own import (
    AT_TIMES,
    OWN,
    Said,
    claims,
    is_stated,
    numbers,
    others,
    regex,
    said_in,
    sentences,
    tongue_of,
)
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import count, fold, for_others, is_negated, pattern

_DOES = ("lifestyle", "surface.occupation", "mask.social_role", "mask.signature_phrases")
_TELLS = ("soul", "mask", "surface.occupation", "lifestyle", "dna.skin.marks", "intent.constraints")
_CLAUSES = re.compile(r"[.,;]\s*")
_SAME = re.compile(
    r"\b(?:decaf\w*|alcohol-free|non-alcoholic|vegan|plant-based|oat|soy|mock|without|watch(?:es|ing)?|you|your|others)\b"
)
"""Words with which a thing that is ruled out isn't had, or is somebody else's."""
_FAR = 28
"""Characters between words of dislike and the thing that is disliked."""
_BEHIND = re.compile(r"never again|allergic|sober|so much as|learned|learnt|terrified|afraid")
"""Words of dislike that may follow their thing, in English."""
_QUALIFIED = re.compile(
    r"\b(?:twice|before|after|without|alone|unless|except|until|more than|less than|badly|slowly|quickly|late|loudly|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)day\w*|by half|for (?:money|show|free))\b"
)
"""Words behind a dislike with which only a way of doing it is disliked."""
_MANY = "two|three|four|five|six|seven|eight|nine|ten|\\d"
_COUNTED = re.compile(
    rf"\b(?:my|her|his|their|has|have|had|raised|raising|of) ({_MANY}) "
    r"(?:\w+ )?(children|kids|sons|daughters|brothers|sisters|siblings|cats|dogs)\b"
)
_COUNTED_OF = re.compile(rf"\b(?:mother|father|mum|dad|parent) of ({_MANY})\b")
_TONGUES = re.compile(rf"\b(?:speaks?|fluent in|spoken in|dreams? in|in all|knows?|my|her|his) ({_MANY}) languages\b")


def life_flaws(document: Mapping[str, Any], brief: str) -> Iterator[Flaw]:
    """Yield what contradicts another text of a life."""
    told = [Said("brief", brief, clause) for clause in _CLAUSES.split(fold(brief)) if clause]
    yield from ruled("facts that exclude", _exclusive(document, told))
    yield from ruled("pairs", _pairs(document, told))
    yield from ruled("habits", _averse(document, told))
    yield from ruled("numbers of a life", _counts(document, brief))
    yield from ruled("languages of a life", _languages(document))


def _exclusive(document: Mapping[str, Any], told: Sequence[Said]) -> Iterator[Flaw]:
    everywhere = [*told, *said_in(document, ("soul", "mask", "surface.occupation", "lifestyle"))]
    for first, second in table("lives")["exclusive"]:
        one = next((one for one in everywhere if count(first, one.folded) and is_stated(one)), None)
        other = next((o for o in everywhere if o != one and count(second, o.folded) and is_stated(o)), None)
        if one is not None and other is not None:
            yield clash(one, f"{other.path} has {quoted(other.text)}", "only one of them can be true")


def _pairs(document: Mapping[str, Any], told: Sequence[Said]) -> Iterator[Flaw]:
    own = [one for said in said_in(document, (*OWN, "mask.tone")) for one in claims(said) if is_stated(one)]
    claimed = [*told, *own, *said_in(document, ("intent.constraints", "dna.skin.marks"))]
    everything = [*told, *said_in(document, _TELLS)]
    for name, one_side, other_side, unless, wound in _compiled_pairs():
        one = next((one for one in claimed if _claimed(one_side, one.folded)), None)
        if one is None or (unless is not None and any(unless.search(said.folded) for said in everything)):
            continue
        for other in everything:
            hoped = other.path.startswith("soul.") and not (wound and other.path == "soul.wound")
            if hoped or (other.text == one.text and other.path != "brief") or AT_TIMES.search(other.folded):
                continue
            rest = one_side.sub(" ", other.folded)
            if _claimed(other_side, rest) and not _claimed(one_side, other.folded):
                yield clash(one, f"{other.path} has {quoted(other.text)}", f"only one of them can be true ({name})")
                break


@once
def _compiled_pairs() -> list[tuple[str, re.Pattern[str], re.Pattern[str], re.Pattern[str] | None, bool]]:
    return [
        (
            pair["name"],
            re.compile(pair["one"]),
            re.compile(pair["other"]),
            re.compile(pair["unless"]) if "unless" in pair else None,
            bool(pair.get("wound")),
        )
        for pair in table("pairs")["pairs"]
    ]


def _claimed(matcher: re.Pattern[str], folded: str) -> bool:
    """Tell whether a text says so, and doesn't deny it."""
    return any(not is_negated(folded, hit.start()) for hit in matcher.finditer(folded))


@once
def _things() -> Mapping[str, re.Pattern[str]]:
    return {name: pattern(tuple(words)) for name, words in table("lives")["things"].items()}


def _averse(document: Mapping[str, Any], told: Sequence[Said]) -> Iterator[Flaw]:
    averse = regex("|".join(rf"\b(?:{one})" for one in table("lives")["averse"]))
    spoken = said_in(document, ("soul", "mask.social_role", "mask.signature_phrases", "lifestyle.daily_rhythm",
                                "lifestyle.vacation_style.description", "intent.constraints"))  # fmt: skip
    own = [*told, *(one for said in spoken for one in sentences(said))]
    averted = [one for one in own if averse.search(one.folded)]
    english = tongue_of(document) == "en"
    implies, alone = table("lives")["implies"], table("lives")["alone"]
    doing = [*said_in(document, _DOES), *told]
    for name, matcher in _things().items():
        one = next((one for one in averted if _dislikes(one.folded, averse, matcher, english)), None)
        one = one or next((one for one in own if count(implies.get(name, ()), one.folded)), None)
        one = one or next((one for one in told if one.folded.strip() in alone.get(name, ())), None)
        if one is None:
            continue
        for other in doing:
            hit = matcher.search(other.folded)
            excused = (
                for_others(other.folded)
                or count(implies.get(name, ()), other.folded)
                or _SAME.search(other.folded)
                or (other.path != "mask.social_role" and others().search(other.folded))
            )
            if hit and other.text != one.text and not averse.search(other.folded) and not excused:
                yield clash(one, f"{other.path} has {quoted(other.text)}", f"these don't go together ({name})")
                break


def _dislikes(folded: str, averse: re.Pattern[str], thing: re.Pattern[str], english: bool) -> bool:
    """Tell whether a dislike and a thing stand beside each other: hates the sea, but not hates who talks of the sea."""
    for hit in averse.finditer(folded):
        for one in thing.finditer(folded):
            behind = one.end() <= hit.start()
            between = folded[one.end() : hit.start()] if behind else folded[hit.end() : one.start()]
            if behind and english and not _BEHIND.search(hit.group()) and "?" not in between:
                continue
            if len(between) > 2 * _FAR or (len(between) > _FAR and not behind) or (";" in between and not behind):
                continue
            if not _QUALIFIED.search(folded[hit.end() :].partition(",")[0]):
                return True
    return False


def _counts(document: Mapping[str, Any], brief: str) -> Iterator[Flaw]:
    """Yield numbers of children, brothers and animals that differ between two texts."""
    first: dict[str, tuple[int, Said]] = {}
    for one in [Said("brief", brief, fold(brief)), *said_in(document, OWN)]:
        hits = [(hit.group(2).replace("kids", "children"), hit.group(1)) for hit in _COUNTED.finditer(one.folded)]
        hits += [("children", hit.group(1)) for hit in _COUNTED_OF.finditer(one.folded)]
        for kind, word in hits:
            number = int(word) if word.isdigit() else numbers("en")[word]
            before, where = first.setdefault(kind, (number, one))
            if before != number and where.path != one.path:
                yield clash(one, f"{where.path} has {quoted(where.text)}", f"{number} {kind} aren't {before}")
                return
        total = first.get("children")
        own = [first[kind][0] for kind in ("sons", "daughters") if kind in first]
        if total and sum(own) > total[0]:
            said = first["sons" if "sons" in first else "daughters"][1]
            yield clash(
                said, f"{total[1].path} has {quoted(total[1].text)}", f"these are more than {total[0]} children"
            )
            return


def _languages(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what texts say of languages otherwise than the list of those that are spoken."""
    spoken = [fold(one) for one in texts(document, "surface.languages")]
    listed = f"surface.languages has {', '.join(texts(document, 'surface.languages'))}"
    for one in [one for said in said_in(document, OWN) for one in sentences(said)] if spoken else ():
        hit = _TONGUES.search(one.folded)
        if hit:
            number = int(hit.group(1)) if hit.group(1).isdigit() else numbers("en")[hit.group(1)]
            if number > len(spoken) + (len(spoken) > 3):  # the list ends with the fourth
                yield clash(one, listed, f"that are {len(spoken)} and not {number}")
                return
        unspoken, fluent = _tongue_patterns()
        lacked = [hit.group("l") for hit in unspoken.finditer(one.folded)]
        wrong = next((name for name in lacked if any(name in said for said in spoken)), "")
        known = [hit.group("l") for hit in fluent.finditer(one.folded) if not is_negated(one.folded, hit.start())]
        missing = next((name for name in known if not any(name in said for said in spoken)), "")
        if (wrong or missing) and len(spoken) < 4:
            yield clash(one, listed, f"only one of them can be true ({wrong or missing})")
            return


@once
def _tongue_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    names = "|".join(
        sorted({re.escape(fold(row["name"])) for row in data("places")["languages"].values()}, key=len, reverse=True)
    )
    return (
        re.compile(
            r"\b(?:speaks? no|never learn(?:ed|t)(?: to speak)?|not a word of|doesn't (?:speak|understand)|don't speak)"
            rf" (?P<l>{names})\b"
        ),
        re.compile(
            rf"\b(?:speaks?|fluent|in fluent|fluent in|dreams in|counts in) (?P<l>{names})\b"
            r"(?! (?:food|cooking|wine|novels?|films?|music|songs?|poetry|literature))"
        ),
    )
