"""What a brief says, read by the words of intent.yaml. Pure: a brief has the same reading with every seed.

The reading is the embedded provider's only understanding of free text. The intent section is written from it, and
sections of pipelines without an intent read the brief themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from personaforge.embedded.writer.locales import gender_of_name, known_parts
from personaforge.embedded.writer.places import Whereabouts, whereabouts
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import count, fold, has, is_negated, pattern, plain
from personaforge.embedded.writer.work import job_of, occupation_in

DRIVES = ("recognition", "belonging", "autonomy", "security", "mastery")
SCORES = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")

_NAMED = re.compile(
    r"(?:\b(?:named|called|known as|name is|[Mm]eet)\s+)((?:[^\W\d_][\w'-]*[.]?)(?:\s+[^\W\d_][\w'-]*[.]?){0,3})"
)
_LEADING = re.compile(r"^\s*((?:[A-Z][\w'-]+\s+){1,2}[A-Z][\w'-]+)\s*(?:,|:| is | - )")
_AGE = re.compile(
    r"\b(\d{2})(?:\s*-?\s*years?\s*-?\s*old|\s*yo\b|\s*y/o\b)|\baged?\s+(\d{2})\b|(?:^|[,(]\s*)(\d{2})(?=\s*(?:[,;.)]|$))"
)
_DECADE = re.compile(r"\b(early|mid|late)?[\s-]*(?:her|his|their|the|in)?\s*(\d)0s\b")
_STOP = re.compile(r"[.;:!?\n]|\bbut\b|\bwhile\b|\bwho\b|\bwhich\b")
_SPLIT = re.compile(r",|\band\b|&|\bor\b")
_NO_THEME = frozenset(
    [
        "who",
        "she",
        "he",
        "they",
        "has",
        "is",
        "lives",
        "works",
        "never",
        "no",
        "based",
        "with",
        "without",
        "her",
        "his",
        "their",
        "it",
        "not",
    ]
)
_ADULT = 18
_DENIALS = frozenset(["not", "isn't", "doesn't", "does not", "don't", "do not", "never"])
_LITTLE = re.compile(r"\s+(?:(?:a|an|at all|really|that|so|too|very|in the least|feel|feels|feeling|strictly)\s+)*")
_RULES_OUT = re.compile(
    r"(?:no|without|never(?! without)|not|avoid\w*|excluding|except|does(?:n't| not)|do(?:n't| not)|isn't|refuses)\b"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything found in a brief. Empty where it says nothing."""

    place: Whereabouts
    gender: str
    ages: tuple[int, int] | None
    name: str
    """As the brief writes it: a full name or a given name."""
    occupation: str
    genres: Mapping[str, float]
    """Genre to the number of words that indicate it."""
    tone: Mapping[str, float]
    """Tonal axis to how far the words move it."""
    traits: Mapping[str, float]
    """Score or drive to how far the words move it."""
    themes: tuple[str, ...]
    constraints: tuple[str, ...]
    avoid: frozenset[str]
    """Tags that the constraints exclude."""
    looks: Mapping[str, str]
    """Path in the dna section to the value that the brief names."""
    taller: int
    """Centimetres that words such as tall add to a height."""
    height: int | None = None
    """In cm, where the request tells it; see `facts`."""
    marks: tuple[str, ...] = ()
    """Skin marks that the request tells."""
    unmarked: frozenset[str] = frozenset()
    """Things that the request rules out, skin marks among them."""


@lru_cache(maxsize=256)
def read(brief: str) -> Reading:
    """Read a brief."""
    folded = fold(brief)
    intent = table("intent")
    occupation = occupation_in(brief)
    constraints = _constraints(brief)
    return Reading(
        place=whereabouts(brief),
        gender=_gender(brief, folded),
        ages=_ages(folded),
        name=_name(brief),
        occupation=occupation,
        genres=_genres(folded, occupation),
        tone=_moves(intent["tone"]["words"], folded),
        traits=_moves(intent["traits"], folded),
        themes=_themes(brief),
        constraints=constraints,
        avoid=avoided(constraints, folded),
        looks=_looks(folded) | _covering(folded),
        taller=max((add for word, add in intent["height"].items() if has([word], folded)), key=abs, default=0),
    )


