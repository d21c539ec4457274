"""Words of a brief that state nothing about its person today: of somebody else (her husband is bald), of former times
(she used to be blonde), and where somebody was born while living elsewhere.

Somebody else is the subject of a clause (at its beginning, with whose they are, and nothing listed behind it), up to
the end of the sentence or a pronoun of the person; or has a look between them and whose they are (her bald husband).
The next sentence is theirs, too, where it begins with a pronoun that can't be the person's: her husband ... He. A plain
past tense is of former times only beside a "now" or an "is": whole briefs are told in the past.

The words are in `data/kin.yaml`, by language.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from personaforge.brief.language import data, language
from personaforge.brief.text import END, START, Text

_ARTICLES = re.compile(r"^(?:the|an?|el|la|los|las|os?|as?|les?|der|die|das|il|i|de|het)\s")
_SENTENCE = re.compile(r"[;!?\n。；！？।]|\.(?!\d)")
_COMMA = re.compile(r"[,،、，:()]|\s-\s")
_FAR = 90
"""Characters within which a past tense and its "now" belong together: two clauses of usual length."""

_NEAR = 24
"""Characters before a look within which its "now" stands."""


class _Rules(NamedTuple):
    subject: re.Pattern[str]
    between: re.Pattern[str]
    other: dict[str, re.Pattern[str]]
    """By the gender of somebody else: what says that the person is spoken of again."""
    next: dict[str, re.Pattern[str]]
    """By the gender of somebody else: a next sentence that is theirs."""
    past: re.Pattern[str]
    was: re.Pattern[str]
    behind: re.Pattern[str]
    now: re.Pattern[str]
    born: re.Pattern[str]
    born_behind: re.Pattern[str]


def of_others(text: Text, tag: str) -> list[tuple[int, int]]:
    """Return where a text speaks of somebody else than its person."""
    plain, rules = text.plain, _rules(tag)
    found: list[tuple[int, int]] = []
    for hit in rules.subject.finditer(plain):
        start = hit.start("who")
        if any(first <= hit.start("kin") < last for first, last in found):
            continue
        if _ARTICLES.match(hit.group("who")) and not plain[:start].strip():
            continue  # the person: La madre de dos hijos
        joined = re.match(r"\s+e\s", plain[hit.end("kin") :]) if tag in ("it", "pt") else None
        if joined and text.original[text.places[hit.end("kin") + joined.end() - 2]].lower() == "e":
            continue  # "and", which has lost no accent: suo marito e i capelli rossi
        gender = next((name for name in ("w", "m") if hit.group(name)), "any")
        end = _end(_SENTENCE, plain, hit.end("kin"))
        again = rules.other[gender].search(plain, hit.end("kin"), end)
        if again:
            end = again.start()
        elif hit.groupdict().get("her" if gender == "m" else "his") and gender != "any":
            while (more := rules.next[gender].match(plain, end)) is not None:
                end = _end(_SENTENCE, plain, more.end())
        named = next((name for name in ("her", "his") if hit.groupdict().get(name)), None)
        found.append((hit.end(named) if named else start, end))  # whose they are says the person's gender
    return found + [hit.span("look") for hit in rules.between.finditer(plain) if hit.group("look")]


def of_the_past(plain: str, tag: str) -> list[tuple[int, int]]:
    """Return where a plain text says how its person looked in former times."""
    rules = _rules(tag)
    found: list[tuple[int, int]] = []
    for matcher, sure in ((rules.past, True), (rules.was, False)):
        for hit in matcher.finditer(plain):
            end = min(_end(_SENTENCE, plain, hit.end()), _end(_COMMA, plain, hit.end()))
            now = rules.now.search(plain, hit.end(), hit.end() + _FAR)
            if sure or now:
                found.append((hit.start(), min(end, now.start()) if now else end))
    for hit in rules.behind.finditer(plain):
        starts = [
            one.end() for one in (*_SENTENCE.finditer(plain), *_COMMA.finditer(plain)) if one.end() <= hit.start()
        ]
        found.append((max(starts, default=0), hit.end()))
    return found


def is_of_now(plain: str, tag: str, start: int) -> bool:
    """Return whether a word that says "now" stands right before an index, at most with an "is" between."""
    return any(
        re.fullmatch(r"\s*(?:\w{1,4}\s+)?", plain[hit.end() : start]) is not None
        for hit in _rules(tag).now.finditer(plain, max(0, start - _NEAR), start)
    )


def is_birthplace(plain: str, tag: str, start: int, end: int) -> bool:
    """Return whether a place is named as the one of a birth or a childhood: born in Osaka, 大阪生まれ."""
    rules = _rules(tag)
    return any(hit.end() == start for hit in rules.born.finditer(plain, 0, start)) or bool(
        rules.born_behind.match(plain, end)
    )


def _end(matcher: re.Pattern[str], plain: str, start: int) -> int:
    hit = matcher.search(plain, start)
    return hit.start() if hit else len(plain)


def _words(words: str, parted: bool, group: str = "?:") -> str:
    return f"(?:{START if parted else ''}({group}{words or '(?!)'}){END if parted else ''})"


@cache
def _rules(tag: str) -> _Rules:
    row, words = data("kin")[tag], language(tag)
    parted = words.parted and tag != "ko"
    kin = "|".join(
        f"(?P<{name}>{'|'.join(sorted(row[name].split('|'), key=len, reverse=True))})" for name in ("w", "m", "any")
    )
    mine = {"her": row["whose"].get("w", ""), "his": row["whose"].get("m", ""), "its": row["whose"].get("any", "")}
    whose = "|".join(f"(?P<{name}>{said})" for name, said in mine.items() if said)
    gap = r"\s+" if parted else r"\s*"
    adjective = rf"(?:[^\W\d_]+{gap}){{0,2}}?" if parted else ""
    conj, end = row["conj"], END if parted else ""
    if tag in ("ar", "he"):
        lead = rf"(?:^|[.,;:!?،؛\n(]\s*|\s(?={conj})){conj}?\s*"
    else:
        mark = r"^|[.,;:!?،؛、。，；\n()]\s*|\s-\s"
        lead = rf"(?:(?:{mark})(?:{conj}){gap}|{mark}|\s(?:{conj}){gap})"
    named = rf"(?:\s*,(?!\s*(?:{'|'.join(said for said in mine.values() if said) or '(?!)'}){END})[^,.;!?]{{1,40}},)?"
    signs = "|".join(
        map(
            re.escape,
            {
                *(one for one in conj.split("|") if one != "e" or tag not in ("it", "pt")),
                "with",
                "con",
                "com",
                "avec",
                "mit",
                "met",
                "z",
                "с",
            },
        )
    )
    link = row.get("link") or rf"(?:{named}\s+(?!(?:{signs})(?!\w))(?=[\w'])|'s\s)"
    optional = "?" if tag in ("tr", "ar", "he", "ja", "ko", "zh") else ""
    who = (
        rf"(?P<who>(?:(?:{whose}){gap}{adjective}){optional}(?P<kin>{kin}){end})"
        if whose
        else rf"(?P<who>(?P<kin>{kin}){end})"
    )
    owned = "|".join(said for name, said in mine.items() if said and name != "its") or "|".join(
        one for one in mine["its"].split("|") if one and not _ARTICLES.match(f"{one} ")
    )
    nouns = "|".join(row[name] for name in ("w", "m", "any"))
    between = (
        rf"{START}(?:{owned}){gap}(?P<look>(?:[\w-]+,?{gap}){{1,3}}?)(?:{nouns}){END}"
        if owned and parted
        else "(?P<look>(?!))"
    )
    if owned and words.lists["order"] == "after" and parted:
        between = rf"{START}(?:{owned}){gap}(?:{nouns}){gap}(?P<look>[^\W\d_]+){END}"
    she, he = (_words(row[name], parted) for name in ("she", "he"))
    hers, his = mine["her"], mine["his"]
    stop = rf"[,،、，]\s*(?:(?:{conj})\s+)?|\s(?:{conj})\s+"
    other = {
        "w": f"(?:{stop}){_either(he, his, nouns)}",
        "m": f"(?:{stop}){_either(she, hers, nouns)}",
        "any": f"(?:{stop})(?:{she}|{he})",
    }
    following = {"w": rf"[\s.;!?]*{she}", "m": rf"[\s.;!?]*{he}", "any": "(?!)"}
    now = _words(row["now"], parted) + (rf"|\s(?:{conj})\s+(?:{row['is']}){END}" if "is" in row else "")
    if row["she"] == row["he"]:
        other = dict.fromkeys(other, f"(?:{stop}){she}")
    return _Rules(
        re.compile(rf"{lead}{who}{link}"),
        re.compile(between),
        {name: re.compile(one) for name, one in other.items()},
        {name: re.compile(one) for name, one in following.items()},
        re.compile(_words(row["past"], parted)),
        re.compile(_words(row.get("was", ""), parted)),
        re.compile(row.get("past_behind", "(?!)")),
        re.compile(now),
        re.compile(rf"{START if parted else ''}(?:{row.get('born') or '(?!)'})\s*(?:the\s+)?"),
        re.compile(row.get("born_behind", "(?!)")),
    )


def _either(pronoun: str, whose: str, nouns: str) -> str:
    own = rf"|{START}(?:{whose})\s+(?!(?:\w+\s+)?(?:{nouns}){END})" if whose else ""
    return f"(?:{pronoun}{own})"
