"""Facts of a brief that the request tells beside it, put into the reading of the brief.

They come from `personaforge.brief`, which reads 16 languages; the writer's own rules read English. What is told wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from personaforge.embedded.writer.locales import by_city, by_country
from personaforge.embedded.writer.places import Whereabouts
from personaforge.embedded.writer.reading import Reading, avoided, read
from personaforge.embedded.writer.tables import table

_YOUNGEST, _OLDEST = 18, 95
_BEARDS = ("full beard", "short beard", "moustache", "stubble")


def with_facts(reading: Reading, facts: Iterable[Mapping[str, Any]], brief: str = "") -> Reading:
    """Return a reading of a brief with the facts that are told. A value that the tables don't have is left to the
    brief's account, which says that it is lost."""
    told: dict[str, Any] = {}
    looks: dict[str, str] = {}
    marks: list[str] = []
    ruled_out: list[str] = []
    used: list[str] = []
    for fact in facts:
        if fact["kind"] == "aside":
            reading = _without(reading, brief, fact["value"])
            continue
        kind, path, value = fact["kind"], str(fact["path"]), fact["value"]
        if kind == "age":
            told.setdefault("ages", (max(_YOUNGEST, value[0]), min(_OLDEST, value[1])))
        elif kind in ("gender", "occupation", "name", "height"):
            told.setdefault(kind, value)
        elif kind == "mark":
            marks.append(str(value))
        elif kind == "exclusion":
            ruled_out.append(str(value))
        elif kind == "thing" and value == "wheelchair":  # prompts ask nobody to stand up from it
            used = ["uses a wheelchair"]
        elif kind == "beard":
            looks.setdefault("face.facial_hair", str(value))
        elif kind == "look":
            look = path.removeprefix("dna.")
            if value in _known(look) or look in ("hair.color", "eyes.color"):  # the schema says which there are
                looks.setdefault(look, str(value))
    if set(ruled_out) & {"full beard", "short beard"}:
        looks["face.facial_hair"] = "none"
    constraints = (*used, *reading.constraints, *(f"no {thing}" for thing in ruled_out if thing not in _BEARDS))
    return replace(
        reading,
        **told,
        place=_place(reading.place, facts),
        looks={**reading.looks, **looks},
        marks=tuple(marks),
        constraints=constraints[:8],
        avoid=reading.avoid | avoided(constraints),
        unmarked=frozenset(ruled_out),
    )


def _without(reading: Reading, brief: str, asides: Iterable[Sequence[int]]) -> Reading:
    """Return a reading whose person isn't described by what a brief says of somebody else, or of former times."""
    for start, end in asides:
        brief = brief[:start] + " " * (end - start) + brief[end:]
    own = read(brief)
    return replace(
        reading,
        looks=own.looks,
        gender=own.gender,
        ages=own.ages,
        occupation=own.occupation,
        taller=own.taller,
        place=own.place,
    )


def _known(look: str) -> set[str]:
    """Return the values that a look may have: those of the tables."""
    intent = table("intent")
    part = look.partition(".")[0]
    return {*intent["looks"].get(look, ()), *intent["looks_before"].get(part, {}).get(look, ())}


def _place(place: Whereabouts, facts: Iterable[Mapping[str, Any]]) -> Whereabouts:
    """Return the home that the facts name: that of the first known city, or else the first country or people; a people
    of another country is where the family is from."""
    stated = [(fact["kind"], str(fact["value"])) for fact in facts if fact["kind"] in ("city", "country", "people")]
    city, here = next(
        ((name, found) for kind, name in stated if kind == "city" and (found := by_city(name))), ("", None)
    )
    lands = [found for kind, name in stated if kind != "city" and (found := by_country(name))]
    here = here or next(iter(lands), None)
    if here is None:
        return place
    roots = next((land.tag for land in lands if land != here), "")
    return Whereabouts((here.tag,), city, (roots,) if roots else ())
