"""Whether the layers of a document fit each other and the brief: bounds, constraints, words beside numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from personaforge.embedded.once import once
from personaforge.embedded.writer.bounds import Violation, number, violations
from personaforge.embedded.writer.flaws import Flaw, all_texts, numbers, quoted, ruled, text, texts, value
from personaforge.embedded.writer.locales import by_country
from personaforge.embedded.writer.reading import Reading, avoided, genres_in
from personaforge.embedded.writer.tables import entry, interests, locale_tables, table
from personaforge.embedded.writer.words import count, fold, for_others, has, within
from personaforge.embedded.writer.work import job_of

_SLIGHT = 0.1
"""Beyond a bound by less than this, on scales of 0 to 1, nobody contradicts themselves: on documents by somebody who
hadn't seen the bounds, 0.08 was a false alarm."""

_A_STEP = 0.3
"""Beyond the bound of the register by less than this, a voice is one step closer, or more distant, than the brief's
formality: an intimate voice where it is .45 was a false alarm on a document by somebody who hadn't seen the bound."""
_FORMALITY = "intent.tone.formality"
"""Bounds of the voice by it are register, which is said in words of the schema, and no personality."""


def thread(document: Mapping[str, Any]) -> float:
    """Return how far one thread runs through a document, 0 to 1: interests go with the intent, values with the drives.

    Without an intent or a soul its part counts as half.
    """
    near, known = shared_interests(document)
    pulled = {**numbers(document, "soul.drives"), **numbers(document, "self.big_five")}
    pulls = [
        sum(
            weight * (pulled[source] - 0.5)
            for source, weight in table("self")["values"][said].items()
            if source in pulled
        )
        for said in texts(document, "self.values")
        if said in table("self")["values"]
    ]
    shared = min(1.0, 2.0 * near / known) if known and genres_in(texts(document, "intent.genre")) else 0.5
    held = within(0.5 + 3.0 * sum(pulls) / len(pulls), 0.0, 1.0) if pulls else 0.5
    return 0.5 * shared + 0.5 * held