def genres_in(texts: Iterable[str]) -> dict[str, float]:
    """Return the genres that texts such as an intent's own genre names indicate."""
    found: dict[str, float] = {}
    for text in texts:
        folded = fold(text)
        for genre, entry in table("intent")["genres"].items():
            if folded == genre or has(entry["words"], folded):
                found[genre] = found.get(genre, 0.0) + 1.0
    return found


def _genres(folded: str, occupation: str) -> dict[str, float]:
    found = {
        genre: float(hits)
        for genre, entry in table("intent")["genres"].items()
        if (hits := count(entry["words"], folded))
    }
    job = job_of(occupation) if occupation else None
    for place, genre in enumerate(job.genres if job else ()):
        found[genre] = found.get(genre, 0.0) + 1.0 / (1 + place)
    return found


def _gender(brief: str, folded: str) -> str:
    words = table("intent")["gender"]
    if has(words["nonbinary"], folded):
        return "nonbinary"
    counts = {gender: count(words[gender], folded) for gender in ("woman", "man")}
    if counts["woman"] != counts["man"]:
        return max(counts, key=lambda gender: counts[gender])
    if counts["woman"]:
        firsts = {gender: pattern(tuple(words[gender])).search(folded) for gender in counts}
        return min(counts, key=lambda gender: hit.start() if (hit := firsts[gender]) else len(folded))
    return gender_of_name(_name(brief))


def _ages(folded: str) -> tuple[int, int] | None:
    for hit in _AGE.finditer(folded):
        age = int(next(group for group in hit.groups() if group))
        if (
            age >= _ADULT
        ):  # a younger one is a child's of the persona, or a past: a persona's own is refused, never raised
            return age, age
    decade = _DECADE.search(folded)
    if decade and int(decade.group(2)) >= 2:
        start = int(decade.group(2)) * 10
        low, high = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}.get(decade.group(1) or "", (0, 9))
        return start + low, start + high
    words: Mapping[str, list[int]] = table("intent")["ages"]
    for word, (low, high) in words.items():
        if count([word], folded):
            return low, high
    return None


def _name(brief: str) -> str:
    text = plain(brief)
    for matcher in (_NAMED, _LEADING):
        hit = matcher.search(text)
        if not hit:
            continue
        start = hit.start(1)
        words: list[str] = []
        for word in (brief if len(text) == len(brief) else text)[start : hit.end(1)].split():
            if not word[0].isupper():
                break
            words.append(word.rstrip(",."))
        firsts, lasts = known_parts(" ".join(words)) if words else (frozenset(), frozenset())
        if words and (matcher is _NAMED or (len(words) > 1 and (firsts or lasts))):
            return " ".join(words)
    return ""


def _moves(words: Mapping[str, Mapping[str, float]], folded: str) -> dict[str, float]:
    moved: dict[str, float] = {}
    for word, moves in words.items():
        if count([word], folded):
            for axis, by in moves.items():
                moved[axis] = moved.get(axis, 0.0) + by
    return moved


def _themes(brief: str) -> tuple[str, ...]:
    found: list[str] = []
    folded = fold(brief)
    text = brief if len(folded) == len(brief) else folded
    for hit in pattern(tuple(table("intent")["theme_words"])).finditer(folded):
        rest = text[hit.end() :]
        stop = _STOP.search(rest.lower())
        for piece in _SPLIT.split(rest[: stop.start()] if stop else rest):
            words = piece.strip(" '\"()").split()
            while words and words[0].lower() in ("the", "a", "an", "all", "her", "his", "their", "both"):
                words = words[1:]
            if not words or words[0].lower() in _NO_THEME:
                break
            theme = " ".join(words[:5])
            if 2 <= len(theme) <= 60 and theme.lower() not in (known.lower() for known in found):
                found.append(theme)
    return tuple(found[:6])


