"""The dna section: face, body and voice, drawn from distributions that follow the surface and vary together.

A palette is a mixture of looks. Values that are pinned or written about hair, skin or eyes first decide which look is
likely, and the rest is drawn from that look, so that a pinned eye colour changes the rest of the face, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.home import home
from personaforge.embedded.writer.locales import Locale, known_locales
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold, pattern, pick, several, within
from personaforge.embedded.writer.work import job_of

_MIXTURE = {"skin.tone": "tone", "skin.undertone": "undertone", "hair.color": "hair", "eyes.color": "eyes"}
"""Paths whose values one look decides together, with the look's key."""
_SHORTEST, _TALLEST = 145, 208


def dna(a: Assignment) -> dict[str, Any]:
    """Draft the dna."""
    tables, here = table("dna"), home(a)
    gender = (
        a.text("surface.gender")
        or a.reading.gender
        or pick(a.rng("gender"), {"woman": 0.49, "man": 0.49, "nonbinary": 0.02})
    )
    gender = gender if gender in ("woman", "man") else "nonbinary"
    stated_age = a.known("surface.age")
    age = stated_age if isinstance(stated_age, int) else (a.reading.ages or (30, 30))[0]
    palette = tables["palettes"][palette_of(a.text("surface.ethnicity") or a.reading.place.ethnicity, here)]

    def draw(path: str, weights: Mapping[str, float]) -> str:
        return _stated(a, path) or pick(a.rng(path), a.allowed(weights))

    # The look comes first: skin, eyes and hair are drawn within it, so that they fit each other.
    look = _look(a, palette["looks"])
    color = _stated(a, "hair.color") or _hair_color(a, look, age)
    texture = draw("hair.texture", palette["texture"])
    length = draw("hair.length", tables["hair"]["length"][gender])
    tone = draw("skin.tone", look["tone"])
    build = draw("body.build", _builds(a, gender))
    return {
        "face": {
            "shape": draw("face.shape", tables["face"]["shape"]),
            "forehead": draw("face.forehead", tables["face"]["forehead"]),
            "cheekbones": draw("face.cheekbones", tables["face"]["cheekbones"]),
            **{part: draw(f"face.{part}", tables["face"][part][gender]) for part in ("jawline", "chin", "facial_hair")},
        },
        "eyes": {
            "shape": draw("eyes.shape", palette["eye_shape"]),
            "color": draw("eyes.color", look["eyes"]),
            "spacing": draw("eyes.spacing", tables["eyes"]["spacing"]),
        },
        "eyebrows": {
            part: draw(f"eyebrows.{part}", tables["eyebrows"][part][gender]) for part in ("shape", "thickness")
        },
        "nose": {
            "bridge": draw("nose.bridge", palette["bridge"]),
            "width": draw("nose.width", palette["width"]),
            "tip": draw("nose.tip", tables["nose"]["tip"]),
        },
        "lips": {
            "fullness": draw("lips.fullness", palette["lips"]),
            "shape": draw("lips.shape", tables["lips"]["shape"]),
        },
        "skin": {"tone": tone, "undertone": draw("skin.undertone", look["undertone"]), "marks": _marks(a, tone, age)},
        "hair": {"color": color, "texture": texture, "length": length, "style": _style(a, length, texture)},
        "body": {
            "height_cm": _height(a, here, gender),
            "build": build,
            "shoulders": draw("body.shoulders", tables["body"]["shoulders"][gender]),
            "waist_hip_ratio": _waist_hip(a, gender, build),
            "posture": draw("body.posture", _postures(a)),
        },
        "voice": {
            "pitch": draw("voice.pitch", tables["voice"]["pitch"][gender]),
            "timbre": draw("voice.timbre", tables["voice"]["timbre"]),
            "pace": draw("voice.pace", _paces(a)),
            "accent": _accent(a, here),
        },
    }


def palette_of(ethnicity: str, here: Locale) -> str:
    """Return the palette of an ethnicity: the tables' own, else that of its first known word, else the locale's."""
    for locale in (here, *known_locales()):
        known = locale.ethnicity(ethnicity)
        if known:
            return known.palette
    folded, best = fold(ethnicity), (len(ethnicity), 0, "")
    for palette, words in table("dna")["ethnicity_words"].items():
        hit = pattern(tuple(words)).search(folded)
        if hit:
            best = min(best, (hit.start(), -len(hit.group()), palette))
    return best[2] or here.ethnicities[0].palette


def _stated(a: Assignment, path: str) -> str:
    """Return the value of a feature that the user pinned or the brief states; empty if neither does."""
    return a.text(f"dna.{path}") or a.reading.looks.get(path, "")


def _look(a: Assignment, looks: list[dict[str, Any]]) -> dict[str, Any]:
    weights = {}
    for place, look in enumerate(looks):
        weight = float(look["share"])
        for path, key in _MIXTURE.items():
            said = _stated(a, path)
            if said:
                weight *= look[key].get(said, 0.02) / sum(look[key].values())
        weights[str(place)] = weight
    return looks[int(pick(a.rng("look"), weights))]


def _hair_color(a: Assignment, look: Mapping[str, Any], age: int) -> str:
    rng = a.rng("hair.color")
    steps = table("dna")["gray"]
    share = steps[-1][1]
    for (low, first), (high, second) in pairwise(steps):
        if low <= age <= high:
            share = first + (second - first) * (age - low) / (high - low)
            break
    color = pick(rng, a.allowed(look["hair"]))
    if rng.random() < 0.7 * share:  # the others dye it
        return "white" if age > 68 and rng.random() < 0.5 else "gray"
    return color


