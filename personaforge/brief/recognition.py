"""Whether a brief is in the language that its words are nearest to, or in none of the 16. Pure.

A brief is read by the nearest language's lists in any case; this says whether that language may be named. It counts
little words ("and", "with"), its own and those of languages that are often taken for one of ours
(`data/others.yaml`), letters that the nearest language doesn't have, and how much of the text is in words of the
nearest language's lists. Where there is too little of all that, as in nonsense or in a lone name, no language is
named. Scripts that one of our languages has nearly to itself (Hebrew, Devanagari, Hangul, kana, Chinese characters)
are taken for that language.
"""

from __future__ import annotations

import re
from functools import cache

from personaforge.brief.language import LATIN, data, language, share_of

_LEAST = 0.15
_SURE = 0.5
"""Share of a brief's letters that are in words of the nearest language's lists. From `_SURE` on another language's
little words don't count; without any little word at least `_LEAST` is needed. Chosen on the briefs of our tests and
45 sentences in other languages; `python -m tests.benchmarks.brief_languages` prints the errors, on others, too."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
"""A word with what an apostrophe parts: the Turkish `Sevilla'dan` has no Indonesian `dan`."""
_FOREIGN = {
    "ru": re.compile("[іїєґўђјљњћџѓќѕѝѣ]"),
    "ar": re.compile("[پچژگکیٹڈڑےں]"),
}
"""Letters of languages that share a script: Ukrainian, Belarusian, Serbian and Macedonian; Persian and Urdu."""
_SCRIPTS = {"he", "hi", "ja", "ko", "zh"}


def is_recognised(original: str, plain: str, tag: str) -> bool:
    """Return whether a brief, as it is written and in the lists' form, is in the language with that tag, to which its
    words are nearest. So is a brief without any letter: it isn't in another one."""
    words = _WORD.findall(original.casefold())
    if not words or tag in _SCRIPTS:
        return True
    foreign = _FOREIGN.get(tag)
    if foreign is not None and foreign.search(original.casefold()):
        return False
    if tag not in (*LATIN, "ru"):
        return True
    share = share_of(plain, tag)
    little = sum(word in language(tag).signs for word in re.findall(r"[^\W\d_]+", plain))
    other = max(sum(word in listed for word in words) for listed in _others())
    if other > little:
        return share >= _SURE
    return little > 0 or share >= _LEAST


@cache
def _others() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(words) for words in data("others").values())
