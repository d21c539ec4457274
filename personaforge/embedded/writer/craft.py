"""How well a document is written: the depth of its texts, and how distinctive its voice is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from personaforge.embedded.writer.bounds import assert_below, readings, soften_from
from personaforge.embedded.writer.flaws import Flaw, all_texts, quoted, ruled, text, texts, value
from personaforge.embedded.writer.own import tongue_of
from personaforge.embedded.writer.reading import Reading
from personaforge.embedded.writer.sayings import SOFT, stance_of
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import content_words, fold, has, pattern

_SOUL = ("desire", "fear", "wound", "growth_arc")
_PROSE = (
    *(f"soul.{field}" for field in _SOUL),
    "lifestyle.vacation_style.description",
    "lifestyle.daily_rhythm",
)
_FULL_WORDS = 16
"""Number of words from which a text of this kind is deep enough."""
_ALIKE = 0.6
_FEWEST = 4
"""With fewer meaningful words two short texts may share one by chance."""
_LETTERS = 3
"""Letters of a word, on average, up to which a text of few words in another language than English is thin; a guess of
ours, below the clean documents in German that were called thin by their words alone (3.9)."""
_WIDE = 2
"""Letters that an ideograph or a syllable sign stands for beside itself: a character says as much as some three
letters, as in `brief.language`."""
_MARGIN = 0.06
"""Margin below the softening under which somebody asserts: inside it there is no flaw."""
_ASKING_MARGIN = 0.2
"""The same above the softening from which somebody hedges. Wider: of documents by somebody who hadn't seen the rule,
three that nobody would object to lay up to 0.16 above it."""


def prose(document: Mapping[str, Any]) -> list[str]:
    """Return the paths of the texts that a document's depth is judged by."""
    return [path for path in _PROSE if value(document, path.partition(".")[0]) is not None]


def depth(document: Mapping[str, Any]) -> float:
    """Return how rich a document's prose is, 0 to 1: length up to a bound, and words that aren't used twice."""
    written = [text(document, path) for path in prose(document)]
    if not written:
        return 0.0
    length = sum(min(1.0, len(said.split()) / _FULL_WORDS) for said in written) / len(written)
    words = [word for said in written for word in content_words(said)]
    fresh = len(set(words)) / len(words) if words else 0.0
    return 0.6 * length + 0.4 * min(1.0, fresh / 0.85)


