"""Reads texts by the rules, and says what is refused: a minor, and sexual content with any hint of youth.

Every language's rules read every text in its script: briefs mix languages. A mention is innocent where the same clause
says whose it is or when that was: a mother of a 14-year-old, at 14 she began, sixteen years sober.

A year of birth is compared with the year of today, or the one that is handed over. People only grow older, so what was
fine in one year is fine in every later one, and what is remembered as fine needs no date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from personaforge.digest import digest_bytes, digest_strings
from personaforge.guard.adult import adult_age
from personaforge.guard.rules import Line, Rules, Words, rules_for, spelled_cuts
from personaforge.guard.text import Text, joined_letters, text_of

MINOR, SEXUAL, LIKENESS = "minor", "sexual", "likeness"
_SENTENCE = re.compile(r"[.!?。！？;\n]")
_MARKUP = re.compile(r"[*_`\"{}]")
"""Signs of Markdown and JSON around labels and values."""
_ABBREVIATED = re.compile(r"(?<=\b[a-z])\.|(?<=\d)\.(?=\s?[a-zº])")


class Passage(NamedTuple):
    """A text to be read."""

    path: str
    """Where it stands, such as `brief` or `matrix.scenes.beach.text`."""
    text: str
    is_shown: bool = False
    """Whether it is about a picture: whoever it names is shown, and nobody's child or past excuses that."""


class Finding(NamedTuple):
    """What is refused."""

    path: str
    rule: str
    """minor: somebody is a minor. sexual: sexual content with a hint of youth. likeness: somebody real is meant."""
    words: tuple[str, ...]
    """The words it means, as they are written."""

    @property
    def message(self) -> str:
        """What was found and what is expected, in one sentence."""
        return f"found {' and '.join(repr(word) for word in self.words)}: {self.expected}"

    @property
    def expected(self) -> str:
        """What is expected, without the words that were found."""
        if self.rule == MINOR:
            return "every persona, and everybody shown, is 18 or older"
        if self.rule == LIKENESS:
            return "a real person's likeness needs a consent record"
        return "sexual content with any hint of youth is refused, whoever's age is meant"

    @property
    def hint(self) -> str:
        """What to write instead, where an adult was meant."""
        if self.rule == MINOR:
            return "nothing is made of it; where it is somebody else's age, or long ago, say whose or when"
        if self.rule == LIKENESS:
            return "subject: ID, with consent/ID.yaml; or describe somebody without naming whom to look like"
        return "nothing is made of it"


class _Seen(NamedTuple):
    """What one text mentions."""

    minors: tuple[str, ...]
    """Words that make the persona, or somebody, a minor."""
    shown: tuple[str, ...]
    """The same, where what is named is shown."""
    young: tuple[str, ...]
    """Any hint of youth."""
    hints: tuple[str, ...]
    """Those that are nobody else's: they count beside sexual content of another text."""
    sexual: tuple[str, ...]


def findings(passages: Iterable[Passage], year: int | None = None) -> list[Finding]:
    """Return what is refused in texts that belong to one persona, in their order.

    `year` is the one that years of birth are compared with: without it, today's.
    """
    found: list[Finding] = []
    now = date.today().year if year is None else year
    seen = [(passage, _read(passage.text, now)) for passage in passages if passage.text]
    for passage, one in seen:
        minors = one.shown if passage.is_shown else one.minors
        if one.sexual and one.young:
            found.append(Finding(passage.path, SEXUAL, (one.sexual[0], one.young[0])))
        elif minors:
            found.append(Finding(passage.path, MINOR, minors[:1]))
    if not found:
        sexual = [(passage, one.sexual[0]) for passage, one in seen if one.sexual]
        hints = [one.hints[0] for passage, one in seen if one.hints]
        if sexual and hints:
            found.append(Finding(sexual[0][0].path, SEXUAL, (sexual[0][1], hints[0])))
    return found


_BORN = ("born", "birth_year", "birth_date", "birthday", "date_of_birth")
"""Keys of which the value is a year of birth, or has one."""


def passages_of(value: Any, path: str, is_shown: bool = False) -> Iterator[Passage]:
    """Yield every text of nested values, and an age that is a number as a text that says so."""
    if isinstance(value, str):
        yield Passage(path, value, is_shown)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else str(key)
            if key == "age" and _is_young(inner):
                yield Passage(here, f"age {int(float(inner))}", is_shown)
            elif key in _BORN and isinstance(inner, (str, int, date)):
                yield Passage(here, f"born {inner}", is_shown)
            else:
                if is_shown:  # the names of scenes and clothes stand in prompts, too
                    yield Passage(here, str(key).replace("_", " "), is_shown)
                yield from passages_of(inner, here, is_shown)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from passages_of(inner, f"{path}.{index}", is_shown)


