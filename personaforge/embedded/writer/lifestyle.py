"""The lifestyle section: interests, taste over the fashion contexts, holidays and days, by work, place and self."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from statistics import pstdev
from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.bounds import readings
from personaforge.embedded.writer.home import home
from personaforge.embedded.writer.reading import SCORES, denies
from personaforge.embedded.writer.tables import entry, interests, table
from personaforge.embedded.writer.words import bare, capitalized, count, fold, has, pick, several, within
from personaforge.embedded.writer.work import job_of

_CATEGORIES = ("creative", "active", "culinary", "intellectual", "social")
_LONGEST = 300


def lifestyle(a: Assignment) -> dict[str, Any]:
    """Draft the lifestyle."""
    scores = _scores(a)
    genres = _genres(a)
    chosen = {category: _interests(a, category, scores, genres) for category in _CATEGORIES}
    return {
        "interests": chosen,
        "fashion_sense": _fashion(a, scores, genres),
        "vacation_style": _vacation(a, scores, genres, chosen),
        "daily_rhythm": _rhythm(a, chosen),
    }


def _scores(a: Assignment) -> dict[str, float]:
    known = a.known("self.big_five")
    return {
        score: float(known[score]) if isinstance(known, Mapping) and isinstance(known.get(score), (int, float)) else 0.5
        for score in SCORES
    }


def _genres(a: Assignment) -> dict[str, float]:
    """Return the genres of the brief and those of the work, which is half of what most people talk about."""
    job = job_of(a.text("surface.occupation"))
    genres = a.genres()
    for genre in job.genres if job else ():
        genres[genre] = genres.get(genre, 0.0) + 0.5
    return genres


def _ruled_out(a: Assignment, genres: Mapping[str, float]) -> frozenset[str]:
    out = a.avoid | home(a).unlawful
    return out if "parenting" in genres else out | {"children"}


def _interests(a: Assignment, category: str, scores: Mapping[str, float], genres: Mapping[str, float]) -> list[str]:
    rng, out = a.rng(f"interests.{category}"), _ruled_out(a, genres)
    themes = [str(theme) for theme in a.known("intent.themes") or a.reading.themes]
    words = [word for theme in themes for word in fold(theme).split() if len(word) > 3]
    weights = {}
    for interest in interests(category):
        if interest.tags & out:
            continue
        near = sum(min(weight, 2.0) for genre, weight in genres.items() if genre in interest.genres)
        taste = math.exp(2.5 * sum(sign * (scores[score] - 0.5) for score, sign in interest.scores))
        asked = 3.0 if words and has([f"{word}*" for word in words], fold(interest.text)) else 1.0
        weights[interest.text] = (0.35 + near) * taste * asked
    chosen = several(rng, a.allowed(weights), 4 if a.findings else rng.choice([3, 3, 4]))
    local = [text for text in _local(a, category, out) if not a.barred(text)]
    if local and rng.random() < (1.0 if category == "culinary" else 0.85):
        chosen[-1] = rng.choice(local)  # something that is only done at home
    return chosen


def _local(a: Assignment, category: str, out: frozenset[str]) -> list[str]:
    here = home(a)
    if category == "culinary":
        return [dish.text for dish in map(entry, here.dishes) if not dish.tags & out]
    kinds = table("lifestyle")["pastime_kinds"]
    everywhere = {interest.text for name in _CATEGORIES for interest in interests(name)}
    found = []
    for pastime in map(entry, here.pastimes):
        kind = next((kind for kind in ("social", "active") if has(kinds[kind], fold(pastime.text))), "creative")
        if kind == category and not pastime.tags & out and pastime.text not in everywhere:
            found.append(pastime.text)
    return found


def _fashion(a: Assignment, scores: Mapping[str, float], genres: Mapping[str, float]) -> dict[str, float]:
    rng, axes, brief = a.rng("fashion"), _style_axes(a, scores, genres), fold(a.brief)
    wanted: Any = a.schema.get("properties", {}).get("fashion_sense", {}).get("properties", {})
    liking: dict[str, float] = {}
    cuts = table("lifestyle")["gendered"].get(a.text("surface.gender") or a.reading.gender, {"words": [], "by": 0.0})
    shifts: dict[str, float] = {}
    for name in {**a.contexts, **wanted}:
        context = a.contexts.get(name, {})
        words = " ".join(
            [name.replace("_", " "), str(context.get("style", "")), *map(str, context.get("garments") or ())]
        )
        hits = [
            axes[axis] for axis, vocabulary in table("lifestyle")["style_words"].items() if has(vocabulary, fold(words))
        ]
        shifts[name] = cuts["by"] * min(2, count(cuts["words"], fold(words)))
        liking[name] = sum(hits) / math.sqrt(len(hits) or 1)  # a root: several weak ties count as much as a strong one
    # The matrix dresses people in what they like best, so only the order of contexts counts, not how high all are.
    middle = sum(liking.values()) / len(liking) if liking else 0.0
    spread = max(0.04, pstdev(liking.values()) if liking else 0.0)
    sense, refused = {}, _refused(a)
    for name, value in liking.items():
        asked = 0.3 if has(_telling(name), brief) else shifts[name]
        value = 0.5 + 0.2 * (value - middle) / spread + asked + rng.gauss(0, 0.09)
        if has(_telling(name), refused):
            value = min(value, _REFUSED)
        sense[name] = round(within(value, *a.advised(f"lifestyle.fashion_sense.{name}", 0.04, 0.97)), 2)
    return sense


_WORN = re.compile(r"\b(?:wear\w*|worn|dress\w*|outfits?|cloth\w*|looks?|styles?)\b")
_BARE = re.compile(r"\w+ (?:any )?[\w-]+(?:,? (?:or|and|nor) [\w-]+)*")
"""A clause that says so without a verb: "no athleisure or streetwear". What "no business trips" means is no clothes."""
_REFUSED = 0.1
"""Taste at most for a way to dress that the brief rules out; the brief's account takes 0.25 and less for dislike."""