def depth_flaws(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield texts that are thin, worn or repeated."""
    if len(document) < 3:
        yield Flaw(
            "depth",
            1.0,
            "overall",
            "There is too little of a person here to judge.",
            "Draft the missing layers first.",
            0.4,
            "too little",
        )
    english = tongue_of(document) == "en"
    for path, least in table("audit")["words"].items():
        section = path.partition(".")[0]
        said = text(document, path)
        if value(document, section) is not None and _is_thin(said, least, english):
            problem = f"{path} is thin: {quoted(said)}." if said else f"{path} is missing."
            yield Flaw(
                "depth",
                0.6,
                section,
                problem,
                "Say it with a place, an age or an object that only this person has.",
                0.08,
                "thin text" if said else "missing text",
            )
    yield from ruled("unwritten", _with_words(document, table("audit")["unwritten"]))
    if english:
        yield from ruled("worn text", _with_words(document, table("audit")["worn"]))
    yield from ruled("soul repeats", _repeated(document))
    yield from ruled("interest twice", _repeated_interests(document))


def _with_words(document: Mapping[str, Any], words: Sequence[str]) -> Iterator[Flaw]:
    for path, said in all_texts(document):
        hit = pattern(tuple(words)).search(fold(said))
        if hit:
            problem = f"{path} leans on {quoted(hit.group())}."
            yield Flaw("depth", 0.5, path.partition(".")[0], problem, "Say what is particular instead.", 0.06)


def _repeated(document: Mapping[str, Any]) -> Iterator[Flaw]:
    for place, second in enumerate(_SOUL):
        other = text(document, f"soul.{second}")
        first = next(
            (path for path in _SOUL[:place] if other and _likeness(text(document, f"soul.{path}"), other) > _ALIKE), ""
        )
        if first:
            problem = f"soul.{second} repeats soul.{first}: {quoted(other)}."
            yield Flaw("depth", 0.8, "soul", problem, "Let each of the four say something that the others don't.", 0.12)


def _is_thin(said: str, least: int, english: bool) -> bool:
    """Tell whether a text has too few words, and, in another language than English, too few letters: languages that
    join words, or don't part them, say more in a word."""
    letters = sum(char.isalpha() for char in said)
    wide = sum("\u3040" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3" for char in said)
    return len(said.split()) < least and (english or letters + _WIDE * wide < _LETTERS * least)


def _repeated_interests(document: Mapping[str, Any]) -> Iterator[Flaw]:
    kinds = value(document, "lifestyle.interests")
    seen: set[str] = set()
    for kind in kinds if isinstance(kinds, Mapping) else ():
        for interest in texts(document, f"lifestyle.interests.{kind}"):
            if fold(interest) in seen:
                problem = f"The interest {quoted(interest)} stands there twice."
                yield Flaw("depth", 0.4, "lifestyle", problem, "Give each category interests of its own.")
            seen.add(fold(interest))


def variety(document: Mapping[str, Any]) -> float:
    """Return how distinctive a voice is, 0 to 1. Without a mask only the dna describes the voice."""
    phrases = texts(document, "mask.signature_phrases")
    if not phrases:
        return 0.35 if value(document, "mask") is None and text(document, "dna.voice.accent") else 0.0
    pairs = [_likeness(one, other) for one, other in combinations(phrases, 2)] or [0.0]
    starts = len({phrase.split()[0].lower() for phrase in phrases if phrase.split()}) / len(phrases)
    lengths = [len(phrase.split()) for phrase in phrases]
    spread = min(1.0, (max(lengths) - min(lengths)) / 4)
    concrete = min(1.0, len({word for phrase in phrases for word in content_words(phrase)}) / (3 * len(phrases)))
    return 0.35 * (1 - sum(pairs) / len(pairs)) + 0.2 * starts + 0.15 * spread + 0.3 * concrete


def voice_flaws(document: Mapping[str, Any], reading: Reading) -> Iterator[Flaw]:
    """Yield what makes the voice generic, or out of character."""
    if value(document, "mask") is None:
        return
    phrases = texts(document, "mask.signature_phrases")
    if len(phrases) < 3:
        problem = f"The voice has {len(phrases)} signature phrases to be known by."
        yield Flaw(
            "voice_distinctiveness",
            1.5,
            "mask",
            problem,
            "Give it at least three phrases that nobody else would say.",
            0.15,
            "phrases few",
        )
    for place, other in enumerate(phrases):
        one = next((phrase for phrase in phrases[:place] if _likeness(phrase, other) > _ALIKE), "")
        if one:
            problem = f"The phrase {quoted(other)} says the same as {quoted(one)}."
            advice = "Replace it by one with another shape."
            yield Flaw("voice_distinctiveness", 0.7, "mask", problem, advice, 0.05, "phrases alike")
    tones = [fold(tone) for tone in texts(document, "mask.tone")]
    if len(set(tones)) < len(tones):
        advice = "Name two to five different tones."
        yield Flaw("voice_distinctiveness", 0.4, "mask", "A tone is named twice.", advice, rule="tone twice")
    yield from _out_of_register(document, phrases)
    yield from ruled("softening", _out_of_character(document, phrases, reading))


def _out_of_register(document: Mapping[str, Any], phrases: list[str]) -> Iterator[Flaw]:
    register, style = text(document, "mask.register"), value(document, "mask.writing_style")
    emoji = text(document, "mask.writing_style.emoji")
    if register == "formal" and isinstance(style, Mapping) and emoji in ("some", "many"):
        problem = f"A formal voice with {quoted(emoji)} emoji is two people."
        advice = "Choose never for emoji, or another register."
        yield Flaw("voice_distinctiveness", 0.8, "mask", problem, advice, 0.25, "formal emoji")
    if register == "formal":
        short = next((phrase for phrase in phrases if has(table("mask")["contractions"], fold(phrase))), "")
        if short:
            problem = f"A formal voice doesn't say {quoted(short)}."
            advice = "Write phrases out in full where the register is formal."
            yield Flaw("voice_distinctiveness", 0.3, "mask", problem, advice, rule="formal contraction")


def _out_of_character(document: Mapping[str, Any], phrases: list[str], reading: Reading) -> Iterator[Flaw]:
    if not phrases or (value(document, "soul") is None and value(document, "self") is None):
        return
    softening = readings(document, reading.traits)["softening"]
    hedged = sum(
        has(table("mask")["hedges"], fold(phrase)) or phrase.rstrip().endswith("?") or stance_of(phrase) == SOFT
        for phrase in phrases
    ) / len(phrases)
    if softening > soften_from() + _ASKING_MARGIN and hedged < 0.34:
        problem = "Somebody who seeks approval and gives way easily asks before asserting; these phrases don't."
        yield Flaw("voice_distinctiveness", 0.8, "mask", problem, "Let most of the phrases ask, soften or offer.", 0.25)
    elif softening < assert_below() - _MARGIN and hedged > 0.67:
        problem = "Somebody this independent doesn't hedge nearly every line."
        yield Flaw("voice_distinctiveness", 0.8, "mask", problem, "Let most of the phrases state.", 0.25)


def _likeness(one: str, other: str) -> float:
    """Return the share of meaningful words that two texts have in common."""
    first, second = set(content_words(one)), set(content_words(other))
    if not first or not second:
        return 1.0 if fold(one) == fold(other) else 0.0
    return len(first & second) / max(_FEWEST, min(len(first), len(second)))
