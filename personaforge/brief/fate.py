"""What became of each fact of a brief: compared with the pins and the drafted sections, whoever drafted them.

kept            the document, or a pin, says the same
overruled       a pin says something else: the user's own word wins
lost            the document says something else, or nothing
open            nothing that could say it is drafted yet
not understood  words of the brief that no rule read

`coverage` is the share that is kept or overruled, of all facts and all runs of words that weren't understood. It is not
measured (None) while a fact is open, or where the brief states nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from personaforge.brief.fact import Fact
from personaforge.brief.language import data, language
from personaforge.brief.material import Material, told_by, unread_of
from personaforge.brief.reading import read_brief
from personaforge.brief.text import plain

KEPT, OVERRULED, LOST, OPEN, UNREAD = "kept", "overruled", "lost", "open", "not understood"
FATES = (KEPT, OVERRULED, LOST, OPEN, UNREAD)
_ROUNDED = 2
"""Centimetres by which a height may differ: feet and inches are rounded to 2.5 cm."""
_DISLIKED = 0.25
"""A taste up to which an excluded way to dress counts as ruled out; tastes are from 0 to 1, 0.5 is indifferent."""
OF_KIN = "a taste for"
"""How the text begins that names a taste for a way to dress with another name than the brief's word."""
_UNTOLD = ("intent", "audit")
"""Sections that may repeat what a brief rules out, without being a description."""


WOULD_BE, MAY_BE = "would be", "may be"
"""What is said of a loss before a build: that it is certain, or that somebody may still change it."""


class Row(NamedTuple):
    """One fact, or one run of words that wasn't understood, and its fate."""

    kind: str
    path: str
    value: Any
    words: str
    start: int
    end: int
    fate: str
    found: str = ""
    """What the pin or the document has instead, where the fact is overruled or lost."""
    place: str = ""
    """`notes.md:12` of what a file beside the brief states; `start` and `end` are indices into that file then. Empty
    for the brief's own text."""
    summarised: bool | None = None
    """Of a file: whether the summary says it, too; None before there is one."""


class Account(NamedTuple):
    """A brief's facts and their fates."""

    language: str
    """The tag of the language by whose lists the brief was read: the nearest one."""
    rows: tuple[Row, ...]
    """In the order of the brief, then of its files."""
    is_recognised: bool = True
    """Whether the brief is in that language, as far as its words tell."""
    beside: tuple[Row, ...] = ()
    """Runs of words of the files that no rule read. They don't count: notes are prose, and most of it states nothing
    that a document has a field for."""

    def count(self, fate: str) -> int:
        """Return how many rows have a fate."""
        return sum(row.fate == fate for row in self.rows)

    @property
    def coverage(self) -> float | None:
        """The share that is kept or overruled, 0 to 1; None while something is open, and where nothing is stated."""
        if not self.rows or self.count(OPEN):
            return None
        return (self.count(KEPT) + self.count(OVERRULED)) / len(self.rows)

    @property
    def read_share(self) -> float | None:
        """The share that was read, whatever became of it, 0 to 1; None where the brief states nothing."""
        return 1.0 - self.count(UNREAD) / len(self.rows) if self.rows else None

    def of(self, fate: str) -> list[Row]:
        """Return the rows of one fate."""
        return [row for row in self.rows if row.fate == fate]


def account(
    brief: str,
    pinned: Mapping[str, Any],
    sections: Mapping[str, Any],
    material: Sequence[Material] = (),
    summary: str = "",
) -> Account:
    """Return what a brief and its files state and what became of it. `sections` are those drafted so far; none before
    a build. `summary` is what the step that read the files says; empty before it has."""
    reading = read_brief(brief)
    rows = [_row(fact, reading.language, pinned, sections) for fact in reading.facts]
    rows += [Row("words", "", None, span.words, span.start, span.end, UNREAD) for span in reading.unread]
    rows.sort(key=lambda row: (row.start, row.end))
    for told in told_by(brief, material, summary):
        row = _row(told.fact, told.language, pinned, sections)
        rows.append(row._replace(place=told.place, summarised=told.summarised))
    beside = [
        Row("words", "", None, span.words, span.start, span.end, UNREAD, place=place)
        for place, span in unread_of(material)
    ]
    return Account(reading.language, tuple(rows), reading.is_recognised, tuple(beside))


def _row(fact: Fact, tag: str, pinned: Mapping[str, Any], sections: Mapping[str, Any]) -> Row:
    fate, found = _fate(fact, tag, pinned, sections)
    return Row(fact.kind, fact.path, fact.value, fact.words, fact.start, fact.end, fate, found)