def _style(a: Assignment, length: str, texture: str) -> str:
    styles = table("dna")["hair"]["styles"]
    offered = styles.get(length, styles["short"]).get(texture) or styles["short"]["wavy"]
    return _stated(a, "hair.style") or pick(a.rng("hair.style"), a.allowed(dict.fromkeys(offered, 1.0)))


def _marks(a: Assignment, tone: str, age: int) -> list[str]:
    rng, tables = a.rng("marks"), table("dna")["marks"]
    weights = dict.fromkeys(tables["any"], 1.0)
    if tone in ("porcelain", "fair", "light"):
        weights |= dict.fromkeys(tables["fair"], 1.6)
    if age >= 45:
        weights |= dict.fromkeys(tables["older"], 2.5)
    weights = {mark: weight for mark, weight in weights.items() if not _names(mark, a.reading.unmarked)}
    marks = [_worded(mark, [*tables["any"], *tables["fair"]]) for mark in a.reading.marks][:_MARKS]
    for mark in several(rng, a.allowed(weights), 6):
        if len(marks) < rng.choice([0, 1, 1, 1, 2, 2]) and not any(
            set(mark.split()) & set(other.split()) & _KINDS for other in marks
        ):
            marks.append(mark)
    return marks


_MARKS = 3
"""As many as the schema takes."""


def _names(mark: str, things: Iterable[str]) -> bool:
    return any(thing.rstrip("s") in mark for thing in things)


def _worded(told: str, known: Sequence[str]) -> str:
    """Return a mark of the tables that is of the kind told; else the word itself."""
    return next((mark for mark in known if _names(mark, [told])), f"a {told}" if not told.endswith("s") else told)


_KINDS = frozenset(["mole", "moles", "scar", "dimple", "dimples", "freckles", "lines"])
"""A face gets one mark of each kind: two scars would suggest a story that isn't in the brief."""


def _builds(a: Assignment, gender: str) -> dict[str, float]:
    tables = table("dna")["body"]
    weights = dict(tables["build"])
    factors = [tables["build_by"].get(gender, {})]
    job = job_of(a.text("surface.occupation"))
    if job and job.dress == "sporty":
        factors.append(tables["build_by"]["sporty"])
    for factor in factors:
        weights = {build: weight * factor.get(build, 1.0) for build, weight in weights.items()}
    return weights


def _height(a: Assignment, here: Locale, gender: str) -> int:
    pinned = a.known("dna.body.height_cm")
    if isinstance(pinned, int):
        return pinned
    if a.reading.height is not None:
        return a.reading.height
    mean = here.height[gender] if gender in here.height else sum(here.height.values()) / 2
    spread = table("dna")["body"]["spread"][gender]
    offset = within(a.rng("height").gauss(0, spread), -2.4 * spread, 2.4 * spread)
    taller = a.reading.taller
    value = mean + (taller + 0.5 * offset if taller else offset)
    return round(within(value, *a.advised("dna.body.height_cm", _SHORTEST, _TALLEST)))


def _waist_hip(a: Assignment, gender: str, build: str) -> float:
    tables = table("dna")["body"]
    mean, spread = tables["waist_hip"][gender]
    value = a.rng("waist_hip").gauss(mean + tables["waist_hip_by"].get(build, 0.0), spread)
    return round(within(value, *a.advised("dna.body.waist_hip_ratio", 0.65, 1.02)), 2)


def _score(a: Assignment, name: str) -> float:
    value = a.known(f"self.big_five.{name}")
    return float(value) if isinstance(value, (int, float)) else 0.5


def _postures(a: Assignment) -> dict[str, float]:
    job = job_of(a.text("surface.occupation"))
    poised = 3.0 if job and set(job.genres) & {"dance", "fashion", "beauty"} else 1.0
    return {
        "relaxed": 2.5 - 2.0 * (_score(a, "conscientiousness") - 0.5),
        "upright": 1.0 + 2.0 * _score(a, "conscientiousness"),
        "poised": poised,
    }


def _paces(a: Assignment) -> dict[str, float]:
    extraversion = _score(a, "extraversion")
    return {"slow": 2.2 - 2.0 * extraversion, "measured": 3.0, "brisk": 0.4 + 2.6 * extraversion}


def _accent(a: Assignment, here: Locale) -> str:
    pinned = a.text("dna.voice.accent")
    if pinned:
        return pinned
    languages = a.known("surface.languages")
    spoken = [str(language) for language in languages] if isinstance(languages, list) else list(here.languages)
    folded = [fold(language) for language in spoken]
    tongue = here.tongues.get(a.text("surface.ethnicity"), "")
    others = [fold(other) for other in here.tongues.values() if other != tongue]
    city = fold(a.text("surface.location.city"))
    weights = {}
    for accent in here.accents:
        words = fold(accent)
        if not any(language in words for language in folded) or any(other in words for other in others):
            continue
        own = (city and city in words) or (tongue and fold(tongue) in words)
        elsewhere = any(fold(other) in words for other in here.cities)  # some people move, and most don't
        weights[accent] = 6.0 if own else 0.4 if elsewhere else 1.5
    if not weights:
        return f"{here.demonym or here.country} {spoken[0] if spoken else here.languages[0]}".strip()[:80]
    return pick(a.rng("accent"), a.allowed(weights))
