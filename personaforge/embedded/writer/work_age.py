"""Whether somebody is old enough, or too old, for the work and the rank that a document gives: by work_ages.yaml.

The least age is that of the shortest training and of what the law asks; the greatest that of the oldest people who
still do it for a living. Learning has no greatest age: an apprentice of 60 is nobody's fault. Where a brief asks for
both, the age and the work, it is said and sends nothing back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from personaforge.embedded.once import once
from personaforge.embedded.writer.flaws import Flaw, quoted, text, value
from personaforge.embedded.writer.own import OWN, Said, clauses, regex, said_in
from personaforge.embedded.writer.reading import Reading
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold, is_negated, pattern
from personaforge.embedded.writer.work import job_of

_RETIRES = 48
"""The youngest age at which somebody has retired from work that has no greatest age of its own; a guess of ours."""
_RETIRES_EARLY = 28
"""The same where a body retires: dancers, athletes, soldiers; a guess of ours."""
_SOON = 4
"""Years between an age and that of work beyond which `occupations.yaml` objects; `realism` says so."""
_CLEAR = 0.5
"""Contradiction of a clear one; see `clash`."""
_GROWN = 18
"""The least age of a persona."""
_BODY_OR_LAW = 67
"""Greatest ages up to this one are set by a body or the law: dancers, footballers, airline pilots, firefighters."""
_MARGIN = 3
"""Years beyond such an age within which somebody may still work."""
_LONG_AFTER = 11
"""Years beyond any other greatest age from which it is a finding. All three are guesses of ours."""
_ALONE = ("surface.occupation", "mask.social_role")


def work_age_flaws(document: Mapping[str, Any], reading: Reading) -> Iterator[Flaw]:
    """Yield work and ranks that nobody of the document's age has, and careers that can't be over."""
    age = value(document, "surface.age")
    if not isinstance(age, int) or isinstance(age, bool):
        return
    told: set[str] = set()
    for one in (*said_in(document, _ALONE), *(part for said in said_in(document, OWN) for part in clauses(said))):
        found = _out_of_age(one, age)
        if found is None or found[0] in told:
            continue
        told.add(found[0])
        named, low, high = found
        problem = f"At {age}, {quoted(one.text)} is hard to believe: {named}."
        bounds = f"at least {low} and at most {high}" if high < 100 else f"at least {low}"
        advice = f"Let surface.age be {bounds}, or change {one.path}."
        asked = bool(reading.ages and reading.ages[0] <= age <= reading.ages[1] and reading.occupation)
        if asked and one.path == "surface.occupation":
            advice = "The brief asks for it; say in a text how that can be."
            yield Flaw("realism", 0.4, "surface", problem, advice, rule="age of work asked")
        elif not _said_by_realism(document, age, one):
            # A role and other texts may speak of work that is over, played or somebody else's. Beyond the usual end
            # people work on, where neither a body nor the law sets it: for themselves, or because nobody else does.
            ended = age > high and (high > _BODY_OR_LAW or age - high < _MARGIN) and age - high < _LONG_AFTER
            rule = "old for the work" if ended else "age of work"
            rule = rule if one.path == "surface.occupation" else "rank in a text"
            yield Flaw("realism", 0.7, one.path.partition(".")[0], problem, advice, _CLEAR, rule)


def is_over(work: str) -> bool:
    """Tell whether an occupation is said to be over: a retired teacher, a former pilot, a widow of a baker."""
    return regex(table("work_ages")["behind"]).search(fold(work)) is not None


def is_learning(work: str) -> bool:
    """Tell whether an occupation is that of somebody who learns it: an apprentice, a trainee, a student."""
    return regex(table("work_ages")["trainee"]).search(fold(work)) is not None


def _said_by_realism(document: Mapping[str, Any], age: int, one: Said) -> bool:
    """Tell whether `realism` objects to the same occupation, by occupations.yaml."""
    job = job_of(text(document, "surface.occupation")) if one.path == "surface.occupation" else None
    return job is not None and not job.ages[0] - _SOON - 1 <= age <= job.ages[1] + _SOON + 1


def _out_of_age(one: Said, age: int) -> tuple[str, int, int] | None:
    """Return what a text says that somebody of this age can't be, and the ages of those who are; None for nothing."""
    told = table("work_ages")

    def says(name: str) -> bool:
        return regex(told[name]).search(one.folded) is not None

    alone = one.path in _ALONE
    # Who a role names behind its head is somebody else: the friend who married a judge, secretary to the ambassador.
    head = regex(told["head"]).search(one.folded) if alone else None
    read = head.group() if head else one.folded
    over = regex(told["over"]).search(one.folded)
    least = _RETIRES_EARLY if says("bodily") else _RETIRES
    if over and age < least and not is_negated(one.folded, over.start()) and not says("unless"):
        return f"“{over.group().strip()}”", least, 110
    if says("somebody_else"):
        return None
    matcher, ages = _ranks()
    hits = [hit for hit in matcher.finditer(read) if _is_own(read, hit, alone)]
    learning, behind = says("learning"), says("former") or says("beside")
    for hit in sorted(hits, key=lambda hit: -len(hit.group())):  # a professor emerita is both
        low, high = ages[hit.group().replace("-", " ")]
        # A trainee judge is only learning to be one.
        if (age < low and not (learning and low > _GROWN)) or (age > high and not behind):
            return f"“{hit.group()}”", low, high
    return None


def _is_own(read: str, hit: re.Match[str], alone: bool) -> bool:
    """Tell whether a rank is the person's own: not another's, not denied, and in a text of many things claimed."""
    before = read[: hit.start()]
    if is_negated(read, hit.start()) or re.match(r"'s?\b", read[hit.end() :]):
        return False
    if re.search(r"\b(?:her|his|my|their|your|our|every|another|each|two|three) (?:\w+ )?$", before):
        return False
    return alone or regex(table("work_ages")["claim"]).search(before) is not None


@once
def _ranks() -> tuple[re.Pattern[str], Mapping[str, tuple[int, int]]]:
    """Return a pattern of all ranks, and the ages of each, by its words without hyphens."""
    ages = {fold(word): (low, high) for low, high, words in table("work_ages")["ranks"] for word in words}
    return pattern(tuple(ages)), {word.replace("-", " "): bounds for word, bounds in ages.items()}