def shared_interests(document: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many of the interests in our tables fit the intent's genres, and how many are in our tables."""
    wanted = genres_in(texts(document, "intent.genre"))
    near = [
        not wanted.keys().isdisjoint(interest.genres)
        for name in table("lifestyle")["interests"]
        for interest in interests(name)
        if interest.text in texts(document, f"lifestyle.interests.{name}")
    ]
    return sum(near), len(near)


def coherence_flaws(document: Mapping[str, Any], reading: Reading) -> Iterator[Flaw]:
    """Yield the contradictions."""
    for violation in violations(document):
        formal = _FORMALITY in violation.bound.weights and violation.bound.target.startswith("mask.")
        near = violation.bound.target == "mask.register" and violation.size < _A_STEP
        yield _outside(violation)._replace(rule="register bound" if formal and not near else "personality bound")
    yield from ruled("desire and drive", _implied(document))
    yield from _ruled_out(document, reading)
    yield from ruled("brief guessed", _against_brief(document, reading))


def _outside(violation: Violation) -> Flaw:
    bound = violation.bound
    section = bound.target.partition(".")[0]
    inner = all(path.startswith(f"{section}.") for path in bound.weights)
    scale: list[str] | None = table("bounds")["ordinals"].get(bound.target)
    if scale:
        places = [place / (len(scale) - 1) for place in range(len(scale))]
        fitting = [
            word
            for word, place in zip(scale, places, strict=True)
            if (place <= violation.limit if bound.side == "most" else place >= violation.limit)
        ]
        said = quoted(scale[places.index(violation.value)])
        advice = f"Choose {' or '.join(fitting) or scale[0]} for {bound.target}."
    else:
        said = f"{violation.value:.2f}"
        advice = f"Let {bound.target} be at {bound.side} {violation.limit:.2f}{_or_else(violation)}."
    problem = f"{bound.target} is {said}, but {bound.why}."
    if not scale and violation.size < _SLIGHT:
        return Flaw("coherence", 0.2, section, problem, advice)
    return Flaw("coherence", 0.3, section, problem, advice, min(1.0, (1.2 if inner or scale else 2.5) * violation.size))


def _or_else(violation: Violation) -> str:
    """Return what could be changed instead, where the value is the user's own."""
    bound = violation.bound
    paths = {path: weight for path, weight in bound.weights.items() if path.startswith("soul.")}
    if len(paths) != 1:
        return ""
    path, weight = next(iter(paths.items()))
    wanted = (violation.value - bound.base - 0.0) / weight if len(bound.weights) == 1 else None
    if wanted is None or not 0.0 <= wanted <= 1.0:
        return ""
    side = "least" if (bound.side == "most") == (weight > 0) else "most"
    return f", or where that is pinned let {path} be at {side} {wanted:.2f}"


def _implied(document: Mapping[str, Any]) -> Iterator[Flaw]:
    desire = fold(text(document, "soul.desire"))
    for rule in table("audit")["implied"]:
        if not desire or not count(rule["words"], desire):
            continue
        path = f"soul.drives.{rule['drive']}"
        drive = number(document, path)
        side, limit = ("most", rule["most"]) if "most" in rule else ("least", rule["least"])
        if drive is not None and (drive > limit if side == "most" else drive < limit):
            problem = f"The desire {quoted(text(document, 'soul.desire'))} doesn't go with {path} of {drive:.2f}."
            advice = f"Let {path} be at {side} {limit:.2f}, or give the soul another desire."
            yield Flaw("coherence", 0.4, "soul", problem, advice, min(0.6, 1.5 * abs(drive - limit)))
        extraversion = number(document, "self.big_five.extraversion")
        cap = 0.45 + 0.5 * limit
        if rule["drive"] == "recognition" and side == "most" and extraversion is not None and extraversion > cap + 0.02:
            desired = quoted(text(document, "soul.desire"))
            problem = f"Somebody whose desire is {desired} isn't at {extraversion:.2f} in extraversion."
            advice = f"Let self.big_five.extraversion be at most {cap:.2f}."
            yield Flaw("coherence", 0.4, "self", problem, advice, min(1.0, 2.5 * (extraversion - cap)))


@once
def _tagged() -> Mapping[str, frozenset[str]]:
    """Return the tags of every text of our own tables: for these, words such as cocktail need no guess."""
    known = {interest.text: interest.tags for name in table("lifestyle")["interests"] for interest in interests(name)}
    for locale in locale_tables().values():
        for line in (*locale.get("dishes", ()), *locale.get("pastimes", ())):
            known[entry(line).text] = entry(line).tags
    return known


def _ruled_out(document: Mapping[str, Any], reading: Reading) -> Iterator[Flaw]:
    constraints = [*texts(document, "intent.constraints"), *reading.constraints]
    out = avoided(constraints) | reading.avoid
    if not out:
        return
    words = table("intent")["avoid"]
    for path, said in all_texts(value(document, "lifestyle") or {}, "lifestyle"):
        tags = _tagged().get(said)
        if tags is None:
            folded = fold(said)
            tags = frozenset(tag for tag in out if not for_others(folded) and count(words[tag]["words"], folded))
        for tag in sorted(tags & out):
            problem = f"{path} has {quoted(said)}, which the brief rules out ({tag})."
            rule = "ruled out" if path.startswith("lifestyle.interests") else "ruled out in a text"
            yield Flaw("coherence", 0.5, "lifestyle", problem, f"Leave out everything to do with {tag}.", 0.3, rule)
    if "emoji" in out and text(document, "mask.writing_style.emoji") in ("some", "many", "rare"):
        yield Flaw(
            "coherence",
            0.5,
            "mask",
            "The voice uses emoji, which the brief rules out.",
            "Choose never for emoji.",
            0.3,
            "ruled out",
        )


def _against_brief(document: Mapping[str, Any], reading: Reading) -> Iterator[Flaw]:
    country = text(document, "surface.location.country")
    here = by_country(country) if country else None
    placed = reading.place.home if not reading.place.heard else ()
    if placed and here and here.tag not in placed:
        problem = f"The brief doesn't place this person in {quoted(country)}."
        yield Flaw("cultural_fidelity", 0.8, "surface", problem, "Keep to the place that the brief names.", 0.35)
    gender = text(document, "surface.gender")
    if reading.gender and gender and gender != reading.gender:
        problem = f"The brief describes a {reading.gender}, the surface a {gender}."
        yield Flaw("coherence", 0.5, "surface", problem, f"Make the person a {reading.gender}.", 0.35)
    age = value(document, "surface.age")
    if reading.ages and isinstance(age, int) and not reading.ages[0] - 2 <= age <= reading.ages[1] + 2:
        low, high = reading.ages
        problem = f"The brief puts the age at {low if low == high else f'{low} to {high}'}, the surface at {age}."
        yield Flaw("coherence", 0.5, "surface", problem, f"Let surface.age be at least {low} and at most {high}.", 0.25)
    work = text(document, "surface.occupation")
    if reading.occupation and work and not _same_work(reading.occupation, work):
        problem = f"The brief calls this person a {reading.occupation}, the surface says {quoted(work)}."
        yield Flaw(
            "coherence", 0.4, "surface", problem, f"Keep to the work that the brief names: {reading.occupation}.", 0.2
        )


def _same_work(written: str, stated: str) -> bool:
    first, second = job_of(written), job_of(stated)
    # Who has retired from work had it: a retired teacher is another entry of the table than a teacher.
    return (first is not None and first == second) or has([written], fold(stated))
