"""Whether a mask has one voice: its phrases, tones and habits of writing beside its register and each other.

A phrase is weighed by signs of slang, chat and speech on one side, and of law, ceremony and written language on the
other, by register.yaml; two or three signs put it out of place, by register. These rules see words, not meaning: a
phrase that is wrong without any such word passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personaforge.embedded.writer.flaws import Flaw, quoted, text, texts, value
from personaforge.embedded.writer.own import regex, tongue_of
from personaforge.embedded.writer.sayings import of_no_table
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import count, fold, is_negated

_SCORE = "voice_distinctiveness"
_CLEAR, _ONE = 0.5, 0.3
"""Contradiction of a clear one; see `clash`. And of a single phrase."""
_COST = 0.7
_ADVICE = "Let register, tone, phrases and habits of writing be one person's."
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
_QUOTED = re.compile(r"[\"“„«‹][^\"”“»›]*[\"”“»›]|(?<!\w)['‘][^'’]{2,}['’](?!\w)")
"""Words in quotation marks: those of others."""
_LONG_PHRASE, _SHORT_PHRASE = 24, 4
"""Mean words of phrases beyond which sentences aren't short, or long."""
_CHAT = 3
"""Weight of a sign of chat, and of the slang of the young."""
_OLD = 60
"""Age in years from which nobody talks so, whatever the register; a guess of ours."""
_LONG_WORD = 11
"""Letters from which an English word is of written language."""
_DENSE = ((3, 0.2, 2), (2, 0.15, 1))
"""Words of written language in a phrase, their share of it, and what they weigh; guesses of ours."""
_LEAST_SPOKEN = 2
"""Drawn-out letters and repeated marks weigh as much together."""