def _is_young(age: Any) -> bool:
    try:
        return 0 <= float(age) < 18
    except (TypeError, ValueError):
        return False


class _Mention(NamedTuple):
    """A place where a language's rules read something."""

    start: int
    end: int
    rules: Rules
    is_word: bool
    """Whether it is a word, and no age: a school's name is no pupil's."""
    is_birth: bool = False
    """Whether it is a year of birth: that it was long ago excuses no other."""
    is_bare: bool = False
    """Whether it is a number without a unit."""


@lru_cache(maxsize=8192)
def _read(original: str, year: int) -> _Seen:
    text = text_of(original)
    found = [_read_text(text, year)]
    joined = joined_letters(text, spelled_cuts)
    if joined is not None:
        found.append(_read_text(joined, year))
    bare = _MARKUP.sub("", original)
    if bare != original:  # **Age:** 16, "age": 16
        found.append(_read_text(text_of(bare), year))
    return _Seen(*(tuple(dict.fromkeys(word for words in one for word in words)) for one in zip(*found, strict=True)))


def _read_text(text: Text, year: int) -> _Seen:
    used = rules_for(text.plain)
    marked = {rules.language: rules.marked(text.plain) for rules in used}

    def ages_by(name: str, is_word: bool = False) -> list[_Mention]:
        return [
            _Mention(start, end, rules, is_word, is_bare=is_bare)
            for rules in used
            for start, end, is_bare in _ages(rules, getattr(rules, name), text, marked[rules.language], used, year)
        ]

    def words(name: str) -> list[_Mention]:
        places = ((rules, place) for rules in used for place in _words(rules, getattr(rules, name), text, used))
        return [_Mention(*place, rules, True) for rules, place in places]

    born = [
        (_Mention(start, end, rules, False, True), age)
        for rules in used
        for start, end, age in _born(rules, text, year, marked[rules.language], used)
    ]
    minors = [*ages_by("ages"), *ages_by("classes", True), *words("minors")]
    minors += [one for one, age in born if age < 18]
    minors += [_Mention(start, end, rules, False) for rules in used for start, end in _apart_numbers(rules, text)]
    may_be = [*ages_by("hints"), *(one for one, age in born if age == 18)]
    many, youth = [*ages_by("many_ages"), *words("many")], words("youth")
    named = [one for one in _joined(text, minors, year) if not one.apart]
    if any(not one.excused and one.is_open for one in named):
        adult = adult_age(text.plain, text.original, used)
        if adult is not None:  # Sculptor, 58, pupil of a master; nurse of 41 with a girl, 4
            named = [one.decided() if one.is_open and adult.decides(one.is_word, one.start) else one for one in named]
    several = [one for one in _joined(text, many, year) if not one.apart]
    hints = [one.words for one in _joined(text, youth, year) if not one.apart]
    ages_perhaps = [one.words for one in _joined(text, may_be, year) if not one.apart]
    young = [one.words for one in (*named, *several)] + hints + ages_perhaps
    return _Seen(
        minors=tuple(one.words for one in named if not one.excused),
        shown=tuple(one.words for one in (*named, *several)),
        young=tuple(dict.fromkeys(young)),
        hints=tuple(hints),
        sexual=tuple(text.words(one.start, one.end) for one in words("sexual") if not _is_a_trade(text, one, used)),
    )


def _is_a_trade(text: Text, one: _Mention, used: Sequence[Rules]) -> bool:
    around = _around(text.plain, one.start, one.end)
    return any(rules.trades.excuse(*around) for rules in used)


def _apart_numbers(rules: Rules, text: Text) -> Iterator[tuple[int, int]]:
    """Yield numbers from 10 to 17 that are written letter by letter: nobody writes anything else so."""
    for start, end, value in rules.numbers_in(text.plain):
        letters = sum(not one.isspace() for one in text.plain[start:end])
        if value >= 10 and text.places[end - 1] - text.places[start] >= 2 * (letters - 1):
            yield start, end


