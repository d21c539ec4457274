"""The rules of each language, from its data file: `rules/<language>.yaml`.

A data file has words, and regular expressions in which `{n}` is a number from 0 to 17, and `{t}` one from 10 to 17, in
digits or in the language's words. A word that ends in `*` begins longer ones; a space in it is any gap or hyphen.

    numbers   words for 1 to 17
    tens      words after which such a number is part of a larger one
    ages      somebody's age
    hints     what may be an age: it counts beside sexual content only
    minors    one person who is a minor
    many      several, who are usually somebody else's: pupils, children
    youth     what only hints at youth
    sexual    bare words for sexual content
    doubtful  words of these lists that other languages have, too: they count where the text has one of the `signs`
    negated   before a word that is ruled out
    apart     no age at all: sixteen years sober
    things    no person: a school's teacher, children's books
    others    somebody else's: a mother of, teaches
    past      of long ago: at 14 she began
    likeness  somebody real is meant: `of` before a name, `after` one, `own` beside the persona's own name; `alone`
              without one where a script has no capitals, unless `kin` is what it speaks of; see `likeness`

`apart`, `things`, `others` and `past` are regular expressions by where they stand: `before` a mention, `after` it, or
`around` it, a pair. A mention and what excuses it are in one clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from personaforge.guard.text import plain_form

LANGUAGES = ("en", "es", "pt", "fr", "de", "it", "nl", "pl", "tr", "ru", "ar", "he", "hi", "ja", "ko", "zh")
_LETTER = r"(?:[^\W_]|[\u0900-\u0963])"
START = r"(?<![^\W_])(?<![\u0900-\u0963])"
"""Where a word begins. Python's own boundary lies in the middle of a word of Hindi, whose vowel signs are marks."""
END = r"(?![^\W_])(?![\u0900-\u0963])"
_FIGURES = "0?[0-9]|1[0-7]"
_REACH, _NEAR = r"[^,;:()、،]{0,32}", r"[^,;:()、،]{0,10}"
"""How far a context is from what it excuses: some five words, and no other clause; a duration's words are near it, and
so is everything where words aren't parted."""
_SCRIPTS = {
    "ru": r"[\u0400-\u04ff]",
    "ar": r"[\u0600-\u06ff]",
    "he": r"[\u0590-\u05ff]",
    "hi": r"[\u0900-\u097f]",
    "ja": r"[\u3040-\u30ff\u4e00-\u9fff]",  # a text without kana may be of either
    "ko": r"[\uac00-\ud7a3]",
    "zh": r"(?s:^[^\u3040-\u30ff]*[\u4e00-\u9fff][^\u3040-\u30ff]*$)",
}
_ANY_LATIN = r"[a-z0-9]"


class Contexts(NamedTuple):
    """What excuses a mention: it matches the end of what stands before, the beginning of what stands after, or both."""

    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    around: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]

    def excuse(self, before: str, after: str) -> bool:
        """Return whether what stands before and after a mention, in its sentence, excuses it."""
        return bool(
            (self.before and self.before.search(before))
            or (self.after and self.after.match(after))
            or any(one.search(before) and other.match(after) for one, other in self.around)
        )


class Rules(NamedTuple):
    """One language's rules, compiled."""

    language: str
    script: re.Pattern[str]
    """What a text has where the language may be meant."""
    ages: tuple[re.Pattern[str], ...]
    hints: tuple[re.Pattern[str], ...]
    larger: re.Pattern[str] | None
    """The end of what stands before a number that is only a part of a larger one."""
    minors: re.Pattern[str]
    many: re.Pattern[str] | None
    youth: re.Pattern[str]
    sexual: re.Pattern[str]
    negated: re.Pattern[str]
    doubtful: frozenset[str]
    signs: re.Pattern[str] | None
    apart: Contexts
    things: Contexts
    others: Contexts
    past: Contexts
    likeness: Mapping[str, re.Pattern[str]]


def all_rules() -> tuple[Rules, ...]:
    """Return the rules of all languages."""
    return tuple(map(rules_of, LANGUAGES))


