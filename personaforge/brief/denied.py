"""Words of a brief that aren't what they look like: denied or given up (not blond, a former nurse), or a part of a name
(Lisboa isn't straight hair, a tattoo artist has no tattoo). No fact is made of them; what is denied stays unread."""

from __future__ import annotations

import re
from functools import cache

from personaforge.brief.found import Found
from personaforge.brief.language import language
from personaforge.brief.text import LETTER, START

_LEAD = 48
"""Characters before a word within which its "not" or "former" stands: two words and their articles."""


def is_former(found: Found, start: int, end: int) -> bool:
    """Return whether an occupation is denied or given up: no longer a nurse, ex-policeman, הייטקיסטית לשעבר."""
    return lead_of_former(found, start, end) >= 0


def lead_of_former(found: Found, start: int, end: int) -> int:
    """Return where the words begin that deny an occupation; its own end where they follow it, and -1 without any."""
    before, after, _ = _patterns(found.words.tag)
    if (at := _before(found, before, start)) >= 0:
        return at
    return end if after is not None and after.match(found.text.plain, end) else -1


def is_denied(found: Found, start: int, end: int) -> bool:
    """Return whether a look is denied or a former one: not blond, no blond hair, sin pelo rizado, 金髪ではない, once
    blond."""
    if found.whole:
        return False
    if found.is_past(start, end):
        return True
    _, after, denied = _patterns(found.words.tag)
    return _before(found, denied, start) >= 0 or (after is not None and after.match(found.text.plain, end) is not None)


def is_ruled_out(found: Found, start: int) -> bool:
    """Return whether a denial stands at once before a word, with little words between: not from Paris, isn't from
    Portugal. A verb between may mean the opposite: who has never left Leeds lives there."""
    return not found.whole and _before(found, _at_once(found.words.tag), start) >= 0


def _before(found: Found, matcher: re.Pattern[str], start: int) -> int:
    lead = max(0, start - _LEAD)
    hit = matcher.search(found.text.plain[lead:start])
    return lead + hit.start("no") if hit and found.is_free(lead + hit.start("no"), start) else -1


@cache
def _at_once(tag: str) -> re.Pattern[str]:
    words = language(tag)
    little = "|".join(sorted((re.escape(word) for word in words.signs), key=len, reverse=True))
    between = rf"[\s-]+(?:(?:{little})\s+)*$" if words.parted else "$"
    no = [words.lists["former"]["before"], *(words.part(word) for word in words.lists["no"])]
    return re.compile(rf"{START if words.parted else ''}(?P<no>{'|'.join(no)}){between}")


@cache
def _patterns(tag: str) -> tuple[re.Pattern[str], re.Pattern[str] | None, re.Pattern[str]]:
    """Return what is before a former occupation, what is behind one or a look, and what is before a look that is
    denied. One word and little words may be between."""
    words = language(tag)
    rule = words.lists["former"]
    little = "|".join(sorted((re.escape(word) for word in words.signs), key=len, reverse=True))
    between = rf"[\s-]+(?:(?:{little})\s+)*(?:{LETTER}+\s+)?$" if words.parted else "$"
    start = START if words.parted else ""
    no = [words.part(word) for word in words.lists["no"]]
    after = [rule["after"]] if "after" in rule else []
    loose = [re.sub(r"\\ ", r"\\s*", words.part(word)) for word in words.lists.get("no_after", ())]
    behind = rf"[^.,;!?。、，；]{{0,4}}?(?:{'|'.join([*after, *loose])})" if after or loose else None
    return (
        re.compile(rf"{start}(?P<no>{rule['before']}){between}"),
        re.compile(behind) if behind else None,
        re.compile(rf"{start}(?P<no>{'|'.join([rule['before'], *no])}){between}"),
    )


def is_part_of_a_name(found: Found, start: int, end: int) -> bool:
    """Return whether a word is a part of a place's or an occupation's name, or the beginning of one."""
    return any(first <= start < last and (end <= last or not work) for first, last, work in _names(found))


def _names(found: Found) -> list[tuple[int, int, bool]]:
    """Return where names of places and occupations are, and whether it is an occupation; looked for once."""
    if found.names is None:
        text = found.text
        found.names = [(*hit.span("word"), True) for hit in found.words.work.matcher.finditer(text.plain)]
        for hit in found.words.place.matcher.finditer(text.plain):
            letter = text.original[text.places[hit.start("word")]]
            if letter.isupper() or letter.lower() == letter.upper():
                found.names.append((*hit.span("word"), False))
    return found.names