def _constraints(brief: str) -> tuple[str, ...]:
    intent = table("intent")
    always = {word for entry in intent["avoid"].values() for word in entry["always"]}
    folded = fold(brief)
    text = brief if len(folded) == len(brief) else folded
    found: list[str] = []
    end = 0
    for hit in pattern(tuple({*intent["constraint_words"], *always})).finditer(folded):
        if hit.start() < end or _limits_nothing(folded, hit, always):
            continue
        if hit.group() in always:
            clause, end = hit.group(), hit.end()
        else:
            stop = re.search(r"[.,;:!?\n]|\bbut\b", folded[hit.end() :])
            end = hit.end() + stop.start() if stop else len(folded)
            clause = text[hit.start() : end].strip()
        if 2 < len(clause) <= 200 and clause not in found:
            found.append(clause)
    return tuple(found[:8])


def _limits_nothing(folded: str, hit: re.Match[str], always: AbstractSet[str]) -> bool:
    """Return whether what begins with a word such as *not* rules nothing in or out."""
    nothing = table("intent")["no_constraint"]
    if pattern(tuple(nothing["phrases"])).match(folded, hit.start()):
        return True
    if hit.group() in always:
        return is_negated(folded, hit.start())
    if hit.group() not in _DENIALS:
        return False
    after = _LITTLE.match(folded, hit.end())
    begins = after.end() if after else hit.end()
    if pattern((*nothing["states"], *sorted(always))).match(folded, begins):
        return True
    before = re.split(r"[.;:!?\n]", folded[: hit.start()])[-1]
    contrasted = hit.group() == "not" and re.search(r"(?:\bbut|\band|,)\s*$", before)
    return bool(contrasted) and has(nothing["disliked"], before)


def denies(constraint: str) -> bool:
    """Return whether a constraint rules something out, rather than in."""
    return _RULES_OUT.match(fold(constraint)) is not None


def avoided(constraints: Iterable[str], folded: str = "") -> frozenset[str]:
    """Return the tags that constraints rule out, and those that words such as vegan in a folded brief exclude."""
    clauses = [fold(clause) for clause in constraints]
    return frozenset(
        tag
        for tag, entry in table("intent")["avoid"].items()
        if any(
            (has(entry["words"], clause) or count(entry["always"], clause)) and not clause.startswith("only")
            for clause in clauses
        )
        or count(entry["always"], folded)
    )


def _looks(folded: str) -> dict[str, str]:
    intent = table("intent")
    found = _longest(intent["looks"], folded)
    for noun, paths in intent["looks_before"].items():
        for hit in re.finditer(rf"((?:[\w-]+[,\s]+){{1,4}}){noun}\b", folded):
            found |= _longest(paths, hit.group(1))
    return found


def _covering(folded: str) -> dict[str, str]:
    """Return what this person wears over the hair by the brief; nothing where the brief only mentions such a thing."""
    words = table("intent")["coverings"]
    worn, unworn = ("|".join(re.escape(word) for word in words[key]) for key in ("worn", "unworn"))
    items = "|".join(re.escape(item) for item in words["items"])
    between = r"(?:(?!of\b|for\b|about\b|and\b|to\b)[\w'-]+\s+){0,3}?"
    trade = r"(?!\s+(?:shop|stall|brand|label|factory|business|design\w*|mak\w+|sell\w+))"
    said = re.search(rf"\b(?:{worn})\s+{between}({items})\b{trade}", folded)
    alone = pattern(tuple(words["alone"])).search(folded)
    hit = said or alone
    if hit is None or re.search(rf"(?:\b(?:{unworn})|n't)\s+(?:[\w'-]+\s+){{0,2}}$", folded[: hit.start()]):
        return {}
    return {"hair.style": words["items"][said.group(1)] if said else words["alone"][hit.group().replace(" ", "-")]}


def _longest(paths: Mapping[str, Mapping[str, list[str]]], folded: str) -> dict[str, str]:
    """Return each path's value whose word in the text is the longest: "dark brown" says more than "brown"."""
    found: dict[str, str] = {}
    for path, values in paths.items():
        longest = 0
        for value, words in values.items():
            for hit in pattern(tuple(words)).finditer(folded):
                if len(hit.group()) > longest:
                    found[path], longest = value, len(hit.group())
    return found