def _born(rules: Rules, text: Text, year: int, marked: str, used: Sequence[Rules]) -> Iterator[tuple[int, int, int]]:
    """Yield where a year of birth stands, or how long ago it was, and the age that somebody becomes in a year, up to
    18: 17 for all that were born less than 18 years ago."""
    ago = [line for line in rules.born if line.has_number]
    yield from ((start, end, 17) for start, end, _ in _ages(rules, ago, text, marked, used, year))
    for line in rules.born:
        if line.has_number:
            continue
        for found in line.pattern.finditer(text.plain):
            born = int(found["y"].lstrip("'"))
            if born < 100:  # born in '12: of the two centuries, the latest that isn't to come
                born += 2000 if 2000 + born <= year else 1900
            if year - born <= 18:
                yield *found.span(), year - born


class _Joined(NamedTuple):
    """Mentions at one place: a word that several languages have is excused by the contexts of any of them."""

    words: str
    start: int
    apart: bool
    excused: bool
    is_word: bool
    is_open: bool
    """Whether an adult age of the persona decides for innocence."""

    def decided(self) -> _Joined:
        """Return the same as an innocent mention."""
        return self._replace(excused=True)


def _joined(text: Text, mentions: Iterable[_Mention], year: int) -> Iterator[_Joined]:
    last: list[_Mention] = []
    for one in [*_widest(mentions), None]:
        if last and (one is None or one.start >= max(each.end for each in last)):
            around = [(each, *_around(text.plain, each.start, each.end)) for each in last]
            first = min(each.start for each in last)
            yield _Joined(
                text.words(first, max(each.end for each in last)),
                first,
                any(
                    each.rules.apart.excuse(before, after)
                    or (each.is_word and each.rules.things.excuse(before, after))
                    or (
                        each.rules.clauses.owned is not None
                        and not each.is_word
                        and each.rules.clauses.owned.search(before)
                    )
                    for each, before, after in around
                ),
                any(
                    each.rules.others.excuse(before, after)
                    or (not each.is_birth and each.rules.past.excuse(before, after))
                    or (each.rules.kin is not None and each.rules.kin.search(before))
                    or (not each.is_word and _is_a_named_childs(text, each, before, after))
                    or (not each.is_birth and _was_then(each.rules, before, after, year))
                    or (each.rules.clauses.grown is not None and _is_outgrown(text.plain, each, before, after))
                    for each, before, after in around
                ),
                all(each.is_word for each in last),
                all(_is_open(text.plain, each) for each in last),
            )
            last = []
        if one is not None:
            last.append(one)


def _is_open(plain: str, one: _Mention) -> bool:
    return one.is_bare or (one.is_word and one.rules.clauses.ambiguous.match(plain, one.start) is not None)


_NAMED = re.compile(r"(?:[^\W\d_][\w'\u0900-\u0963-]*)(?=[\s,،、(/-]*(?:(?:of|aged|de|di|d'|van|von)[\s]*)?$)")


def _is_a_named_childs(text: Text, one: _Mention, before: str, after: str) -> bool:
    """Return whether a name stands before an age, in a list behind "mother of", or before it: Tim, 12, and Ana, 15."""
    before_list, after_list = one.rules.clauses.parents, one.rules.clauses.parents_after
    if not (before_list and before_list.search(before)) and not (after_list and after_list.match(after)):
        return False
    named = _NAMED.search(text.original[max(0, text.places[one.start] - 40) : text.places[one.start]].rstrip())
    parts = named[0].split("'") if named else [""]  # d'Ana, Ana'nın
    first = next((part[0] for part in parts if part[:1].isupper()), parts[0][:1])
    # A script without capitals shows no name: there, only a number without a unit, or a strict list, is a child's.
    return first.isupper() or (bool(first) and first == first.swapcase() and (one.is_bare or not one.rules.parts_words))


def _was_then(rules: Rules, before: str, after: str, year: int) -> bool:
    """Return whether a word is one of a time long ago, whose young are adults now: in the nineties, in 1994."""
    if rules.clauses.then is None:
        return False
    for found in rules.clauses.then.finditer(f"{before[-40:]}\0{after[:40]}"):
        beside = re.match(r"[\s,]*\0", found.string[found.end() :]) or re.search(
            r"\0[\s,]*$", found.string[: found.start()]
        )
        if beside and ("y" not in found.re.groupindex or not found["y"] or int(found["y"]) <= year - 18):
            return True
    return False


def _is_outgrown(plain: str, one: _Mention, before: str, after: str) -> bool:
    """Return whether an age was that of long ago, because the sentence has an adult's age of today behind it."""
    at, now = one.rules.clauses.grown or (re.compile("(?!)"),) * 2
    mention = before[-24:] + plain[one.start : one.end]
    return not one.is_birth and at.search(mention) is not None and now.search(after) is not None


