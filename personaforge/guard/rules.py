"""The rules of each language, from its data file: `rules/<language>.yaml`.

A data file has words, and regular expressions in which `{n}` is a number from 0 to 17, `{m}` one from 2 and `{t}` one
from 10, in digits or in the language's words; `{e}` is what may follow one without a unit. `{months}` and `{weeks}`
are numbers of them below 18 years, `{y}` is a year (`{yy}` its last two digits, `{f}` one that is to come), all in
digits; `{r}` is a Roman number up to XVII; `{to}` is what may stand between "born" and a year. A text's numbers are
replaced by one sign each before lines that have `{n}`, `{m}` or `{t}` are searched for, so such lines hold no number in
words of their own. A word that ends in `*` begins longer ones; a space in it is any gap or hyphen.

    numbers   words for 1 to 17
    halves    what makes a number half a year more, and is read as a part of it
    whole_numbers  a number in words begins no longer word, as it does in German
    ordinals  words for a class of a school
    nth       {nth}, ordinals from first to 17th in words, as before "birthday"; {count} is such a number in digits
    dates     {d}, when something will be: on Tuesday, next month. Behind a number after a verb of `is` or `turns` it
              makes that an age: turns 15 on Friday
    feasts    {feast}, what is kept at one age below 18: a bat mitzvah, a first communion
    keeps     {keeps}, verbs and whose it is before a feast: celebrates her
    not_born  what {w}, up to four words between "born" and "years ago", may not hold: a firm, somebody's son
    not_after after a number without a unit that is none of an age: the 15th of May
    tens      words after which such a number is part of a larger one
    ages      somebody's age
    born      the year when somebody was born, with {y}: one that makes them a minor in the year of today; or, with
              {n}, how long ago it was
    many_ages the age of several: twelve-year-olds
    persons   words for a person, after which a number without a unit is an age: a girl, 14
    of        what may stand between them, or before such a number: a skater of 14
    just      what may stand before an age: only, nearly
    is        verbs before such a number: she is 14
    turns     verbs with up to three words between, but `not_between`: will soon be 14
    after     words that may follow such a number, as punctuation does: 14 and, 14 who
    kin       children whose ages follow, also after a comma, in a list with the words of `listed`: his sons, 9 and 14
    numbered  what has a number of its own: streets, rooms
    groups    before `of 14`, where that is how many there are
    classes   classes of a school, with {o} for an ordinal, and other expressions for a minor
    hints     what may be an age: it counts beside sexual content only
    minors    one person who is a minor
    many      several, who are usually somebody else's: pupils, children
    youth     what only hints at youth
    sexual    bare words for sexual content
    doubtful  words of these lists that other languages have, too: they count where the text has one of the `signs`
    shared, owned, grown, then, parents, parents_after, ambiguous, elders, doubts  see `owned` and `adult`
    negated   before a word that is ruled out
    apart     no age at all: sixteen years sober
    things    no person: a school's teacher, children's books
    others    somebody else's: a mother of, teaches
    past      of long ago: at 14 she began
    trades    what is only sold, sewn or taught: a lingerie shop
    likeness  somebody real is meant: `of` before a name, `after` one, `own` beside the persona's own name; `alone`
              without one where a script has no capitals, unless `kin` is what it speaks of; see `likeness`

`apart`, `things`, `others` and `past` are regular expressions by where they stand: `before` a mention, `after` it, or
`around` it, a pair. A mention and what excuses it are in one clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from typing import Any

from personaforge.guard.contexts import Contexts, contexts
from personaforge.guard.owned import Clauses, clauses
from personaforge.guard.text import plain_form
from personaforge.guard.words import Anywhere, Phrases

LANGUAGES = ("en", "es", "pt", "fr", "de", "it", "nl", "pl", "tr", "ru", "ar", "he", "hi", "ja", "ko", "zh")
_LETTER = r"(?:[^\W_]|[\u0900-\u0963\ue000-\ue0ff])"
"""A letter or figure of a word, and what stands for a number in a marked text."""
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
_MONTHS = r"(?<![\d.,:/])(?:1?\d?\d|20\d|21[0-5])(?!\d)"
_WEEKS = r"(?<![\d.,:/])(?:[1-8]?\d?\d|9[0-2]\d|93[0-8])(?!\d)"
"""Less than 18 years: 215 months, 938 weeks."""
_COUNT = r"(?<![\d.,:/-])(?:[1-9]|1[0-7])(?!\d)"
"""From 1 to 17, in digits."""
_YEAR = r"(?<!\d)(?P<y>(?:19|20)\d\d|'\d\d)(?!\d)"
_ROMAN = r"(?:(?:x(?:v(?:ii?)?|iv|i{1,3})?|ix|v(?:i{1,3})?|iv)(?!\w))"  # from IV to XVII
_TO = r"[\s:]*(?:[^\W\d_]+[\s.]+){0,3}(?:(?:\d{1,2}(?:st|nd|rd|th)?[\s./,-]*){1,2}(?:[^\W\d_]+[\s.,/-]*){0,3})?"
"""Up to three words, a day and a month: in Leeds on 3 May. No comma stands before the day, so no other clause does."""
_SIGN, _PAD = 0xE000, "\ue0ff"
"""What numbers are marked with: characters that no text has a meaning for."""
_LEAST = {"{n}": 0, "{m}": 2, "{t}": 10}
_GAPS = re.compile(r"[\s_-]+")
_OPENED = r"(?:(?<=[,(|/\u060c])[\s]*|(?<=[\s]-[\s]))"
"""Where something is added to what it belongs to."""
_BEGUN = r"(?:(?<=[.;!?\n])[\s]*|^[\s]*)"
Words = Phrases | Anywhere


class Line:
    """An expression of a data file, compiled when a text that may match it is read."""

    def __init__(self, written: str, has_number: bool) -> None:
        self._written = written
        self.has_number = has_number
        """Whether it matches only where a number is."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self._written)


