"""One of the 16 languages: its word lists (`data/<tag>.yaml`) as patterns over plain text, and which one a brief is in.

A list's words are compared whole. `*` is any letters, a space any gap or hyphen. Where words carry endings or
beginnings by rule (Turkish, Korean, Arabic, Hebrew), the data file has a pattern for them; where words aren't parted
(Japanese, Chinese) they are found anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from personaforge.brief.text import END, LETTER, START, plain

NAMES = {
    "en": "English",
    "es": "Spanish",
    "pt": "Portuguese",
    "fr": "French",
    "de": "German",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "tr": "Turkish",
    "ru": "Russian",
    "ar": "Arabic",
    "he": "Hebrew",
    "hi": "Hindi",
    "ja": "Japanese",
    "ko": "Korean",
    "zh": "Chinese",
}
LANGUAGES = tuple(NAMES)
LATIN = ("en", "es", "pt", "fr", "de", "it", "nl", "pl", "tr")
_SCRIPTS = {
    "": "[a-z]",
    "ru": "[\u0400-\u04ff]",
    "ar": "[\u0600-\u06ff]",
    "he": "[\u0590-\u05ff]",
    "hi": "[\u0900-\u097f]",
    "ko": "[\uac00-\ud7a3]",
    "ja": "[\u3040-\u30ff]",
    "zh": "[\u4e00-\u9fff]",
}
_ENDING = re.compile("[аеёиоуыэюяйьaeiouy]+$")
_INFLECTED = ("ru", "pl")
_STEM = 4
"""Letters that a place's name keeps before its case ending. A shorter stem is the name itself: Рим, and not в Риме."""