def _widest(mentions: Iterable[_Mention]) -> list[_Mention]:
    """Return mentions in their order, without what lies within a wider one of the same language."""
    kept: list[_Mention] = []
    for one in sorted(mentions, key=lambda one: (one.start, -one.end)):
        if not any(other.rules is one.rules and other.end >= one.end for other in kept):
            kept.append(one)
    return kept


def _ages(
    rules: Rules, lines: Iterable[Line], text: Text, marked: str, used: Sequence[Rules], year: int
) -> Iterator[tuple[int, int, bool]]:
    """Yield where ages stand, and whether each is a number without a unit."""
    plain = text.plain
    is_marked = marked is not plain
    for line in lines:
        if line.has_number and not is_marked and rules.parts_words:
            continue
        pattern = line.pattern
        for found in pattern.finditer(marked if line.has_number else plain):
            if "f" in pattern.groupindex and found["f"] and int(found["f"]) <= year:  # a class of a year that is over
                continue
            number = found.start("n") if "n" in pattern.groupindex else -1
            if number >= 0 and rules.larger is not None and rules.larger.search(plain[:number]):
                continue
            if "bare" in pattern.groupindex:
                words = plain[slice(*found.span())].split()
                if (words[-1] in rules.clauses.shared or words[0] == "a") and _is_foreign(rules, plain, used):
                    continue
                around = _around(plain, *found.span())
                if any(_is_numbered(one, *around) for one in used) or _is_called(text, found.start()):
                    continue
            if lines is rules.hints and any(_is_numbered(one, *_around(plain, *found.span())) for one in used):
                continue
            if "of" in pattern.groupindex and rules.groups is not None and rules.groups.search(plain[: found.start()]):
                continue
            yield *found.span(), "bare" in pattern.groupindex


def _words(rules: Rules, listed: Words, text: Text, used: Sequence[Rules]) -> Iterator[tuple[int, int]]:
    for start, end in listed.find(text.plain):
        before = text.plain[max(start - 40, 0) : start]
        if any(one.negated.search(before) for one in used):
            continue
        if text.plain[start:end] not in rules.doubtful or (
            rules.is_meant(text.plain) and not _is_foreign(rules, text.plain, used)
        ):
            yield start, end


def _is_foreign(rules: Rules, plain: str, used: Sequence[Rules]) -> bool:
    """Return whether a text has more words of another language than of this one: "Baker from Cork, once a boxer"."""
    own = rules.signs_in(plain)
    return any(one.signs_in(plain) > own for one in used)


def _is_numbered(rules: Rules, before: str, after: str) -> bool:
    """Return whether a house, a size or a group has that number; over a comma only where nothing follows."""
    found = list(rules.numbered.finditer(before)) if rules.numbered is not None else []
    between = before[found[-1].end() :] if found else ";"
    return len(between) <= 24 and not re.search(r"[;:()]", between) and (not after.strip() or "," not in between)


def _is_called(text: Text, start: int) -> bool:
    """Return whether a bracket stands right behind a word in small letters: `alert(2)` is code, `Maya(12)` an age."""
    bracket = text.plain.rfind("(", max(start - 2, 0), start + 1)
    word = re.search(r"[a-z0-9_.$]+$", text.original[: text.places[bracket]]) if bracket > 0 else None
    before = text.original[: text.places[bracket]] if word else ""
    return word is not None and not re.search(r"[^\W\d_]$", before[: word.start()])


def _around(plain: str, start: int, end: int) -> tuple[str, str]:
    """Return what stands before and after a mention in its sentence, 120 characters of each at most."""
    before, after = plain[max(start - 120, 0) : start], plain[end : end + 120]
    before = _SENTENCE.split(_ABBREVIATED.sub(" ", before))[-1]
    return before, _SENTENCE.split(_ABBREVIATED.sub(" ", after))[0]


@cache
def guard_edition() -> str:
    """Return a digest of the guard's code and rules, and of the brief's reader that it asks for adult ages: what it has
    read once need not be read again by the same."""
    folder = Path(__file__).parent
    brief = folder.with_name("brief")
    files = sorted(
        (*folder.glob("*.py"), *folder.glob("rules/*.yaml"), *brief.glob("*.py"), *brief.glob("data/*.yaml"))
    )
    return digest_strings("guard/1", [digest_bytes(path.read_bytes()) for path in files])[:16]