def _fate(fact: Fact, tag: str, pinned: Mapping[str, Any], sections: Mapping[str, Any]) -> tuple[str, str]:
    if fact.kind == "exclusion":
        if shown := _shown(str(fact.value), pinned):
            return OVERRULED, shown
        if not sections:
            return OPEN, ""
        shown = _shown(str(fact.value), sections)
        return (LOST, shown) if shown else (KEPT, "")
    if fact.kind == "thing":
        if _shown(str(fact.value), pinned) or (sections and _shown(str(fact.value), sections)):
            return KEPT, ""
        if f"uses a {fact.value}" in (_at(sections, "intent.constraints") or ()):
            return KEPT, ""
        return (LOST, "") if sections else (OPEN, "")
    pin = _at(pinned, fact.path)
    if pin is not None:
        same = _agrees(fact, tag, pin, pinned)
        return (KEPT, "") if same else (OVERRULED, _said(pin))
    if fact.path.partition(".")[0] not in sections:
        return (LOST, "") if "audit" in sections else (OPEN, "")
    value = _at(sections, fact.path)
    if value is not None and _agrees(fact, tag, value, sections):
        return KEPT, ""
    return LOST, _said(value)


def _at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(tree, Mapping) or key not in tree:
            return None
        tree = tree[key]
    return tree