class Rules:
    """One language's rules. Whatever has to be compiled is, when a text first asks for it."""

    def __init__(self, language: str, data: Mapping[str, Any]) -> None:
        self.language = language
        self._data = data
        self.parts_words = data.get("edges", "words") != "none"
        """Whether its script parts words."""
        self._start = (START if self.parts_words else "") + data.get("prefix", "")
        self._end = END if self.parts_words else ""
        self._reach = _REACH if self.parts_words else _NEAR

    @cached_property
    def larger(self) -> re.Pattern[str] | None:
        """The end of what stands before a number that is only a part of a larger one."""
        tens = self._data.get("tens", ())
        gaps = [r"\s", "-"] if self.parts_words else []
        joins = "|".join([*gaps, *map(re.escape, self._data.get("joins", ()))])
        return re.compile(f"(?:{_either(tens)})(?:{joins})*$") if tens else None

    @cached_property
    def _number(self) -> re.Pattern[str]:
        end = END if self._data.get("whole_numbers") else ""
        return re.compile(self._start + _number(self._data.get("numbers", {}), 1, _FIGURES, end))

    @cached_property
    def _half(self) -> re.Pattern[str] | None:
        return re.compile(f"(?:{self._listed('halves')}){END}") if self._data.get("halves") else None

    @cached_property
    def spelled(self) -> re.Pattern[str]:
        """Words that are looked for in letters without gaps: numbers from 10 and minors, each with its own gaps as
        empty groups."""
        numbers = self._data.get("numbers", {})
        listed = [form for number, forms in numbers.items() if int(number) >= 10 for form in forms]
        listed += [word for word in self._data.get("minors", ()) if "*" not in str(word)]
        longest = sorted({plain_form(str(word)) for word in listed}, key=len, reverse=True)
        return re.compile("|".join("()".join(map(re.escape, _GAPS.split(word))) for word in longest))

    _edge = re.compile(END)

    def numbers_in(self, plain: str) -> Iterator[tuple[int, int, int]]:
        """Yield where a text has a number in words, and which."""
        for found in self._number.finditer(plain) if self.parts_words else ():
            if not found["n"].isdecimal() and self._edge.match(plain, found.end()):
                yield *found.span("n"), self._values["".join(_GAPS.split(found["n"]))]

    @cached_property
    def _values(self) -> Mapping[str, int]:
        return {
            "".join(_GAPS.split(plain_form(str(form)))): int(number)
            for number, forms in self._data.get("numbers", {}).items()
            for form in forms
        }

    def marked(self, plain: str) -> str:
        """Return a text with one sign for each number from 0 to 17, padded to the number's length."""
        if not self.parts_words:
            return plain
        parts, last = [], 0
        for found in self._number.finditer(plain):
            start, end = found.span("n")
            if start >= last and (self.larger is None or not self.larger.search(plain[max(start - 40, 0) : start])):
                word = found["n"]
                value = int(word) if word.isdecimal() else self._values["".join(_GAPS.split(word))]
                half = self._half.match(plain, end) if self._half is not None else None
                end = end if half is None else half.end()
                parts += [plain[last:start], chr(_SIGN + value), _PAD * (end - start - 1)]
                last = end
        return "".join((*parts, plain[last:])) if parts else plain

    @cached_property
    def ages(self) -> tuple[Line, ...]:
        """Expressions for somebody's age, and whether each has a number in it."""
        return tuple(self._lines([*self._data.get("ages", ()), *(self._bare() if self.parts_words else ())]))

    @cached_property
    def born(self) -> tuple[Line, ...]:
        """Expressions for the year when somebody was born: their group `y`."""
        return tuple(self._lines(self._data.get("born", ())))

    @cached_property
    def many_ages(self) -> tuple[Line, ...]:
        """Expressions for the age of several."""
        return tuple(self._lines(self._data.get("many_ages", ())))

    @cached_property
    def hints(self) -> tuple[Line, ...]:
        """Expressions for what may be an age."""
        return tuple(self._lines(self._data.get("hints", ())))

    @cached_property
    def classes(self) -> tuple[Line, ...]:
        """Expressions for a class of a school."""
        return tuple(self._lines(self._data.get("classes", ())))

    def _bare(self) -> Iterator[str]:
        """Yield expressions for a number without a unit that is an age: `Ann, 14, who`, `a girl of 14`, `turns 14`."""
        names = ("persons", "of", "just", "turns", "is", "not_between", "dates")
        listed = {name: "|".join(map(str, self._data.get(name, ()))) for name in names}
        just = rf"(?:(?:{listed['just']})\s+)*" if listed["just"] else ""
        of = rf"(?:{listed['of']})\s+" if listed["of"] else ""
        ends = r"(?:{e}|(?=\s+{d}))" if listed["dates"] else "{e}"
        yield f"{{bare}}{_OPENED}{just}{{t}}{{e}}"
        yield rf"{{bare}}{_OPENED}{just}{{m}}(?=\s*[,;)|/\u060c])"
        yield rf"{{bare}}{_BEGUN}{just}{{t}}(?!\s*(?:[.):]|$)){{e}}"
        if listed["persons"]:
            optional = f"(?:{of})?" if of else ""
            yield rf"{{bare}}(?:{listed['persons']}){{b}}(?:,|\s*\(|\s-)?\s*{optional}{just}{{m}}{{e}}"
        if of:
            yield f"{{bare}}{{of}}{of}{just}{{t}}{{e}}"
        if listed["is"]:
            yield rf"{{bare}}(?:{listed['is']})\s+{just}{{m}}" + ends
        if listed["turns"]:
            word = rf"(?!(?:{listed['not_between'] or '$'}){{b}}){{l}}+\s+"
            yield rf"{{bare}}(?:{listed['turns']})\s+(?:{word})" "{0,3}" f"{just}{{m}}" + ends

    def _lines(self, lines: Iterable[Any]) -> Iterator[Line]:
        start = START + self._data.get("prefix", "") if self.parts_words else ""
        for line in map(str, lines):
            written = plain_form(line)
            for name, expression in self._signs_of_lines.items():
                written = written.replace(name, expression)
            yield Line(f"{start}(?:{written}){self._end}", any(name in line for name in _LEAST))

    @cached_property
    def _signs_of_lines(self) -> Mapping[str, str]:
        """What is written in lines for a number, a class's number, and what may follow a number without a unit."""
        follow = self._listed("after")
        ends = [
            r"$",
            r"[.,;:!?)\]\"\u201d\u00bb|/\u2026\u060c\u061b\u0964]",
            r"\s-",
            *([f"(?:{follow}){END}"] if follow else []),
        ]
        listed = {name: self._listed(name) for name in ("nth", "dates", "feasts", "keeps", "not_born", "not_after")}
        other = rf"(?!\s*(?:{listed['not_after']}))" if listed["not_after"] else ""
        return {
            "{nth}": f"(?P<n>{listed['nth']})",
            "{d}": f"(?:{listed['dates']}){END}",
            "{feast}": f"(?:{listed['feasts']})",
            "{keeps}": f"(?:{listed['keeps']})",
            "{w}": rf"(?:(?!(?:{listed['not_born'] or '$'}){END}){{l}}+\s+){{0,4}}",
            "{count}": _COUNT,
            **self._numbers,
            "{e}": rf"(?=\s*(?:{'|'.join(ends)})){other}",
            "{o}": _either(self._data.get("ordinals", ())),
            "{b}": END,
            "{l}": _LETTER,
            "{of}": "(?P<of>)",
            "{bare}": "(?P<bare>)",
            "{months}": _MONTHS,
            "{weeks}": _WEEKS,
            "{y}": _YEAR,
            "{r}": _ROMAN,
            "{f}": r"(?<!\d)(?P<f>20\d\d)(?!\d)",
            "{yy}": r"(?<!\d)(?P<y>[01]\d)(?!\d)",
            "{to}": _TO,
        }

    def _listed(self, name: str) -> str:
        return "|".join(plain_form(str(one)) for one in self._data.get(name, ()))

    @cached_property
    def _numbers(self) -> Mapping[str, str]:
        if self.parts_words:
            return {
                name: f"[{chr(_SIGN + least)}-{chr(_SIGN + 17)}]{_PAD}*(?!{_PAD})" for name, least in _LEAST.items()
            }
        return {
            name: _number(self._data.get("numbers", {}), least or 1, _FIGURES if least < 10 else "1[0-7]")
            for name, least in _LEAST.items()
        }

    @cached_property
    def minors(self) -> Words:
        """One person who is a minor."""
        return self._words("minors")

    @cached_property
    def many(self) -> Words:
        """Several."""
        return self._words("many")

    @cached_property
    def youth(self) -> Words:
        """What only hints at youth."""
        return self._words("youth")

    @cached_property
    def sexual(self) -> Words:
        """Bare words for sexual content."""
        return self._words("sexual")

    @cached_property
    def _signs(self) -> Words:
        return self._words("signs")

    def is_meant(self, plain: str) -> bool:
        """Return whether a text has one of the words that only this language has."""
        return next(iter(self._signs.find(plain)), None) is not None

    def _words(self, name: str) -> Words:
        listed = map(str, self._data.get(name, ()))
        return Phrases(listed, self._data.get("prefix", "")) if self.parts_words else Anywhere(listed)

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """Words that other languages have, too."""
        return frozenset(plain_form(str(word)) for word in self._data.get("doubtful", ()))

    def signs_in(self, plain: str) -> int:
        """Return how many different words of this language's `signs` a text has."""
        return len({plain[slice(*place)] for place in self._signs.find(plain)})

    @cached_property
    def negated(self) -> re.Pattern[str]:
        """The end of what stands before a word that is ruled out."""
        return re.compile(f"{self._start}(?:{'|'.join(map(plain_form, self._data['negated']))})[\\s-]*$")

    @cached_property
    def apart(self) -> Contexts:
        """Where no age is meant."""
        return self._contexts("apart", _NEAR)

    @cached_property
    def things(self) -> Contexts:
        """Where no person is meant."""
        return self._contexts("things", self._reach)

    @cached_property
    def others(self) -> Contexts:
        """Where somebody else is meant."""
        return self._contexts("others", self._reach)

    @cached_property
    def trades(self) -> Contexts:
        """Where a sexual word is only what somebody sells, sews or teaches."""
        return self._contexts("trades", _NEAR)

    @cached_property
    def past(self) -> Contexts:
        """Where it is of long ago."""
        return self._contexts("past", self._reach)

    def _contexts(self, name: str, reach: str) -> Contexts:
        return contexts(self._data.get(name, {}), self._start, self._end, reach)

    @cached_property
    def kin(self) -> re.Pattern[str] | None:
        """The end of what stands before the age of somebody's child, over a comma and a list: his sons, 9 and 14."""
        if not self._data.get("kin"):
            return None
        numbers = _number(self._data.get("numbers", {}), 1, _FIGURES).replace("?P<n>", "?:")
        between = "|".join([*map(plain_form, self._data.get("listed", ())), numbers])
        return re.compile(f"{self._start}(?:{self._listed('kin')}){self._end}(?:[\\s,:(/&+-]|{between})*$")

    @cached_property
    def clauses(self) -> Clauses:
        """What excuses an age by the whole of its clause."""
        return clauses(self._data, self.parts_words, self._end)

    @cached_property
    def numbered(self) -> re.Pattern[str] | None:
        """The end of what stands before a number that is no age: of a house, a size, a group."""
        listed = self._listed("numbered")
        return re.compile(f"{self._start}(?:{listed}){self._end}") if listed else None

    @cached_property
    def groups(self) -> re.Pattern[str] | None:
        """The end of what stands before `of 14` where that is how many there are."""
        listed = self._listed("groups")
        return re.compile(f"{self._start}(?:{listed})\\s*$") if listed else None

    @cached_property
    def likeness(self) -> Mapping[str, re.Pattern[str]]:
        """Where somebody real is meant."""
        return {
            name: re.compile(f"{self._start}(?:{'|'.join(map(plain_form, lines))}){self._end}")
            for name, lines in self._data.get("likeness", {}).items()
        }