def _telling(context: str) -> list[str]:
    """Return the words of a context's name by which a brief means it."""
    return [word for word in context.split("_") if len(word) > 4]


def _refused(a: Assignment) -> str:
    """Return what the brief or the intent says that is not worn, as one folded text."""
    stated = (one for one in a.known("intent.constraints") or () if isinstance(one, str))
    clauses = [fold(one) for one in (*a.reading.constraints, *stated) if denies(one)]
    return " . ".join([*a.reading.unmarked, *(one for one in clauses if _WORN.search(one) or _BARE.fullmatch(one))])


def _style_axes(a: Assignment, scores: Mapping[str, float], genres: Mapping[str, float]) -> dict[str, float]:
    tables, known = table("lifestyle"), {**readings(a.document, {}), **scores}
    usual = {name: terms["base"] for name, terms in table("bounds")["readings"].items()}
    job = job_of(a.text("surface.occupation"))
    dress = tables["dress"][job.dress] if job else {}
    axes = {}
    for axis, terms in tables["style_axes"].items():
        value = terms.get("base", 0.0)
        value += sum(terms[name] * (known[name] - usual.get(name, 0.5)) for name in terms if name in known)
        value += sum(
            weight * min(genres.get(genre, 0.0), 1.5) for genre, weight in tables["style_genres"][axis].items()
        )
        axes[axis] = value + dress.get(axis, 0.0) * 0.5
    return axes


def _vacation(
    a: Assignment, scores: Mapping[str, float], genres: Mapping[str, float], chosen: Mapping[str, list[str]]
) -> dict[str, str]:
    vacations: dict[str, Any] = table("lifestyle")["vacations"]
    weights = {}
    strong = {genre for genre, weight in genres.items() if weight >= 0.5}
    for kind, style in vacations.items():
        if not a.avoid & set(style["avoid"]):
            draw = sum(weight * (scores[score] - 0.5) for score, weight in style["draws"].items())
            weights[kind] = math.exp(3.0 * draw) * (1.0 + 0.6 * len(strong & set(style["genres"])))
    kind = a.text("lifestyle.vacation_style.kind") or pick(a.rng("vacation"), a.allowed(weights))
    offered = (
        vacations[kind]["texts"] if kind in vacations else [f"A few unhurried {kind} days, planned lightly and shared."]
    )
    texts = [_filled(a, "vacation", text, chosen) for text in offered]
    return {"kind": kind, "description": pick(a.rng("vacation.text"), a.allowed(dict.fromkeys(texts, 1.0)))[:_LONGEST]}


def _rhythm(a: Assignment, chosen: Mapping[str, list[str]]) -> str:
    days = table("lifestyle")["days"]
    job = job_of(a.text("surface.occupation"))
    offered = days[job.rhythm if job else "freelance"]
    texts = [_filled(a, "rhythm", text, chosen) for text in offered]
    return pick(a.rng("rhythm"), a.allowed(dict.fromkeys(texts, 1.0)))[:_LONGEST]


def _filled(a: Assignment, stream: str, text: str, chosen: Mapping[str, list[str]]) -> str:
    """Fill a sentence's slots with this person's own things."""
    rng, here, out = a.rng(f"{stream}.slots"), home(a), a.avoid
    job = job_of(a.text("surface.occupation"))
    dishes = [bare(dish.text) for dish in map(entry, here.dishes) if not dish.tags & out] or ["tea"]
    dish = rng.choice(dishes)
    return text.format(
        early=rng.choice(table("lifestyle")["early"]),
        corner=rng.choice(here.corners),
        dish=dish,
        dish_cap=capitalized(dish),
        place=job.place if job else "a desk by the window",
        **{category: bare(rng.choice(chosen[category])) for category in ("active", "creative", "intellectual")},
    )