def _said(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _agrees(fact: Fact, tag: str, value: Any, tree: Mapping[str, Any]) -> bool:
    said = plain(_said(value))
    return _RULES.get(fact.kind, _has_word)(fact, tag, value, said, tree)


def _has_word(fact: Fact, tag: str, value: Any, said: str, tree: Mapping[str, Any]) -> bool:
    return bool(re.search(rf"\b{re.escape(plain(str(fact.value)))}\b", said.replace("grey", "gray")))


def _age(fact: Fact, tag: str, value: Any, said: str, tree: Mapping[str, Any]) -> bool:
    return isinstance(value, int) and isinstance(fact.value, tuple) and fact.value[0] <= value <= fact.value[1]


def _height(fact: Fact, tag: str, value: Any, said: str, tree: Mapping[str, Any]) -> bool:
    return isinstance(value, (int, float)) and isinstance(fact.value, int) and abs(value - fact.value) <= _ROUNDED


def _name(fact: Fact, tag: str, value: Any, said: str, tree: Mapping[str, Any]) -> bool:
    return set(plain(str(fact.value)).split()) <= set(said.split())


def _occupation(fact: Fact, tag: str, value: Any, said: str, tree: Mapping[str, Any]) -> bool:
    if plain(fact.words) in said:
        return True
    wanted = _titles(str(fact.value))
    found = {title for hit in language("en").work.matcher.finditer(said) for title in _titles(hit.group("word"))}
    if wanted & found:
        return True
    return fact.value in {key for _, key, _ in language(tag).work.finditer(said)}


@cache
def _titles(work: str) -> frozenset[str]:
    """Return every name of an occupation that a word may stand for: a carpenter is a furniture maker, too."""
    lists = [*language("en").lists["work"].items(), *data("english")["titles"].items()]
    named = plain(work)
    return frozenset(
        key for key, words in lists if named in {plain(key), *(plain(word.partition("/")[0]) for word in words)}
    ) | {named}


def _place(fact: Fact, tag: str, value: Any, said: str, tree: Mapping[str, Any]) -> bool:
    if said == plain(str(fact.value)) or said == plain(fact.words):
        return True
    if language(tag).places.get(said, ("", ""))[1] == fact.value:
        return True
    ethnicity = plain(_said(_at(tree, "surface.ethnicity")))
    code = next((code for code, row in data("places")["countries"].items() if row["name"] == fact.value), "")
    peoples = data("english")["peoples"].get(code, ())
    return fact.kind == "people" and bool(ethnicity) and any(plain(word) in ethnicity for word in peoples)


def _spoken(fact: Fact, tag: str, value: Any, said: str, tree: Mapping[str, Any]) -> bool:
    aliases = {"Mandarin": ("mandarin", "chinese"), "Persian": ("persian", "farsi")}
    return any(name in said for name in aliases.get(str(fact.value), (plain(str(fact.value)),)))


def _mark(fact: Fact, tag: str, value: Any, said: str, tree: Mapping[str, Any]) -> bool:
    """Return whether one mark is of that kind, and where the brief has it: a scar on the left hand is on no brow."""
    kind, _, place = plain(str(fact.value)).partition(" ")
    if not place:
        return plain(str(fact.value)).rstrip("s") in said
    wanted = [kind.rstrip("s"), *(word for word in place.split() if word not in ("on", "the"))]
    marks = value if isinstance(value, list) else [value]
    return any(all(word in plain(str(mark)) for word in wanted) for mark in marks)


def _beard(fact: Fact, tag: str, value: Any, said: str, tree: Mapping[str, Any]) -> bool:
    return said == fact.value or (fact.value == "short beard" and "beard" in said)


_RULES: Mapping[str, Callable[[Fact, str, Any, str, Mapping[str, Any]], bool]] = {
    "age": _age,
    "height": _height,
    "name": _name,
    "occupation": _occupation,
    "country": _place,
    "city": _place,
    "people": _place,
    "language": _spoken,
    "mark": _mark,
    "beard": _beard,
}


def _shown(thing: str, sections: Mapping[str, Any]) -> str:
    """Return the text of a document that shows a thing; empty if none does. A taste of 0.25 or less shows nothing."""
    taste = _at(sections, f"lifestyle.fashion_sense.{thing}")
    if isinstance(taste, (int, float)) and taste > _DISLIKED:
        return f"a taste of {taste:g}"
    if kin := _taste_of_kin(thing, sections):
        return kin
    hair = _said(_at(sections, "dna.face.facial_hair"))
    if thing in ("full beard", "short beard", "moustache", "stubble"):
        word = "beard" if thing == "short beard" else thing
        return hair if word in hair else ""
    words = language("en").lists["shown"].get(thing) or language("en").lists["things"].get(thing) or [thing]
    matcher = language("en").pattern(words)
    for text in _texts({name: section for name, section in sections.items() if name not in _UNTOLD}):
        hit = matcher.search(plain(text))
        if hit and not re.search(r"\b(?:no|not|never|without)\s+(?:\w+\s+)?$", plain(text)[: hit.start()]):
            return text
    return ""


def _taste_of_kin(thing: str, sections: Mapping[str, Any]) -> str:
    """Return the taste for a way to dress whose name has the words of a thing: streetwear_chic is streetwear."""
    tastes = _at(sections, "lifestyle.fashion_sense")
    words = set(plain(thing).split())
    for name, taste in tastes.items() if isinstance(tastes, Mapping) else ():
        if isinstance(taste, (int, float)) and taste > _DISLIKED and words <= set(str(name).split("_")):
            return f"{OF_KIN} {name} of {taste:g}"
    return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def summary(name: str, found: Account, *, ahead: str = "") -> str:
    """Return what was lost or not understood of a brief in one line; empty where nothing was. `ahead`, before a build:
    WOULD_BE or MAY_BE."""
    lost, unread, overruled = found.of(LOST), found.of(UNREAD), found.of(OVERRULED)
    parts = []
    if lost:
        parts.append(f"{ahead and f'{ahead} '}lost of its brief: {listed_words(row.words for row in lost)}")
    if overruled:
        parts.append(f"overruled by a pin: {listed_words(row.words for row in overruled)}")
    if unread:
        parts.append(f"not understood: {listed_words(row.words for row in unread)}")
    return f"{name}: {'; '.join(parts)} (forge brief {name})" if parts else ""


def lost_text(name: str, words: Iterable[str], *, ahead: str = "") -> str:
    """Return in one line what was lost of a persona's brief. `ahead`, before a build: WOULD_BE or MAY_BE."""
    return f"{name}: {ahead and f'{ahead} '}lost of its brief: {listed_words(words)} (forge brief {name})"


def listed_words(words: Iterable[str], most: int = 6) -> str:
    """Return words of a brief in one line, each in quotation marks and shortened."""
    said = [f'"{_short(word)}"' for word in dict.fromkeys(words)]
    return ", ".join(said[:most]) + (f" and {len(said) - most} more" if len(said) > most else "")


def _short(words: str, most: int = 60) -> str:
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def counts(found: Account) -> dict[str, int]:
    """Return how many rows have each fate."""
    number = Counter(row.fate for row in found.rows)
    return {fate: number[fate] for fate in FATES}


def as_json(found: Account) -> dict[str, Any]:
    """Return an account as JSON."""
    rows: Sequence[Row] = found.rows
    return {
        "language": found.language if found.is_recognised else None,
        "read_by": found.language,
        "coverage": found.coverage,
        "counts": counts(found),
        "facts": [
            {
                "fact": row.kind,
                "path": row.path or None,
                "value": list(row.value) if isinstance(row.value, tuple) else row.value,
                "words": row.words,
                "span": [row.start, row.end],
                "fate": row.fate,
                "found": row.found or None,
                **({"place": row.place, "summarised": row.summarised} if row.place else {}),
            }
            for row in rows
        ],
        **(
            {"beside": [{"words": row.words, "span": [row.start, row.end], "place": row.place} for row in found.beside]}
            if found.beside
            else {}
        ),
    }
