"""Ages that a brief states: by a phrase ("41 years old"), alone between commas or dashes, or after a person ("a nurse
of 41"). Years of work, a child's age and ages under 18 are none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from personaforge.brief.fact import Fact
from personaforge.brief.found import Found
from personaforge.brief.language import Language
from personaforge.brief.text import END, LETTER, START

_YOUNGEST = 18
_BEFORE, _AFTER = r"(?:^|[,(،、，]\s*|\s[-/|]\s+)", r"(?=\s*(?:[,;.()،、，。]|$)|\s+[-/|]\s)"
"""What an age that stands alone is between: Ana, 41, nurse; Ana - 41 - nurse."""
_NEXT = re.compile(rf"\s*(?:$|[,;.)\n]|-\s|(?P<word>{LETTER}+))")
_NEAR = 2
"""Years by which an age that is only said to be about a number may differ, chosen by us: the halves of five years."""
_LEAD = 40
"""Characters before and after an age in which a child or years of work are named: a clause of usual length."""


def ages(found: Found) -> Iterator[Fact]:
    """Yield each age, as youngest and oldest in years; a decade of life only where no age is stated."""
    words, plain = found.words, found.text.plain
    past = words.lists.get("past", {})
    before = re.compile(f"(?:^|{START}|[^a-z])(?:{past['before']})$") if past.get("before") else None
    after = re.compile(past["after"]) if past.get("after") else None
    kin = re.compile(words.lists["kin"]) if "kin" in words.lists else None
    kin_before = re.compile(words.lists["kin_before"]) if "kin_before" in words.lists else None
    vague = re.compile(words.lists["vague"]) if "vague" in words.lists else None
    for hit, first in _hits(found):
        end = hit.end("n")
        age = words.number(hit.group("n"))
        rest, lead = plain[end : end + _LEAD], plain[max(0, hit.start() - _LEAD) : hit.start()]
        if vague and vague.match(rest.lstrip()):  # cuarenta y pocos años: a part of a decade, and no number
            continue
        said = plain[hit.end() : hit.end() + 20]
        if age < _YOUNGEST or not found.is_free(first, hit.end()):
            continue
        if (after and after.match(rest)) or (kin and (kin.match(said) or kin.match(rest))):
            continue
        if (before and before.search(lead)) or (kin_before and kin_before.search(lead)):
            continue
        yield found.fact("age", "surface.age", (age, age), first, hit.end())
    if any(fact.kind == "age" for fact in found.facts):
        return
    if about := next(_about(found), None):
        yield about
        return
    for matcher, low, high in words.decades:
        for hit in matcher.finditer(plain):
            if found.is_free(*hit.span()):
                yield found.fact("age", "surface.age", (low, high), *hit.span())
                return


def _about(found: Found) -> Iterator[Fact]:
    """Yield an age that is said to be near a number, with no unit: sui quarantacinque; not about 45 cakes."""
    words, plain = found.words, found.text.plain
    start, gap = (START, r"\s+") if words.parted else ("", r"\s*")
    for hit in re.finditer(rf"{start}(?:{words.lists['about']}){gap}{words.figures}", plain):
        age, following = words.number(hit.group("n")), _NEXT.match(plain, hit.end("n"))
        word = following.group("word") if following else None
        if following is None or (word is not None and word not in words.signs) or not found.is_free(*hit.span()):
            continue
        if age >= _YOUNGEST + _NEAR:
            yield found.fact("age", "surface.age", (age - _NEAR, age + _NEAR), *hit.span())


def _hits(found: Found) -> Iterator[tuple[re.Match[str], int]]:
    """Yield whatever may be an age (the number is its group `n`), and where its words begin."""
    plain = found.text.plain
    for matcher in found.words.ages:
        for hit in matcher.finditer(plain):
            yield hit, hit.start()
    for hit in re.finditer(f"{_BEFORE}{found.words.figures}{_AFTER}", plain):
        yield hit, hit.start("n")
    if "aged" in found.words.lists:
        yield from _of_a_person(found)


def _of_a_person(found: Found) -> Iterator[tuple[re.Match[str], int]]:
    """Yield "of 41" where a person is named before it and nothing is counted by it: a nurse of 41 in Seville, and
    neither a flock of 41 sheep nor a teacher of 41 pupils."""
    words, plain = found.words, found.text.plain
    rule = words.lists["aged"]
    kin_before = re.compile(words.lists["kin_before"]) if "kin_before" in words.lists else None
    years = set(re.findall(r"[a-z]{2,}", " ".join(words.lists["age"]))) - {rule["by"]}
    for hit in re.finditer(rf"{START}{rule['by']}\s+{words.figures}{END}", plain):
        following = _NEXT.match(plain, hit.end())
        word = following.group("word") if following else None
        if following is None or (word is not None and (word not in words.signs or word in years)):
            continue
        lead = plain[max(0, hit.start() - _LEAD) : hit.start("n")]
        if kin_before is not None and kin_before.search(lead):
            continue
        if _ends_with_a_person(plain[max(0, hit.start() - _LEAD) : hit.start()].rstrip(), words):
            yield hit, hit.start()


def _ends_with_a_person(lead: str, words: Language) -> bool:
    named = [one for said in words.lists["gender"].values() for one in said] + list(words.lists["aged"]["who"])
    matchers = (words.pattern(named), words.work.matcher, words.peoples.matcher, words.place.matcher)
    retired = words.pattern(words.lists["retired"])
    return any(hit.end() == len(lead) for matcher in (*matchers, retired) for hit in matcher.finditer(lead))
