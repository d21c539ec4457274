"""Heights that a brief states: with a unit (1.83 m, 170 cm, 5'11", six feet), and, where a word says that somebody is
that tall, without one (mide 1,80). A number behind a comma or a point is neither an age nor, after another word (a
price, a weight, a distance), a height.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from personaforge.brief.fact import Fact
from personaforge.brief.found import Found
from personaforge.brief.text import END, LETTER, START

_CENTIMETRES = re.compile(
    r"(?<![\d.,])(1[4-9]\d|20\d)\s*(?:cm|centim\w*|см|сантиметр\w*|سم|سنتيمتر|סמ|ס\"מ|सेमी|से\.मी\.|センチ(?:メートル)?|센티(?:미터)?"
    r"|厘米|公分)"
)
_METRES = re.compile(
    r"(?<![\d.,])(1[.,][4-9]\d|2[.,]0\d|1[.,][4-9](?![\d.,]))"
    r"\s*(?:m(?:et(?:ro|re|er|ri|r))?s?(?!\w)|м(?:етр\w*)?(?!\w)|متر\w*|מטר\w*|मीटर|メートル|미터|米)"
)
_METRES_AND_MORE = re.compile(
    r"(?<![\d.,])([12]\s?(?:m(?:et(?:ro|re|er|ri|r))?s?|м(?:етр)?|متر|מטר|मीटर|メートル|미터|米)"
    r"(?:\s?(?:y|e|et|und|en|i|и|و|ו)?\s?)[04-9]\d?)(?:\s?(?:cm|см|センチ))?(?![\w.,%]\d|\w)"
)
_FEET = re.compile(
    r"(?<!\d)(?P<feet>[4-6])\s*(?:'|ft\.?|-?foot|-?feet)[\s-]*(?P<inches>\d{1,2}(?!\d))?(?:\"|''|\s*in(?:ches|\b)|(?!\w))"
)
_WORDED = {"four": 4, "five": 5, "six": 6}
_INCHES = "one two three four five six seven eight nine ten eleven".split()  # noqa: SIM905
_FEET_IN_WORDS = re.compile(
    rf"{START}(?P<feet>four|five|six)[\s-]+(?:feet|foot|ft)(?:[\s-]+(?P<inches>{'|'.join(_INCHES)}|\d{{1,2}})"
    rf"(?:[\s-]+inch(?:es)?)?)?{END}|{START}(?P<plain_feet>five|six)[\s-](?P<plain>{'|'.join(_INCHES)})"
    rf"(?=[\s-]+(?:tall|in height){END})"
)
_BARE = re.compile(r"(?<![\d.,'])(?:(?P<m>[12])[.,](?P<cm>\d\d)|(?P<whole>1[4-9]\d|20\d))(?![\d]|[.,]\d|\s*[%$€£¥])")
_ALONE_BEFORE, _ALONE_BEHIND = re.compile(r"[,;/،、，-]\s*$"), re.compile(r"\s*(?:[,;)/،、，。।]|\.?\s*$|\.\s)")
"""What metres without a unit stand between where they are a part of a list about somebody: nurse, 41, 1,65."""
_SHORTEST, _TALLEST = 140, 210
"""Centimetres that an adult's height is read between, as those with a unit."""


def heights(found: Found) -> Iterator[Fact]:
    """Yield each height in cm."""
    plain = found.text.plain
    for matcher in (_CENTIMETRES, _METRES, _METRES_AND_MORE):
        for hit in matcher.finditer(plain):
            digits = re.sub(r"\D", "", hit.group(1)).ljust(3, "0")
            if not _SHORTEST <= int(digits) <= _TALLEST:
                continue
            if found.is_free(*hit.span()) and not _is_a_thing(found, hit.start(), hit.end()):
                yield found.fact("height", "dna.body.height_cm", int(digits), *_tall(found, *hit.span()))
    if found.words.tag == "en":
        for matcher in (_FEET, _FEET_IN_WORDS):
            for hit in matcher.finditer(plain):
                groups = hit.groupdict()
                feet, inches = groups["feet"] or groups["plain_feet"], groups["inches"] or groups.get("plain") or "0"
                number = int(inches) if inches.isdigit() else _INCHES.index(inches) + 1
                height = round(((_WORDED.get(feet) or int(feet)) * 12 + number) * 2.54)
                if found.is_free(*hit.span()) and _SHORTEST <= height <= _TALLEST and number < 12:
                    yield found.fact("height", "dna.body.height_cm", height, *_tall(found, *hit.span()))
    for hit in _BARE.finditer(plain):
        height = int(hit.group("whole") or 100 * int(hit.group("m")) + int(hit.group("cm")))
        start, end = _tall(found, *hit.span())
        alone = hit.group("m") and _ALONE_BEFORE.search(plain[:start]) and _ALONE_BEHIND.match(plain, end)
        if ((start, end) != hit.span() or alone) and _SHORTEST <= height <= _TALLEST and found.is_free(*hit.span()):
            yield found.fact("height", "dna.body.height_cm", height, start, end)


def _is_a_thing(found: Found, start: int, end: int) -> bool:
    """Return whether metres aren't somebody's: 1.80 m of cloth, a jump over 1,80 m, a table 1.60 m long."""
    rule, plain = found.words.lists.get("not_tall", {}), found.text.plain
    before, behind = rule.get("before"), rule.get("after")
    return bool(
        (before and re.search(rf"{START}(?:{before})[^.;!?\n]{{0,12}}$", plain[:start]))
        or (behind and re.match(rf"[\s-]*(?:{behind}){END}", plain[end:]))
    )


def _tall(found: Found, start: int, end: int) -> tuple[int, int]:
    """Return where a height is, with the word beside it that says that it is one: 170 cm tall, Größe 170 cm."""
    rule, plain = found.words.lists["tall"], found.text.plain
    first = last = None
    parted = START if found.words.parted else ""
    if "before" in rule:
        between = rf"[^\w,.;]*(?:(?:{LETTER}{{1,2}}|{rule['link']})[\s:]+)?" if "link" in rule else (
            rf"[^\w,.;]*(?:{LETTER}{{1,2}}\s+)?"
        )  # fmt: skip
        before = re.search(rf"{parted}(?:{rule['before']}){between}$", plain[:start])
        first = before.start() if before and found.is_free(before.start(), start) else None
    if "after" in rule:
        after = re.match(rf"[\s-]*(?:{rule['after']}){END if found.words.parted else ''}", plain[end:])
        last = end + after.end() if after and found.is_free(end, end + after.end()) else None
    return start if first is None else first, end if last is None else last