def register_flaws(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what in a voice is another voice."""
    register, phrases = text(document, "mask.register"), of_no_table(texts(document, "mask.signature_phrases"))
    yield from _phrases(document, register, phrases)
    yield from _manner(document, phrases)
    yield from _tones(document, register)
    yield from _style(document, register, phrases)


def _flaw(problem: str, contradiction: float = _CLEAR, advice: str = _ADVICE) -> Flaw:
    return Flaw(_SCORE, _COST, "mask", problem, advice, contradiction, "register")


def weight_of(phrase: str, side: str, english: bool = True) -> int:
    """Return what the signs of one side in a phrase weigh: `loose` or `stiff`. A sign counts once."""
    folded = _QUOTED.sub(" ", fold(phrase))
    total = 0
    for weight, patterns in table("register")[side].items():
        for said in patterns:
            hits = {hit.group() for hit in regex(rf"(?<![\w'])(?:{said})(?!\w)").finditer(folded)}
            total += weight * len(hits)
    if side == "loose":
        drawn = re.search(r"([a-z])\1\1", folded) is not None
        return total + _LEAST_SPOKEN * drawn + bool(re.search(r"!!|\?!|!\?", phrase))
    words = re.findall(r"[a-z]+", folded)
    written = [w for w in words if regex(table("register")["abstract"]).search(w) or len(w) >= _LONG_WORD]
    for least, share, dense in _DENSE if english else ():
        if len(written) >= least and len(written) >= share * len(words):
            return total + dense
    return total


def _phrases(document: Mapping[str, Any], register: str, phrases: Sequence[str]) -> Iterator[Flaw]:
    """Yield phrases out of the register, by weight."""
    english = tongue_of(document) == "en"
    odd = [
        phrase
        for phrase in phrases
        for side, least in table("register")["least"].items()
        if register in least and weight_of(phrase, side, english) >= least[register]
    ]
    if odd:
        problem = f"The register is {register}, but a phrase is {quoted(odd[0])}."
        yield _flaw(problem, _ONE if len(odd) == 1 else _CLEAR)
    age = value(document, "surface.age")
    chat = regex(rf"(?<![\w'])(?:{'|'.join(table('register')['loose'][_CHAT])})(?!\w)")
    young = next((phrase for phrase in phrases if chat.search(fold(phrase)) and phrase not in odd), "")
    if young and isinstance(age, int) and age >= _OLD:
        yield _flaw(f"At {age}, a phrase is {quoted(young)}: that is how the young write.", _ONE)


def _manner(document: Mapping[str, Any], phrases: Sequence[str]) -> Iterator[Flaw]:
    """Yield a hard phrase of a tender voice, a boasting one of a modest voice, and a gushing one of a stern voice."""
    rules, tones = table("register"), [fold(tone) for tone in texts(document, "mask.tone")]

    def has(kind: str) -> str:
        return next((tone for tone in tones if count(rules[kind], tone)), "")

    intimate = text(document, "mask.register") == "intimate"
    tender = has("tender") or ("intimate" if intimate else "")
    sides = (("harsh", tender, "excused"), ("boast", has("modest"), "excused"), ("gush", has("stern"), "tender"))
    for said, voice, unless in sides:
        if not voice or has(unless) not in ("", voice):
            continue
        odd = next((phrase for phrase in phrases if regex(rules[said]).search(fold(phrase))), "")
        if odd:
            yield _flaw(f"The voice is {voice}, but a phrase is {quoted(odd)}.", _ONE)


def _tones(document: Mapping[str, Any], register: str) -> Iterator[Flaw]:
    tones, known = texts(document, "mask.tone"), table("contradictions")
    outside = list(table("register")["tones"].get(register, ()))
    outside += known["register"]["crude"] if register in ("formal", "professional") else []
    outside += known["register"]["courtly"] if register in ("casual", "intimate") else []
    odd = next((tone for tone in tones if count(outside, fold(tone))), "")
    if odd:
        yield _flaw(f"The register is {register}, but a tone is {odd}.")
    for first, second in (*known["tones"], *table("register")["pairs"]):
        one = next((tone for tone in tones if count(first, fold(tone))), "")
        other = next((tone for tone in tones if count(second, fold(tone)) and tone != one), "")
        if one and other:
            yield _flaw(f"The tones {quoted(one)} and {quoted(other)} are two voices.")
            return


def _style(document: Mapping[str, Any], register: str, phrases: Sequence[str]) -> Iterator[Flaw]:
    """Yield habits of writing that aren't those of the register, or of the phrases."""
    habit, emoji = text(document, "mask.writing_style.punctuation"), text(document, "mask.writing_style.emoji")
    outside = {"formal": "scrawl", "professional": "scrawl", "casual": "scholarly", "intimate": "scholarly"}
    kind = outside.get(register, "")
    hit = regex(table("register")[kind]).search(fold(habit)) if kind else None
    if hit and not is_negated(fold(habit), hit.start()):
        yield _flaw(f"The register is {register}, but the writing has {quoted(habit)}.")
    for mark, looks in table("register")["marks"].items():
        if re.search(rf"\b(?:no|never|without) (?:any )?(?:{mark})", fold(habit)):
            odd = [phrase for phrase in phrases if re.search(looks, phrase)]
            if len(odd) > len(phrases) / 2:
                yield _flaw(f"The writing has {quoted(habit)}, but a phrase is {quoted(odd[0])}.", _ONE)
    drawn = [phrase for phrase in texts(document, "mask.signature_phrases") if _EMOJI.search(phrase)]
    if drawn and (emoji == "never" or (emoji == "rare" and register in ("formal", "professional"))):
        problem = f"Emoji are {'never' if emoji == 'never' else 'rarely'} used, but a phrase is {quoted(drawn[0])}."
        yield _flaw(problem, _ONE, "Leave the emoji out.")
    lengths = [len(phrase.split()) for phrase in phrases]
    mean = sum(lengths) / len(lengths) if lengths else 0.0
    style = text(document, "mask.writing_style.sentence_length")
    if (style == "short" and mean > _LONG_PHRASE) or (style == "long" and 0 < mean < _SHORT_PHRASE):
        yield _flaw(f"Sentences are {style}, but the phrases have {mean:.0f} words on average.", _ONE)
