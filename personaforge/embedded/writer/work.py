"""What people do for a living: the occupations of occupations.yaml, and those of one place in trades.yaml.

Work is found by its title or by another word for it. Some of it is done only by the sea or in certain cities; a user
who pins or writes such work elsewhere gets it all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personaforge.embedded.once import once
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold, pattern, plain

COAST = "coast"
"""The value of `needs` of an occupation that is done only by the sea."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One occupation, complete. Two jobs are equal only if they are the same one."""

    title: str
    genres: tuple[str, ...]
    """Genres of intent.yaml that it belongs to, the nearest first."""
    ages: tuple[int, int]
    """Youngest and oldest age, in years, at which people do it."""
    lean: Mapping[str, float]
    """Score or drive to how much it makes the work likelier, -1 to 1."""
    rhythm: str
    dress: str
    place: str
    words: tuple[str, ...]
    """Other words for it."""
    tag: str = ""
    """The locale that it belongs to; empty for work that is found everywhere."""
    needs: str = ""
    """`coast`, or nothing."""
    cities: tuple[str, ...] = ()
    """Cities of its locale where it is done; everywhere if empty."""
    asked: bool = False
    """Whether only a brief or a pin gives it, and never chance."""


@once
def jobs() -> tuple[Job, ...]:
    """Return all occupations, those of one place last."""
    entries: dict[str, Mapping[str, Any]] = {}
    for entry in table("occupations")["occupations"]:
        entries[entry["title"]] = _whole(entry, entries)
    found = [_job(entry, "") for entry in entries.values()]
    for tag, trades in table("trades")["trades"].items():
        found += [_job(_whole(trade, entries), tag) for trade in trades]
    return tuple(found)


def _whole(entry: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    if "like" not in entry:
        return entry
    taken = entries[entry["like"]]
    return {**{key: taken[key] for key in taken.keys() - {"title", "words", "asked"}}, **entry}


def _job(entry: Mapping[str, Any], tag: str) -> Job:
    return Job(
        title=entry["title"],
        genres=tuple(entry["genres"]),
        ages=(entry["ages"][0], entry["ages"][1]),
        lean=entry["lean"],
        rhythm=entry["rhythm"],
        dress=entry["dress"],
        place=entry["place"],
        words=(
            *entry.get("words", ()),
            *(name["said"] for name in table("trades")["called"] if name["title"] == entry["title"]),
        ),
        tag=tag,
        # Work that names its cities is done there, by the sea or not.
        needs="" if "cities" in entry else entry.get("needs", ""),
        cities=tuple(entry.get("cities", ())),
        asked=bool(entry.get("asked")),
    )


def jobs_at(tag: str) -> list[Job]:
    """Return the occupations that may be drawn in a locale: its own, and those that are found everywhere."""
    return [job for job in jobs() if job.tag in ("", tag) and not job.asked]


def where(job: Job, tag: str) -> tuple[str, ...] | None:
    """Return the cities of a locale where an occupation is done; None if that is anywhere."""
    if job.needs == COAST:
        return tuple(table("trades")["coast"].get(tag, ()))
    return job.cities if job.cities and job.tag == tag else None


def out_of_place(job: Job, tag: str, city: str) -> bool:
    """Return whether, by the tables, an occupation isn't done in a city of a locale, or not in the locale at all."""
    if job.tag not in ("", tag):
        return True
    if job.needs == COAST and tag not in table("trades")["coast"]:
        return False
    places = where(job, tag)
    return places is not None and fold(city) not in map(fold, places)


def title_at(job: Job, tag: str) -> str:
    """Return the name of an occupation in a locale."""
    names = (name["said"] for name in table("trades")["called"] if name["title"] == job.title and tag in name["at"])
    return str(next(names, job.title))


@once
def _known() -> tuple[re.Pattern[str], Mapping[str, Job]]:
    known: dict[str, Job] = {}
    for job in jobs():
        known.setdefault(fold(job.title), job)
    for job in jobs():
        for word in job.words:
            known.setdefault(fold(word), job)
    return pattern((*known, *(f"{word}s" for word in known))), known


def job_of(title: str) -> Job | None:
    """Return the occupation whose title or word is the longest in a text; None if there is none."""
    matcher, known = _known()
    hits = [hit.group() for hit in matcher.finditer(fold(title))]
    best = max(hits, key=len, default="")
    return known.get(best) or known.get(best.removesuffix("s")) or known.get(best.replace("-", " "))


def occupation_in(brief: str) -> str:
    """Return the occupation that a brief names first, in its own words where they name one."""
    matcher, known = _known()
    vague = set(table("occupations")["not_titles"])
    cased = plain(brief)
    fallback = ""
    for hit in matcher.finditer(fold(brief)):
        word = hit.group() if hit.group() in known else hit.group().replace("-", " ")
        if word not in known:
            continue  # a plural is about other people: "coaches students"
        if word in vague:
            fallback = fallback or known[word].title
        else:
            text = cased[hit.start() : hit.end()] if len(cased) == len(brief) else word
            return text if text.isupper() else text.lower()
    return fallback
