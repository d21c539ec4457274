"""Whether a document could be about somebody who exists: ages, bodies, and scores that aren't all at the ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import pstdev
from typing import Any

from personaforge.embedded.writer.flaws import Flaw, numbers, quoted, ruled, text, value
from personaforge.embedded.writer.locales import UNKNOWN, by_country, locales
from personaforge.embedded.writer.reading import Reading
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold
from personaforge.embedded.writer.work import job_of, out_of_place, where
from personaforge.embedded.writer.work_age import is_learning, is_over

_FLAT = 0.02
"""Standard deviation under which a list of scores is implausible."""


def mixture(document: Mapping[str, Any]) -> float:
    """Return how plausible the scores are, 0 to 1: neither all alike nor all at the ends."""
    scores = list(numbers(document, "self.big_five").values())
    if len(scores) < 3:
        return 0.4
    inside = sum(0.08 <= score <= 0.92 for score in scores) / len(scores)
    return 0.5 * inside + 0.5 * min(1.0, pstdev(scores) / 0.14)


def realism_flaws(document: Mapping[str, Any], reading: Reading) -> Iterator[Flaw]:
    """Yield what is hard to believe."""
    yield from _age(document, reading)
    yield from ruled("work of a place", _work(document, reading))
    yield from _body(document)
    yield from ruled("scores at the ends", _scores(document))


def _age(document: Mapping[str, Any], reading: Reading) -> Iterator[Flaw]:
    age, work = value(document, "surface.age"), text(document, "surface.occupation")
    if value(document, "surface") is None:
        return
    if not isinstance(age, int) or isinstance(age, bool) or not 18 <= age <= 95:
        problem = "The age isn't that of an adult."
        yield Flaw("realism", 2.0, "surface", problem, "Choose an age from 18 to 95.", 0.4, "no adult")
        return
    job = job_of(work)
    asked = reading.ages is not None and reading.ages[0] <= age <= reading.ages[1] and reading.occupation
    if age < (job.ages[0] if job else 0) and is_learning(work):
        return  # who learns a trade may be 18
    if not job or asked or (age > job.ages[1] and is_over(work)):
        return  # a brief may describe a student of 54, and such people exist; whoever has retired may be of any age
    first, last = job.ages
    outside = max(first - age, age - last, 0)
    if outside > 5:
        rule = "age of work" if age < first else "old for the work"
        problem = f"At {age}, {quoted(work)} is hard to believe."
        advice = f"Let surface.age be at least {first} and at most {last}, or choose other work."
        cost = min(2.0, 0.4 + 0.12 * outside)
        yield Flaw("realism", cost, "surface", problem, advice, min(0.5, 0.04 * outside), rule)


def _work(document: Mapping[str, Any], reading: Reading) -> Iterator[Flaw]:
    work, city = text(document, "surface.occupation"), text(document, "surface.location.city")
    job, here = job_of(work), by_country(text(document, "surface.location.country"))
    # Work that the brief names is never a flaw, and nothing is known of cities that no table lists.
    if not job or not here or reading.occupation or fold(city) not in map(fold, here.cities):
        return
    if out_of_place(job, here.tag, city):
        problem = f"{quoted(work)} isn't what people do in {quoted(city)}, as far as our tables know."
        places = where(job, here.tag) or ()
        advice = f"Choose other work, or {' or '.join(places[:3])}." if places else "Choose other work."
        yield Flaw("realism", 0.5, "surface", problem, advice)


def _body(document: Mapping[str, Any]) -> Iterator[Flaw]:
    height = value(document, "dna.body.height_cm")
    gender = text(document, "surface.gender")
    here = by_country(text(document, "surface.location.country")) or locales()[UNKNOWN]
    if isinstance(height, (int, float)):
        mean = here.height[gender] if gender in here.height else sum(here.height.values()) / 2
        spread = table("dna")["body"]["spread"].get(gender, 7.0)
        beyond = abs(height - mean) / spread - table("audit")["height_deviations"]
        if beyond > 0:
            problem = f"dna.body.height_cm of {height} is extraordinary for this person."
            low, high = round(mean - 3 * spread), round(mean + 3 * spread)
            advice = f"Let dna.body.height_cm be at least {low} and at most {high}."
            yield Flaw("realism", min(1.5, 0.5 + 0.5 * beyond), "dna", problem, advice, rule="body")
    hair, age = text(document, "dna.hair.color"), value(document, "surface.age")
    if hair == "white" and isinstance(age, int) and age < 35:
        problem = f"White hair at {age} needs a reason."
        yield Flaw("realism", 0.4, "dna", problem, "Choose another hair colour or give the reason.", rule="white hair")


def _scores(document: Mapping[str, Any]) -> Iterator[Flaw]:
    edge = table("audit")["extreme"]
    for section, path in (
        ("soul", "soul.drives"),
        ("self", "self.big_five"),
        ("self", "self.hexaco"),
        ("lifestyle", "lifestyle.fashion_sense"),
    ):
        scores = numbers(document, path)
        if len(scores) < 3:
            continue
        # Nobody wears fifteen styles: most of them may be at nothing.
        least = -1.0 if section == "lifestyle" else edge["low"]
        extreme = [name for name, score in scores.items() if score <= least or score >= edge["high"]]
        if len(extreme) > max(edge["allowed"], len(scores) // 4):
            problem = f"{path} has {len(extreme)} of {len(scores)} scores at the very end: {', '.join(extreme)}."
            yield Flaw("realism", 1.3, section, problem, "Keep the ends for one or two; real people are mixed.", 0.2)
        elif pstdev(scores.values()) < _FLAT:
            problem = f"All scores of {path} are about {sum(scores.values()) / len(scores):.2f}."
            yield Flaw("realism", 1.0, section, problem, "Let some needs and traits stand out.", 0.15)