@cache
def data(name: str) -> dict[str, Any]:
    """Return a data file, read once."""
    import yaml  # a plan that has nothing to do needs none

    found: dict[str, Any] = yaml.load(
        (files("personaforge.brief") / "data" / f"{name}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
    )
    return found


class Index:
    """Words of several lists: one pattern that finds them (its group `word`), and what each stands for."""

    def __init__(self, matcher: re.Pattern[str], rows: Iterable[tuple[str, str, str, str]]) -> None:
        """A row is a word, its pattern, the list that it is in, and whose word it is: woman, man or nobody's."""
        self.matcher = matcher
        self._whole: dict[str, tuple[str, str]] = {}
        self._begun: list[tuple[str, str, str, str]] = []
        for word, part, key, gender in rows:
            stem, star, _ = plain(word).partition("*")
            if star:
                self._begun.append((_joined(_ENDING.sub("", stem)), part, key, gender))
            else:
                self._whole.setdefault(_joined(stem), (key, gender))
        self._begun.sort(key=lambda row: -len(row[0]))

    def of(self, word: str) -> tuple[str, str]:
        """Return the list that a found word is in, and whose word it is; both empty for one that is in none."""
        joined = _joined(word)
        if joined in self._whole:
            return self._whole[joined]
        for stem, part, key, gender in self._begun:
            if joined.startswith(stem) and re.fullmatch(part, word):
                return key, gender
        return "", ""

    def finditer(self, text: str) -> Iterator[tuple[re.Match[str], str, str]]:
        """Yield every hit in a plain text, its list, and whose word it is."""
        for hit in self.matcher.finditer(text):
            key, gender = self.of(hit.group("word"))
            if key:
                yield hit, key, gender


def _joined(word: str) -> str:
    return re.sub(r"[\s-]+", "", word)


class Language:
    """The lists of one language, compiled when they are first used."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.lists = data(tag)
        self._before = str(self.lists.get("prefixes", ""))
        self._after = str(self.lists.get("suffixes", ""))
        self.parted: bool = self.lists.get("parted", True)

    def pattern(self, words: Iterable[str], bare: bool = False) -> re.Pattern[str]:
        """Return a pattern for words; the longest is tried first. `bare`: no endings or beginnings by rule.

        Its group `word` is the word itself.
        """
        parts = sorted({self.part(word) for word in words}, key=len, reverse=True)
        if not parts:
            return re.compile(r"(?!)")
        start, end = (START, END) if self.parted else ("", "")
        before, after = ("", "") if bare else (self._before, self._after)
        return re.compile(f"{start}{before}(?P<word>{'|'.join(parts)}){after}{end}")

    def part(self, word: str) -> str:
        """Return a word of a list as a pattern without boundaries."""
        escaped = re.escape(plain(word)).replace(r"\*", f"{LETTER}*")
        return re.sub(r"\\ |\\-", r"[\\s-]+" if self.parted else r"[\\s-]*", escaped)

    def index(self, lists: Mapping[str, Iterable[str]]) -> Index:
        """Return several lists as one pattern, with what each word stands for."""
        rows = []
        for key, words in lists.items():
            for word in words:
                said, _, whose = word.partition("/")
                rows.append((said, self.part(said), key, {"w": "woman", "m": "man"}.get(whose, "")))
        return Index(self.pattern(said for said, _, _, _ in rows), rows)

    @cached_property
    def work(self) -> Index:
        """Occupations. English has the embedded writer's, too."""
        lists = dict(self.lists["work"])
        if self.tag == "en":
            for title, words in data("english")["titles"].items():
                lists[title] = [*lists.get(title, ()), title, *words]
        return self.index(lists)

    @cached_property
    def figures(self) -> str:
        """A pattern for a number from 18 to 99, in digits or words."""
        words = [re.sub(r"\\ |\\-", r"[\\s-]*", re.escape(word)) for word in self.numbers]
        return rf"(?P<n>(?<!\d)(?<!\d[.,])[1-9]\d(?!\d|[.,]\d)|{'|'.join(sorted(words, key=len, reverse=True))})"

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Number words in plain form."""
        found: dict[str, int] = {}
        for number, words in data("numbers")[self.tag].items():
            for word in words:
                found[plain(word)] = int(number)
                if self.tag == "ar":  # عشرون is عشرين in every case but the first
                    found[plain(word).replace("ون", "ين")] = int(number)
        return found

    def number(self, said: str) -> int:
        """Return the number of digits or words that `figures` found."""
        if said.isdigit():
            return int(said)
        bare = re.sub(r"[\s-]+", "", said)
        return next(number for word, number in self.numbers.items() if re.sub(r"[\s-]+", "", word) == bare)

    @cached_property
    def ages(self) -> list[re.Pattern[str]]:
        """Patterns for an age."""
        start = START if self.parted else ""
        return [re.compile(start + one.replace("{n}", self.figures)) for one in self.lists["age"]]

    @cached_property
    def decades(self) -> list[tuple[re.Pattern[str], int, int]]:
        """Patterns for a decade of somebody's life or a part of one, with the youngest and the oldest age in it. In the
        data `{d}` stands for the decade's words, `{t}` for its number: late forties, Ende 40."""
        found = []
        numerals = self.lists.get("numerals", {})
        for said, low, high in self.lists["decades"]:
            for ten, words in self.lists["tens"].items():
                if "{d}" in said or "{t}" in said:
                    start, end = (START, END) if self.parted and self.tag != "ko" else ("", "")
                    shown = (
                        plain(said)
                        .replace("{d}", f"(?:{plain(words)})")
                        .replace("{t}", f"(?:{numerals.get(ten, ten)})")
                    )
                    found.append((re.compile(f"{start}{self._before}{shown}{end}"), ten + low, ten + high))
        if "figures" in self.lists:
            for ten in range(20, 90, 10):
                shown = self.lists["figures"].replace("{n}0", str(ten))
                found.append((re.compile(rf"(?<!\d){shown}"), ten, ten + 9))
        for ten, words in self.lists["tens"].items():  # one word that says it all: cuarentona, quadragénaire
            alone = [word for word in words.split("|") if len(word) > 8 and self.tag in ("es", "pt", "fr", "it", "nl")]
            if alone:
                found.append((re.compile(rf"{START}(?:{'|'.join(alone)}){END}"), ten, ten + 9))
        return found

    @cached_property
    def places(self) -> dict[str, tuple[str, str]]:
        """Every place's name in plain form: its kind (country or city) and what documents call it."""
        tables, found = data("places"), {}
        more = data("cities")
        for entry in tables["countries"].values():
            for name in {entry.get(self.tag, entry["name"]), entry["name"] if self.tag == "en" else ""} - {""}:
                found[plain(name)] = ("country", entry["name"])
        for city, entry in tables["cities"].items():
            names = {entry.get(self.tag, ""), (more.get(city) or {}).get(self.tag, "")}
            if self.tag in LATIN:
                names.add(city)
            for name in names - {""}:
                found.setdefault(plain(name), ("city", city))
        return found

    @cached_property
    def place(self) -> Index:
        """Places, with their case endings; a key is kind and name, parted by a bar."""
        rows = [
            (f"{name}*" if self.tag in _INFLECTED else name, self._place_part(name), f"{kind}|{english}", "")
            for name, (kind, english) in self.places.items()
        ]
        start, end = (START, END) if self.parted else ("", "")
        whole = "|".join(part for _, part, _, _ in sorted(rows, key=lambda row: -len(row[0])))
        matcher = re.compile(f"{start}{self._before}(?P<word>{whole}){self._after}{end}")
        return Index(matcher, rows)

    def _place_part(self, name: str) -> str:
        if self.tag not in _INFLECTED:
            return self.part(name)
        words = []
        for word in name.split():
            stem = _ENDING.sub("", word)
            stem = stem if len(stem) >= _STEM else word
            words.append(re.escape(stem) + f"{LETTER}{{0,3}}")
        return r"[\s-]+".join(words)

    @cached_property
    def peoples(self) -> Index:
        """Words for where somebody is from, by the country's code."""
        lists = dict(self.lists.get("peoples", {}))
        if self.tag == "en":
            lists = dict(data("english")["peoples"])
        return self.index(lists)

    @cached_property
    def cues(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """What tells that a text is in this language: the words of all its lists, whole, and those before a `*`."""
        lists = self.lists
        said = {*lists["signs"], *lists["hair"], *lists["eyes"], *lists["named"], *lists["no"], *lists["retired"]}
        for name in ("gender", "work", "colors", "texture", "length", "whole", "marks", "beard", "things"):
            said |= {word.partition("/")[0] for words in lists[name].values() for word in words}
        if self.tag == "en":
            said |= {word for title, words in data("english")["titles"].items() for word in (title, *words)}
        single = {plain(part) for word in said for part in re.split(r"[\s-]", word)}
        return (
            frozenset(word for word in single if "*" not in word),
            tuple(word.partition("*")[0] for word in single if word.find("*") >= _STEM - 1),
        )

    @cached_property
    def signs(self) -> frozenset[str]:
        """Little words, in plain form."""
        return frozenset(plain(word) for word in self.lists["signs"])


@cache
def language(tag: str) -> Language:
    """Return a language by its tag."""
    return Language(tag)


def language_of(text: str) -> str:
    """Return the tag of the language that a plain text is most likely in: by its script, then by its words."""
    counts = {tag: len(re.findall(script, text)) for tag, script in _SCRIPTS.items()}
    if counts["ja"]:
        counts["ja"] += counts["zh"]
        counts["zh"] = 0
    for tag in ("ja", "zh", "ko"):
        counts[tag] *= 3  # a character says as much as some three letters
    best = max(counts, key=lambda tag: counts[tag])
    if best or not counts[best]:
        return best or "en"
    words = re.findall(r"[^\W\d_]+", text)
    return max(LATIN, key=lambda tag: _score(words, *language(tag).cues))


def share_of(text: str, tag: str) -> float:
    """Return the share of a plain text's letters that are in words of a language's lists, 0 to 1."""
    words = re.findall(r"[^\W\d_]+", text)
    return _score(words, *language(tag).cues) / max(1, sum(map(len, words)))


def _score(words: Iterable[str], whole: frozenset[str], begun: tuple[str, ...]) -> int:
    """Return how many letters of a text are in a language's words: longer words are shared by fewer languages."""
    return sum(len(word) for word in words if word in whole or word.startswith(begun))