@cache
def rules_of(language: str) -> Rules:
    """Return the rules of a language."""
    import yaml

    data: Mapping[str, Any] = yaml.load(_read(language), yaml.CSafeLoader)
    edges = data.get("edges", "words")
    start, end = {"words": (START, END), "start": (START, ""), "none": ("", "")}[edges]
    start += data.get("prefix", "")
    number, teens = (
        _number(data.get("numbers", {}), least, figures) for least, figures in ((1, _FIGURES), (10, "1[0-7]"))
    )
    tens = data.get("tens", ())
    gaps = [] if edges == "none" else [r"\s", "-"]
    joins = f"(?:{'|'.join([*gaps, *map(re.escape, data.get('joins', ()))])})*"
    reach = _NEAR if edges == "none" else _REACH

    def words(name: str) -> re.Pattern[str] | None:
        return re.compile(f"{start}{_either(data[name], end)}") if data.get(name) else None

    def patterns(name: str) -> tuple[re.Pattern[str], ...]:
        lines = [plain_form(str(line)).replace("{n}", number).replace("{t}", teens) for line in data.get(name, ())]
        return tuple(re.compile(f"{start if edges != 'none' else ''}(?:{line}){end}") for line in lines)

    minors, youth, sexual = words("minors"), words("youth"), words("sexual")
    assert minors and youth and sexual
    return Rules(
        language=language,
        script=re.compile(_SCRIPTS.get(language, _ANY_LATIN)),
        ages=patterns("ages"),
        hints=patterns("hints"),
        larger=re.compile(f"(?:{_either(tens)}){joins}$") if tens else None,
        minors=minors,
        many=words("many"),
        youth=youth,
        sexual=sexual,
        negated=re.compile(f"{start}(?:{'|'.join(map(plain_form, data['negated']))})[\\s-]*$"),
        doubtful=frozenset(plain_form(str(word)) for word in data.get("doubtful", ())),
        signs=words("signs"),
        apart=_contexts(data.get("apart", {}), start, end, _NEAR),
        things=_contexts(data.get("things", {}), start, end, reach),
        others=_contexts(data.get("others", {}), start, end, reach),
        past=_contexts(data.get("past", {}), start, end, reach),
        likeness={
            name: re.compile(f"{start}(?:{'|'.join(map(plain_form, lines))}){end}")
            for name, lines in data.get("likeness", {}).items()
        },
    )


def _number(words: Mapping[Any, Iterable[Any]], least: int, figures: str) -> str:
    """Return an expression for a number from `least` to 17."""
    named = [str(word) for number, forms in words.items() if int(number) >= least for word in forms]
    return rf"(?P<n>(?<![\d.,:/])(?:{figures})(?![\d:/]|[.,]\d){'|' + _either(named) if named else ''})"


def _read(language: str) -> bytes:
    return (resources.files("personaforge.guard") / "rules" / f"{language}.yaml").read_bytes()


def _contexts(data: Mapping[str, Any], start: str, end: str, reach: str) -> Contexts:
    def before(lines: Iterable[Any]) -> re.Pattern[str] | None:
        joined = "|".join(plain_form(str(line)) for line in lines)
        return re.compile(f"{start}(?:{joined}){end}{reach}$") if joined else None

    def after(lines: Iterable[Any]) -> re.Pattern[str] | None:
        joined = "|".join(plain_form(str(line)) for line in lines)
        return re.compile(f"{reach}?{start}(?:{joined}){end}") if joined else None

    pairs = ((before([one]), after([other])) for one, other in data.get("around", ()))
    return Contexts(
        before(data.get("before", ())),
        after(data.get("after", ())),
        tuple((one, other) for one, other in pairs if one is not None and other is not None),
    )


def _either(words: Iterable[Any], end: str = "") -> str:
    """Return an expression for any of the words, the longest first."""
    return f"(?:{'|'.join(_parts(words, end))})"


def _parts(words: Iterable[Any], end: str) -> Iterator[str]:
    for word in sorted((plain_form(str(one)) for one in words), key=len, reverse=True):
        escaped = re.escape(word.removesuffix("*")).replace(r"\ ", r"[\s_-]+").replace(r"\-", r"[\s_-]*")
        yield f"{escaped}{_LETTER}*" if word.endswith("*") else f"{escaped}{end}"