def rules_for(plain: str) -> list[Rules]:
    """Return the rules of the languages that a text may be in, by its script."""
    return [rules_of(language) for language in LANGUAGES if _script(language).search(plain)]


_SHORTEST = 5
"""Letters of a word that is looked for among others without a gap: shorter ones are parts of too many words."""


def spelled_cuts(run: str) -> Iterator[int]:
    """Yield where words begin and end in letters that are written without gaps: sheis|sixteen."""
    for rules in rules_for(run):
        for found in rules.spelled.finditer(run):
            if len(found.group()) >= _SHORTEST or found.group() == run:
                yield from found.span()
                yield from (place for place in map(found.start, range(1, rules.spelled.groups + 1)) if place >= 0)


@cache
def _script(language: str) -> re.Pattern[str]:
    return re.compile(_SCRIPTS.get(language, _ANY_LATIN))


@cache
def rules_of(language: str) -> Rules:
    """Return the rules of a language."""
    import yaml

    return Rules(language, yaml.load(_read(language), yaml.CSafeLoader))


def _number(words: Mapping[Any, Iterable[Any]], least: int, figures: str, end: str = "") -> str:
    """Return an expression for a number from `least` to 17; `end` is what follows one in words."""
    named = [str(word) for number, forms in words.items() if int(number) >= least for word in forms]
    return rf"(?P<n>(?<![\d:/])(?<!\d[.,])(?:{figures})(?![\d:/]|[.,]\d){'|' + _either(named) + end if named else ''})"


def _read(language: str) -> bytes:
    return (resources.files("personaforge.guard") / "rules" / f"{language}.yaml").read_bytes()


def _either(words: Iterable[Any]) -> str:
    """Return an expression for any of the words, the longest first."""
    longest = sorted((plain_form(str(one)) for one in words), key=len, reverse=True)
    parts = (re.escape(word).replace(r"\ ", r"[\s_-]+").replace(r"\-", r"[\s_-]*") for word in longest)
    return f"(?:{'|'.join(parts)})"
